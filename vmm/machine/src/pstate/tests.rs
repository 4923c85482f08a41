use super::*;
use crate::model_vcpu::ModelVcpu;

const THUMB_USER: u64 = 1 << 5 | 1 << 4;

/// With ITSTATE in bits 15:10 (its upper six) and 26:25.
fn in_block(it: u64) -> Pstate {
    Pstate::from_bits((it >> 2) << 10 | (it & 3) << 25 | THUMB_USER)
}

/// Mask and condition after each instruction of blocks of one to four.
#[test]
fn an_it_block_ends_after_its_last_instruction() {
    for steps in [
        &[0x00, 0x00][..],
        &[0x08, 0x00],
        &[0x1c, 0x18, 0x00],
        &[0xaa, 0xb4, 0xa8, 0x00],
        &[0x1f, 0x1e, 0x1c, 0x18, 0x00],
    ] {
        for pair in steps.windows(2) {
            let after = in_block(pair[0]).after_instruction();
            assert_eq!(after, in_block(pair[1]), "{pair:x?}");
        }
    }
}

#[test]
fn the_condition_of_a_block_comes_from_itstate() {
    for (it, condition) in [
        (0x00, 0xe),
        (0x08, 0x0),
        (0x18, 0x1),
        (0xa4, 0xa),
        (0xb8, 0xb),
    ] {
        assert_eq!(in_block(it).thumb_condition(), condition, "{it:#x}");
    }
}

/// Flags N, Z, C, V in bits 3 to 0, and the conditions that hold with them.
#[test]
fn conditions_hold_as_the_flags_say() {
    for (nzcv, holding) in [
        (0b0000_u64, [1, 3, 5, 7, 9, 0xa, 0xc]),
        (0b0100, [0, 3, 5, 7, 9, 0xa, 0xd]),
        (0b0010, [1, 2, 5, 7, 8, 0xa, 0xc]),
        (0b1000, [1, 3, 4, 7, 9, 0xb, 0xd]),
        (0b0001, [1, 3, 5, 6, 9, 0xb, 0xd]),
        (0b1001, [1, 3, 4, 6, 9, 0xa, 0xc]),
        (0b0110, [0, 2, 5, 7, 9, 0xa, 0xd]),
    ] {
        let pstate = Pstate::from_bits(nzcv << 28 | 0x10);
        for condition in 0..14 {
            let expected = holding.contains(&condition);
            assert_eq!(
                pstate.holds(condition),
                expected,
                "{nzcv:04b} {condition:x}"
            );
        }
        assert!(pstate.holds(14) && pstate.holds(15));
    }
}

#[test]
fn the_end_of_an_instruction_ends_a_step_and_clears_btype() {
    for (before, after) in [
        (0x3c5 | 1 << 21 | 3 << 10, 0x3c5),
        (0x3c5 | 1 << 21, 0x3c5),
        (0x3c0 | 1 << 10, 0x3c0),
        (0x1f0 | 1 << 21, 0x1f0),
        (0xf040_03c5 | 1 << 12, 0xf040_03c5 | 1 << 12),
    ] {
        let mut vcpu = ModelVcpu::at_el1(0x1000);
        vcpu.pstate = before;
        advance(&mut vcpu, 2);
        assert_eq!((vcpu.pstate, vcpu.pc), (after, 0x1002), "{before:#x}");
    }
}

#[test]
fn data_is_big_endian_where_its_own_bit_says() {
    const EE: u64 = 1 << 25;
    const E0E: u64 = 1 << 24;
    const E: u64 = 1 << 9;
    for (pstate, sctlr, expected) in [
        (0x3c5, 0, false),
        (0x3c5, EE, true),
        (0x3c4, EE, true),
        (0x3c5, E0E, false),
        (0x3c0, EE, false),
        (0x3c0, E0E, true),
        (0x1d0, EE | E0E, false),
        (0x1f0, EE | E0E, false),
        (0x1d0 | E, 0, true),
    ] {
        let pstate = Pstate::from_bits(pstate);
        assert_eq!(
            pstate.is_big_endian(sctlr),
            expected,
            "{pstate:?} {sctlr:#x}"
        );
    }
    assert!(Pstate::is_little_endian_throughout(!(EE | E0E)));
    assert!(!Pstate::is_little_endian_throughout(EE));
    assert!(!Pstate::is_little_endian_throughout(E0E));
}
