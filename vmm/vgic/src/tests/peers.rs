//! Mistakes that other monitors make, one test each (G1 to G13 of the project's survey of them).

use vmm_machine::{AccessSize, VcpuId};

use super::model::{Machine, intid};

type One = Machine<1, 4>;

#[test]
fn g1_what_is_written_is_read_at_the_same_register() {
    for array in [0x100, 0x200, 0x300] {
        let mut m = One::new(4);
        let before = m.read(0, array);
        m.write(0, array + 4, 5);
        let read = [0, 4, 8].map(|word| m.read(0, array + word));
        assert_eq!(read, [before, 5, 0], "{array:#x}");
    }
}

#[test]
fn g2_the_last_interrupts_touch_nothing_else() {
    let mut m = Machine::<1, 31>::new(4);
    let before: Vec<_> = (0..0x400).map(|word| m.read(0, word * 4)).collect();
    m.write(0, 0x17c, 1 << 27);
    m.line(0, 1019, true);
    for (offset, before) in (0..).step_by(4).zip(before) {
        if !matches!(offset, 0x17c | 0x1fc | 0x27c | 0x2fc) {
            assert_eq!(m.read(0, offset), before, "{offset:#x}");
        }
    }
    assert_eq!(m.acknowledge(0), Some(1019));
}

#[test]
fn g3_three_sgis_while_masked_are_one() {
    let mut m = One::new(4);
    for _ in 0..3 {
        m.write(0, 0xf00, 2 << 24 | 5);
    }
    assert_eq!(m.drain(0), [5]);
    m.write(0, 0xf00, 2 << 24 | 5);
    assert_eq!(m.acknowledge(0), Some(5));
    m.write(0, 0xf00, 2 << 24 | 5);
    m.write(0, 0xf00, 2 << 24 | 5);
    m.end(0, 5);
    assert_eq!(m.drain(0), [5], "sent while active: once more");
}

#[test]
fn g4_interrupts_are_latched_while_disabled() {
    let mut m = One::new(4);
    m.write(0, 0, 0);
    m.write(0, 0xc08, 2);
    m.line(0, 32, true);
    m.line(0, 32, false);
    m.write(0, 0, 1);
    assert_eq!(m.acknowledge(0), None);
    m.write(0, 0x104, 1);
    assert_eq!(m.acknowledge(0), Some(32));
}

#[test]
fn g5_any_interrupt_can_be_made_pending() {
    let mut m = One::new(4);
    m.write(0, 0x210, 1 << 31);
    assert_eq!(m.read(0, 0x210), 1 << 31);
    m.write(0, 0x110, 1 << 31);
    assert_eq!(m.acknowledge(0), Some(159));
    m.end(0, 159);
    assert_eq!(m.read(0, 0x210), 0, "taken: the latch is gone");
}

#[test]
fn g6_sgi_pending_registers_and_disabled_targets() {
    let mut m = Machine::<2, 1>::new(4);
    m.write(1, 0x180, 0xffff);
    m.write(0, 0xf00, 2 << 16 | 9);
    assert_eq!(m.read(1, 0xf28), 1 << 8);
    m.write(1, 0xf18, 1 << 8);
    assert_eq!(m.read(1, 0xf28), 0);
    m.write(1, 0x100, 0xffff);
    assert_eq!(m.acknowledge(1), None);
    m.write(1, 0xf28, 2 << 8);
    assert_eq!(m.acknowledge(1), Some(9));
}

#[test]
fn g7_clears_clear() {
    let mut m = One::new(4);
    m.write(0, 0x304, 0xf);
    m.write(0, 0x384, 0x3);
    assert_eq!((m.read(0, 0x304), m.read(0, 0x384)), (0xc, 0xc));
    m.write(0, 0x180, 1 << 3);
    assert_eq!(m.read(0, 0x100), 0xfff7);
    m.write(0, 0xf00, 2 << 24 | 3);
    assert_eq!(m.acknowledge(0), None, "a disabled SGI waits");
    m.write(0, 0x100, 1 << 3);
    assert_eq!(m.acknowledge(0), Some(3));
}

#[test]
fn g8_every_byte_of_the_page_reads_as_its_word_does() {
    let mut m = One::new(4);
    for offset in 0..0x1000_u64 {
        let byte = m.gic.read(One::access(0, offset, AccessSize::Byte));
        let word = m.read(0, offset & !3);
        assert_eq!(
            byte,
            u64::from(word >> ((offset & 3) * 8) & 0xff),
            "{offset:#x}"
        );
    }
}

#[test]
fn g10_spurious_maintenance_changes_nothing() {
    let mut m = One::new(4);
    m.enable(0, 32, 0);
    m.line(0, 32, true);
    for index in [None, Some(1), Some(3), Some(4), Some(63), Some(usize::MAX)] {
        m.gic.maintenance(VcpuId(0), index, &mut m.hardware);
        m.gic.maintenance(VcpuId(9), index, &mut m.hardware);
        m.settle();
    }
    assert_eq!(m.hardware.injections, 1);
    assert_eq!(m.acknowledge(0), Some(32));
}

#[test]
fn g11_no_number_of_waiting_interrupts_loses_one() {
    let mut m = Machine::<1, 31>::new(4);
    for word in 1..32 {
        m.write(0, 0x100 + word * 4, u32::MAX);
        m.write(0, 0x200 + word * 4, u32::MAX);
    }
    let expected: Vec<u16> = (32..1020).collect();
    assert_eq!(m.drain(0), expected);
}

#[test]
fn g12_typer_counts_what_exists() {
    let mut m = One::new(4);
    let lines = m.read(0, 4) & 31;
    assert_eq!(32 * (lines + 1), 160);
    m.line(0, 160, true);
    m.write(0, 0x114, u32::MAX);
    assert_eq!(m.read(0, 0x114), 0);
    assert_eq!(m.acknowledge(0), None);
}

#[test]
fn g13_targets_may_change_at_any_time() {
    let mut m = Machine::<2, 1>::new(4);
    m.enable(0, 32, 0);
    m.line(0, 32, true);
    m.write_byte(0, 0x820, 2);
    assert_eq!((m.acknowledge(0), m.acknowledge(1)), (None, Some(32)));
}

#[test]
fn lines_that_do_not_exist_are_ignored() {
    let mut m = One::new(4);
    for bad in [3, 500, 1019].map(intid) {
        for vcpu in [0, 200].map(VcpuId) {
            m.gic.set_line(vcpu, bad, true, &mut m.hardware);
            m.gic.fire(vcpu, bad, &mut m.hardware);
            m.settle();
        }
    }
    assert_eq!(m.acknowledge(0), None);
}
