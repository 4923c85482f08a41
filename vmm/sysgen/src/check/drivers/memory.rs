//! A driver's maps of its device's registers and of the memory that the device reads and writes.

use std::ops::Range;

use crate::diagnostic::Diagnostics;
use crate::document::{Document, Domain, Map};
use crate::resolve::{driver_kind, find_region, register_window};
use crate::vocabulary::Word;

/// The one map with the word; a second one is reported.
fn marked<'a>(driver: &'a Domain, word: Word, found: &mut Diagnostics) -> Option<&'a Map> {
    let mut maps = driver.maps.iter().filter(|map| map.says(word));
    let first = maps.next()?;
    for again in maps {
        found
            .error(
                &again.span,
                format!("a second map marked `{}`", word.name()),
                "again",
            )
            .related(&first.span, "first here")
            .hint("keep one of them");
    }
    Some(first)
}

/// The registers: there, uncached, and nobody else's.
pub(super) fn check_registers(document: &Document, driver: &Domain, found: &mut Diagnostics) {
    let Some(map) = marked(driver, Word::DriverRegisters, found) else {
        found
            .error(
                &driver.span,
                "a driver without a device",
                "no <map> of it is marked `driver-registers`",
            )
            .hint("put <?vmm driver-registers?> before the <map> of its device's registers");
        return;
    };
    if map.permissions.value != "rw" || map.cached {
        found
            .error(
                &map.span,
                "registers of a device are not `rw` and uncached",
                "accesses could be merged or repeated",
            )
            .hint("write perms=\"rw\" cached=\"false\"");
    }
    check_window(document, map, found);
    if let Some(physical) = physical(document, map, "registers of a device", found) {
        report_guests(document, map, &physical, "the device of a driver", found);
    }
}

fn check_window(document: &Document, map: &Map, found: &mut Diagnostics) {
    let Some(fact) = map.fact(Word::DriverRegisters) else {
        return;
    };
    fact.number("offset", found);
    fact.number("size", found);
    let region = find_region(document, &map.region.value);
    let whole = region.and_then(|region| region.size.as_ref());
    let window = register_window(document, map);
    let Some(((offset, size), whole)) = window.zip(whole.map(|size| size.value)) else {
        return;
    };
    if size == 0 || offset.checked_add(size).is_none_or(|end| end > whole) {
        found
            .error(
                &fact.span,
                "the registers lie outside the map",
                format!("the map has {whole:#x} bytes"),
            )
            .related(&map.span, "this map")
            .hint("`offset` plus `size` is at most the size of the region");
    }
}

/// The memory that the device reads and writes: large enough, and nobody else's.
pub(super) fn check_dma(document: &Document, driver: &Domain, found: &mut Diagnostics) {
    let map = marked(driver, Word::Dma, found);
    let Some(kind) = driver_kind(driver) else {
        return;
    };
    match (map, kind.least_dma()) {
        (None, None) => {}
        (Some(map), Some(least)) => check_dma_map(document, map, least, found),
        (None, Some(least)) => {
            found
                .error(
                    &driver.span,
                    format!("the device of a {} driver needs memory", kind.name()),
                    "no <map> of it is marked `dma`",
                )
                .hint(format!(
                    "map a region of {least:#x} bytes or more with a `phys_addr`, and put \
                     <?vmm dma?> before the <map>"
                ));
        }
        (Some(map), None) => {
            found
                .error(
                    &map.span,
                    format!("the device of a {} driver uses no memory", kind.name()),
                    "marked `dma`",
                )
                .hint("remove the <map>");
        }
    }
}

fn check_dma_map(document: &Document, map: &Map, least: u64, found: &mut Diagnostics) {
    if map.permissions.value != "rw" {
        found
            .error(
                &map.permissions.span,
                "memory that a driver and its device use is not `rw`",
                "both write it",
            )
            .hint("write perms=\"rw\"");
    }
    report_others(document, map, found);
    let Some(physical) = physical(document, map, "memory that a device uses", found) else {
        return;
    };
    let size = physical.end.saturating_sub(physical.start);
    if size < least {
        found
            .error(
                &map.region.span,
                format!("`{}` is too small", map.region.value),
                format!("{size:#x} bytes, but the device needs {least:#x}"),
            )
            .hint("give the memory region a larger `size`");
    }
    let what = "memory that the device of a driver uses";
    report_guests(document, map, &physical, what, found);
}

/// The physical addresses of a map's region, which must be known.
fn physical(
    document: &Document,
    map: &Map,
    what: &str,
    found: &mut Diagnostics,
) -> Option<Range<u64>> {
    let region = find_region(document, &map.region.value)?;
    for (attribute, is_there) in [
        ("phys_addr", region.physical.is_some()),
        ("size", region.size.is_some()),
    ] {
        if !is_there {
            found
                .error(
                    &region.span,
                    format!("{what} without a `{attribute}`"),
                    format!("no `{attribute}` here"),
                )
                .related(&map.span, "mapped here")
                .hint(format!("add {attribute}=\"...\""));
        }
    }
    let start = region.physical.as_ref()?.value;
    Some(start..start.saturating_add(region.size.as_ref()?.value))
}

/// A guest that reaches the device or its memory reaches all memory: the device obeys it.
fn report_guests(
    document: &Document,
    map: &Map,
    physical: &Range<u64>,
    what: &str,
    found: &mut Diagnostics,
) {
    let machines = document.domains.iter().filter_map(|d| d.machine.as_ref());
    for other in machines.flat_map(|machine| &machine.maps) {
        let Some(region) = find_region(document, &other.region.value) else {
            continue;
        };
        let same = region.name.value == map.region.value;
        let start = region.physical.as_ref().map(|physical| physical.value);
        let size = region.size.as_ref().map_or(0, |size| size.value);
        let overlaps = start.is_some_and(|start| {
            start < physical.end && physical.start < start.saturating_add(size)
        });
        if same || overlaps {
            found
                .error(
                    &other.span,
                    format!("a guest maps {what}"),
                    "with it, the guest could reach any memory",
                )
                .related(&map.span, "the driver's map")
                .hint("a page belongs to one of them; remove one <map>");
        }
    }
}

fn report_others(document: &Document, map: &Map, found: &mut Diagnostics) {
    let others = document.domains.iter().flat_map(|domain| &domain.maps);
    // Of two that are marked, the second is reported.
    let is_same = |other: &&Map| {
        let is_later = other.span.start > map.span.start || !other.says(Word::Dma);
        other.region.value == map.region.value && other.span != map.span && is_later
    };
    for other in others.filter(is_same) {
        found
            .error(
                &other.span,
                "memory that a device uses is mapped by another",
                "mapped again",
            )
            .related(&map.span, "marked `dma`")
            .hint("give each device a memory region of its own");
    }
}
