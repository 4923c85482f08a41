//! A tool in a folder of its own: Debian's packages of it and of all that it depends on, unpacked
//! and run from there with their own loader and libraries. Nothing on the machine changes, and
//! root is not needed.

mod layout;

use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use fs_err::{self as fs, File};
use guest_images::apt::transfer::{bar, size, total};
use guest_images::apt::{Apt, PackageFile, unpack};

use super::host;
use super::tool::Tool;
use super::version::Version;
use crate::progress::{step, verbose};
use crate::tree::Tree;

pub(super) use layout::{library_folders, wrapper};

/// The folder under cargo's build folder; `make clean` keeps it.
pub const FOLDER: &str = "tools";

/// What became of a tool.
pub(super) enum Outcome {
    Unpacked,
    /// The release has only this version.
    TooOld(String),
}

/// The tools that are unpacked, one process at a time.
#[derive(Debug)]
pub(super) struct Tools {
    folder: PathBuf,
}

impl Tools {
    pub(super) fn new(tree: &Tree) -> Self {
        Self {
            folder: tree.target(FOLDER),
        }
    }

    /// Keeps other processes out until the answer is dropped.
    pub(super) fn lock(&self) -> Result<File> {
        fs::create_dir_all(&self.folder)
            .with_context(|| format!("cannot make {}", self.folder.display()))?;
        let file = File::create(self.folder.join("lock"))?;
        if file.try_lock().is_err() {
            step("waiting for another build that gets tools");
            file.lock().context("cannot lock the tools' folder")?;
        }
        Ok(file)
    }

    /// Where the tool of one Debian release is, or would be.
    pub(super) fn root(&self, tool: &Tool, suite: &str) -> PathBuf {
        self.folder.join(format!("{}-{suite}", tool.name))
    }

    /// Downloads and unpacks the tool of one Debian release, unless that is too old. The lock
    /// must be held.
    ///
    /// # Errors
    /// When its packages cannot be fetched or unpacked.
    pub(super) fn unpack(
        &self,
        tool: &Tool,
        suite: &str,
        minimum: Option<&Version>,
    ) -> Result<Outcome> {
        let apt = self.apt(suite)?;
        let files = apt.closure(tool.packages)?;
        if let Some(version) = too_old(&files, tool, minimum, suite)? {
            return Ok(Outcome::TooOld(version));
        }
        let root = self.root(tool, suite);
        let downloads = root.with_extension("download");
        download(&apt, tool, &files, &downloads)?;
        let partial = root.with_extension("partial");
        remove(&partial)?;
        if let Err(error) = unpack_all(tool, &files, &downloads, &partial) {
            // A damaged file must be downloaded again.
            remove(&downloads)?;
            return Err(error);
        }
        let bytes = layout::settle(tool, &partial)?;
        remove(&root)?;
        fs::rename(&partial, &root).context("cannot move an unpacked tool into place")?;
        remove(&downloads)?;
        step(&format!(
            "unpacked {} into {}, {}",
            tool.title,
            Tree::shown(&root),
            size(bytes)
        ));
        Ok(Outcome::Unpacked)
    }

    fn apt(&self, suite: &str) -> Result<Apt> {
        let folder = self.folder.join("apt").join(suite);
        fs::create_dir_all(&folder)?;
        // apt refuses relative folders in its configuration.
        Ok(Apt::new(
            folder.canonicalize()?,
            suite,
            &host::architecture()?,
        ))
    }
}

/// The version of the tool when that is not enough.
fn too_old(
    files: &[PackageFile],
    tool: &Tool,
    minimum: Option<&Version>,
    suite: &str,
) -> Result<Option<String>> {
    let first = tool.packages.first().copied().unwrap_or_default();
    let file = files.iter().find(|file| file.package() == first);
    let version = file
        .with_context(|| format!("Debian {suite} has no {first}"))?
        .version();
    let is_old = minimum
        .zip(Version::parse(&version))
        .is_some_and(|(minimum, version)| version < *minimum);
    Ok(is_old.then_some(version))
}

fn download(apt: &Apt, tool: &Tool, files: &[PackageFile], folder: &Path) -> Result<()> {
    let bytes = files.iter().map(|file| file.size).sum();
    step(&format!(
        "downloading {} of {} with all that it needs: {}",
        tool.packages.join(", "),
        apt.title(),
        total(files.len(), bytes)
    ));
    if verbose() {
        for file in files {
            step(&format!("  {}, {}", file.name, size(file.size)));
        }
    }
    apt.fetch_closure(tool.packages, folder)
}

fn unpack_all(tool: &Tool, files: &[PackageFile], downloads: &Path, root: &Path) -> Result<()> {
    let bar = bar(files.len().try_into().unwrap_or(u64::MAX));
    for file in files {
        bar.set_message(format!("unpacking {}", file.package()));
        if tool.left_out != Some(file.package()) {
            unpack(&downloads.join(&file.name), &[], root)?;
        }
        bar.inc(1);
    }
    bar.finish_and_clear();
    Ok(())
}

/// Removes a folder that may not be there.
fn remove(folder: &Path) -> Result<()> {
    if folder.exists() {
        fs::remove_dir_all(folder)
            .with_context(|| format!("cannot remove {}", folder.display()))?;
    }
    Ok(())
}
