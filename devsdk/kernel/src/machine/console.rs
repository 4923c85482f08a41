//! The first PL011 UART: the kernel's output in the debug configuration.
#![expect(unsafe_code, reason = "claims the UART's registers")]

use core::fmt::{Arguments, Write};
use core::ptr::NonNull;

use safe_mmio::fields::{ReadPure, WriteOnly};
use safe_mmio::{UniqueMmioPointer, field, field_shared};

const BASE: usize = 0x0900_0000;
const TRANSMIT_FIFO_FULL: u32 = 1 << 5;

/// The registers in use (PrimeCell UART PL011, 3.2).
#[repr(C)]
struct Registers {
    data: WriteOnly<u32>,
    _before_flags: [u32; 5],
    flags: ReadPure<u32>,
}

struct Uart(UniqueMmioPointer<'static, Registers>);

impl Uart {
    fn claim() -> Self {
        let registers = NonNull::without_provenance(core::num::NonZero::new(BASE).unwrap());
        // SAFETY: the UART is there on QEMU virt; the kernel runs on one processor and each use of
        // the registers ends before the next.
        Self(unsafe { UniqueMmioPointer::new(registers) })
    }

    fn send(&mut self, byte: u8) {
        while field_shared!(self.0, flags).read() & TRANSMIT_FIFO_FULL != 0 {}
        field!(self.0, data).write(u32::from(byte));
    }
}

impl Write for Uart {
    fn write_str(&mut self, text: &str) -> core::fmt::Result {
        for byte in text.bytes() {
            if byte == b'\n' {
                self.send(b'\r');
            }
            self.send(byte);
        }
        Ok(())
    }
}

/// Prints one byte; a newline gets its carriage return.
pub fn put(byte: u8) {
    let mut uart = Uart::claim();
    if byte == b'\n' {
        uart.send(b'\r');
    }
    uart.send(byte);
}

/// Prints text.
pub fn print(text: Arguments<'_>) {
    // The UART takes everything.
    let _ = Uart::claim().write_fmt(text);
}
