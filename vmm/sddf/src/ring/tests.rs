use std::collections::VecDeque;

use proptest::prelude::*;

use super::*;
use crate::test_region::region;

const LAYOUTS: [Layout; 2] = [
    Layout {
        head: 0,
        tail: 4,
        width: IndexWidth::Word,
        entries: 16,
        entry_bytes: 4,
    },
    Layout {
        head: 2,
        tail: 0,
        width: IndexWidth::Half,
        entries: 8,
        entry_bytes: 4,
    },
];

fn ends(layout: Layout, capacity: u32) -> (Producer<'static, 4>, Consumer<'static, 4>) {
    let region = region(layout.entries + 4 * u64::from(capacity));
    let producer = Producer::new(region, layout, capacity).unwrap();
    (producer, Consumer::new(region, layout, capacity).unwrap())
}

#[test]
fn regions_and_capacities_are_checked() {
    let [word, half] = LAYOUTS;
    let new = |layout, size, capacity| {
        Producer::<4>::new(region(size), layout, capacity)
            .err()
            .map(|error| error.to_string())
    };
    assert_eq!(new(word, 16 + 32, 8), None);
    let small = "the queue needs 0x30 bytes, and its region has 0x2f";
    assert_eq!(new(word, 16 + 31, 8).as_deref(), Some(small));
    for capacity in [0, 3, 0x8000_0000, u32::MAX] {
        let error = RingError::Capacity(capacity);
        assert_eq!(new(word, 0x1000, capacity), Some(error.to_string()));
    }
    assert!(new(half, 0x10_0000, 0x4000).is_none());
    assert!(
        new(half, 0x10_0000, 0x8000).is_some(),
        "full would look like too full"
    );
}

#[test]
fn a_full_queue_takes_no_more() {
    for layout in LAYOUTS {
        let (mut producer, mut consumer) = ends(layout, 2);
        assert_eq!(consumer.pop(), Ok(None));
        assert_eq!(producer.push(b"one."), Ok(true));
        assert_eq!(producer.push(b"two."), Ok(true));
        assert_eq!(producer.push(b"more"), Ok(false));
        assert_eq!((producer.room(), consumer.length()), (Ok(0), Ok(2)));
        assert_eq!(consumer.peek(), Ok(Some(*b"one.")));
        assert_eq!(consumer.pop(), Ok(Some(*b"one.")));
        assert_eq!(producer.push(b"more"), Ok(true));
        assert_eq!(consumer.pop(), Ok(Some(*b"two.")));
        assert_eq!(consumer.pop(), Ok(Some(*b"more")));
        assert_eq!(consumer.pop(), Ok(None));
    }
}

#[test]
fn indices_wrap_around() {
    let [_, half] = LAYOUTS;
    let (mut producer, mut consumer) = ends(half, 4);
    for number in 0..0x2_0001_u32 {
        assert_eq!(producer.push(&number.to_le_bytes()), Ok(true));
        assert_eq!(consumer.pop(), Ok(Some(number.to_le_bytes())));
    }
}

proptest! {
    #[test]
    fn a_queue_is_a_queue(actions in prop::collection::vec(any::<Option<u32>>(), 0..200)) {
        for layout in LAYOUTS {
            let (mut producer, mut consumer) = ends(layout, 8);
            let mut model = VecDeque::new();
            for action in &actions {
                match action {
                    Some(number) => {
                        let room = model.len() < 8;
                        prop_assert_eq!(producer.push(&number.to_le_bytes()), Ok(room));
                        if room {
                            model.push_back(number.to_le_bytes());
                        }
                    }
                    None => prop_assert_eq!(consumer.pop(), Ok(model.pop_front())),
                }
            }
        }
    }

    #[test]
    fn any_index_of_the_peer_is_checked(index in any::<u32>(), pushed in 0..5_u32) {
        for layout in LAYOUTS {
            let (mut producer, consumer) = ends(layout, 4);
            for _ in 0..pushed {
                producer.push(&[0; 4]).unwrap();
            }
            let index = index & layout.width.mask();
            producer.ring.set_index(layout.head, index);
            let length = pushed.min(4).wrapping_sub(index) & layout.width.mask();
            prop_assert_eq!(producer.room().is_ok(), length <= 4);
            prop_assert_eq!(producer.push(&[1; 4]).is_ok(), length <= 4);
            producer.ring.set_index(layout.tail, index);
            prop_assert_eq!(consumer.length().is_ok(), index <= 4);
            prop_assert_eq!(consumer.peek().is_ok(), index <= 4);
        }
    }
}
