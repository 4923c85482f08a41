//! The system description: what is to be built, read from XML and checked.

mod channel;
mod check;
mod map;
mod memory_region;
mod page_size;
mod protection_domain;
mod virtual_machine;

use std::path::{Path, PathBuf};

use crate::xml::Element;
use crate::{Error, Result};

pub use channel::{Channel, ChannelEnd};
pub use map::Map;
pub use memory_region::{MemoryRegion, PhysicalAddress};
pub use protection_domain::{Irq, ProtectionDomain, Scheduling, SetVariable, Value};
pub use virtual_machine::{VirtualCpu, VirtualMachine};

/// Channel, interrupt and virtual CPU numbers lie below this: each is a bit of a badge, of which
/// two bits are taken.
pub const ID_END: u64 = 62;
/// The small page.
pub const SMALL_PAGE: u64 = 0x1000;
/// The large page.
pub const LARGE_PAGE: u64 = 0x20_0000;

/// A whole system.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct System {
    /// The PDs; a nested PD stands after its parent.
    pub protection_domains: Vec<ProtectionDomain>,
    /// The memory regions.
    pub memory_regions: Vec<MemoryRegion>,
    /// The channels.
    pub channels: Vec<Channel>,
    /// What is odd but allowed, for the user's eyes.
    pub warnings: Vec<String>,
}

impl System {
    /// Reads a system description and checks all that can be checked without the programs.
    ///
    /// `file` names it in messages; prefill files are looked for in `search_paths`.
    ///
    /// # Errors
    /// The first thing that is wrong, with its place.
    pub fn parse(file: &Path, xml: &str, search_paths: &[PathBuf]) -> Result<Self> {
        let document = roxmltree::Document::parse(xml).map_err(|reason| Error::Xml {
            file: file.display().to_string(),
            reason: reason.to_string(),
        })?;
        let root = Element::new(document.root_element(), file);
        if root.name() != "system" {
            return Err(root.unknown());
        }
        root.refuse_text()?;
        let mut system = Self::from_element(root, search_paths)?;
        check::all(&system)?;
        system.warnings = check::unused_regions(&system);
        page_size::choose(&mut system);
        check::prefill_lengths(&system)?;
        Ok(system)
    }

    fn from_element(root: Element<'_>, search_paths: &[PathBuf]) -> Result<Self> {
        let mut trees = Vec::new();
        let mut memory_regions = Vec::new();
        let mut channel_elements = Vec::new();
        for child in root.children() {
            match child.name() {
                "protection_domain" => {
                    trees.push(ProtectionDomain::from_element(child, false)?);
                }
                "memory_region" => {
                    memory_regions.push(MemoryRegion::from_element(child, search_paths)?);
                }
                "channel" => channel_elements.push(child),
                "virtual_machine" => return Err(misplaced_virtual_machine(child)),
                "domains" => return Err(not_offered(child)),
                "io_address_space" => return Err(no_iommu(child)),
                _ => return Err(child.unknown()),
            }
        }
        let mut protection_domains = protection_domain::flatten(trees)?;
        let mut channels = Vec::new();
        for element in channel_elements {
            channels.push(Channel::from_element(element, &mut protection_domains)?);
        }
        Ok(Self {
            protection_domains,
            memory_regions,
            channels,
            warnings: Vec::new(),
        })
    }

    /// The region of this name.
    #[must_use]
    pub fn region(&self, name: &str) -> Option<&MemoryRegion> {
        self.memory_regions
            .iter()
            .find(|region| region.name == name)
    }
}

fn misplaced_virtual_machine(element: Element<'_>) -> Error {
    Error::System(format!(
        "virtual machine must be a child of a protection domain: {}",
        element.location()
    ))
}

fn no_iommu(element: Element<'_>) -> Error {
    Error::System(format!(
        "io address space requires seL4 to be built with IOMMU support: {}",
        element.location()
    ))
}

/// The error for what Microkit has and the stand-in does not.
fn not_offered(element: Element<'_>) -> Error {
    element.error("not offered by the stand-in SDK (use the official Microkit SDK):")
}

#[cfg(test)]
mod tests;
