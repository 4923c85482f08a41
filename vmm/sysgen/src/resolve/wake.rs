//! What ends the sleep of an idle guest: the EL1 physical timer, or tickers.

use super::{Context, interrupts::channel, tickers};
use crate::diagnostic::Diagnostics;
use crate::document::{Document, Domain, Interrupt};
use crate::model::Wake;
use crate::vocabulary::Word;

/// INTID of the EL1 physical timer.
const PHYSICAL_TIMER: u64 = 30;

/// Has the system a guest beside that of this protection domain, be its VMM ours or not?
pub(crate) fn has_other_guests(document: &Document, domain: &Domain) -> bool {
    let mut others = document.domains.iter().filter(|d| d.machine.is_some());
    others.any(|other| other.span != domain.span)
}

/// What the XML gives to this VMM.
pub(super) fn source(context: &Context<'_>, found: &mut Diagnostics) -> Option<Wake> {
    let timer = timer(context, found);
    let frequency = context.board.timer.frequency;
    let tickers = tickers::of_guest(context.document, context.domain, frequency);
    if tickers.is_empty() {
        return timer.map(Wake::PhysicalTimer);
    }
    Some(Wake::Tickers(tickers))
}

/// The channel of the physical timer, if this VMM may rely on it.
fn timer(context: &Context<'_>, found: &mut Diagnostics) -> Option<u8> {
    let is_wake = |element: &&Interrupt| {
        let mut facts = element.facts.iter();
        facts.any(|fact| fact.word == Word::WakeTimer)
    };
    let element = context.domain.interrupts.iter().find(is_wake)?;
    check_timer(context, element, found);
    if has_other_guests(context.document, context.domain) {
        found
            .warning(
                &element.span,
                "the wake timer is not used beside other guests",
                "every guest of the system can stop this timer",
            )
            .hint("remove it and give the VMM tickers (vmm/sysgen/README.md)");
        return None;
    }
    if let Some((ticker, _)) = tickers::tickers_of(context.document, context.domain).first() {
        found
            .error(
                &element.span,
                "two things would wake the VMM",
                "the wake timer",
            )
            .related(&ticker.span, "and this ticker")
            .hint("keep one: the timer is precise, a ticker needs no timer");
    }
    channel(&element.channel)
}

fn check_timer(context: &Context<'_>, element: &Interrupt, found: &mut Diagnostics) {
    if element.intid.value != PHYSICAL_TIMER {
        found
            .error(
                &element.intid.span,
                "the wake timer is the EL1 physical timer",
                format!("expected {PHYSICAL_TIMER}"),
            )
            .hint("write irq=\"30\"");
    }
    if element.edge {
        found
            .error(
                &element.span,
                "the wake timer is level-triggered",
                "a timer's line stays high until the timer is set anew",
            )
            .hint("remove trigger=\"edge\"");
    }
    if !context.board.timer.physical_exported {
        found
            .error(
                &element.span,
                format!("{} does not export the physical timer", context.board.name),
                "its kernel keeps the EL1 physical timer to itself",
            )
            .hint("remove it and give the VMM tickers (vmm/sysgen/README.md)");
    }
}
