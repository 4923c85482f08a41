//! `run`: builds the image and gives the terminal to the guest.

use std::process::ExitCode;

use anyhow::Result;

use crate::image::{Recipe, load_board};
use crate::input::Input;
use crate::knobs::{Choice, Knobs};
use crate::machine;
use crate::processor;
use crate::tree::Tree;

/// The Debian guest's argument for: power off once you are up.
pub(crate) const POWER_OFF: &str = "autopoweroff";

/// Runs until the guest powers off (success) or crashes.
///
/// # Errors
/// When the image cannot be built or QEMU cannot be started.
pub fn run(tree: &Tree, knobs: &Knobs) -> Result<ExitCode> {
    let input = Input::look();
    let more = knobs.qemu_arguments()?;
    processor::check(&more)?;
    let disk = knobs.disk()?;
    let mut recipe = Recipe::new(tree, knobs)?;
    // Only the Debian guest knows the word.
    if input == Input::Nothing && knobs.initrd()? == Choice::Default {
        recipe.more_bootargs = Some(POWER_OFF);
    }
    // Before the build, so that what is missing is told at once.
    let board = load_board(tree, &recipe.board)?;
    if board.qemu.is_some() {
        machine::emulator(tree, &board)?;
    }
    let mut image = recipe.build(tree)?;
    image.disk = disk;
    if input == Input::Terminal {
        eprintln!("  the terminal is the guest's now; Ctrl-A X leaves");
    }
    let qemu = machine::qemu(&image, input, &more)?;
    let well = machine::run(qemu, image.guests)?;
    Ok(if well {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    })
}
