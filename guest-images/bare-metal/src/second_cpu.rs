//! What a second CPU needs to start: stacks and a function, handed over through PSCI's context.

use core::cell::UnsafeCell;

/// Read by `second_cpu_start` in start.s.
#[repr(C)]
#[derive(Debug)]
struct SecondCpu {
    stack: u64,
    exception_stack: u64,
    function: u64,
    argument: u64,
}

/// Memory that belongs to the second CPU once it runs, and to the first before.
#[repr(C, align(16))]
struct Handed<T>(UnsafeCell<T>);

// SAFETY: the first CPU writes only while the second is off.
unsafe impl<T> Sync for Handed<T> {}

static STACKS: Handed<[[u8; 0x4000]; 2]> = Handed(UnsafeCell::new([[0; 0x4000]; 2]));
static START: Handed<SecondCpu> = Handed(UnsafeCell::new(SecondCpu {
    stack: 0,
    exception_stack: 0,
    function: 0,
    argument: 0,
}));

/// The address to hand to PSCI CPU_ON.
pub fn entry() -> u64 {
    unsafe extern "C" {
        fn second_cpu_start();
    }
    second_cpu_start as *const () as u64
}

/// The address to hand to PSCI CPU_ON with that of a doubleword as context: the CPU stores its
/// SCTLR_EL1 there, in little-endian order, and switches itself off by HVC.
pub fn reporting_entry() -> u64 {
    unsafe extern "C" {
        fn second_cpu_report();
    }
    second_cpu_report as *const () as u64
}

/// Gives the context to hand to PSCI CPU_ON, so that the CPU runs `function(argument)`.
///
/// The CPU must be off.
pub fn prepare(function: extern "C" fn(u64), argument: u64) -> u64 {
    let stacks = STACKS.0.get() as u64;
    let start = SecondCpu {
        stack: stacks + 0x4000,
        exception_stack: stacks + 0x8000,
        function: function as *const () as u64,
        argument,
    };
    // SAFETY: the second CPU is off, so nobody reads this.
    unsafe { START.0.get().write_volatile(start) };
    START.0.get() as u64
}
