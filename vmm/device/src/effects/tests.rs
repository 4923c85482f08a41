use super::*;

fn changes(effects: &Effects) -> Vec<LineChange> {
    effects.lines().collect()
}

fn change(line: u8, raised: bool, high: bool) -> LineChange {
    LineChange {
        line: Line(line),
        raised,
        high,
    }
}

#[test]
fn nothing_asked_for_is_empty() {
    let effects = Effects::NONE;
    assert!(effects.is_empty());
    assert!(changes(&effects).is_empty());
    assert_eq!(effects.channels().count(), 0);
    assert_eq!(effects.vcpu_start(), None);
}

#[test]
fn lines_end_at_their_last_level() {
    let mut effects = Effects::NONE;
    effects.raise(Line(0));
    effects.lower(Line(31));
    effects.lower(Line(4));
    effects.raise(Line(4));
    assert!(!effects.is_empty());
    let expected = [
        change(0, true, true),
        change(4, true, true),
        change(31, false, false),
    ];
    assert_eq!(changes(&effects), expected);
}

#[test]
fn a_pulse_is_both_raised_and_low() {
    let mut effects = Effects::NONE;
    effects.set_line(Line(2), true);
    effects.set_line(Line(2), false);
    assert_eq!(changes(&effects), [change(2, true, false)]);
}

#[test]
fn numbers_beyond_the_sets_are_ignored() {
    let mut effects = Effects::NONE;
    for number in 32..=u8::MAX {
        effects.raise(Line(number));
        effects.lower(Line(number));
        effects.notify(Channel(number));
    }
    assert!(effects.is_empty());
}

#[test]
fn channels_and_starts_are_kept() {
    let mut effects = Effects::NONE;
    effects.notify(Channel(31));
    effects.notify(Channel(1));
    effects.notify(Channel(1));
    let start = VcpuStart {
        vcpu: VcpuId(1),
        entry: Gpa(0x4000_0000),
        argument: 7,
    };
    effects.start(VcpuStart {
        argument: 1,
        ..start
    });
    effects.start(start);
    assert_eq!(
        effects.channels().collect::<Vec<_>>(),
        [Channel(1), Channel(31)]
    );
    assert_eq!(effects.vcpu_start(), Some(start));
    assert!(!effects.is_deferred());
    let mut effects = Effects::NONE;
    effects.defer();
    assert!(effects.is_deferred() && !effects.is_empty());
}
