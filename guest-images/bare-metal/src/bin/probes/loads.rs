//! Loads from an emulated device: width, sign, destination register.

use bare_metal::check::{Check, Outcome, expect};
use bare_metal::gic::{GICD, register};
use bare_metal::{gic, instruction, load};

pub(crate) const CHECKS: &[Check] = &[
    ("load-zero-extended", zero_extended),
    ("load-sign-extended-to-32", sign_extended_to_32),
    ("load-sign-extended-to-64", sign_extended_to_64),
    ("load-byte-lanes", byte_lanes),
    ("load-into-each-register", into_each_register),
    ("load-into-zero-register", into_zero_register),
    ("load-by-register-offset", by_register_offset),
];

/// Four priority bytes of SPIs 40 to 43 that tell widths and signs apart; multiples of 8, as a
/// GICv2 may leave out the low three bits.
pub(crate) const PATTERN: u32 = 0xf0a8_7898;
pub(crate) const PLACE: u64 = register::IPRIORITYR + 40;

fn set_pattern() -> u64 {
    gic::write(PLACE, PATTERN);
    GICD + PLACE
}

fn zero_extended() -> Outcome {
    let at = set_pattern();
    expect("ldr w", PATTERN, load!("ldr {value:w}, [{address}]", at))?;
    expect(
        "ldrh w",
        0x7898_u32,
        load!("ldrh {value:w}, [{address}]", at),
    )?;
    expect("ldrb w", 0x98_u32, load!("ldrb {value:w}, [{address}]", at))?;
    expect("ldar w", PATTERN, load!("ldar {value:w}, [{address}]", at))?;
    expect(
        "ldarh w",
        0x7898_u32,
        load!("ldarh {value:w}, [{address}]", at),
    )?;
    expect(
        "ldarb w",
        0x98_u32,
        load!("ldarb {value:w}, [{address}]", at),
    )
}

fn sign_extended_to_32() -> Outcome {
    let at = set_pattern();
    expect(
        "ldrsb w",
        0xffff_ff98_u32,
        load!("ldrsb {value:w}, [{address}]", at),
    )?;
    expect(
        "ldrsb w, positive",
        0x78_u32,
        load!("ldrsb {value:w}, [{address}, #1]", at),
    )?;
    expect(
        "ldrsh w",
        0xffff_f0a8_u32,
        load!("ldrsh {value:w}, [{address}, #2]", at),
    )?;
    expect(
        "ldrsh w, positive",
        0x7898_u32,
        load!("ldrsh {value:w}, [{address}]", at),
    )
}

fn sign_extended_to_64() -> Outcome {
    let at = set_pattern();
    expect(
        "ldrsb x",
        !0x67_u64,
        load!("ldrsb {value}, [{address}]", at),
    )?;
    expect(
        "ldrsb x, positive",
        0x78_u64,
        load!("ldrsb {value}, [{address}, #1]", at),
    )?;
    expect(
        "ldrsh x",
        !0x0f57_u64,
        load!("ldrsh {value}, [{address}, #2]", at),
    )?;
    expect(
        "ldrsh x, positive",
        0x7898_u64,
        load!("ldrsh {value}, [{address}]", at),
    )?;
    expect(
        "ldrsw x",
        !0x0f57_8767_u64,
        load!("ldrsw {value}, [{address}]", at),
    )?;
    gic::write(PLACE, 0x7098_a8f0);
    expect(
        "ldrsw x, positive",
        0x7098_a8f0_u64,
        load!("ldrsw {value}, [{address}]", at),
    )
}

fn byte_lanes() -> Outcome {
    let at = set_pattern();
    for (offset, byte) in PATTERN.to_le_bytes().into_iter().enumerate() {
        let got = load!("ldrb {value:w}, [{address}]", at + offset as u64);
        expect("byte", byte, got)?;
    }
    expect(
        "upper half word",
        0xf0a8_u32,
        load!("ldrh {value:w}, [{address}, #2]", at),
    )
}

fn into_each_register() -> Outcome {
    let at = set_pattern();
    for value in instruction::load_into_each(at) {
        expect("a register", PATTERN, value)?;
    }
    Ok(())
}

fn into_zero_register() -> Outcome {
    let at = set_pattern();
    let kept = load!(
        "ldr wzr, [{address}]\nldrsw xzr, [{address}]\nldrb wzr, [{address}] // {value}",
        at
    );
    expect("a bystander", u64::MAX, kept)?;
    let zero = load!("ldr wzr, [{address}]\nmov {value}, xzr", at);
    expect("xzr", 0_u64, zero)
}

fn by_register_offset() -> Outcome {
    let at = set_pattern();
    let got = load!(
        "mov {value}, #4\nldr {value:w}, [{address}, {value}]",
        at - 4
    );
    expect("register offset", PATTERN, got)?;
    let got = load!(
        "mov {value:w}, #-1\nldr {value:w}, [{address}, {value:w}, sxtw #2]",
        at + 4
    );
    expect("extended register offset", PATTERN, got)
}
