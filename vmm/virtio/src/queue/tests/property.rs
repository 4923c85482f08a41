//! Any bytes in RAM, and every shape of chain against a slow model of the specification.

use proptest::prelude::*;

use super::driver::{BUFFERS, Driver, END, INDIRECT, NEXT, WRITE};
use crate::queue::{Broken, Chain, Segment};
use vmm_arch::Gpa;

const SIZE: u16 = 8;

type Raw = (u64, u32, u16, u16);

/// The chain at `head` by the text of the specification, with no thought of speed: the
/// descriptors in order, or nothing when a rule is broken.
fn model(table: &[Raw], indirect: &[Raw], head: u16) -> Option<Vec<Raw>> {
    let &first = table.get(usize::from(head))?;
    if first.2 & INDIRECT != 0 {
        if first.2 & (NEXT | WRITE) != 0 {
            return None;
        }
        return walk(indirect, 0);
    }
    walk(table, head)
}

fn walk(table: &[Raw], head: u16) -> Option<Vec<Raw>> {
    let mut chain: Vec<Raw> = Vec::new();
    let mut next = head;
    loop {
        let &one = table.get(usize::from(next))?;
        let in_ram = one.1 == 0 || one.0 >= BUFFERS && one.0 + u64::from(one.1) <= END;
        let late = one.2 & WRITE == 0 && chain.iter().any(|other| other.2 & WRITE != 0);
        if one.2 & INDIRECT != 0 || !in_ram || late || chain.len() == usize::from(SIZE) {
            return None;
        }
        chain.push(one);
        if one.2 & NEXT == 0 {
            return Some(chain);
        }
        next = one.3;
    }
}

fn descriptor() -> impl Strategy<Value = Raw> {
    let gpa = prop_oneof![8 => BUFFERS..END, 1 => Just(END - 1), 1 => 0..0x1000_u64];
    let length = prop_oneof![1 => Just(0), 8 => 1..64_u32, 1 => Just(0x2_0000)];
    let flags = prop_oneof![
        3 => Just(0),
        4 => Just(NEXT),
        2 => Just(WRITE),
        4 => Just(WRITE | NEXT),
        1 => 0..8_u16,
    ];
    (gpa, length, flags, 0..SIZE + 1)
}

proptest! {
    #[test]
    fn chains_are_what_the_specification_says(
        table in prop::collection::vec(descriptor(), usize::from(SIZE)),
        indirect in prop::collection::vec(descriptor(), 1..12),
        through_indirect in any::<bool>(),
        head in 0..SIZE + 1,
    ) {
        let mut driver = Driver::new(SIZE);
        let mut table = table;
        // At the start of RAM behind the rings, where no buffer lies.
        let base = BUFFERS - 0x800;
        for (at, &one) in (base..).step_by(16).zip(&indirect) {
            driver.descriptor_at(at, one);
        }
        if through_indirect && let Some(first) = table.get_mut(usize::from(head)) {
            *first = (base, 16 * indirect.len() as u32, INDIRECT, 0);
        } else {
            for one in &mut table {
                one.2 &= !INDIRECT;
            }
        }
        for (index, &(gpa, length, flags, next)) in (0..).zip(&table) {
            driver.descriptor(index, gpa, length, flags, next);
        }
        driver.make_available(head);
        let mut chain = Chain::new();
        let found = driver.queue.pop(&mut chain);
        let Some(expected) = model(&table, &indirect, head) else {
            prop_assert!(found.is_err(), "{chain:?}");
            return Ok(());
        };
        prop_assert_eq!(found, Ok(true));
        let segments = |wanted| -> Vec<Segment> {
            let part = expected.iter().filter(|one| one.2 & WRITE == wanted);
            part.map(|one| Segment { gpa: Gpa(one.0), length: one.1 }).collect()
        };
        prop_assert_eq!(chain.readable(), segments(0));
        prop_assert_eq!(chain.writable(), segments(WRITE));
    }

    #[test]
    fn any_bytes_end(bytes in prop::collection::vec(any::<u8>(), 0x2100), calls in 1..40_u8) {
        let mut driver = Driver::new(SIZE);
        driver.ram_write(driver.layout.descriptors.0, &bytes);
        let mut chain = Chain::new();
        for _ in 0..calls {
            match driver.queue.pop(&mut chain) {
                Ok(true) => driver.queue.push(chain.head(), 0),
                Ok(false) => break,
                Err(broken) => {
                    let heads = matches!(broken, Broken::Twice(_));
                    prop_assert!(!heads, "each was returned at once");
                    break;
                }
            }
            driver.queue.needs_interrupt();
            driver.queue.request_notifications();
        }
    }
}
