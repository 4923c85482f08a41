//! Writing an image: collects payload and records, then lays the tables out behind the payload.
use alloc::vec::Vec;

use zerocopy::{Immutable, IntoBytes};

use crate::{
    ChannelEnd, Copy, HEADER_SIZE, Header, Irq, MAGIC, Mapping, PhysicalRange, Table, Thread,
    VERSION, VSpace,
};

/// A growing image. Fill the public tables, add the payload, then [`ImageBuilder::build`].
#[derive(Debug, Clone)]
pub struct ImageBuilder {
    /// PDs in the system description's order, then vCPUs.
    pub threads: Vec<Thread>,
    /// Address spaces.
    pub vspaces: Vec<VSpace>,
    /// Mappings.
    pub mappings: Vec<Mapping>,
    /// Copy list.
    pub copies: Vec<Copy>,
    /// Zero list.
    pub zeroes: Vec<PhysicalRange>,
    /// Channel ends.
    pub channel_ends: Vec<ChannelEnd>,
    /// Interrupts.
    pub irqs: Vec<Irq>,
    /// Memory for page tables; see [`Header::page_pool`].
    pub page_pool: PhysicalRange,
    address: u64,
    configuration: u32,
    bytes: Vec<u8>,
}

impl ImageBuilder {
    /// An empty image that will be loaded at physical `address` (a multiple of 4 KiB).
    #[must_use]
    pub fn new(address: u64, configuration: u32) -> Self {
        Self {
            threads: Vec::new(),
            vspaces: Vec::new(),
            mappings: Vec::new(),
            copies: Vec::new(),
            zeroes: Vec::new(),
            channel_ends: Vec::new(),
            irqs: Vec::new(),
            page_pool: PhysicalRange::default(),
            address,
            configuration,
            bytes: alloc::vec![0; HEADER_SIZE as usize],
        }
    }

    /// Appends data at the next multiple of `alignment` (a power of two; 4096 for data that is
    /// mapped in place) and returns its offset from the start of the image. In place, its physical
    /// address is the image's address plus this offset.
    pub fn add_payload(&mut self, data: &[u8], alignment: usize) -> u64 {
        self.align(alignment);
        let offset = self.bytes.len() as u64;
        self.bytes.extend_from_slice(data);
        offset
    }

    /// Appends `length` zero bytes to the payload (bss behind in-place data).
    pub fn add_zero_payload(&mut self, length: usize) {
        let end = self.bytes.len().saturating_add(length);
        self.bytes.resize(end, 0);
    }

    /// The bytes of the image. The file may end here: nothing after it is read.
    #[must_use]
    pub fn build(mut self) -> Vec<u8> {
        // Tables on pages of their own, so that data mapped in place shares no page with them.
        self.align(0x1000);
        let mut header = Header {
            magic: MAGIC,
            version: VERSION,
            configuration: self.configuration,
            address: self.address,
            length: 0,
            page_pool: self.page_pool,
            threads: append(&mut self.bytes, &self.threads),
            vspaces: append(&mut self.bytes, &self.vspaces),
            mappings: append(&mut self.bytes, &self.mappings),
            copies: append(&mut self.bytes, &self.copies),
            zeroes: append(&mut self.bytes, &self.zeroes),
            channel_ends: append(&mut self.bytes, &self.channel_ends),
            irqs: append(&mut self.bytes, &self.irqs),
        };
        header.length = self.bytes.len() as u64;
        let head = header.as_bytes();
        self.bytes[..head.len()].copy_from_slice(head);
        self.bytes
    }

    fn align(&mut self, alignment: usize) {
        let end = self.bytes.len().next_multiple_of(alignment.max(1));
        self.bytes.resize(end, 0);
    }
}

fn append<T: IntoBytes + Immutable>(bytes: &mut Vec<u8>, records: &[T]) -> Table {
    let offset = bytes.len().next_multiple_of(8);
    bytes.resize(offset, 0);
    bytes.extend_from_slice(records.as_bytes());
    Table {
        offset: offset as u32,
        count: records.len() as u32,
    }
}
