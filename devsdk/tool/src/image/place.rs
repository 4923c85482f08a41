//! Where the memory regions lie.

use std::collections::HashMap;
use std::ops::Range;

use devsdk_image::{BOARD_RAM_START, Copy, PAGE_SIZE, PhysicalRange};

use super::Writer;
use crate::memory::{FreeMemory, is_device};
use crate::system::{MemoryRegion, PhysicalAddress, System};
use crate::{Error, Result};

/// Sets the kernel and the image aside.
pub(super) fn take_image(free: &mut FreeMemory, taken: &Range<u64>) -> Result<()> {
    if !free.contains(taken) {
        let (start, end) = (taken.start, taken.end);
        return Err(Error::Build(format!(
            "the image [{start:#x}..{end:#x}) does not fit into memory"
        )));
    }
    free.take(taken);
    Ok(())
}

/// Sets the regions with a given address aside, each of which must lie in free memory or among
/// the devices.
pub(super) fn take_fixed_regions(
    free: &mut FreeMemory,
    system: &System,
    image: &Range<u64>,
) -> Result<()> {
    for region in &system.memory_regions {
        let PhysicalAddress::Fixed(start) = region.physical else {
            continue;
        };
        let range = start..start + region.size;
        if is_device(&range) {
            continue;
        }
        if !free.contains(&range) {
            let (name, end, location) = (&region.name, range.end, &region.location);
            let reason = if range.start < image.end && image.start < range.end {
                format!(
                    "overlaps the kernel and image [{:#x}..{:#x})",
                    image.start, image.end
                )
            } else {
                "is neither memory nor a device of the board".to_owned()
            };
            return Err(Error::Build(format!(
                "memory region '{name}' physical address range [{start:#x}..{end:#x}) {reason} @ \
                 {location}"
            )));
        }
        free.take(&range);
    }
    Ok(())
}

/// The regions' addresses by name.
pub(super) struct Regions {
    addresses: HashMap<String, u64>,
}

impl Regions {
    /// Places every region: given addresses are kept, prefilled regions stay in the file, the
    /// largest of the others choose first.
    pub(super) fn place(writer: &mut Writer<'_>) -> Result<Self> {
        let mut order: Vec<&MemoryRegion> = writer.system.memory_regions.iter().collect();
        order.sort_by_key(|region| {
            (
                std::cmp::Reverse(region.page_size),
                std::cmp::Reverse(region.size),
            )
        });
        let mut addresses = HashMap::new();
        for region in order {
            let address = place(writer, region)?;
            writer.note(
                format!("memory region '{}'", region.name),
                address,
                region.size,
            );
            addresses.insert(region.name.clone(), address);
        }
        Ok(Self { addresses })
    }

    pub(super) fn address(&self, name: &str) -> Option<u64> {
        self.addresses.get(name).copied()
    }
}

fn place(writer: &mut Writer<'_>, region: &MemoryRegion) -> Result<u64> {
    let address = match region.physical {
        PhysicalAddress::Fixed(address) => address,
        PhysicalAddress::Any => {
            if let Some(address) = place_in_file(writer, region) {
                return Ok(address);
            }
            let what = format!("memory region '{}'", region.name);
            writer
                .free
                .allocate_for(&what, region.size, region.page_size)?
        }
    };
    fill(writer, region, address)?;
    Ok(address)
}

/// A region whose last page its prefill reaches is used where QEMU loads it.
fn place_in_file(writer: &mut Writer<'_>, region: &MemoryRegion) -> Option<u64> {
    let bytes = region.prefill.as_ref()?;
    let length = bytes.len() as u64;
    if length.next_multiple_of(region.page_size) != region.size {
        return None;
    }
    let end = writer.image_address + writer.builder.add_payload(&[], 1);
    let address = end.next_multiple_of(region.page_size);
    writer.builder.add_zero_payload((address - end) as usize);
    writer.builder.add_payload(bytes, 1);
    writer
        .builder
        .add_zero_payload((region.size - length) as usize);
    Some(address)
}

/// Lists what the kernel copies to the region and what it zeroes; devices keep what they have.
fn fill(writer: &mut Writer<'_>, region: &MemoryRegion, address: u64) -> Result<()> {
    let is_device = is_device(&(address..address + region.size));
    let filled = match &region.prefill {
        None => 0,
        Some(_) if is_device && address < BOARD_RAM_START => {
            let (name, location) = (&region.name, &region.location);
            return Err(Error::Build(format!(
                "memory region '{name}' is a device, which cannot be prefilled @ {location}"
            )));
        }
        Some(bytes) => {
            let length = bytes.len() as u64;
            let source_offset = writer.builder.add_payload(bytes, PAGE_SIZE as usize);
            writer.builder.copies.push(Copy {
                source_offset,
                destination: address,
                length,
            });
            length
        }
    };
    if !is_device && filled < region.size {
        let rest = PhysicalRange {
            address: address + filled,
            length: region.size - filled,
        };
        writer.builder.zeroes.push(rest);
    }
    Ok(())
}
