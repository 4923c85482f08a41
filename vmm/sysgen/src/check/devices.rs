//! Passed-through devices, and those of drivers, against those that the board has at their
//! addresses.

mod passed;

use crate::board::{Board, Device};
use crate::diagnostic::Diagnostics;
use crate::document::{Document, Interrupt};
use passed::{Passed, Window, driven, passed};

pub(super) fn check(document: &Document, board: &Board, found: &mut Diagnostics) {
    for driven in document
        .domains
        .iter()
        .filter_map(|domain| driven(document, domain))
    {
        // A driver without one is reported with the drivers.
        if !driven.interrupts.is_empty() {
            check_device(&driven, board, found);
        }
    }
    for domain in &document.domains {
        let Some(machine) = &domain.machine else {
            continue;
        };
        for passed in passed(document, domain, machine) {
            check_device(&passed, board, found);
        }
    }
}

fn check_device(passed: &Passed<'_>, board: &Board, found: &mut Diagnostics) {
    if passed.windows.is_empty() {
        return warn_of_plain_memory(passed, board, found);
    }
    // The check of its address reports one where no device can be.
    let is_wrong = |window: &Window<'_>| !board.may_have_device(&window.range);
    if passed.windows.iter().any(is_wrong) {
        return;
    }
    let mut known = Vec::new();
    for window in &passed.windows {
        let here: Vec<Device> = board.devices.inside(&window.range).collect();
        let is_it = |device: &&Device| device.may_be(&passed.words());
        match here.first() {
            Some(other) if !here.iter().any(|device| is_it(&device)) => {
                return report_another(passed, window, other, board, found);
            }
            None if board.devices.complete => {
                warn_of_nothing(passed, window, board, found);
            }
            _ => {}
        }
        warn_of_more(passed, window, &here, found);
        known.extend(here.iter().filter(is_it).cloned());
    }
    for interrupt in &passed.interrupts {
        check_interrupt(passed, interrupt, &known, board, found);
    }
    if passed.interrupts.is_empty() {
        warn_of_no_interrupt(passed, &known, board, found);
    }
}

/// The board has a device of another kind at the address.
fn report_another(
    passed: &Passed<'_>,
    window: &Window<'_>,
    other: &Device,
    board: &Board,
    found: &mut Diagnostics,
) {
    let span = passed
        .compatible
        .map_or(&passed.fact.span, |text| &text.span);
    let words = passed.words();
    let is_uart = passed.is_stdout || other.base == board.uart.base;
    let elsewhere = board.devices.of_kind(&words).next();
    let hint = match elsewhere {
        _ if is_uart => board.uart_in_words(),
        Some(device) => format!("{} has one: {}", board.name, device.in_words()),
        None => format!("{} has here: {}", board.name, other.in_words()),
    };
    found
        .error(
            span,
            format!(
                "`{}` is not the device that {} has there",
                passed.name, board.name
            ),
            format!(
                "the board's {} is `{}`",
                other.place(),
                other.compatible.join(" ")
            ),
        )
        .related(window.span, "at this physical address")
        .hint(hint);
}

/// A region without an address may be meant (an empty flash), but not where there is an interrupt,
/// or a device of the board that is the same.
fn warn_of_plain_memory(passed: &Passed<'_>, board: &Board, found: &mut Diagnostics) {
    let words = passed.words();
    let device = board.devices.of_kind(&words).next();
    if words.is_empty() || (passed.interrupts.is_empty() && device.is_none()) {
        return;
    }
    let hint = match device {
        _ if passed.is_stdout => board.uart_in_words(),
        Some(device) => format!("{} has one: {}", board.name, device.in_words()),
        None => "add phys_addr=\"...\" to its <memory_region>".to_owned(),
    };
    found
        .warning(
            &passed.fact.span,
            format!("`{}` is no device, but plain memory", passed.name),
            "its region has no `phys_addr`",
        )
        .hint(hint);
}

/// A window around a device of its kind may hold others, which the guest then gets too.
fn warn_of_more(
    passed: &Passed<'_>,
    window: &Window<'_>,
    here: &[Device],
    found: &mut Diagnostics,
) {
    let words = passed.words();
    let Some(device) = here.iter().find(|device| device.may_be(&words)) else {
        return;
    };
    let (from, to) = (device.base, device.base.saturating_add(device.size));
    let is_apart =
        |other: &&Device| other.base >= to || other.base.saturating_add(other.size) <= from;
    let mut others = here.iter().filter(is_apart);
    if let Some(other) = others.find(|other| !other.may_be(&words)) {
        found
            .warning(
                window.span,
                format!("`{}` is more than one device", passed.name),
                format!("the board's {} is in it too", other.place()),
            )
            .related(&passed.fact.span, "the device")
            .hint(format!(
                "the registers of {} take {:#x} bytes",
                device.place(),
                device.size
            ));
    }
}

fn warn_of_nothing(
    passed: &Passed<'_>,
    window: &Window<'_>,
    board: &Board,
    found: &mut Diagnostics,
) {
    let words = passed.words();
    let elsewhere = board.devices.of_kind(&words).next();
    let hint = match elsewhere {
        _ if passed.is_stdout => board.uart_in_words(),
        Some(device) => format!("{} has one: {}", board.name, device.in_words()),
        None => format!("the devices of {} are in its devices.toml", board.name),
    };
    found
        .warning(
            window.span,
            format!("{} has no device where `{}` is", board.name, passed.name),
            "nothing at this address",
        )
        .related(&passed.fact.span, "the device")
        .hint(hint);
}

/// An interrupt of the device; `known` is what the board has at its addresses.
fn check_interrupt(
    passed: &Passed<'_>,
    interrupt: &Interrupt,
    known: &[Device],
    board: &Board,
    found: &mut Diagnostics,
) {
    let intid = interrupt.intid.value;
    if !board.gic.routes(intid) {
        // Reported where the interrupts are read.
        return;
    }
    let has = |device: &&Device| device.intids.iter().any(|i| u64::from(*i) == intid);
    if let Some(device) = known.iter().find(has) {
        check_trigger(passed, interrupt, device, found);
        return;
    }
    let with_interrupts = known.iter().find(|device| !device.intids.is_empty());
    let owner = board.devices.with_interrupt(intid).next();
    let owner = owner.map(|owner| format!("it is that of the board's {}", owner.place()));
    let Some(device) = with_interrupts else {
        if let Some(owner) = owner {
            report_of_another(passed, interrupt, &owner, found);
        }
        return;
    };
    let label = owner.unwrap_or_else(|| format!("no interrupt of the board's {}", device.place()));
    found
        .error(
            &interrupt.intid.span,
            format!("interrupt {intid} is not that of `{}`", passed.name),
            label,
        )
        .related(&passed.fact.span, format!("the board's {}", device.place()))
        .hint(format!("write {}", device.interrupts_in_words()));
}

fn report_of_another(
    passed: &Passed<'_>,
    interrupt: &Interrupt,
    owner: &str,
    found: &mut Diagnostics,
) {
    let intid = interrupt.intid.value;
    found
        .error(
            &interrupt.intid.span,
            format!("interrupt {intid} is not that of `{}`", passed.name),
            owner,
        )
        .related(&passed.fact.span, "the device")
        .hint("write the number of the device's own interrupt: 32 + n for SPI n of a device tree");
}

fn check_trigger(
    passed: &Passed<'_>,
    interrupt: &Interrupt,
    device: &Device,
    found: &mut Diagnostics,
) {
    if interrupt.edge == device.edge {
        return;
    }
    let (is, given, hint) = if device.edge {
        ("edge", "level", "add trigger=\"edge\"")
    } else {
        ("level", "edge", "remove trigger=\"edge\"")
    };
    let intid = interrupt.intid.value;
    found
        .error(
            &interrupt.span,
            format!("interrupt {intid} of `{}` is {is}-triggered", passed.name),
            format!("{given}-triggered here"),
        )
        .related(&passed.fact.span, format!("the board's {}", device.place()))
        .hint(hint);
}

/// A device with an interrupt that nobody gets would only be polled; one that the board file does
/// not know may have none.
fn warn_of_no_interrupt(
    passed: &Passed<'_>,
    known: &[Device],
    board: &Board,
    found: &mut Diagnostics,
) {
    let device = known.iter().find(|device| !device.intids.is_empty());
    let is_unknown = known.is_empty() && passed.compatible.is_some() && !board.devices.complete;
    let name = passed.name;
    let hint = match device {
        Some(device) => format!(
            "add <?vmm interrupt device=\"{name}\"?> and an <irq> to the protection domain: {}",
            device.interrupts_in_words()
        ),
        None if is_unknown => format!(
            "add <?vmm interrupt device=\"{name}\"?> and an <irq>; if it has no interrupt, add it \
             to the devices.toml of {} without `intids`",
            board.name
        ),
        None => return,
    };
    found
        .warning(
            &passed.fact.span,
            format!("`{name}` has no interrupt"),
            "no <irq> is for this device",
        )
        .hint(hint);
}
