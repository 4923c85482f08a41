//! Guest-physical addresses, and the registers of the device through which the guest asks the
//! VMM for the next step.

/// Guest RAM: one large page, with the guest's program.
pub const RAM: u64 = 0x4000_0000;
/// Bytes of a large page.
pub const LARGE: u64 = 0x20_0000;
/// Bytes of a small page.
pub const SMALL: u64 = 0x1000;
/// Where the guest's program begins, and the bytes it may have with its stacks.
pub const PROGRAM: u64 = 0x4008_0000;
/// Bytes of the program with its stacks, at most.
pub const PROGRAM_SIZE: u64 = 0x10_0000;
/// More guest RAM, right behind: two small pages.
pub const MORE_RAM: u64 = RAM + LARGE;

/// The pool that becomes RAM too: one small page, at an address of the map's choice.
pub const RAM_POOL: u64 = 0x7800_0000;

/// An emulated PL011, of which the guest uses two registers.
pub const CONSOLE: u64 = 0x0900_0000;
/// Its data register.
pub const CONSOLE_DR: u64 = 0x00;
/// Its flag register.
pub const CONSOLE_FR: u64 = 0x18;

/// The device that takes orders.
pub const CONTROL: u64 = 0x0a00_0000;
/// Write: the number of an [`Order`].
pub const CONTROL_ORDER: u64 = 0x00;
/// Read: what the last order gave, an address mostly.
pub const CONTROL_RESULT: u64 = 0x08;
/// Read: accesses so far that were run again because a reservation was mapped for them.
pub const CONTROL_RESTARTS: u64 = 0x10;

/// Two devices with one callback and different cookies.
pub const TWINS: [u64; 2] = [0x0b00_0000, 0x0b00_0200];
/// Bytes of each: reservations need not be whole pages.
pub const TWIN_SIZE: u64 = 0x200;
/// A device whose accesses are skipped.
pub const SKIPPED: u64 = 0x0b00_1000;
/// A device that answers nothing.
pub const UNCLAIMED: u64 = 0x0b00_2000;
/// A device that cannot go on.
pub const BROKEN: u64 = 0x0b00_3000;
/// Nothing is reserved here.
pub const NOTHING: u64 = 0x3000_0000;

/// Three small pages, mapped before the guest starts.
pub const EAGER: u64 = 0x5000_0000;
/// A large page and two small ones.
pub const MIXED: u64 = 0x5020_0000;
/// A page that the guest may only read.
pub const READ_ONLY: u64 = 0x5100_0000;
/// Three pages that are mapped on the first fault.
pub const DEFERRED: u64 = 0x6000_0000;
/// Three pages that are to be mapped on the first fault and cannot be.
pub const SHORT: u64 = 0x6100_0000;
/// Three pages whose second frame the kernel refuses.
pub const TWICE: u64 = 0x6200_0000;
/// The first address that a 40-bit guest does not have.
pub const FAR: u64 = 1 << 40;
/// The pool of anonymous memory.
pub const POOL: u64 = 0x7000_0000;
/// Its bytes.
pub const POOL_SIZE: u64 = 4 * LARGE;

/// What the guest asks the VMM to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Order {
    /// Free the pages at [`EAGER`].
    FreeEager = 1,
    /// Reserve a large page at [`EAGER`] and map it, where the small ones were.
    LargeInPlace = 2,
    /// Free it, and map the small pages of the start there again.
    SmallAgain = 3,
    /// Map [`TWICE`], and memory past the end of the address space: both are refused.
    Refused = 4,
    /// Reserve anonymous memory for three small pages, and map it.
    AnonymousSmall = 5,
    /// Reserve anonymous memory for a large page, to be mapped on the first fault.
    AnonymousLarge = 6,
    /// Free both, and reserve all of the pool.
    AnonymousAll = 7,
    /// Allocate guest RAM and leave a message there.
    Allocate = 8,
    /// Read the guest's answer and free the RAM.
    Free = 9,
    /// Look at the bytes on both sides of the border between the two pieces of RAM.
    Touch = 10,
}

impl Order {
    const ALL: [Self; 10] = [
        Self::FreeEager,
        Self::LargeInPlace,
        Self::SmallAgain,
        Self::Refused,
        Self::AnonymousSmall,
        Self::AnonymousLarge,
        Self::AnonymousAll,
        Self::Allocate,
        Self::Free,
        Self::Touch,
    ];

    /// The order with a number.
    pub fn from_number(number: u64) -> Option<Self> {
        Self::ALL.into_iter().find(|order| *order as u64 == number)
    }
}

/// How often the guest is started, each time with the number of the start.
pub const STARTS: u64 = 4;
