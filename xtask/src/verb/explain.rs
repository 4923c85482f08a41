//! `explain`: what a guest-physical address is.

use anyhow::{Context, Result};
use clap::Args;
use sysgen::number;

use crate::image::{load_board, load_system};
use crate::knobs::Knobs;
use crate::tree::Tree;

/// Options of `explain`.
#[derive(Args, Clone, Debug)]
pub struct Options {
    /// Guest-physical address, as 0x... or in decimal
    #[arg(long, env = "ADDR", hide_env_values = true, value_name = "ADDRESS")]
    addr: Option<String>,
}

/// Prints what the system XML has at the address; without one, who runs each guest and what ends
/// its sleep.
///
/// # Errors
/// When the address is no number, or the system is wrong.
pub fn explain(tree: &Tree, knobs: &Knobs, options: &Options) -> Result<()> {
    let board = load_board(tree, knobs.board())?;
    let Some(address) = options.addr.as_deref().filter(|text| !text.is_empty()) else {
        println!("{}", load_system(&knobs.system(tree)?, &board)?.overview());
        println!("for an address, for example: make explain ADDR=0x8000000");
        return Ok(());
    };
    let text = address;
    let address = number::parse(text)
        .with_context(|| format!("ADDR: '{text}' is no address; write for example 0x8000000"))?;
    if !text.starts_with("0x") {
        eprintln!("ADDR: {text} is read as decimal, which is {address:#x}; 0x{text} is another");
    }
    let system = load_system(&knobs.system(tree)?, &board)?;
    println!("{}", system.explain(address));
    Ok(())
}
