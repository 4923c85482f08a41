use super::*;

fn make_sdk(folder: &Path) {
    fs::create_dir_all(folder.join("bin")).unwrap();
    fs::write(folder.join("bin/microkit"), "").unwrap();
    fs::create_dir_all(folder.join("board/qemu_virt_aarch64/debug")).unwrap();
}

#[test]
fn an_empty_value_and_devsdk_mean_the_stand_in() {
    let tree = Tree::find();
    for value in ["", "devsdk"] {
        assert_eq!(
            Sdk::choose(&tree, Some(OsStr::new(value))).unwrap(),
            Sdk::StandIn
        );
        assert_eq!(
            Sdk::for_comparison(&tree, Some(OsStr::new(value))).unwrap(),
            None
        );
    }
}

#[test]
fn a_folder_must_be_an_sdk() {
    let tree = Tree::find();
    let folder = tempfile::tempdir().unwrap();
    let error = Sdk::choose(&tree, Some(folder.path().as_os_str())).unwrap_err();
    assert!(
        error.to_string().contains("is not a Microkit SDK"),
        "{error}"
    );
    make_sdk(folder.path());
    let sdk = Sdk::choose(&tree, Some(folder.path().as_os_str())).unwrap();
    assert_eq!(sdk, Sdk::Official(folder.path().to_path_buf()));
}

#[test]
fn the_newest_of_several_is_taken_by_number() {
    let folder = tempfile::tempdir().unwrap();
    for name in [
        "microkit-sdk-2.3.1",
        "microkit-sdk-2.10.0",
        "microkit-sdk-2.9.0",
        "microkit-sdk-old",
    ] {
        make_sdk(&folder.path().join(name));
    }
    assert_eq!(
        newest(folder.path()),
        Some(folder.path().join("microkit-sdk-2.10.0"))
    );
    assert_eq!(newest(&folder.path().join("missing")), None);
}

#[test]
fn a_missing_board_or_configuration_is_named_with_what_there_is() {
    let folder = tempfile::tempdir().unwrap();
    make_sdk(folder.path());
    let error = board_folder(folder.path(), "zcu102", "debug")
        .unwrap_err()
        .to_string();
    assert!(
        error.contains("zcu102") && error.contains("qemu_virt_aarch64"),
        "{error}"
    );
    let error = board_folder(folder.path(), "qemu_virt_aarch64", "fast")
        .unwrap_err()
        .to_string();
    assert!(error.contains("fast") && error.contains("debug"), "{error}");
    assert!(board_folder(folder.path(), "qemu_virt_aarch64", "debug").is_ok());
}
