//! Exceptions: expected ones are recorded and stepped over, others end the guest.

use core::sync::atomic::{AtomicBool, AtomicU64, Ordering::Relaxed};

use crate::{firmware, gic, println, read_system};

/// The interrupted registers, laid out as vectors.s stores them.
#[repr(C)]
#[derive(Debug)]
pub struct Frame {
    x: [u64; 31],
    elr: u64,
    spsr: u64,
    /// CNTVCT_EL0 when the vector was entered.
    time: u64,
}

/// What is known of an exception that was caught.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Caught {
    /// ESR_EL1.
    pub esr: u64,
    /// FAR_EL1.
    pub far: u64,
    /// ELR_EL1.
    pub elr: u64,
}

impl Caught {
    /// ESR_EL1.EC, the class.
    pub fn class(&self) -> u64 {
        self.esr >> 26
    }
}

/// A data abort from EL1.
pub const DATA_ABORT: u64 = 0x25;
/// An instruction abort from EL1.
pub const INSTRUCTION_ABORT: u64 = 0x21;
const PC_ALIGNMENT: u64 = 0x22;
/// An instruction that is not there.
pub const UNDEFINED: u64 = 0;

/// More exceptions than this inside one `catch` mean that the guest runs in circles.
const LIMIT: u64 = 100_000;

static ARMED: AtomicBool = AtomicBool::new(false);
static COUNT: AtomicU64 = AtomicU64::new(0);
static ESR: AtomicU64 = AtomicU64::new(0);
static FAR: AtomicU64 = AtomicU64::new(0);
static ELR: AtomicU64 = AtomicU64::new(0);

/// Runs `action` and gives its result with the last exception that it raised, if any.
///
/// The handler goes on behind the instruction; after an instruction abort it returns to x30.
pub fn catch<T>(action: impl FnOnce() -> T) -> (T, Option<Caught>) {
    COUNT.store(0, Relaxed);
    ARMED.store(true, Relaxed);
    let result = action();
    ARMED.store(false, Relaxed);
    let caught = (COUNT.load(Relaxed) > 0).then(|| Caught {
        esr: ESR.load(Relaxed),
        far: FAR.load(Relaxed),
        elr: ELR.load(Relaxed),
    });
    (result, caught)
}

/// How many exceptions the last `catch` saw.
pub fn caught_count() -> u64 {
    COUNT.load(Relaxed)
}

#[unsafe(no_mangle)]
extern "C" fn synchronous_exception(frame: &mut Frame) {
    let esr = read_system!("esr_el1");
    if !ARMED.load(Relaxed) || COUNT.load(Relaxed) > LIMIT {
        unexpected_exception(frame);
    }
    COUNT.store(caught_count() + 1, Relaxed);
    ESR.store(esr, Relaxed);
    FAR.store(read_system!("far_el1"), Relaxed);
    ELR.store(frame.elr, Relaxed);
    frame.elr = match esr >> 26 {
        INSTRUCTION_ABORT | PC_ALIGNMENT => frame.x[30],
        // What a wild jump found to execute: outside the guest's own code.
        UNDEFINED if !is_guest_code(frame.elr) => frame.x[30],
        _ => frame.elr.wrapping_add(4),
    };
}

fn is_guest_code(address: u64) -> bool {
    unsafe extern "C" {
        static image_start: u8;
        static image_end: u8;
    }
    let (start, end) = (&raw const image_start, &raw const image_end);
    (start as u64..end as u64).contains(&address)
}

#[unsafe(no_mangle)]
extern "C" fn interrupt(frame: &mut Frame) {
    gic::interrupt(frame.time);
}

#[unsafe(no_mangle)]
extern "C" fn unexpected_exception(frame: &mut Frame) -> ! {
    println!(
        "GUEST-CRASH esr {:#x} elr {:#x} far {:#x} spsr {:#x} x30 {:#x}",
        read_system!("esr_el1"),
        frame.elr,
        read_system!("far_el1"),
        frame.spsr,
        frame.x[30]
    );
    firmware::power_off()
}
