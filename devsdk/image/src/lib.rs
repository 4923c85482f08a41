//! The system image: what the stand-in SDK's `microkit` tool hands to its kernel.
//!
//! `loader.img` is one flat file that QEMU places at [`LOAD_ADDRESS`] and enters there:
//!
//! ```text
//! LOAD_ADDRESS   the kernel: its ELF's loadable segments laid out flat, bytes past a segment's file
//!                size zero, up to the end of the highest segment in memory
//! next 4 KiB     the image described here (the address stands in Header::address)
//!   0x0000       Header, padded to HEADER_SIZE
//!   0x1000       payload: ELF segments and prefill data, each piece aligned as its writer asked
//!   then         the tables that the header points at
//! ```
//!
//! The tool does all layout work: it chooses every physical address, patches every ELF symbol and
//! lists every mapping. The kernel checks the image ([`Image::parse`]), builds the page tables,
//! runs the copy and zero lists and starts the threads. Data may be used in place: a mapping may
//! name physical memory inside the payload (page-aligned) instead of having it copied; the file is
//! loaded once for each boot and then belongs to the system.
//!
//! All integers are little-endian, as both the host and the machine are.
#![no_std]
#![forbid(unsafe_code)]

#[cfg(feature = "builder")]
extern crate alloc;

#[cfg(feature = "builder")]
mod builder;
pub mod configuration;
mod parse;
mod records;

#[cfg(feature = "builder")]
pub use builder::ImageBuilder;
pub use parse::{Image, ImageError};
pub use records::{
    ChannelEnd, ChannelKind, Copy, Header, Irq, IrqTrigger, Mapping, MappingAttributes,
    PhysicalRange, Table, Thread, ThreadFlags, ThreadKind, VSpace,
};

/// Where QEMU places and enters `loader.img`.
pub const LOAD_ADDRESS: u64 = 0x7000_0000;
/// Memory that the tool may allocate from (what seL4 leaves of `qemu_virt_aarch64` with `-m 2G`).
/// The range of `loader.img` itself, rounded up to 4 KiB, is taken.
pub const RAM_START: u64 = 0x6000_0000;
/// Where the board's memory starts. What lies below [`RAM_START`] is for regions with a given
/// address.
pub const BOARD_RAM_START: u64 = 0x4000_0000;
/// First address after the memory that the tool may allocate from, and after the board's.
pub const RAM_END: u64 = 0xc000_0000;
/// First address after a thread's address space (40-bit stage-2 input addresses).
pub const VSPACE_END: u64 = 1 << 40;
/// Virtual address of each PD's IPC buffer: the top page, as Microkit places it.
pub const IPC_BUFFER_ADDRESS: u64 = VSPACE_END - PAGE_SIZE;
/// First address after each PD's stack: one guard page below the IPC buffer, as Microkit places it.
pub const STACK_TOP: u64 = IPC_BUFFER_ADDRESS - PAGE_SIZE;
/// The small page.
pub const PAGE_SIZE: u64 = 0x1000;
/// Bytes before the payload.
pub const HEADER_SIZE: u64 = 0x1000;
/// First bytes of every image.
pub const MAGIC: [u8; 8] = *b"DEVSDKIM";
/// Version of this layout; kernel and tool must agree.
pub const VERSION: u32 = 1;
/// Most PDs in a system (Microkit's limit).
pub const MAX_PDS: usize = 63;
/// Most vCPUs in a system.
pub const MAX_VCPUS: usize = 64;
/// Highest interrupt number that seL4 knows on this machine.
pub const MAX_IRQ: u32 = 159;
/// "None" in a field that holds a table index.
pub const NONE: u32 = u32::MAX;
