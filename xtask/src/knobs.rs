//! What a person can set: the make variables, each also an option of `cargo xtask`.
//!
//! A variable that is set but empty says "none" where that makes sense (`INITRD=`), and is the
//! same as one that is not set where it does not. Relative paths start at the current folder.

use std::env;
use std::ffi::{OsStr, OsString};
use std::path::PathBuf;

use anyhow::{Context, Result, bail};
use clap::Args;
use fs_err as fs;
use rustix::fs::{Access, access};

use crate::tree::Tree;

/// The variables, as given.
#[derive(Args, Clone, Debug, Default)]
pub struct Knobs {
    /// Guest kernel: arm64 Image, gzip of one, ELF64 or flat binary [default: Debian's]
    #[arg(
        long,
        env = "KERNEL",
        hide_env_values = true,
        global = true,
        value_name = "FILE"
    )]
    pub kernel: Option<OsString>,
    /// Initial RAM disk; empty for none [default: the Debian guest's]
    #[arg(
        long,
        env = "INITRD",
        hide_env_values = true,
        global = true,
        value_name = "FILE"
    )]
    pub initrd: Option<OsString>,
    /// Kernel command line [default: what the system XML says]
    #[arg(
        long,
        env = "BOOTARGS",
        hide_env_values = true,
        global = true,
        value_name = "TEXT"
    )]
    pub bootargs: Option<String>,
    /// Device tree blob for the guest [default: generated]
    #[arg(
        long,
        env = "DTB",
        hide_env_values = true,
        global = true,
        value_name = "FILE"
    )]
    pub dtb: Option<OsString>,
    /// System description [default: system.xml]
    #[arg(
        long,
        env = "SYSTEM",
        hide_env_values = true,
        global = true,
        value_name = "FILE"
    )]
    pub system: Option<OsString>,
    /// Microkit SDK folder; empty for the stand-in [default: what `make sdk` fetched, or the stand-in]
    #[arg(
        long,
        env = "MICROKIT_SDK",
        hide_env_values = true,
        global = true,
        value_name = "FOLDER"
    )]
    pub microkit_sdk: Option<OsString>,
    /// Board, as Microkit calls it [default: qemu_virt_aarch64]
    #[arg(
        long,
        env = "MICROKIT_BOARD",
        hide_env_values = true,
        global = true,
        value_name = "NAME"
    )]
    pub microkit_board: Option<String>,
    /// Configuration: debug, release or benchmark [default: debug]
    #[arg(
        long,
        env = "MICROKIT_CONFIG",
        hide_env_values = true,
        global = true,
        value_name = "NAME"
    )]
    pub microkit_config: Option<String>,
    /// Where the image goes [default: build]
    #[arg(
        long,
        env = "BUILD_DIR",
        hide_env_values = true,
        global = true,
        value_name = "FOLDER"
    )]
    pub build_dir: Option<OsString>,
    /// The disk of the block driver, made when it is missing; its data are kept [default: a disk that is empty at each start]
    #[arg(
        long,
        env = "DISK",
        hide_env_values = true,
        global = true,
        value_name = "FILE"
    )]
    pub disk: Option<OsString>,
    /// Further arguments for QEMU, separated by spaces
    #[arg(
        long,
        env = "QEMU_ARGS",
        hide_env_values = true,
        global = true,
        value_name = "ARGS",
        allow_hyphen_values = true
    )]
    pub qemu_args: Option<String>,
}

/// A file that may be given, left out, or left to the default.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Choice {
    /// Not set.
    Default,
    /// Set, and empty.
    None,
    /// This one.
    File(PathBuf),
}

impl Knobs {
    /// `KERNEL`.
    ///
    /// # Errors
    /// When it is given empty, or the file is not there.
    pub fn kernel(&self) -> Result<Option<PathBuf>> {
        match file("KERNEL", self.kernel.as_deref())? {
            Choice::Default => Ok(None),
            Choice::File(path) => Ok(Some(path)),
            Choice::None => {
                bail!("KERNEL is empty, but a guest needs one; leave it out for Debian's")
            }
        }
    }

    /// `INITRD`.
    ///
    /// # Errors
    /// When the file is not there.
    pub fn initrd(&self) -> Result<Choice> {
        file("INITRD", self.initrd.as_deref())
    }

    /// `DTB`; `None` to generate it.
    ///
    /// # Errors
    /// When the file is not there.
    pub fn dtb(&self) -> Result<Option<PathBuf>> {
        optional(file("DTB", self.dtb.as_deref())?)
    }

    /// `SYSTEM`.
    ///
    /// # Errors
    /// When the file is not there.
    pub fn system(&self, tree: &Tree) -> Result<PathBuf> {
        self.system_or(tree, "system.xml")
    }

    /// `SYSTEM`, or `default` under the top folder.
    ///
    /// # Errors
    /// When the file is not there.
    pub fn system_or(&self, tree: &Tree, default: &str) -> Result<PathBuf> {
        let given = optional(file("SYSTEM", self.system.as_deref())?)?;
        Ok(given.unwrap_or_else(|| tree.path(default)))
    }

    /// `MICROKIT_BOARD`.
    pub fn board(&self) -> &str {
        text(self.microkit_board.as_deref(), "qemu_virt_aarch64")
    }

    /// `MICROKIT_CONFIG`.
    pub fn config(&self) -> &str {
        text(self.microkit_config.as_deref(), "debug")
    }

    /// `BUILD_DIR`, absolute.
    ///
    /// # Errors
    /// When there is no current folder.
    pub fn build_folder(&self, tree: &Tree) -> Result<PathBuf> {
        match self.build_dir.as_deref() {
            Some(folder) if !folder.is_empty() => Ok(current_folder()?.join(folder)),
            _ => Ok(default_folder(tree)),
        }
    }

    /// `BUILD_DIR`, absolute, made and open for new files.
    ///
    /// # Errors
    /// When it cannot be made, or takes no files.
    pub fn make_build_folder(&self, tree: &Tree) -> Result<PathBuf> {
        let folder = self.build_folder(tree)?;
        fs::create_dir_all(&folder).context("BUILD_DIR")?;
        if access(&folder, Access::WRITE_OK | Access::EXEC_OK).is_err() {
            bail!("BUILD_DIR: no files can be written to {}", folder.display());
        }
        Ok(folder)
    }

    /// `DISK`, absolute; it need not be there.
    ///
    /// # Errors
    /// When it is something else than a file, or its folder is not there.
    pub fn disk(&self) -> Result<Option<PathBuf>> {
        let Some(given) = self.disk.as_deref().filter(|given| !given.is_empty()) else {
            return Ok(None);
        };
        let path = current_folder()?.join(given);
        if path.is_dir() {
            bail!("DISK: {} is a folder; give a file in it", path.display());
        }
        let folder = path.parent().unwrap_or(&path);
        if !folder.is_dir() {
            bail!("DISK: there is no folder {}", folder.display());
        }
        Ok(Some(path))
    }

    /// `QEMU_ARGS`, split at white space.
    ///
    /// # Errors
    /// When it has quotes, which nobody would take away.
    pub fn qemu_arguments(&self) -> Result<Vec<String>> {
        let given = self.qemu_args.as_deref().unwrap_or_default();
        if given.contains(['"', '\'']) {
            bail!("QEMU_ARGS: it is split at every space, and quotes mean nothing in it: {given}");
        }
        Ok(given.split_whitespace().map(str::to_owned).collect())
    }
}

/// Where relative paths start.
///
/// # Errors
/// When it has been removed.
pub fn current_folder() -> Result<PathBuf> {
    env::current_dir().context("the current folder is not there")
}

/// Where the results go when `BUILD_DIR` says nothing.
pub fn default_folder(tree: &Tree) -> PathBuf {
    tree.path("build")
}

fn text<'a>(given: Option<&'a str>, default: &'a str) -> &'a str {
    given.filter(|value| !value.is_empty()).unwrap_or(default)
}

fn optional(choice: Choice) -> Result<Option<PathBuf>> {
    match choice {
        Choice::File(path) => Ok(Some(path)),
        Choice::Default | Choice::None => Ok(None),
    }
}

fn file(name: &str, given: Option<&OsStr>) -> Result<Choice> {
    let Some(given) = given else {
        return Ok(Choice::Default);
    };
    if given.is_empty() {
        return Ok(Choice::None);
    }
    let path = current_folder()?.join(given);
    if path.is_dir() {
        bail!("{name}: {} is a folder; give a file in it", path.display());
    }
    if !path.is_file() {
        bail!("{name}: there is no file {}", path.display());
    }
    Ok(Choice::File(path))
}

#[cfg(test)]
mod tests;
