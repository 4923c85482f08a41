//! `check`: what sysgen finds in the system XML, without building anything.

use anyhow::Result;

use crate::image::{load_board, load_system};
use crate::knobs::Knobs;
use crate::tree::Tree;

/// Checks the system XML against the board; prints the guests when there is no error.
///
/// # Errors
/// When there is one.
pub fn check(tree: &Tree, knobs: &Knobs) -> Result<()> {
    let board = load_board(tree, knobs.board())?;
    let path = knobs.system(tree)?;
    let system = load_system(&path, &board)?;
    for guest in &system.guests {
        println!("guest {}, run by {}", guest.name, guest.domain);
    }
    let shown = Tree::shown(&path);
    println!("{shown} has no errors on {} ({})", board.name, board.title);
    Ok(())
}
