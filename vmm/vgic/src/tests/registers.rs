//! Each register: reset value, what can be written, banking, widths.

use proptest::prelude::*;
use vmm_machine::{AccessSize, VcpuId};

use super::{
    model::{Hardware, Machine},
    property::Page,
};
use crate::Distributor;

type Two = Machine<2, 2>;

fn two() -> Two {
    Machine::new(4)
}

#[test]
fn control_has_one_bit() {
    let mut m = two();
    m.write(0, 0x000, u32::MAX);
    assert_eq!(m.read(1, 0x000), 1);
    m.write(1, 0x000, 0xffff_fffe);
    assert_eq!(m.read(0, 0x000), 0);
}

#[test]
fn type_is_exact() {
    fn read<const VCPUS: usize, const SPI_WORDS: usize>() -> u32 {
        Distributor::<VCPUS, SPI_WORDS>::new(4).read_word(VcpuId(0), 4)
    }
    assert_eq!(read::<1, 0>(), 0);
    assert_eq!(read::<1, 2>(), 2);
    assert_eq!(read::<4, 7>(), 3 << 5 | 7);
    assert_eq!(read::<8, 31>(), 7 << 5 | 31);
}

#[test]
fn identification_is_that_of_a_gic_400() {
    let mut m = two();
    assert_eq!(m.read(0, 0x008), 0x0200_143b);
    let expected = [4, 0, 0, 0, 0x90, 0xb4, 0x2b, 0, 0x0d, 0xf0, 0x05, 0xb1];
    for (offset, value) in (0xfd0..).step_by(4).zip(expected) {
        m.write(0, offset, u32::MAX);
        assert_eq!(m.read(1, offset), value, "{offset:#x}");
    }
    assert_eq!(m.read(0, 0xfe8) >> 4, 2, "PIDR2.ArchRev: GICv2");
}

#[test]
fn reserved_and_group_registers_read_as_zero() {
    let mut m = two();
    let ranges = [0x00c..0x100, 0xd00..0xf10, 0xf30..0xfd0];
    for offset in ranges
        .into_iter()
        .flatten()
        .step_by(4)
        .filter(|&offset| offset != 0xf00)
    {
        m.write(0, offset, u32::MAX);
        assert_eq!(m.read(0, offset), 0, "{offset:#x}");
    }
    assert_eq!(
        m.read(0, 0x100),
        0xffff,
        "a write to a reserved offset changed something"
    );
}

#[test]
fn enables_set_and_clear_per_vcpu() {
    let mut m = two();
    assert_eq!(m.read(0, 0x100), 0xffff, "SGIs are enabled at reset");
    m.write(0, 0x180, 0x5555);
    m.write(0, 0x100, 1 << 27);
    assert_eq!(m.read(0, 0x100), 0x0800_aaaa);
    assert_eq!(m.read(0, 0x180), 0x0800_aaaa);
    assert_eq!(m.read(1, 0x100), 0xffff);
    m.write(1, 0x108, 0x8000_0001);
    assert_eq!(m.read(0, 0x108), 0x8000_0001);
    m.write(0, 0x188, 1);
    assert_eq!(m.read(1, 0x188), 0x8000_0000);
    m.write(0, 0x10c, u32::MAX);
    assert_eq!(m.read(0, 0x10c), 0, "TYPER says that there is no word 3");
}

#[test]
fn the_last_word_has_28_interrupts() {
    let mut m = Machine::<1, 31>::new(4);
    m.write(0, 0x000, 0);
    for array in [0x100, 0x200, 0x300] {
        m.write(0, array + 0x7c, u32::MAX);
        assert_eq!(m.read(0, array + 0x7c), 0x0fff_ffff);
    }
    m.write(0, 0x7fc, u32::MAX);
    assert_eq!(m.read(0, 0x7fc), 0);
    m.write(0, 0x7f8, u32::MAX);
    assert_eq!(m.read(0, 0x7f8), 0xf8f8_f8f8);
}

#[test]
fn pending_of_sgis_is_read_only() {
    let mut m = two();
    m.write(0, 0x180, u32::MAX);
    m.write(0, 0x200, u32::MAX);
    assert_eq!(m.read(0, 0x200), 0xffff_0000);
    assert_eq!(m.read(1, 0x200), 0);
    m.write(0, 0xf00, 2 << 24 | 3);
    assert_eq!(m.read(0, 0x280), 0xffff_0008);
    m.write(0, 0x280, u32::MAX);
    assert_eq!(m.read(0, 0x200), 8);
}

#[test]
fn active_holds_back_until_cleared() {
    let mut m = two();
    m.enable(0, 33, 0);
    m.write(0, 0x304, 2);
    assert_eq!((m.read(0, 0x304), m.read(0, 0x384)), (2, 2));
    m.line(0, 33, true);
    assert_eq!(m.acknowledge(0), None);
    m.write(0, 0x384, 2);
    assert_eq!(m.read(0, 0x304), 0);
    assert_eq!(m.acknowledge(0), Some(33));
}

#[test]
fn active_shows_what_the_guest_has_surely_taken() {
    let mut m = two();
    m.write(0, 0xf00, 2 << 24 | 3);
    assert_eq!((m.read(0, 0x200), m.read(0, 0x300)), (8, 0));
    assert_eq!(m.acknowledge(0), Some(3));
    m.write(0, 0xf00, 2 << 24 | 3);
    assert_eq!(
        (m.read(0, 0x200), m.read(0, 0x300)),
        (8, 8),
        "active and pending"
    );
    m.end(0, 3);
    assert_eq!((m.read(0, 0x200), m.read(0, 0x300)), (8, 0));
}

#[test]
fn priorities_have_five_bits() {
    let mut m = two();
    m.write(0, 0x418, 0x1234_56ff);
    assert_eq!(m.read(0, 0x418), 0x1030_50f8);
    assert_eq!(m.read(1, 0x418), 0, "banked");
    m.write_byte(0, 0x423, 0x9f);
    assert_eq!(m.read(1, 0x420), 0x9800_0000);
    m.write(0, 0x460, u32::MAX);
    assert_eq!(m.read(0, 0x460), 0, "INTID 96 does not exist");
}

#[test]
fn targets_of_sgis_and_ppis_are_the_reader() {
    let mut m = two();
    for offset in (0x800..0x820).step_by(4) {
        m.write(0, offset, u32::MAX);
        assert_eq!(m.read(0, offset), 0x0101_0101);
        assert_eq!(m.read(1, offset), 0x0202_0202);
    }
}

#[test]
fn targets_of_spis_are_existing_vcpus() {
    let mut m = two();
    assert_eq!(m.read(0, 0x820), 0);
    m.write(0, 0x820, 0xff02_0401);
    assert_eq!(m.read(1, 0x820), 0x0302_0001);
    m.write_byte(1, 0x821, 2);
    assert_eq!(m.read(0, 0x820), 0x0302_0201);
}

#[test]
fn one_vcpu_has_no_target_registers() {
    let mut m = Machine::<1, 1>::new(4);
    for offset in (0x800..0x840).step_by(4) {
        m.write(0, offset, u32::MAX);
        assert_eq!(m.read(0, offset), 0);
    }
    m.write(0, 0x104, 1);
    m.line(0, 32, true);
    assert_eq!(
        m.acknowledge(0),
        Some(32),
        "it goes to the only vCPU all the same"
    );
}

#[test]
fn configuration_of_spis_only() {
    let mut m = two();
    assert_eq!(
        (m.read(0, 0xc00), m.read(0, 0xc04), m.read(0, 0xc08)),
        (0xaaaa_aaaa, 0, 0)
    );
    for offset in [0xc00, 0xc04, 0xc08, 0xc14, 0xc18] {
        m.write(0, offset, 0xdead_beef);
    }
    assert_eq!((m.read(0, 0xc00), m.read(0, 0xc04)), (0xaaaa_aaaa, 0));
    assert_eq!(
        m.read(1, 0xc08),
        0xdead_beef & 0xaaaa_aaaa,
        "bit 0 of each is reserved"
    );
    assert_eq!(m.read(1, 0xc14), 0xdead_beef & 0xaaaa_aaaa);
    assert_eq!(m.read(1, 0xc18), 0);
    m.write_byte(0, 0xc09, 0);
    assert_eq!(m.read(0, 0xc08), 0xdead_00ef & 0xaaaa_aaaa);
}

#[test]
fn sgi_register_is_write_only_and_whole() {
    let mut m = two();
    m.write_byte(0, 0xf02, 0xff);
    let half = Two::access(0, 0xf02, AccessSize::Half);
    m.gic.write(half, 0x0200, &mut m.hardware);
    m.settle();
    assert_eq!(m.hardware.injections, 0, "half a command is none");
    m.write(0, 0xf00, 3 << 24 | 0xff << 16 | 1);
    assert_eq!(m.hardware.injections, 0, "filter 3 is reserved");
    m.write(0, 0xf00, 0xff << 16 | 1 << 15 | 1);
    assert_eq!(
        m.hardware.injections, 2,
        "vCPUs that do not exist get nothing"
    );
    assert_eq!(m.read(0, 0xf00), 0);
}

#[test]
fn sgi_filters() {
    for (filter, expected) in [(0, [1, 0]), (1, [0, 1]), (2, [1, 0])] {
        let mut m = two();
        m.write(0, 0xf00, filter << 24 | 1 << 16 | 7);
        let got = [0, 1].map(|vcpu| m.drain(vcpu).len());
        assert_eq!(got, expected, "filter {filter}");
    }
}

#[test]
fn sgi_pending_per_source() {
    let mut m = two();
    m.write(0, 0x180, 0xffff);
    m.write(0, 0xf24, 0xff00_0201);
    assert_eq!(
        (m.read(0, 0xf24), m.read(0, 0xf14)),
        (0x0300_0201, 0x0300_0201)
    );
    assert_eq!(m.read(1, 0xf24), 0, "banked");
    m.write_byte(0, 0xf17, 1);
    assert_eq!(m.read(0, 0xf24), 0x0200_0201);
    assert_eq!(m.read(0, 0x200), 1 << 4 | 1 << 5 | 1 << 7);
    m.write(0, 0x100, 0xffff);
    assert_eq!(m.drain(0), [4, 5, 7]);
}

#[test]
fn narrow_and_wide_accesses_cover_their_bytes() {
    let mut m = two();
    m.gic.write(
        Two::access(0, 0x104, AccessSize::Double),
        0x89ab_cdef_0123_4567,
        &mut m.hardware,
    );
    let read = |m: &mut Two, offset, size| m.gic.read(Two::access(0, offset, size));
    assert_eq!(
        read(&mut m, 0x104, AccessSize::Double),
        0x89ab_cdef_0123_4567
    );
    assert_eq!(
        read(&mut m, 0x107, AccessSize::Half),
        0xef01,
        "even across words"
    );
    assert_eq!(read(&mut m, 0x10b, AccessSize::Byte), 0x89);
    let half = Two::access(0, 0x186, AccessSize::Half);
    m.gic.write(half, 0x0003, &mut m.hardware);
    assert_eq!(m.read(0, 0x104), 0x0120_4567);
    m.write_byte(0, 0x001, 0xff);
    m.write_byte(0, 0x000, 0);
    assert_eq!(m.read(0, 0x000), 0);
}

#[test]
fn registers_beyond_the_page_and_of_unknown_vcpus_read_as_zero() {
    let mut m = two();
    for (vcpu, offset) in [(0, 0x1000), (0, u64::MAX - 3), (9, 0x100), (255, 0xf20)] {
        m.write(vcpu, offset, u32::MAX);
        assert_eq!(m.read(vcpu, offset), 0);
    }
    assert_eq!(m.hardware.injections, 0);
}

#[test]
fn a_write_past_the_page_does_not_reach_the_shadow() {
    let mut gic = Distributor::<1, 2, Page>::with_shadow(4, Page(vec![0; 1024]));
    for offset in [0xff8, 0x1000, 0x1008, u64::MAX - 7] {
        let access = Machine::<1, 2, Page>::access(0, offset, AccessSize::Double);
        gic.write(access, u64::MAX, &mut Hardware::new(1, 4));
    }
    assert_eq!(gic.shadow.0.len(), 1024);
}

#[test]
fn shadow_page_is_filled_at_power_on_and_reset() {
    let page = Page(vec![0xdead_beef; 1024]);
    let mut gic = Distributor::<1, 2, Page>::with_shadow(4, page);
    for round in 0..2 {
        for offset in (0..0x1000).step_by(4) {
            let shadow = gic.shadow.0[(offset / 4) as usize];
            assert_eq!(
                shadow,
                gic.read_word(VcpuId(0), offset),
                "{offset:#x} round {round}"
            );
        }
        gic.write(
            Machine::<1, 2, Page>::access(0, 0x418, AccessSize::Word),
            0x8080_8080,
            &mut Hardware::new(1, 4),
        );
        gic.reset();
    }
}

/// Every offset and width with noise, on the smallest and the largest machine.
fn hammer<const VCPUS: usize, const SPI_WORDS: usize>(seed: u64) {
    let mut m = Machine::<VCPUS, SPI_WORDS>::new(1 + (seed % 16) as usize);
    m.hardware = Hardware::new(VCPUS, 16);
    let mut noise = seed | 1;
    for (turn, offset) in (0..4 * 0x1000).map(|turn| (turn, turn & 0xfff)) {
        noise = noise
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1);
        let size = AccessSize::from_log2((noise >> 60) as u8);
        let vcpu = (noise >> 40) as u8 % (VCPUS as u8 + 1);
        let offset = offset & !(size.bytes() - 1);
        let access = Machine::<VCPUS, SPI_WORDS>::access(vcpu, offset, size);
        let read = m.gic.read(access);
        assert_eq!(read & !size.mask(), 0);
        m.gic.write(access, noise >> 8, &mut m.hardware);
        if turn % 16 == 0 {
            m.settle();
            let vcpu = turn as u8 % VCPUS as u8;
            if let Some(number) = m.acknowledge(vcpu) {
                m.end(vcpu, number);
            }
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 4, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_access_is_answered(seed in any::<u64>()) {
        hammer::<1, 0>(seed);
        hammer::<2, 3>(seed);
        hammer::<8, 31>(seed);
    }
}
