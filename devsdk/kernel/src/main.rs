//! The kernel's program: entry, the one instance of its state, and what happens when it fails.
#![no_std]
#![no_main]
#![expect(
    unsafe_code,
    reason = "entry from assembly and the one instance of the state"
)]

use core::cell::UnsafeCell;
use core::panic::PanicInfo;

use devsdk_image::{Header, LOAD_ADDRESS, RAM_END};
use devsdk_kernel::boot::boot;
use devsdk_kernel::context::Context;
use devsdk_kernel::kernel::Kernel;
use devsdk_kernel::machine::{console, halt};
use devsdk_kernel::trap::Entry;

core::arch::global_asm!(include_str!("entry.s"));

/// The kernel's state; one processor, never interrupted while in the kernel.
struct Instance(UnsafeCell<Kernel>);

// SAFETY: only one processor runs, and kernel code is never re-entered.
unsafe impl Sync for Instance {}

static KERNEL: Instance = Instance(UnsafeCell::new(Kernel::new()));

unsafe extern "C" {
    /// End of the kernel in memory, where the system image starts (link.ld).
    static image_start: u8;
}

/// Most bytes that an image can have: the memory behind the load address.
const IMAGE_LIMIT: usize = (RAM_END - LOAD_ADDRESS) as usize;

/// First code after the entry point. Returns the registers to go on with.
#[unsafe(no_mangle)]
extern "C" fn kernel_start() -> *const Context {
    // SAFETY: the entry point calls this once, before anything else uses the state.
    let kernel = unsafe { &mut *KERNEL.0.get() };
    let image = &raw const image_start;
    let header = image.cast::<Header>();
    // SAFETY: reads one aligned word of memory that nobody writes; the parser judges its value.
    let length = unsafe { (&raw const (*header).length).read() } as usize;
    let most = IMAGE_LIMIT - (image.addr() - LOAD_ADDRESS as usize);
    // SAFETY: the bytes are memory. The kernel writes none of them; threads write only payload,
    // which nothing reads through this slice once they run.
    let bytes = unsafe { core::slice::from_raw_parts(image, length.min(most)) };
    boot(kernel, bytes, image.addr() as u64);
    next(kernel)
}

/// Every entry from a thread. Returns the registers to go on with.
#[unsafe(no_mangle)]
extern "C" fn kernel_entry(interrupt: u64, syndrome: u64, address: u64) -> *const Context {
    // SAFETY: the vectors call this with exceptions masked; the previous call has returned.
    let kernel = unsafe { &mut *KERNEL.0.get() };
    kernel.handle_entry(if interrupt == 0 {
        Entry::Synchronous { syndrome, address }
    } else {
        Entry::Interrupt
    });
    next(kernel)
}

/// Idles until a thread can run.
fn next(kernel: &mut Kernel) -> *const Context {
    loop {
        if let Some(current) = kernel.scheduler.current {
            return &raw const kernel.thread(current).context;
        }
        aarch64_cpu::asm::wfi();
        kernel.handle_entry(Entry::Interrupt);
    }
}

/// An exception in the kernel itself: a defect.
#[unsafe(no_mangle)]
extern "C" fn report_kernel_fault(syndrome: u64, elr: u64, address: u64) -> ! {
    panic!("exception in the kernel: ESR {syndrome:#x} ELR {elr:#x} FAR {address:#x}");
}

#[panic_handler]
fn panic(info: &PanicInfo<'_>) -> ! {
    console::print(format_args!("devsdk kernel: {}\n", info.message()));
    if let Some(place) = info.location() {
        console::print(format_args!("at {place}\n"));
    }
    halt();
}
