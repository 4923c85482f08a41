//! The VMM for guests all of whose devices are our own.
#![no_std]
#![no_main]

vmm::devices!();

#[sel4_microkit::protection_domain(stack_size = 0x100000)]
fn init() -> vmm::Monitor<devices::Maker> {
    vmm::monitor()
}
