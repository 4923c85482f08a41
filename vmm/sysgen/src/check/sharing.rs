//! What two guests must not have in common: RAM and devices.

use crate::diagnostic::Diagnostics;
use crate::document::{Document, Map, Region};
use crate::resolve::find_region;
use crate::vocabulary::Word;

pub(super) fn check(document: &Document, found: &mut Diagnostics) {
    check_ram(document, found);
    check_devices(document, found);
}

/// Maps of guests that the word is about, each with its region.
fn maps(document: &Document, word: Word) -> Vec<(&Map, &Region)> {
    let machines = document.domains.iter().filter_map(|d| d.machine.as_ref());
    let maps = machines.flat_map(|machine| &machine.maps);
    maps.filter(|map| map.says(word))
        .filter_map(|map| Some((map, find_region(document, &map.region.value)?)))
        .collect()
}

fn check_ram(document: &Document, found: &mut Diagnostics) {
    let maps = maps(document, Word::Ram);
    for (index, (map, region)) in maps.iter().enumerate() {
        let name = &region.name.value;
        let mut earlier = maps.iter().take(index);
        if let Some((first, _)) = earlier.find(|(_, r)| r.name.value == *name) {
            found
                .error(&map.span, format!("`{name}` is RAM twice"), "again")
                .related(&first.span, "first here")
                .hint("give each guest a region of its own");
        }
    }
}

/// Sharing a device can be meant, but seldom is.
fn check_devices(document: &Document, found: &mut Diagnostics) {
    let maps = maps(document, Word::Device);
    for (index, (map, region)) in maps.iter().enumerate() {
        let Some(physical) = &region.physical else {
            continue;
        };
        let same = |(_, r): &&(&Map, &Region)| {
            r.physical
                .as_ref()
                .is_some_and(|p| p.value == physical.value)
        };
        if let Some((first, _)) = maps.iter().take(index).find(same) {
            found
                .warning(&map.span, "a device is passed through twice", "again")
                .related(&first.span, "first here")
                .hint("its interrupts can go to one guest only");
        }
    }
}
