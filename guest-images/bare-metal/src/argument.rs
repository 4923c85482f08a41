//! A kernel argument out of the device tree, by looking for its text.

use crate::cpu::read32;

const DTB_MAGIC: u32 = 0xd00d_feed;
/// More than any device tree of ours.
const LARGEST: u32 = 1 << 20;

/// The hexadecimal number that follows `name` and 0x anywhere in the device tree.
pub fn number(dtb: u64, name: &[u8]) -> Option<u64> {
    let magic = read32(dtb).swap_bytes();
    let size = read32(dtb + 4).swap_bytes();
    if magic != DTB_MAGIC || size > LARGEST {
        return None;
    }
    let byte = |at: u64| (read32(dtb + (at & !3)) >> (8 * (at % 4))) as u8;
    let last = u64::from(size).checked_sub(name.len() as u64 + 3)?;
    let start = (0..last).find(|at| (0..).zip(name).all(|(n, wanted)| byte(at + n) == *wanted))?;
    let digits = start + name.len() as u64;
    if (byte(digits), byte(digits + 1)) != (b'0', b'x') {
        return None;
    }
    let mut value = 0;
    for at in digits + 2..u64::from(size) {
        match (byte(at) as char).to_digit(16) {
            Some(digit) => value = value << 4 | u64::from(digit),
            None => break,
        }
    }
    Some(value)
}
