//! A driver of our own drives the queue, well and badly.

mod driver;
mod property;

use super::*;
use driver::{BUFFERS, Driver, INDIRECT, NEXT, WRITE};
use vmm_arch::Gpa;

const EVENT_INDEX: QueueFeatures = QueueFeatures {
    indirect: true,
    event_index: true,
};

fn pop(driver: &mut Driver) -> Result<Option<Chain>, Broken> {
    let mut chain = Chain::new();
    Ok(driver.queue.pop(&mut chain)?.then_some(chain))
}

fn broken(driver: &mut Driver) -> Broken {
    let broken = pop(driver).unwrap_err();
    // It stays so, and says nothing more.
    assert_eq!(pop(driver).unwrap_err(), broken);
    assert_eq!(driver.queue.broken(), Some(broken));
    assert!(!driver.queue.needs_interrupt());
    assert!(!driver.queue.request_notifications());
    broken
}

#[test]
fn layouts_are_checked() {
    let good = Driver::new(8).layout;
    let refuse = |layout| {
        let mut driver = Driver::new(8);
        driver.queue.reset();
        let error = driver.queue.enable(layout, EVENT_INDEX).unwrap_err();
        assert!(!driver.queue.is_enabled());
        error
    };
    for size in [0, 3, 512, u16::MAX] {
        assert_eq!(refuse(Layout { size, ..good }), EnableError::Size(size));
    }
    let odd = |at: Gpa, by| Gpa(at.0 + by);
    let table = |descriptors| Layout {
        descriptors,
        ..good
    };
    let available = |available| Layout { available, ..good };
    let used = |used| Layout { used, ..good };
    use EnableError::{NotRam, Unaligned};
    let cases = [
        (
            table(odd(good.descriptors, 8)),
            Unaligned("descriptor table"),
        ),
        (
            available(odd(good.available, 1)),
            Unaligned("available ring"),
        ),
        (used(odd(good.used, 2)), Unaligned("used ring")),
        (table(Gpa(0)), NotRam("descriptor table")),
        (table(Gpa(u64::MAX - 15)), NotRam("descriptor table")),
        (available(Gpa(driver::END - 20)), NotRam("available ring")),
        (used(Gpa(driver::END - 64)), NotRam("used ring")),
    ];
    for (layout, error) in cases {
        assert_eq!(refuse(layout), error);
    }
    // The last byte of RAM may be the last of a ring.
    let mut driver = Driver::new(8);
    let last = available(Gpa(driver::END - (6 + 2 * 8)));
    assert_eq!(driver.queue.enable(last, EVENT_INDEX), Ok(()));
}

#[test]
fn a_request_goes_there_and_back() {
    let mut driver = Driver::new(8);
    assert!(pop(&mut driver).unwrap().is_none());
    driver.ram_write(BUFFERS, b"question");
    driver.descriptor(5, BUFFERS, 3, NEXT, 1);
    driver.descriptor(1, BUFFERS + 3, 5, NEXT, 7);
    driver.descriptor(7, BUFFERS + 0x100, 2, WRITE | NEXT, 0);
    driver.descriptor(0, BUFFERS + 0x200, 6, WRITE, 99);
    driver.make_available(5);

    let chain = pop(&mut driver).unwrap().unwrap();
    assert_eq!(chain.head(), 5);
    assert_eq!((chain.readable().len(), chain.writable().len()), (2, 2));
    let mut reader = chain.reader(driver.memory);
    assert_eq!(reader.remaining(), 8);
    assert_eq!(reader.read_value::<u16>(), Some(u16::from_le_bytes(*b"qu")));
    let mut rest = [0; 16];
    assert_eq!(reader.read(&mut rest), 6);
    assert_eq!(&rest[..6], b"estion");
    assert_eq!(reader.read_value::<u8>(), None);
    let mut writer = chain.writer(driver.memory);
    assert_eq!(writer.remaining(), 8);
    assert_eq!(writer.write(b"an"), 2);
    assert!(writer.write_value(&0x7765_7773_u32));
    assert!(!writer.write_value(&0_u32), "only two bytes are left");
    assert_eq!(writer.written(), 8);
    driver.queue.push(chain.head(), writer.written());

    assert_eq!(driver.used(), [(5, 8)]);
    assert_eq!(driver.ram_read(BUFFERS + 0x100, 2), b"an");
    assert_eq!(driver.ram_read(BUFFERS + 0x200, 4), b"swew");
    assert!(driver.queue.needs_interrupt());
    assert!(!driver.queue.needs_interrupt(), "nothing new since");
}

#[test]
fn what_was_not_taken_is_not_returned() {
    let mut driver = Driver::new(8);
    driver.queue.push(3, 0);
    driver.queue.push(4000, 0);
    assert!(driver.used().is_empty());
    driver.descriptor(3, BUFFERS, 1, 0, 0);
    driver.make_available(3);
    assert!(pop(&mut driver).unwrap().is_some());
    let layout = driver.layout;
    driver.queue.reset();
    driver.queue.push(3, 1);
    driver.queue.enable(layout, EVENT_INDEX).unwrap();
    driver.queue.push(3, 1);
    assert!(driver.used().is_empty(), "a chain of before the reset");
}

#[test]
fn indices_wrap_around() {
    let mut driver = Driver::new(4);
    driver.descriptor(2, BUFFERS, 1, WRITE, 0);
    for round in 0..0x1_0005_u32 {
        driver.make_available(2);
        let chain = pop(&mut driver).unwrap().unwrap();
        driver.queue.push(chain.head(), round);
    }
    assert!(pop(&mut driver).unwrap().is_none());
    assert_eq!(driver.used_index(), 5);
    assert_eq!(driver.used_entry(4), (2, 0x1_0004));
}

#[test]
fn tables_of_indirect_descriptors() {
    let mut driver = Driver::new(2);
    let table = BUFFERS + 0x1000;
    driver.descriptor(1, table, 16 * 2, INDIRECT, 0);
    driver.descriptor_at(table, (BUFFERS, 4, NEXT, 1));
    driver.descriptor_at(table + 16, (BUFFERS + 8, 9, WRITE, 0));
    driver.make_available(1);
    let chain = pop(&mut driver).unwrap().unwrap();
    assert_eq!(chain.head(), 1);
    let segment = |gpa, length| Segment {
        gpa: Gpa(gpa),
        length,
    };
    assert_eq!(chain.readable(), [segment(BUFFERS, 4)]);
    assert_eq!(chain.writable(), [segment(BUFFERS + 8, 9)]);
}

#[test]
fn bad_indirect_descriptors_stop_the_queue() {
    let table = BUFFERS + 0x1000;
    let outside = driver::END;
    let cases: [(&str, u64, u32, u16, Broken); 8] = [
        ("no table", table, 0, INDIRECT, Broken::Indirect),
        ("half an entry", table, 24, INDIRECT, Broken::Indirect),
        ("with next", table, 32, INDIRECT | NEXT, Broken::Indirect),
        ("writable", table, 32, INDIRECT | WRITE, Broken::Indirect),
        ("outside of RAM", outside, 32, INDIRECT, Broken::NotRam),
        (
            "at the end of addresses",
            u64::MAX - 7,
            16,
            INDIRECT,
            Broken::NotRam,
        ),
        (
            "an entry that is not there",
            table,
            16,
            INDIRECT,
            Broken::NoDescriptor(1),
        ),
        ("a table in a table", table, 48, INDIRECT, Broken::Indirect),
    ];
    for (name, at, length, flags, expected) in cases {
        let mut driver = Driver::new(8);
        driver.descriptor(0, at, length, flags, 1);
        driver.descriptor_at(table, (BUFFERS, 4, NEXT, 1));
        driver.descriptor_at(table + 16, (table, 16, INDIRECT, 0));
        driver.make_available(0);
        assert_eq!(broken(&mut driver), expected, "{name}");
    }
    let mut driver = Driver::new(8);
    let layout = driver.layout;
    driver
        .queue
        .enable(layout, QueueFeatures::default())
        .unwrap();
    driver.descriptor(0, table, 16, INDIRECT, 0);
    driver.make_available(0);
    assert_eq!(broken(&mut driver), Broken::Indirect, "not negotiated");
}

#[test]
fn bad_chains_stop_the_queue() {
    type Descriptors = &'static [(u64, u32, u16, u16)];
    let cases: [(&str, Descriptors, Broken); 9] = [
        ("loop of one", &[(BUFFERS, 1, NEXT, 0)], Broken::TooLong),
        (
            "loop of two",
            &[(BUFFERS, 1, NEXT, 1), (BUFFERS, 1, NEXT, 0)],
            Broken::TooLong,
        ),
        (
            "next is no descriptor",
            &[(BUFFERS, 1, NEXT, 8)],
            Broken::NoDescriptor(8),
        ),
        (
            "next far out",
            &[(BUFFERS, 1, NEXT, 0xffff)],
            Broken::NoDescriptor(0xffff),
        ),
        ("outside of RAM", &[(0x1000, 1, 0, 0)], Broken::NotRam),
        (
            "beyond the end of RAM",
            &[(driver::END - 1, 2, 0, 0)],
            Broken::NotRam,
        ),
        (
            "around the end of addresses",
            &[(u64::MAX, 2, WRITE, 0)],
            Broken::NotRam,
        ),
        (
            "reads after writes",
            &[(BUFFERS, 1, WRITE | NEXT, 1), (BUFFERS, 1, 0, 0)],
            Broken::ReadableAfterWritable,
        ),
        (
            "a table after a buffer",
            &[(BUFFERS, 1, NEXT, 1), (BUFFERS, 16, INDIRECT, 0)],
            Broken::Indirect,
        ),
    ];
    for (name, descriptors, expected) in cases {
        let mut driver = Driver::new(8);
        for (index, &(gpa, length, flags, next)) in (0..).zip(descriptors) {
            driver.descriptor(index, gpa, length, flags, next);
        }
        driver.make_available(0);
        assert_eq!(broken(&mut driver), expected, "{name}");
    }
}

#[test]
fn a_bad_available_ring_stops_the_queue() {
    let mut driver = Driver::new(8);
    driver.make_available(8);
    assert_eq!(broken(&mut driver), Broken::NoDescriptor(8));

    for jump in [9, 0x8000, 0xffff] {
        let mut driver = Driver::new(8);
        driver.set_available_index(jump);
        assert_eq!(broken(&mut driver), Broken::AvailableIndex(jump));
    }

    let mut driver = Driver::new(8);
    driver.descriptor(3, BUFFERS, 1, 0, 0);
    driver.make_available(3);
    driver.make_available(3);
    assert!(pop(&mut driver).unwrap().is_some());
    assert_eq!(broken(&mut driver), Broken::Twice(3));
    let layout = driver.layout;
    driver.set_available_index(0);
    driver.queue.enable(layout, EVENT_INDEX).unwrap();
    assert_eq!(driver.queue.broken(), None, "a reset revives it");
}

#[test]
fn empty_buffers_are_allowed_anywhere() {
    let mut driver = Driver::new(8);
    driver.descriptor(0, 0, 0, NEXT, 1);
    driver.descriptor(1, BUFFERS, 4, NEXT, 2);
    driver.descriptor(2, u64::MAX, 0, WRITE, 0);
    driver.make_available(0);
    driver.ram_write(BUFFERS, &[1, 2, 3, 4]);
    let chain = pop(&mut driver).unwrap().unwrap();
    let mut bytes = [0; 8];
    assert_eq!(chain.reader(driver.memory).read(&mut bytes), 4);
    assert_eq!(chain.writer(driver.memory).write(&bytes), 0);
}

#[test]
fn a_chain_of_4_gib_stops_the_queue() {
    // Every buffer is in RAM; together they have more bytes than the used ring can tell.
    let mut driver = Driver::with_ram(32, 0x1000_0000);
    for index in 0..32 {
        driver.descriptor(index, BUFFERS, 0x0ff0_0000, NEXT, (index + 1) % 32);
    }
    driver.make_available(0);
    assert_eq!(broken(&mut driver), Broken::TooLarge);
}

#[test]
fn interrupts_are_suppressed_by_flag() {
    let mut driver = Driver::new(8);
    let layout = driver.layout;
    driver
        .queue
        .enable(layout, QueueFeatures::default())
        .unwrap();
    driver.descriptor(0, BUFFERS, 1, WRITE, 0);
    for (flags, expected) in [(0, true), (1, false), (0, true)] {
        driver.set_available_flags(flags);
        driver.make_available(0);
        let chain = pop(&mut driver).unwrap().unwrap();
        driver.queue.push(chain.head(), 1);
        assert_eq!(driver.queue.needs_interrupt(), expected);
    }
}

#[test]
fn interrupts_come_at_the_event_index() {
    let mut driver = Driver::new(8);
    driver.descriptor(0, BUFFERS, 1, WRITE, 0);
    driver.set_used_event(2);
    let mut answers = Vec::new();
    for _ in 0..5 {
        driver.make_available(0);
        let chain = pop(&mut driver).unwrap().unwrap();
        driver.queue.push(chain.head(), 1);
        answers.push(driver.queue.needs_interrupt());
    }
    assert_eq!(answers, [false, false, true, false, false]);
}

#[test]
fn notifications_are_requested_and_suppressed() {
    let mut driver = Driver::new(8);
    driver.descriptor(0, BUFFERS, 1, WRITE, 0);
    driver.make_available(0);
    assert!(driver.queue.request_notifications(), "one waits already");
    assert_eq!(driver.available_event(), 0);
    assert!(pop(&mut driver).unwrap().is_some());
    assert!(!driver.queue.request_notifications());
    assert_eq!(driver.available_event(), 1);
    driver.queue.suppress_notifications();
    assert_eq!((driver.available_event(), driver.used_flags()), (1, 0));

    let layout = driver.layout;
    driver.set_available_index(0);
    driver
        .queue
        .enable(layout, QueueFeatures::default())
        .unwrap();
    driver.queue.suppress_notifications();
    assert_eq!(driver.used_flags(), 1);
    assert!(!driver.queue.request_notifications());
    assert_eq!(driver.used_flags(), 0);
}

#[test]
fn the_last_bytes_are_split_off_across_segments() {
    let mut driver = Driver::new(8);
    driver.descriptor(0, BUFFERS, 3, WRITE | NEXT, 1);
    driver.descriptor(1, BUFFERS + 0x10, 2, WRITE, 0);
    driver.make_available(0);
    let chain = pop(&mut driver).unwrap().unwrap();
    for bytes in 0..8_u32 {
        let mut data = chain.writer(driver.memory);
        let mut last = data.split_off_last(bytes);
        let expected = bytes.min(5);
        assert_eq!(
            (data.remaining(), last.remaining()),
            (5 - expected, expected)
        );
        assert_eq!(last.write(&[b'l'; 9]), expected as usize);
        assert_eq!(data.write(&[b'd'; 9]), 5 - expected as usize);
        assert_eq!(last.written(), expected);
        let mut all = driver.ram_read(BUFFERS, 3);
        all.extend(driver.ram_read(BUFFERS + 0x10, 2));
        let text: Vec<u8> = (0..5)
            .map(|at| if at < 5 - expected { b'd' } else { b'l' })
            .collect();
        assert_eq!(all, text);
    }
}
