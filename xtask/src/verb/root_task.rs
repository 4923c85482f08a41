//! `root-task`: builds and runs `examples/root-task`.

use std::process::ExitCode;

use anyhow::{Result, bail};

use crate::image::load_board;
use crate::input::Input;
use crate::knobs::Knobs;
use crate::machine;
use crate::microkit::Sdk;
use crate::root_task::{self, BOARD};
use crate::tree::Tree;

/// Runs until the root task switches the machine off.
///
/// # Errors
/// When there is no official SDK, the image cannot be built or QEMU cannot be started.
pub fn root_task(tree: &Tree, knobs: &Knobs) -> Result<ExitCode> {
    if knobs.board() != BOARD {
        bail!("MICROKIT_BOARD: examples/root-task runs on {BOARD} only");
    }
    let sdk = Sdk::choose(tree, knobs.microkit_sdk.as_deref())?;
    machine::emulator(tree, &load_board(tree, BOARD)?)?;
    let folder = knobs.make_build_folder(tree)?.join("root-task");
    let image = root_task::build(tree, &sdk, knobs.config(), &folder)?;
    let qemu = machine::qemu(&image, Input::look(), &knobs.qemu_arguments()?)?;
    let well = machine::run(qemu, image.guests)?;
    Ok(if well {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    })
}
