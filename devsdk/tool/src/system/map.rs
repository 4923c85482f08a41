//! `<map>`: a memory region seen in an address space.

use devsdk_image::MappingAttributes;

use crate::Result;
use crate::xml::Element;

/// A region's place in an address space.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Map {
    /// The region's name.
    pub region: String,
    /// First virtual (virtual machine: guest-physical) address.
    pub vaddr: u64,
    /// [`MappingAttributes`]: rights and cacheability.
    pub attributes: u32,
    /// Where it stands in the description.
    pub location: String,
}

pub(super) const ATTRIBUTES: [&str; 4] = ["mr", "vaddr", "perms", "cached"];

impl Map {
    /// Reads the element, whose attributes were checked; `end` is the first address that is not for regions.
    pub(super) fn from_element(element: Element<'_>, end: u64) -> Result<Self> {
        let region = element.text("mr")?;
        let vaddr = element.required_number("vaddr")?;
        if vaddr >= end {
            return Err(element.error(format!("vaddr ({vaddr:#x}) must be less than {end:#x}")));
        }
        let rights = rights(element)?;
        let cached = element.switch("cached", true)?;
        let attributes = rights | if cached { MappingAttributes::CACHED } else { 0 };
        Ok(Self {
            region,
            vaddr,
            attributes,
            location: element.location(),
        })
    }
}

fn rights(element: Element<'_>) -> Result<u32> {
    const READ_WRITE: &str = "rw";
    let text = element.attribute("perms").unwrap_or(READ_WRITE);
    let rights = text.chars().try_fold(0, |rights, letter| match letter {
        'r' => Some(rights | MappingAttributes::READ),
        'w' => Some(rights | MappingAttributes::WRITE),
        'x' => Some(rights | MappingAttributes::EXECUTE),
        _ => None,
    });
    match rights {
        None => Err(element.error("perms must only be a combination of 'r', 'w', and 'x'")),
        Some(MappingAttributes::WRITE) => {
            Err(element.error("perms must not be 'w', write-only mappings are not allowed"))
        }
        Some(rights) => Ok(rights),
    }
}
