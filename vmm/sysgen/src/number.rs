//! Numbers as the microkit tool writes them: decimal, or hexadecimal after `0x`, with `_` anywhere.

/// Reads a number; `None` when it is none, or more than 64 bits.
pub fn parse(text: &str) -> Option<u64> {
    let digits: String = text.chars().filter(|c| *c != '_').collect();
    match digits.strip_prefix("0x") {
        Some(hexadecimal) => u64::from_str_radix(hexadecimal, 16).ok(),
        None => digits.parse().ok(),
    }
}

/// A size in words, for messages: `256 MiB`, `8 KiB`, `0x1234 bytes`.
pub fn size(bytes: u64) -> String {
    const UNITS: [(u64, &str); 3] = [(1 << 30, "GiB"), (1 << 20, "MiB"), (1 << 10, "KiB")];
    for (unit, name) in UNITS {
        if bytes >= unit && bytes.is_multiple_of(unit) {
            return format!("{} {name}", bytes / unit);
        }
    }
    format!("{bytes:#x} bytes")
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
        assert_eq!(size(0x1234), "0x1234 bytes");
    }
}
