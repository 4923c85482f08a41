//! `<irq>` elements of the VMM: interrupts of the guest's devices.

use super::{Context, devices};
use crate::diagnostic::Diagnostics;
use crate::document::Interrupt as Element;
use crate::fact::Fact;
use crate::model::{Device, Interrupt};
use crate::source::Spanned;

/// Highest channel that the microkit tool accepts (its manual says 62).
pub(crate) const HIGHEST_CHANNEL: u64 = 61;

/// The interrupts of passed-through devices, ordered by INTID; each is added to its device.
pub(super) fn passthrough(
    context: &Context<'_>,
    devices: &mut [Device],
    found: &mut Diagnostics,
) -> Vec<Interrupt> {
    let mut interrupts = Vec::new();
    for element in &context.domain.interrupts {
        let Some(fact) = meaning(element, found) else {
            continue;
        };
        let Some(name) = fact.get("device") else {
            continue;
        };
        let Some(interrupt) = interrupt(context, element, found) else {
            continue;
        };
        match devices.iter_mut().find(|device| device.name == name.value) {
            Some(device) => device.interrupts.push(interrupt),
            None => devices::report_unknown_device(name, devices, found),
        }
        interrupts.push(interrupt);
    }
    interrupts.sort_by_key(|interrupt| interrupt.intid);
    interrupts
}

/// The one instruction before an `<irq>`.
fn meaning<'a>(element: &'a Element, found: &mut Diagnostics) -> Option<&'a Fact> {
    let mut facts = element.facts.iter();
    let Some(first) = facts.next() else {
        found
            .error(
                &element.span,
                format!("nothing says what interrupt {} is for", element.intid.value),
                "the VMM would not know what to do with it",
            )
            .hint("put <?vmm interrupt device=\"...\"?> or <?vmm wake-timer?> before the <irq>");
        return None;
    };
    for again in facts {
        found
            .error(&again.span, "an interrupt has one purpose", "and this too?")
            .related(&first.span, "said here already")
            .hint("keep one of them");
    }
    Some(first)
}

fn interrupt(
    context: &Context<'_>,
    element: &Element,
    found: &mut Diagnostics,
) -> Option<Interrupt> {
    let intid = &element.intid;
    let highest = u64::from(context.board.gic.highest_intid);
    if !context.board.gic.routes(intid.value) {
        let hint = if intid.value < 32 {
            let spi = intid.value.saturating_add(32);
            format!(
                "INTIDs below 32 are private to a core; SPI {} of a device tree is {spi}",
                intid.value
            )
        } else {
            "the SPI n of a device tree is 32 + n".to_owned()
        };
        found
            .error(
                &intid.span,
                format!("interrupt {} cannot be passed to a guest", intid.value),
                format!("{} routes INTIDs 32 to {highest}", context.board.name),
            )
            .hint(hint);
        return None;
    }
    Some(Interrupt {
        intid: u16::try_from(intid.value).ok()?,
        channel: channel(&element.channel)?,
        edge: element.edge,
    })
}

/// A channel, if it is in range; else the check of all channels reports it.
pub(super) fn channel(channel: &Spanned<u64>) -> Option<u8> {
    let in_range = channel.value <= HIGHEST_CHANNEL;
    u8::try_from(channel.value).ok().filter(|_| in_range)
}
