//! `build`: the programs of a system, without its guests.

use anyhow::Result;

use crate::image::{load_board, load_system};
use crate::knobs::Knobs;
use crate::microkit::Sdk;
use crate::program::Builder;
use crate::programs;
use crate::progress::step;
use crate::tree::Tree;

/// Builds the programs into the build folder.
///
/// # Errors
/// When the system is wrong or something does not build.
pub fn build(tree: &Tree, knobs: &Knobs) -> Result<()> {
    let folder = knobs.make_build_folder(tree)?;
    let board = load_board(tree, knobs.board())?;
    let file = knobs.system(tree)?;
    let system = load_system(&file, &board)?;
    let sdk = Sdk::choose(tree, knobs.microkit_sdk.as_deref())?;
    step(&format!("{}, {}", sdk.description(), knobs.config()));
    let builder = Builder::new(tree, &sdk, knobs.board(), knobs.config())?;
    programs::build(tree, &builder, &system, &file, &folder)
}
