//! A VM with two CPUs: PSCI starts and stops the second, and SGIs go both ways.
#![no_std]
#![no_main]

use core::sync::atomic::{AtomicBool, AtomicU32, AtomicU64, Ordering::Relaxed};

use bare_metal::check::{Check, Failure, Outcome, Report, expect};
use bare_metal::firmware::status::{ALREADY_ON, INVALID_PARAMETERS, SUCCESS};
use bare_metal::firmware::{Conduit, function, status};
use bare_metal::gic::{self, register};
use bare_metal::timer::{self, wait_until};
use bare_metal::{cpu, exception, firmware, instruction, read_system, second_cpu};

bare_metal::entry!(main);

const CHECKS: &[Check] = &[
    ("two-cpus-off-at-first", off_at_first),
    ("two-cpus-on", on),
    ("two-cpus-own-registers", own_registers),
    ("two-cpus-sgi-to-second", sgi_to_second),
    ("two-cpus-sgi-to-first", sgi_to_first),
    ("two-cpus-sgi-to-others", sgi_to_others),
    ("two-cpus-banked-registers", banked_registers),
    ("two-cpus-own-timer", own_timer),
    ("two-cpus-spi-targets", spi_targets),
    ("two-cpus-off", off),
    ("two-cpus-on-little-endian", on_little_endian),
    ("two-cpus-on-big-endian", on_big_endian),
    ("two-cpus-on-again", on),
    ("two-cpus-sgi-after-restart", sgi_to_second),
];

/// The second CPU's affinity: it is CPU 1 of the same cluster.
const SECOND: u64 = 1;
/// PSCI's answers to AFFINITY_INFO.
const ON: u32 = 0;
const OFF: u32 = 1;

/// What the second CPU is asked to do; it answers by writing IDLE.
static ORDER: AtomicU32 = AtomicU32::new(IDLE);
static ANSWER: AtomicU64 = AtomicU64::new(0);
static HVC_ONLY: AtomicBool = AtomicBool::new(false);
static STARTS: AtomicU32 = AtomicU32::new(0);
static MPIDR: AtomicU64 = AtomicU64::new(0);
static SCTLR: AtomicU64 = AtomicU64::new(0);
static ARGUMENT: AtomicU64 = AtomicU64::new(0);

const IDLE: u32 = 0;
const SEND_TO_FIRST: u32 = 1;
const READ_BANKED: u32 = 2;
const RUN_TIMER: u32 = 3;
const SLEEP: u32 = 4;
const TURN_OFF: u32 = 5;

const SGI: u32 = 6;
/// An SPI that no device uses.
const SPI: u32 = 60;

fn main(_dtb: u64) {
    gic::init();
    find_conduit();
    let mut report = Report::default();
    report.run(CHECKS);
    report.close();
}

/// Finds the conduit once: what catches the exception of a missing one is not made for two CPUs.
fn find_conduit() {
    let asked = || status(Conduit::Smc, function::VERSION, [0; 3]);
    let (_, caught) = exception::catch(asked);
    HVC_ONLY.store(caught.is_some(), Relaxed);
}

fn call(function: u64, arguments: [u64; 3]) -> u32 {
    let conduit = if HVC_ONLY.load(Relaxed) {
        Conduit::Hvc
    } else {
        Conduit::Smc
    };
    status(conduit, function, arguments)
}

fn second_state() -> u32 {
    call(function::AFFINITY_INFO, [SECOND, 0, 0])
}

fn off_at_first() -> Outcome {
    expect("state of the second", OFF, second_state())?;
    expect(
        "state of the first",
        ON,
        call(function::AFFINITY_INFO, [0, 0, 0]),
    )?;
    expect(
        "third CPU",
        INVALID_PARAMETERS,
        call(function::AFFINITY_INFO, [0xff_00ff, 0, 0]),
    )?;
    expect("CPUs in TYPER", 1_u32, gic::read(register::TYPER) >> 5 & 7)
}

fn on() -> Outcome {
    let starts = STARTS.load(Relaxed);
    let entry = second_cpu::entry();
    let context = second_cpu::prepare(second, 0xabcd + u64::from(starts));
    let got = call(function::CPU_ON, [SECOND, entry, context]);
    expect("status", SUCCESS, got)?;
    let started = wait_until(|| STARTS.load(Relaxed) > starts);
    expect("started", true, started)?;
    expect(
        "context argument",
        0xabcd + u64::from(starts),
        ARGUMENT.load(Relaxed),
    )?;
    expect("state", ON, second_state())?;
    expect(
        "on again",
        ALREADY_ON,
        call(function::CPU_ON, [SECOND, entry, context]),
    )
}

fn own_registers() -> Outcome {
    expect(
        "affinity of the second",
        SECOND,
        MPIDR.load(Relaxed) & 0xff_00ff_ffff,
    )?;
    let own = read_system!("mpidr_el1");
    expect("affinity of the first", 0_u64, own & 0xff_00ff_ffff)
}

/// Gives the second CPU an order and waits until it is done.
fn order(what: u32) -> Outcome {
    ORDER.store(what, Relaxed);
    instruction!("dsb sy\nsev");
    let done = wait_until(|| ORDER.load(Relaxed) == IDLE);
    expect("order done", true, done)
}

/// An SGI wakes the second from WFI; its handler counts.
fn sgi_to_second() -> Outcome {
    gic::forget();
    ORDER.store(SLEEP, Relaxed);
    instruction!("dsb sy\nsev");
    timer::delay(2000);
    gic::write(register::SGIR, 1 << (16 + SECOND) | SGI);
    let woke = wait_until(|| ORDER.load(Relaxed) == IDLE);
    timer::delay(300);
    expect("woke", true, woke)?;
    expect("taken", 1_u32, gic::count(SGI))
}

/// The monitor cannot show a GICv2 guest which CPU sent an SGI on every kernel, so only the INTID
/// is looked at.
fn sgi_to_first() -> Outcome {
    gic::forget();
    cpu::unmask_interrupts();
    let done = order(SEND_TO_FIRST);
    let arrived = wait_until(|| gic::count(SGI) > 0);
    cpu::mask_interrupts();
    done?;
    expect("arrived", true, arrived)?;
    expect("INTID", SGI, gic::nth(0) & 0x3ff)
}

fn sgi_to_others() -> Outcome {
    gic::forget();
    ORDER.store(SLEEP, Relaxed);
    instruction!("dsb sy\nsev");
    timer::delay(2000);
    gic::write(register::SGIR, 1 << 24 | SGI);
    let woke = wait_until(|| ORDER.load(Relaxed) == IDLE);
    expect("woke", true, woke)?;
    cpu::take_interrupts();
    timer::delay(300);
    cpu::take_interrupts();
    expect("taken by the second only", 1_u32, gic::count(SGI))
}

/// Enables, priorities and targets of private interrupts are each CPU's own.
fn banked_registers() -> Outcome {
    gic::enable(26);
    gic::set_priority(26, 0x58);
    order(READ_BANKED)?;
    let own = gic::read(register::ITARGETSR) & 0xff;
    gic::disable(26);
    let answer = ANSWER.load(Relaxed);
    expect("own target", 1_u32, own)?;
    expect("target of the second", 2_u64, answer & 0xff)?;
    expect("enable of the second", 0_u64, answer >> 8 & 1)?;
    expect("priority of the second", true, answer >> 16 != 0x58)
}

fn own_timer() -> Outcome {
    gic::forget();
    order(RUN_TIMER)?;
    expect("taken by the second", 1_u32, gic::count(timer::INTID))
}

/// The first lets nothing in, so whoever takes the SPI is the second.
fn spi_targets() -> Outcome {
    gic::forget();
    cpu::write8(gic::GICD + register::ITARGETSR + u64::from(SPI), 2);
    let target = gic::read(register::ITARGETSR + u64::from(SPI)) & 0xff;
    gic::enable(SPI);
    ORDER.store(SLEEP, Relaxed);
    instruction!("dsb sy\nsev");
    timer::delay(2000);
    gic::write_bit(register::ISPENDR, SPI);
    let woke = wait_until(|| ORDER.load(Relaxed) == IDLE);
    gic::disable(SPI);
    expect("target", 2_u32, target)?;
    expect("woke", true, woke)?;
    expect("taken", 1_u32, gic::count(SPI))
}

fn off() -> Outcome {
    ORDER.store(TURN_OFF, Relaxed);
    instruction!("dsb sy\nsev");
    let stopped = wait_until(|| second_state() == OFF);
    expect("off", true, stopped)?;
    ORDER.store(IDLE, Relaxed);
    Ok(())
}

fn on_little_endian() -> Outcome {
    expect("EE", 0_u64, started_sctlr(0)? & EE)
}

/// PSCI starts a CPU with the byte order of its caller (DEN0022F 6.4.3.3).
fn on_big_endian() -> Outcome {
    expect("EE", EE, started_sctlr(EE)? & EE)
}

const EE: u64 = 1 << 25;

/// SCTLR_EL1 of the second CPU, started by a caller that has `bits` set.
fn started_sctlr(bits: u64) -> Result<u64, Failure> {
    SCTLR.store(u64::MAX, Relaxed);
    let conduit = if HVC_ONLY.load(Relaxed) {
        Conduit::Hvc
    } else {
        Conduit::Smc
    };
    let arguments = [
        SECOND,
        second_cpu::reporting_entry(),
        SCTLR.as_ptr().addr() as u64,
    ];
    let sctlr = read_system!("sctlr_el1") | bits;
    let got = firmware::call_with_sctlr(conduit, sctlr, function::CPU_ON, arguments);
    expect("status", SUCCESS, got as u32)?;
    let reported = wait_until(|| SCTLR.load(Relaxed) != u64::MAX);
    expect("reported", true, reported)?;
    let stopped = wait_until(|| second_state() == OFF);
    expect("off", true, stopped)?;
    Ok(SCTLR.load(Relaxed))
}

/// The second CPU's life: carry out orders.
extern "C" fn second(argument: u64) {
    gic::init_interface();
    MPIDR.store(read_system!("mpidr_el1"), Relaxed);
    ARGUMENT.store(argument, Relaxed);
    STARTS.store(STARTS.load(Relaxed) + 1, Relaxed);
    instruction!("dsb sy");
    loop {
        let order = ORDER.load(Relaxed);
        match order {
            SEND_TO_FIRST => gic::write(register::SGIR, 1 << 16 | SGI),
            READ_BANKED => ANSWER.store(banked(), Relaxed),
            RUN_TIMER => run_timer(),
            SLEEP => sleep(),
            TURN_OFF => {
                call(function::CPU_OFF, [0; 3]);
            }
            // A look at a device is a point where the monitor may run the other CPU.
            _ => _ = cpu::read32(bare_metal::console::UART + bare_metal::console::FR),
        }
        if order != IDLE {
            instruction!("dsb sy");
            ORDER.store(IDLE, Relaxed);
        }
    }
}

fn banked() -> u64 {
    let target = u64::from(gic::read(register::ITARGETSR) & 0xff);
    let enabled = u64::from(gic::read_bit(register::ISENABLER, 26));
    let priority = u64::from(gic::read(register::IPRIORITYR + 24) >> 16 & 0xff);
    target | enabled << 8 | priority << 16
}

fn run_timer() {
    gic::enable(timer::INTID);
    cpu::unmask_interrupts();
    timer::fire_in(1000);
    wait_until(|| gic::count(timer::INTID) > 0);
    cpu::mask_interrupts();
    gic::disable(timer::INTID);
}

/// Sleeps until some interrupt was taken.
fn sleep() {
    let before = gic::taken();
    cpu::unmask_interrupts();
    while gic::taken() == before {
        cpu::wait_for_interrupt();
    }
    cpu::mask_interrupts();
}
