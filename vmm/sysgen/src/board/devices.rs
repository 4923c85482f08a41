//! The devices of a board: where each is, what it is, and which interrupts it has.

use std::fmt::Write;
use std::ops::Range;

use serde::Deserialize;

/// `compatible` strings that devices of many kinds have.
const GENERIC: [&str; 5] = [
    "arm,primecell",
    "generic-uio",
    "simple-bus",
    "simple-mfd",
    "syscon",
];

/// A file `devices.toml`.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Devices {
    /// Is there nothing where it has nothing?
    #[serde(default)]
    pub complete: bool,
    /// The devices.
    pub device: Vec<Device>,
}

/// A device, or several of the same kind one behind the other.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Device {
    /// For messages.
    pub name: String,
    /// Physical address of its registers.
    pub base: u64,
    /// Their size.
    pub size: u64,
    /// `compatible` strings; without one, anything may be there.
    #[serde(default)]
    pub compatible: Vec<String>,
    /// Its interrupts.
    #[serde(default)]
    pub intids: Vec<u16>,
    /// Are they edge-triggered?
    #[serde(default)]
    pub edge: bool,
    /// How many there are; each has the next INTIDs.
    #[serde(default = "one")]
    pub count: u16,
}

fn one() -> u16 {
    1
}

impl Devices {
    /// Those with a register in the range.
    pub fn inside<'a>(&'a self, range: &'a Range<u64>) -> impl Iterator<Item = Device> + 'a {
        let touches = |device: &Device| {
            device.base < range.end && range.start < device.base.saturating_add(device.size)
        };
        self.all().filter(touches)
    }

    /// Those with this interrupt.
    pub fn with_interrupt(&self, intid: u64) -> impl Iterator<Item = Device> + '_ {
        let has = move |device: &Device| device.intids.iter().any(|i| u64::from(*i) == intid);
        self.all().filter(has)
    }

    /// Those of the kind that one of the strings tells.
    pub fn of_kind<'a>(&'a self, compatible: &'a [&'a str]) -> impl Iterator<Item = Device> + 'a {
        self.all().filter(|device| {
            let ours = device.compatible.iter();
            specific(compatible).any(|given| ours.clone().any(|known| known == given))
        })
    }

    fn all(&self) -> impl Iterator<Item = Device> + '_ {
        let each = |device: &Device| {
            let device = device.clone();
            (0..device.count).map(move |index| device.at(index))
        };
        self.device.iter().flat_map(each)
    }
}

/// The strings that tell what a device is.
pub(crate) fn specific<'a>(compatible: &'a [&'a str]) -> impl Iterator<Item = &'a str> {
    compatible
        .iter()
        .copied()
        .filter(|word| !GENERIC.contains(word))
}

impl Device {
    /// One of several.
    fn at(&self, index: u16) -> Self {
        let base = self
            .base
            .saturating_add(self.size.saturating_mul(index.into()));
        let intids = self.intids.iter();
        Self {
            base,
            intids: intids.map(|intid| intid.saturating_add(index)).collect(),
            count: 1,
            ..self.clone()
        }
    }

    /// Can a guest's device of these `compatible` strings be this one?
    pub fn may_be(&self, compatible: &[&str]) -> bool {
        self.compatible.is_empty()
            || specific(compatible).next().is_none()
            || specific(compatible).any(|given| self.compatible.iter().any(|known| known == given))
    }

    /// Its name and address.
    pub fn place(&self) -> String {
        format!("`{}` at {:#x}", self.name, self.base)
    }

    /// The attributes and keys that a system XML needs for it.
    pub fn in_words(&self) -> String {
        let (page, offset) = (self.base & !0xfff, self.base & 0xfff);
        let mut text = format!("phys_addr=\"{page:#x}\"");
        if offset != 0 {
            let _ = write!(text, ", offset=\"{offset:#x}\" size=\"{:#x}\"", self.size);
        }
        if !self.compatible.is_empty() {
            let _ = write!(text, ", compatible=\"{}\"", self.compatible.join(" "));
        }
        if !self.intids.is_empty() {
            let _ = write!(text, ", {}", self.interrupts_in_words());
        }
        text
    }

    /// The attributes of its `<irq>` elements.
    pub fn interrupts_in_words(&self) -> String {
        let intids: Vec<String> = self.intids.iter().map(|i| format!("\"{i}\"")).collect();
        let trigger = if self.edge {
            " trigger=\"edge\""
        } else {
            " (level-triggered)"
        };
        format!("irq={}{trigger}", intids.join(" or "))
    }
}
