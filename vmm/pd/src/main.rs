//! The VMM as a Microkit protection domain: one guest, described by the system XML.
//!
//! `sel4` makes the kernel calls; everything else is the machine's, whose
//! [`serve`](vmm_machine::serve::serve) is the loop.
#![no_std]
#![no_main]

mod cache;
mod console;
mod counter;
mod cpu_interface;
mod monitor;
mod sel4;
mod shadow;
mod wake;

use sel4_microkit::protection_domain;

/// The tables that sysgen wrote from the system XML.
mod tables {
    include!(env!("VMM_TABLES"));
}
pub(crate) use tables::GUEST;

#[protection_domain(stack_size = 0x10000)]
fn init() -> monitor::Monitor {
    console::init();
    monitor::Monitor
}
