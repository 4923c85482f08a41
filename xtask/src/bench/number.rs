//! Numbers as people read them.

const MILLION: u64 = 1_000_000;

/// With a space between groups of three digits.
pub fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::new();
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            text.push(' ');
        }
        text.push(digit);
    }
    text
}

/// As [`grouped`], from a million on in millions.
pub fn short(number: u64) -> String {
    if number < MILLION {
        return grouped(number);
    }
    let tenths = (number + MILLION / 20) / (MILLION / 10);
    format!("{}.{} M", grouped(tenths / 10), tenths % 10)
}

/// A part of the whole in percent, with decimals where it is small.
pub fn percent(ratio: f64) -> String {
    let percent = ratio * 100.0;
    let decimals = match percent {
        small if small < 1.0 => 2,
        small if small < 10.0 => 1,
        _ => 0,
    };
    format!("{percent:.decimals$} %")
}

/// As a fraction's part; what is lost is far below what is shown.
#[expect(clippy::cast_precision_loss, reason = "for ratios of two digits")]
pub fn float(number: u64) -> f64 {
    number as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn digits_stand_in_groups_of_three() {
        let shown = [0, 7, 999, 1_000, 65_536, 1_000_000_000].map(grouped);
        assert_eq!(shown, ["0", "7", "999", "1 000", "65 536", "1 000 000 000"]);
    }

    #[test]
    fn millions_are_rounded_to_tenths() {
        let shown = [999_999, 1_000_000, 7_295_732, 853_779_120, 1_353_550_000].map(short);
        assert_eq!(shown, ["999 999", "1.0 M", "7.3 M", "853.8 M", "1 353.6 M"]);
    }

    #[test]
    fn a_small_part_keeps_its_digits() {
        assert_eq!(
            [1.184, 0.716, 0.052, 0.000_17].map(percent),
            ["118 %", "72 %", "5.2 %", "0.02 %"]
        );
    }
}
