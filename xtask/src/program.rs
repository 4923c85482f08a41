//! The programs of a system, built for one SDK.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result};
use fs_err::{self as fs, File};
use sha2::{Digest, Sha256};

use crate::microkit::Sdk;
use crate::progress::{self, step};
use crate::room::Room;
use crate::setup::Need;
use crate::toolchain::{TARGET, Toolchain};
use crate::tree::Tree;

/// Where upstream's crates come from.
const RUST_SEL4: &str = "https://github.com/seL4/rust-sel4";
/// What cargo says when it cannot fetch something.
const NO_NETWORK: [&str; 6] = [
    "spurious network error",
    "network failure",
    "ould not resolve",
    "ailed to resolve address",
    "onnection refused",
    "onnection timed out",
];

/// Builds programs for one SDK, board and configuration.
#[derive(Clone, Debug)]
pub struct Builder {
    sdk: Sdk,
    root: PathBuf,
    toolchain: Toolchain,
    /// `board/BOARD/CONFIG` of the SDK.
    board: String,
    config: String,
    board_folder: PathBuf,
    release: bool,
    target: PathBuf,
}

/// A program that is compiled with tables of sysgen's.
struct Tabled {
    folder: &'static str,
    /// The environment variable that names the tables.
    variable: &'static str,
    binary: &'static str,
    /// The build, in words.
    step: &'static str,
}

const VMM: Tabled = Tabled {
    folder: "vmm/pd",
    variable: "VMM_TABLES",
    binary: "vmm",
    step: "building the VMM",
};

const TICKER: Tabled = Tabled {
    folder: "drivers/ticker",
    variable: "TICKER_TABLES",
    binary: "ticker",
    step: "building a ticker",
};

impl Builder {
    /// Gets ready to build.
    ///
    /// # Errors
    /// When the SDK lacks the board or configuration, or the machine lacks a tool.
    pub fn new(tree: &Tree, sdk: &Sdk, board: &str, config: &str) -> Result<Self> {
        let (needs, name) = match sdk {
            Sdk::Official(_) => (vec![Need::SdkTarget, Need::Libclang], "sdk"),
            Sdk::StandIn => (vec![Need::Target], "devsdk"),
        };
        let board_folder = sdk.board_folder(tree, board, config)?;
        Ok(Self {
            sdk: sdk.clone(),
            root: sdk.root(tree),
            board: board.to_owned(),
            config: config.to_owned(),
            board_folder,
            toolchain: Toolchain::find(tree, &needs)?,
            release: config != "debug",
            target: tree.target(target_folder(name, board, config)),
        })
    }

    /// The version of the compiler.
    ///
    /// # Errors
    /// When it does not say.
    pub fn compiler(&self) -> Result<String> {
        self.toolchain.version()
    }

    /// Builds the VMM with `tables` and puts it at `program`.
    ///
    /// # Errors
    /// When it does not build.
    pub fn build_vmm(&self, tree: &Tree, tables: &str, program: &Path) -> Result<()> {
        self.build_with_tables(tree, &VMM, tables, program)
    }

    /// Builds a ticker with `tables` and puts it at `program`.
    ///
    /// # Errors
    /// When it does not build.
    pub fn build_ticker(&self, tree: &Tree, tables: &str, program: &Path) -> Result<()> {
        self.build_with_tables(tree, &TICKER, tables, program)
    }

    fn build_with_tables(
        &self,
        tree: &Tree,
        kind: &Tabled,
        tables: &str,
        program: &Path,
    ) -> Result<()> {
        let _lock = self.lock()?;
        let digest = Sha256::digest(tables);
        let name: String = digest
            .iter()
            .take(8)
            .map(|byte| format!("{byte:02x}"))
            .collect();
        // Named after its content: another system needs another VMM, the same one does not.
        let path = self.target.join(format!("tables-{name}.rs"));
        if !path.exists() {
            fs::write(&path, tables)?;
        }
        let mut cargo = self.protection_domains(tree, kind.folder);
        cargo.env(kind.variable, &path);
        let advice = |log: &str| self.advice(log);
        progress::run_or_advise(kind.step, &mut cargo, &advice)?;
        copy_if_changed(&self.built(kind.binary), program)
    }

    /// Builds the programs of `folder`, a workspace like `vmm/pd`, and returns where they are.
    ///
    /// # Errors
    /// When they do not build.
    pub fn build_protection_domains(&self, tree: &Tree, folder: &str) -> Result<PathBuf> {
        let _lock = self.lock()?;
        let mut cargo = self.protection_domains(tree, folder);
        let advice = |log: &str| self.advice(log);
        progress::run_or_advise("building protection domains", &mut cargo, &advice)?;
        Ok(self.built(""))
    }

    /// How much its images may hold, if that is known.
    pub fn room(&self, board: &str) -> Option<Room> {
        Room::of(board, &self.board_folder)
    }

    /// Builds the root task in `folder`, a workspace like `vmm/pd`, with the image of the guest
    /// that it starts, and returns where it is.
    ///
    /// # Errors
    /// When it does not build.
    pub fn build_root_task(&self, tree: &Tree, folder: &str, guest: &Path) -> Result<PathBuf> {
        let _lock = self.lock()?;
        let mut cargo = self.protection_domains(tree, folder);
        cargo.env("ROOT_TASK_GUEST", guest);
        let advice = |log: &str| self.advice(log);
        progress::run_or_advise("building the root task", &mut cargo, &advice)?;
        Ok(self.built(""))
    }

    /// The SDK's `microkit`, ready to make `loader` of `system` and of the programs in `folder` or
    /// beside `system`. The stand-in's builds itself at its first use.
    pub fn tool(&self, tree: &Tree, system: &Path, folder: &Path, loader: &Path) -> Command {
        let beside = system.parent().unwrap_or(Path::new("."));
        let mut tool = Command::new(self.root.join("bin/microkit"));
        tool.env("CARGO_TARGET_DIR", tree.target(""))
            .env_remove("LD_LIBRARY_PATH")
            .arg(system)
            .arg("--search-path")
            .args([folder, beside])
            .args(["--board", &self.board, "--config", &self.config, "-o"])
            .arg(loader)
            .arg("-r")
            .arg(folder.join("report.txt"));
        tool
    }

    fn protection_domains(&self, tree: &Tree, folder: &str) -> Command {
        let manifest = tree.path(folder).join("Cargo.toml");
        let mut cargo = self.toolchain.build(&manifest, &self.target);
        if self.release {
            cargo.arg("--release");
        }
        cargo.env("SEL4_INCLUDE_DIRS", self.board_folder.join("include"));
        match self.sdk {
            Sdk::Official(_) => lock_of_the_sdk(&mut cargo, tree, folder),
            Sdk::StandIn => cargo.arg("--config").arg(tree.path("devsdk/patch.toml")),
        };
        cargo
    }

    /// What to do about a build that failed without a network.
    fn advice(&self, log: &str) -> Option<String> {
        let is_git = log.contains(RUST_SEL4);
        if !NO_NETWORK.iter().any(|words| log.contains(words)) {
            return None;
        }
        Some(match self.sdk {
            Sdk::Official(_) if is_git => format!(
                "the first build with a Microkit SDK fetches the rust-sel4 crates from {RUST_SEL4}, \
                 which cannot be reached from here; build once where it can, or go on with the \
                 stand-in: MICROKIT_SDK=devsdk"
            ),
            _ => "the first build fetches crates from crates.io, which cannot be reached from here"
                .to_owned(),
        })
    }

    fn built(&self, name: &str) -> PathBuf {
        self.target
            .join(TARGET)
            .join(if self.release { "release" } else { "debug" })
            .join(name)
    }

    /// Keeps other builds out from the moment a table is written until its program is copied.
    fn lock(&self) -> Result<File> {
        if !self.target.exists() {
            step("first build: this takes a minute");
        }
        fs::create_dir_all(&self.target)?;
        let file = File::create(self.target.join("lock"))?;
        file.lock().context("cannot lock the build folder")?;
        Ok(file)
    }
}

/// Debug and release share a folder, as their profiles keep them apart in it; benchmark has the
/// profile of release and so needs one of its own.
fn target_folder(sdk: &str, board: &str, config: &str) -> String {
    match config {
        "debug" | "release" => format!("bare/{sdk}-{board}"),
        _ => format!("bare/{sdk}-{board}-{config}"),
    }
}

/// Upstream's crates come from git and are locked in a file of their own; the Cargo.lock beside
/// the manifest has the stand-in's in their place.
fn lock_of_the_sdk<'a>(cargo: &'a mut Command, tree: &Tree, folder: &str) -> &'a mut Command {
    let lock = tree.path(folder).join("sdk/Cargo.lock");
    cargo
        .env("RUSTC_BOOTSTRAP", "1")
        .arg("-Zlockfile-path")
        .arg("--config")
        .arg(format!(
            "resolver.lockfile-path={:?}",
            lock.display().to_string()
        ))
}

/// A program that did not change keeps its time stamp, so that nothing is built on it again.
fn copy_if_changed(from: &Path, to: &Path) -> Result<()> {
    let content = fs::read(from)?;
    if !fs::read(to).is_ok_and(|old| old == content) {
        fs::write(to, content)?;
    }
    Ok(())
}
