//! The part of a console's text that two kernels have in common.

/// Where programs are linked, up to well past their end.
const PROGRAM: std::ops::Range<u64> = 0x20_0000..0x100_0000;

/// The lines from `begin` to `end`, without colours, kernel addresses, the addresses of the
/// program, and registers that are 0.
pub(crate) fn comparable(console: &str) -> String {
    console
        .lines()
        .map(without_colours)
        .skip_while(|line| line != "begin")
        .filter(|line| !is_zero_register(line))
        .map(|line| without_addresses(&line) + "\n")
        .collect()
}

fn without_colours(line: &str) -> String {
    let mut parts = line.trim_end_matches('\r').split('\x1b');
    let first = parts.next().unwrap_or_default().to_owned();
    // A colour is `[`, a number, `m`.
    parts.fold(first, |text, part| {
        text + part.split_once('m').map_or("", |(_, rest)| rest)
    })
}

/// A line of the monitor's register dump.
fn is_zero_register(line: &str) -> bool {
    line.starts_with('x') && line.ends_with(" : 0x0000000000000000")
}

/// Drops a thread's pointer and program counter from a kernel's error line, and hides program
/// addresses.
fn without_addresses(line: &str) -> String {
    let words = line.split(' ').filter(|word| !word.starts_with("T0x"));
    words.map(without_address).collect::<Vec<_>>().join(" ")
}

fn without_address(word: &str) -> String {
    if word.starts_with('@') {
        // What follows the address in "@200fc]:" stays.
        return format!(
            "@{}",
            word.trim_start_matches(|c: char| c == '@' || c.is_ascii_hexdigit())
        );
    }
    let Some((before, digits)) = word.split_once("0x") else {
        return word.to_owned();
    };
    match u64::from_str_radix(digits, 16) {
        Ok(address) if PROGRAM.contains(&address) => format!("{before}PROGRAM"),
        _ => word.to_owned(),
    }
}
