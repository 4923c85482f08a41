//! Text output through the PL011, without its interrupt.

use core::fmt;

use crate::cpu::{read32, write32};

/// The PL011's registers.
pub const UART: u64 = 0x0900_0000;
/// Data register.
pub const DR: u64 = 0x00;
/// Flags.
pub const FR: u64 = 0x18;
/// Integer and fractional baud rate: 16 and 6 bits that QEMU only stores.
pub const IBRD: u64 = 0x24;
/// Interrupt mask.
pub const IMSC: u64 = 0x38;
/// Raw interrupt status.
pub const RIS: u64 = 0x3c;
/// Interrupt clear.
pub const ICR: u64 = 0x44;

const FR_TRANSMIT_FULL: u32 = 1 << 5;

/// The console as a formatter's target.
#[derive(Debug)]
pub struct Console;

impl fmt::Write for Console {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        for byte in text.bytes() {
            while read32(UART + FR) & FR_TRANSMIT_FULL != 0 {}
            write32(UART + DR, u32::from(byte));
        }
        Ok(())
    }
}

/// Prints without a line end.
#[macro_export]
macro_rules! print {
    ($($part:tt)*) => {{
        // Writing to the console cannot fail.
        let _ = core::fmt::Write::write_fmt(&mut $crate::console::Console, format_args!($($part)*));
    }};
}

/// Prints a line.
#[macro_export]
macro_rules! println {
    ($($part:tt)*) => { $crate::print!("{}\n", format_args!($($part)*)) };
}
