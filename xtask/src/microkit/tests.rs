use super::*;

fn make_sdk(folder: &Path) {
    fs::create_dir_all(folder.join("bin")).unwrap();
    fs::write(folder.join("bin/microkit"), "").unwrap();
    fs::create_dir_all(folder.join("board/qemu_virt_aarch64/debug")).unwrap();
    fs::write(folder.join("VERSION"), "2.3.1\n").unwrap();
}

fn refusal(folder: &Path) -> String {
    Sdk::choose(&Tree::find(), Some(folder.as_os_str()))
        .unwrap_err()
        .to_string()
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
    let sdk = Sdk::Official(folder.path().to_path_buf());
    let tree = Tree::find();
    let refusal = |board, config| {
        sdk.board_folder(&tree, board, config)
            .unwrap_err()
            .to_string()
    };
    assert_eq!(
        refusal("qemu_virt_arch64", "debug"),
        "MICROKIT_BOARD: Microkit SDK 2.3.1 has no board 'qemu_virt_arch64', only: \
         qemu_virt_aarch64; did you mean qemu_virt_aarch64?"
    );
    assert_eq!(
        refusal("qemu_virt_aarch64", "fast"),
        "MICROKIT_CONFIG: Microkit SDK 2.3.1 has no configuration 'fast' of qemu_virt_aarch64, \
         only: debug"
    );
    assert!(
        sdk.board_folder(&tree, "qemu_virt_aarch64", "debug")
            .is_ok()
    );
    let error = Sdk::StandIn
        .board_folder(&tree, "zcu102", "debug")
        .unwrap_err();
    assert!(
        error
            .to_string()
            .ends_with("name a real SDK with MICROKIT_SDK= for other boards")
    );
}

#[test]
fn another_release_is_refused_by_name() {
    let folder = tempfile::tempdir().unwrap();
    make_sdk(folder.path());
    for (version, is_good) in [
        ("2.3.0", true),
        ("2.3.1-dev.4+abc", true),
        ("2.30.0", false),
        ("2.2.0", false),
        ("1.4.1", false),
        ("3.0.0", false),
    ] {
        fs::write(folder.path().join("VERSION"), format!("{version}\n")).unwrap();
        let chosen = Sdk::choose(&Tree::find(), Some(folder.path().as_os_str()));
        assert_eq!(chosen.is_ok(), is_good, "{version}");
    }
    let error = refusal(folder.path());
    assert!(
        error.contains("is release 3.0.0 of Microkit, but this VMM is made for 2.3 ")
            && error.contains("MICROKIT_SDK=devsdk"),
        "{error}"
    );
    fs::remove_file(folder.path().join("VERSION")).unwrap();
    let error = refusal(folder.path());
    assert!(error.contains("has no file VERSION"), "{error}");
}

#[test]
fn the_folder_around_an_sdk_and_one_inside_are_told_the_right_one() {
    let folder = tempfile::tempdir().unwrap();
    let sdk = folder.path().join("microkit-sdk-2.3.1");
    make_sdk(&sdk);
    let expected = format!("; did you mean {}?", sdk.display());
    for wrong in [
        folder.path().to_path_buf(),
        sdk.join("bin"),
        sdk.join("board"),
    ] {
        let error = refusal(&wrong);
        assert!(error.ends_with(&expected), "{error}");
    }
}

#[test]
fn another_release_is_not_found_by_itself() {
    let folder = tempfile::tempdir().unwrap();
    for (name, version) in [
        ("microkit-sdk-2.3.0", "2.3.0"),
        ("microkit-sdk-2.4.0", "2.4.0"),
    ] {
        make_sdk(&folder.path().join(name));
        fs::write(folder.path().join(name).join("VERSION"), version).unwrap();
    }
    assert_eq!(
        newest(folder.path()),
        Some(folder.path().join("microkit-sdk-2.3.0"))
    );
}
