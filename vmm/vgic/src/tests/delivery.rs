//! From pending to the guest and back.

use vmm_machine::{IntId, VcpuId, kernel::InterruptController};

use super::model::{Entry, Machine, intid};
use crate::Distributor;

type One = Machine<1, 2>;
type Two = Machine<2, 2>;

#[test]
fn timer_tick() {
    let mut m = One::new(4);
    m.enable(0, 27, 0xa0);
    for tick in 1..=3 {
        m.fire(0, 27);
        assert_eq!(m.acknowledge(0), Some(27));
        assert!(
            m.hardware.resampled.len() < tick,
            "unmasked while the guest handles it"
        );
        m.end(0, 27);
        assert_eq!(m.hardware.resampled.len(), tick);
    }
    assert_eq!(m.hardware.injections, 3);
}

#[test]
fn a_report_while_disabled_is_not_believed_later() {
    for gate in [0x000, 0x100] {
        let mut m = One::new(4);
        m.enable(0, 27, 0);
        let (close, value) = if gate == 0 { (0, 0) } else { (0x180, 1 << 27) };
        m.write(0, close, value);
        m.fire(0, 27);
        assert_eq!(m.read(0, 0x200), 1 << 27, "pending for the guest to see");
        assert!(!m.gic.has_deliverable(VcpuId(0)));
        m.write(0, gate, u32::MAX);
        assert_eq!(
            m.acknowledge(0),
            None,
            "the guest may have stopped its timer"
        );
        assert_eq!(m.hardware.resampled, [(VcpuId(0), intid(27))]);
        m.fire(0, 27);
        assert_eq!(m.acknowledge(0), Some(27), "it has not");
    }
}

#[test]
fn a_report_without_a_target_is_not_believed_later() {
    let mut m = Two::new(2);
    m.enable(0, 40, 0);
    m.write_byte(0, 0x800 + 40, 0);
    m.fire(0, 40);
    m.write_byte(0, 0x800 + 40, 2);
    assert_eq!(m.hardware.resampled, [(VcpuId(1), intid(40))]);
    assert_eq!(m.acknowledge(1), None, "the guest may have silenced it");
    m.fire(0, 40);
    assert_eq!(m.acknowledge(1), Some(40));
}

#[test]
fn a_report_that_found_no_list_register_is_asked_for_again() {
    let mut m = One::new(1);
    m.enable(0, 27, 0x80);
    m.enable(0, 32, 0);
    m.line(0, 32, true);
    m.fire(0, 27);
    assert_eq!(m.acknowledge(0), Some(32));
    m.line(0, 32, false);
    m.end(0, 32);
    assert_eq!(m.acknowledge(0), None);
    assert_eq!(m.hardware.resampled, [(VcpuId(0), intid(27))]);
}

#[test]
fn an_edge_reported_while_disabled_stays_pending() {
    let mut m = One::new(4);
    m.write(0, 0xc08, 2);
    m.fire(0, 32);
    assert_eq!(m.read(0, 0x204), 1);
    m.enable(0, 32, 0);
    assert_eq!(m.acknowledge(0), Some(32));
    assert!(m.hardware.resampled.is_empty());
    m.end(0, 32);
    assert_eq!(m.hardware.resampled, [(VcpuId(0), intid(32))]);
}

#[test]
fn a_cleared_edge_does_not_leave_its_line_masked() {
    let mut m = One::new(4);
    m.write(0, 0xc08, 2);
    m.fire(0, 32);
    m.write(0, 0x284, 1);
    m.enable(0, 32, 0);
    assert_eq!(m.acknowledge(0), None);
    assert_eq!(m.hardware.resampled, [(VcpuId(0), intid(32))]);
}

#[test]
fn level_comes_again_until_the_line_drops() {
    let mut m = One::new(4);
    m.enable(0, 40, 0);
    m.line(0, 40, true);
    for _ in 0..3 {
        assert_eq!(m.acknowledge(0), Some(40));
        m.end(0, 40);
    }
    m.line(0, 40, false);
    m.drain(0);
    assert_eq!(m.acknowledge(0), None);
}

#[test]
fn edge_comes_once_per_edge() {
    let mut m = One::new(4);
    m.write(0, 0xc08, 2);
    m.enable(0, 32, 0);
    for _ in 0..3 {
        m.line(0, 32, true);
        m.line(0, 32, true);
        m.line(0, 32, false);
    }
    assert_eq!(m.acknowledge(0), Some(32));
    m.line(0, 32, true);
    assert_eq!(m.acknowledge(0), None, "active: waits");
    m.end(0, 32);
    assert_eq!(m.drain(0), [32]);
}

#[test]
fn what_comes_again_merges_though_others_wait() {
    let mut m = One::new(1);
    for number in [5, 6, 5] {
        m.write(0, 0xf00, 2 << 24 | number);
    }
    assert_eq!(m.drain(0), [5, 6]);

    let mut m = Two::new(4);
    m.write(0, 0xc08, 2);
    m.enable(0, 32, 0);
    for high in [true, false, true] {
        m.line(0, 32, high);
    }
    assert_eq!(m.drain(0), [32]);
}

#[test]
fn the_machine_settles_all_vcpus_at_once() {
    let mut m = Two::new(1);
    m.enable(0, 32, 0);
    m.write_byte(0, 0x820, 2);
    m.gic.set_line(VcpuId(0), intid(32), true, &mut m.hardware);
    m.gic.fire(VcpuId(0), IntId::VIRTUAL_TIMER, &mut m.hardware);
    InterruptController::settle(&mut m.gic, false, &mut m.hardware);
    assert_eq!(m.gic.unsettled(), 0);
    assert_eq!(m.gic.loaded(VcpuId(1), 0), Some(intid(32)));
    assert_eq!(m.gic.loaded(VcpuId(0), 0), None, "the timer is not enabled");
    assert!(m.gic.is_enabled(VcpuId(1), intid(32)));
    assert!(!m.gic.is_enabled(VcpuId(0), IntId::VIRTUAL_TIMER));
}

/// The guest swaps the targets of what two vCPUs hold.
#[test]
fn what_makes_way_may_go_to_and_fro() {
    let mut m = Two::new(2);
    for (number, targets) in [(32, 1), (33, 1), (34, 2), (35, 2)] {
        m.enable(0, number, 0);
        m.write_byte(0, 0x800 + u64::from(number), targets);
        m.line(0, number, true);
    }
    m.write(0, 0x820, 0x0101_0202);
    for (vcpu, expected) in [(0, [34, 35]), (1, [32, 33])] {
        let held = [0, 1].map(|index| m.gic.loaded(VcpuId(vcpu), index));
        assert_eq!(held, expected.map(|number| Some(intid(number))));
    }
}

#[test]
fn most_urgent_first_and_lowest_intid_of_equals() {
    let mut m = One::new(4);
    let priorities = [
        (33, 0x80),
        (34, 0x40),
        (35, 0x40),
        (36, 0),
        (37, 0xf8),
        (38, 8),
    ];
    for (number, priority) in priorities {
        m.enable(0, number, priority);
        m.line(0, number, true);
    }
    let mut order = Vec::new();
    while let Some(number) = m.acknowledge(0) {
        order.push(number);
        m.line(0, number, false);
        m.end(0, number);
    }
    assert_eq!(
        order,
        [36, 38, 34, 35, 33],
        "no priority mask lets 0xf8 through"
    );
    assert_eq!(m.hardware.places(0, 37).len(), 1);
}

#[test]
fn spill_returns_the_least_urgent() {
    let mut m = One::new(2);
    m.write(0, 0xc08, 0x0000_00aa);
    for (number, priority) in [(32, 0x80), (33, 0x90), (34, 0x90), (35, 0x10)] {
        m.enable(0, number, priority);
        m.line(0, number, true);
    }
    let held = |m: &One| -> Vec<u16> {
        let mut held: Vec<_> = m.hardware.entries[0]
            .iter()
            .filter_map(|e| e.number())
            .collect();
        held.sort_unstable();
        held
    };
    assert_eq!(held(&m), [32, 35]);
    assert_eq!(m.read(0, 0x204), 0b1111, "none is lost");
    assert_eq!(m.drain(0), [35, 32, 33, 34]);
}

#[test]
fn what_is_taken_is_not_spilled() {
    let mut m = One::new(1);
    m.enable(0, 32, 0x80);
    m.enable(0, 33, 0);
    m.line(0, 32, true);
    assert_eq!(m.acknowledge(0), Some(32));
    m.line(0, 33, true);
    assert_eq!(m.hardware.entries[0], [Entry::Active(32, 0x10)]);
    m.line(0, 32, false);
    m.end(0, 32);
    assert_eq!(m.acknowledge(0), Some(33));
}

#[test]
fn what_is_disabled_makes_way() {
    let mut m = One::new(4);
    m.write(0, 0xc08, 0x0000_00aa);
    m.enable(0, 32, 0);
    m.enable(0, 33, 0x80);
    m.line(0, 32, true);
    m.write(0, 0x184, 1);
    m.line(0, 33, true);
    assert_eq!(m.drain(0), [33]);
    assert_eq!(m.read(0, 0x204), 1, "still pending");
    m.write(0, 0x104, 1);
    assert_eq!(m.drain(0), [32]);
}

#[test]
fn what_is_cleared_makes_way_for_good() {
    let mut m = One::new(4);
    m.write(0, 0xc08, 0x0000_00aa);
    m.enable(0, 32, 0);
    m.enable(0, 33, 0x80);
    m.line(0, 32, true);
    m.write(0, 0x284, 1);
    assert_eq!(m.read(0, 0x204), 0);
    m.line(0, 33, true);
    assert_eq!(m.drain(0), [33]);
}

#[test]
fn spi_goes_to_the_lowest_target_that_is_online() {
    let mut m = Two::new(4);
    m.enable(0, 32, 0);
    m.write_byte(0, 0x820, 3);
    m.gic.set_online(VcpuId(0), false);
    m.line(0, 32, true);
    assert_eq!(m.acknowledge(1), Some(32));
    m.gic.set_online(VcpuId(0), true);
    m.end(1, 32);
    assert_eq!((m.acknowledge(0), m.acknowledge(1)), (Some(32), None));
}

#[test]
fn spi_without_target_waits() {
    let mut m = Two::new(4);
    m.enable(0, 32, 0);
    m.write_byte(0, 0x820, 0);
    m.line(0, 32, true);
    assert_eq!((m.acknowledge(0), m.acknowledge(1)), (None, None));
    m.write_byte(0, 0x820, 2);
    assert_eq!((m.acknowledge(0), m.acknowledge(1)), (None, Some(32)));
}

#[test]
fn spi_of_a_vcpu_that_goes_off_moves_on() {
    let mut m = Two::new(4);
    m.write(0, 0xc08, 2);
    m.enable(0, 32, 0);
    m.write_byte(0, 0x820, 3);
    m.line(0, 32, true);
    assert_eq!(m.hardware.entries[0][0].number(), Some(32));
    m.gic.set_online(VcpuId(0), false);
    m.settle();
    assert_eq!(m.drain(1), [32]);
}

#[test]
fn sgis_from_several_senders_come_one_by_one() {
    let mut m = Two::new(4);
    m.write(0, 0xf00, 1 << 16 | 4);
    m.write(1, 0xf00, 1 << 16 | 4);
    m.write(1, 0xf00, 1 << 16 | 4);
    assert_eq!(m.read(0, 0xf24), 0b11);
    assert_eq!(m.drain(0), [4, 4]);
}

#[test]
fn reset_forgets_what_is_pending_and_unmasks_when_enabled() {
    let mut m = One::new(4);
    m.enable(0, 27, 0);
    m.enable(0, 33, 0);
    m.fire(0, 27);
    m.line(0, 33, true);
    assert_eq!(m.acknowledge(0), Some(27));
    m.gic.reset();
    m.settle();
    assert_eq!(
        (m.read(0, 0x000), m.read(0, 0x100), m.read(0, 0x104)),
        (0, 0xffff, 0)
    );
    assert!(!m.gic.has_deliverable(VcpuId(0)), "leftovers wake nobody");
    m.line(0, 33, false);
    m.write(0, 0, 1);
    m.enable(0, 27, 0);
    assert_eq!(m.hardware.resampled, [(VcpuId(0), intid(27))]);
    m.fire(0, 27);
    assert_eq!(m.hardware.places(0, 27).len(), 1, "never twice");
    m.end(0, 27);
    assert_eq!(m.hardware.resampled.len(), 2);
    m.fire(0, 27);
    assert_eq!(m.drain(0), [27], "33 has made way");
}

#[test]
fn settle_without_news_does_nothing() {
    let mut m = One::new(1);
    for number in 32..40 {
        m.enable(0, number, 0x80);
        m.line(0, number, true);
    }
    let injections = m.hardware.injections;
    for _ in 0..10 {
        assert_eq!(m.gic.unsettled(), 0);
        m.settle();
    }
    assert_eq!(m.hardware.injections, injections);
}

#[test]
fn wfi_wakes_for_what_is_enabled_only() {
    let mut m = One::new(4);
    m.line(0, 32, true);
    assert!(!m.gic.has_deliverable(VcpuId(0)));
    m.enable(0, 32, 0);
    assert!(m.gic.has_deliverable(VcpuId(0)));
    m.line(0, 32, false);
    assert!(!m.gic.has_deliverable(VcpuId(0)));
    assert_eq!(m.drain(0), []);
    assert!(!m.gic.has_deliverable(VcpuId(0)));
    assert!(!m.gic.has_deliverable(VcpuId(7)));
}

#[test]
fn no_list_registers_means_one() {
    let mut gic = Distributor::<1, 1>::new(0);
    let mut hardware = super::model::Hardware::new(1, 1);
    gic.set_line(VcpuId(0), intid(32), true, &mut hardware);
    gic.settle(VcpuId(0), &mut hardware);
    assert_eq!(hardware.injections, 0);
}

#[test]
fn a_line_that_dropped_takes_its_interrupt_back() {
    let mut m = One::new(4);
    m.enable(0, 27, 0x80);
    m.fire(0, 27);
    assert_eq!(
        m.gic.waits(VcpuId(0), intid(27), &mut m.hardware),
        Some(true)
    );
    m.gic.withdraw(VcpuId(0), intid(27), &mut m.hardware);
    m.settle();
    assert_eq!(m.hardware.resampled, [(VcpuId(0), intid(27))]);
    assert_eq!((m.read(0, 0x200), m.acknowledge(0)), (0, None));
    assert!(!m.gic.has_deliverable(VcpuId(0)));
    assert_eq!(m.gic.waits(VcpuId(0), intid(27), &mut m.hardware), None);
    m.fire(0, 27);
    assert_eq!(m.acknowledge(0), Some(27));
    assert_eq!(
        m.gic.waits(VcpuId(0), intid(27), &mut m.hardware),
        Some(false)
    );
    m.end(0, 27);
    assert_eq!(m.hardware.resampled.len(), 2);
}

/// In its handler the guest disables an interrupt, raises its priority and makes it pending.
#[test]
fn what_is_active_is_not_merged_with_another_priority() {
    let mut m = One::new(4);
    m.hardware.blind = true;
    m.write(0, 0xc08, 2);
    m.enable(0, 32, 0x80);
    m.line(0, 32, true);
    assert_eq!(m.acknowledge(0), Some(32));
    m.write(0, 0x184, 1);
    m.write_byte(0, 0x420, 0x10);
    m.write(0, 0x204, 1);
    assert_eq!(m.hardware.entries[0][0], Entry::Active(32, 0x10));
    m.end(0, 32);
    assert_eq!(m.acknowledge(0), None);
    m.write(0, 0x104, 1);
    assert_eq!(m.drain(0), [32]);
}
