//! Laying a kernel out flat.

use super::*;
use crate::program::tests::sample;

fn entered_at(mut file: Vec<u8>, entry: u64) -> Vec<u8> {
    file[24..32].copy_from_slice(&entry.to_le_bytes());
    file
}

#[test]
fn segments_lie_at_their_distance_from_the_load_address() {
    let segments = [
        (LOAD_ADDRESS, 8, 8, 5),
        (LOAD_ADDRESS + 0x1800, 4, 0x1000, 6),
    ];
    let flat = flatten(&entered_at(sample::build(&segments, &[]), LOAD_ADDRESS)).unwrap();
    assert_eq!(flat.len(), 0x3000);
    assert_eq!(flat[..9], [0, 1, 2, 3, 4, 5, 6, 7, 0]);
    assert_eq!(flat[0x17ff..0x1805], [0, 0, 1, 2, 3, 0]);
}

#[test]
fn refuses_what_is_no_kernel() {
    assert!(flatten(b"no ELF").is_err());
    let elsewhere = sample::build(&[(LOAD_ADDRESS, 8, 8, 5)], &[]);
    assert!(
        flatten(&elsewhere)
            .unwrap_err()
            .contains("entered at 0x70000000")
    );
    for address in [LOAD_ADDRESS - 0x1000, RAM_END, u64::MAX - 4] {
        let file = entered_at(sample::build(&[(address, 8, 8, 5)], &[]), LOAD_ADDRESS);
        assert!(
            flatten(&file).unwrap_err().contains("out of place"),
            "{address:#x}"
        );
    }
}
