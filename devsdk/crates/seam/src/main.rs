//! What the stand-in crates share with upstream's, each item named with its full type: this
//! compiles against both, or they have parted. It is also a protection domain that does nothing.

#![no_std]
#![no_main]

mod kernel;
mod microkit;
mod numbers;

use sel4_microkit::{NullHandler, protection_domain};

#[protection_domain(stack_size = 0x4000)]
fn init() -> NullHandler {
    kernel::signatures();
    microkit::signatures();
    NullHandler::new()
}
