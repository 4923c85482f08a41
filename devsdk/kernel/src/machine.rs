//! The hardware: everything that is not plain data.
//!
//! On a host the parts are stubs, for tests of the kernel's logic.

#[cfg(target_os = "none")]
pub mod cache;
#[cfg(target_os = "none")]
pub mod console;
#[cfg(target_os = "none")]
pub mod el1;
#[cfg(target_os = "none")]
pub mod fpu;
#[cfg(target_os = "none")]
pub mod gic;
#[cfg(target_os = "none")]
pub mod gich;
#[cfg(target_os = "none")]
pub mod page_pool;
#[cfg(target_os = "none")]
pub mod smc;
#[cfg(target_os = "none")]
pub mod timer;
#[cfg(target_os = "none")]
pub mod translation;

pub mod memory;

#[cfg(not(target_os = "none"))]
mod host;
#[cfg(not(target_os = "none"))]
pub use host::{cache, console, el1, fpu, gic, gich, halt, smc, timer, translation};

/// Stops the machine's only processor for good.
#[cfg(target_os = "none")]
pub fn halt() -> ! {
    console::print(format_args!("halting...\n"));
    loop {
        aarch64_cpu::asm::wfi();
    }
}
