use super::*;

#[test]
fn empty_differs_from_not_set_for_the_initrd() {
    let mut knobs = Knobs::default();
    assert_eq!(knobs.initrd().unwrap(), Choice::Default);
    knobs.initrd = Some(OsString::new());
    assert_eq!(knobs.initrd().unwrap(), Choice::None);
    knobs.initrd = Some("Cargo.toml".into());
    let expected = env::current_dir().unwrap().join("Cargo.toml");
    assert_eq!(knobs.initrd().unwrap(), Choice::File(expected));
}

#[test]
fn an_empty_kernel_and_a_missing_file_are_refused_by_name() {
    let mut knobs = Knobs {
        kernel: Some(OsString::new()),
        ..Knobs::default()
    };
    assert!(
        knobs
            .kernel()
            .unwrap_err()
            .to_string()
            .contains("KERNEL is empty")
    );
    knobs.kernel = Some("no such file".into());
    assert!(
        knobs
            .kernel()
            .unwrap_err()
            .to_string()
            .starts_with("KERNEL: there is no file")
    );
    knobs.kernel = Some("src".into());
    let folder = env::current_dir().unwrap().join("src");
    assert_eq!(
        knobs.kernel().unwrap_err().to_string(),
        format!(
            "KERNEL: {} is a folder; give a file in it",
            folder.display()
        )
    );
}

#[test]
fn empty_means_the_default_where_none_makes_no_sense() {
    let tree = Tree::find();
    let knobs = Knobs {
        dtb: Some(OsString::new()),
        system: Some(OsString::new()),
        microkit_board: Some(String::new()),
        microkit_config: Some(String::new()),
        build_dir: Some(OsString::new()),
        qemu_args: Some(String::new()),
        ..Knobs::default()
    };
    assert_eq!(knobs.dtb().unwrap(), None);
    assert_eq!(knobs.system(&tree).unwrap(), tree.path("system.xml"));
    assert_eq!(
        (knobs.board(), knobs.config()),
        ("qemu_virt_aarch64", "debug")
    );
    assert_eq!(knobs.build_folder(&tree).unwrap(), tree.path("build"));
    assert!(knobs.qemu_arguments().unwrap().is_empty());
}

#[test]
fn qemu_arguments_are_split_at_spaces() {
    let knobs = Knobs {
        qemu_args: Some(" -icount  shift=0 ".into()),
        ..Knobs::default()
    };
    assert_eq!(knobs.qemu_arguments().unwrap(), ["-icount", "shift=0"]);
    let knobs = Knobs {
        qemu_args: Some("-name 'my guest'".into()),
        ..Knobs::default()
    };
    let error = knobs.qemu_arguments().unwrap_err().to_string();
    assert!(
        error.starts_with("QEMU_ARGS: it is split at every space"),
        "{error}"
    );
}

#[test]
fn a_build_folder_that_cannot_be_made_names_the_variable_and_the_path() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("file");
    fs::write(&file, "").unwrap();
    for wrong in [file.clone(), file.join("below")] {
        let knobs = Knobs {
            build_dir: Some(wrong.clone().into()),
            ..Knobs::default()
        };
        let error = knobs.make_build_folder(&Tree::find()).unwrap_err();
        let error = format!("{error:#}");
        let path = wrong.display().to_string();
        assert!(
            error.starts_with("BUILD_DIR: ") && error.contains(&path),
            "{error}"
        );
    }
    let knobs = Knobs {
        build_dir: Some(folder.path().join("a/b").into()),
        ..Knobs::default()
    };
    assert!(knobs.make_build_folder(&Tree::find()).unwrap().is_dir());
}
