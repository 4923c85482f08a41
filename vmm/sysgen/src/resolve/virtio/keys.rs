//! Keys of a virtio device that become its parameters.

use crate::diagnostic::Diagnostics;
use crate::fact::Fact;
use crate::model::{Backend, KeyValue, VirtioKey};
use crate::source::Spanned;

/// The parameters, those that are left out with their defaults. A bad one is reported and left
/// out.
pub(super) fn parameters(
    fact: &Fact,
    backend: &Backend,
    found: &mut Diagnostics,
) -> Vec<(String, u64)> {
    let keys = backend.keys.iter();
    keys.filter_map(|key| Some((key.name.to_owned(), value(fact, key, found)?)))
        .collect()
}

fn value(fact: &Fact, key: &VirtioKey, found: &mut Diagnostics) -> Option<u64> {
    match key.value {
        KeyValue::Flag => flag(fact, key.name, found),
        KeyValue::Number {
            default,
            least,
            most,
        } => match fact.get(key.name) {
            None => Some(default),
            Some(_) => number(fact, key.name, least, most, found),
        },
        KeyValue::Optional => Some(fact.number(key.name, found)?.value),
        KeyValue::PowerOfTwo { default, most } => match fact.get(key.name) {
            None => Some(default),
            Some(_) => power_of_two(fact, key.name, most, found),
        },
        KeyValue::Mac => mac(fact, key.name, found),
    }
}

fn flag(fact: &Fact, name: &str, found: &mut Diagnostics) -> Option<u64> {
    let Some(text) = fact.get(name) else {
        return Some(0);
    };
    match text.value.as_str() {
        "false" => Some(0),
        "true" => Some(1),
        other => {
            found
                .error(
                    &text.quoted(),
                    format!("`{other}` is no value of `{name}`"),
                    "expected true or false",
                )
                .hint(format!("write {name}=\"true\", or leave it out"));
            None
        }
    }
}

fn number(fact: &Fact, name: &str, least: u64, most: u64, found: &mut Diagnostics) -> Option<u64> {
    let number = fact.number(name, found)?;
    let in_range = (least..=most).contains(&number.value);
    if !in_range {
        found
            .error(
                &number.span,
                format!("`{name}` is out of range"),
                format!("expected {least} to {most}"),
            )
            .hint(format!("choose a number from {least} to {most}"));
    }
    in_range.then_some(number.value)
}

fn power_of_two(fact: &Fact, name: &str, most: u64, found: &mut Diagnostics) -> Option<u64> {
    let number = fact.number(name, found)?;
    let is_good = number.value.is_power_of_two() && number.value <= most;
    if !is_good {
        found
            .error(
                &number.span,
                format!("`{name}` is not a power of two, or too large"),
                format!("expected 1, 2, 4 and so on, at most {most}"),
            )
            .hint("the place of an entry is its index modulo the capacity, also when it wraps");
    }
    is_good.then_some(number.value)
}

/// The address as a number whose first byte is its most significant.
fn mac(fact: &Fact, name: &str, found: &mut Diagnostics) -> Option<u64> {
    const HINT: &str = "write for example mac=\"02:00:00:00:00:01\"; 02 marks an address that is \
                        given locally";
    let Some(text) = fact.get(name) else {
        found
            .error(
                &fact.span,
                "a network device without an address",
                "no `mac` here",
            )
            .hint(HINT);
        return None;
    };
    let Some(bytes) = mac_bytes(text) else {
        found
            .error(&text.quoted(), "not a MAC address", "expected six bytes")
            .hint(HINT);
        return None;
    };
    let [first, ..] = bytes;
    if first & 1 != 0 || bytes == [0; 6] {
        found
            .error(
                &text.span,
                "not the address of one network card",
                "a group address, or none",
            )
            .hint(HINT);
        return None;
    }
    let fold = |number: u64, byte: &u8| number << 8 | u64::from(*byte);
    Some(bytes.iter().fold(0, fold))
}

fn mac_bytes(text: &Spanned<String>) -> Option<[u8; 6]> {
    let byte = |part: &str| {
        let is_good = part.len() == 2 && part.chars().all(|c| c.is_ascii_hexdigit());
        u8::from_str_radix(part, 16).ok().filter(|_| is_good)
    };
    let bytes: Option<Vec<u8>> = text.value.split(':').map(byte).collect();
    bytes?.try_into().ok()
}
