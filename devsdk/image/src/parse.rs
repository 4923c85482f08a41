//! Reading an image: every offset, index and number is checked before the kernel uses it.
use zerocopy::{FromBytes, Immutable, KnownLayout};

use crate::{
    BOARD_RAM_START, ChannelEnd, Copy, HEADER_SIZE, Header, Irq, LOAD_ADDRESS, MAGIC, MAX_IRQ,
    MAX_PDS, MAX_VCPUS, Mapping, MappingAttributes, NONE, PAGE_SIZE, PhysicalRange, RAM_END, Table,
    Thread, ThreadFlags, ThreadKind, VERSION, VSPACE_END, VSpace, configuration,
};

/// Why an image was refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ImageError {
    /// The first bytes are not [`MAGIC`].
    #[error("no system image follows the kernel: write loader.img again with this SDK's tool")]
    Magic,
    /// The image was written for another layout.
    #[error(
        "the system image has layout version {0}, this kernel reads {VERSION}: use kernel and tool of one SDK"
    )]
    Version(u32),
    /// The configuration is not a known one.
    #[error("unknown kernel configuration {0}")]
    Configuration(u32),
    /// The header's own address or length does not fit what is there.
    #[error("the system image is truncated or was loaded at a wrong address")]
    Placement,
    /// The memory for page tables is misaligned, too small, in the image or outside memory.
    #[error("the system image leaves no memory for page tables")]
    PagePool,
    /// A table, by name, does not lie in the image.
    #[error("table '{0}' lies outside the system image")]
    TableBounds(&'static str),
    /// A record of a table, by name and index, has a value that cannot be right.
    #[error("record {1} of table '{0}' is invalid")]
    Record(&'static str, usize),
}

/// A checked image.
#[derive(Debug, Clone, Copy)]
pub struct Image<'a> {
    /// All bytes, header to last table.
    pub bytes: &'a [u8],
    /// The header.
    pub header: &'a Header,
    /// PDs, then vCPUs.
    pub threads: &'a [Thread],
    /// Address spaces.
    pub vspaces: &'a [VSpace],
    /// Mappings.
    pub mappings: &'a [Mapping],
    /// Copy list.
    pub copies: &'a [Copy],
    /// Zero list.
    pub zeroes: &'a [PhysicalRange],
    /// Channel ends.
    pub channel_ends: &'a [ChannelEnd],
    /// Interrupts.
    pub irqs: &'a [Irq],
}

impl<'a> Image<'a> {
    /// Checks an image that was loaded at physical `address`. `bytes` may reach past its end.
    ///
    /// # Errors
    /// [`ImageError`] says which part is wrong.
    pub fn parse(bytes: &'a [u8], address: u64) -> Result<Self, ImageError> {
        let (header, _) = Header::ref_from_prefix(bytes).map_err(|_| ImageError::Placement)?;
        check_header(header, address)?;
        let length = usize::try_from(header.length).map_err(|_| ImageError::Placement)?;
        let bytes = bytes.get(..length).ok_or(ImageError::Placement)?;
        let image = Self {
            bytes,
            header,
            threads: table(bytes, header.threads, "threads")?,
            vspaces: table(bytes, header.vspaces, "vspaces")?,
            mappings: table(bytes, header.mappings, "mappings")?,
            copies: table(bytes, header.copies, "copies")?,
            zeroes: table(bytes, header.zeroes, "zeroes")?,
            channel_ends: table(bytes, header.channel_ends, "channel_ends")?,
            irqs: table(bytes, header.irqs, "irqs")?,
        };
        image.check()?;
        Ok(image)
    }

    /// The bytes that a copy record names.
    #[must_use]
    pub fn source(&self, copy: &Copy) -> Option<&'a [u8]> {
        let start = usize::try_from(copy.source_offset).ok()?;
        let length = usize::try_from(copy.length).ok()?;
        self.bytes.get(start..start.checked_add(length)?)
    }

    /// Whether thread `index` exists and is a PD.
    #[must_use]
    pub fn is_pd(&self, index: u32) -> bool {
        self.threads
            .get(index as usize)
            .is_some_and(|thread| thread.kind == ThreadKind::ProtectionDomain as u32)
    }

    fn check(&self) -> Result<(), ImageError> {
        let pool = self.header.page_pool;
        let image_end = self.header.address.saturating_add(self.header.length);
        let pool_end = pool.address.checked_add(pool.length);
        let apart =
            pool.address >= image_end || pool_end.is_some_and(|end| end <= self.header.address);
        if !pool.address.is_multiple_of(PAGE_SIZE)
            || pool.length < SMALLEST_PAGE_POOL
            || pool_end.is_none_or(|end| end > RAM_END)
            || !apart
        {
            return Err(ImageError::PagePool);
        }
        each(self.threads, "threads", |index, thread| {
            self.thread_is_valid(index, thread)
        })?;
        let pds = self
            .threads
            .iter()
            .filter(|thread| thread.kind == ThreadKind::ProtectionDomain as u32)
            .count();
        if pds > MAX_PDS || self.threads.len().saturating_sub(pds) > MAX_VCPUS {
            return Err(ImageError::Record("threads", self.threads.len()));
        }
        each(self.mappings, "mappings", |_, mapping| {
            self.mapping_is_valid(mapping)
        })?;
        each(self.copies, "copies", |_, copy| {
            self.source(copy).is_some() && self.is_fillable(copy.destination, copy.length)
        })?;
        each(self.zeroes, "zeroes", |_, range| {
            self.is_fillable(range.address, range.length)
        })?;
        each(self.channel_ends, "channel_ends", |_, end| {
            end.kind <= 1
                && self.is_pd(end.holder)
                && self.is_pd(end.target)
                && end.holder_id < 63
                && end.target_id < 63
        })?;
        each(self.irqs, "irqs", |_, irq| {
            irq.trigger <= 1 && self.is_pd(irq.thread) && irq.id < 63 && irq_is_free(irq.intid)
        })
    }

    /// Whether a range is memory outside the kernel and the image.
    fn is_fillable(&self, address: u64, length: u64) -> bool {
        let image_end = self.header.address.saturating_add(self.header.length);
        address.checked_add(length).is_some_and(|end| {
            address >= BOARD_RAM_START
                && end <= RAM_END
                && (end <= LOAD_ADDRESS || address >= image_end)
        })
    }

    fn thread_is_valid(&self, index: usize, thread: &Thread) -> bool {
        let is_pd = thread.kind == ThreadKind::ProtectionDomain as u32;
        let follows_its_kind = index == 0 || !is_pd || self.is_pd(index as u32 - 1);
        let parent = thread.parent as usize;
        let has_parent = thread.parent != NONE && self.is_pd(thread.parent);
        follows_its_kind
            && thread.kind <= ThreadKind::Vcpu as u32
            && thread.flags & !ThreadFlags::ALL == 0
            && thread.name.last() == Some(&0)
            && thread.priority <= 254
            && (thread.vspace as usize) < self.vspaces.len()
            && thread.budget > 0
            && thread.budget <= thread.period
            && thread.id < 64
            && thread.ipc_buffer_physical.is_multiple_of(PAGE_SIZE)
            && thread.ipc_buffer_physical != 0
            && if is_pd {
                thread.parent == NONE || (has_parent && parent < index)
            } else {
                has_parent
            }
    }

    fn mapping_is_valid(&self, mapping: &Mapping) -> bool {
        let end = mapping.virtual_address.checked_add(mapping.length);
        let aligned = (mapping.virtual_address | mapping.physical_address | mapping.length)
            .is_multiple_of(PAGE_SIZE);
        aligned
            && mapping.length > 0
            && mapping.attributes & !MappingAttributes::ALL == 0
            && (mapping.vspace as usize) < self.vspaces.len()
            && end.is_some_and(|end| end <= VSPACE_END)
            && mapping
                .physical_address
                .checked_add(mapping.length)
                .is_some_and(|end| end <= VSPACE_END)
    }
}

/// Room for the kernel's own tables and one address space.
const SMALLEST_PAGE_POOL: u64 = 0x8000;

/// Whether the kernel leaves an interrupt to PDs: a PPI or SPI that it does not use itself.
fn irq_is_free(intid: u32) -> bool {
    (16..=MAX_IRQ).contains(&intid) && !(25..=27).contains(&intid)
}

fn check_header(header: &Header, address: u64) -> Result<(), ImageError> {
    if header.magic != MAGIC {
        return Err(ImageError::Magic);
    }
    if header.version != VERSION {
        return Err(ImageError::Version(header.version));
    }
    if header.configuration > configuration::BENCHMARK {
        return Err(ImageError::Configuration(header.configuration));
    }
    if header.address != address || header.length < HEADER_SIZE {
        return Err(ImageError::Placement);
    }
    Ok(())
}

fn table<'a, T>(bytes: &'a [u8], table: Table, name: &'static str) -> Result<&'a [T], ImageError>
where
    T: FromBytes + Immutable + KnownLayout,
{
    let error = ImageError::TableBounds(name);
    let tail = bytes.get(table.offset as usize..).ok_or(error)?;
    let (records, _) =
        <[T]>::ref_from_prefix_with_elems(tail, table.count as usize).map_err(|_| error)?;
    Ok(records)
}

fn each<T>(
    records: &[T],
    name: &'static str,
    valid: impl Fn(usize, &T) -> bool,
) -> Result<(), ImageError> {
    match (0usize..)
        .zip(records)
        .find(|(i, record)| !valid(*i, record))
    {
        Some((index, _)) => Err(ImageError::Record(name, index)),
        None => Ok(()),
    }
}

#[cfg(test)]
mod tests;
