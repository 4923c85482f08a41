//! Drivers: their device, their memory, their time, and the virtio devices that they serve.

mod clients;
mod memory;

use crate::board::Board;
use crate::diagnostic::Diagnostics;
use crate::document::{Document, Domain};
use crate::model::{DriverKind, Guest};
use crate::resolve::{driver_kind, is_driver, is_ticker};
use crate::vocabulary::{Word, nearest};

pub(super) fn check(document: &Document, guests: &[Guest], board: &Board, found: &mut Diagnostics) {
    for domain in document.domains.iter().filter(|domain| is_driver(domain)) {
        check_kind(domain, found);
        check_domain(domain, found);
        check_interrupt(domain, board, found);
        memory::check_registers(document, domain, found);
        memory::check_dma(document, domain, found);
        clients::check(document, guests, domain, found);
    }
}

fn check_kind(driver: &Domain, found: &mut Diagnostics) {
    let fact = driver.fact(Word::Driver);
    let Some(text) = fact.and_then(|fact| fact.get("type")) else {
        return;
    };
    if driver_kind(driver).is_some() {
        return;
    }
    let names = DriverKind::ALL.map(DriverKind::name);
    let hint = match nearest(&text.value, names) {
        Some(near) => format!("did you mean `{near}`?"),
        None => format!("there are: {}", names.join(", ")),
    };
    found
        .error(
            &text.quoted(),
            format!("there is no driver of the type `{}`", text.value),
            "unknown",
        )
        .hint(hint);
}

fn check_domain(driver: &Domain, found: &mut Diagnostics) {
    if let Some(machine) = &driver.machine {
        found
            .error(&machine.span, "a driver runs no guest", "in a driver")
            .related(&driver.span, "this one")
            .hint("give the virtual machine a protection domain of its own");
    }
    if driver.program.is_none() {
        found
            .error(
                &driver.span,
                "a driver without a program",
                "no <program_image>",
            )
            .hint("add <program_image path=\"driver.elf\"/>; the build makes this file");
    }
    if let Some(ticker) = driver.fact(Word::Ticker).filter(|_| is_ticker(driver)) {
        found
            .error(
                &ticker.span,
                "a driver that is a ticker too",
                "a protection domain has one program",
            )
            .related(&driver.span, "this one")
            .hint("make two protection domains of it");
    }
}

/// The interrupt of the device.
fn check_interrupt(driver: &Domain, board: &Board, found: &mut Diagnostics) {
    let mut interrupts = driver.interrupts.iter();
    let Some(first) = interrupts.next() else {
        found
            .warning(
                &driver.span,
                "a driver without an interrupt",
                "no <irq>: it would not learn that its device has done something",
            )
            .hint("add the <irq> of its device");
        return;
    };
    for again in interrupts {
        found
            .error(
                &again.span,
                "a second interrupt of a driver",
                "its device has one",
            )
            .related(&first.span, "first here")
            .hint("remove one <irq>");
    }
    if !board.gic.routes(first.intid.value) {
        found
            .error(
                &first.intid.span,
                format!("{} is not the interrupt of a device", first.intid.value),
                format!(
                    "{} routes INTIDs 32 to {}",
                    board.name, board.gic.highest_intid
                ),
            )
            .hint("the SPI n of a device tree is 32 + n");
    }
}
