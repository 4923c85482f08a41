//! The source tree and its build folders.

use std::env;
use std::path::{self, Path, PathBuf};

/// Where things are.
#[derive(Clone, Debug)]
pub struct Tree {
    root: PathBuf,
    target: PathBuf,
}

impl Tree {
    /// The tree that this program was built from.
    pub fn find() -> Self {
        // cargo names the crate's folder at run time; the tree may have moved since the build.
        let xtask = env::var_os("CARGO_MANIFEST_DIR")
            .map(PathBuf::from)
            .filter(|folder| folder.join("../Cargo.toml").exists())
            .unwrap_or_else(|| PathBuf::from(env!("CARGO_MANIFEST_DIR")));
        let root = xtask.parent().unwrap_or(&xtask).to_path_buf();
        let target = env::var_os("CARGO_TARGET_DIR").map(PathBuf::from);
        let target = target.and_then(|target| path::absolute(target).ok());
        let target = target.unwrap_or_else(|| root.join("target"));
        Self { root, target }
    }

    /// `path` under the top folder.
    pub fn path(&self, path: impl AsRef<Path>) -> PathBuf {
        self.root.join(path)
    }

    /// `path` under cargo's build folder.
    pub fn target(&self, path: impl AsRef<Path>) -> PathBuf {
        self.target.join(path)
    }

    /// `path` as a person in the current folder would write it.
    pub fn shown(path: &Path) -> String {
        let here = env::current_dir().unwrap_or_default();
        path.strip_prefix(here)
            .unwrap_or(path)
            .display()
            .to_string()
    }
}
