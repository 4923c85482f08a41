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

/// A crate whose binary is a protection domain's program, and what it is compiled with.
#[derive(Clone, Debug)]
pub struct Program<'a> {
    folder: PathBuf,
    binary: String,
    /// The build, in words.
    step: String,
    /// Texts of sysgen's that it includes, by the environment variables that name their files.
    tables: Vec<(&'static str, &'a str)>,
}

impl<'a> Program<'a> {
    /// The VMM of a guest with these tables and devices.
    pub fn vmm(tree: &Tree, tables: &'a str, devices: &'a str) -> Self {
        Self {
            folder: tree.path("vmm/pd"),
            binary: "vmm".to_owned(),
            step: "building the VMM".to_owned(),
            tables: vec![("VMM_TABLES", tables), ("VMM_DEVICES", devices)],
        }
    }

    /// A VMM of the user's own: a crate that adds devices to ours.
    ///
    /// # Errors
    /// When there is no such crate.
    pub fn vmm_in(folder: &Path, tables: &'a str, devices: &'a str) -> Result<Self> {
        Ok(Self {
            tables: vec![("VMM_TABLES", tables), ("VMM_DEVICES", devices)],
            ..Self::in_folder(folder)?
        })
    }

    /// A ticker with its table.
    pub fn ticker(tree: &Tree, table: &'a str) -> Self {
        Self {
            folder: tree.path("drivers/ticker"),
            binary: "ticker".to_owned(),
            step: "building a ticker".to_owned(),
            tables: vec![("TICKER_TABLES", table)],
        }
    }

    /// A driver of ours, of the kind that its folder is named after, with its table.
    pub fn driver(tree: &Tree, kind: &str, table: &'a str) -> Self {
        Self {
            folder: tree.path("drivers").join(kind),
            binary: kind.to_owned(),
            step: format!("building the {kind} driver"),
            tables: vec![("DRIVER_TABLES", table)],
        }
    }

    /// A program without tables.
    ///
    /// # Errors
    /// When there is no such crate.
    pub fn in_folder(folder: &Path) -> Result<Self> {
        let manifest = folder.join("Cargo.toml");
        let text = fs::read_to_string(&manifest)?;
        let parsed: Manifest = toml::from_str(&text)
            .with_context(|| format!("{} is not the manifest of a crate", manifest.display()))?;
        let name = parsed.package.name;
        Ok(Self {
            folder: folder.to_owned(),
            step: format!("building {name}"),
            binary: name,
            tables: Vec::new(),
        })
    }
}

/// What is needed of a Cargo.toml.
#[derive(serde::Deserialize)]
struct Manifest {
    package: Package,
}

#[derive(serde::Deserialize)]
struct Package {
    name: String,
}

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

    /// Builds a program and puts it at `target`.
    ///
    /// # Errors
    /// When it does not build.
    pub fn build(&self, tree: &Tree, program: &Program<'_>, target: &Path) -> Result<()> {
        let _lock = self.lock()?;
        let mut cargo = self.protection_domains(tree, &program.folder);
        for (variable, text) in &program.tables {
            cargo.env(variable, self.table_file(text)?);
        }
        let advice = |log: &str| self.advice(log);
        progress::run_or_advise(&program.step, &mut cargo, &advice)?;
        copy_if_changed(&self.built(&program.binary), target)
    }

    /// A file that holds `text`. It is named after its content: another system needs another
    /// program, the same one does not.
    fn table_file(&self, text: &str) -> Result<PathBuf> {
        let digest = Sha256::digest(text);
        let name: String = digest
            .iter()
            .take(8)
            .map(|byte| format!("{byte:02x}"))
            .collect();
        let path = self.target.join(format!("tables-{name}.rs"));
        if !path.exists() {
            fs::write(&path, text)?;
        }
        Ok(path)
    }

    /// Builds the programs of `folder`, a workspace like `vmm/pd`, and returns where they are.
    ///
    /// # Errors
    /// When they do not build.
    pub fn build_protection_domains(&self, tree: &Tree, folder: &str) -> Result<PathBuf> {
        let _lock = self.lock()?;
        let mut cargo = self.protection_domains(tree, &tree.path(folder));
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
        let mut cargo = self.protection_domains(tree, &tree.path(folder));
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

    fn protection_domains(&self, tree: &Tree, folder: &Path) -> Command {
        let manifest = folder.join("Cargo.toml");
        let mut cargo = self.toolchain.build(&manifest, &self.target);
        if self.release {
            cargo.arg("--release");
        }
        cargo.env("SEL4_INCLUDE_DIRS", self.board_folder.join("include"));
        match self.sdk {
            Sdk::Official(_) => lock_of_the_sdk(&mut cargo, folder),
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
fn lock_of_the_sdk<'a>(cargo: &'a mut Command, folder: &Path) -> &'a mut Command {
    let lock = folder.join("sdk/Cargo.lock");
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
