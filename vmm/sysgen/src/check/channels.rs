//! Channel and interrupt numbers.

use crate::diagnostic::Diagnostics;
use crate::document::{Document, Domain};
use crate::resolve::HIGHEST_CHANNEL;
use crate::source::Spanned;

pub(super) fn check(document: &Document, found: &mut Diagnostics) {
    for domain in &document.domains {
        let ends = document.ends();
        let ends = ends.filter(|end| end.domain.value == domain.name.value);
        let interrupts = domain.interrupts.iter().map(|irq| &irq.channel);
        let channels: Vec<_> = interrupts.chain(ends.map(|end| &end.channel)).collect();
        check_range(&channels, found);
        check_twice(domain, &channels, found);
    }
    check_interrupts(document, found);
    for end in document.ends() {
        let name = &end.domain;
        if !document.domains.iter().any(|d| d.name.value == name.value) {
            found
                .error(
                    &name.span,
                    format!("no protection domain is called `{}`", name.value),
                    "unknown protection domain",
                )
                .hint("a channel connects two protection domains by their names");
        }
    }
}

fn check_range(channels: &[&Spanned<u64>], found: &mut Diagnostics) {
    for channel in channels.iter().filter(|c| c.value > HIGHEST_CHANNEL) {
        found
            .error(
                &channel.span,
                format!("channel {} is out of range", channel.value),
                format!("at most {HIGHEST_CHANNEL}"),
            )
            .hint(format!("choose a free number from 0 to {HIGHEST_CHANNEL}"));
    }
}

fn check_twice(domain: &Domain, channels: &[&Spanned<u64>], found: &mut Diagnostics) {
    let taken = |id: &u64| channels.iter().any(|c| c.value == *id);
    let free = (0..=HIGHEST_CHANNEL).find(|id| !taken(id));
    let hint = free.map_or_else(String::new, |id| format!("{id} is free"));
    let name = &domain.name.value;
    let title = |channel: &u64| format!("channel {channel} of `{name}` is used twice");
    found.repeated(channels, title, &hint);
}

fn check_interrupts(document: &Document, found: &mut Diagnostics) {
    let interrupts = document.domains.iter().flat_map(|d| &d.interrupts);
    let intids: Vec<_> = interrupts.map(|irq| &irq.intid).collect();
    let title = |intid: &u64| format!("interrupt {intid} is used twice");
    let hint = "an interrupt goes to one protection domain; remove one <irq>";
    found.repeated(&intids, title, hint);
}
