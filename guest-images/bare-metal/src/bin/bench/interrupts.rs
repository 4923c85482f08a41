//! Interrupts: latency up to the vector's first instructions, and the whole way back.
//!
//! Times are read from the counter, so that one latency is known to a tick; under icount that is
//! 16 instructions, and the figure is at most 15 too low.

use core::sync::atomic::{AtomicU64, Ordering::Relaxed};

use bare_metal::gic::{self, register};
use bare_metal::{cpu, timer, write_system};

use crate::mark::profiled;
use crate::{now, report};

core::arch::global_asm!(include_str!("vectors.s"), options(raw));

const TIMES: u64 = 64;
const SGI: u32 = 2;

/// Written by the vector: the time of its second instruction, and how often it ran.
#[repr(C)]
struct Record {
    time: AtomicU64,
    count: AtomicU64,
}

static RECORD: Record = Record {
    time: AtomicU64::new(0),
    count: AtomicU64::new(0),
};

/// Puts the measuring vectors in place; interrupts are on from here.
fn start() {
    unsafe extern "C" {
        static bench_vectors: u8;
    }
    write_system!("tpidr_el1", &raw const RECORD as u64);
    write_system!("vbar_el1", &raw const bench_vectors as u64);
    gic::enable(timer::INTID);
    cpu::unmask_interrupts();
}

/// How many interrupts were taken.
pub(crate) fn taken() -> u64 {
    RECORD.count.load(Relaxed)
}

/// Latency and whole way, in ticks.
#[derive(Default)]
struct Sum {
    latency: u64,
    cycle: u64,
}

impl Sum {
    /// Adds one interrupt that was due at `due` and whose handler has just returned.
    fn add(&mut self, due: u64) {
        let back = timer::now();
        self.latency += RECORD.time.load(Relaxed) - due;
        self.cycle += back - due;
    }

    fn report(&self, latency: &str, cycle: &str) {
        report(latency, self.latency, TIMES);
        report(cycle, self.cycle, TIMES);
    }
}

/// Reports the timer (busy and asleep) and the SGI.
pub(crate) fn run() {
    start();
    let mut busy = Sum::default();
    profiled("timer-cycle", TIMES, || {
        for _ in 0..TIMES {
            let before = taken();
            let due = arm(200);
            while taken() == before {}
            busy.add(due);
        }
    });
    busy.report("timer-latency", "timer-cycle");

    let mut own = Sum::default();
    profiled("sgi-cycle", TIMES, || {
        for _ in 0..TIMES {
            let before = taken();
            let due = now();
            send_to_self();
            while taken() == before {}
            own.add(due);
        }
    });
    own.report("sgi-latency", "sgi-cycle");

    let mut asleep = Sum::default();
    profiled("wfi-wake-cycle", TIMES, || {
        for _ in 0..TIMES {
            let before = taken();
            let due = arm(1000);
            while taken() == before {
                cpu::wait_for_interrupt();
            }
            asleep.add(due);
        }
    });
    asleep.report("wfi-wake-latency", "wfi-wake-cycle");
    masked_wake();
}

/// Sends the SGI with the value in w0, as the other writes that are measured: what a store from
/// another register costs is how far down the kernel's order that register is.
fn send_to_self() {
    // SAFETY: a store to GICD_SGIR of the emulated distributor.
    unsafe {
        core::arch::asm!(
            "str w0, [x1]",
            in("x0") u64::from(2 << 24 | SGI), in("x1") gic::GICD + register::SGIR,
            options(nostack)
        );
    }
}

/// From the deadline to the instruction behind WFI, with interrupts masked.
fn masked_wake() {
    let mut ticks = 0;
    profiled("wfi-wake-masked", TIMES, || {
        for _ in 0..TIMES {
            cpu::mask_interrupts();
            let before = taken();
            let due = arm(1000);
            while !timer::has_fired() {
                cpu::wait_for_interrupt();
            }
            ticks += timer::now() - due;
            cpu::unmask_interrupts();
            while taken() == before {}
        }
    });
    report("wfi-wake-masked", ticks, TIMES);
}

/// Lets the timer fire so many microseconds from now and gives the deadline.
pub(crate) fn arm(microseconds: u64) -> u64 {
    let due = now() + timer::ticks(microseconds);
    timer::fire_at(due);
    due
}
