use std::collections::BTreeMap;

use super::*;
use crate::model_vcpu::ModelVcpu;

const VBAR: u64 = 0x4008_0800;
const WORD: u32 = ERET as u32;

/// RAM from 0x4000_0000 on, zeroes but for these words.
struct Memory(BTreeMap<u64, u32>);

impl ReadGuest for Memory {
    fn read_u64(&self, address: Gpa) -> Option<u64> {
        let low = self.read_u32(address)?;
        let high = self.read_u32(Gpa(address.0 + 4))?;
        Some(u64::from(high) << 32 | u64::from(low))
    }

    fn read_u32(&self, address: Gpa) -> Option<u32> {
        let is_ram = (0x4000_0000..0x5000_0000).contains(&address.0);
        is_ram.then(|| self.0.get(&address.0).copied().unwrap_or(0))
    }
}

fn vcpu() -> ModelVcpu {
    let mut vcpu = ModelVcpu::at_el1(0x1000);
    vcpu.pstate = 0x1f0;
    vcpu.set_system(SystemRegister::VbarEl1, VBAR);
    vcpu
}

fn found(words: &[u64], last: u64) -> Option<u64> {
    let memory = Memory(words.iter().map(|&at| (at, WORD)).collect());
    find(&mut vcpu(), &memory, last)
}

#[test]
fn the_first_one_near_the_vectors_is_found() {
    assert_eq!(found(&[], 0), None);
    for offset in [0, 4, 0x800, 0xffc, 0x1000, 0xfff8, 0xfffc] {
        let at = 0x4008_0000 + offset;
        assert_eq!(found(&[at], 0), Some(at), "{offset:#x}");
        assert_eq!(found(&[at, at + 8], 0), Some(at), "{offset:#x}");
    }
    for at in [0x4007_fffc, 0x4007_0000] {
        assert_eq!(found(&[at], 0), Some(at), "before the vectors");
        assert_eq!(found(&[at, VBAR], 0), Some(VBAR), "behind them first");
    }
    for at in [0x4009_0000, 0x4006_fffc] {
        assert_eq!(found(&[at], 0), None, "too far from them");
    }
}

#[test]
fn the_last_one_is_used_as_long_as_it_is_there() {
    let (near, far) = (0x4008_1000, 0x4100_0004);
    assert_eq!(found(&[near, far], far), Some(far));
    assert_eq!(found(&[near], far), Some(near));
    assert_eq!(found(&[near], 0x1000), Some(near), "no RAM");
}

/// A page of 4 KiB for the vectors with these attributes; 39 bits in TTBR1.
fn mapped(attributes: u64, table: u64, sctlr: u64) -> Option<u64> {
    let mut memory = Memory(BTreeMap::from([(0x4008_0404, WORD)]));
    let (level1, level2, level3) = (0x4100_0000, 0x4100_1000, 0x4100_2000);
    for (at, value) in [
        (level1 + 511 * 8, level2 | 3 | table),
        (level2, level3 | 3),
        (level3, 0x4008_0000 | 0x403 | attributes),
    ] {
        memory.0.insert(at, value as u32);
        memory.0.insert(at + 4, (value >> 32) as u32);
    }
    let mut vcpu = vcpu();
    let base = 0xffff_ffff_c000_0000;
    vcpu.set_system(SystemRegister::VbarEl1, base);
    vcpu.set_system(SystemRegister::SctlrEl1, 1 | sctlr);
    vcpu.set_system(SystemRegister::TcrEl1, 25 | 25 << 16 | 2 << 30);
    vcpu.set_system(SystemRegister::Ttbr1El1, level1);
    find(&mut vcpu, &memory, 0).map(|address| address - base)
}

#[test]
fn only_what_el1_may_execute_counts() {
    const USER: u64 = 1 << 6;
    const READ_ONLY: u64 = 1 << 7;
    const PXN: u64 = 1 << 53;
    const UXN: u64 = 1 << 54;
    const PXN_TABLE: u64 = 1 << 59;
    const UXN_TABLE: u64 = 1 << 60;
    const WXN: u64 = 1 << 19;
    for (attributes, table, sctlr, usable) in [
        (0, 0, 0, true),
        (UXN, UXN_TABLE, 0, true),
        (PXN, 0, 0, false),
        (0, PXN_TABLE, 0, false),
        (USER, 0, 0, false),
        (USER | READ_ONLY, 0, 0, true),
        (READ_ONLY, 0, WXN, true),
        (0, 0, WXN, false),
    ] {
        let expected = usable.then_some(0x404);
        let found = mapped(attributes, table, sctlr);
        assert_eq!(found, expected, "{attributes:#x} {table:#x} {sctlr:#x}");
    }
}

#[test]
fn el1_returns_to_what_was_set() {
    let mut vcpu = vcpu();
    (vcpu.pc, vcpu.pstate, vcpu.x[3]) = (0x8002, 0x6000_0230, 7);
    leave_by(&mut vcpu, VBAR + 0x404);
    assert_eq!((vcpu.pc, vcpu.pstate), (VBAR + 0x404, 0x3c5));
    assert_eq!(vcpu.system(SystemRegister::ElrEl1), 0x8002);
    assert_eq!(vcpu.system(SystemRegister::SpsrEl1), 0x6000_0230);
    assert_eq!(vcpu.x[3], 7);
}
