use proptest::prelude::*;

use super::*;
use crate::test_region::region;

struct Line {
    queue: RamSlice<'static>,
    producer: SerialProducer<'static>,
    consumer: SerialConsumer<'static>,
}

fn line(bytes: u64) -> Line {
    let (queue, data) = (region(0x1000), region(bytes));
    Line {
        queue,
        producer: SerialProducer::new(queue, data).unwrap(),
        consumer: SerialConsumer::new(queue, data).unwrap(),
    }
}

#[test]
fn the_layout_is_that_of_the_framework() {
    let mut line = line(8);
    line.producer.send(b"abc").unwrap();
    assert_eq!(line.queue.read_u32(0), Some(3), "tail");
    line.consumer.receive(&mut [0; 2]).unwrap();
    assert_eq!(line.queue.read_u32(4), Some(2), "head");
}

#[test]
fn a_producer_that_finds_no_room_is_told_of_it() {
    let mut line = line(4);
    // Regions are zeroes at the start, which means that notifications are wanted.
    assert!(line.consumer.should_notify());
    assert_eq!(line.producer.send(b"1234"), Ok(4));
    assert!(!line.consumer.should_notify());
    assert_eq!(line.producer.send(b"56"), Ok(0));
    assert_eq!(line.queue.read_u32(8), Some(0), "producer_signalled");
    let mut bytes = [0; 3];
    assert_eq!(line.consumer.receive(&mut bytes), Ok(3));
    assert!(line.consumer.should_notify());
    assert!(!line.consumer.should_notify(), "once");
    assert_eq!(line.producer.send(b"56"), Ok(2));
    let mut bytes = [0; 9];
    assert_eq!(line.consumer.receive(&mut bytes), Ok(3));
    assert_eq!(&bytes[..3], b"456");
}

#[test]
fn sizes_that_are_no_power_of_two_are_refused() {
    for bytes in [3, 12] {
        SerialProducer::new(region(0x1000), region(bytes)).unwrap_err();
        SerialConsumer::new(region(0x1000), region(bytes)).unwrap_err();
    }
    SerialProducer::new(region(11), region(8)).unwrap_err();
}

#[test]
fn a_peer_that_lies_is_found_out() {
    let mut line = line(8);
    line.queue.write_u32(0, 9).unwrap();
    line.consumer.receive(&mut [0; 4]).unwrap_err();
    line.queue.write_u32(4, 1).unwrap();
    line.producer.send(b"x").unwrap_err();
}

proptest! {
    #[test]
    fn bytes_arrive_in_order(
        pieces in prop::collection::vec((prop::collection::vec(any::<u8>(), 0..20), 0..20_usize), 0..60),
    ) {
        let mut line = line(16);
        let (mut sent, mut received) = (Vec::<u8>::new(), Vec::<u8>::new());
        for (bytes, room) in pieces {
            let count = line.producer.send(&bytes).unwrap();
            sent.extend(&bytes[..count]);
            let mut buffer = vec![0; room];
            let count = line.consumer.receive(&mut buffer).unwrap();
            received.extend(&buffer[..count]);
        }
        let mut rest = [0; 16];
        let count = line.consumer.receive(&mut rest).unwrap();
        received.extend(&rest[..count]);
        prop_assert_eq!(sent, received);
    }
}
