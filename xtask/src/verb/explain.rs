//! `explain`: what a guest-physical address is.

use anyhow::{Context, Result, bail};
use clap::Args;

use crate::image::{load_board, load_system};
use crate::knobs::Knobs;
use crate::tree::Tree;

/// Options of `explain`.
#[derive(Args, Clone, Debug)]
pub struct Options {
    /// Guest-physical address, as 0x... or in decimal
    #[arg(long, env = "ADDR", value_name = "ADDRESS")]
    addr: Option<String>,
}

/// Prints what the system XML has at the address.
///
/// # Errors
/// When the address is no number, or the system is wrong.
pub fn explain(tree: &Tree, knobs: &Knobs, options: &Options) -> Result<()> {
    let Some(address) = options.addr.as_deref().filter(|text| !text.is_empty()) else {
        bail!("which address? For example: make explain ADDR=0x8000000");
    };
    let address = parse(address).with_context(|| format!("ADDR: '{address}' is no address"))?;
    let board = load_board(tree, knobs.board())?;
    let system = load_system(&knobs.system(tree)?, &board)?;
    println!("{}", system.explain(address));
    Ok(())
}

fn parse(text: &str) -> Result<u64> {
    let plain = text.replace('_', "");
    Ok(match plain.strip_prefix("0x") {
        Some(digits) => u64::from_str_radix(digits, 16)?,
        None => plain.parse()?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_read_in_both_bases() {
        assert_eq!(parse("0x800_0000").unwrap(), 0x800_0000);
        assert_eq!(parse("4096").unwrap(), 4096);
        assert!(parse("eight").is_err());
    }
}
