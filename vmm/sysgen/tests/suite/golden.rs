//! Comparison with files of expected text; `UPDATE_GOLDEN=1 cargo test -p sysgen` rewrites them.

use std::fs;
use std::path::PathBuf;

/// Panics unless `tests/golden/NAME` holds exactly `text`.
pub(crate) fn check(name: &str, text: &str) {
    let path = path(name);
    if std::env::var_os("UPDATE_GOLDEN").is_some() {
        fs::create_dir_all(path.parent().expect("a file in a folder")).expect("folder");
        fs::write(&path, text).expect("golden file can be written");
    }
    let expected = fs::read_to_string(&path).unwrap_or_default();
    assert!(
        expected == text,
        "{name} differs\n--- expected\n{expected}\n--- found\n{text}\n---"
    );
}

/// The path of a golden file.
pub(crate) fn path(name: &str) -> PathBuf {
    let crate_folder = PathBuf::from(env!("CARGO_MANIFEST_DIR"));
    crate_folder.join("tests/golden").join(name)
}
