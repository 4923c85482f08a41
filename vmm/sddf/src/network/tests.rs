use super::*;
use crate::test_region::region;

#[test]
fn entries_lie_where_the_framework_has_them() {
    let queue = region(0x3000);
    let mut producer = BufferProducer::new(queue, 512).unwrap();
    let mut consumer = BufferConsumer::new(queue, 512).unwrap();
    let buffer = Buffer {
        offset: 0x1800,
        length: 1514,
    };
    assert_eq!(producer.push(buffer), Ok(true));
    assert_eq!(queue.read_u16(0), Some(1), "tail");
    assert_eq!(queue.read_u64(8), Some(0x1800));
    assert_eq!(queue.read_u16(16), Some(1514));
    assert_eq!(consumer.peek(), Ok(Some(buffer)));
    assert_eq!(consumer.pop(), Ok(Some(buffer)));
    assert_eq!(queue.read_u16(2), Some(1), "head");
}

#[test]
fn a_consumer_is_notified_when_it_asked() {
    let queue = region(0x3000);
    let mut producer = BufferProducer::new(queue, 512).unwrap();
    let mut consumer = BufferConsumer::new(queue, 512).unwrap();
    assert!(producer.should_notify(), "zeroes want it");
    assert!(!producer.should_notify(), "once");
    assert_eq!(consumer.request_notification(), Ok(false));
    producer.fill(1).unwrap();
    assert!(producer.should_notify());
    assert_eq!(consumer.request_notification(), Ok(true), "one waits");
    assert!(!producer.should_notify(), "it knows");
    assert!(consumer.pop().unwrap().is_some());
}

#[test]
fn all_buffers_of_a_region_are_free_at_first() {
    let queue = region(0x3000);
    let mut producer = BufferProducer::new(queue, 4).unwrap();
    let mut consumer = BufferConsumer::new(queue, 4).unwrap();
    producer.fill(9).unwrap();
    let offsets: Vec<_> = std::iter::from_fn(|| consumer.pop().unwrap())
        .map(|buffer| buffer.offset)
        .collect();
    assert_eq!(offsets, [0, 0x800, 0x1000, 0x1800]);
}

#[test]
fn buffers_of_a_region() {
    let is_frame = |offset, length| Buffer { offset, length }.is_frame_of(4);
    assert!(is_frame(0, 1) && is_frame(0x1800, 2048));
    assert!(!is_frame(0, 0), "no frame");
    assert!(!is_frame(0, 2049));
    assert!(!is_frame(1, 64));
    assert!(!is_frame(0x2000, 64));
    assert!(!is_frame(u64::MAX - 0x7ff, 64));
    assert!(
        Buffer {
            offset: 0,
            length: 0
        }
        .is_buffer_of(1)
    );
}
