use super::*;

#[test]
fn the_kernel_package_is_found_behind_its_metapackage() {
    let text = "linux-image-arm64\n  Depends: linux-image-6.1.0-56-arm64\n";
    assert_eq!(
        parse_dependency(text, "linux-image-").as_deref(),
        Some("linux-image-6.1.0-56-arm64")
    );
    assert_eq!(parse_dependency("x\n", "linux-image-"), None);
}

#[test]
fn a_package_is_found_by_its_whole_name() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("busybox-static_1%3a1.35_arm64.deb"), "").unwrap();
    assert!(find_package(folder.path(), "busybox").unwrap().is_none());
    assert!(
        find_package(folder.path(), "busybox-static")
            .unwrap()
            .is_some()
    );
}

#[test]
fn the_files_to_download_are_read_with_their_sizes() {
    let text = "Reading lists\n\
        'http://m.example/q_7.2_amd64.deb' qemu-system-arm_1%3a7.2+dfsg-7_amd64.deb 8000 SHA256:0\n";
    let files = parse_uris(text);
    assert_eq!(files.len(), 1);
    assert_eq!(files[0].package(), "qemu-system-arm");
    assert_eq!(files[0].version(), "1:7.2+dfsg-7");
    assert_eq!(files[0].size, 8000);
}

#[test]
fn lists_grow_old() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("updated");
    assert!(!is_recent(&path), "there are none");
    let file = fs::File::create(&path).unwrap();
    assert!(is_recent(&path));
    file.set_modified(std::time::SystemTime::now() - LISTS_LAST)
        .unwrap();
    assert!(!is_recent(&path));
}

#[test]
fn a_damaged_package_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let broken = folder.path().join("broken.deb");
    fs::write(&broken, "no archive").unwrap();
    let error = unpack(&broken, &[], &folder.path().join("out")).unwrap_err();
    assert!(error.to_string().contains("delete that file"), "{error}");
}
