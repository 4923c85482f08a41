//! A chain of descriptors, copied out and checked (Virtio 1.2, 2.7.5 and 2.7.5.3).

use heapless::Vec;
use vmm_arch::{Gpa, GpaRange};

use super::{
    Broken, MAX_SIZE, Reader, Writer,
    descriptor::{DESCRIPTOR_BYTES, Descriptor},
    rings::Rings,
};
use crate::Memory;

/// Most segments of a chain: a chain is never longer than its queue.
pub const MAX_SEGMENTS: usize = MAX_SIZE as usize;

/// A piece of a buffer; all of it is guest RAM. It may be empty.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Segment {
    /// First byte.
    pub gpa: Gpa,
    /// Bytes.
    pub length: u32,
}

/// One request: segments that the device reads, then segments that it writes.
///
/// Large, so it is made once and filled anew for each request.
#[derive(Debug, Default)]
pub struct Chain {
    head: u16,
    segments: Vec<Segment, MAX_SEGMENTS>,
    /// How many of the segments are for reading.
    readable: usize,
    /// Bytes of all segments.
    bytes: u32,
}

/// Where descriptors come from.
enum Table<'t> {
    Queue(&'t Rings<'t>),
    Indirect {
        memory: &'t Memory,
        base: Gpa,
        entries: u16,
    },
}

impl Table<'_> {
    fn entries(&self) -> u16 {
        match self {
            Self::Queue(rings) => rings.size(),
            Self::Indirect { entries, .. } => *entries,
        }
    }

    fn descriptor(&self, index: u16) -> Result<Descriptor, Broken> {
        if index >= self.entries() {
            return Err(Broken::NoDescriptor(index));
        }
        match self {
            Self::Queue(rings) => rings.descriptor(index).ok_or(Broken::NoDescriptor(index)),
            Self::Indirect { memory, base, .. } => {
                let mut bytes = [0; DESCRIPTOR_BYTES as usize];
                let offset = u64::from(index).saturating_mul(DESCRIPTOR_BYTES);
                let gpa = base.checked_add(offset).ok_or(Broken::NotRam)?;
                memory.read(gpa, &mut bytes).map_err(|_| Broken::NotRam)?;
                Ok(Descriptor::from_bytes(bytes))
            }
        }
    }
}

impl Chain {
    /// An empty chain.
    pub const fn new() -> Self {
        Self {
            head: 0,
            segments: Vec::new(),
            readable: 0,
            bytes: 0,
        }
    }

    /// Its first descriptor: the name under which it is returned to the driver.
    pub const fn head(&self) -> u16 {
        self.head
    }

    /// What the device reads, in order.
    pub fn readable(&self) -> &[Segment] {
        self.segments.get(..self.readable).unwrap_or_default()
    }

    /// What the device writes, in order.
    pub fn writable(&self) -> &[Segment] {
        self.segments.get(self.readable..).unwrap_or_default()
    }

    /// Reads the readable segments from their start on.
    pub fn reader<'c, 'm>(&'c self, memory: &'m Memory) -> Reader<'c, 'm> {
        Reader::new(memory, self.readable())
    }

    /// Writes the writable segments from their start on.
    pub fn writer<'c, 'm>(&'c self, memory: &'m Memory) -> Writer<'c, 'm> {
        Writer::new(memory, self.writable())
    }

    /// Copies the chain that begins at `head` out of the queue.
    pub(super) fn fill(
        &mut self,
        head: u16,
        rings: &Rings<'_>,
        memory: &Memory,
        indirect: bool,
    ) -> Result<(), Broken> {
        *self = Self {
            head,
            ..Self::new()
        };
        let table = Table::Queue(rings);
        let first = table.descriptor(head)?;
        if !first.is_indirect() {
            return self.follow(&table, first, rings.size(), memory);
        }
        let (table, first) = indirect_table(first, memory, indirect)?;
        self.follow(&table, first, rings.size(), memory)
    }

    /// Adds descriptors from `first` on until one has no next: at most `limit`.
    fn follow(
        &mut self,
        table: &Table<'_>,
        first: Descriptor,
        limit: u16,
        memory: &Memory,
    ) -> Result<(), Broken> {
        let mut descriptor = first;
        for _ in 0..limit {
            self.add(descriptor, memory)?;
            let Some(next) = descriptor.next() else {
                return Ok(());
            };
            descriptor = table.descriptor(next)?;
        }
        Err(Broken::TooLong)
    }

    fn add(&mut self, descriptor: Descriptor, memory: &Memory) -> Result<(), Broken> {
        if descriptor.is_indirect() {
            // A chain that has begun holds no tables, and a table holds none either.
            return Err(Broken::Indirect);
        }
        let Descriptor { gpa, length, .. } = descriptor;
        self.bytes = self.bytes.checked_add(length).ok_or(Broken::TooLarge)?;
        if let Ok(range) = GpaRange::new(gpa, length.into()) {
            memory.check(range).map_err(|_| Broken::NotRam)?;
        } else if length != 0 {
            return Err(Broken::NotRam);
        }
        let count = self.segments.len();
        if !descriptor.is_writable() {
            if self.readable != count {
                return Err(Broken::ReadableAfterWritable);
            }
            self.readable = count.saturating_add(1);
        }
        self.segments
            .push(Segment { gpa, length })
            .map_err(|_| Broken::TooLong)
    }
}

/// The table that an indirect descriptor stands for, and its first entry. It may be longer than
/// the queue; the chain in it may not.
fn indirect_table<'t>(
    descriptor: Descriptor,
    memory: &'t Memory,
    negotiated: bool,
) -> Result<(Table<'t>, Descriptor), Broken> {
    let bytes = u64::from(descriptor.length);
    let entries = u16::try_from(bytes / DESCRIPTOR_BYTES).unwrap_or(u16::MAX);
    let whole = bytes % DESCRIPTOR_BYTES == 0 && entries != 0;
    if !negotiated || descriptor.next().is_some() || descriptor.is_writable() || !whole {
        return Err(Broken::Indirect);
    }
    let table = Table::Indirect {
        memory,
        base: descriptor.gpa,
        entries,
    };
    let first = table.descriptor(0)?;
    Ok((table, first))
}
