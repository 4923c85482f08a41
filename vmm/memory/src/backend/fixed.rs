//! The static backend: the system XML has mapped everything before the VMM runs (Microkit).
//!
//! Mapping a frame proves that it is so. Nothing is guessed: what the XML does not map is an
//! error that names the missing element.

use super::Backend;
use crate::frame::{Frame, Rights};
use crate::range_map::touches;
use vmm_arch::{Gpa, GpaRange};
use vmm_config::Mapping;

/// What the system XML lacks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum StaticError {
    /// No `<map>` covers the first byte.
    #[error(
        "the system XML has no <map> of a memory region with perms \"{perms}\" at {base} in the \
         virtual machine ({size:#x} bytes): add <map mr=... vaddr=\"{base}\" perms=\"{perms}\"/> \
         to the <virtual_machine>"
    )]
    NoMap {
        /// First address.
        base: Gpa,
        /// Bytes that need it.
        size: u64,
        /// Rights that are needed.
        perms: Rights,
    },
    /// A `<map>` begins as it should and ends too early.
    #[error(
        "the <map> of memory region \"{name}\" in the virtual machine ends at {last}, but {range} \
         is needed: enlarge the <memory_region>, or map another one behind it"
    )]
    TooShort {
        /// The memory region.
        name: &'static str,
        /// Last address that the `<map>` covers.
        last: Gpa,
        /// What is needed.
        range: GpaRange,
    },
    /// A `<map>` is there and gives too little.
    #[error(
        "the system XML has no <map> of memory region \"{name}\" with perms \"{wanted}\" at {base} \
         in the virtual machine: its perms are \"{found}\""
    )]
    Perms {
        /// The memory region.
        name: &'static str,
        /// First address.
        base: Gpa,
        /// Rights that are needed.
        wanted: Rights,
        /// Rights that the `<map>` gives.
        found: Rights,
    },
    /// The guest has the memory, the VMM does not.
    #[error(
        "the system XML has no <map> of memory region \"{name}\" in the <protection_domain> of \
         the VMM: add one, so that the VMM sees {range} of the guest"
    )]
    NotInVmm {
        /// The memory region.
        name: &'static str,
        /// What the VMM needs to see.
        range: GpaRange,
    },
    /// Two regions touch in the guest and not in the VMM.
    #[error(
        "the VMM does not map memory region \"{name}\" right behind the one before it, as the \
         virtual machine does: change its vaddr in the <protection_domain>, or look at the two \
         apart"
    )]
    Split {
        /// The second memory region.
        name: &'static str,
    },
}

/// Checks frames against the `<map>` elements of the virtual machine.
#[derive(Clone, Copy, Debug)]
pub struct StaticBackend {
    mappings: &'static [Mapping],
}

impl StaticBackend {
    /// `mappings` is what the system XML maps into the guest, ordered by `base` and without
    /// overlap, as sysgen writes it; a table in another order is refused.
    pub fn new(mappings: &'static [Mapping]) -> Option<Self> {
        let ranges_ordered = mappings.iter().all(|mapping| range_of(mapping).is_some())
            && mappings.windows(2).all(|pair| match pair {
                [low, high] => range_of(low).is_some_and(|range| range.last().0 < high.base),
                _ => true,
            });
        ranges_ordered.then_some(Self { mappings })
    }

    /// The mapping that holds `address`, and its index.
    fn holding(&self, address: Gpa) -> Option<(usize, &'static Mapping, GpaRange)> {
        let above = self
            .mappings
            .partition_point(|mapping| mapping.base <= address.0);
        let index = above.checked_sub(1)?;
        let mapping = self.mappings.get(index)?;
        let range = range_of(mapping).filter(|range| range.contains(address))?;
        Some((index, mapping, range))
    }

    /// Proves that one `<map>` after another covers `range`, `each` of them being right.
    fn prove(
        &self,
        range: GpaRange,
        perms: Rights,
        mut each: impl FnMut(&'static Mapping, GpaRange) -> Result<(), StaticError>,
    ) -> Result<(), StaticError> {
        let base = range.base();
        let size = range.size();
        let (first, ..) = self
            .holding(base)
            .ok_or(StaticError::NoMap { base, size, perms })?;
        let mut previous: Option<(&Mapping, GpaRange)> = None;
        for mapping in self.mappings.iter().skip(first) {
            let Some(covered) = range_of(mapping) else {
                break;
            };
            if previous.is_some_and(|(_, low)| !touches(&low, &covered)) {
                break;
            }
            each(mapping, covered)?;
            if range.last() <= covered.last() {
                return Ok(());
            }
            previous = Some((mapping, covered));
        }
        let (name, last) = previous.map_or(("", base), |(map, low)| (map.name, low.last()));
        Err(StaticError::TooShort { name, last, range })
    }
}

impl Backend for StaticBackend {
    type Error = StaticError;

    fn check(&self, frame: &Frame) -> Result<(), StaticError> {
        let (base, perms) = (frame.vaddr, frame.rights);
        let Some(range) = frame.range() else {
            let size = 0;
            return Err(StaticError::NoMap { base, size, perms });
        };
        self.prove(range, perms, |mapping, _| {
            let found = Rights::new(mapping.read, mapping.write, mapping.execute);
            if found.include(perms) {
                return Ok(());
            }
            Err(StaticError::Perms {
                name: mapping.name,
                base,
                wanted: perms,
                found,
            })
        })
    }

    fn map(&mut self, frame: &Frame) -> Result<(), StaticError> {
        self.check(frame)
    }

    /// The mapping of a static system stays; only the reservation's claim to it ends.
    fn unmap(&mut self, _frame: &Frame) -> Result<(), StaticError> {
        Ok(())
    }

    fn vmm_address(&self, range: GpaRange) -> Result<u64, StaticError> {
        let mut found: Option<(u64, Gpa)> = None;
        self.prove(range, Rights::READ, |mapping, covered| {
            let name = mapping.name;
            let window = mapping
                .vmm_address
                .ok_or(StaticError::NotInVmm { name, range })?;
            let (start, base) = *found.get_or_insert((window, covered.base()));
            let distance = covered.base().offset_from(base);
            if distance.and_then(|distance| start.checked_add(distance)) != Some(window) {
                return Err(StaticError::Split { name });
            }
            Ok(())
        })?;
        let address = found.and_then(|(start, base)| {
            let offset = range.base().offset_from(base)?;
            start.checked_add(offset)
        });
        address.ok_or(StaticError::NoMap {
            base: range.base(),
            size: range.size(),
            perms: Rights::READ,
        })
    }
}

fn range_of(mapping: &Mapping) -> Option<GpaRange> {
    GpaRange::new(Gpa(mapping.base), mapping.size).ok()
}

#[cfg(test)]
mod tests;
