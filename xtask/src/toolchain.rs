//! Building for AArch64 without an operating system, with whichever compiler was found.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result};

use crate::progress;
use crate::setup::{Compiler, Libclang, Need, ensure};
use crate::tree::Tree;

/// rustc's name of the machine that the protection domain and the kernel run on.
pub const TARGET: &str = "aarch64-unknown-none-softfloat";

/// A compiler and a linker, and libclang where that was asked for.
#[derive(Clone, Debug)]
pub struct Toolchain {
    compiler: Compiler,
    libclang: Libclang,
}

impl Toolchain {
    /// Finds or installs it and whatever else is needed; `needs` has [`Need::Target`] or
    /// [`Need::SdkTarget`].
    ///
    /// # Errors
    /// When there is none and none can be installed.
    pub fn find(tree: &Tree, needs: &[Need]) -> Result<Self> {
        let found = ensure(tree, needs)?;
        Ok(Self {
            compiler: found.compiler.context("no compiler was asked for")?,
            libclang: found.libclang.unwrap_or_default(),
        })
    }

    /// The compiler's version, as 1.96.0.
    ///
    /// # Errors
    /// When it does not say.
    pub fn version(&self) -> Result<String> {
        let output = Command::new(&self.compiler.rustc)
            .arg("--version")
            .output()?;
        let text = String::from_utf8_lossy(&output.stdout).into_owned();
        let version = text.split_whitespace().nth(1);
        version
            .map(str::to_owned)
            .with_context(|| format!("{} tells no version", self.compiler.rustc.display()))
    }

    /// `cargo build` of the package at `manifest`, with its output under `target`.
    pub fn build(&self, manifest: &Path, target: &Path) -> Command {
        let mut cargo = Command::new("cargo");
        cargo
            .args(["build", "--target", TARGET, "--manifest-path"])
            .arg(manifest)
            .arg("--target-dir")
            .arg(target)
            .env("RUSTC", &self.compiler.rustc)
            .env(
                "CARGO_TARGET_AARCH64_UNKNOWN_NONE_SOFTFLOAT_LINKER",
                &self.compiler.linker,
            )
            // cargo run's, for the host's compiler; another compiler must not see them.
            .env_remove("LD_LIBRARY_PATH");
        if let Some(libraries) = &self.libclang.libraries {
            cargo.env("LD_LIBRARY_PATH", libraries);
        }
        if let Some(folder) = &self.libclang.folder {
            cargo.env("LIBCLANG_PATH", folder);
        }
        if self.compiler.build_std {
            cargo
                .arg("-Zbuild-std=core,alloc,compiler_builtins")
                .arg("-Zbuild-std-features=compiler-builtins-mem")
                .env("RUSTC_BOOTSTRAP", "1");
        }
        cargo
    }
}

/// Builds our own bare-metal guests; returns the folder of their ELF files.
///
/// # Errors
/// When they do not build.
pub fn bare_metal(tree: &Tree) -> Result<PathBuf> {
    guests(tree, &guest_images::bare_metal_source())
}

/// Builds the bare-metal guests of the workspace in `folder`; returns the folder of their ELF
/// files.
///
/// # Errors
/// When they do not build.
pub fn guests(tree: &Tree, folder: &Path) -> Result<PathBuf> {
    let target = tree.target("bare/guests");
    let manifest = folder.join("Cargo.toml");
    let toolchain = Toolchain::find(tree, &[Need::Target])?;
    let mut cargo = toolchain.build(&manifest, &target);
    progress::run("building our own guests", cargo.arg("--release"))?;
    Ok(target.join(TARGET).join("release"))
}
