//! Regions and maps: alignment, overlap, rights, and guest RAM in the VMM.

mod space;

use vmm_config::{MAX_RAM, MAX_RESERVATIONS};

use crate::board::Board;
use crate::diagnostic::Diagnostics;
use crate::document::{Document, Domain, Machine, Map, Region};
use crate::model::{Guest, Reservation};
use crate::resolve::{find_region, is_driver, page_size};
use crate::source::Spanned;
use crate::vocabulary::Word;
use space::{check_space, distributor, emulated, stretches};

pub(super) fn check(document: &Document, guests: &[Guest], board: &Board, found: &mut Diagnostics) {
    for region in &document.regions {
        check_region(document, region, found);
    }
    let limit = 1u64 << board.address_bits;
    for domain in &document.domains {
        let guest = guests.iter().find(|g| g.domain == domain.name.value);
        let own = stretches(document, &domain.maps, guest);
        check_space(&own, &format!("`{}`", domain.name.value), limit, found);
        if guest.is_some() || is_driver(domain) {
            check_zero(domain, found);
        }
        if let Some(machine) = &domain.machine {
            let mut stretches = stretches(document, &machine.maps, None);
            stretches.extend(guest.and_then(distributor));
            stretches.extend(guest.into_iter().flat_map(emulated));
            let space = format!("the guest `{}`", machine.name.value);
            check_space(&stretches, &space, limit, found);
            guest.inspect(|guest| check_counts(guest, found));
            check_guest_maps(domain, machine, guest, found);
        }
        for map in maps_of(domain) {
            check_map(document, map, found);
        }
    }
}

fn maps_of(domain: &Domain) -> impl Iterator<Item = &Map> {
    let machine = domain.machine.iter().flat_map(|machine| &machine.maps);
    domain.maps.iter().chain(machine)
}

fn check_region(document: &Document, region: &Region, found: &mut Diagnostics) {
    let page = page_size(document, region);
    if let Some(given) = &region.page_size
        && ![0x1000, 0x20_0000].contains(&given.value)
    {
        found
            .error(
                &given.span,
                "no such page size",
                "not a page size of AArch64",
            )
            .hint("write 0x1000 (4 KiB) or 0x200000 (2 MiB)");
        return;
    }
    let numbers = [("size", &region.size), ("phys_addr", &region.physical)];
    for (name, number) in numbers {
        if let Some(number) = number.as_ref().filter(|n| !n.value.is_multiple_of(page)) {
            found
                .error(
                    &number.span,
                    format!("`{name}` of `{}` is misaligned", region.name.value),
                    format!("not a multiple of the page size {page:#x}"),
                )
                .hint(near_multiples(number, page));
        }
    }
    match &region.size {
        Some(size) if size.value == 0 => {
            found
                .error(&size.span, "an empty memory region", "no bytes")
                .hint("give it a size, or remove it");
        }
        None if region.prefill.is_none() => {
            found
                .error(
                    &region.span,
                    "a memory region without a size",
                    "no `size` here",
                )
                .hint("add size=\"...\", or prefill_path=\"...\" for one as large as a file");
        }
        _ => {}
    }
}

fn near_multiples(number: &Spanned<u64>, page: u64) -> String {
    let value = number.value;
    // Was 0x forgotten? A decimal number is as long as its text.
    let text = value.to_string();
    let meant = u64::from_str_radix(&text, 16).unwrap_or(value);
    if text.len() == number.span.len() && meant > 0 && meant.is_multiple_of(page) {
        return format!("{text} is decimal, that is {value:#x}; did you mean 0x{text}?");
    }
    let below = value - value % page;
    match below.checked_add(page) {
        Some(above) => format!("{below:#x} and {above:#x} are multiples"),
        None => format!("{below:#x} is a multiple"),
    }
}

fn check_map(document: &Document, map: &Map, found: &mut Diagnostics) {
    let letters = &map.permissions;
    let known = letters.value.chars().all(|c| "rwx".contains(c));
    if !known || !letters.value.contains('r') {
        found
            .error(
                &letters.span,
                format!("`{}` are no rights", letters.value),
                "expected r with w, x or both",
            )
            .hint("write r, rw, rx or rwx; there is no writing without reading");
    }
    let Some(region) = find_region(document, &map.region.value) else {
        return;
    };
    let page = page_size(document, region);
    if !map.address.value.is_multiple_of(page) {
        found
            .error(
                &map.address.span,
                format!("`{}` is mapped at a misaligned address", region.name.value),
                format!("not a multiple of the page size {page:#x}"),
            )
            .hint(near_multiples(&map.address, page));
    }
}

/// The VMM has no allocator: its tables have room for so much and no more.
fn check_counts(guest: &Guest, found: &mut Diagnostics) {
    let ram: Vec<&Reservation> = guest.ram().collect();
    let all: Vec<&Reservation> = guest.reservations.iter().collect();
    for (list, most, what) in [
        (ram, MAX_RAM, "pieces of RAM"),
        (all, MAX_RESERVATIONS, "regions"),
    ] {
        if let Some(beyond) = list.get(most) {
            found
                .error(
                    &beyond.span,
                    format!("the guest has {} {what}", list.len()),
                    format!("the VMM has room for {most}"),
                )
                .hint("join neighbours into one region");
        }
    }
}

fn check_guest_maps(
    domain: &Domain,
    machine: &Machine,
    guest: Option<&Guest>,
    found: &mut Diagnostics,
) {
    let mut has_ram = false;
    for map in &machine.maps {
        if map.says(Word::Ram) {
            has_ram = true;
            check_ram(domain, map, found);
        } else if map.says(Word::Device) || map.says(Word::Registers) {
            check_device(map, found);
        } else if map.says(Word::GicCpuInterface) {
            check_device(map, found);
            check_cpu_interface(map, found);
            check_own_interface(domain, map, found);
        }
    }
    if let Some(guest) = guest.filter(|guest| guest.listed_ram().next().is_none() && has_ram) {
        found
            .error(
                &guest.span,
                "the device tree would list no RAM",
                "each map marked `ram` has memory-node=\"no\"",
            )
            .hint("remove it from one of them");
    }
    if !has_ram && !machine.facts.is_empty() {
        found
            .error(
                &machine.span,
                "the guest has no RAM",
                "no map is marked `ram`",
            )
            .hint("put <?vmm ram?> before the <map> of the guest's RAM");
    }
}

fn check_ram(domain: &Domain, map: &Map, found: &mut Diagnostics) {
    let name = &map.region.value;
    if !(map.allows('w') && map.allows('x')) {
        found
            .error(
                &map.permissions.span,
                "guest RAM must be readable, writable and executable",
                format!("the rights of `{name}`"),
            )
            .hint("write perms=\"rwx\"");
    }
    let own = domain.maps.iter().find(|own| own.region.value == *name);
    let Some(own) = own else {
        found
            .error(
                &map.span,
                format!("guest RAM `{name}` is not mapped into the VMM"),
                "the VMM cannot load the guest",
            )
            .related(&domain.span, "no <map> of it in here")
            .hint(format!(
                "add <map mr=\"{name}\" vaddr=\"...\" perms=\"rw\"/> to the protection domain"
            ));
        return;
    };
    if !own.allows('w') {
        found
            .error(
                &own.permissions.span,
                format!("the VMM cannot write guest RAM `{name}`"),
                "no `w` here",
            )
            .hint("write perms=\"rw\"");
    }
    for uncached in [map, own].into_iter().filter(|map| !map.cached) {
        found
            .error(
                &uncached.span,
                format!("guest RAM `{name}` is mapped uncached"),
                "VMM and guest would see different contents",
            )
            .hint("remove cached=\"false\"");
    }
}

/// For a program, address 0 is no memory.
fn check_zero(domain: &Domain, found: &mut Diagnostics) {
    for map in domain.maps.iter().filter(|map| map.address.value == 0) {
        found
            .error(
                &map.address.span,
                "a program cannot use memory at address 0",
                "the null pointer",
            )
            .hint("choose another vaddr");
    }
}

fn check_cpu_interface(map: &Map, found: &mut Diagnostics) {
    if !map.allows('w') {
        found
            .error(
                &map.permissions.span,
                "the guest cannot write its GIC CPU interface",
                "no interrupt could be ended",
            )
            .hint("write perms=\"rw\"");
    }
}

/// The VMM reads which interrupts the guest has taken, and changes nothing: at the time, the
/// registers may be those of another guest.
fn check_own_interface(domain: &Domain, map: &Map, found: &mut Diagnostics) {
    let own = domain.maps.iter();
    for own in own.filter(|own| own.region.value == map.region.value) {
        let is_plain = own.facts.is_empty();
        if is_plain && (own.permissions.value != "r" || own.cached) {
            found
                .error(
                    &own.span,
                    "the VMM's map of the GIC CPU interface must be read-only and uncached",
                    "the VMM only looks at it",
                )
                .related(&map.span, "the guest's map of it")
                .hint("write perms=\"r\" cached=\"false\"");
        }
    }
}

fn check_device(map: &Map, found: &mut Diagnostics) {
    let name = &map.region.value;
    if map.allows('x') {
        found
            .error(
                &map.permissions.span,
                format!("`{name}` is a device, but executable"),
                "no code lies in a device",
            )
            .hint("write perms=\"rw\"");
    }
    if map.cached {
        found
            .error(
                &map.span,
                format!("`{name}` is a device, but mapped cached"),
                "accesses could be merged or repeated",
            )
            .hint("add cached=\"false\"");
    }
}
