//! Free memory against a list of what was taken.

use super::*;
use devsdk_image::BOARD_RAM_START;
use proptest::prelude::*;

fn overlap(a: &Range<u64>, b: &Range<u64>) -> bool {
    a.start < b.end && b.start < a.end
}

proptest! {
    #[test]
    fn nothing_is_given_twice(
        takes in prop::collection::vec((RAM_START - 0x10_0000..RAM_END, 1_u64..0x400_0000), 0..8),
        requests in prop::collection::vec((1_u64..0x800_0000, 12_u32..22), 0..40),
    ) {
        let mut free = FreeMemory::default();
        let mut taken: Vec<Range<u64>> = Vec::new();
        for (start, length) in takes {
            let range = start..start + length;
            free.take(&range);
            taken.push(range);
        }
        for (length, alignment) in requests {
            if let Some(start) = free.allocate(length, 1 << alignment) {
                let range = start..start + length;
                prop_assert!(start.is_multiple_of(1 << alignment));
                prop_assert!(RAM_START <= start && range.end <= RAM_END);
                prop_assert!(!taken.iter().any(|other| overlap(other, &range)));
                taken.push(range);
            }
        }
        let sorted = free.ranges().windows(2).all(|pair| pair[0].end < pair[1].start);
        prop_assert!(sorted);
        for range in free.ranges() {
            prop_assert!(!taken.iter().any(|other| overlap(other, range)));
        }
    }
}

#[test]
fn memory_runs_out_with_a_message() {
    let mut free = FreeMemory::default();
    free.take(&(RAM_START + 0x1000..RAM_END));
    assert_eq!(free.allocate(0x1000, 0x1000), Some(RAM_START));
    let error = free
        .allocate_for("stack of 'vmm'", 0x1000, 0x1000)
        .unwrap_err();
    assert!(
        error
            .to_string()
            .contains("0x1000 bytes of contiguous physical memory for stack of")
    );
}

#[test]
fn the_interrupt_controller_is_no_device_to_map() {
    assert!(is_device(&(0x900_0000..0x900_1000)));
    assert!(is_device(&(BOARD_RAM_START..RAM_START)));
    for page in [0x800_0000, 0x801_0000, 0x803_0000, RAM_START] {
        assert!(!is_device(&(page..page + 0x1000)), "{page:#x}");
    }
}
