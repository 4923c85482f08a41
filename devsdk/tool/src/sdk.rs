//! The SDK's folder: which boards and configurations there are.

use std::path::{Path, PathBuf};
use std::{env, fs};

use crate::{Error, Result};

/// An SDK folder with `board/BOARD/CONFIG` below it.
#[derive(Debug, Clone)]
pub struct Sdk {
    folder: PathBuf,
}

/// Names the SDK's folder.
const SDK_VARIABLE: &str = "MICROKIT_SDK";
/// Names the kernel's ELF file; `bin/microkit` sets it to the one that it built.
const KERNEL_VARIABLE: &str = "DEVSDK_KERNEL";

impl Sdk {
    /// The SDK that the environment names.
    ///
    /// # Errors
    /// When it names none, or none with boards.
    pub fn discover() -> Result<Self> {
        let folder = env::var_os(SDK_VARIABLE)
            .map(PathBuf::from)
            .ok_or_else(|| {
                Error::Usage(format!(
                    "{SDK_VARIABLE} is not set: start the tool as bin/microkit"
                ))
            })?;
        Self::at(&folder)
    }

    /// The SDK in `folder`.
    ///
    /// # Errors
    /// When there are no boards.
    pub fn at(folder: &Path) -> Result<Self> {
        if !folder.is_dir() {
            let folder = folder.display();
            return Err(Error::Usage(format!(
                "The {SDK_VARIABLE} directory '{folder}' does not exist"
            )));
        }
        let boards = folder.join("board");
        if !boards.is_dir() {
            let boards = boards.display();
            return Err(Error::Usage(format!(
                "The SDK directory does not have a 'board' sub-directory at '{boards}'"
            )));
        }
        Ok(Self {
            folder: folder.to_owned(),
        })
    }

    /// The boards' names, sorted.
    #[must_use]
    pub fn boards(&self) -> Vec<String> {
        folders(&self.folder.join("board"))
    }

    /// The names of a board's configurations, sorted.
    #[must_use]
    pub fn configurations(&self, board: &str) -> Vec<String> {
        folders(&self.folder.join("board").join(board))
    }
}

/// The kernel's ELF file.
///
/// # Errors
/// When neither the command line nor the environment names one that exists.
pub fn kernel_path(override_kernel: Option<&Path>) -> Result<PathBuf> {
    let named = override_kernel
        .map(Path::to_owned)
        .or_else(|| env::var_os(KERNEL_VARIABLE).map(PathBuf::from));
    let path = named.ok_or_else(|| {
        Error::Usage(format!(
            "{KERNEL_VARIABLE} is not set: start the tool as bin/microkit"
        ))
    })?;
    if path.exists() {
        Ok(path)
    } else {
        let path = path.display();
        Err(Error::Usage(format!("kernel ELF '{path}' does not exist")))
    }
}

fn folders(parent: &Path) -> Vec<String> {
    let entries = fs::read_dir(parent).into_iter().flatten().flatten();
    let folders = entries.filter(|entry| entry.path().is_dir());
    let mut names: Vec<_> = folders
        .filter_map(|entry| entry.file_name().into_string().ok())
        .collect();
    names.sort();
    names
}

/// The first file `path` below the search paths.
#[must_use]
pub fn find_file(path: &Path, search_paths: &[PathBuf]) -> Option<PathBuf> {
    search_paths
        .iter()
        .map(|folder| folder.join(path))
        .find(|candidate| candidate.exists())
}
