//! Physical addresses against what the board has there.

use crate::board::Board;
use crate::diagnostic::Diagnostics;
use crate::document::{Document, Machine, Map, Region};
use crate::number;
use crate::resolve::find_region;
use crate::source::Spanned;
use crate::vocabulary::Word;

/// GICC and GICV have registers in two pages; GICC_DIR alone is in the second (GICv2 4.4).
const SMALLEST_CPU_INTERFACE: u64 = 0x2000;
/// Boards repeat each page over up to 64 KiB.
const LARGEST_CPU_INTERFACE: u64 = 0x2_0000;

pub(super) fn check(document: &Document, board: &Board, found: &mut Diagnostics) {
    for region in &document.regions {
        check_exists(region, board, found);
        check_spans_memory_end(region, board, found);
    }
    let machines = document.domains.iter().filter_map(|d| d.machine.as_ref());
    let maps = machines.flat_map(|machine| machine.maps.iter().map(move |map| (machine, map)));
    for (machine, map) in maps {
        let Some(region) = find_region(document, &map.region.value) else {
            continue;
        };
        if map.says(Word::Ram) {
            let what = format!("guest RAM `{}`", region.name.value);
            check_is_memory(region, what, board, found);
        } else if map.says(Word::GicShadow) {
            let what = format!("the shadow page `{}`", region.name.value);
            check_is_memory(region, what, board, found);
        } else if map.says(Word::GicCpuInterface) {
            check_cpu_interface(map, region, board, found);
        } else if map.says(Word::Device) || map.says(Word::Registers) {
            let is_stdout = is_stdout(machine, map);
            check_device(is_stdout, region, board, found);
        }
    }
    for map in document.domains.iter().flat_map(|domain| &domain.maps) {
        let Some(region) = find_region(document, &map.region.value) else {
            continue;
        };
        if map.says(Word::DriverRegisters) {
            check_device(false, region, board, found);
        } else if map.says(Word::Dma) {
            let what = format!("memory of a device, `{}`", region.name.value);
            check_is_memory(region, what, board, found);
        }
    }
}

/// Is it the device that the guest has as its console?
fn is_stdout(machine: &Machine, map: &Map) -> bool {
    let stdout = machine.facts.iter().find_map(|fact| fact.get("stdout"));
    let mut names = map.facts.iter().filter_map(|fact| fact.get("name"));
    stdout.is_some_and(|stdout| names.any(|name| name.value == stdout.value))
}

/// Is all of it main memory?
fn in_memory(region: &Region, physical: u64, board: &Board) -> bool {
    let Some(end) = physical.checked_add(size(region)) else {
        return false;
    };
    let contains = |base: u64, size: u64| base <= physical && end <= base.saturating_add(size);
    board.memory.iter().any(|m| contains(m.base, m.size))
}

/// Does it touch main memory?
fn touches_memory(region: &Region, physical: u64, board: &Board) -> bool {
    let end = physical.saturating_add(size(region));
    let touches = |base: u64, size: u64| base < end && physical < base.saturating_add(size);
    board.memory.iter().any(|m| touches(m.base, m.size))
}

fn size(region: &Region) -> u64 {
    region.size.as_ref().map_or(0x1000, |size| size.value)
}

fn check_exists(region: &Region, board: &Board, found: &mut Diagnostics) {
    let Some(physical) = &region.physical else {
        return;
    };
    let limit = 1 << board.address_bits;
    let end = physical.value.checked_add(size(region));
    if end.is_none_or(|end| end > limit) {
        found
            .error(
                &physical.span,
                format!("`{}` lies at no physical address", region.name.value),
                format!("ends after {limit:#x}"),
            )
            .hint(format!(
                "{} has addresses of {} bits",
                board.name, board.address_bits
            ));
    }
}

fn check_spans_memory_end(region: &Region, board: &Board, found: &mut Diagnostics) {
    let Some(physical) = &region.physical else {
        return;
    };
    let partly =
        touches_memory(region, physical.value, board) && !in_memory(region, physical.value, board);
    if partly {
        found
            .error(
                &physical.span,
                format!("`{}` lies only partly in main memory", region.name.value),
                format!("{} from here", number::size(size(region))),
            )
            .hint(memory_hint(board));
    }
}

fn check_is_memory(region: &Region, what: String, board: &Board, found: &mut Diagnostics) {
    let Some(physical) = &region.physical else {
        return;
    };
    if !touches_memory(region, physical.value, board) {
        found
            .error(
                &physical.span,
                format!("{} has no memory here", board.name),
                what,
            )
            .hint(memory_hint(board));
    }
}

fn memory_hint(board: &Board) -> String {
    let ranges = board.memory.iter().map(|m| {
        let kept = if m.kept_for_guests {
            " (kept for guests)"
        } else {
            ""
        };
        format!(
            "{:#x} to {:#x}{kept}",
            m.base,
            m.base.saturating_add(m.size)
        )
    });
    let list = ranges.collect::<Vec<_>>().join(", ");
    format!("the memory of {} is {list}", board.name)
}

fn check_device(is_stdout: bool, region: &Region, board: &Board, found: &mut Diagnostics) {
    let Some(physical) = &region.physical else {
        return;
    };
    if in_memory(region, physical.value, board) {
        found
            .error(
                &physical.span,
                format!(
                    "`{}` is a device, but lies in main memory",
                    region.name.value
                ),
                "memory of the board",
            )
            .hint(if is_stdout {
                board.uart_in_words()
            } else {
                memory_hint(board)
            });
    }
    let end = physical.value.saturating_add(size(region));
    let gic = &board.gic;
    let frames = [
        (Some(gic.distributor), "distributor (GICD)"),
        (gic.cpu_interface, "CPU interface (GICC)"),
        (
            gic.virtual_interface_control,
            "virtual interface control (GICH)",
        ),
        (gic.redistributors, "redistributors (GICR)"),
    ];
    let inside = |address: &u64| (physical.value..end).contains(address);
    let mut covered = frames
        .iter()
        .filter_map(|(address, name)| Some((address.filter(inside)?, name)));
    if let Some((address, name)) = covered.next() {
        found
            .error(
                &physical.span,
                format!("`{}` covers the board's {name}", region.name.value),
                format!("the {name} is at {address:#x}"),
            )
            .hint("the kernel owns the interrupt controller; map less");
    }
}

fn check_cpu_interface(map: &Map, region: &Region, board: &Board, found: &mut Diagnostics) {
    let Some(expected) = board
        .gic
        .virtual_cpu_interface
        .filter(|_| board.gic.version == 2)
    else {
        // The guest's `gic` instruction gets the error.
        return;
    };
    let Some(physical) = &region.physical else {
        found
            .error(
                &region.span,
                "the GIC CPU interface needs a physical address",
                "no `phys_addr` here",
            )
            .related(&map.span, "mapped into the guest here")
            .hint(format!(
                "add phys_addr=\"{expected:#x}\", the GICV of {}",
                board.name
            ));
        return;
    };
    check_cpu_interface_place(physical, region, expected, board, found);
}

fn check_cpu_interface_place(
    physical: &Spanned<u64>,
    region: &Region,
    expected: u64,
    board: &Board,
    found: &mut Diagnostics,
) {
    if physical.value != expected {
        found
            .error(
                &physical.span,
                format!("this is not the GICV of {}", board.name),
                format!("expected {expected:#x}"),
            )
            .hint(format!("write phys_addr=\"{expected:#x}\""));
    }
    if size(region) < SMALLEST_CPU_INTERFACE {
        found
            .error(
                &region.span,
                "the GIC CPU interface is too small",
                number::size(size(region)),
            )
            .hint(
                "write size=\"0x2000\": GICC_DIR is in its second page, and a restart of the \
                 guest needs it",
            );
    }
    if size(region) > LARGEST_CPU_INTERFACE {
        found
            .error(
                &region.span,
                "the GIC CPU interface is too large",
                number::size(size(region)),
            )
            .hint("its registers take 0x2000 bytes");
    }
}
