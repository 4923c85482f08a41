//! The guest's program: it looks at its memory from inside, asks the VMM for the next step, and
//! prints what it saw.

use crate::layout::{self, Order};
use core::fmt::{self, Write};
use vmm_arch::AccessSize::{self, Byte, Double, Half, Word};

/// The VMM has stopped the guest: nothing more of its program runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Stopped;

/// The processor that runs the program, with its MMU off.
pub trait Cpu {
    /// One load into a register that holds `before`.
    ///
    /// # Errors
    /// [`Stopped`], on a processor that can tell.
    fn load(&mut self, address: u64, size: AccessSize, before: u64) -> Result<u64, Stopped>;

    /// One store.
    ///
    /// # Errors
    /// [`Stopped`], on a processor that can tell.
    fn store(&mut self, address: u64, size: AccessSize, value: u64) -> Result<(), Stopped>;
}

/// The emulated console as a formatter's target.
struct Console<'c, C>(&'c mut C);

impl<C: Cpu> Write for Console<'_, C> {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        for byte in text.bytes() {
            let register = layout::CONSOLE + layout::CONSOLE_DR;
            let stored = self.0.store(register, Byte, byte.into());
            stored.map_err(|Stopped| fmt::Error)?;
        }
        Ok(())
    }
}

macro_rules! say {
    ($cpu:expr, $($part:tt)*) => {
        writeln!(Console($cpu), "GUEST {}", format_args!($($part)*)).map_err(|fmt::Error| Stopped)
    };
}

/// Runs the program; it ends when the guest is to be switched off.
///
/// # Errors
/// [`Stopped`].
pub fn run(cpu: &mut impl Cpu, start: u64) -> Result<(), Stopped> {
    say!(cpu, "start {start}")?;
    match start {
        0 => nowhere(cpu),
        1 => everything(cpu),
        2 => short(cpu),
        _ => broken(cpu),
    }
}

/// Nothing is reserved there, and nobody answers instead.
fn nowhere(cpu: &mut impl Cpu) -> Result<(), Stopped> {
    say!(cpu, "loads from where nothing is reserved")?;
    let value = cpu.load(layout::NOTHING, Word, 0)?;
    say!(cpu, "went on with {value:#x}")
}

/// The callback cannot go on.
fn broken(cpu: &mut impl Cpu) -> Result<(), Stopped> {
    say!(cpu, "stores to the broken device")?;
    cpu.store(layout::BROKEN + 8, Double, 1)?;
    say!(cpu, "went on")
}

/// The frames do not suffice.
fn short(cpu: &mut impl Cpu) -> Result<(), Stopped> {
    say!(cpu, "loads from pages that cannot be mapped")?;
    let value = cpu.load(layout::SHORT + layout::SMALL, Double, 0)?;
    say!(cpu, "went on with {value:#x}")
}

fn everything(cpu: &mut impl Cpu) -> Result<(), Stopped> {
    callbacks(cpu)?;
    answers(cpu)?;
    eager(cpu)?;
    deferred(cpu)?;
    read_only(cpu)?;
    free_and_reuse(cpu)?;
    refused(cpu)?;
    anonymous(cpu)?;
    ram(cpu)?;
    say!(cpu, "end")
}

/// One callback, two cookies, every width.
fn callbacks(cpu: &mut impl Cpu) -> Result<(), Stopped> {
    for device in layout::TWINS {
        let mut values = [0; 4];
        for (size, value) in [Byte, Half, Word, Double].into_iter().zip(&mut values) {
            *value = cpu.load(device + 0x18, size, 0)?;
        }
        say!(
            cpu,
            "device at {device:#x} reads {values:#x?}",
            values = Line(&values)
        )?;
        cpu.store(device + 0x20, Half, 0x1234_5678)?;
    }
    Ok(())
}

/// Values in one line.
struct Line<'v>(&'v [u64]);

impl fmt::Debug for Line<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, value) in self.0.iter().enumerate() {
            let space = if index == 0 { "" } else { " " };
            write!(f, "{space}{value:#x}")?;
        }
        Ok(())
    }
}

/// `Ignore`, and what goes to the fallback.
fn answers(cpu: &mut impl Cpu) -> Result<(), Stopped> {
    let kept = cpu.load(layout::SKIPPED, Double, 0x5ea1)?;
    say!(cpu, "a skipped load leaves {kept:#x} in its register")?;
    let nothing = cpu.load(layout::NOTHING, Word, 0)?;
    let unclaimed = cpu.load(layout::UNCLAIMED + 4, Word, 0)?;
    say!(cpu, "the fallback gives {nothing:#x} and {unclaimed:#x}")?;
    cpu.store(layout::NOTHING, Byte, 0xab)
}

/// Stores a value of its own to each address and loads them all.
fn fill(cpu: &mut impl Cpu, addresses: &[u64]) -> Result<bool, Stopped> {
    for address in addresses {
        cpu.store(*address, Double, !*address)?;
    }
    let mut same = true;
    for address in addresses {
        same &= cpu.load(*address, Double, 0)? == !*address;
    }
    Ok(same)
}

fn eager(cpu: &mut impl Cpu) -> Result<(), Stopped> {
    let before = restarts(cpu)?;
    let first = cpu.load(layout::EAGER, Double, 1)?;
    let small = [0, 1, 2].map(|page| layout::EAGER + page * layout::SMALL + 0x18);
    let same = fill(cpu, &small)?;
    say!(
        cpu,
        "three small pages: begin with {first:#x}, hold what is stored: {same}"
    )?;
    let mixed = [
        0,
        layout::LARGE - 8,
        layout::LARGE,
        layout::LARGE + 2 * layout::SMALL - 8,
    ];
    let same = fill(cpu, &mixed.map(|offset| layout::MIXED + offset))?;
    let faults = restarts(cpu)? - before;
    say!(
        cpu,
        "a large and two small pages hold what is stored: {same}; run again: {faults}"
    )
}

fn deferred(cpu: &mut impl Cpu) -> Result<(), Stopped> {
    let before = restarts(cpu)?;
    let pages = [1, 0, 2].map(|page| layout::DEFERRED + page * layout::SMALL);
    let same = fill(cpu, &pages)?;
    let faults = restarts(cpu)? - before;
    say!(
        cpu,
        "pages mapped on the first fault hold what is stored: {same}; run again: {faults}"
    )
}

fn read_only(cpu: &mut impl Cpu) -> Result<(), Stopped> {
    let before = cpu.load(layout::READ_ONLY + 8, Double, 0)?;
    cpu.store(layout::READ_ONLY + 8, Double, 0xbad)?;
    let after = cpu.load(layout::READ_ONLY + 8, Double, 0)?;
    say!(
        cpu,
        "a page to read only holds {before:#x}, after a store {after:#x}"
    )
}

fn free_and_reuse(cpu: &mut impl Cpu) -> Result<(), Stopped> {
    order(cpu, Order::FreeEager)?;
    let gone = cpu.load(layout::EAGER + 0x18, Double, 0)?;
    say!(cpu, "the freed page gives {gone:#x}")?;
    // Once more: the VMM reports that its handle is stale.
    order(cpu, Order::FreeEager)?;
    order(cpu, Order::LargeInPlace)?;
    let first = cpu.load(layout::EAGER + 0x18, Double, 1)?;
    let same = fill(cpu, &[layout::EAGER, layout::EAGER + layout::LARGE - 8])?;
    say!(
        cpu,
        "a large page in its place: begins with {first:#x}, holds what is stored: {same}"
    )?;
    order(cpu, Order::SmallAgain)?;
    let address = layout::EAGER + layout::SMALL + 0x18;
    let same = cpu.load(address, Double, 0)? == !address;
    say!(cpu, "the small pages again, with what was stored: {same}")
}

/// A mapping that fails half-way leaves nothing.
fn refused(cpu: &mut impl Cpu) -> Result<(), Stopped> {
    order(cpu, Order::Refused)?;
    let value = cpu.load(layout::TWICE, Double, 0)?;
    say!(
        cpu,
        "the pages that were refused are a device still: {value:#x}"
    )
}

fn anonymous(cpu: &mut impl Cpu) -> Result<(), Stopped> {
    let small = order(cpu, Order::AnonymousSmall)?;
    let same = fill(cpu, &[small, small + 2 * layout::SMALL])?;
    say!(
        cpu,
        "anonymous memory at {small:#x} holds what is stored: {same}"
    )?;
    let large = order(cpu, Order::AnonymousLarge)?;
    let before = restarts(cpu)?;
    let same = fill(cpu, &[large, large + layout::LARGE - 8])?;
    let faults = restarts(cpu)? - before;
    say!(
        cpu,
        "anonymous memory at {large:#x} holds what is stored: {same}; run again: {faults}"
    )?;
    let all = order(cpu, Order::AnonymousAll)?;
    let value = cpu.load(all + layout::POOL_SIZE - 8, Double, 0)?;
    say!(cpu, "all of the pool, at {all:#x}, is a device: {value:#x}")
}

fn ram(cpu: &mut impl Cpu) -> Result<(), Stopped> {
    let message = order(cpu, Order::Allocate)?;
    let found = cpu.load(message, Double, 0)?;
    say!(cpu, "the VMM's message at {message:#x} is {found:#x}")?;
    cpu.store(message + 8, Word, found >> 32)?;
    order(cpu, Order::Free)?;
    let seed = cpu.load(layout::RAM_POOL, Double, 0)?;
    say!(cpu, "anonymous RAM holds what the VMM wrote: {seed:#x}")?;
    cpu.store(layout::MORE_RAM - 8, Double, 0x1111_2222_3333_4444)?;
    cpu.store(layout::MORE_RAM, Double, 0x5555_6666_7777_8888)?;
    order(cpu, Order::Touch)?;
    Ok(())
}

/// Gives an order and returns its result.
fn order(cpu: &mut impl Cpu, order: Order) -> Result<u64, Stopped> {
    cpu.store(layout::CONTROL + layout::CONTROL_ORDER, Word, order as u64)?;
    cpu.load(layout::CONTROL + layout::CONTROL_RESULT, Double, 0)
}

fn restarts(cpu: &mut impl Cpu) -> Result<u64, Stopped> {
    cpu.load(layout::CONTROL + layout::CONTROL_RESTARTS, Double, 0)
}
