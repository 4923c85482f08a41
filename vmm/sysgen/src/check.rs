//! Contradictions between the elements, the guests and the board.

mod board;
pub(crate) mod bootargs;
mod channels;
mod devices;
mod drivers;
mod emulated;
mod files;
mod memory;
mod names;
mod owners;
mod programs;
mod schedule;
mod sharing;
mod tickers;
mod words;

use crate::board::Board;
use crate::diagnostic::Diagnostics;
use crate::document::Document;
use crate::model::Guest;

/// Runs all checks.
pub(crate) fn check(document: &Document, guests: &[Guest], board: &Board, found: &mut Diagnostics) {
    names::check(document, found);
    words::check(document, found);
    memory::check(document, guests, board, found);
    board::check(document, board, found);
    devices::check(document, board, found);
    bootargs::check(document, board, found);
    channels::check(document, found);
    emulated::check(document, guests, found);
    owners::check(document, guests, found);
    programs::check(document, found);
    drivers::check(document, guests, board, found);
    schedule::check(document, guests, board, found);
    sharing::check(document, found);
    tickers::check(document, guests, found);
    files::check(document, guests, found);
}
