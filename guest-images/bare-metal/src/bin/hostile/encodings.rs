//! Instructions by their encoding: every way to reach a device, every system register.

use bare_metal::check::{Check, Outcome};
use bare_metal::exception::catch;
use bare_metal::gic::GICD;
use bare_metal::instruction::execute;

use crate::random::Random;
use crate::still_works;

pub(crate) const CHECKS: &[Check] = &[
    ("hostile-load-store-encodings", load_store),
    ("hostile-load-store-on-nothing", load_store_on_nothing),
    ("hostile-system-register-reads", || system_registers(3)),
    ("hostile-debug-register-reads", || system_registers(2)),
];

/// A load or store of one of the encoding's families, based on x1, into and from x4 to x17.
fn random_load_store(random: &mut Random) -> u32 {
    let mut register = || 4 + random.below(14);
    let (rt, rt2, rs) = (register(), register(), register());
    let (size, vector, opc) = (random.below(4), random.below(2), random.below(4));
    let base = 1 << 5;
    match random.below(6) {
        // Unsigned offset.
        0 => {
            size << 30
                | 0b111 << 27
                | vector << 26
                | 1 << 24
                | opc << 22
                | random.below(0x200) << 10
                | base
                | rt
        }
        // Unscaled, post-index, unprivileged, pre-index.
        1 => {
            size << 30
                | 0b111 << 27
                | vector << 26
                | opc << 22
                | random.below(0x200) << 12
                | random.below(4) << 10
                | base
                | rt
        }
        // Register offset, by x3.
        2 => {
            size << 30
                | 0b111 << 27
                | vector << 26
                | opc << 22
                | 1 << 21
                | 3 << 16
                | 0b011 << 13
                | 0b10 << 10
                | base
                | rt
        }
        // Pairs: no-allocate, post-index, offset, pre-index.
        3 => {
            random.below(3) << 30
                | 0b101 << 27
                | vector << 26
                | random.below(8) << 22
                | random.below(0x80) << 15
                | rt2 << 10
                | base
                | rt
        }
        // Exclusive, ordered, compare and swap.
        4 => {
            size << 30
                | 0b001000 << 24
                | random.below(8) << 21
                | rs << 16
                | random.below(2) << 15
                | rt2 << 10
                | base
                | rt
        }
        // SIMD structures, with and without post-index.
        _ => {
            random.below(2) << 30
                | 0b001_1000 << 23
                | random.below(2) << 22
                | random.below(16) << 12
                | size << 10
                | base
                | rt
        }
    }
}

fn many_load_stores(seed: u64, address: u64) {
    let mut random = Random::new(seed);
    let ((), _) = catch(|| {
        for _ in 0..3000 {
            execute(
                random_load_store(&mut random),
                address + u64::from(random.below(0x100)),
            );
        }
    });
}

fn load_store() -> Outcome {
    many_load_stores(5, GICD + 0x400);
    many_load_stores(6, GICD + 0xf80);
    still_works()
}

fn load_store_on_nothing() -> Outcome {
    many_load_stores(7, 0x0b00_0800);
    still_works()
}

/// `mrs x4, ...` of every encoding: a value or an undefined instruction.
fn system_registers(op0: u32) -> Outcome {
    let ((), _) = catch(|| {
        for register in 0..0x4000 {
            execute(
                0xd530_0004 & !(1 << 19) | (op0 - 2) << 19 | register << 5,
                0,
            );
        }
    });
    still_works()
}
