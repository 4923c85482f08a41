//! Changes of an interrupt that waits in a list register. The kernel never refuses, as seL4 with
//! one vCPU.

use vmm_machine::{VcpuId, kernel::LOWEST_PRIORITY};

use super::model::{Entry, Machine, Sight};

type One = Machine<1, 2>;
type Two = Machine<2, 2>;

/// SPIs 32 to 47 edge-triggered.
fn blind<const VCPUS: usize>(list_registers: usize) -> Machine<VCPUS, 2> {
    let mut m = Machine::new(list_registers);
    m.hardware.blind = true;
    m.write(0, 0xc08, 0xaaaa_aaaa);
    m
}

/// Enabled and pending.
fn raise<const VCPUS: usize>(m: &mut Machine<VCPUS, 2>, number: u16, priority: u8) {
    m.enable(0, number, priority);
    m.write(0, 0x200 + u64::from(number / 32) * 4, 1 << (number % 32));
}

#[test]
fn a_new_priority_counts() {
    let mut m: One = blind(4);
    raise(&mut m, 32, 0x40);
    raise(&mut m, 33, 0x80);
    m.write_byte(0, 0x420, 0xc0);
    assert_eq!(m.hardware.entries[0][0], Entry::Pending(32, 0x18));
    assert_eq!(m.drain(0), [33, 32]);
}

#[test]
fn what_is_disabled_is_parked_and_comes_once_it_is_enabled() {
    for number in [3_u16, 26, 32] {
        let mut m: One = blind(4);
        let word = u64::from(number / 32) * 4;
        m.enable(0, number, 0x40);
        match number {
            3 => m.write(0, 0xf00, 2 << 24 | 3),
            _ => m.write(0, 0x200 + word, 1 << (number % 32)),
        }
        m.write(0, 0x180 + word, 1 << (number % 32));
        let parked = Entry::Pending(number, LOWEST_PRIORITY);
        assert_eq!(m.hardware.entries[0][0], parked);
        assert_eq!(m.acknowledge(0), None);
        assert!(!m.gic.has_deliverable(VcpuId(0)), "nobody wakes for it");
        assert_eq!(m.read(0, 0x200 + word), 1 << (number % 32), "pending");
        m.write(0, 0x100 + word, 1 << (number % 32));
        assert_eq!(m.drain(0), [number]);
    }
}

#[test]
fn a_parked_interrupt_makes_way() {
    let mut m: One = blind(1);
    raise(&mut m, 32, 0x40);
    m.write(0, 0x184, 1);
    raise(&mut m, 33, 0xc0);
    assert_eq!(m.drain(0), [33]);
    m.write(0, 0x104, 1);
    assert_eq!(m.drain(0), [32]);
}

#[test]
fn the_distributor_goes_off_and_on() {
    let mut m: One = blind(4);
    raise(&mut m, 32, 0x40);
    raise(&mut m, 33, 0x80);
    m.write(0, 0, 0);
    assert_eq!(m.acknowledge(0), None);
    m.write(0, 0, 1);
    assert_eq!(m.drain(0), [32, 33]);
}

#[test]
fn another_target_gets_it() {
    let mut m: Two = blind(4);
    raise(&mut m, 32, 0x40);
    m.write_byte(0, 0x820, 2);
    assert_eq!((m.acknowledge(0), m.acknowledge(1)), (None, Some(32)));
    m.end(1, 32);
    raise(&mut m, 32, 0x40);
    assert_eq!(
        m.drain(0),
        [32],
        "back into the list register that holds it"
    );
}

/// Two of one priority: which of them is active shows when it ends.
#[test]
fn what_is_disabled_beside_an_active_equal_waits_for_its_end() {
    let mut m: One = blind(4);
    raise(&mut m, 32, 0x40);
    raise(&mut m, 33, 0x40);
    assert_eq!(m.acknowledge(0), Some(32));
    m.write(0, 0x184, 2);
    assert_eq!(m.hardware.entries[0][1], Entry::Pending(33, 8));
    m.end(0, 32);
    assert_eq!(m.acknowledge(0), None);
    m.write(0, 0x104, 2);
    assert_eq!(m.drain(0), [33]);
}

/// It comes again and gets a new priority while another of its old priority is active.
#[test]
fn what_comes_again_beside_an_active_equal_has_its_new_priority_at_the_end() {
    let mut m: One = blind(4);
    raise(&mut m, 32, 0x40);
    raise(&mut m, 33, 0x40);
    assert_eq!(m.acknowledge(0), Some(32));
    m.write_byte(0, 0x421, 0x80);
    m.write(0, 0x204, 2);
    m.end(0, 32);
    assert_eq!(m.hardware.entries[0][1], Entry::Pending(33, 0x10));
    assert_eq!(m.drain(0), [33]);
}

#[test]
fn what_is_active_is_left_alone() {
    let mut m: One = blind(1);
    raise(&mut m, 32, 0xc0);
    assert_eq!(m.acknowledge(0), Some(32));
    m.write(0, 0x184, 1);
    m.write_byte(0, 0x420, 0);
    raise(&mut m, 33, 0);
    assert_eq!(m.hardware.entries[0][0], Entry::Active(32, 0x18));
    m.end(0, 32);
    assert_eq!(m.drain(0), [33]);
}

/// The change comes before the report of the end: the store is performed once more behind it.
#[test]
fn what_has_just_ended_does_not_come_again() {
    for (offset, value) in [(0x184, 1), (0x420, 0x10), (0x284, 1), (0, 0)] {
        let mut m: One = blind(4);
        raise(&mut m, 32, 0x80);
        assert_eq!(m.acknowledge(0), Some(32));
        m.hardware.end(0, 32);
        m.write(0, offset, value);
        assert_eq!(m.hardware.entries[0][0], Entry::Empty, "{offset:#x}");
        m.write(0, 0, 1);
        m.write(0, 0x104, 1);
        assert_eq!(m.drain(0), [], "{offset:#x}");
    }
}

#[test]
fn split_ends_hold_back_what_comes_again() {
    let mut m: One = blind(4);
    m.hardware.split_ends = true;
    for pend in [(0x204, 1), (0xf00, 2 << 24 | 3)] {
        let number = if pend.0 == 0x204 { 32 } else { 3 };
        m.enable(0, number, 0x40);
        m.write(0, pend.0, pend.1);
        assert_eq!(m.acknowledge(0), Some(number));
        m.hardware.end(0, number);
        m.write(0, pend.0, pend.1);
        assert_eq!(m.acknowledge(0), None, "not deactivated yet");
        m.hardware.deactivate(0, number);
        m.report(0);
        assert_eq!(m.acknowledge(0), Some(number));
        m.hardware.end(0, number);
        m.hardware.deactivate(0, number);
        m.report(0);
        assert_eq!(m.acknowledge(0), None);
    }
}

/// A kernel that does not show the interface: nothing is rewritten on a guess.
#[test]
fn without_sight_a_change_waits() {
    let mut m: One = blind(4);
    m.hardware.sight = Sight::Nothing;
    raise(&mut m, 32, 0x40);
    m.write(0, 0x184, 1);
    m.write_byte(0, 0x420, 0xc0);
    assert_eq!(m.hardware.entries[0][0], Entry::Pending(32, 8));
    raise(&mut m, 33, 0x80);
    assert_eq!(m.drain(0), [33], "32 has made way");
}
