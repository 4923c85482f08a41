//! The kernel command line of the system XML against the guest's console.

use crate::board::Board;
use crate::diagnostic::Diagnostics;
use crate::document::{Document, Machine};
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
    let consoles = bootargs
        .value
        .match_indices("console=")
        .filter_map(|(at, word)| {
            let is_start = at == 0 || bootargs.value[..at].ends_with(char::is_whitespace);
            let rest = &bootargs.value[at + word.len()..];
            let end = rest.find(|c: char| c == ',' || c.is_whitespace());
            is_start.then(|| (at + word.len(), &rest[..end.unwrap_or(rest.len())]))
        });
    let consoles: Vec<(usize, &str)> = consoles.collect();
    let right = driver(&board.uart.console);
    if consoles.iter().any(|(_, name)| driver(name) == right) {
        return;
    }
    // Virtual terminals and consoles that are no UART may stand beside it.
    let is_uart = |name: &str| name.starts_with("tty") && !driver(name).is_empty();
    if let Some((at, name)) = consoles.into_iter().find(|(_, name)| is_uart(name)) {
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

/// The part of a console's name that tells its driver: AMA of ttyAMA0.
fn driver(name: &str) -> &str {
    let rest = name.strip_prefix("tty").unwrap_or_default();
    rest.trim_end_matches(|c: char| c.is_ascii_digit())
}
