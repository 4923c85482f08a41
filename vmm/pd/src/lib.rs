//! The VMM as a Microkit protection domain: one guest, described by the system XML.
//!
//! `sel4` makes the kernel calls; everything else is the machine's, whose
//! [`serve`](vmm_machine::serve::serve) is the loop. A program that adds devices of its own is
//! ```ignore
//! #![no_std]
//! #![no_main]
//!
//! vmm::devices!();
//!
//! #[sel4_microkit::protection_domain(stack_size = 0x100000)]
//! fn init() -> vmm::Monitor<devices::Maker> {
//!     vmm::monitor()
//! }
//! ```
#![no_std]

mod cache;
mod console;
mod counter;
mod cpu_interface;
mod monitor;
mod sel4;
mod shadow;
mod wake;

pub use monitor::{Monitor, monitor};
pub use vmm_device;
pub use vmm_virtio;

/// The tables that sysgen wrote from the system XML.
mod tables {
    include!(env!("VMM_TABLES"));
}
pub(crate) use tables::GUEST;

/// Defines the module `devices` with `Maker`, which makes the emulated devices of the system XML.
/// The types that the XML names are found as in any other module of the program.
#[macro_export]
macro_rules! devices {
    () => {
        mod devices {
            #[allow(unused_imports, reason = "not every system has virtio devices")]
            use $crate::{vmm_device, vmm_virtio};
            include!(env!("VMM_DEVICES"));
        }
    };
}
