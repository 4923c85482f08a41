//! The Microkit SDK: which one is used, and where its parts are.

use std::env;
use std::ffi::OsStr;
use std::path::{Path, PathBuf};

use anyhow::{Result, bail};
use fs_err as fs;
use sysgen::vocabulary::nearest;

use crate::knobs::current_folder;
use crate::tree::Tree;

/// Where `make sdk` unpacks the official release, under the top folder.
pub const FOLDER: &str = ".sdk";
/// The release whose system calls, tool and crates this VMM is written for.
const RELEASE: &str = "2.3";
/// What to do without a usable SDK.
const WAYS_ON: &str = "name an unpacked microkit-sdk-2.3.x folder (`make sdk` fetches one), or \
                       use the stand-in with MICROKIT_SDK=devsdk";

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
            Some(value) => Self::official(&current_folder()?.join(value)),
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
        let shown = folder.display();
        if !is_sdk(folder) {
            let meant = near_sdk(folder).map(|sdk| format!("; did you mean {}?", sdk.display()));
            let advice = meant.unwrap_or_else(|| format!(": {WAYS_ON}"));
            bail!(
                "MICROKIT_SDK: {shown} is not a Microkit SDK, it has no bin/microkit and \
                 board/{advice}"
            );
        }
        match release(folder) {
            Some(found) if is_supported(&found) => Ok(Self::Official(folder.to_path_buf())),
            Some(found) => bail!(
                "MICROKIT_SDK: {shown} is release {found} of Microkit, but this VMM is made for \
                 {RELEASE} (2.3.0 and 2.3.1 are known to work): {WAYS_ON}"
            ),
            None => bail!(
                "MICROKIT_SDK: {shown} has no file VERSION, so its release is not known: {WAYS_ON}"
            ),
        }
    }

    /// What it is called, wherever it is.
    pub fn name(&self) -> String {
        match self {
            Self::Official(folder) => {
                format!("Microkit SDK {}", release(folder).unwrap_or_default())
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

    /// Where it is.
    pub fn root(&self, tree: &Tree) -> PathBuf {
        match self {
            Self::Official(folder) => folder.clone(),
            Self::StandIn => tree.path("devsdk"),
        }
    }

    /// The folder of `board` and `config`.
    ///
    /// # Errors
    /// When it does not have them; says which it has.
    pub fn board_folder(&self, tree: &Tree, board: &str, config: &str) -> Result<PathBuf> {
        let boards = self.root(tree).join("board");
        if !boards.join(board).is_dir() {
            let advice = match self {
                Self::Official(_) => "",
                Self::StandIn => "; name a real SDK with MICROKIT_SDK= for other boards",
            };
            bail!(
                "MICROKIT_BOARD: {} has no board '{board}', {}{advice}",
                self.name(),
                choices(&boards, board)
            );
        }
        let folder = boards.join(board).join(config);
        if !folder.is_dir() {
            bail!(
                "MICROKIT_CONFIG: {} has no configuration '{config}' of {board}, {}",
                self.name(),
                choices(&boards.join(board), config)
            );
        }
        Ok(folder)
    }
}

/// What there is in `folder` in place of `name`, for people.
pub fn choices(folder: &Path, name: &str) -> String {
    let mut names: Vec<String> = fs::read_dir(folder)
        .into_iter()
        .flatten()
        .flatten()
        .filter(|entry| entry.path().is_dir())
        .map(|entry| entry.file_name().to_string_lossy().into_owned())
        .collect();
    names.sort();
    let meant = nearest(name, names.iter().map(String::as_str));
    let meant = meant.map(|meant| format!("; did you mean {meant}?"));
    format!("only: {}{}", names.join(", "), meant.unwrap_or_default())
}

fn is_sdk(folder: &Path) -> bool {
    folder.join("bin/microkit").is_file() && folder.join("board").is_dir()
}

/// The SDK that somebody meant who named the folder around it, or one inside.
fn near_sdk(folder: &Path) -> Option<PathBuf> {
    let around = folder.parent().filter(|parent| is_sdk(parent));
    newest(folder).or_else(|| around.map(Path::to_path_buf))
}

/// What its file VERSION says.
fn release(folder: &Path) -> Option<String> {
    let text = fs::read_to_string(folder.join("VERSION")).ok()?;
    Some(text.trim().to_owned())
}

fn is_supported(found: &str) -> bool {
    let rest = found.strip_prefix(RELEASE);
    rest.is_some_and(|rest| rest.is_empty() || rest.starts_with(['.', '-', '+']))
}

/// The supported SDK with the highest version among `folder/microkit-sdk-*`.
fn newest(folder: &Path) -> Option<PathBuf> {
    fs::read_dir(folder)
        .ok()?
        .flatten()
        .map(|entry| entry.path())
        .filter(|path| version(path).is_some() && is_sdk(path))
        .filter(|path| release(path).is_some_and(|found| is_supported(&found)))
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
