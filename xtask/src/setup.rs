//! What a build needs of the machine: found there, installed, or unpacked privately.
//!
//! A tool on the PATH that is good enough is used. One that is missing is installed with apt-get
//! when that takes nothing from the machine and somebody can be root, else it is unpacked from
//! Debian's packages into `target/tools` and run from there.

mod compiler;
mod host;
mod install;
mod libclang;
mod obtain;
pub mod private;
mod tool;
mod version;

use std::env;
use std::ffi::OsString;
use std::path::PathBuf;

use anyhow::{Context, Result};
use clap::ValueEnum;

use crate::tree::Tree;

pub use compiler::Compiler;
pub use libclang::Libclang;
pub use version::Version;

/// `rust-version` in Cargo.toml.
const RUST_MINIMUM: &str = "1.90";
/// What rust-sel4 v5.0.0 needs.
const SDK_RUST_MINIMUM: &str = "1.96";
/// The oldest QEMU that the tests pass on.
const QEMU_MINIMUM: &str = "7.2";

/// What a verb can ask for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Need {
    /// A bare-metal compiler and linker
    Target,
    /// The same, new enough for the official SDK's crates
    SdkTarget,
    /// QEMU for AArch64
    Qemu,
    /// The device tree compiler (for tests)
    Dtc,
    /// libclang, with which the official SDK's crates read C headers
    Libclang,
    /// curl
    Curl,
}

/// Where the tools are.
#[derive(Clone, Debug, Default)]
pub struct Found {
    /// For [`Need::Target`] and [`Need::SdkTarget`].
    pub compiler: Option<Compiler>,
    /// For [`Need::Libclang`].
    pub libclang: Option<Libclang>,
    /// For the others, in the order of the needs.
    pub programs: Vec<PathBuf>,
}

impl Found {
    /// The PATH with which child processes find the same programs.
    ///
    /// # Errors
    /// When a folder's name cannot stand in a PATH.
    pub fn path(&self, tree: &Tree) -> Result<OsString> {
        let private = tree.target(private::FOLDER);
        let ours = self
            .programs
            .iter()
            .filter(|path| path.starts_with(&private));
        let ours = ours.filter_map(|path| path.parent()).map(PathBuf::from);
        let path = env::var_os("PATH").unwrap_or_default();
        let folders: Vec<_> = ours.chain(env::split_paths(&path)).collect();
        env::join_paths(folders).context("the build folder's name cannot stand in a PATH")
    }
}

/// Finds what is needed, or gets it.
///
/// # Errors
/// When something is missing and cannot be had; one sentence says why.
pub fn ensure(tree: &Tree, needs: &[Need]) -> Result<Found> {
    let mut found = Found::default();
    for need in needs {
        match need {
            Need::Target => found.compiler = Some(compiler::find(tree, &known(RUST_MINIMUM)?)?),
            Need::SdkTarget => {
                found.compiler = Some(compiler::find(tree, &known(SDK_RUST_MINIMUM)?)?);
            }
            Need::Qemu => found.programs.push(qemu(tree, QEMU_MINIMUM)?),
            Need::Dtc => found
                .programs
                .push(obtain::program(tree, &tool::DTC, None)?),
            Need::Libclang => found.libclang = Some(libclang::find(tree)?),
            Need::Curl => found
                .programs
                .push(obtain::program(tree, &tool::CURL, None)?),
        }
    }
    Ok(found)
}

/// `qemu-system-aarch64` of the version `minimum` (`7.2`) or newer.
///
/// # Errors
/// As [`ensure`].
pub fn qemu(tree: &Tree, minimum: &str) -> Result<PathBuf> {
    obtain::program(tree, &tool::QEMU, Some(&known(minimum)?))
}

fn known(version: &str) -> Result<Version> {
    Version::parse(version).with_context(|| format!("{version} is not a version"))
}
