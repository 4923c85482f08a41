//! Where the VMM's own messages go: the kernel's console, when the kernel has one.

use core::fmt::{self, Write};

use log::{LevelFilter, Log, Metadata, Record};

struct Console;

impl Log for Console {
    fn enabled(&self, _: &Metadata<'_>) -> bool {
        true
    }

    fn log(&self, record: &Record<'_>) {
        // Nothing can be done about a console that refuses a character.
        let _ = writeln!(Output, "VMM: {}", record.args());
    }

    fn flush(&self) {}
}

/// The console, byte by byte.
struct Output;

impl Write for Output {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        for byte in text.bytes() {
            if byte == b'\n' {
                put(b'\r');
            }
            put(byte);
        }
        Ok(())
    }
}

fn put(byte: u8) {
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
