//! The `setup` script: finds or installs what a build needs.

use std::collections::BTreeMap;
use std::process::{Command, Stdio};

use anyhow::{Context, Result, bail};

use crate::tree::Tree;

/// What a verb can ask `setup` for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Need {
    /// A bare-metal compiler and linker.
    Target,
    /// The same, new enough for the official SDK's crates.
    SdkTarget,
    /// QEMU for AArch64.
    Qemu,
    /// The device tree compiler (for tests).
    Dtc,
    /// libclang, with which the official SDK's crates read C headers.
    Libclang,
    /// curl.
    Curl,
}

impl Need {
    fn name(self) -> &'static str {
        match self {
            Self::Target => "target",
            Self::SdkTarget => "sdk-target",
            Self::Qemu => "qemu",
            Self::Dtc => "dtc",
            Self::Libclang => "libclang",
            Self::Curl => "curl",
        }
    }
}

/// Runs `setup` and returns what it found, by name.
///
/// # Errors
/// When something is missing and cannot be installed; `setup` has said what.
pub fn ensure(tree: &Tree, needs: &[Need]) -> Result<BTreeMap<String, String>> {
    let output = Command::new(tree.path("setup"))
        .args(needs.iter().map(|need| need.name()))
        .stderr(Stdio::inherit())
        .output()
        .context("cannot run the setup script")?;
    if !output.status.success() {
        bail!("this machine is not ready for the build");
    }
    let text = String::from_utf8(output.stdout).context("setup printed something odd")?;
    Ok(text
        .lines()
        .filter_map(|line| line.split_once('='))
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .collect())
}
