//! From a system XML and guest images to `loader.img`.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};
use fs_err as fs;
use guest_images::{Cache, DEFAULT_SUITE};
use sysgen::model::Driver;
use sysgen::{Board, Guest, GuestFiles, Images, Seed, System};

use crate::knobs::{Choice, Knobs};
use crate::microkit::{Sdk, choices};
use crate::program::Builder;
use crate::programs;
use crate::progress::{self, step};
use crate::room::Filled;
use crate::tree::Tree;

/// What to build, all defaults resolved.
#[derive(Clone, Debug)]
pub struct Recipe {
    /// The system XML.
    pub system: PathBuf,
    /// Board, as Microkit calls it.
    pub board: String,
    /// Configuration.
    pub config: String,
    /// The SDK.
    pub sdk: Sdk,
    /// Where the results go.
    pub folder: PathBuf,
    /// What every guest of the system boots.
    pub images: Images,
    /// Added to the kernel command line.
    pub more_bootargs: Option<&'static str>,
}

/// A bootable image.
#[derive(Clone, Debug)]
pub struct Image {
    /// `loader.img`.
    pub loader: PathBuf,
    /// The board it is for.
    pub board: Board,
    /// How many guests it holds.
    pub guests: usize,
    /// Its drivers of the board's devices.
    pub drivers: Vec<Driver>,
    /// The file that is the disk of its block driver.
    pub disk: Option<PathBuf>,
}

impl Recipe {
    /// What the knobs say.
    ///
    /// # Errors
    /// When a knob is wrong, or the Debian guest cannot be made.
    pub fn new(tree: &Tree, knobs: &Knobs) -> Result<Self> {
        let system = knobs.system(tree)?;
        let (board, config) = (knobs.board(), knobs.config());
        let sdk = Sdk::choose(tree, knobs.microkit_sdk.as_deref())?;
        // Mistakes are told before the Debian guest is made, which takes minutes the first time.
        let checked = check_system(&system, &load_board(tree, board)?)?;
        sdk.board_folder(tree, board, config)?;
        Ok(Self {
            system,
            board: board.to_owned(),
            config: config.to_owned(),
            sdk,
            folder: knobs.make_build_folder(tree)?,
            images: images(tree, knobs, checked.has_virtio())?,
            more_bootargs: None,
        })
    }

    /// Builds the image.
    ///
    /// # Errors
    /// When a step fails; its own words have been printed.
    pub fn build(&self, tree: &Tree) -> Result<Image> {
        let seed = || Seed::random().context("no random numbers for the guest's seed");
        self.build_with(tree, &seed)
    }

    /// Builds an image that is the same each time, to measure with: `seed` is every guest's.
    ///
    /// # Errors
    /// As [`build`](Self::build).
    pub fn build_repeatable(&self, tree: &Tree, seed: &Seed) -> Result<Image> {
        self.build_with(tree, &|| Ok(seed.clone()))
    }

    /// The version of the compiler that builds the VMM.
    ///
    /// # Errors
    /// When there is none.
    pub fn compiler(&self, tree: &Tree) -> Result<String> {
        Builder::new(tree, &self.sdk, &self.board, &self.config)?.compiler()
    }

    fn build_with(&self, tree: &Tree, seed: &dyn Fn() -> Result<Seed>) -> Result<Image> {
        let board = load_board(tree, &self.board)?;
        let system = load_system(&self.system, &board)?;
        step(&format!("{}, {}", self.sdk.description(), self.config));
        let builder = Builder::new(tree, &self.sdk, &self.board, &self.config)?;
        fs::create_dir_all(&self.folder)?;
        let mut filled = Vec::new();
        for guest in &system.guests {
            let given = self.images.bootargs.as_deref();
            if let Some(doubt) = given.and_then(|text| System::doubt(guest, &board, text)) {
                eprintln!("{doubt}");
            }
            let files = self.guest_files(&system, guest, seed()?)?;
            filled.push(Filled::of(guest, &files));
        }
        let room = builder.room(&self.board);
        room.as_ref().map_or(Ok(()), |room| room.check(&filled))?;
        programs::build(tree, &builder, &system, &self.system, &self.folder)?;
        let loader = self.folder.join("loader.img");
        step(&format!("image {}", Tree::shown(&loader)));
        progress::run_or_advise(
            "the microkit tool",
            &mut builder.tool(tree, &self.system, &self.folder, &loader),
            &|printed| room.as_ref()?.advice(printed, &filled),
        )?;
        Ok(Image {
            loader,
            board,
            guests: system.guests.len(),
            drivers: system.drivers,
            disk: None,
        })
    }

    fn guest_files(&self, system: &System, guest: &Guest, seed: Seed) -> Result<GuestFiles> {
        step(&format!("guest {}", guest.name));
        let files = system.build(guest, &self.guest_images(guest), seed)?;
        for warning in &files.warnings {
            eprintln!("{warning}");
        }
        files.write(&self.folder, &guest.name)?;
        Ok(files)
    }

    fn guest_images(&self, guest: &Guest) -> Images {
        let mut images = self.images.clone();
        if let Some(more) = self.more_bootargs {
            let given = images.bootargs.as_ref().unwrap_or(&guest.boot.bootargs);
            images.bootargs = Some(format!("{given} {more}").trim_start().to_owned());
        }
        images
    }
}

/// The facts of the board `name`.
///
/// # Errors
/// When there is no such board, or its file is wrong.
pub fn load_board(tree: &Tree, name: &str) -> Result<Board> {
    let file = tree.path("board").join(name).join("board.toml");
    if !file.is_file() {
        bail!(
            "MICROKIT_BOARD: there is no board '{name}', {}",
            choices(&tree.path("board"), name)
        );
    }
    Ok(Board::load(&file)?)
}

/// A system that has passed its checks; prints the warnings.
///
/// # Errors
/// When it does not pass.
pub fn load_system(path: &Path, board: &Board) -> Result<System> {
    let system = check_system(path, board)?;
    if !system.warnings.is_empty() {
        eprintln!("{}", system.warnings());
    }
    Ok(system)
}

fn check_system(path: &Path, board: &Board) -> Result<System> {
    // Diagnostics name the file as a person here would.
    Ok(System::load(Path::new(&Tree::shown(path)), board)?)
}

/// The guest's files: what the knobs name, and the Debian guest's for the rest.
fn images(tree: &Tree, knobs: &Knobs, has_virtio: bool) -> Result<Images> {
    let kernel = knobs.kernel()?;
    let initrd = knobs.initrd()?;
    let debian = match (&kernel, &initrd) {
        (Some(_), Choice::None | Choice::File(_)) => None,
        _ => Some(debian(tree)?),
    };
    let initrd = match initrd {
        Choice::File(path) => Some(path),
        Choice::None => None,
        Choice::Default => debian.as_ref().map(|guest| {
            if has_virtio {
                guest.initrd_with_modules.clone()
            } else {
                guest.initrd.clone()
            }
        }),
    };
    Ok(Images {
        kernel: kernel
            .or(debian.map(|guest| guest.kernel))
            .context("there is no kernel")?,
        initrd,
        bootargs: knobs.bootargs.clone(),
        device_tree: knobs.dtb()?,
    })
}

/// The default guest, made at its first use.
///
/// # Errors
/// When its packages cannot be had.
pub fn debian(tree: &Tree) -> Result<guest_images::DebianGuest> {
    guest_images::debian(&Cache::new(tree.target("guest-images")), DEFAULT_SUITE)
        .context("the Debian guest cannot be made")
}
