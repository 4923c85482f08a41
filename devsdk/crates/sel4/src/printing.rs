//! Output through a debug kernel, a character per system call.

use core::fmt;

use crate::sys::{syscall, syscall_id};

/// Prints one character.
pub fn debug_put_char(c: u8) {
    syscall::simple(syscall_id::DebugPutChar, c.into());
}

/// A [`fmt::Write`] that prints.
pub struct DebugWrite;

impl fmt::Write for DebugWrite {
    fn write_str(&mut self, s: &str) -> fmt::Result {
        s.bytes().for_each(debug_put_char);
        Ok(())
    }
}

/// Prints as `std::print!` does.
#[macro_export]
macro_rules! debug_print {
    ($($arg:tt)*) => { $crate::_private::printing::print(format_args!($($arg)*)) };
}

/// Prints a line as `std::println!` does.
#[macro_export]
macro_rules! debug_println {
    () => { $crate::debug_print!("\n") };
    ($($arg:tt)*) => { $crate::debug_print!("{}\n", format_args!($($arg)*)) };
}

#[doc(hidden)]
pub mod _private {
    /// Prints; a value whose `Display` fails is cut short.
    pub fn print(arguments: core::fmt::Arguments<'_>) {
        let _ = core::fmt::write(&mut super::DebugWrite, arguments);
    }
}
