//! The Microkit SDK: which one is used, and where its parts are.

use std::env;
use std::ffi::OsStr;
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Result, bail};

use crate::tree::Tree;

/// Where `make sdk` unpacks the official release, under the top folder.
pub const FOLDER: &str = ".sdk";

/// The official SDK or its stand-in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Sdk {
    /// An unpacked release.
    Official(PathBuf),
    /// `devsdk/`.
    StandIn,
}

impl Sdk {
    /// What `MICROKIT_SDK` says: a folder; empty or `devsdk` for the stand-in; when it is not
    /// set, the release that `make sdk` unpacked, or the stand-in.
    ///
    /// # Errors
    /// When the folder is no SDK.
    pub fn choose(tree: &Tree, knob: Option<&OsStr>) -> Result<Self> {
        match knob {
            None => Ok(newest(&tree.path(FOLDER)).map_or(Self::StandIn, Self::Official)),
            Some(value) if value.is_empty() || value == "devsdk" => Ok(Self::StandIn),
            Some(value) => Self::official(&env::current_dir()?.join(value)),
        }
    }

    /// The official SDK that tests compare with, if this machine has one: that of
    /// [`choose`](Self::choose), or `microkit-sdk-*` in the home folder.
    ///
    /// # Errors
    /// As [`choose`](Self::choose).
    pub fn for_comparison(tree: &Tree, knob: Option<&OsStr>) -> Result<Option<Self>> {
        let chosen = Self::choose(tree, knob)?;
        if chosen != Self::StandIn {
            return Ok(Some(chosen));
        }
        if knob.is_some() {
            return Ok(None);
        }
        let home = env::var_os("HOME").map(PathBuf::from);
        Ok(home.and_then(|home| newest(&home)).map(Self::Official))
    }

    fn official(folder: &Path) -> Result<Self> {
        if !is_sdk(folder) {
            bail!(
                "MICROKIT_SDK: {} is not a Microkit SDK (it has no bin/microkit and board/); name the \
                 unpacked microkit-sdk-2.3.x folder, or leave MICROKIT_SDK out for the stand-in",
                folder.display()
            );
        }
        Ok(Self::Official(folder.to_path_buf()))
    }

    /// What it is called, wherever it is.
    pub fn name(&self) -> String {
        match self {
            Self::Official(folder) => {
                let version = fs::read_to_string(folder.join("VERSION")).unwrap_or_default();
                format!("Microkit SDK {}", version.trim())
            }
            Self::StandIn => "the stand-in SDK".to_owned(),
        }
    }

    /// In a few words, for people.
    pub fn description(&self) -> String {
        match self {
            Self::Official(folder) => format!("{} at {}", self.name(), Tree::shown(folder)),
            Self::StandIn => "the stand-in SDK, devsdk (for development only)".to_owned(),
        }
    }
}

/// The folder of `board` and `config` in the SDK at `root`.
///
/// # Errors
/// When the SDK does not have them; says which it has.
pub fn board_folder(root: &Path, board: &str, config: &str) -> Result<PathBuf> {
    let boards = root.join("board");
    if !boards.join(board).is_dir() {
        bail!(
            "MICROKIT_BOARD: the SDK has no board '{board}', only: {}",
            folders(&boards)
        );
    }
    let folder = boards.join(board).join(config);
    if !folder.is_dir() {
        bail!(
            "MICROKIT_CONFIG: the SDK has no configuration '{config}' of {board}, only: {}",
            folders(&boards.join(board))
        );
    }
    Ok(folder)
}

/// The names of the folders in `folder`, for people.
pub fn folders(folder: &Path) -> String {
    let mut names: Vec<String> = fs::read_dir(folder)
        .into_iter()
        .flatten()
        .flatten()
        .filter(|entry| entry.path().is_dir())
        .map(|entry| entry.file_name().to_string_lossy().into_owned())
        .collect();
    names.sort();
    names.join(", ")
}

fn is_sdk(folder: &Path) -> bool {
    folder.join("bin/microkit").is_file() && folder.join("board").is_dir()
}

/// The SDK with the highest version among `folder/microkit-sdk-*`.
fn newest(folder: &Path) -> Option<PathBuf> {
    fs::read_dir(folder)
        .ok()?
        .flatten()
        .map(|entry| entry.path())
        .filter(|path| version(path).is_some() && is_sdk(path))
        .max_by_key(|path| version(path))
}

fn version(folder: &Path) -> Option<Vec<u32>> {
    let numbers = folder
        .file_name()?
        .to_str()?
        .strip_prefix("microkit-sdk-")?;
    numbers
        .split('.')
        .map(|number| number.parse().ok())
        .collect()
}

#[cfg(test)]
mod tests;
