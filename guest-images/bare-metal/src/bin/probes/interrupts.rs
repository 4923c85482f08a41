//! Shared interrupts and the distributor's registers, made pending by software.

use bare_metal::check::{Check, Outcome, expect};
use bare_metal::gic::{self, interface, register};
use bare_metal::{cpu, timer};

pub(crate) const CHECKS: &[Check] = &[
    ("gic-identification", identification),
    ("gic-enable-readback", enable_readback),
    ("gic-pending-readback", pending_readback),
    ("gic-sgis-enabled", sgis_enabled),
    ("gic-priority-readback", priority_readback),
    ("gic-targets-plausible", targets_plausible),
    ("gic-configuration-readback", configuration_readback),
    ("gic-reserved-registers", reserved_registers),
    ("spi-pending-then-enabled", pending_then_enabled),
    ("spi-pending-cleared", pending_cleared),
    ("spi-priority-order", priority_order),
    ("spi-pending-again-in-handler", pending_again_in_handler),
    ("spi-priority-mask", priority_mask),
    ("spi-distributor-disabled", distributor_disabled),
    ("spi-last", last),
    ("spi-many", many),
];

/// An SPI that no device of the machine uses.
const SPI: u32 = 60;
const OTHER: u32 = 61;

fn last_spi() -> u32 {
    // INTIDs 1020 to 1023 are not interrupts.
    (32 * gic::words() as u32 - 1).min(1019)
}

fn clean(intid: u32) {
    gic::disable(intid);
    gic::write_bit(register::ICPENDR, intid);
    gic::set_priority(intid, 0xa0);
}

fn identification() -> Outcome {
    let typer = gic::read(register::TYPER);
    expect("at least 64 interrupts", true, typer & 0x1f >= 1)?;
    expect("CPUs", 0_u32, typer >> 5 & 7)?;
    expect("security extensions", 0_u32, typer >> 10 & 1)?;
    expect(
        "architecture version",
        2_u32,
        gic::read(register::PIDR2) >> 4 & 0xf,
    )?;
    let iidr = gic::read(register::IIDR);
    gic::write(register::TYPER, !typer);
    gic::write(register::IIDR, !iidr);
    expect("TYPER is read-only", typer, gic::read(register::TYPER))?;
    expect("IIDR is read-only", iidr, gic::read(register::IIDR))
}

/// The words to look at: private, first shared, last.
fn some_words() -> [u64; 3] {
    [0, 1, gic::words() - 1]
}

fn enable_readback() -> Outcome {
    for word in some_words() {
        let bit = 1 << if word == 0 { 27 } else { 5 };
        let (set, clear) = (
            register::ISENABLER + 4 * word,
            register::ICENABLER + 4 * word,
        );
        let before = gic::read(set);
        gic::write(set, bit);
        expect("ISENABLER", before | bit, gic::read(set))?;
        expect("ICENABLER", before | bit, gic::read(clear))?;
        gic::write(set, 0);
        gic::write(clear, 0);
        expect("after writes of 0", before | bit, gic::read(set))?;
        gic::write(clear, bit);
        expect("ISENABLER cleared", before & !bit, gic::read(set))?;
    }
    Ok(())
}

fn pending_readback() -> Outcome {
    for word in some_words() {
        let bit = 1 << if word == 0 { 26 } else { 7 };
        let (set, clear) = (register::ISPENDR + 4 * word, register::ICPENDR + 4 * word);
        gic::write(set, bit);
        expect("ISPENDR", bit, gic::read(set) & bit)?;
        expect("ICPENDR", bit, gic::read(clear) & bit)?;
        gic::write(set, 0);
        gic::write(clear, 0);
        expect("after writes of 0", bit, gic::read(set) & bit)?;
        gic::write(clear, bit);
        expect("ISPENDR cleared", 0_u32, gic::read(set) & bit)?;
    }
    Ok(())
}

/// Whether they can be disabled is left to the implementation: all or none.
fn sgis_enabled() -> Outcome {
    gic::write(register::ICENABLER, 0xffff);
    let cleared = gic::read(register::ISENABLER) & 0xffff;
    gic::write(register::ISENABLER, 0xffff);
    let set = gic::read(register::ISENABLER) & 0xffff;
    expect("all or none", true, cleared == 0 || cleared == 0xffff)?;
    expect("enabled", 0xffff_u32, set)
}

fn priority_readback() -> Outcome {
    for intid in [0, 27, SPI, last_spi()] {
        gic::set_priority(intid, 0x58);
        let offset = register::IPRIORITYR + u64::from(intid & !3);
        expect(
            "priority",
            0x58_u32,
            gic::read(offset) >> (8 * (intid % 4)) & 0xff,
        )?;
        gic::set_priority(intid, 0xa0);
    }
    Ok(())
}

/// With one CPU the target registers may be read-as-zero or name CPU 0.
fn targets_plausible() -> Outcome {
    let own = gic::read(register::ITARGETSR);
    expect("own target", true, own == 0 || own == 0x0101_0101)?;
    let offset = register::ITARGETSR + u64::from(SPI);
    gic::write(offset, 0x0101_0101);
    let shared = gic::read(offset);
    expect(
        "target of an SPI",
        true,
        shared == 0 || shared == 0x0101_0101,
    )?;
    gic::write(register::ITARGETSR, 0);
    expect(
        "own target is read-only",
        own,
        gic::read(register::ITARGETSR),
    )
}

fn configuration_readback() -> Outcome {
    // Every SGI is edge-triggered, and that cannot be changed.
    expect(
        "SGIs",
        0xaaaa_aaaa_u32,
        gic::read(register::ICFGR) & 0xaaaa_aaaa,
    )?;
    gic::write(register::ICFGR, 0);
    expect(
        "SGIs are fixed",
        0xaaaa_aaaa_u32,
        gic::read(register::ICFGR) & 0xaaaa_aaaa,
    )?;
    let offset = register::ICFGR + u64::from(SPI / 16 * 4);
    let bit = 2 << (SPI % 16 * 2);
    gic::set_edge(SPI, true);
    expect("edge", bit, gic::read(offset) & bit)?;
    gic::set_edge(SPI, false);
    expect("level", 0_u32, gic::read(offset) & bit)
}

/// Reserved offsets answer, whatever the value, and a write there harms nothing.
fn reserved_registers() -> Outcome {
    for offset in [0x00c, 0x07c, 0xd00, 0xfd0, 0xffc] {
        let value = gic::read(offset);
        gic::write(offset, u32::MAX);
        expect("reserved register", value, gic::read(offset))?;
    }
    expect("CTLR", 1_u32, gic::read(register::CTLR))
}

fn pending_then_enabled() -> Outcome {
    gic::forget();
    cpu::unmask_interrupts();
    gic::write_bit(register::ISPENDR, SPI);
    timer::delay(200);
    let early = gic::count(SPI);
    gic::enable(SPI);
    let arrived = timer::wait_until(|| gic::count(SPI) > 0);
    timer::delay(200);
    cpu::mask_interrupts();
    let pending = gic::read_bit(register::ISPENDR, SPI);
    clean(SPI);
    expect("taken while disabled", 0_u32, early)?;
    expect("arrived", true, arrived)?;
    expect("taken", 1_u32, gic::count(SPI))?;
    expect("pending afterwards", false, pending)
}

/// A monitor has no way to take back what a list register holds already, so one is let pass.
fn pending_cleared() -> Outcome {
    gic::forget();
    gic::enable(SPI);
    gic::write_bit(register::ISPENDR, SPI);
    gic::write_bit(register::ICPENDR, SPI);
    let pending = gic::read_bit(register::ISPENDR, SPI);
    cpu::take_interrupts();
    timer::delay(200);
    cpu::take_interrupts();
    clean(SPI);
    expect("pending", false, pending)?;
    expect("taken at most once", true, gic::count(SPI) <= 1)
}

fn priority_order() -> Outcome {
    for (first, second) in [(SPI, OTHER), (OTHER, SPI)] {
        gic::forget();
        gic::set_priority(first, 0x40);
        gic::set_priority(second, 0x80);
        // The later-served one is made pending first.
        for intid in [second, first] {
            gic::enable(intid);
            gic::write_bit(register::ISPENDR, intid);
        }
        cpu::unmask_interrupts();
        let arrived = timer::wait_until(|| gic::taken() == 2);
        cpu::mask_interrupts();
        clean(SPI);
        clean(OTHER);
        expect("both arrived", true, arrived)?;
        expect("first", first, gic::nth(0))?;
        expect("second", second, gic::nth(1))?;
    }
    Ok(())
}

/// An interrupt that becomes pending while it is active comes again after its end.
fn pending_again_in_handler() -> Outcome {
    gic::forget();
    gic::set_edge(SPI, true);
    gic::set_action(|intid| {
        if gic::count(intid) == 0 {
            gic::write_bit(register::ISPENDR, intid);
        }
    });
    gic::enable(SPI);
    gic::write_bit(register::ISPENDR, SPI);
    cpu::unmask_interrupts();
    let arrived = timer::wait_until(|| gic::count(SPI) == 2);
    timer::delay(200);
    cpu::mask_interrupts();
    gic::set_edge(SPI, false);
    clean(SPI);
    expect("arrived twice", true, arrived)?;
    expect("taken", 2_u32, gic::count(SPI))
}

fn priority_mask() -> Outcome {
    gic::forget();
    gic::set_priority(SPI, 0x80);
    gic::enable(SPI);
    gic::write_interface(interface::PMR, 0x40);
    gic::write_bit(register::ISPENDR, SPI);
    cpu::take_interrupts();
    timer::delay(200);
    cpu::take_interrupts();
    let masked = gic::count(SPI);
    gic::write_interface(interface::PMR, 0xff);
    cpu::unmask_interrupts();
    let arrived = timer::wait_until(|| gic::count(SPI) > 0);
    cpu::mask_interrupts();
    clean(SPI);
    expect("taken below the mask", 0_u32, masked)?;
    expect("arrived", true, arrived)?;
    expect("taken", 1_u32, gic::count(SPI))
}

fn distributor_disabled() -> Outcome {
    gic::forget();
    gic::write(register::CTLR, 0);
    gic::enable(SPI);
    gic::write_bit(register::ISPENDR, SPI);
    cpu::unmask_interrupts();
    timer::delay(200);
    let early = gic::count(SPI);
    gic::write(register::CTLR, 1);
    let arrived = timer::wait_until(|| gic::count(SPI) > 0);
    cpu::mask_interrupts();
    clean(SPI);
    expect("taken while off", 0_u32, early)?;
    expect("arrived", true, arrived)
}

fn last() -> Outcome {
    let intid = last_spi();
    gic::forget();
    gic::enable(intid);
    gic::write_bit(register::ISPENDR, intid);
    cpu::unmask_interrupts();
    let arrived = timer::wait_until(|| gic::count(intid) > 0);
    cpu::mask_interrupts();
    clean(intid);
    expect("arrived", true, arrived)?;
    expect("taken", 1_u32, gic::count(intid))
}

/// More pending interrupts than any GIC has list registers, with rising priority: all are taken
/// once, the most urgent first.
fn many() -> Outcome {
    const FIRST: u32 = 64;
    const NUMBER: u32 = 30;
    let words = gic::words() as u32;
    if words * 32 < FIRST + NUMBER {
        return Ok(());
    }
    gic::forget();
    for n in 0..NUMBER {
        gic::set_priority(FIRST + n, 0xf0 - 8 * (n as u8));
        gic::enable(FIRST + n);
        gic::write_bit(register::ISPENDR, FIRST + n);
    }
    cpu::unmask_interrupts();
    let arrived = timer::wait_until(|| gic::taken() >= NUMBER as usize);
    timer::delay(500);
    cpu::mask_interrupts();
    for n in 0..NUMBER {
        clean(FIRST + n);
    }
    expect("all arrived", true, arrived)?;
    expect("taken", NUMBER, gic::taken() as u32)?;
    for n in 0..NUMBER {
        expect("times", 1_u32, gic::count(FIRST + n))?;
    }
    for n in 0..4 {
        expect("order", FIRST + NUMBER - 1 - n, gic::nth(n as usize))?;
    }
    Ok(())
}
