//! libclang, which the official SDK's crates load to read C headers.

use std::env;
use std::ffi::OsString;
use std::path::{Path, PathBuf};

use anyhow::Result;
use fs_err as fs;

use super::obtain::Wanted;
use super::private::{FOLDER, library_folders};
use super::tool::LIBCLANG;
use crate::tree::Tree;

/// Folders of this machine that may hold it, or whose folders for a version (`llvm-14`) or an
/// architecture may.
const PLACES: [(&str, &str); 3] = [("/usr/lib", "lib"), ("/usr/lib", ""), ("/", "lib64")];

/// What the crates' build scripts get.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Libclang {
    /// `LIBCLANG_PATH`; `None` where they find it by themselves.
    pub folder: Option<PathBuf>,
    /// `LD_LIBRARY_PATH`: the libraries that it needs in turn.
    pub libraries: Option<OsString>,
}

/// Finds it or gets it.
pub(super) fn find(tree: &Tree) -> Result<Libclang> {
    if env::var_os("LIBCLANG_PATH").is_some_and(|path| !path.is_empty()) {
        return Ok(Libclang::default());
    }
    let folder = Wanted {
        tool: &LIBCLANG,
        minimum: None,
        on_machine: &on_machine,
        in_folder: &|root| {
            let mut folders = library_folders(root).ok()?.into_iter();
            folders.find_map(|folder| holding(&root.join(folder)))
        },
        other_way: None,
    }
    .obtain(tree)?;
    let private = tree.target(FOLDER);
    let Ok(inside) = folder.strip_prefix(&private) else {
        return Ok(Libclang::default());
    };
    let root = inside.components().next().map(|name| private.join(name));
    let root = root.unwrap_or_else(|| folder.clone());
    let libraries = library_folders(&root)?;
    let libraries = env::join_paths(libraries.iter().map(|folder| root.join(folder)))?;
    Ok(Libclang {
        folder: Some(folder),
        libraries: Some(libraries),
    })
}

fn on_machine() -> Option<PathBuf> {
    PLACES.iter().find_map(|(above, below)| {
        let folders = fs::read_dir(above).ok()?.flatten();
        let mut folders = folders.map(|entry| entry.path().join(below));
        folders.find_map(|folder| holding(&folder))
    })
}

/// `folder`, when there is a libclang in it (not the C++ interface, libclang-cpp).
fn holding(folder: &Path) -> Option<PathBuf> {
    let is_libclang = |name: &str| {
        let rest = name.strip_prefix("libclang");
        rest.is_some_and(|rest| {
            let version = rest.trim_start_matches(['-', '.']);
            version.starts_with("so") || version.starts_with(|c: char| c.is_ascii_digit())
        })
    };
    let mut entries = fs::read_dir(folder).ok()?.flatten();
    entries
        .any(|entry| {
            let whole = fs::metadata(entry.path()).is_ok();
            whole && is_libclang(&entry.file_name().to_string_lossy())
        })
        .then(|| folder.to_path_buf())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_c_interface_is_told_from_the_others() {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("libclang-cpp.so.14"), "").unwrap();
        fs::write(folder.path().join("libclang_rt.a"), "").unwrap();
        assert_eq!(holding(folder.path()), None);
        for name in ["libclang-14.so.1", "libclang.so.1"] {
            let file = folder.path().join(name);
            fs::write(&file, "").unwrap();
            assert_eq!(holding(folder.path()).as_deref(), Some(folder.path()));
            fs::remove_file(file).unwrap();
        }
    }
}
