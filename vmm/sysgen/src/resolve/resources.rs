//! What a device is given: registers, interrupt lines, channels, memory of the VMM, numbers.

use vmm_config::{DeviceLine, Window};

use super::{Context, find_region, interrupts, shared_interrupts, unknown_region_hint};
use crate::diagnostic::Diagnostics;
use crate::document::{Map, Region};
use crate::model::DeviceMemory;
use crate::number;
use crate::source::Spanned;
use crate::vocabulary::Word;

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
    let is_end = |(own, _): &(&crate::document::End, _)| own.channel.value == number;
    if context
        .domain
        .channels(context.document)
        .any(|ends| is_end(&ends))
    {
        return Some(word.with(interrupts::channel(&word.with(number))?));
    }
    let irq = context.domain.interrupts.iter();
    let irq = irq.clone().find(|irq| irq.channel.value == number);
    let label = match irq {
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

/// Memory regions that the VMM maps, by their names.
pub(super) fn memory(
    context: &Context<'_>,
    text: &Spanned<String>,
    found: &mut Diagnostics,
) -> Vec<Spanned<DeviceMemory>> {
    let words = text.words();
    words
        .iter()
        .filter_map(|word| window(context, word, found))
        .collect()
}

fn window(
    context: &Context<'_>,
    name: &Spanned<String>,
    found: &mut Diagnostics,
) -> Option<Spanned<DeviceMemory>> {
    let Some(region) = find_region(context.document, &name.value) else {
        found
            .error(
                &name.span,
                format!("no memory region is called `{}`", name.value),
                "unknown region",
            )
            .hint(unknown_region_hint(context.document, &name.value));
        return None;
    };
    let Some(map) = context.own_map(&name.value) else {
        found
            .error(
                &name.span,
                format!("`{}` is not mapped into the VMM", name.value),
                "the device could not use it",
            )
            .related(&context.domain.span, "no <map> of it in here")
            .hint(format!(
                "add <map mr=\"{}\" vaddr=\"...\" perms=\"rw\"/> to the protection domain",
                name.value
            ));
        return None;
    };
    check_map(context, name, map, found);
    let size = size(name, region, found)?;
    Some(name.with(DeviceMemory {
        region: name.value.clone(),
        window: Window {
            vmm_address: map.address.value,
            size,
        },
        is_writable: map.allows('w'),
    }))
}

fn size(name: &Spanned<String>, region: &Region, found: &mut Diagnostics) -> Option<u64> {
    if region.size.is_none() {
        found
            .error(
                &region.span,
                "the size of a region that a device uses must be known",
                "no `size` here",
            )
            .related(&name.span, "used here")
            .hint("add size=\"...\"");
    }
    Some(region.size.as_ref()?.value)
}

/// Devices read and write through the cache, in memory that has no other purpose.
fn check_map(context: &Context<'_>, name: &Spanned<String>, map: &Map, found: &mut Diagnostics) {
    if !["r", "rw"].contains(&map.permissions.value.as_str()) || !map.cached {
        found
            .error(
                &map.span,
                format!(
                    "memory of a device, `{}`, is mapped in another way",
                    name.value
                ),
                "must be `rw` or `r`, and cached",
            )
            .related(&name.span, "used here")
            .hint("write perms=\"rw\", and no cached=\"false\"");
    }
    if let Some(purpose) = map.facts.first() {
        found
            .error(
                &name.span,
                format!("`{}` has another purpose", name.value),
                "memory of a device",
            )
            .related(&purpose.span, "and this too?")
            .hint("give the device a memory region of its own");
    }
    let mut maps = context.machine.maps.iter();
    let is_ram = |map: &&Map| map.region.value == name.value && map.says(Word::Ram);
    if let Some(ram) = maps.find(is_ram) {
        found
            .error(
                &name.span,
                format!("`{}` is RAM of the guest", name.value),
                "memory of a device",
            )
            .related(&ram.span, "RAM here")
            .hint("a device reaches the guest's RAM without it; name memory of the VMM's own");
    }
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
