//! Big-endian data at EL1 (SCTLR_EL1.EE) and at EL0 (E0E): every width and form.

use bare_metal::check::{Check, Outcome, expect};
use bare_metal::gic::{self, GICD};
use bare_metal::lower::{EL0, FROM_AARCH64, Lower};
use bare_metal::{read_system, with_sctlr, write_system};

use crate::loads::{PATTERN, PLACE};

pub(crate) const CHECKS: &[Check] = &[
    ("big-endian-loads", loads),
    ("big-endian-signed-loads", signed_loads),
    ("big-endian-stores", stores),
    ("big-endian-indexed", indexed),
    ("big-endian-pairs", pairs),
    ("big-endian-of-el0", of_el0),
    ("big-endian-to-and-fro", to_and_fro),
];

const AT: u64 = GICD + PLACE;
const NEXT: u32 = 0x1020_3040;
const EE: u64 = 1 << 25;
const E0E: u64 = 1 << 24;

/// Runs one instruction with EE set.
macro_rules! big {
    ($text:literal, $address:expr, $value:expr) => {
        with_sctlr!($text, read_system!("sctlr_el1") | EE, $address, $value)
    };
}

fn set_pattern() {
    gic::write(PLACE, PATTERN);
    gic::write(PLACE + 4, NEXT);
}

fn loads() -> Outcome {
    set_pattern();
    let turned = PATTERN.swap_bytes();
    let (_, word) = big!("ldr {value:w}, [{address}]", AT, u64::MAX);
    expect("word", turned, word)?;
    let (_, half) = big!("ldrh {value:w}, [{address}]", AT, u64::MAX);
    expect("half word", turned >> 16, half)?;
    let (_, half) = big!("ldrh {value:w}, [{address}, #2]", AT, u64::MAX);
    expect("second half word", turned & 0xffff, half)?;
    let (_, byte) = big!("ldrb {value:w}, [{address}, #1]", AT, u64::MAX);
    expect("byte", PATTERN >> 8 & 0xff, byte)
}

fn signed_loads() -> Outcome {
    gic::write(PLACE, 0x10f8_28f0);
    let (_, word) = big!("ldrsw {value}, [{address}]", AT, 0);
    expect("word", 0xffff_ffff_f028_f810_u64, word)?;
    let (_, half) = big!("ldrsh {value:w}, [{address}]", AT, 0);
    expect("half word", 0xffff_f028_u64, half)?;
    let (_, half) = big!("ldrsh {value}, [{address}, #2]", AT, 0);
    expect("second half word", 0xffff_ffff_ffff_f810_u64, half)
}

fn stores() -> Outcome {
    set_pattern();
    big!("str {value:w}, [{address}]", AT, 0x1018_2028);
    expect("word", 0x2820_1810_u32, gic::read(PLACE))?;
    big!("strh {value:w}, [{address}, #2]", AT, 0x3038);
    expect("half word", 0x3830_1810_u32, gic::read(PLACE))?;
    big!("strb {value:w}, [{address}]", AT, 0x40);
    expect("byte", 0x3830_1840_u32, gic::read(PLACE))?;
    big!("str wzr, [{address}] // {value}", AT, 0);
    expect("zero", 0_u32, gic::read(PLACE))
}

fn indexed() -> Outcome {
    set_pattern();
    let (base, word) = big!("ldr {value:w}, [{address}], #4", AT, u64::MAX);
    expect("word", PATTERN.swap_bytes(), word)?;
    expect("base", AT + 4, base)?;
    let (base, _) = big!("strh {value:w}, [{address}, #-4]!", AT + 4, 0x3038);
    expect(
        "half word",
        PATTERN & 0xffff_0000 | 0x3830,
        gic::read(PLACE),
    )?;
    expect("base", AT, base)
}

fn pairs() -> Outcome {
    set_pattern();
    let (second, first) = big!("ldp {value:w}, {address:w}, [{address}]", AT, 0);
    expect("first", PATTERN.swap_bytes(), first)?;
    expect("second", NEXT.swap_bytes(), second)?;
    big!("stp {value:w}, wzr, [{address}]", AT, 0x1018_2028);
    expect("first word", 0x2820_1810_u32, gic::read(PLACE))?;
    expect("second word", 0_u32, gic::read(PLACE + 4))
}

/// A program of EL0.
static LOAD_AND_STORE: [u32; 4] = [
    0xb940_0020, // ldr w0, [x1]
    0x7940_0422, // ldrh w2, [x1, #2]
    0xb800_4c23, // str w3, [x1, #4]!
    0xd400_0001, // svc #0
];

/// EL0 has a bit of its own, which EL1 does not mind.
fn of_el0() -> Outcome {
    let sctlr = read_system!("sctlr_el1");
    for big in [true, false, true] {
        set_pattern();
        let mut program = Lower::new(LOAD_AND_STORE.as_ptr().addr() as u64, EL0);
        (program.x[1], program.x[3]) = (AT, 0x1018_2028);
        write_system!("sctlr_el1", if big { sctlr | E0E } else { sctlr });
        let end = program.run();
        let own = gic::read(PLACE);
        write_system!("sctlr_el1", sctlr);
        let turned = |value: u32| if big { value.swap_bytes() } else { value };
        expect("vector", FROM_AARCH64, end.vector)?;
        expect("word", turned(PATTERN), end.x[0])?;
        let half = if big {
            PATTERN.swap_bytes() & 0xffff
        } else {
            PATTERN >> 16
        };
        expect("half word", half, end.x[2])?;
        expect("base", AT + 4, end.x[1])?;
        expect("stored", turned(0x1018_2028), gic::read(PLACE + 4))?;
        expect("of EL1", PATTERN, own)?;
    }
    Ok(())
}

/// One instruction with both orders in turn.
#[inline(never)]
fn load_either(sctlr: u64) -> u64 {
    with_sctlr!("ldr {value:w}, [{address}]", sctlr, AT, u64::MAX).1
}

fn to_and_fro() -> Outcome {
    set_pattern();
    let sctlr = read_system!("sctlr_el1");
    for _ in 0..5 {
        expect("little-endian", PATTERN, load_either(sctlr))?;
        expect("big-endian", PATTERN.swap_bytes(), load_either(sctlr | EE))?;
    }
    Ok(())
}
