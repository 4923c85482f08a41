//! Where the instructions go: an image run with every executed instruction counted.
//!
//! `tests/perf/counter` is loaded into QEMU and counts; here its counts are given to the parts
//! of the system that the code belongs to. Under `-icount shift=0` an instruction takes a
//! nanosecond, so that all of it is the same in every run.
//!
//! A whole boot, in three phases:
//!
//! ```text
//! let boot: Boot = profile::boot(&tree, &recipe, &recipe.build(&tree)?)?;
//! boot.before_guest.kernel;    // seL4's instructions before the guest's first
//! boot.to_userland.vmm;        // the VMM's, from there to the guest's first user instruction
//! boot.rest.total();           // up to the power-off
//! ```

pub mod counts;
pub mod program;
pub mod shares;
pub mod work;

use std::ops::RangeInclusive;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context, Result, anyhow, bail};
use fs_err as fs;
use sysgen::System;

use crate::image::{Image, Recipe};
use crate::input::Input;
use crate::machine;
use crate::microkit::Sdk;
use crate::profile::counts::{Phase, parse};
use crate::profile::program::{Part, Program};
use crate::profile::shares::{Owners, Shares};
use crate::progress::{self, step};
use crate::toolchain::TARGET;
use crate::tree::Tree;

/// One instruction takes one nanosecond, and a sleeping machine skips to its next timer.
const COUNTED: [&str; 2] = ["-icount", "shift=0,sleep=off"];
/// Seconds that a run gets; a Debian boot needs about ten.
const LIMIT: &str = "300";
/// How `timeout` says that they are over.
const TIMED_OUT: i32 = 124;
/// Where Linux programs run: fixed addresses are low, others at the top of the user's half. The
/// kernel's early code at physical addresses and seL4 (0x80_xxxx_xxxx) lie between.
const USER: [RangeInclusive<u64>; 2] = [0x40_0000..=0x3fff_ffff, 1 << 40..=(1 << 48) - 1];

/// The instructions of a boot, by phase and part.
#[derive(Clone, Copy, Debug)]
pub struct Boot {
    /// Before the first instruction of a guest.
    pub before_guest: Shares,
    /// From there to the guest's first instruction in user mode.
    pub to_userland: Shares,
    /// From there to the end of the run.
    pub rest: Shares,
}

/// What was counted in a run.
#[derive(Clone, Debug)]
pub struct Run {
    /// What stood on the serial port.
    pub console: String,
    /// The counts, in the order of the phases.
    pub phases: Vec<Phase>,
}

/// Addresses whose first execution begins a phase.
pub type Mark = Vec<RangeInclusive<u64>>;

/// Boots `image` until the machine is off, and says whose instructions that took.
///
/// The guest has to switch itself off, as Debian does with `autopoweroff` among its arguments.
///
/// # Errors
/// When the run does not come to that end, or the guest ran no user program.
pub fn boot(tree: &Tree, recipe: &Recipe, image: &Image) -> Result<Boot> {
    let owners = owners(tree, recipe, image)?;
    let [before_guest, to_userland, rest] = &boot_phases(tree, recipe, image, &owners)?;
    Ok(Boot {
        before_guest: owners.shares(before_guest),
        to_userland: owners.shares(to_userland),
        rest: owners.shares(rest),
    })
}

/// As [`boot`], the counts themselves.
///
/// # Errors
/// As [`boot`].
pub fn boot_phases(
    tree: &Tree,
    recipe: &Recipe,
    image: &Image,
    owners: &Owners,
) -> Result<[Phase; 3]> {
    let marks = [owners.guest_memory().to_vec(), USER.to_vec()];
    let run = run(tree, recipe, image, &marks)?;
    let phases = <[Phase; 3]>::try_from(run.phases);
    phases.map_err(|_| {
        anyhow!(
            "the guest ran no user program; it printed:\n{}",
            run.console
        )
    })
}

/// Runs `image` until the machine is off. Each mark begins a phase, and so does each execution
/// of the bench guest's marking instruction.
///
/// # Errors
/// When the run does not come to an end.
pub fn run(tree: &Tree, recipe: &Recipe, image: &Image, marks: &[Mark]) -> Result<Run> {
    let plugin = plugin(tree)?;
    let counts = recipe.folder.join("counts.txt");
    let mut words = COUNTED.map(str::to_owned).to_vec();
    words.push("-plugin".to_owned());
    words.push(plugin_argument(&plugin, &counts, marks));
    let qemu = machine::qemu(image, Input::Nothing, &words)?;
    step("counting instructions");
    let output = Command::new("timeout")
        .arg(LIMIT)
        .arg(qemu.get_program())
        .args(qemu.get_args())
        .stdin(Stdio::null())
        .output()
        .context("cannot run QEMU")?;
    let console = String::from_utf8_lossy(&output.stdout).into_owned();
    if !output.status.success() {
        let errors = String::from_utf8_lossy(&output.stderr);
        let what = match output.status.code() {
            Some(TIMED_OUT) => format!("the guest did not switch the machine off within {LIMIT} s"),
            _ => "QEMU failed; it has to be one with plugins, as Debian's is".to_owned(),
        };
        bail!("{what}; it printed:\n{console}{errors}");
    }
    let text = fs::read_to_string(&counts)
        .with_context(|| format!("QEMU wrote no {}", counts.display()))?;
    Ok(Run {
        console,
        phases: parse(&text)?,
    })
}

/// Every program of the system, to find whose code a block is.
///
/// # Errors
/// When a program cannot be read.
pub fn owners(tree: &Tree, recipe: &Recipe, image: &Image) -> Result<Owners> {
    let system = System::load(&recipe.system, &image.board)?;
    let mut programs = fixed_programs(tree, recipe)?;
    for guest in &system.guests {
        let path = recipe.folder.join(&guest.program);
        programs.push(Program::read(Part::Vmm, &path)?);
    }
    if let Ok(guest) = Program::read(Part::GuestKernel, &recipe.images.kernel) {
        programs.push(guest);
    }
    let mappings = system.guests.iter().flat_map(|guest| &guest.mappings);
    let memory = mappings
        .filter(|mapping| mapping.execute)
        .map(|mapping| mapping.base..=mapping.base.saturating_add(mapping.size - 1));
    Ok(Owners::new(programs, memory.collect()))
}

/// The programs that come with the SDK.
fn fixed_programs(tree: &Tree, recipe: &Recipe) -> Result<Vec<Program>> {
    let files: Vec<(Part, PathBuf)> = match &recipe.sdk {
        sdk @ Sdk::Official(_) => {
            let folder = sdk.board_folder(tree, &recipe.board, &recipe.config)?;
            let folder = folder.join("elf");
            vec![
                (Part::Loader, folder.join("loader.elf")),
                (Part::Kernel, folder.join("sel4.elf")),
                (Part::Initialiser, folder.join("initialiser.elf")),
                (Part::Initialiser, folder.join("monitor.elf")),
            ]
        }
        // One program is its loader, kernel and initialiser.
        Sdk::StandIn => {
            let built = format!("bare/devsdk-{}/{TARGET}/release", recipe.board);
            vec![(Part::Kernel, tree.target(built).join("devsdk-kernel"))]
        }
    };
    let read = |(part, path): (Part, PathBuf)| Program::read(part, &path);
    files.into_iter().map(read).collect()
}

/// Builds the plugin for this machine.
fn plugin(tree: &Tree) -> Result<PathBuf> {
    let mut cargo = Command::new("cargo");
    cargo
        .args(["build", "--release", "--package", "instruction-counter"])
        .arg("--manifest-path")
        .arg(tree.path("Cargo.toml"))
        .arg("--target-dir")
        .arg(tree.target(""));
    progress::run("building the instruction counter", &mut cargo)?;
    Ok(tree.target("release/libinstruction_counter.so"))
}

/// What follows `-plugin`.
fn plugin_argument(plugin: &Path, counts: &Path, marks: &[Mark]) -> String {
    // Between QEMU's suboptions a comma separates, two stand for one.
    let path = |path: &Path| path.to_string_lossy().replace(',', ",,");
    let mut text = format!("{},out={}", path(plugin), path(counts));
    for mark in marks {
        let ranges = mark
            .iter()
            .map(|range| format!("{:x}-{:x}", range.start(), range.end()));
        text += &format!(",mark={}", ranges.collect::<Vec<_>>().join("+"));
    }
    text
}

#[cfg(test)]
mod tests;
