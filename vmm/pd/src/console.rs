//! Where the VMM's own messages go: the kernel's console when the kernel has one, else the
//! UART that the system XML marks as `console`.
//!
//! The guest may have that UART too, so nothing is logged while the guest runs: the VMM speaks
//! before it begins, between two of its runs, and once it has ended.
#![expect(
    unsafe_code,
    reason = "the tables name a device that the system XML maps into this protection domain"
)]

mod pl011;

use core::fmt::{self, Write};

use log::{LevelFilter, Log, Metadata, Record};
use vmm_config::ConsoleKind;

use crate::GUEST;
use pl011::Pl011;

struct Console;

impl Log for Console {
    fn enabled(&self, _: &Metadata<'_>) -> bool {
        true
    }

    fn log(&self, record: &Record<'_>) {
        let mut message = Message { uart: uart() };
        // Nothing can be done about a console that refuses a character.
        let _ = writeln!(message, "VMM: {}", record.args());
        if let Some(uart) = &mut message.uart {
            uart.finish();
        }
    }

    fn flush(&self) {}
}

/// One message, byte by byte.
struct Message {
    uart: Option<Pl011>,
}

impl Message {
    fn put(&mut self, byte: u8) {
        if let Some(uart) = &mut self.uart {
            uart.put(byte);
        } else {
            put_to_kernel(byte);
        }
    }
}

impl Write for Message {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        for byte in text.bytes() {
            if byte == b'\n' {
                self.put(b'\r');
            }
            self.put(byte);
        }
        Ok(())
    }
}

/// The UART, unless the kernel prints: its console may be the same device.
fn uart() -> Option<Pl011> {
    let console = GUEST.console.filter(|_| !sel4::sel4_cfg_bool!(PRINTING))?;
    match console.kind {
        // SAFETY: sysgen proved that the system XML maps a UART of this kind here, readable,
        // writable and uncached, and nothing else of this protection domain lies there.
        ConsoleKind::Pl011 => Some(unsafe { Pl011::new(console.vmm_address) }),
    }
}

fn put_to_kernel(byte: u8) {
    sel4::sel4_cfg_if! {
        if #[sel4_cfg(PRINTING)] {
            sel4::debug_put_char(byte);
        } else {
            let _ = byte;
        }
    }
}

/// Sends `log`'s records to the console.
pub(crate) fn init() {
    static CONSOLE: Console = Console;
    // Set once, at start: a second logger is impossible.
    let _ = log::set_logger(&CONSOLE);
    log::set_max_level(LevelFilter::Info);
}
