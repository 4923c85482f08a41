//! Accesses that come without a syndrome: they work as written, or abort and change nothing.
//!
//! The architecture lets a device refuse such an access. A monitor may carry it
//! out or inject an abort; it may not hang, skip it, or do half of it.

use bare_metal::check::{Check, Outcome, expect};
use bare_metal::exception::{Caught, DATA_ABORT, catch};
use bare_metal::gic::GICD;
use bare_metal::{gic, load, load_pair, store, store_pair};

use crate::loads::{PATTERN, PLACE};

pub(crate) const CHECKS: &[Check] = &[
    ("form-unscaled", unscaled),
    ("form-pre-index", pre_index),
    ("form-post-index", post_index),
    ("form-pair-load", pair_load),
    ("form-pair-store", pair_store),
    ("form-64-bit", double_word),
    ("form-exclusive", exclusive),
    ("form-unaligned", unaligned),
    ("form-simd-load", simd_load),
    ("form-simd-store", simd_store),
    ("form-cache-maintenance", cache_maintenance),
];

const AT: u64 = GICD + PLACE;
const NEXT: u32 = 0x1020_3040;

fn set_pattern() {
    gic::write(PLACE, PATTERN);
    gic::write(PLACE + 4, NEXT);
}

/// ISS.FnV: FAR does not hold the address.
const FAR_NOT_VALID: u64 = 1 << 10;

/// An exception here must be a data abort; where FAR is valid, it holds the address, give or take
/// the access's size.
fn is_abort(caught: Caught) -> Outcome {
    expect("exception class", DATA_ABORT, caught.class())?;
    if caught.esr & FAR_NOT_VALID != 0 {
        return Ok(());
    }
    expect("FAR near the word", AT & !0x1f, caught.far & !0x1f)
}

/// `ldur` and `stur` have a syndrome: they must work.
fn unscaled() -> Outcome {
    set_pattern();
    expect(
        "ldur",
        PATTERN,
        load!("ldur {value:w}, [{address}, #-3]", AT + 3),
    )?;
    store!("stur {value:w}, [{address}, #-1]", AT + 1, u64::from(NEXT));
    expect("stur", NEXT, gic::read(PLACE))
}

fn pre_index() -> Outcome {
    set_pattern();
    let ((value, _, base), caught) =
        catch(|| load_pair!("ldr {first:w}, [{address}, #4]! // {second}", AT - 4));
    match caught {
        None => {
            expect("loaded", PATTERN, value)?;
            expect("base after the load", AT, base)?;
        }
        Some(caught) => {
            is_abort(caught)?;
            expect("register after an abort", u64::MAX, value)?;
            expect("base after an abort", AT - 4, base)?;
        }
    }
    let (base, caught) = catch(|| {
        store_pair!(
            "str {first:w}, [{address}, #-8]! // {second}",
            AT + 8,
            u64::from(NEXT),
            0
        )
    });
    stored(base, caught, AT, AT + 8, NEXT)
}

fn post_index() -> Outcome {
    set_pattern();
    let ((value, _, base), caught) =
        catch(|| load_pair!("ldrb {first:w}, [{address}], #1 // {second}", AT));
    match caught {
        None => {
            expect("loaded", PATTERN & 0xff, value)?;
            expect("base after the load", AT + 1, base)?;
        }
        Some(caught) => {
            is_abort(caught)?;
            expect("register after an abort", u64::MAX, value)?;
            expect("base after an abort", AT, base)?;
        }
    }
    let (base, caught) = catch(|| {
        store_pair!(
            "str {first:w}, [{address}], #16 // {second}",
            AT,
            u64::from(NEXT),
            0
        )
    });
    stored(base, caught, AT + 16, AT, NEXT)
}

/// After a store with writeback: done and the base moved, or an abort and neither.
fn stored(base: u64, caught: Option<Caught>, moved: u64, unmoved: u64, value: u32) -> Outcome {
    if let Some(caught) = caught {
        is_abort(caught)?;
        expect("base after an abort", unmoved, base)?;
        expect("word after an abort", PATTERN, gic::read(PLACE))
    } else {
        expect("base after the store", moved, base)?;
        expect("stored", value, gic::read(PLACE))
    }
}

fn pair_load() -> Outcome {
    set_pattern();
    let ((first, second, _), caught) =
        catch(|| load_pair!("ldp {first:w}, {second:w}, [{address}]", AT));
    if let Some(caught) = caught {
        return is_abort(caught);
    }
    expect("first", PATTERN, first)?;
    expect("second", NEXT, second)
}

fn pair_store() -> Outcome {
    set_pattern();
    let (_, caught) =
        catch(|| store_pair!("stp {first:w}, {second:w}, [{address}]", AT, 0x10, 0x20));
    if let Some(caught) = caught {
        is_abort(caught)?;
        return expect("first word after an abort", PATTERN, gic::read(PLACE));
    }
    expect("first", 0x10_u32, gic::read(PLACE))?;
    expect("second", 0x20_u32, gic::read(PLACE + 4))
}

/// The distributor has no 64-bit registers; both halves or an abort.
fn double_word() -> Outcome {
    set_pattern();
    let (value, caught) = catch(|| load!("ldr {value}, [{address}]", AT));
    match caught {
        None => expect("ldr x", u64::from(NEXT) << 32 | u64::from(PATTERN), value)?,
        Some(caught) => is_abort(caught)?,
    }
    let (_, caught) = catch(|| store!("str {value}, [{address}]", AT, 0x5060_7080_0010_2030));
    match caught {
        None => {
            expect("low half", 0x0010_2030_u32, gic::read(PLACE))?;
            expect("high half", 0x5060_7080_u32, gic::read(PLACE + 4))
        }
        Some(caught) => is_abort(caught),
    }
}

/// Store exclusive may also report that it lost, with 1 in its status register.
fn exclusive() -> Outcome {
    set_pattern();
    let ((value, status, _), caught) = catch(|| {
        load_pair!(
            "ldxr {first:w}, [{address}]\nstxr {second:w}, wzr, [{address}]",
            AT
        )
    });
    if let Some(caught) = caught {
        return is_abort(caught);
    }
    expect("ldxr", PATTERN, value)?;
    let stored = if status == 0 { 0 } else { PATTERN };
    expect("word after stxr", stored, gic::read(PLACE))
}

/// With the MMU off all memory is Device memory, where an unaligned access may fault.
fn unaligned() -> Outcome {
    set_pattern();
    let (value, caught) = catch(|| load!("ldrh {value:w}, [{address}, #1]", AT));
    match caught {
        None => expect("ldrh", PATTERN >> 8 & 0xffff, value)?,
        Some(caught) => is_abort(caught)?,
    }
    let (value, caught) = catch(|| load!("ldr {value:w}, [{address}, #2]", AT));
    match caught {
        None => expect("ldr", PATTERN >> 16 | NEXT << 16, value),
        Some(caught) => is_abort(caught),
    }
}

fn simd_load() -> Outcome {
    set_pattern();
    let (value, caught) = catch(|| {
        load!(
            ".arch_extension fp\n.arch_extension simd\nmovi v0.16b, #0\nldr q0, [{address}]\nmov {value}, v0.d[0]",
            AT & !0xf
        )
    });
    if let Some(caught) = caught {
        return is_abort(caught);
    }
    let expected =
        u64::from(gic::read((PLACE & !0xf) + 4)) << 32 | u64::from(gic::read(PLACE & !0xf));
    expect("q0", expected, value)
}

fn simd_store() -> Outcome {
    set_pattern();
    let (_, caught) = catch(|| {
        store!(
            ".arch_extension fp\n.arch_extension simd\nfmov d0, {value}\nstr s0, [{address}]",
            AT,
            u64::from(NEXT)
        )
    });
    if let Some(caught) = caught {
        return is_abort(caught);
    }
    expect("word", NEXT, gic::read(PLACE))
}

/// Cache maintenance by address on a device: done as nothing, or an abort; the register stays.
fn cache_maintenance() -> Outcome {
    set_pattern();
    let ((), caught) = catch(|| {
        store!(
            "dc civac, {address}\ndc cvac, {address}\nic ivau, {address} // {value}",
            AT,
            0
        );
    });
    if let Some(caught) = caught {
        is_abort(caught)?;
    }
    expect("word", PATTERN, gic::read(PLACE))
}
