//! Numbers as the microkit tool writes them: decimal, or hexadecimal after `0x`, with `_` anywhere.

/// Reads a number; `None` when it is none, or more than 64 bits.
pub fn parse(text: &str) -> Option<u64> {
    let digits: String = text.chars().filter(|c| *c != '_').collect();
    match digits.strip_prefix("0x") {
        Some(hexadecimal) => u64::from_str_radix(hexadecimal, 16).ok(),
        None => digits.parse().ok(),
    }
}

/// A size in words, for messages; what is no whole number of KiB is rounded up.
pub fn size(bytes: u64) -> String {
    const UNITS: [(u64, &str); 2] = [(1 << 30, "GiB"), (1 << 20, "MiB")];
    for (unit, name) in UNITS {
        if bytes >= unit && bytes.is_multiple_of(unit) {
            return format!("{} {name}", bytes / unit);
        }
    }
    match bytes {
        0..1024 => format!("{bytes} bytes"),
        _ => format!("{} KiB", bytes.div_ceil(1024)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_those_of_the_microkit_tool() {
        assert_eq!(parse("0x4000_0000"), Some(0x4000_0000));
        assert_eq!(parse("1_000"), Some(1000));
        assert_eq!(parse("0xffff_ffff_ffff_ffff"), Some(u64::MAX));
        for bad in ["", "0x", "-1", "12k", "0X10", "0x1_0000_0000_0000_0000"] {
            assert_eq!(parse(bad), None, "{bad}");
        }
    }

    #[test]
    fn sizes_read_well() {
        assert_eq!(size(256 << 20), "256 MiB");
        assert_eq!(size(0x1000), "4 KiB");
        assert_eq!(size(0x1234), "5 KiB");
        assert_eq!(size(3), "3 bytes");
    }
}
