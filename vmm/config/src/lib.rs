//! One guest as constants: what sysgen writes from system.xml and the VMM reads.
//!
//! Addresses ending in `_gpa` or named `base` are guest-physical; `vmm_address` is where the
//! VMM's own protection domain maps the same memory. Sizes are bytes.
#![no_std]

pub mod package;

/// Most vCPUs of one guest: a GICv2 serves eight.
pub const MAX_VCPUS: usize = 8;
/// Most reservations of one guest.
pub const MAX_RESERVATIONS: usize = 64;
/// Most separate stretches of guest RAM.
pub const MAX_RAM: usize = 8;
/// Most stretches of memory of the VMM's own that emulated devices use.
pub const MAX_DEVICE_WINDOWS: usize = 48;

/// Everything the VMM knows of its guest before it runs.
#[derive(Clone, Copy, Debug)]
pub struct Guest {
    /// Name of the `<virtual_machine>`.
    pub name: &'static str,
    /// vCPU identifiers are 0 to `vcpus - 1`.
    pub vcpus: u8,
    /// What the system XML maps into the guest (stage 2), ordered by `base`.
    pub mappings: &'static [Mapping],
    /// What the guest-physical map is made of, ordered by `base`.
    pub reservations: &'static [Reservation],
    /// The interrupt controller.
    pub gic: Gic,
    /// Interrupts of passed-through devices.
    pub interrupts: &'static [PassthroughInterrupt],
    /// Emulated devices other than the interrupt controller, as [`Device::Emulated`] counts them.
    pub devices: &'static [EmulatedDevice],
    /// Whose the channels are. Each is there once at most.
    pub channels: &'static [ChannelEntry],
    /// The prefilled region that holds the guest image package (see [`package`]).
    ///
    /// Its size is the room kept for it, so that a guest can be swapped without compiling; only
    /// the first page and what the header's `length` covers are sure to be mapped.
    pub image: Window,
    /// Where the VMM's own messages go when the kernel prints none.
    pub console: Option<Console>,
    /// What ends a WFI sleep; without it a guest that waits keeps its core busy.
    pub wake: Option<Wake>,
    /// What the end of the guest means.
    pub policy: Policy,
}

/// One `<map>` of the `<virtual_machine>`.
#[derive(Clone, Copy, Debug)]
pub struct Mapping {
    /// Name of the memory region, for messages.
    pub name: &'static str,
    /// Guest-physical start.
    pub base: u64,
    /// Bytes.
    pub size: u64,
    /// log2 of the page size.
    pub page_bits: u8,
    /// Guest may read.
    pub read: bool,
    /// Guest may write.
    pub write: bool,
    /// Guest may execute.
    pub execute: bool,
    /// Where the VMM maps the same region, if it does.
    pub vmm_address: Option<u64>,
}

/// One piece of the guest-physical map.
#[derive(Clone, Copy, Debug)]
pub struct Reservation {
    /// Name, for messages and crash reports.
    pub name: &'static str,
    /// Guest-physical start.
    pub base: u64,
    /// Bytes.
    pub size: u64,
    /// What it is.
    pub kind: ReservationKind,
}

/// What a reservation is backed by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ReservationKind {
    /// Guest RAM; mapped, and the VMM maps it too.
    Ram,
    /// A device of the board, mapped through.
    Passthrough,
    /// Emulated by the VMM.
    Emulated(Device),
    /// The GIC's virtual CPU interface, mapped in place of GICC.
    GicCpuInterface,
}

/// The emulated device that answers in a reservation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Device {
    /// GICD.
    GicDistributor,
    /// One of [`Guest::devices`].
    Emulated {
        /// Its index there.
        device: u8,
        /// Which of its regions, counted from zero.
        region: u8,
    },
}

/// What an emulated device is connected to.
#[derive(Clone, Copy, Debug)]
pub struct EmulatedDevice {
    /// Name, for messages.
    pub name: &'static str,
    /// Its interrupt lines, at most 32.
    pub lines: &'static [DeviceLine],
    /// Its channels, at most 32.
    pub channels: &'static [u8],
    /// Memory of the VMM's own that it uses.
    pub windows: &'static [Window],
    /// Numbers of the system XML.
    pub parameters: &'static [Parameter],
}

/// An interrupt line of an emulated device.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DeviceLine {
    /// INTID of a shared interrupt.
    pub intid: u16,
    /// Edge triggered (else level).
    pub edge: bool,
}

/// A number with a name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Parameter {
    /// Name.
    pub name: &'static str,
    /// Value.
    pub value: u64,
}

/// A channel of the VMM and whose it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ChannelEntry {
    /// The number in the VMM's protection domain.
    pub channel: u8,
    /// Whose signal comes by it.
    pub owner: ChannelOwner,
}

/// What a signal of a channel means.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ChannelOwner {
    /// This interrupt of a passed-through device has fired.
    Interrupt(u16),
    /// Some deadline may have come.
    Wake,
    /// It is for an emulated device.
    Device {
        /// Index in [`Guest::devices`].
        device: u8,
        /// Which of its channels, counted from zero.
        channel: u8,
    },
}

/// The guest's interrupt controller.
#[derive(Clone, Copy, Debug)]
pub struct Gic {
    /// 2 (GICv2).
    pub version: u8,
    /// Shared interrupts that the distributor implements; a multiple of 32, at most 988.
    pub spis: u16,
    /// Where the VMM maps the page that the guest may read in place of the distributor.
    pub shadow: Option<u64>,
    /// Where the VMM maps the virtual CPU interface (GICV), to see what the guest has taken.
    pub cpu_interface: Option<u64>,
}

/// A board interrupt that goes to the guest.
#[derive(Clone, Copy, Debug)]
pub struct PassthroughInterrupt {
    /// INTID, the same for the board and the guest.
    pub intid: u16,
    /// Channel of the `<irq>` element.
    pub channel: u8,
    /// Edge triggered (else level).
    pub edge: bool,
}

/// What wakes the VMM when a sleeping vCPU's time has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Wake {
    /// The EL1 physical timer, whose interrupt (PPI 30) has this channel. Every guest can write
    /// that timer, so it serves only where there is one guest.
    PhysicalTimer {
        /// Channel of the `<irq>` element.
        channel: u8,
    },
    /// Protection domains that tick, ordered by their periods, the longest first.
    Tickers(&'static [Ticker]),
}

/// A ticker, as the VMM sees it: who is asked for a signal at a counter value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Ticker {
    /// The VMM's channel to it and from it.
    pub channel: u8,
    /// Where the VMM maps the word that holds its request to this ticker.
    pub request: u64,
    /// Counts of the physical counter between two ticks.
    pub period: u64,
}

/// One VMM, as a ticker sees it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TickerClient {
    /// The ticker's channel to it and from it.
    pub channel: u8,
    /// Where the ticker maps the word with the VMM's request: the value of the physical counter
    /// from which on it is to be signalled, or [`NO_REQUEST`].
    pub request: u64,
}

/// The word of a VMM that asks for no signal, and that of one that has not begun: memory is zero
/// at first.
pub const NO_REQUEST: u64 = 0;

/// A stretch of the VMM's own address space.
#[derive(Clone, Copy, Debug)]
pub struct Window {
    /// Where the VMM maps it.
    pub vmm_address: u64,
    /// Bytes.
    pub size: u64,
}

/// A UART for the VMM's own messages. The guest may have it too: the VMM writes only before
/// the guest runs and once it has ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Console {
    /// Where the VMM maps its registers.
    pub vmm_address: u64,
    /// How it is driven.
    pub kind: ConsoleKind,
}

/// A kind of UART.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ConsoleKind {
    /// Arm's PrimeCell UART.
    Pl011,
}

/// What becomes of the system when a guest ends, by how it ended.
#[derive(Clone, Copy, Debug)]
pub struct Policy {
    /// PSCI SYSTEM_OFF.
    pub power_off: Action,
    /// PSCI SYSTEM_RESET and SYSTEM_RESET2.
    pub reset: Action,
    /// The VMM could not go on with the guest.
    pub crash: Action,
}

/// One policy.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Action {
    /// The guest stays stopped.
    Stop,
    /// The guest starts anew, at most `limit` times (`None`: always).
    Restart {
        /// Restarts allowed.
        limit: Option<u32>,
    },
    /// The machine is switched off through the firmware's PSCI (needs `smc="true"`).
    MachineOff,
}

/// A driver's protection domain, as it sees its device and its clients.
#[derive(Clone, Copy, Debug)]
pub struct Driver {
    /// The device's registers.
    pub registers: Window,
    /// Memory that the device reads and writes.
    pub dma: Option<DmaWindow>,
    /// Channel of the device's interrupt.
    pub interrupt: Option<u8>,
    /// Who uses the device, in the order of the system XML.
    pub clients: &'static [DriverClient],
}

/// Memory that a device of the board reads and writes by itself.
#[derive(Clone, Copy, Debug)]
pub struct DmaWindow {
    /// Where the protection domain maps it.
    pub vmm_address: u64,
    /// Where the device finds it.
    pub physical: u64,
    /// Bytes.
    pub size: u64,
}

/// An emulated device of a VMM, as the driver behind it sees it.
#[derive(Clone, Copy, Debug)]
pub struct DriverClient {
    /// Name of guest and device, for messages.
    pub name: &'static str,
    /// The driver's channel to it.
    pub channel: u8,
    /// The memory regions of [`EmulatedDevice::windows`], in the same order, where the driver
    /// maps them.
    pub windows: &'static [Window],
    /// As [`EmulatedDevice::parameters`].
    pub parameters: &'static [Parameter],
}
