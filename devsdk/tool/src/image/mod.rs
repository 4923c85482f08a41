//! The image: programs, regions and tables, each at its physical place.
//!
//! The file's own memory is used where possible: segments, and prefilled regions without a given
//! address, are mapped where QEMU loads them. All else is allocated around the image.

mod place;
mod records;

use std::ops::Range;

use devsdk_image::{
    HEADER_SIZE, ImageBuilder, LOAD_ADDRESS, MappingAttributes, PAGE_SIZE, PhysicalRange,
};

use crate::memory::FreeMemory;
use crate::program::Program;
use crate::symbols;
use crate::system::{LARGE_PAGE, Map, System};
use crate::{Error, Result};

use place::Regions;

/// Zero bytes at a segment's end up to this length stand in the file; more are allocated.
const ZEROS_IN_FILE: u64 = 0x1_0000;
/// The kernel wants its page tables' memory aligned to this.
const PAGE_POOL_ALIGNMENT: u64 = 0x2000;

/// A finished image, and what the report tells about it.
#[derive(Debug)]
pub struct Image {
    /// `loader.img`.
    pub bytes: Vec<u8>,
    /// What lies where, in the order of placement.
    pub placements: Vec<Placement>,
    /// The memory that is left.
    pub free: FreeMemory,
}

/// Something at its physical place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Placement {
    /// What it is.
    pub what: String,
    /// First address.
    pub address: u64,
    /// Bytes.
    pub length: u64,
}

/// An image being written.
struct Writer<'a> {
    system: &'a System,
    builder: ImageBuilder,
    image_address: u64,
    free: FreeMemory,
    placements: Vec<Placement>,
}

/// Writes the image. The programs, one for each PD, are patched.
///
/// # Errors
/// When memory is too small or doubly used, or a program does not fit the description.
pub fn build(
    system: &System,
    programs: &mut [Program],
    kernel: &[u8],
    configuration: u32,
) -> Result<Image> {
    let image_address = LOAD_ADDRESS + (kernel.len() as u64).next_multiple_of(PAGE_SIZE);
    let taken = LOAD_ADDRESS..image_address + longest_image(system, programs);
    let mut free = FreeMemory::default();
    place::take_image(&mut free, &taken)?;
    place::take_fixed_regions(&mut free, system, &taken)?;
    let builder = ImageBuilder::new(image_address, configuration);
    let mut writer = Writer {
        system,
        builder,
        image_address,
        free,
        placements: Vec::new(),
    };
    writer.note("kernel", LOAD_ADDRESS, kernel.len() as u64);
    let regions = Regions::place(&mut writer)?;
    symbols::patch(system, programs, |name| regions.address(name))?;
    writer.add_programs(programs, &regions)?;
    writer.add_virtual_machines(&regions)?;
    writer.add_channels();
    writer.add_irqs();
    writer.add_page_pool()?;
    writer.finish(kernel, &taken)
}

/// No image of these parts is longer: what the allocator must leave alone.
fn longest_image(system: &System, programs: &[Program]) -> u64 {
    let segments = programs.iter().flat_map(|program| &program.segments);
    let segments: u64 = segments.map(|segment| segment.length + 2 * PAGE_SIZE).sum();
    let prefilled = system
        .memory_regions
        .iter()
        .filter(|region| region.prefill.is_some());
    let prefills: u64 = prefilled
        .map(|region| region.size + 2 * region.page_size)
        .sum();
    let pieces: usize = system
        .protection_domains
        .iter()
        .map(records::most_records)
        .sum();
    let pieces = pieces
        + programs
            .iter()
            .map(|program| program.segments.len())
            .sum::<usize>()
        + system.memory_regions.len()
        + system.channels.len();
    let tables = pieces as u64 * records::LONGEST_RECORDS + 2 * PAGE_SIZE;
    (HEADER_SIZE + segments + prefills + tables).next_multiple_of(PAGE_SIZE)
}

impl Writer<'_> {
    fn note(&mut self, what: impl Into<String>, address: u64, length: u64) {
        self.placements.push(Placement {
            what: what.into(),
            address,
            length,
        });
    }

    /// Memory that is zero when the first thread runs.
    fn allocate_zeroed(&mut self, what: String, length: u64) -> Result<u64> {
        let address = self.free.allocate_for(&what, length, PAGE_SIZE)?;
        self.builder.zeroes.push(PhysicalRange { address, length });
        self.note(what, address, length);
        Ok(address)
    }

    fn add_page_pool(&mut self) -> Result<()> {
        let spaces = self.builder.vspaces.len() as u64;
        let blocks: u64 = self.builder.mappings.iter().map(table_blocks).sum();
        let length = 0x8000 + spaces * 0x4000 + blocks * PAGE_SIZE;
        let length = length.next_multiple_of(PAGE_POOL_ALIGNMENT);
        let address = self
            .free
            .allocate_for("page tables", length, PAGE_POOL_ALIGNMENT)?;
        self.builder.page_pool = PhysicalRange { address, length };
        self.note("page tables", address, length);
        Ok(())
    }

    fn finish(mut self, kernel: &[u8], taken: &Range<u64>) -> Result<Image> {
        let image_address = self.image_address;
        let image = self.builder.clone().build();
        devsdk_image::Image::parse(&image, image_address)
            .map_err(|error| Error::Build(format!("internal error: {error}")))?;
        let end = image_address + image.len() as u64;
        assert!(
            end <= taken.end,
            "the image is longer than the memory set aside for it"
        );
        self.note("system image", image_address, image.len() as u64);
        let mut bytes = kernel.to_vec();
        bytes.resize((image_address - LOAD_ADDRESS) as usize, 0);
        bytes.extend_from_slice(&image);
        Ok(Image {
            bytes,
            placements: self.placements,
            free: self.free,
        })
    }
}

/// How many blocks of 1 GiB and of 2 MiB a mapping touches: each may need a page table.
fn table_blocks(mapping: &devsdk_image::Mapping) -> u64 {
    let last = mapping.virtual_address + (mapping.length - 1);
    let touched = |size: u64| last / size - mapping.virtual_address / size + 1;
    touched(0x4000_0000) + touched(LARGE_PAGE)
}

/// The attributes of a region's map.
fn map_attributes(map: &Map, page_size: u64) -> u32 {
    let large = if page_size == LARGE_PAGE {
        MappingAttributes::LARGE
    } else {
        0
    };
    map.attributes | large
}

#[cfg(test)]
mod tests;
