//! Resets itself twice and checks that each start is a fresh one.
//!
//! What tells the starts apart must survive a reset: a word in RAM outside the image, and the
//! PL011's baud rate divisors, which QEMU only stores. Either will do. (A monitor may clear RAM; a
//! machine may reset the UART.)
#![no_std]
#![no_main]

mod registers;

use core::sync::atomic::{AtomicU64, Ordering::Relaxed};

use bare_metal::check::{Outcome, Report, expect};
use bare_metal::console::{IBRD, UART};
use bare_metal::cpu::{read32, write32};
use bare_metal::firmware::{Conduit, call, function, status};
use bare_metal::gic::{self, register};
use bare_metal::{exception, println, read_system, timer};

bare_metal::entry!(main);

/// Behind the image and its device tree, inside the smallest guest.
const SURVIVOR: u64 = 0x4600_0000;
const MAGIC: u32 = 0x5eed_0000;
const UART_MAGIC: u32 = 0x5e00;

/// Lies in the image, so that a start lays it down afresh.
static FRESH: AtomicU64 = AtomicU64::new(0x1234_5678_9abc_def0);
/// Lies in zeroed memory.
static ZEROED: AtomicU64 = AtomicU64::new(0);

fn main(dtb: u64) {
    let start = starts_before() + 1;
    println!("RESET start {start}");
    let mut report = Report::default();
    report.add("registers", registers::are_reset());
    report.add("interface", registers::interface_is_reset());
    report.add("reset-state", fresh_state(dtb));
    match start {
        1 => {
            remember(1);
            spoil();
            reset("SYSTEM_RESET", function::SYSTEM_RESET);
        }
        2 => {
            remember(2);
            spoil();
            if reset2_is_there() {
                reset("SYSTEM_RESET2", function::SYSTEM_RESET2);
            }
            println!("RESET without SYSTEM_RESET2");
            reset("SYSTEM_RESET", function::SYSTEM_RESET);
        }
        _ => {}
    }
    report.close();
}

fn starts_before() -> u32 {
    let memory = read32(SURVIVOR);
    let uart = read32(UART + IBRD) & 0xffff;
    if memory & !0xf == MAGIC {
        memory & 0xf
    } else if uart & !0xf == UART_MAGIC {
        uart & 0xf
    } else {
        0
    }
}

fn remember(starts: u32) {
    write32(SURVIVOR, MAGIC | starts);
    write32(UART + IBRD, UART_MAGIC | starts);
}

fn fresh_state(dtb: u64) -> Outcome {
    expect(
        "magic of the device tree",
        0xd00d_feed_u32,
        read32(dtb).swap_bytes(),
    )?;
    expect(
        "initialised data",
        0x1234_5678_9abc_def0_u64,
        FRESH.load(Relaxed),
    )?;
    expect("zeroed data", 0_u64, ZEROED.load(Relaxed))?;
    expect("exception level", 1_u64, read_system!("currentel") >> 2)?;
    expect("DAIF", 0x3c0_u64, read_system!("daif"))?;
    expect("MMU", 0_u64, read_system!("sctlr_el1") & 1)?;
    expect("timer", 0_u64, read_system!("cntv_ctl_el0") & 1)?;
    expect("GICD_CTLR", 0_u32, gic::read(register::CTLR))?;
    expect(
        "enabled private interrupts",
        0_u32,
        gic::read(register::ISENABLER) >> 16,
    )?;
    expect("pending SGIs", 0_u32, gic::read(register::SPENDSGIR))?;
    for word in 1..gic::words() {
        expect(
            "enabled SPIs",
            0_u32,
            gic::read(register::ISENABLER + 4 * word),
        )?;
        expect(
            "pending SPIs",
            0_u32,
            gic::read(register::ISPENDR + 4 * word),
        )?;
        expect(
            "active SPIs",
            0_u32,
            gic::read(register::ISACTIVER + 4 * word),
        )?;
    }
    for part in 8..8 * gic::words() {
        expect(
            "priorities",
            0_u32,
            gic::read(register::IPRIORITYR + 4 * part),
        )?;
    }
    Ok(())
}

/// Leaves nothing as a start should find it.
fn spoil() {
    FRESH.store(1, Relaxed);
    ZEROED.store(1, Relaxed);
    gic::init();
    for intid in [0, 3, 60, 61, 62] {
        gic::enable(intid);
        gic::write_bit(register::ISPENDR, intid);
    }
    gic::write(register::SGIR, 2 << 24);
    gic::enable(timer::INTID);
    timer::fire_at(0);
    registers::spoil();
}

fn reset2_is_there() -> bool {
    let asked = [function::SYSTEM_RESET2, 0, 0];
    let (answer, caught) = exception::catch(|| status(Conduit::Hvc, function::FEATURES, asked));
    caught.is_none() && answer >> 31 == 0
}

/// By SMC where it is there, otherwise by HVC.
fn reset(name: &str, function: u64) {
    println!("RESET by {name}");
    let (_, _) = exception::catch(|| call(Conduit::Smc, function, [0; 3]));
    let (_, _) = exception::catch(|| call(Conduit::Hvc, function, [0; 3]));
    println!("RESET did not happen");
}
