//! What a device is given: registers, interrupt lines, channels, memory of the VMM, numbers.

mod memory;

use vmm_config::DeviceLine;

pub(super) use memory::memory;

use super::gic::shared_interrupts;
use super::{Context, interrupts};
use crate::diagnostic::Diagnostics;
use crate::document::End;
use crate::number;
use crate::source::Spanned;

/// The grain of reservations: no aligned access crosses it.
const GRAIN: u64 = 8;

/// Guest-physical regions, as `base:size` words.
pub(super) fn registers(
    text: &Spanned<String>,
    found: &mut Diagnostics,
) -> Vec<Spanned<(u64, u64)>> {
    let words = text.words();
    if words.is_empty() {
        found
            .error(&text.quoted(), "a device without registers", "no region")
            .hint("write for example registers=\"0xb000000:0x1000\"");
    }
    words
        .iter()
        .filter_map(|word| region(word, found))
        .collect()
}

fn region(word: &Spanned<String>, found: &mut Diagnostics) -> Option<Spanned<(u64, u64)>> {
    let numbers = word.value.split_once(':').and_then(|(base, size)| {
        let size = number::parse(size).filter(|size| *size > 0)?;
        Some((number::parse(base)?, size))
    });
    let Some((base, size)) = numbers else {
        found
            .error(
                &word.span,
                format!("`{}` is not a region", word.value),
                "expected base:size",
            )
            .hint("write for example registers=\"0xb000000:0x1000\"");
        return None;
    };
    grained(word, base, size, found)
}

/// A region at `word`, if it may be a reservation.
pub(super) fn grained<T>(
    word: &Spanned<T>,
    base: u64,
    size: u64,
    found: &mut Diagnostics,
) -> Option<Spanned<(u64, u64)>> {
    if !base.is_multiple_of(GRAIN) || !size.is_multiple_of(GRAIN) {
        found
            .error(
                &word.span,
                "registers that are misaligned",
                format!("not a multiple of {GRAIN} bytes"),
            )
            .hint("an access of 8 bytes must not lie in two devices");
        return None;
    }
    Some(word.with((base, size)))
}

/// Interrupt lines, as INTIDs that `:edge` may follow.
pub(super) fn lines(
    context: &Context<'_>,
    text: &Spanned<String>,
    found: &mut Diagnostics,
) -> Vec<Spanned<DeviceLine>> {
    let words = text.words();
    let line = |word: &Spanned<String>| {
        let (intid, edge) = match word.value.split_once(':') {
            None => (word.value.as_str(), false),
            Some((intid, "edge")) => (intid, true),
            Some((intid, "level")) => (intid, false),
            Some(_) => ("", false),
        };
        let Some(intid) = number::parse(intid) else {
            found
                .error(
                    &word.span,
                    format!("`{}` is not an interrupt line", word.value),
                    "expected an INTID, or one with `:edge`",
                )
                .hint("write for example interrupts=\"64 65:edge\"");
            return None;
        };
        Some(word.with(DeviceLine {
            intid: intid_of_guest(context, &word.with(intid), found)?,
            edge,
        }))
    };
    words.iter().filter_map(line).collect()
}

/// An INTID that the virtual distributor has as a shared interrupt.
pub(super) fn intid_of_guest(
    context: &Context<'_>,
    intid: &Spanned<u64>,
    found: &mut Diagnostics,
) -> Option<u16> {
    let highest = shared_interrupts(context.board.gic.highest_intid) + 31;
    let in_range = (32..=u64::from(highest)).contains(&intid.value);
    if !in_range {
        found
            .error(
                &intid.span,
                format!("the guest has no shared interrupt {}", intid.value),
                format!("its distributor has INTIDs 32 to {highest}"),
            )
            .hint("the SPI n of a device tree is 32 + n");
    }
    u16::try_from(intid.value).ok().filter(|_| in_range)
}

/// Channels of the VMM, by the numbers of their ends.
pub(super) fn channels(
    context: &Context<'_>,
    text: &Spanned<String>,
    found: &mut Diagnostics,
) -> Vec<Spanned<u8>> {
    let words = text.words();
    words
        .iter()
        .filter_map(|word| channel(context, word, found))
        .collect()
}

/// A channel that a `<channel>` element has at the VMM.
pub(super) fn channel(
    context: &Context<'_>,
    word: &Spanned<String>,
    found: &mut Diagnostics,
) -> Option<Spanned<u8>> {
    let Some(number) = number::parse(&word.value) else {
        found
            .error(
                &word.span,
                format!("`{}` is not a channel", word.value),
                "expected the `id` of an <end>",
            )
            .hint("write the numbers of channels, separated by spaces");
        return None;
    };
    let domain = &context.domain.name.value;
    let is_end = |(own, _): &(&End, _)| own.channel.value == number;
    if context
        .domain
        .channels(context.document)
        .any(|ends| is_end(&ends))
    {
        return Some(word.with(interrupts::channel(&word.with(number))?));
    }
    let mut interrupts = context.domain.interrupts.iter();
    let label = match interrupts.find(|irq| irq.channel.value == number) {
        Some(irq) => format!("this is the channel of interrupt {}", irq.intid.value),
        None => format!("no <channel> has an <end pd=\"{domain}\" id=\"{number}\" />"),
    };
    found
        .error(
            &word.span,
            format!("`{domain}` has no channel {number} to another protection domain"),
            label,
        )
        .hint("a device's channel is the VMM's end of a <channel>");
    None
}

/// Numbers, as `name:number` words.
pub(super) fn parameters(text: &Spanned<String>, found: &mut Diagnostics) -> Vec<(String, u64)> {
    let mut parameters: Vec<(String, u64)> = Vec::new();
    for word in text.words() {
        let is_good = |c: char| c.is_ascii_alphanumeric() || "_-".contains(c);
        let number = word.value.split_once(':').and_then(|(name, value)| {
            let is_name = !name.is_empty() && name.chars().all(is_good);
            Some((name, number::parse(value).filter(|_| is_name)?))
        });
        match number {
            Some((name, _)) if parameters.iter().any(|(earlier, _)| earlier == name) => {
                found
                    .error(
                        &word.span,
                        format!("the parameter `{name}` is given twice"),
                        "again",
                    )
                    .hint("keep one of them");
            }
            Some((name, value)) => parameters.push((name.to_owned(), value)),
            None => {
                found
                    .error(
                        &word.span,
                        format!("`{}` is not a parameter", word.value),
                        "expected name:number",
                    )
                    .hint("write for example parameters=\"start:5 step:0x10\"");
            }
        }
    }
    parameters
}
