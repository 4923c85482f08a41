//! `build`: the VMM of each guest and the tickers, without the guests.

use anyhow::Result;

use crate::image::{load_board, load_system};
use crate::knobs::Knobs;
use crate::microkit::Sdk;
use crate::program::Builder;
use crate::progress::step;
use crate::tree::Tree;

/// Builds the programs into the build folder.
///
/// # Errors
/// When the system is wrong or something does not build.
pub fn build(tree: &Tree, knobs: &Knobs) -> Result<()> {
    let folder = knobs.make_build_folder(tree)?;
    let board = load_board(tree, knobs.board())?;
    let system = load_system(&knobs.system(tree)?, &board)?;
    let sdk = Sdk::choose(tree, knobs.microkit_sdk.as_deref())?;
    step(&format!("{}, {}", sdk.description(), knobs.config()));
    let builder = Builder::new(tree, &sdk, knobs.board(), knobs.config())?;
    for guest in &system.guests {
        let program = folder.join(&guest.program);
        builder.build_vmm(tree, &sysgen::tables::generate(guest), &program)?;
        step(&Tree::shown(&program));
    }
    for ticker in &system.tickers {
        let program = folder.join(&ticker.program);
        builder.build_ticker(tree, &sysgen::tables::generate_ticker(ticker), &program)?;
        step(&Tree::shown(&program));
    }
    Ok(())
}
