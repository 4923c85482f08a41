//! `console`: the UART that the VMM's own messages go to when the kernel prints none.

use vmm_config::{Console, ConsoleKind};

use super::Context;
use crate::diagnostic::Diagnostics;
use crate::document::{Map, Region};
use crate::fact::Fact;
use crate::number;
use crate::source::Span;
use crate::vocabulary::Word;

/// The UARTs that the VMM can write to, by `compatible`.
const DRIVEN: [(&str, ConsoleKind); 1] = [("arm,pl011", ConsoleKind::Pl011)];

/// What is known of the UART in a region.
struct Uart {
    compatible: Vec<String>,
    /// Where in the region its registers begin.
    offset: u64,
    /// What says so.
    span: Span,
}

/// The `console` instruction before one of the VMM's own maps.
pub(super) fn console(context: &Context<'_>, found: &mut Diagnostics) -> Option<Console> {
    let mut marked = context.domain.maps.iter().filter(|map| is_console(map));
    let map = marked.next()?;
    for again in marked {
        found
            .error(&again.span, "a second console", "again")
            .related(&map.span, "first here")
            .hint("keep one of them");
    }
    let region = context.region(map)?;
    check_access(map, found);
    let Some(uart) = of_guest(context, region).or_else(|| of_board(context, map, region)) else {
        report_no_uart(context, map, found);
        return None;
    };
    let kind = kind(&uart, map, found)?;
    warn_of_others(context, map, found);
    Some(Console {
        vmm_address: map.address.value.checked_add(uart.offset)?,
        kind,
    })
}

fn check_access(map: &Map, found: &mut Diagnostics) {
    let name = &map.region.value;
    if !map.allows('w') || map.allows('x') {
        found
            .error(
                &map.permissions.span,
                format!("the VMM reads and writes its console `{name}`"),
                "must be `rw`",
            )
            .hint("write perms=\"rw\"");
    }
    if map.cached {
        found
            .error(
                &map.span,
                format!("the console `{name}` is mapped cached"),
                "what is written could stay in a cache",
            )
            .hint("add cached=\"false\"");
    }
}

/// The guest's own use is expected: the VMM speaks only while the guest does not run.
fn warn_of_others(context: &Context<'_>, map: &Map, found: &mut Diagnostics) {
    let own = &context.domain.name.value;
    let domains = context.document.domains.iter();
    for domain in domains.filter(|domain| domain.name.value != *own) {
        let inside = domain.machine.iter().flat_map(|machine| &machine.maps);
        let mut maps = domain.maps.iter().chain(inside);
        let same = |other: &&Map| other.region.value == map.region.value && !is_console(other);
        if let Some(other) = maps.find(same) {
            found
                .warning(
                    &map.span,
                    format!("the console `{}` has another user", map.region.value),
                    "messages may come in the middle of its output",
                )
                .related(&other.span, format!("in `{}`", domain.name.value))
                .hint("give the VMM the UART of its own guest, or one that nobody has");
        }
    }
}

fn is_console(map: &Map) -> bool {
    map.says(Word::Console)
}

/// What the guest's `device` instruction says of the region.
fn of_guest(context: &Context<'_>, region: &Region) -> Option<Uart> {
    let mut maps = context.machine.maps.iter();
    let map = maps.find(|map| map.region.value == region.name.value)?;
    let fact = map.fact(Word::Device)?;
    let compatible = fact.get("compatible")?;
    let words = compatible.value.split_whitespace();
    Some(Uart {
        compatible: words.map(str::to_owned).collect(),
        offset: offset(fact),
        span: compatible.span.clone(),
    })
}

/// A bad number was reported with the device.
fn offset(fact: &Fact) -> u64 {
    let text = fact.get("offset");
    text.and_then(|text| number::parse(&text.value))
        .unwrap_or(0)
}

/// The board's UART, if that is what the region has.
fn of_board(context: &Context<'_>, map: &Map, region: &Region) -> Option<Uart> {
    let uart = &context.board.uart;
    let offset = uart.base.checked_sub(region.physical.as_ref()?.value)?;
    (offset < region.size.as_ref()?.value).then(|| Uart {
        compatible: uart.compatible.clone(),
        offset,
        span: map.span.clone(),
    })
}

fn report_no_uart(context: &Context<'_>, map: &Map, found: &mut Diagnostics) {
    let board = context.board;
    found
        .error(
            &map.region.span,
            format!("nothing says what UART `{}` is", map.region.value),
            "neither a device of the guest with a `compatible` nor the board's UART",
        )
        .hint(format!(
            "the UART of {} is at {:#x}; another one needs a `device` instruction in the guest",
            board.name, board.uart.base
        ));
}

fn kind(uart: &Uart, map: &Map, found: &mut Diagnostics) -> Option<ConsoleKind> {
    let is_compatible = |name: &str| uart.compatible.iter().any(|word| word == name);
    let known = DRIVEN.iter().find(|(name, _)| is_compatible(name));
    if known.is_none() {
        let names = DRIVEN.map(|(name, _)| name).join(", ");
        let finding = found.error(
            &uart.span,
            "the VMM cannot write to this UART",
            format!("this is `{}`", uart.compatible.join(" ")),
        );
        if uart.span != map.span {
            finding.related(&map.span, "the console");
        }
        finding.hint(format!(
            "it can write to {names}; without a console, its messages appear only in the \
             debug configuration"
        ));
    }
    known.map(|(_, kind)| *kind)
}
