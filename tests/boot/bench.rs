//! Where cases are built and run.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;

use anyhow::{Context, Result, bail};
use guest_images::{Cache, DEFAULT_SUITE, DebianGuest};
use sysgen::System;
use xtask::image::{Image, Recipe, load_board, load_system};
use xtask::input::Input;
use xtask::machine;
use xtask::microkit::Sdk;
use xtask::setup::Need;
use xtask::toolchain::{TARGET, Toolchain};
use xtask::tree::Tree;

use crate::case::Case;
use crate::console::Console;

pub(crate) const BOARD: &str = "qemu_virt_aarch64";

/// The tree, its SDKs, and guests that are made once.
pub(crate) struct Workbench {
    tree: Tree,
    official: Option<Sdk>,
    bare_metal: OnceLock<Result<PathBuf, String>>,
}

impl Workbench {
    pub(crate) fn new() -> Result<Self> {
        let tree = Tree::find();
        let knob = std::env::var_os("MICROKIT_SDK");
        let official = Sdk::for_comparison(&tree, knob.as_deref())?;
        match &official {
            Some(sdk) => eprintln!("real seL4: {}", sdk.description()),
            None => eprintln!(
                "real seL4: skipped, as there is no official SDK (MICROKIT_SDK=, or microkit-sdk-* \
                 in the home folder)"
            ),
        }
        Ok(Self {
            tree,
            official,
            bare_metal: OnceLock::new(),
        })
    }

    /// The SDK behind `devsdk` or `sel4`.
    pub(crate) fn sdk(&self, kernel: &str) -> Option<Sdk> {
        match kernel {
            "devsdk" => Some(Sdk::StandIn),
            _ => self.official.clone(),
        }
    }

    /// Builds a case, boots it and plays it.
    pub(crate) fn run(&self, case: &Case, kernel: &str, config: &str) -> Result<()> {
        let folder = self.folder(kernel, config, case.name);
        let image = self.build(case, kernel, config, &folder)?;
        let qemu = machine::qemu(&image, Input::Stream, &case.clock.arguments())?;
        let mut console = Console::open(qemu)?;
        let result = (case.play)(&mut console);
        let log = folder.join("console.log");
        fs::write(&log, console.text())?;
        result.with_context(|| {
            format!(
                "the whole console is in {}; its end:\n{}",
                log.display(),
                console.tail()
            )
        })
    }

    /// Where a case's image and console go.
    pub(crate) fn folder(&self, kernel: &str, config: &str, name: &str) -> PathBuf {
        let all = self.tree.target("boot-tests");
        all.join(kernel).join(config).join(name)
    }

    /// Builds a case in `folder`.
    pub(crate) fn build(
        &self,
        case: &Case,
        kernel: &str,
        config: &str,
        folder: &Path,
    ) -> Result<Image> {
        let Some(sdk) = self.sdk(kernel) else {
            bail!("there is no official SDK");
        };
        let recipe = Recipe {
            system: self.tree.path(case.system),
            board: BOARD.to_owned(),
            config: config.to_owned(),
            sdk,
            folder: folder.to_path_buf(),
            images: (case.images)(self)?,
            more_bootargs: None,
        };
        recipe.build(&self.tree)
    }

    /// A system XML, from the top folder.
    pub(crate) fn system(&self, path: &str) -> Result<System> {
        load_system(&self.tree.path(path), &load_board(&self.tree, BOARD)?)
    }

    /// The Debian guest of `suite`.
    pub(crate) fn debian(&self, suite: &str) -> Result<DebianGuest> {
        guest_images::debian(&self.guests(), suite)
    }

    /// Debian's U-Boot for QEMU.
    pub(crate) fn u_boot(&self) -> Result<PathBuf> {
        guest_images::u_boot(&self.guests(), DEFAULT_SUITE)
    }

    /// Debian's UEFI for QEMU.
    pub(crate) fn uefi(&self) -> Result<PathBuf> {
        guest_images::uefi(&self.guests(), DEFAULT_SUITE)
    }

    fn guests(&self) -> Cache {
        Cache::new(self.tree.target("guest-images"))
    }

    /// The ELF file of one of our own guests.
    pub(crate) fn bare_metal(&self, name: &str) -> Result<PathBuf> {
        let built = self.bare_metal.get_or_init(|| {
            self.build_bare_metal()
                .map_err(|error| format!("{error:#}"))
        });
        match built {
            Ok(folder) => Ok(folder.join(name)),
            Err(error) => bail!("{error}"),
        }
    }

    fn build_bare_metal(&self) -> Result<PathBuf> {
        let target = self.tree.target("bare/guests");
        let manifest = guest_images::bare_metal_source().join("Cargo.toml");
        let toolchain = Toolchain::find(&self.tree, &[Need::Target])?;
        let mut cargo: Command = toolchain.build(&manifest, &target);
        xtask::progress::run("building our own guests", cargo.arg("--release"))?;
        Ok(target.join(TARGET).join("release"))
    }

    /// A file that a case makes of another; `make` gets its path.
    pub(crate) fn made(
        &self,
        name: &str,
        make: impl FnOnce(&Path) -> Result<()>,
    ) -> Result<PathBuf> {
        let folder = self.tree.target("boot-tests/files");
        fs::create_dir_all(&folder)?;
        let path = folder.join(name);
        make(&path)?;
        Ok(path)
    }
}
