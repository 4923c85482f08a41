//! The VMM of our library with the devices that system.xml names, one of which is ours.
#![no_std]
#![no_main]

vmm::devices!();

#[sel4_microkit::protection_domain(stack_size = 0x100000)]
fn init() -> vmm::Monitor<devices::Maker> {
    vmm::monitor()
}
