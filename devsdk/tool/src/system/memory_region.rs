//! `<memory_region>`: memory or a device, with an optional content.

use std::fs;
use std::path::{Path, PathBuf};

use super::{LARGE_PAGE, SMALL_PAGE, not_offered};
use crate::sdk::find_file;
use crate::xml::Element;
use crate::{Error, Result};

/// Where a region lies.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PhysicalAddress {
    /// Wherever there is room.
    Any,
    /// Where the description says.
    Fixed(u64),
}

/// Memory or a device.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MemoryRegion {
    /// Unique.
    pub name: String,
    /// Bytes, a multiple of the page size.
    pub size: u64,
    /// Bytes of one page: 4 KiB or 2 MiB.
    pub page_size: u64,
    /// Whether the description names the page size.
    pub(super) page_size_is_given: bool,
    /// Where it lies.
    pub physical: PhysicalAddress,
    /// What its first bytes are.
    pub prefill: Option<Vec<u8>>,
    /// Where it stands in the description.
    pub location: String,
}

impl MemoryRegion {
    pub(super) fn from_element(element: Element<'_>, search_paths: &[PathBuf]) -> Result<Self> {
        element.allow_attributes(&[
            "name",
            "size",
            "page_size",
            "phys_addr",
            "prefill_path",
            "prefill_bootinfo",
        ])?;
        let name = element.text("name")?;
        let given_page_size = element.number("page_size")?;
        let page_size = given_page_size.unwrap_or(SMALL_PAGE);
        if ![SMALL_PAGE, LARGE_PAGE].contains(&page_size) {
            return Err(element.error(format!("page size {page_size:#x} not supported")));
        }
        let prefill = prefill(element, search_paths)?;
        if element.attribute("prefill_bootinfo").is_some() {
            return Err(not_offered(element));
        }
        Ok(Self {
            name,
            size: size(element, prefill.as_deref(), page_size)?,
            page_size,
            page_size_is_given: given_page_size.is_some(),
            physical: physical_address(element, page_size)?,
            prefill,
            location: element.location(),
        })
    }
}

fn physical_address(element: Element<'_>, page_size: u64) -> Result<PhysicalAddress> {
    match element.number("phys_addr")? {
        None => Ok(PhysicalAddress::Any),
        Some(address) if address.is_multiple_of(page_size) => Ok(PhysicalAddress::Fixed(address)),
        Some(_) => Err(element.error("phys_addr is not aligned to the page size")),
    }
}

fn size(element: Element<'_>, prefill: Option<&[u8]>, page_size: u64) -> Result<u64> {
    let filled = prefill.map(|bytes| bytes.len() as u64);
    let Some(size) = element.number("size")? else {
        let message = "size must be specified if memory region is not prefilled";
        let filled = filled.ok_or_else(|| element.error(message))?;
        return Ok(filled.next_multiple_of(page_size));
    };
    if !size.is_multiple_of(page_size) {
        return Err(element.error("size is not a multiple of the page size"));
    }
    if size == 0 {
        return Err(element.error("size must not be 0"));
    }
    match filled {
        Some(filled) if filled > size => Err(element.error(format!(
            "size of prefill file exceeds memory region size: {filled:x} > {size:x}"
        ))),
        _ => Ok(size),
    }
}

fn prefill(element: Element<'_>, search_paths: &[PathBuf]) -> Result<Option<Vec<u8>>> {
    let Some(path) = element.attribute("prefill_path") else {
        return Ok(None);
    };
    read_prefill(path, search_paths)
        .map(Some)
        .map_err(|message| element.error(message))
}

fn read_prefill(path: &str, search_paths: &[PathBuf]) -> std::result::Result<Vec<u8>, String> {
    let file = find_file(Path::new(path), search_paths)
        .ok_or_else(|| format!("unable to find prefill file: '{path}'"))?;
    let bytes = fs::read(file)
        .map_err(|error| format!("failed to read file '{path}' at prefill_path ({error})"))?;
    if bytes.is_empty() {
        return Err(format!("prefill file '{path}' is empty"));
    }
    Ok(bytes)
}

/// The error for a name that no region has.
pub(super) fn unknown_region(name: &str, location: &str) -> Error {
    Error::System(format!(
        "invalid memory region name '{name}' on 'map' @ {location}"
    ))
}
