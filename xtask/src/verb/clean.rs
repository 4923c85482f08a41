//! `clean`: removes what was built, and keeps what was downloaded.

use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use fs_err as fs;

use crate::knobs::{Knobs, default_folder};
use crate::setup::private::FOLDER;
use crate::tree::Tree;

/// Folders of `target/` that hold downloads.
const KEPT: [&str; 2] = ["guest-images", FOLDER];

/// Removes `build/` and all of cargo's but the downloads. A `BUILD_DIR` elsewhere stays: it may
/// hold more than results.
///
/// # Errors
/// When something cannot be removed.
pub fn clean(tree: &Tree, knobs: &Knobs) -> Result<()> {
    for path in built(tree)? {
        remove(&path)?;
    }
    let given = knobs.build_folder(tree)?;
    if given != default_folder(tree) {
        eprintln!("left {} alone: it is for you to remove", given.display());
    }
    eprintln!(
        "removed what was built; kept the downloads in {}",
        KEPT.map(|kept| Tree::shown(&tree.target(kept)))
            .join(" and ")
    );
    Ok(())
}

/// Everything to be removed.
fn built(tree: &Tree) -> Result<Vec<PathBuf>> {
    let mut paths = vec![default_folder(tree)];
    for entry in fs::read_dir(tree.target("")).into_iter().flatten() {
        let entry = entry?;
        if !KEPT.iter().any(|kept| entry.file_name() == *kept) {
            paths.push(entry.path());
        }
    }
    Ok(paths)
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_builds_make_is_removed() {
        let tree = Tree::find();
        let paths = built(&tree).unwrap();
        assert!(paths.contains(&tree.path("build")));
        for path in paths {
            let ours = path == tree.path("build") || path.starts_with(tree.target(""));
            let kept = KEPT.iter().any(|kept| path == tree.target(kept));
            assert!(ours && !kept, "{}", path.display());
        }
    }
}
