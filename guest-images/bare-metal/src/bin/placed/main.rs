//! A guest that runs wherever it is loaded, says where that is and where x0 says that the device
//! tree is, and powers off. All of it is position-independent assembly.
#![no_std]
#![no_main]
#![expect(unsafe_code, reason = "the guest is assembly")]

core::arch::global_asm!(include_str!("placed.s"), options(raw));

#[panic_handler]
fn panic(_info: &core::panic::PanicInfo<'_>) -> ! {
    loop {}
}
