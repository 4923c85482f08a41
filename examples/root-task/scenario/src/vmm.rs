//! The VMM: the guest's memory map over real capabilities, and what becomes of each fault.
#![deny(
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic
)]

mod callbacks;
mod frames;
mod orders;
mod setup;

pub use callbacks::{Board, Handler};
pub use frames::Frames;

use crate::kernel::{Caps, Kernel};
use crate::layout::{self, Order};
use core::fmt::Write;
use vmm_arch::{Gpa, GpaRange};
use vmm_memory::backend::{CapBackend, CapError, KernelError};
use vmm_memory::guest_ram::RegisterError;
use vmm_memory::range_map::InsertError;
use vmm_memory::reservation::FreeError;
use vmm_memory::{
    Access, AccessError, FaultResult, GuestMemory, GuestRam, MapError, MemoryMap, RamError,
    Reservation, ReserveError,
};

/// PSCI's SYSTEM_OFF (Arm DEN 0022).
const SYSTEM_OFF: u64 = 0x8400_0008;
/// What an unknown firmware call returns.
const NOT_SUPPORTED: u64 = u64::MAX;

/// What the VMM cannot do.
#[derive(Debug, thiserror::Error)]
#[expect(missing_docs, reason = "each is the error of one part of vmm-memory")]
pub enum Error {
    #[error(transparent)]
    Reserve(#[from] ReserveError),
    #[error(transparent)]
    Map(#[from] MapError<CapError>),
    #[error(transparent)]
    Free(#[from] FreeError<CapError>),
    #[error(transparent)]
    Register(#[from] RegisterError<CapError>),
    #[error(transparent)]
    Ram(#[from] RamError),
    #[error(transparent)]
    Memory(#[from] AccessError),
    #[error(transparent)]
    Window(#[from] InsertError),
    #[error(transparent)]
    Range(#[from] vmm_arch::address::RangeError),
    #[error("the kernel refused: {0}")]
    Kernel(#[from] KernelError),
    #[error("the scenario has no reservation for this step")]
    Step,
}

/// How the guest goes on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Next {
    /// Behind the instruction; a load or a firmware call gets the value.
    Complete(u64),
    /// Behind the instruction, whose register keeps its value.
    Skip,
    /// With the same instruction again.
    Again,
    /// Not at all.
    Stop,
}

/// Reservations that later steps name.
#[derive(Clone, Copy, Debug, Default)]
struct Made {
    eager: Option<Reservation>,
    large: Option<Reservation>,
    anonymous: [Option<Reservation>; 2],
    message: Option<GpaRange>,
}

/// One guest.
#[derive(Debug)]
pub struct Vmm<K: Kernel> {
    map: MemoryMap<Handler, Frames, CapBackend<Caps<K>>, 32>,
    ram: GuestRam<8>,
    memory: GuestMemory<4>,
    board: Board,
    made: Made,
    /// The small frames at `EAGER`, which are mapped there twice.
    small: [vmm_memory::Cptr; 3],
}

/// Prints a line of the VMM.
macro_rules! say {
    ($vmm:expr, $($part:tt)*) => {{
        // Printing cannot fail.
        let _ = writeln!($vmm.map.backend_mut().caps_mut(), "VMM {}", format_args!($($part)*));
    }};
}
use say;

impl<K: Kernel> Vmm<K> {
    /// The kernel.
    pub const fn kernel(&self) -> &K {
        self.map.backend().caps().kernel()
    }

    /// The kernel, to call.
    pub const fn kernel_mut(&mut self) -> &mut K {
        self.map.backend_mut().caps_mut().kernel_mut()
    }

    /// Makes the guest ready for start `number`: its program anew, from `image`. Returns where
    /// it begins.
    ///
    /// # Errors
    /// [`Error`].
    pub fn start(&mut self, number: u64, image: &[u8]) -> Result<u64, Error> {
        if number == 1 {
            self.map.register_unhandled_handler(callbacks::FALLBACK);
            say!(self, "registers a handler for what nobody answers");
        }
        self.kernel_mut().flush_windows()?;
        self.memory.write(Gpa(layout::PROGRAM), image)?;
        self.kernel_mut().flush_windows()?;
        Ok(layout::PROGRAM)
    }

    /// An access of the guest has faulted; `value` is what it stores.
    pub fn fault(&mut self, access: Access, value: u64) -> Next {
        self.board.begin(value);
        let board = &mut self.board;
        let answer = self.map.handle_fault(access, |handler: Handler, fault| {
            handler.answer(board, fault)
        });
        self.show();
        match answer {
            FaultResult::Handled => {
                if let Some(number) = self.board.take_order() {
                    self.carry_out(number);
                }
                Next::Complete(self.board.value())
            }
            FaultResult::Ignore => Next::Skip,
            FaultResult::Restart => {
                self.board.count_restart();
                Next::Again
            }
            FaultResult::Unhandled | FaultResult::Error => self.stop(access, answer),
        }
    }

    /// The guest calls firmware, by HVC or SMC.
    pub fn call(&mut self, function: u64) -> Next {
        if function == SYSTEM_OFF {
            say!(self, "the guest is off");
            return Next::Stop;
        }
        Next::Complete(NOT_SUPPORTED)
    }

    /// The guest has done something that this VMM does not know.
    pub fn unexpected(&mut self, what: core::fmt::Arguments<'_>) -> Next {
        say!(self, "stops the guest: {what}");
        Next::Stop
    }

    /// No start is left.
    pub fn end(&mut self) {
        say!(self, "switches the machine off");
    }

    fn stop(&mut self, access: Access, answer: FaultResult) -> Next {
        let gpa = access.gpa;
        say!(self, "stops the guest: {answer:?} for its access at {gpa}");
        if let Some(error) = self.map.fault_error().copied() {
            say!(self, "the reservation was not mapped: {error}");
        }
        Next::Stop
    }

    /// Prints what the callbacks have to say.
    fn show(&mut self) {
        let caps = self.map.backend_mut().caps_mut();
        // Printing cannot fail.
        let _ = caps.write_str(self.board.output());
        self.board.clear_output();
    }

    fn carry_out(&mut self, number: u64) {
        let result = Order::from_number(number)
            .ok_or(Error::Step)
            .and_then(|order| self.perform(order));
        match result {
            Ok(value) => self.board.set_result(value),
            Err(error) => say!(self, "order {number} failed: {error}"),
        }
    }
}

fn range(base: u64, size: u64) -> Result<GpaRange, Error> {
    Ok(GpaRange::new(Gpa(base), size)?)
}
