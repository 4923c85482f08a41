//! Scripts: exits go into the machine, and what comes out is compared line by line.
//!
//! The machine and the interrupt controller are the real ones; the kernel beneath is
//! [`model::kernel`], which judges every call as seL4 would. Each file tells one subject.

mod aarch32;
mod byte_order;
mod emulated;
mod hostile;
mod mmio;
mod model;
mod passthrough;
mod psci;
mod refused;
mod reset;
mod restart;
mod serve;
mod several;
mod sleep;
mod timer;
mod trap;
mod unowned;
