//! Exceptions at the very address of a vector, but from below the handler's state: they end.

use bare_metal::check::{Check, Outcome, expect};
use bare_metal::exception::DATA_ABORT;
use bare_metal::lower::{A32, EL0, EL1T, Lower};

use crate::aborts::NOTHING;

pub(crate) const CHECKS: &[Check] = &[
    ("vector-of-el1t-at-itself", el1t),
    ("vector-of-el0-at-itself", el0),
    ("vector-of-aarch32-at-itself", aarch32),
];

const BRK: u64 = 0x3c;

/// The handler runs with SP_EL1, so the load there is from good memory.
fn el1t() -> Outcome {
    let mut program = Lower::at_vector(0, EL1T);
    program.sp = NOTHING;
    let end = program.run();
    expect("reached by the handler", 0x11_u64, end.x[0])?;
    expect("class", BRK, end.class())?;
    expect("mode", 5_u64, end.spsr & 0xf)
}

/// The handler faults in its turn, at EL1, which has another vector.
fn el0() -> Outcome {
    let mut program = Lower::at_vector(0x400, EL0);
    program.x[1] = NOTHING;
    let start = program.pc;
    let end = program.run();
    expect("vector", 0x200_u64, end.vector)?;
    expect("PC", start, end.pc)?;
    expect("class", DATA_ABORT, end.class())?;
    expect("from EL1h", 5_u64, end.spsr & 0xf)?;
    expect("FAR", NOTHING, end.far)
}

/// A32 faults at its vector; what the handler executes there is no instruction of A64's.
fn aarch32() -> Outcome {
    let mut program = Lower::at_vector(0x600, A32);
    program.x[1] = NOTHING;
    let start = program.pc;
    let end = program.run();
    expect("vector", 0x200_u64, end.vector)?;
    expect("PC", start, end.pc)?;
    expect("class", 0_u64, end.class())?;
    expect("from EL1h", 5_u64, end.spsr & 0xf)
}
