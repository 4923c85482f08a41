//! Any kernel file: what it is, and where it goes in the guest's RAM.
#![no_main]

use libfuzzer_sys::fuzz_target;
use sysgen::image::{Space, place, understand};

const RAM: std::ops::Range<u64> = 0x4000_0000..0x4800_0000;

fuzz_target!(|bytes: &[u8]| {
    let Ok(kernel) = understand(bytes.to_vec()) else {
        return;
    };
    let Ok(layout) = place(kernel, Some(0x1234), Space::new([RAM]), None) else {
        return;
    };
    assert!(RAM.contains(&layout.entry), "starts outside RAM");
    for part in &layout.kernel {
        assert!(part.data.len() as u64 <= part.size, "more data than room");
        let end = part.base.checked_add(part.size).expect("a part that wraps");
        assert!(part.base >= RAM.start && end <= RAM.end, "outside RAM");
    }
});
