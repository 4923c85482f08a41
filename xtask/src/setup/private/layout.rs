//! What is made of unpacked packages so that they run where they are.

use std::fs::Permissions;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::{Component, Path, PathBuf};

use anyhow::{Context, Result};
use fs_err as fs;

use super::super::tool::Tool;

/// Where Debian keeps libraries; below are folders for the architecture.
const LIBRARIES: [&str; 2] = ["lib", "usr/lib"];

/// Holds the scripts that run the programs; no package has such a folder.
const WRAPPERS: &str = "wrapper";

/// The script that runs `program` of the tool in `root`.
pub(in super::super) fn wrapper(root: &Path, program: &str) -> PathBuf {
    root.join(WRAPPERS).join(program)
}

/// Makes the tool in `root` ready to run; returns the bytes of its files.
///
/// # Errors
/// When there is no loader among the packages, or a file cannot be written.
pub(super) fn settle(tool: &Tool, root: &Path) -> Result<u64> {
    let bytes = relink(root, root)?;
    if let Some(program) = tool.program {
        let path = wrapper(root, program);
        fs::create_dir_all(root.join(WRAPPERS))?;
        fs::write(&path, script(tool, program, root)?)?;
        fs::set_permissions(&path, Permissions::from_mode(0o755))?;
    }
    Ok(bytes)
}

/// Links to absolute paths lead out of `root`: makes them relative. Returns the bytes of all files.
fn relink(folder: &Path, root: &Path) -> Result<u64> {
    let mut bytes = 0;
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        let kind = entry.file_type()?;
        let path = entry.path();
        if kind.is_dir() {
            bytes += relink(&path, root)?;
        } else if kind.is_symlink() {
            let target = fs::read_link(&path)?;
            if let Ok(inside) = target.strip_prefix("/") {
                let depth = folder.strip_prefix(root)?.components().count();
                let up: PathBuf = (0..depth).map(|_| Component::ParentDir).collect();
                fs::remove_file(&path)?;
                symlink(up.join(inside), &path)?;
            }
        } else {
            bytes += entry.metadata()?.len();
        }
    }
    Ok(bytes)
}

/// Every folder below `root` that holds shared libraries, relative to it, those of libc first.
/// Some packages have a folder of their own, which only their installation makes known.
///
/// # Errors
/// When a folder cannot be read.
pub(in super::super) fn library_folders(root: &Path) -> Result<Vec<PathBuf>> {
    let mut found = Vec::new();
    for folder in LIBRARIES {
        collect(&root.join(folder), 3, &mut found)?;
    }
    found.sort_by_key(|folder| !folder.join("libc.so.6").exists());
    Ok(found
        .iter()
        .filter_map(|folder| folder.strip_prefix(root).ok())
        .map(Path::to_path_buf)
        .collect())
}

fn collect(folder: &Path, depth: u32, found: &mut Vec<PathBuf>) -> Result<()> {
    if folder.is_symlink() || !folder.is_dir() || depth == 0 {
        return Ok(());
    }
    let mut entries = fs::read_dir(folder)?.collect::<std::io::Result<Vec<_>>>()?;
    entries.sort_by_key(fs::DirEntry::file_name);
    let is_library = |entry: &fs::DirEntry| {
        let name = entry.file_name();
        let name = name.to_string_lossy();
        name.starts_with("lib") && (name.ends_with(".so") || name.contains(".so."))
    };
    if entries.iter().any(is_library) {
        found.push(folder.to_path_buf());
    }
    for entry in entries {
        if entry.file_type()?.is_dir() {
            collect(&entry.path(), depth - 1, found)?;
        }
    }
    Ok(())
}

/// The shell script that runs `program` with the loader and the libraries in `root`. It finds
/// them from its own place, so that the folder can be moved.
fn script(tool: &Tool, program: &str, root: &Path) -> Result<String> {
    let folders = library_folders(root)?;
    let (loader, triplet) = folders
        .iter()
        .find_map(|folder| Some((loader(root, folder)?, folder.file_name()?)))
        .with_context(|| format!("there is no loader for {program} among its packages"))?;
    let libraries: Vec<String> = folders
        .iter()
        .map(|folder| format!("$root/{}", folder.display()))
        .collect();
    Ok(format!(
        "#!/bin/sh\n\
         # Runs {program} with the libraries that were unpacked with it.\n\
         root=$(cd \"${{0%/*}}/..\" && pwd -P) || exit\n\
         triplet={}\n\
         {}\n\
         exec \"$root/{}\" --library-path \"{}\" \"$root/usr/bin/{program}\" {} \"$@\"\n",
        triplet.display(),
        tool.environment,
        loader.display(),
        libraries.join(":"),
        tool.arguments,
    ))
}

/// glibc's loader in `folder`, relative to `root`.
fn loader(root: &Path, folder: &Path) -> Option<PathBuf> {
    let entries = fs::read_dir(root.join(folder)).ok()?;
    let name = entries.flatten().map(|entry| entry.file_name());
    let mut loaders = name.filter(|name| name.to_string_lossy().starts_with("ld-linux"));
    Some(folder.join(loaders.next()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn file(root: &Path, name: &str) {
        let path = root.join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, "four").unwrap();
    }

    #[test]
    fn absolute_links_stay_inside() {
        let folder = tempfile::tempdir().unwrap();
        let root = folder.path();
        file(root, "lib/x/ld.so");
        fs::create_dir_all(root.join("usr/lib64")).unwrap();
        symlink("/lib/x/ld.so", root.join("usr/lib64/loader")).unwrap();
        symlink("x/ld.so", root.join("lib/relative")).unwrap();
        assert_eq!(relink(root, root).unwrap(), 4);
        let link = fs::read_link(root.join("usr/lib64/loader")).unwrap();
        assert_eq!(link, Path::new("../../lib/x/ld.so"));
        assert!(root.join("usr/lib64/loader").exists() && root.join("lib/relative").exists());
    }

    #[test]
    fn libraries_in_folders_of_their_own_are_found() {
        let folder = tempfile::tempdir().unwrap();
        let root = folder.path();
        for name in [
            "usr/lib/t/libz.so.1",
            "usr/lib/t/sound/libsound.so",
            "usr/lib/llvm-14/lib/libLLVM.so.1",
            "usr/lib/t/data/table",
            "lib/t/libc.so.6",
            "lib/t/ld-linux-x.so.2",
        ] {
            file(root, name);
        }
        let found = library_folders(root).unwrap();
        let expected = [
            "lib/t",
            "usr/lib/llvm-14/lib",
            "usr/lib/t",
            "usr/lib/t/sound",
        ];
        assert_eq!(found, expected.map(PathBuf::from));
        let script = script(&super::super::super::tool::QEMU, "p", root).unwrap();
        assert!(
            script.contains("exec \"$root/lib/t/ld-linux-x.so.2\" --library-path \"$root/lib/t:"),
            "{script}"
        );
        assert!(script.contains("\ntriplet=t\n"), "{script}");
    }
}
