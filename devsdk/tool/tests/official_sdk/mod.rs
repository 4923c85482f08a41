//! The official SDK of this machine, if it has one.

use std::path::{Path, PathBuf};
use std::{env, fs};

/// The board that the stand-in is for.
pub(crate) const BOARD: &str = "qemu_virt_aarch64";

/// `MICROKIT_SDK`, or `microkit-sdk-2.3.*` where `make sdk` unpacks it or at home.
pub(crate) fn find() -> Option<PathBuf> {
    let named = env::var_os("MICROKIT_SDK").map(PathBuf::from);
    let parents = [
        Some(Path::new(env!("CARGO_MANIFEST_DIR")).join("../../.sdk")),
        env::var_os("HOME").map(PathBuf::from),
    ];
    let entries = parents
        .into_iter()
        .flatten()
        .filter_map(|parent| fs::read_dir(parent).ok());
    let found = entries
        .flatten()
        .flatten()
        .map(|entry| entry.path())
        .filter(|path| {
            path.file_name()
                .is_some_and(|name| name.to_string_lossy().starts_with("microkit-sdk-2.3"))
        });
    let mut candidates = named.into_iter().chain(found);
    // The stand-in has no VERSION.
    candidates.find(|sdk| sdk.join("VERSION").is_file() && sdk.join("board").join(BOARD).is_dir())
}
