//! What every bare-metal guest needs: a start, exceptions, a console, the interrupt controller.
//!
//! The guests run at EL1 with the MMU off on QEMU's virt machine or on a VM
//! laid out like it: RAM from 0x4000_0000, a GICv2, a PL011, PSCI.
#![no_std]
#![expect(
    unsafe_code,
    reason = "inline assembly for single instructions and the entry points that assembly calls"
)]

pub mod argument;
pub mod check;
pub mod console;
pub mod cpu;
pub mod exception;
pub mod firmware;
pub mod gic;
pub mod instruction;
pub mod lower;
pub mod second_cpu;
pub mod timer;

core::arch::global_asm!(include_str!("start.s"), options(raw));
core::arch::global_asm!(include_str!("vectors.s"), options(raw));
core::arch::global_asm!(
    include_str!("registers.s"),
    include_str!("firmware.s"),
    include_str!("instruction.s"),
    include_str!("lower.s"),
    options(raw)
);

/// Names the function that runs after the start; it gets the address of the device tree.
#[macro_export]
macro_rules! entry {
    ($main:path) => {
        #[unsafe(no_mangle)]
        extern "C" fn boot(dtb: u64) {
            let main: fn(u64) = $main;
            main(dtb);
            $crate::firmware::power_off()
        }
    };
}

#[panic_handler]
fn panic(info: &core::panic::PanicInfo<'_>) -> ! {
    println!("GUEST-PANIC {info}");
    firmware::power_off()
}
