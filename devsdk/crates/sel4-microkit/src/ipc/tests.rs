//! What a badge says, and sets of channels.

extern crate std;

use std::string::ToString;
use std::vec::Vec;

use super::*;

fn event(badge: sel4::Badge) -> Event {
    Event::new((sel4::MessageInfo::new(6, 0, 0, 4), badge))
}

#[test]
fn the_top_bits_tell_calls_faults_and_signals_apart() {
    let Event::Protected(channel, info) = event(1 << 63 | 5) else {
        panic!("a call")
    };
    assert_eq!((channel.index(), info.label(), info.count()), (5, 6, 4));
    let Event::Fault(child, _) = event(1 << 62 | 3) else {
        panic!("a fault")
    };
    assert_eq!(child.index(), 3);
    let Event::Notified(channels) = event(0b1001) else {
        panic!("signals")
    };
    assert!(channels.contains(Channel::new(3)) && !channels.contains(Channel::new(1)));
}

#[test]
fn a_set_gives_each_channel_once() {
    let set = ChannelSet(1 << 61 | 1 << 7 | 1);
    let indices: Vec<_> = set.iter().map(|channel| channel.index()).collect();
    assert_eq!(indices, [0, 7, 61]);
    assert_eq!(set.display().to_string(), "{0, 7, 61}");
    assert_eq!(ChannelSet(0).display().to_string(), "{}");
}

#[test]
#[should_panic(expected = "below 62")]
fn a_channel_beyond_the_last_is_refused() {
    let _ = Channel::new(62);
}
