//! Stores to an emulated device: width, place inside the word, source register.

use bare_metal::check::{Check, Outcome, expect};
use bare_metal::gic::GICD;
use bare_metal::{gic, instruction, load, store};

use crate::loads::{PATTERN, PLACE};

pub(crate) const CHECKS: &[Check] = &[
    ("store-bytes", bytes),
    ("store-half-words", half_words),
    ("store-upper-bits-ignored", upper_bits_ignored),
    ("store-from-each-register", from_each_register),
    ("store-of-zero-register", of_zero_register),
    (
        "store-of-zero-after-load-to-zero",
        of_zero_after_load_to_zero,
    ),
    ("store-release", release),
];

const AT: u64 = GICD + PLACE;

fn bytes() -> Outcome {
    for offset in 0..4 {
        gic::write(PLACE, PATTERN);
        store!("strb {value:w}, [{address}]", AT + offset, 0x50);
        let shift = 8 * offset;
        let expected = PATTERN & !(0xff << shift) | 0x50 << shift;
        expect("word with one byte stored", expected, gic::read(PLACE))?;
    }
    Ok(())
}

fn half_words() -> Outcome {
    for offset in [0, 2] {
        gic::write(PLACE, PATTERN);
        store!("strh {value:w}, [{address}]", AT + offset, 0x5060);
        let shift = 8 * offset;
        let expected = PATTERN & !(0xffff << shift) | 0x5060 << shift;
        expect("word with one half word stored", expected, gic::read(PLACE))?;
    }
    Ok(())
}

fn upper_bits_ignored() -> Outcome {
    gic::write(PLACE, 0);
    store!("strb {value:w}, [{address}]", AT, !0x7f);
    expect("byte", 0x80_u32, gic::read(PLACE))?;
    gic::write(PLACE, 0);
    store!(
        "str {value:w}, [{address}]",
        AT,
        0xffff_ffff_0000_0000 | u64::from(PATTERN)
    );
    expect("word", PATTERN, gic::read(PLACE))
}

fn from_each_register() -> Outcome {
    let mut values = [0; 31];
    for (n, value) in values.iter_mut().enumerate() {
        *value = 0xdead_beef_0000_0000 | 0x0808_0808 * n as u64;
    }
    for (got, value) in instruction::store_from_each(AT, values).iter().zip(values) {
        expect("word", value as u32, *got as u32)?;
    }
    Ok(())
}

fn of_zero_register() -> Outcome {
    gic::write(PLACE, PATTERN);
    store!("strb wzr, [{address}, #1] // {value}", AT, 0);
    expect("strb wzr", PATTERN & !0xff00, gic::read(PLACE))?;
    gic::write(PLACE, PATTERN);
    store!("strh wzr, [{address}, #2] // {value}", AT, 0);
    expect("strh wzr", PATTERN & 0xffff, gic::read(PLACE))?;
    gic::write(PLACE, PATTERN);
    store!("str wzr, [{address}] // {value}", AT, 0);
    expect("str wzr", 0_u32, gic::read(PLACE))
}

/// A monitor that keeps a slot for register 31 would store what the load left there.
fn of_zero_after_load_to_zero() -> Outcome {
    gic::write(PLACE, PATTERN);
    let got = load!(
        "ldr wzr, [{address}]\nstr wzr, [{address}]\nldr {value:w}, [{address}]",
        AT
    );
    expect("word", 0_u32, got)?;
    gic::write(PLACE, PATTERN);
    let got = load!(
        "ldrsw xzr, [{address}]\nstrb wzr, [{address}]\nldr {value:w}, [{address}]",
        AT
    );
    expect("byte", PATTERN & !0xff, got)
}

fn release() -> Outcome {
    store!("stlr {value:w}, [{address}]", AT, u64::from(PATTERN));
    expect("stlr", PATTERN, gic::read(PLACE))?;
    store!("stlrb {value:w}, [{address}]", AT + 3, 0x10);
    expect(
        "stlrb",
        PATTERN & 0x00ff_ffff | 0x1000_0000,
        gic::read(PLACE),
    )
}
