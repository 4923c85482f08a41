//! Output on the kernel's console; nothing where the kernel has no printing.

use core::fmt;

/// Whether the kernel prints.
#[doc(hidden)]
pub const PRINTING: bool = sel4::sel4_cfg_bool!(PRINTING);

sel4::sel4_cfg_if! {
    if #[sel4_cfg(PRINTING)] {
        #[doc(hidden)]
        pub fn print(arguments: fmt::Arguments<'_>) {
            let _ = fmt::Write::write_fmt(&mut sel4::DebugWrite, arguments);
        }
    } else {
        #[doc(hidden)]
        pub fn print(_: fmt::Arguments<'_>) {}
    }
}

/// Prints as `std::print!` does; the arguments are not evaluated if the kernel does not print.
#[macro_export]
macro_rules! debug_print {
    ($($arg:tt)*) => {
        if $crate::_private::PRINTING {
            $crate::_private::print(format_args!($($arg)*));
        }
    };
}

/// Prints a line as `std::println!` does; see [`debug_print!`].
#[macro_export]
macro_rules! debug_println {
    () => { $crate::debug_print!("\n") };
    ($($arg:tt)*) => { $crate::debug_print!("{}\n", format_args!($($arg)*)) };
}
