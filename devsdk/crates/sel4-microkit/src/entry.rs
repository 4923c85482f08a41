//! From the first instruction to the handler's loop.

#![allow(unsafe_code, reason = "entry point, stack and IPC buffer")]

use core::cell::UnsafeCell;

use crate::{Handler, panicking};

/// Makes `init` the function that makes the handler. Without `stack_size` the program runs on
/// the stack that the system description gives; with it, on one of its own.
#[doc(hidden)]
#[macro_export]
macro_rules! declare_protection_domain {
    (init = $init:expr $(,)?) => {
        $crate::declare_start!("");
        $crate::declare_main!($init);
    };
    (init = $init:expr, stack_size = $stack_size:expr $(,)?) => {
        #[unsafe(no_mangle)]
        static __sel4_microkit_stack: $crate::_private::Stack<{ $stack_size }> =
            $crate::_private::Stack::new();

        $crate::declare_start!(
            "adrp x9, __sel4_microkit_stack",
            "add x9, x9, :lo12:__sel4_microkit_stack",
            "ldr x10, =({size})",
            "add x9, x9, x10",
            "mov sp, x9",
            ; size = const {
                assert!($stack_size % $crate::_private::STACK_ALIGNMENT == 0,
                    "stack_size must be a multiple of 16");
                $stack_size
            }
        );
        $crate::declare_main!($init);
    };
    (init = $init:expr, $(stack_size = $stack_size:expr,)? heap_size = $heap_size:expr $(,)?) => {
        compile_error!("the stand-in sel4-microkit has no heap: use the official SDK for heap_size");
    };
}

/// The words after the loop are the tool's variables: being referred to, they stay in the file.
#[doc(hidden)]
#[macro_export]
macro_rules! declare_start {
    ($($line:literal),* $(, ; $name:ident = $($value:tt)+)?) => {
        $crate::_private::global_asm!(
            ".section .text._start, \"ax\", %progbits",
            ".global _start",
            ".type _start, %function",
            "_start:",
            $($line,)*
            "bl __sel4_microkit_start",
            "1: b 1b",
            ".balign 8",
            ".quad microkit_name, microkit_passive, microkit_irqs",
            ".quad microkit_notifications, microkit_pps, microkit_ioports",
            ".ltorg",
            ".size _start, . - _start",
            $($name = $($value)+)?
        );
    };
}

#[doc(hidden)]
#[macro_export]
macro_rules! declare_main {
    ($init:expr) => {
        #[allow(non_snake_case, reason = "a symbol between two crates")]
        #[unsafe(no_mangle)]
        fn __sel4_microkit__main() {
            $crate::_private::run_main($init)
        }
    };
}

/// The procedure call standard's stack alignment.
#[doc(hidden)]
pub const STACK_ALIGNMENT: usize = 16;

#[doc(hidden)]
#[repr(C, align(16))]
pub struct Stack<const SIZE: usize>(UnsafeCell<[u8; SIZE]>);

// SAFETY: only the entry point takes its address, once, for the one thread.
unsafe impl<const SIZE: usize> Sync for Stack<SIZE> {}

impl<const SIZE: usize> Stack<SIZE> {
    /// A stack of zeros.
    #[allow(clippy::new_without_default, reason = "only for a static")]
    pub const fn new() -> Self {
        Self(UnsafeCell::new([0; SIZE]))
    }
}

/// Makes the handler and runs it until it fails.
#[doc(hidden)]
pub fn run_main<T: Handler>(init: impl FnOnce() -> T) -> ! {
    match init().run() {
        Ok(never) => match never {},
        Err(error) => panicking::abort(format_args!("main thread terminated with error: {error}")),
    }
}

/// Before the handler: what the tool and the kernel left.
#[cfg(target_os = "none")]
mod start {
    use crate::panicking;

    /// The page below the end of user space, where the tool maps the IPC buffer.
    const IPC_BUFFER: usize =
        (sel4::sys::seL4_UserVSpaceTop & !((1 << sel4::sys::seL4_PageBits) - 1)) as usize;

    unsafe extern "Rust" {
        fn __sel4_microkit__main();
    }

    #[unsafe(no_mangle)]
    extern "C" fn __sel4_microkit_start() -> ! {
        let address = core::ptr::without_provenance_mut::<sel4::IpcBuffer>(IPC_BUFFER);
        // SAFETY: the tool maps the IPC buffer there, and nothing else in the program refers to it.
        sel4::set_ipc_buffer(unsafe { &mut *address });
        // SAFETY: `declare_main!` defines it with this signature.
        unsafe { __sel4_microkit__main() };
        panicking::abort(format_args!("main returned"))
    }
}
