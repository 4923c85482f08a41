//! `clean`: removes what was built, and keeps what was downloaded.

use std::fs;
use std::io::ErrorKind;
use std::path::Path;

use anyhow::{Context, Result};

use crate::knobs::Knobs;
use crate::tree::Tree;

/// Folders of `target/` that hold downloads.
const KEPT: [&str; 1] = ["guest-images"];

/// Removes the build folder and all of cargo's but the downloads.
///
/// # Errors
/// When something cannot be removed.
pub fn clean(tree: &Tree, knobs: &Knobs) -> Result<()> {
    remove(&knobs.build_folder(tree)?)?;
    for entry in fs::read_dir(tree.target("")).into_iter().flatten() {
        let entry = entry?;
        if !KEPT.iter().any(|kept| entry.file_name() == *kept) {
            remove(&entry.path())?;
        }
    }
    eprintln!(
        "removed what was built; kept the downloads in {}",
        Tree::shown(&tree.target(KEPT[0]))
    );
    Ok(())
}

fn remove(path: &Path) -> Result<()> {
    let result = if path.is_dir() {
        fs::remove_dir_all(path)
    } else {
        fs::remove_file(path)
    };
    match result {
        Err(error) if error.kind() != ErrorKind::NotFound => {
            Err(error).with_context(|| format!("cannot remove {}", path.display()))
        }
        _ => Ok(()),
    }
}
