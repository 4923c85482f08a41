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
//! seL4 fills list registers and never reads or empties one. Hence:
//! * An interrupt that the guest disables, clears or routes elsewhere while it sits in a list
//!   register is still delivered once, unless another pending interrupt can take its place.
//! * Whether the guest has taken an interrupt is unknown until the end of it is reported, or
//!   until the kernel refuses to replace it. Until then GICD_ISPENDR shows it, GICD_ISACTIVER
//!   does not.
//! * The kernel judges by the copy of the list registers that it saved last, so it may agree to
//!   replace an interrupt that the guest has taken or ended an instant ago. A level-sensitive one
//!   is then judged by its line; one with an edge may be seen by the guest once more. None is lost.
//! * An interrupt made active by GICD_ISACTIVER is held back until GICD_ICACTIVER; ending it at the
//!   CPU interface has no effect. GICD_ICACTIVER does not end what a list register holds.
//! * The sending CPU of an SGI reads as 0 in GICC_IAR. SGIs with the same number from several
//!   CPUs are delivered one after another.
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
