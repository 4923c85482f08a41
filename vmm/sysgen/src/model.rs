//! The checked model: each guest of the system with what it is made of.
//!
//! Tables, device tree, package and explanations all come from here, so that they cannot
//! disagree.

mod drivers;
mod emulated;
mod virtio;

use vmm_config::{Action, ChannelEntry, Console, Policy, ReservationKind};

pub use drivers::{Driver, DriverClient, DriverKind, MOST_CLIENTS, Program};
pub use emulated::{DeviceMemory, EmulatedDevice};
pub use virtio::{
    BACKENDS, Backend, KeyValue, Part, PartSize, VIRTIO_REGISTERS_SIZE, VirtioKey, VirtioKind,
};

use crate::source::{Span, Spanned};

/// Everything of a system that the build makes something of.
#[derive(Clone, Debug, Default)]
pub struct Model {
    /// Every guest that one of our VMMs runs.
    pub guests: Vec<Guest>,
    /// Every protection domain that ticks for our VMMs.
    pub tickers: Vec<Ticker>,
    /// Every protection domain that drives a device of the board for our VMMs.
    pub drivers: Vec<Driver>,
    /// Every other protection domain whose program is made from a crate of the user's.
    pub programs: Vec<Program>,
}

/// One VMM with its guest.
#[derive(Clone, Debug)]
pub struct Guest {
    /// The protection domain that runs the VMM.
    pub domain: String,
    /// File name of the VMM's program, as the XML says it.
    pub program: String,
    /// Folder of the user's crate that this program is made from, relative to the system XML.
    pub program_crate: Option<String>,
    /// Name of the virtual machine.
    pub name: String,
    /// vCPUs are numbered 0 to `vcpus - 1`.
    pub vcpus: u8,
    /// Stage-2 mappings, ordered by base.
    pub mappings: Vec<Mapping>,
    /// What the guest-physical map is made of, ordered by base.
    pub reservations: Vec<Reservation>,
    /// Interrupt controller.
    pub gic: Gic,
    /// Passed-through devices, in the order of the file.
    pub devices: Vec<Device>,
    /// Interrupts of passed-through devices, ordered by INTID.
    pub interrupts: Vec<Interrupt>,
    /// Emulated devices other than the interrupt controller, in the order of the file.
    pub emulated: Vec<EmulatedDevice>,
    /// Whose the VMM's channels are.
    pub channels: Vec<ChannelEntry>,
    /// Where the guest image package goes.
    pub image: ImageRegion,
    /// UART for the VMM's own messages.
    pub console: Option<Console>,
    /// What ends the sleep of an idle guest.
    pub wake: Option<Wake>,
    /// What the end of the guest means.
    pub policy: Policy,
    /// How the guest is started.
    pub boot: Boot,
    /// Its `<virtual_machine>`.
    pub span: Span,
}

/// What ends the sleep of an idle guest.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Wake {
    /// The EL1 physical timer, whose interrupt has this channel.
    PhysicalTimer(u8),
    /// Tickers, the one with the longest period first.
    Tickers(Vec<TickerOfGuest>),
}

/// A ticker as the VMM of one guest uses it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TickerOfGuest {
    /// Its protection domain.
    pub domain: String,
    /// Microseconds from tick to tick.
    pub period: u64,
    /// The entry in the VMM's tables.
    pub entry: vmm_config::Ticker,
}

/// A protection domain that ticks.
#[derive(Clone, Debug)]
pub struct Ticker {
    /// Its name.
    pub domain: String,
    /// File name of its program, as the XML says it.
    pub program: String,
    /// The VMMs that it wakes.
    pub clients: Vec<vmm_config::TickerClient>,
}

/// A `<map>` of the virtual machine.
#[derive(Clone, Debug)]
pub struct Mapping {
    /// Name of the region.
    pub name: String,
    /// Guest-physical start.
    pub base: u64,
    /// Bytes.
    pub size: u64,
    /// Bytes.
    pub page_size: u64,
    /// Guest may read.
    pub read: bool,
    /// Guest may write.
    pub write: bool,
    /// Guest may execute.
    pub execute: bool,
    /// Where the VMM maps the same region.
    pub vmm_address: Option<u64>,
    /// Physical address, if the XML fixes it.
    pub physical: Option<u64>,
    /// The XML behind it.
    pub span: Span,
}

/// A piece of the guest-physical map.
#[derive(Clone, Debug)]
pub struct Reservation {
    /// Name, for messages.
    pub name: String,
    /// Guest-physical start.
    pub base: u64,
    /// Bytes.
    pub size: u64,
    /// What it is.
    pub kind: ReservationKind,
    /// RAM that the device tree does not list, such as what firmware runs from.
    pub unlisted: bool,
    /// The XML behind it.
    pub span: Span,
}

impl Reservation {
    /// First byte after it.
    pub fn end(&self) -> u64 {
        self.base.saturating_add(self.size)
    }
}

/// The guest's interrupt controller.
#[derive(Clone, Debug)]
pub struct Gic {
    /// Architecture version; only 2 comes through the checks.
    pub version: u8,
    /// Guest-physical address of GICD.
    pub distributor: u64,
    /// Guest-physical address and size of GICC.
    pub cpu_interface: (u64, u64),
    /// Where the VMM maps GICV, to see what the guest has taken.
    pub visible_interface: Option<u64>,
    /// Where the VMM maps the page that shadows GICD.
    pub shadow: Option<u64>,
    /// Shared interrupts.
    pub spis: u16,
}

/// Bytes of the distributor's register page.
pub const DISTRIBUTOR_SIZE: u64 = 0x1000;

/// A passed-through device.
#[derive(Clone, Debug)]
pub struct Device {
    /// Node name and label.
    pub name: String,
    /// `compatible`; without one the device is mapped but not shown in the device tree.
    pub compatible: Vec<String>,
    /// Guest-physical start and size of its register windows.
    pub registers: Vec<(u64, u64)>,
    /// Its interrupts, in the order of the file.
    pub interrupts: Vec<Interrupt>,
    /// Names and frequencies of its clocks.
    pub clocks: Vec<(String, u32)>,
    /// Further properties.
    pub properties: Vec<Property>,
}

/// A device tree property taken from the XML.
#[derive(Clone, Debug)]
pub struct Property {
    /// Name.
    pub name: String,
    /// Value.
    pub value: PropertyValue,
}

/// The value of a [`Property`].
#[derive(Clone, Debug)]
pub enum PropertyValue {
    /// Present or absent.
    Flag,
    /// 32-bit cells.
    Cells(Vec<u32>),
    /// Strings.
    Strings(Vec<String>),
}

/// An interrupt of a passed-through device.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Interrupt {
    /// INTID.
    pub intid: u16,
    /// Channel.
    pub channel: u8,
    /// Edge triggered?
    pub edge: bool,
}

/// The region that holds the guest image package.
#[derive(Clone, Debug)]
pub struct ImageRegion {
    /// Name of the region.
    pub region: String,
    /// File that fills it.
    pub file: String,
    /// Where the VMM maps it.
    pub vmm_address: u64,
    /// Bytes.
    pub page_size: u64,
    /// Most bytes that it can hold.
    pub size: u64,
    /// The XML behind it.
    pub span: Span,
}

/// How the guest is started.
#[derive(Clone, Debug)]
pub struct Boot {
    /// Kernel command line, unless the build gives another.
    pub bootargs: String,
    /// Name of the device that is the console.
    pub stdout: Option<String>,
    /// How the guest calls PSCI.
    pub psci: Conduit,
    /// Where a flat binary is loaded, unless at 2 MiB into RAM.
    pub load: Option<Spanned<u64>>,
}

/// Most bytes of a kernel command line: arm64 Linux keeps so many (its `COMMAND_LINE_SIZE` less
/// the NUL) and drops the rest without a word.
pub const COMMAND_LINE_LIMIT: usize = 2047;

/// The instruction that reaches PSCI.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Conduit {
    /// Secure monitor call.
    Smc,
    /// Hypervisor call.
    Hvc,
}

/// What happens when the XML has no `policy`: a guest that ends stays stopped, one that asks
/// for a reset is started again.
pub const DEFAULT_POLICY: Policy = Policy {
    power_off: Action::Stop,
    reset: Action::Restart { limit: None },
    crash: Action::Stop,
};

impl Guest {
    /// The pieces of RAM, ordered by base.
    pub fn ram(&self) -> impl Iterator<Item = &Reservation> {
        let all = self.reservations.iter();
        all.filter(|piece| piece.kind == ReservationKind::Ram)
    }

    /// The pieces of RAM that the device tree lists.
    pub fn listed_ram(&self) -> impl Iterator<Item = &Reservation> {
        self.ram().filter(|piece| !piece.unlisted)
    }
}
