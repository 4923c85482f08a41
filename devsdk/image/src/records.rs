//! The records of an image: plain old data, one table for each kind.
use zerocopy::{FromBytes, Immutable, IntoBytes, KnownLayout};

/// First record of the image, at its start.
#[repr(C)]
#[derive(Debug, Clone, Copy, FromBytes, IntoBytes, Immutable, KnownLayout)]
pub struct Header {
    /// [`crate::MAGIC`].
    pub magic: [u8; 8],
    /// [`crate::VERSION`].
    pub version: u32,
    /// One of [`crate::configuration`].
    pub configuration: u32,
    /// Physical address of this header.
    pub address: u64,
    /// Bytes from the header to the end of the last table.
    pub length: u64,
    /// Memory for page tables, 8 KiB aligned, its content arbitrary. Enough: 32 KiB, and 16 KiB for
    /// each address space, and 4 KiB for each 1 GiB and each 2 MiB block that a mapping touches.
    pub page_pool: PhysicalRange,
    /// Records of [`Thread`]: the PDs in the order of the system description (a nested PD after
    /// its parent), then the vCPUs.
    pub threads: Table,
    /// Records of [`VSpace`].
    pub vspaces: Table,
    /// Records of [`Mapping`], in any order.
    pub mappings: Table,
    /// Records of [`Copy`]. Done after the zero list.
    pub copies: Table,
    /// Records of [`PhysicalRange`]: memory that must be zero at start (stacks, IPC buffers, bss,
    /// regions without prefill). QEMU starts with zeroed memory, so the kernel does this list only
    /// after a machine reset: list everything that is not filled otherwise.
    pub zeroes: Table,
    /// Records of [`ChannelEnd`].
    pub channel_ends: Table,
    /// Records of [`Irq`].
    pub irqs: Table,
}

/// Where a table lies.
#[repr(C)]
#[derive(Debug, Clone, Copy, Default, FromBytes, IntoBytes, Immutable, KnownLayout)]
pub struct Table {
    /// Bytes from the start of the image, a multiple of 8.
    pub offset: u32,
    /// Number of records.
    pub count: u32,
}

/// A range of physical memory.
#[repr(C)]
#[derive(
    Debug, Clone, Copy, Default, PartialEq, Eq, FromBytes, IntoBytes, Immutable, KnownLayout,
)]
pub struct PhysicalRange {
    /// First byte.
    pub address: u64,
    /// Bytes.
    pub length: u64,
}

/// A PD's thread or a vCPU.
#[repr(C)]
#[derive(Debug, Clone, Copy, FromBytes, IntoBytes, Immutable, KnownLayout)]
pub struct Thread {
    /// The PD's (vCPU: the virtual machine's) name, padded with zeros, at least one zero.
    pub name: [u8; 64],
    /// A [`ThreadKind`] as number.
    pub kind: u32,
    /// [`ThreadFlags`] as number.
    pub flags: u32,
    /// First instruction; 0 for a vCPU, which its PD starts.
    pub entry: u64,
    /// Initial stack pointer ([`crate::STACK_TOP`]); 0 for a vCPU.
    pub stack_top: u64,
    /// Lowest address of the stack, for the monitor's stack overflow message; 0 for a vCPU.
    pub stack_bottom: u64,
    /// Virtual address of the IPC buffer, page-aligned; 0 for a vCPU. The tool maps it.
    pub ipc_buffer_address: u64,
    /// Physical page of the IPC buffer, zeroed. A vCPU has one too, mapped nowhere.
    pub ipc_buffer_physical: u64,
    /// 0..=254.
    pub priority: u32,
    /// Index into the address spaces. All vCPUs of one virtual machine share one.
    pub vspace: u32,
    /// Microseconds of each period that the thread may run.
    pub budget: u64,
    /// Microseconds.
    pub period: u64,
    /// Index of the PD that handles its faults and holds its TCB: the parent of a nested PD, the
    /// owner of a vCPU. [`crate::NONE`]: the monitor.
    pub parent: u32,
    /// A nested PD's id or a vCPU's id, 0..=63; 0 for a PD without parent.
    pub id: u32,
}

/// What a [`Thread`] is: the value of [`Thread::kind`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u32)]
pub enum ThreadKind {
    /// A protection domain: started at its entry.
    ProtectionDomain = 0,
    /// A virtual CPU: inactive until its PD resumes it.
    Vcpu = 1,
}

/// Bits of [`Thread::flags`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct ThreadFlags(pub u32);

impl ThreadFlags {
    /// `passive="true"`.
    pub const PASSIVE: u32 = 1;
    /// `fpu="true"`, the default; always set for a vCPU.
    pub const FPU: u32 = 2;
    /// `smc="true"`: gets the capability in slot 7.
    pub const SMC: u32 = 4;
    /// All known bits.
    pub const ALL: u32 = Self::PASSIVE | Self::FPU | Self::SMC;

    /// Whether all bits of `mask` are set.
    #[must_use]
    pub const fn has(self, mask: u32) -> bool {
        self.0 & mask == mask
    }
}

/// An address space. Its mappings name it by index.
#[repr(C)]
#[derive(Debug, Clone, Copy, Default, FromBytes, IntoBytes, Immutable, KnownLayout)]
pub struct VSpace {
    /// Always 0.
    pub reserved: u64,
}

/// A piece of an address space: ELF segment pages, stack, IPC buffer, memory region, guest memory.
#[repr(C)]
#[derive(Debug, Clone, Copy, FromBytes, IntoBytes, Immutable, KnownLayout)]
pub struct Mapping {
    /// Index into the address spaces.
    pub vspace: u32,
    /// [`MappingAttributes`] as number.
    pub attributes: u32,
    /// First virtual (vCPU: guest-physical) address, page-aligned.
    pub virtual_address: u64,
    /// First physical address, page-aligned. Memory or a device; may lie in the payload.
    pub physical_address: u64,
    /// Bytes, a multiple of 4 KiB, not 0. Mappings of one address space must not overlap.
    pub length: u64,
}

/// Bits of [`Mapping::attributes`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct MappingAttributes(pub u32);

impl MappingAttributes {
    /// Readable.
    pub const READ: u32 = 1;
    /// Writable.
    pub const WRITE: u32 = 2;
    /// Executable.
    pub const EXECUTE: u32 = 4;
    /// Normal write-back memory. Without: device memory (nGnRnE), as seL4 maps `cached="false"`.
    pub const CACHED: u32 = 8;
    /// The region's `page_size` is 2 MiB: address and length are multiples of it. The kernel may
    /// use large entries anyway; the bit sets the pages that a cache operation must not cross.
    pub const LARGE: u32 = 16;
    /// All known bits.
    pub const ALL: u32 = Self::READ | Self::WRITE | Self::EXECUTE | Self::CACHED | Self::LARGE;

    /// Whether all bits of `mask` are set.
    #[must_use]
    pub const fn has(self, mask: u32) -> bool {
        self.0 & mask == mask
    }
}

/// Bytes of the payload that go to memory before the first thread runs.
#[repr(C)]
#[derive(Debug, Clone, Copy, FromBytes, IntoBytes, Immutable, KnownLayout)]
pub struct Copy {
    /// Bytes from the start of the image.
    pub source_offset: u64,
    /// Physical address of the destination, outside the image.
    pub destination: u64,
    /// Bytes.
    pub length: u64,
}

/// One direction of a channel: a capability that `holder` gets to reach `target`.
#[repr(C)]
#[derive(Debug, Clone, Copy, FromBytes, IntoBytes, Immutable, KnownLayout)]
pub struct ChannelEnd {
    /// A [`ChannelKind`] as number.
    pub kind: u32,
    /// PD that gets the capability.
    pub holder: u32,
    /// The channel's id at the holder, 0..=62: slot 10 + id (notify) or 74 + id (call).
    pub holder_id: u32,
    /// PD that is notified or called.
    pub target: u32,
    /// The channel's id at the target: badge `1 << id` (notify) or `1 << 63 | id` (call).
    pub target_id: u32,
    /// Always 0.
    pub reserved: u32,
}

/// What a [`ChannelEnd`] lets its holder do: the value of [`ChannelEnd::kind`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u32)]
pub enum ChannelKind {
    /// The holder's end has `notify` (the default).
    Notify = 0,
    /// The holder's end has `pp="true"`.
    Call = 1,
}

/// An interrupt that a PD handles.
#[repr(C)]
#[derive(Debug, Clone, Copy, FromBytes, IntoBytes, Immutable, KnownLayout)]
pub struct Irq {
    /// GIC interrupt number, 16..=159: SPI n is 32 + n. Not 25, 26 or 27: the kernel's own.
    pub intid: u32,
    /// PD that is notified.
    pub thread: u32,
    /// Channel id at the PD, 0..=62: slot 138 + id, badge `1 << id`.
    pub id: u32,
    /// An [`IrqTrigger`] as number.
    pub trigger: u32,
}

/// How an interrupt is signalled: the value of [`Irq::trigger`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u32)]
pub enum IrqTrigger {
    /// `trigger="level"`, the default.
    Level = 0,
    /// `trigger="edge"`.
    Edge = 1,
}
