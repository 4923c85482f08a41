//! A virtual GICv2: the distributor, and the account of what sits in the list registers.
//!
//! Models the distributor (GICD) of the GICv2 architecture, Arm IHI 0048B chapter 4.3. The CPU
//! interface that the guest sees at GICC is the hardware's virtual CPU interface (GICV), mapped
//! into the guest, so acknowledging and ending an interrupt costs no exit; what the distributor
//! decides reaches the guest through the hardware's list registers (chapter 5).
//!
//! An interrupt travels one way: a line, a write to GICD_SGIR or to GICD_ISPENDR makes it pending
//! ([`Distributor::set_line`], [`Distributor::fire`], the registers). Alone it goes into a list
//! register at once; where several compete, [`Distributor::settle`] puts the most urgent ones
//! there. [`Distributor::maintenance`] hears that the guest has ended one.
//!
//! # What the kernel beneath cannot do
//! seL4 fills list registers and never reads or empties one: `docs/sel4-limits.md` has the table of
//! what follows, with the kernel's lines. In short:
//! * A change of an interrupt that waits in a list register takes effect (`revision.rs`) if the
//!   backend knows that the guest has not taken it ([`ListRegisters::activity`]).
//! * GICD_ISACTIVER shows what the kernel has refused to replace, and GICD_ISPENDR the rest until
//!   its end is reported.
//! * The kernel may report the end of an interrupt after the guest's next store to the
//!   distributor. That store is performed once more then; see [`InterruptController::settle`].
//!
//! [`ListRegisters::activity`]: vmm_machine::kernel::ListRegisters::activity
//! [`InterruptController::settle`]: vmm_machine::kernel::InterruptController::settle
#![cfg_attr(not(test), no_std)]
#![forbid(unsafe_code)]
#![cfg_attr(
    not(test),
    deny(
        clippy::indexing_slicing,
        clippy::arithmetic_side_effects,
        clippy::unwrap_used,
        clippy::expect_used,
        clippy::panic
    )
)]

mod account;
mod bank;
mod choice;
mod controller;
mod delivery;
mod distributor;
mod line;
mod list_registers;
mod registers;
mod revision;
mod sgi;
mod shadow;

#[cfg(test)]
mod tests;

pub use distributor::Distributor;
pub use shadow::{NoShadow, Shadow};
