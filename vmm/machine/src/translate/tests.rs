use std::collections::BTreeMap;

use proptest::prelude::*;

use super::*;

/// Sparse guest memory.
#[derive(Default)]
struct Memory(BTreeMap<u64, u64>);

impl ReadGuest for Memory {
    fn read_u64(&self, address: Gpa) -> Option<u64> {
        self.0.get(&address.0).copied()
    }

    fn read_u32(&self, address: Gpa) -> Option<u32> {
        let double = self.0.get(&(address.0 & !7))?;
        Some((double >> ((address.0 & 4) * 8)) as u32)
    }
}

const READ: Access = Access::Data {
    privileged: true,
    pan: false,
    write: false,
};
const WRITE: Access = Access::Data {
    privileged: true,
    pan: false,
    write: true,
};
const USER: Access = Access::Data {
    privileged: false,
    pan: false,
    write: false,
};

const AF: u64 = 1 << 10;
const AP_USER: u64 = 1 << 6;
const AP_READ_ONLY: u64 = 1 << 7;
const TABLE: u64 = 3;
const PAGE: u64 = 3 | AF;
const BLOCK: u64 = 1 | AF;

/// MMU on, little endian; TTBR0 at 0x1000 and TTBR1 at 0x10_0000.
fn stage1(tcr: u64) -> Stage1 {
    Stage1 {
        sctlr: 1,
        tcr: TranslationControl::from_bits(tcr),
        ttbr0: 0x0001_0000_0000_1000 | 1,
        ttbr1: 0x10_0000,
    }
}

/// T0SZ and T1SZ for `bits` of address.
fn sizes(bits: u64) -> u64 {
    (64 - bits) | (64 - bits) << 16
}

/// 52 bits of address with the smaller granules (LPA2).
const DS: u64 = 1 << 59;
const TG_4K: u64 = 2 << 30;
const TG_16K: u64 = 2 << 14 | 1 << 30;
const TG_64K: u64 = 1 << 14 | 3 << 30;

/// Four levels of 4 KiB for one address; returns the memory and the address.
fn four_levels(leaf: u64) -> (Memory, u64) {
    let address = 0x0000_8123_4567_8abc & 0x0000_7fff_ffff_ffff;
    let index = |shift: u32| (address >> shift & 0x1ff) * 8;
    let memory = Memory(BTreeMap::from([
        (0x1000 + index(39), 0x2000 | TABLE),
        (0x2000 + index(30), 0x3000 | TABLE),
        (0x3000 + index(21), 0x4000 | TABLE),
        (0x4000 + index(12), leaf),
    ]));
    (memory, address)
}

#[test]
fn with_the_mmu_off_addresses_stand_for_themselves() {
    let mut off = stage1(1 << 37);
    off.sctlr = 0;
    let nothing = Memory::default();
    assert_eq!(
        off.translate(&nothing, 0x4008_0000, READ),
        Ok(Gpa(0x4008_0000))
    );
    assert_eq!(
        off.translate(&nothing, 0x5500_0000_4008_0000, READ),
        Ok(Gpa(0x4008_0000)),
        "TBI0"
    );
    let fault = Err(FaultStatus::address_size(WalkLevel::ZERO));
    for address in [1 << 48, 1 << 51, 1 << 55] {
        assert_eq!(off.translate(&nothing, address, READ), fault);
    }
    off.tcr = TranslationControl::new();
    assert_eq!(
        off.translate(&nothing, 0x5500_0000_4008_0000, READ),
        Err(FaultStatus::address_size(WalkLevel::ZERO))
    );
}

#[test]
fn four_levels_of_4k_end_at_a_page() {
    let (memory, address) = four_levels(0x0900_0000 | PAGE);
    let stage1 = stage1(sizes(48) | TG_4K);
    assert_eq!(
        stage1.translate(&memory, address, READ),
        Ok(Gpa(0x0900_0abc))
    );
    let hole = stage1.translate(&memory, address ^ 0x1000, READ);
    assert_eq!(
        hole,
        Err(FaultStatus::external_on_walk(WalkLevel::LAST)),
        "the model has no RAM for that entry"
    );
}

#[test]
fn each_granule_splits_the_address_as_the_manual_says() {
    // (TCR, address bits, entries as (address, value)), for one address of TTBR1.
    for (tcr, address, expected, entries) in [
        // 39 bits of 4 KiB: levels 1, 2 and 3.
        (
            sizes(39) | TG_4K,
            0xffff_ff80_4020_3abc,
            0x7000_0abc,
            std::vec![
                (0x10_0000 + 8, 0x2000 | TABLE),
                (0x2000 + 8, 0x3000 | TABLE),
                (0x3000 + 3 * 8, 0x7000_0000 | PAGE),
            ],
        ),
        // 47 bits of 16 KiB: levels 1, 2 and 3 of 11 bits each.
        (
            sizes(47) | TG_16K,
            0xffff_8000_0000_0000 | 5 << 36 | 6 << 25 | 7 << 14 | 0x2abc,
            0x7000_2abc,
            std::vec![
                (0x10_0000 + 5 * 8, 0x8000 | TABLE),
                (0x8000 + 6 * 8, 0xc000 | TABLE),
                (0xc000 + 7 * 8, 0x7000_0000 | PAGE),
            ],
        ),
        // 48 bits of 64 KiB: level 1 of 6 bits, levels 2 and 3 of 13.
        (
            sizes(48) | TG_64K,
            0xffff_0000_0000_0000 | 5 << 42 | 6 << 29 | 7 << 16 | 0xfabc,
            0x7000_fabc,
            std::vec![
                (0x10_0000 + 5 * 8, 0x2_0000 | TABLE),
                (0x2_0000 + 6 * 8, 0x3_0000 | TABLE),
                (0x3_0000 + 7 * 8, 0x7000_0000 | PAGE),
            ],
        ),
        // 52 bits of 4 KiB (LPA2) begin at level -1.
        (
            sizes(52) | TG_4K | DS,
            0xfff0_0000_0000_0000 | 9 << 48 | 0xabc,
            0x7000_0abc,
            std::vec![
                (0x10_0000 + 9 * 8, 0x2000 | TABLE),
                (0x2000, 0x3000 | TABLE),
                (0x3000, 0x4000 | TABLE),
                (0x4000, 0x5000 | TABLE),
                (0x5000, 0x7000_0000 | PAGE),
            ],
        ),
    ] {
        let memory = Memory(entries.into_iter().collect());
        let found = stage1(tcr).translate(&memory, address, READ);
        assert_eq!(found, Ok(Gpa(expected)), "{address:#x}");
    }
}

#[test]
fn blocks_keep_the_address_bits_below_them() {
    for (tcr, address, expected, entry) in [
        (
            sizes(39) | TG_4K,
            0x0012_3456,
            0x8012_3456,
            (0x1000, 0x8000_0000 | BLOCK),
        ),
        (
            sizes(30) | TG_4K,
            0x0032_3456,
            0x8012_3456,
            (0x1008, 0x8000_0000 | BLOCK),
        ),
        (
            sizes(32) | TG_16K,
            0x0123_4567,
            0x8123_4567,
            (0x1000, 0x8000_0000 | BLOCK),
        ),
        (
            sizes(36) | TG_64K,
            0x1234_5678,
            0x9234_5678,
            (0x1000, 0x8000_0000 | BLOCK),
        ),
    ] {
        let memory = Memory(BTreeMap::from([entry]));
        assert_eq!(
            stage1(tcr).translate(&memory, address, READ),
            Ok(Gpa(expected))
        );
    }
}

#[test]
fn blocks_where_none_can_be_are_faults() {
    let level0 = Memory(BTreeMap::from([(0x1000, 0x8000_0000 | BLOCK)]));
    assert_eq!(
        stage1(sizes(48) | TG_4K).translate(&level0, 0, READ),
        Err(FaultStatus::translation(WalkLevel::ZERO))
    );
    assert_eq!(
        stage1(sizes(48) | TG_64K).translate(&level0, 0, READ),
        Err(FaultStatus::translation(WalkLevel::above_last(2)))
    );
    let (memory, address) = four_levels(0x0900_0000 | BLOCK);
    assert_eq!(
        stage1(sizes(48) | TG_4K).translate(&memory, address, READ),
        Err(FaultStatus::translation(WalkLevel::LAST)),
        "no block at the last level"
    );
}

#[test]
fn addresses_outside_the_tables_are_faults() {
    let fault = Err(FaultStatus::translation(WalkLevel::ZERO));
    let (memory, address) = four_levels(0x0900_0000 | PAGE);
    let plain = stage1(sizes(48) | TG_4K);
    assert_eq!(plain.translate(&memory, address | 1 << 48, READ), fault);
    assert_eq!(plain.translate(&memory, address | 0xaa << 56, READ), fault);
    let tagged = stage1(sizes(48) | TG_4K | 1 << 37);
    assert_eq!(
        tagged.translate(&memory, address | 0xaa << 56, READ),
        Ok(Gpa(0x0900_0abc)),
        "TBI0"
    );
    let disabled = stage1(sizes(48) | TG_4K | 1 << 7);
    assert_eq!(disabled.translate(&memory, address, READ), fault, "EPD0");
    assert_eq!(plain.translate(&Memory::default(), 1 << 55, READ), fault);
}

#[test]
fn permissions_are_those_of_leaf_and_tables() {
    let stage1 = stage1(sizes(48) | TG_4K);
    let denied = Err(FaultStatus::permission(WalkLevel::LAST));
    let kernel = four_levels(0x0900_0000 | PAGE);
    assert_eq!(stage1.translate(&kernel.0, kernel.1, USER), denied);
    assert!(stage1.translate(&kernel.0, kernel.1, WRITE).is_ok());
    let read_only = four_levels(0x0900_0000 | PAGE | AP_READ_ONLY);
    assert_eq!(stage1.translate(&read_only.0, read_only.1, WRITE), denied);
    assert!(stage1.translate(&read_only.0, read_only.1, READ).is_ok());
    let (memory, address) = four_levels(0x0900_0000 | PAGE | AP_USER);
    assert!(stage1.translate(&memory, address, USER).is_ok());
    let pan = Access::Data {
        privileged: true,
        pan: true,
        write: false,
    };
    assert_eq!(stage1.translate(&memory, address, pan), denied);
    assert!(stage1.translate(&memory, address, Access::Fetch).is_ok());
}

#[test]
fn tables_take_rights_away_unless_told_not_to() {
    const NO_USER: u64 = 1 << 61;
    const READ_ONLY: u64 = 1 << 62;
    for (limit, access) in [(NO_USER, USER), (READ_ONLY, WRITE)] {
        let (mut memory, address) = four_levels(0x0900_0000 | PAGE | AP_USER);
        for value in memory
            .0
            .values_mut()
            .filter(|value| **value == 0x3000 | TABLE)
        {
            *value |= limit;
        }
        let denied = Err(FaultStatus::permission(WalkLevel::LAST));
        let tcr = sizes(48) | TG_4K;
        assert_eq!(stage1(tcr).translate(&memory, address, access), denied);
        let hierarchy_off = stage1(tcr | 1 << 41);
        assert!(hierarchy_off.translate(&memory, address, access).is_ok());
    }
}

#[test]
fn the_access_flag_and_dirty_state_may_be_the_hardwares() {
    const HA: u64 = 1 << 39;
    const HD: u64 = 1 << 40;
    const DBM: u64 = 1 << 51;
    let tcr = sizes(48) | TG_4K;
    let (memory, address) = four_levels(0x0900_0000 | 3);
    assert_eq!(
        stage1(tcr).translate(&memory, address, READ),
        Err(FaultStatus::access_flag(WalkLevel::LAST))
    );
    assert!(stage1(tcr | HA).translate(&memory, address, READ).is_ok());
    let (memory, address) = four_levels(0x0900_0000 | PAGE | AP_READ_ONLY | DBM);
    let (clean, _) = four_levels(0x0900_0000 | PAGE | AP_READ_ONLY);
    let managed = stage1(tcr | HA | HD).translate(&clean, address, WRITE);
    assert!(managed.is_err(), "not to be made dirty");
    for without in [tcr, tcr | HA, tcr | HD] {
        assert!(stage1(without).translate(&memory, address, WRITE).is_err());
    }
    assert!(
        stage1(tcr | HA | HD)
            .translate(&memory, address, WRITE)
            .is_ok()
    );
}

#[test]
fn tables_outside_ram_abort_at_their_level() {
    let stage1 = stage1(sizes(48) | TG_4K);
    let (mut memory, address) = four_levels(0x0900_0000 | PAGE);
    let level2 = *memory
        .0
        .iter()
        .find(|entry| *entry.1 == 0x4000 | TABLE)
        .unwrap()
        .0;
    memory.0.remove(&level2);
    assert_eq!(
        stage1.translate(&memory, address, READ),
        Err(FaultStatus::external_on_walk(WalkLevel::above_last(1)))
    );
}

#[test]
fn big_endian_tables_are_turned() {
    let (mut memory, address) = four_levels(0x0900_0000 | PAGE);
    for value in memory.0.values_mut() {
        *value = value.swap_bytes();
    }
    let mut big = stage1(sizes(48) | TG_4K);
    big.sctlr |= 1 << 25;
    assert_eq!(big.translate(&memory, address, READ), Ok(Gpa(0x0900_0abc)));
}

#[test]
fn an_instruction_is_fetched_through_the_tables() {
    let (mut memory, address) = four_levels(0x4008_0000 | PAGE);
    memory.0.insert(0x4008_0ab8, 0xa940_0001_d503_201f);
    let stage1 = stage1(sizes(48) | TG_4K);
    assert_eq!(stage1.fetch(&memory, address), Ok(0xa940_0001));
    assert_eq!(stage1.fetch(&memory, address - 4), Ok(0xd503_201f));
    assert_eq!(
        stage1.fetch(&memory, address + 4),
        Err(FaultStatus::EXTERNAL)
    );
}

/// One address in each half, its table and a page for it: three levels of 4 KiB.
const LOW: u64 = 0x0000_0000_4020_3abc;
const HIGH: u64 = 0xffff_ff80_4020_3abc;

fn both_halves(leaf: u64, table: u64) -> Memory {
    let mut entries = std::vec![
        (0x2000 + 8, 0x3000 | TABLE),
        (0x3000 + 3 * 8, 0x7000_0000 | leaf),
    ];
    for root in [0x1000, 0x10_0000] {
        entries.push((root + 8, 0x2000 | TABLE | table));
    }
    Memory(entries.into_iter().collect())
}

/// Each flag of TCR_EL1 that a half has of its own changes that half alone.
#[test]
fn the_flags_of_one_half_leave_the_other_alone() {
    const NO_USER: u64 = 1 << 61;
    const READ_ONLY: u64 = 1 << 62;
    const TAG: u64 = 0xaa << 56;
    let flag = |tcr: u64, address: u64, table: u64, access: Access| {
        let memory = both_halves(PAGE | AP_USER, table);
        stage1(sizes(39) | TG_4K | tcr).translate(&memory, address, access)
    };
    let found = Ok(Gpa(0x7000_0abc));
    let unmapped = Err(FaultStatus::translation(WalkLevel::ZERO));
    let denied = Err(FaultStatus::permission(WalkLevel::LAST));
    for (bits, name, address, table, access, clear, set) in [
        ([7, 23], "EPD", 0, 0, READ, found, unmapped),
        ([37, 38], "TBI", TAG, 0, READ, unmapped, found),
        ([41, 42], "HPD", 0, NO_USER, USER, denied, found),
        ([41, 42], "HPD", 0, READ_ONLY, WRITE, denied, found),
        ([55, 56], "E0PD", 0, 0, USER, found, unmapped),
        ([55, 56], "E0PD", 0, 0, READ, found, found),
    ] {
        for (half, base) in [(0, LOW), (1, HIGH)] {
            // The tag replaces the top byte, which is all zeroes or ones.
            let at = if address == TAG {
                base & (u64::MAX >> 8) | TAG
            } else {
                base
            };
            let (own, other) = (1 << bits[half], 1 << bits[1 - half]);
            assert_eq!(flag(0, at, table, access), clear, "{name}{half} clear");
            assert_eq!(flag(own, at, table, access), set, "{name}{half}");
            assert_eq!(flag(other, at, table, access), clear, "the other {name}");
            assert_eq!(flag(own | other, at, table, access), set, "both {name}");
        }
    }
}

/// Sizes and granules of the halves, each different from the other's.
#[test]
fn the_shape_of_one_half_leaves_the_other_alone() {
    let low = 0x2_3456; // 64 KiB, 36 bits: level 2 of 7 bits, level 3
    let high = 0xffff_8000_0001_6abc; // 16 KiB, 47 bits
    let tcr = (64 - 36) | (64 - 47) << 16 | 1 << 14 | 1 << 30;
    let memory = Memory(BTreeMap::from([
        (0x1000, 0x2_0000 | TABLE),
        (0x2_0000 + 2 * 8, 0x7000_0000 | PAGE),
        (0x10_0000, 0x8000 | TABLE),
        (0x8000, 0xc000 | TABLE),
        (0xc000 + 5 * 8, 0x6000_0000 | PAGE),
    ]));
    let stage1 = stage1(tcr);
    assert_eq!(stage1.translate(&memory, low, READ), Ok(Gpa(0x7000_3456)));
    assert_eq!(stage1.translate(&memory, high, READ), Ok(Gpa(0x6000_2abc)));
    let beyond = Err(FaultStatus::translation(WalkLevel::ZERO));
    assert_eq!(stage1.translate(&memory, 1 << 36, READ), beyond, "T0SZ");
    let above = 0xffff_7fff_ffff_0000;
    assert_eq!(stage1.translate(&memory, above, READ), beyond, "T1SZ");
}

/// TG0 and TG1 have different codes.
#[test]
fn every_code_of_a_granule_is_the_manuals() {
    for (tg0, tg1, bits) in [(0, 2, 12), (1, 3, 16), (2, 1, 14)] {
        for (address, tcr) in [(0, tg0 << 14), (1 << 63 >> 8 | u64::MAX << 56, tg1 << 30)] {
            let stage1 = stage1(sizes(39) | tcr);
            assert_eq!(Half::of(&stage1, address).granule_bits, bits, "{tg0} {tg1}");
        }
    }
}

/// Blocks of each granule, by their distance from the last level (table D8-16).
#[test]
fn blocks_exist_where_the_manual_says() {
    const IPS_52: u64 = 6 << 32;
    for (tcr, blocks, large) in [
        (TG_4K, &[1, 2][..], &[1, 2, 3][..]),
        (TG_16K, &[1], &[1, 2]),
        (TG_64K, &[1], &[1, 2]),
    ] {
        for distance in 1..4 {
            let has = |tcr| Half::of(&stage1(tcr | sizes(48)), 0).has_blocks(distance);
            assert_eq!(has(tcr), blocks.contains(&distance), "{tcr:#x} {distance}");
            let enlarged = tcr | if tcr == TG_64K { IPS_52 } else { DS };
            let expected = large.contains(&distance);
            assert_eq!(has(enlarged), expected, "{enlarged:#x} {distance}");
        }
    }
}

/// A block of 16 KiB's level 2 (32 MiB) and of 64 KiB's (512 MiB) behind a table.
#[test]
fn blocks_of_larger_granules_lie_behind_tables() {
    for (tcr, address, expected, table) in [
        (
            sizes(47) | TG_16K,
            6 << 25 | 0x123_4567,
            0x8123_4567,
            0x8000 + 6 * 8,
        ),
        (
            sizes(48) | TG_64K,
            6 << 29 | 0x1234_5678,
            0x9234_5678,
            0x2_0000 + 6 * 8,
        ),
    ] {
        let next = table & !0x3fff;
        let root = Half::of(&stage1(tcr), address).first_table();
        let memory = Memory(BTreeMap::from([
            (root, next | TABLE),
            (table, 0x8000_0000 | BLOCK),
        ]));
        assert_eq!(
            stage1(tcr).translate(&memory, address, READ),
            Ok(Gpa(expected))
        );
        let last = Memory(BTreeMap::from([
            (root, 0x8000_0000 | BLOCK),
            (table, 0x8000_0000 | BLOCK),
        ]));
        let level = WalkLevel::above_last(2);
        let fault = Err(FaultStatus::translation(level));
        assert_eq!(stage1(tcr).translate(&last, address, READ), fault);
    }
}

/// The first table is as large as what it holds, and aligned to that; lower bits do not count.
#[test]
fn the_first_table_is_aligned_to_its_size() {
    for (tcr, bits, entries) in [
        (TG_4K, 39, 512),
        (TG_4K, 36, 64),
        (TG_4K, 32, 4),
        (TG_4K, 25, 16),
        (TG_16K, 47, 2048),
        (TG_16K, 38, 4),
        (TG_64K, 48, 64),
        (TG_64K, 42, 8192),
    ] {
        let mut stage1 = stage1(sizes(bits) | tcr);
        stage1.ttbr0 = 0x00ab_0000_4fff_ffff;
        let expected = 0x4fff_ffff & !(entries * 8 - 1);
        let half = Half::of(&stage1, 0);
        assert_eq!(half.first_table(), expected, "{tcr:#x} {bits}");
    }
}

#[test]
fn output_addresses_above_ips_are_faults() {
    let leaf = |ips: u64, base: u64| {
        let (memory, address) = four_levels(base | PAGE);
        stage1(sizes(48) | TG_4K | ips << 32).translate(&memory, address, READ)
    };
    let fault = Err(FaultStatus::address_size(WalkLevel::LAST));
    for (ips, bits) in [(0, 32), (1, 36), (2, 40), (3, 42), (4, 44)] {
        assert_eq!(leaf(ips, 1 << bits), fault, "IPS {ips}");
        let below = 1 << (bits - 1);
        assert_eq!(leaf(ips, below), Ok(Gpa(below | 0xabc)), "IPS {ips}");
    }
    for ips in 5..8 {
        assert_eq!(leaf(ips, 1 << 47), Ok(Gpa(1 << 47 | 0xabc)), "IPS {ips}");
    }
    let (mut memory, address) = four_levels(PAGE);
    for value in memory
        .0
        .values_mut()
        .filter(|value| **value == 0x3000 | TABLE)
    {
        *value |= 1 << 33;
    }
    let on_walk = stage1(sizes(48) | TG_4K).translate(&memory, address, READ);
    let level = WalkLevel::above_last(2);
    assert_eq!(on_walk, Err(FaultStatus::address_size(level)), "of a table");
    let mut root = stage1(sizes(48) | TG_4K);
    root.ttbr0 = 1 << 33;
    let first = root.translate(&memory, address, READ);
    assert_eq!(
        first,
        Err(FaultStatus::address_size(WalkLevel::ZERO)),
        "of TTBR0"
    );
}

/// Sizes that a CPU does not have act as the nearest.
#[test]
fn sizes_out_of_range_are_clamped() {
    for (tcr, txsz, bits) in [
        (TG_4K, 0, 48),
        (TG_4K, 15, 48),
        (TG_4K | DS, 0, 52),
        (TG_16K, 12, 48),
        (TG_16K | DS, 12, 52),
        (TG_64K, 0, 52),
        (TG_64K, 12, 52),
        (TG_4K, 63, 16),
    ] {
        let half = Half::of(&stage1(tcr | txsz | txsz << 16), 0);
        let inside = (1_u64 << bits) - 1;
        assert!(half.covers(inside), "{tcr:#x} {txsz}");
        assert!(!half.covers(inside + 1), "{tcr:#x} {txsz}");
    }
}

/// What no access of ours depends on: the contiguous hint, nG, memory type and shareability.
#[test]
fn other_attributes_do_not_count() {
    const CONTIGUOUS: u64 = 1 << 52;
    let others = CONTIGUOUS | 1 << 11 | 7 << 2 | 3 << 8 | 1 << 5 | 0xf << 55;
    let (memory, address) = four_levels(0x0900_0000 | PAGE | others);
    let found = stage1(sizes(48) | TG_4K).translate(&memory, address, READ);
    assert_eq!(found, Ok(Gpa(0x0900_0abc)));
}

/// EL1 with PAN has no data of EL0's pages, and with EPAN none of what EL0 may execute.
#[test]
fn pan_goes_by_the_rights_of_el0() {
    const UXN: u64 = 1 << 54;
    const UXN_TABLE: u64 = 1 << 60;
    const EPAN: u64 = 1 << 57;
    let pan = |write| Access::Data {
        privileged: true,
        pan: true,
        write,
    };
    for (leaf, table, sctlr, allowed) in [
        (0, 0, 0, true),
        (AP_USER, 0, 0, false),
        (AP_USER | UXN, 0, 0, false),
        (0, 0, EPAN, false),
        (UXN, 0, EPAN, true),
        (0, UXN_TABLE, EPAN, true),
        (AP_USER | UXN, 0, EPAN, false),
    ] {
        let memory = both_halves(PAGE | leaf, table);
        let mut stage1 = stage1(sizes(39) | TG_4K);
        stage1.sctlr |= sctlr;
        for write in [false, true] {
            let found = stage1.translate(&memory, LOW, pan(write));
            assert_eq!(found.is_ok(), allowed, "{leaf:#x} {table:#x} {sctlr:#x}");
        }
    }
}

#[test]
fn uao_and_pan_choose_whose_rights_count() {
    const PAN: u64 = 1 << 22;
    const UAO: u64 = 1 << 23;
    for (pstate, unprivileged, privileged, pan) in [
        (0x3c5, false, true, false),
        (0x3c5, true, false, false),
        (0x3c5 | UAO, true, true, false),
        (0x3c5 | UAO | PAN, true, true, true),
        (0x3c5 | PAN, false, true, true),
        (0x3c0, false, false, false),
        (0x3c0 | UAO, true, false, false),
        (0x1d0, false, false, false),
        (0x1f0 | UAO, true, false, false), // SSBS of AArch32
    ] {
        let expected = Access::Data {
            privileged,
            pan,
            write: true,
        };
        let pstate = Pstate::from_bits(pstate);
        assert_eq!(
            Access::data(pstate, unprivileged, true),
            expected,
            "{pstate:?}"
        );
    }
}

/// Memory whose every word is one value: a table that points at itself for ever.
struct Endless(u64);

impl ReadGuest for Endless {
    fn read_u64(&self, _: Gpa) -> Option<u64> {
        Some(self.0)
    }

    fn read_u32(&self, _: Gpa) -> Option<u32> {
        Some(self.0 as u32)
    }
}

proptest! {
    #[test]
    fn any_registers_and_tables_have_an_answer(
        sctlr: u64, tcr: u64, ttbr0: u64, ttbr1: u64, address: u64, entry: u64, write: bool,
        privileged: bool, pan: bool,
    ) {
        let tcr = TranslationControl::from_bits(tcr);
        let stage1 = Stage1 { sctlr: sctlr | 1, tcr, ttbr0, ttbr1 };
        let access = Access::Data { privileged, pan, write };
        if let Ok(found) = stage1.translate(&Endless(entry), address, access) {
            prop_assert!(found.0 < 1 << 48);
            prop_assert_eq!(found.0 & 0xfff, address & 0xfff);
        }
    }
}
