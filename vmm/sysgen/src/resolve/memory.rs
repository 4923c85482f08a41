//! Mappings and reservations from the `<map>` elements of the virtual machine.

use vmm_config::ReservationKind;

use super::Context;
use crate::diagnostic::Diagnostics;
use crate::document::{Document, Map, Region};
use crate::fact::Fact;
use crate::model::{Mapping, Reservation};
use crate::vocabulary::Word;

const SMALL_PAGE: u64 = 0x1000;
const LARGE_PAGE: u64 = 0x20_0000;

/// Words that say what a guest's map is.
const ROLES: [Word; 5] = [
    Word::Ram,
    Word::Device,
    Word::Registers,
    Word::GicCpuInterface,
    Word::GicShadow,
];

/// The page size that the microkit tool will use: the given one, else the largest that size
/// and all addresses are multiples of.
pub(crate) fn page_size(document: &Document, region: &Region) -> u64 {
    if let Some(given) = &region.page_size {
        return given.value.max(SMALL_PAGE);
    }
    let name = &region.name.value;
    let own = document.domains.iter().flat_map(|domain| &domain.maps);
    let machines = document.domains.iter().filter_map(|d| d.machine.as_ref());
    let maps = own.chain(machines.flat_map(|machine| &machine.maps));
    let addresses = maps
        .filter(|map| map.region.value == *name)
        .map(|map| map.address.value);
    let fixed = region.physical.as_ref().map(|address| address.value);
    // Without a size, the tool rounds the prefill file up to small pages.
    let size = region.size.as_ref().map_or(SMALL_PAGE, |size| size.value);
    let mut all = addresses.chain(fixed).chain([size]);
    if all.all(|number| number.is_multiple_of(LARGE_PAGE)) {
        LARGE_PAGE
    } else {
        SMALL_PAGE
    }
}

/// The stage-2 mappings, in the order of the file.
pub(super) fn mappings(context: &Context<'_>, found: &mut Diagnostics) -> Vec<Mapping> {
    let maps = context.machine.maps.iter();
    maps.filter_map(|map| mapping(context, map, found))
        .collect()
}

fn mapping(context: &Context<'_>, map: &Map, found: &mut Diagnostics) -> Option<Mapping> {
    let region = context.region(map)?;
    let Some(size) = &region.size else {
        found
            .error(
                &region.span,
                "the size of a region that the guest maps must be known",
                "no `size` here",
            )
            .related(&map.span, "mapped into the guest here")
            .hint("add size=\"...\"");
        return None;
    };
    let own = context.own_map(&region.name.value);
    Some(Mapping {
        name: region.name.value.clone(),
        base: map.address.value,
        size: size.value,
        page_size: page_size(context.document, region),
        read: map.allows('r'),
        write: map.allows('w'),
        execute: map.allows('x'),
        vmm_address: own.map(|own| own.address.value),
        physical: region.physical.as_ref().map(|address| address.value),
        span: map.span.clone(),
    })
}

/// The reservations that maps stand for, in the order of the file.
pub(super) fn reservations(context: &Context<'_>, found: &mut Diagnostics) -> Vec<Reservation> {
    let maps = context.machine.maps.iter();
    maps.filter_map(|map| reservation(context, map, found))
        .collect()
}

fn reservation(context: &Context<'_>, map: &Map, found: &mut Diagnostics) -> Option<Reservation> {
    let role = role(map, found)?;
    let region = context.region(map)?;
    let (name, kind) = match role.word {
        Word::Ram => (region.name.value.clone(), ReservationKind::Ram),
        Word::Device => (
            role.get("name")?.value.clone(),
            ReservationKind::Passthrough,
        ),
        Word::Registers => (
            role.get("device")?.value.clone(),
            ReservationKind::Passthrough,
        ),
        Word::GicCpuInterface => (
            "gic-cpu-interface".to_owned(),
            ReservationKind::GicCpuInterface,
        ),
        // The distributor's own reservation accounts for its shadow page.
        _ => return None,
    };
    Some(Reservation {
        name,
        base: map.address.value,
        size: region.size.as_ref()?.value,
        kind,
        unlisted: is_unlisted(role, found),
        span: map.span.clone(),
    })
}

/// Does `memory-node` say that the device tree does not list this RAM?
fn is_unlisted(role: &Fact, found: &mut Diagnostics) -> bool {
    let Some(text) = role.get("memory-node") else {
        return false;
    };
    if text.value != "no" {
        found
            .error(
                &text.span,
                format!("`{}` is no value of `memory-node`", text.value),
                "expected no",
            )
            .hint("RAM is listed in the device tree unless memory-node=\"no\"");
    }
    true
}

/// The one instruction that says what a guest's map is.
pub(super) fn role<'a>(map: &'a Map, found: &mut Diagnostics) -> Option<&'a Fact> {
    let mut roles = map.facts.iter().filter(|fact| ROLES.contains(&fact.word));
    let Some(first) = roles.next() else {
        found
            .error(
                &map.span,
                format!("nothing says what `{}` is to the guest", map.region.value),
                "mapped, but no reservation accounts for it",
            )
            .hint("put <?vmm ram?> or <?vmm device name=\"...\"?> before the <map>");
        return None;
    };
    for again in roles {
        found
            .error(&again.span, "a map is only one thing", "and this too?")
            .related(&first.span, "said here already")
            .hint("keep one of them");
    }
    Some(first)
}
