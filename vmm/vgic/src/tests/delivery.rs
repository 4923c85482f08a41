//! From pending to the guest and back.

use super::model::Machine;

#[test]
fn timer_tick() {
    let mut m = Machine::<1, 1>::new(4);
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
fn sgi_to_self_counts_once_while_untaken() {
    let mut m = Machine::<1, 1>::new(4);
    for _ in 0..3 {
        m.write(0, 0xf00, 2 << 24 | 5);
    }
    assert_eq!(m.drain(0), [5]);
}
