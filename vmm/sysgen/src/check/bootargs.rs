//! The kernel command line against the guest's console.

use crate::board::Board;
use crate::diagnostic::Diagnostics;
use crate::document::{Document, Machine};
use crate::model::Guest;
use crate::resolve::find_region;

pub(super) fn check(document: &Document, board: &Board, found: &mut Diagnostics) {
    let machines = document.domains.iter().filter_map(|d| d.machine.as_ref());
    for machine in machines.filter(|machine| has_uart(document, machine, board)) {
        check_console(machine, board, found);
    }
}

/// Is the guest's console the board's UART?
fn has_uart(document: &Document, machine: &Machine, board: &Board) -> bool {
    let Some(stdout) = machine.facts.iter().find_map(|fact| fact.get("stdout")) else {
        return false;
    };
    machine.maps.iter().any(|map| {
        let mut names = map.facts.iter().filter_map(|fact| fact.get("name"));
        let region = find_region(document, &map.region.value);
        let physical = region.and_then(|region| region.physical.as_ref());
        let page = board.uart.base & !0xfff;
        names.any(|name| name.value == stdout.value) && physical.is_some_and(|p| p.value == page)
    })
}

fn check_console(machine: &Machine, board: &Board, found: &mut Diagnostics) {
    let Some(bootargs) = machine.facts.iter().find_map(|fact| fact.get("bootargs")) else {
        return;
    };
    if let Some((at, name)) = wrong_console(&bootargs.value, board) {
        let start = bootargs.span.start + at;
        let console = &board.uart.console;
        found
            .warning(
                &(start..start + name.len()),
                format!("the guest's console is not called {name}"),
                "Linux would print nothing there",
            )
            .hint(format!(
                "write console={console}, the UART of {}",
                board.name
            ));
    }
}

/// A doubt about a command line that a build gives in place of the system XML's.
pub(crate) fn doubt(guest: &Guest, board: &Board, bootargs: &str) -> Option<String> {
    let stdout = guest.boot.stdout.as_ref()?;
    let device = guest.devices.iter().find(|device| device.name == *stdout)?;
    let is_uart = |word: &String| board.uart.compatible.contains(word);
    device.compatible.iter().find(|word| is_uart(word))?;
    let (_, name) = wrong_console(bootargs, board)?;
    Some(format!(
        "warning: BOOTARGS: the console of guest `{}` is not called {name}, so Linux would print \
         nothing there; write console={}",
        guest.name, board.uart.console
    ))
}

/// The first console on the command line that is another UART than the board's, when none is the
/// board's; with its place.
fn wrong_console<'a>(bootargs: &'a str, board: &Board) -> Option<(usize, &'a str)> {
    let consoles: Vec<(usize, &str)> = consoles(bootargs).collect();
    let right = driver(&board.uart.console);
    if consoles.iter().any(|(_, name)| driver(name) == right) {
        return None;
    }
    // Virtual terminals and consoles that are no UART may stand beside it.
    let is_uart = |name: &str| !driver(name).is_empty();
    consoles.into_iter().find(|(_, name)| is_uart(name))
}

/// The names after `console=`, with their places.
fn consoles(bootargs: &str) -> impl Iterator<Item = (usize, &str)> {
    bootargs.match_indices("console=").filter_map(|(at, word)| {
        let before = bootargs.get(..at)?;
        let is_start = before.is_empty() || before.ends_with(char::is_whitespace);
        let start = at + word.len();
        let rest = bootargs.get(start..)?;
        let end = rest.find(|c: char| c == ',' || c.is_whitespace());
        is_start.then_some((start, rest.get(..end.unwrap_or(rest.len()))?))
    })
}

/// The part of a console's name that tells its driver: AMA of ttyAMA0.
fn driver(name: &str) -> &str {
    let rest = name.strip_prefix("tty").unwrap_or_default();
    rest.trim_end_matches(|c: char| c.is_ascii_digit())
}
