//! What an exit leaves alone: every register that the instruction does not name, and the flags.

use bare_metal::check::{Check, Failure, Outcome, expect};
use bare_metal::exception::catch;
use bare_metal::firmware::function;
use bare_metal::gic;
use bare_metal::gic::GICD;
use bare_metal::instruction::execute_watched;

use crate::loads::{PATTERN, PLACE};

pub(crate) const CHECKS: &[Check] = &[
    ("kept-by-loads", loads),
    ("kept-by-loads-into-the-base", loads_into_the_base),
    ("kept-by-stores", stores),
    ("kept-by-indexed-forms", indexed_forms),
    ("kept-by-pair-loads", pair_loads),
    ("kept-by-pair-stores", pair_stores),
    ("kept-by-calls", calls),
];

const AT: u64 = GICD + PLACE;
const NEXT: u32 = 0x1020_3040;
/// Where NZCV lies behind X0 to X30.
const NZCV: usize = 31;

const LDR: u32 = 0xb940_0000;
const LDR_PRE_INDEX_4: u32 = 0xb840_4c00;
const LDR_POST_INDEX_4: u32 = 0xb840_4400;
const STR: u32 = 0xb900_0000;
const STR_POST_INDEX_4: u32 = 0xb800_4400;
const LDP: u32 = 0x2940_0000;
const LDP_POST_INDEX_8: u32 = 0x28c1_0000;
const STP: u32 = 0x2900_0000;
const STP_PRE_INDEX_8: u32 = 0x2981_0000;
const HVC: u32 = 0xd400_0002;
const SMC: u32 = 0xd400_0003;

/// Each register with a value of its own, and flags that depend on `seed`.
fn sentinels(seed: usize) -> [u64; 32] {
    let mut registers = [0; 32];
    for (n, register) in registers.iter_mut().enumerate() {
        *register = 0x1111_2222_3333_0000 + n as u64;
    }
    registers[NZCV] = (seed as u64 & 15) << 28;
    registers
}

/// A base register that is none of `n` and the next.
fn base_beside(n: usize) -> usize {
    (n + 13) % 31
}

fn fields(base: usize, first: usize, second: usize) -> u32 {
    (second << 10 | base << 5 | first) as u32
}

/// Executes with the pattern in place, and expects what `change` makes of the registers, or an
/// exception and nothing changed. Was it done?
fn run(
    encoding: u32,
    before: [u64; 32],
    change: impl FnOnce(&mut [u64; 32]),
) -> Result<bool, Failure> {
    gic::write(PLACE, PATTERN);
    gic::write(PLACE + 4, NEXT);
    let (after, caught) = catch(|| execute_watched(encoding, before));
    let mut expected = before;
    if caught.is_none() {
        change(&mut expected);
    }
    for (expected, after) in expected.into_iter().zip(after) {
        expect("a register", expected, after)?;
    }
    Ok(caught.is_none())
}

fn loads() -> Outcome {
    for n in 0..31 {
        let base = base_beside(n);
        let mut before = sentinels(n);
        before[base] = AT;
        let done = run(LDR | fields(base, n, 0), before, |x| x[n] = PATTERN.into())?;
        expect("done", true, done)?;
    }
    Ok(())
}

fn loads_into_the_base() -> Outcome {
    for n in 0..31 {
        let mut before = sentinels(n);
        before[n] = AT;
        let done = run(LDR | fields(n, n, 0), before, |x| x[n] = PATTERN.into())?;
        expect("done", true, done)?;
        before[n] = AT;
        let second = (n + 1) % 31;
        run(LDP | fields(n, n, second), before, |x| {
            (x[n], x[second]) = (PATTERN.into(), NEXT.into());
        })?;
    }
    Ok(())
}

fn stores() -> Outcome {
    for n in 0..31 {
        let base = base_beside(n);
        let mut before = sentinels(n);
        before[base] = AT;
        before[n] = !0xffff_ffff | 0x0808_0808 * n as u64;
        let done = run(STR | fields(base, n, 0), before, |_| {})?;
        expect("done", true, done)?;
        expect("stored", before[n] as u32, gic::read(PLACE))?;
    }
    Ok(())
}

fn indexed_forms() -> Outcome {
    for n in 0..31 {
        let base = base_beside(n);
        let mut before = sentinels(n);
        before[base] = AT - 4;
        run(LDR_PRE_INDEX_4 | fields(base, n, 0), before, |x| {
            (x[n], x[base]) = (PATTERN.into(), AT);
        })?;
        before[base] = AT;
        run(LDR_POST_INDEX_4 | fields(base, n, 0), before, |x| {
            (x[n], x[base]) = (PATTERN.into(), AT + 4);
        })?;
        before[n] = 0x40;
        if run(STR_POST_INDEX_4 | fields(base, n, 0), before, |x| {
            x[base] = AT + 4;
        })? {
            expect("stored", 0x40_u32, gic::read(PLACE))?;
        }
    }
    Ok(())
}

fn pair_loads() -> Outcome {
    for first in 0..31 {
        let (second, base) = ((first + 1) % 31, base_beside(first));
        let mut before = sentinels(first);
        before[base] = AT;
        for (encoding, moved) in [(LDP, AT), (LDP_POST_INDEX_8, AT + 8)] {
            run(encoding | fields(base, first, second), before, |x| {
                (x[first], x[second], x[base]) = (PATTERN.into(), NEXT.into(), moved);
            })?;
        }
    }
    Ok(())
}

fn pair_stores() -> Outcome {
    for first in 0..31 {
        let (second, base) = ((first + 1) % 31, base_beside(first));
        let mut before = sentinels(first);
        (before[first], before[second]) = (0x10, 0x20);
        for (encoding, from, moved) in [(STP, AT, AT), (STP_PRE_INDEX_8, AT - 8, AT)] {
            before[base] = from;
            if run(encoding | fields(base, first, second), before, |x| {
                x[base] = moved;
            })? {
                expect("first", 0x10_u32, gic::read(PLACE))?;
                expect("second", 0x20_u32, gic::read(PLACE + 4))?;
            }
        }
    }
    Ok(())
}

/// A call answers in X0 and keeps all else, whether the registers came with it or not.
fn calls() -> Outcome {
    for (seed, encoding) in [HVC, SMC].into_iter().enumerate() {
        for id in [function::VERSION, 0x8400_00ff] {
            let mut before = sentinels(5 + 5 * seed);
            before[0] = id;
            let (after, _) = catch(|| execute_watched(encoding, before));
            before[0] = after[0];
            for (before, after) in before.into_iter().zip(after) {
                expect("a register", before, after)?;
            }
        }
    }
    Ok(())
}
