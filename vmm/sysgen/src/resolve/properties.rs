//! Properties and clocks of devices.

use crate::diagnostic::Diagnostics;
use crate::fact::Fact;
use crate::model::{Property, PropertyValue};
use crate::number;
use crate::source::Spanned;

/// Properties of a device that do not come from a `property` instruction.
const OWN: [&str; 8] = [
    "clock-names",
    "clocks",
    "compatible",
    "interrupts",
    "linux,phandle",
    "name",
    "phandle",
    "reg",
];

/// `name:hertz` pairs.
pub(super) fn clocks(fact: &Fact, found: &mut Diagnostics) -> Vec<(String, u32)> {
    let Some(text) = fact.get("clocks") else {
        return Vec::new();
    };
    let mut clocks: Vec<(String, u32)> = Vec::new();
    for word in text.value.split_whitespace() {
        match clock(word) {
            Some((name, _)) if clocks.iter().any(|(earlier, _)| earlier == name) => {
                found
                    .error(
                        &text.span,
                        format!("two clocks are called `{name}`"),
                        "the device tree has one node for each",
                    )
                    .hint("rename one of them");
            }
            Some((name, hertz)) => clocks.push((name.to_owned(), hertz)),
            None => {
                found
                    .error(
                        &text.span,
                        format!("`{word}` is not a clock"),
                        "expected name:hertz",
                    )
                    .hint("write for example clocks=\"uartclk:24000000 apb_pclk:24000000\"");
            }
        }
    }
    clocks
}

fn clock(word: &str) -> Option<(&str, u32)> {
    let (name, hertz) = word.split_once(':')?;
    let hertz = u32::try_from(number::parse(hertz)?).ok()?;
    let is_good = |c: char| c.is_ascii_alphanumeric() || ",._+-".contains(c);
    (!name.is_empty() && name.chars().all(is_good)).then_some((name, hertz))
}

/// The properties of instructions, each name once, and none of those that are `made` already.
pub(super) fn properties<'a>(
    facts: impl Iterator<Item = &'a Fact>,
    made: &[Property],
    found: &mut Diagnostics,
) -> Vec<Property> {
    let mut names: Vec<&Spanned<String>> = Vec::new();
    let mut properties = Vec::new();
    for fact in facts {
        let Some(name) = fact.get("name") else {
            continue;
        };
        check_name(name, made, found);
        names.push(name);
        properties.extend(property(fact, found));
    }
    let title = |name: &String| format!("the property `{name}` is given twice");
    found.repeated(&names, title, "keep one of them");
    properties
}

fn check_name(name: &Spanned<String>, made: &[Property], found: &mut Diagnostics) {
    let text = &name.value;
    let is_good = |c: char| c.is_ascii_alphanumeric() || ",._+?#-".contains(c);
    if !(1..=31).contains(&text.len()) || !text.chars().all(is_good) {
        found
            .error(&name.quoted(), "not a name for a property", "bad name")
            .hint("1 to 31 letters, digits, `,`, `.`, `_`, `+`, `?`, `#` and `-`");
    }
    let is_made = made.iter().any(|property| property.name == *text);
    if is_made || OWN.contains(&text.as_str()) {
        found
            .error(
                &name.span,
                format!("`{text}` is not free"),
                "sysgen makes this property itself",
            )
            .hint(
                "it comes from what the system XML says of the device: `compatible`, `clocks`, \
                 registers and interrupts",
            );
    }
}

fn property(fact: &Fact, found: &mut Diagnostics) -> Option<Property> {
    let name = fact.get("name")?.value.clone();
    let value = match (fact.get("cells"), fact.get("strings")) {
        (None, None) => PropertyValue::Flag,
        (Some(cells), None) => {
            let words = cells.value.split_whitespace();
            let numbers = words.map(|w| number::parse(w).and_then(|n| u32::try_from(n).ok()));
            let Some(numbers) = numbers.collect::<Option<Vec<u32>>>() else {
                found
                    .error(
                        &cells.span,
                        "not a list of cells",
                        "not all are 32-bit numbers",
                    )
                    .hint("write for example cells=\"1 0x20\"");
                return None;
            };
            PropertyValue::Cells(numbers)
        }
        (None, Some(strings)) => {
            let parts = strings.value.split(';').map(|part| part.trim().to_owned());
            PropertyValue::Strings(parts.collect())
        }
        (Some(_), Some(strings)) => {
            found
                .error(&strings.span, "a property has one value", "and `cells` too")
                .hint("keep `cells` or `strings`");
            return None;
        }
    };
    Some(Property { name, value })
}
