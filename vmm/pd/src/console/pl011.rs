//! Arm's PrimeCell UART, written to by polling (Arm DDI 0183 3.3).

use core::ptr;

/// Data register.
const UARTDR: usize = 0x00;
/// Flag register.
const UARTFR: usize = 0x18;
/// Control register.
const UARTCR: usize = 0x30;

/// UARTFR: bytes are still being sent.
const BUSY: u32 = 1 << 3;
/// UARTFR: there is no room for another byte.
const TXFF: u32 = 1 << 5;
/// UARTCR: the UART is enabled (UARTEN), and so is its transmitter (TXE).
const SENDS: u32 = 1 << 0 | 1 << 8;

/// How often a message may look at UARTFR: for seconds, so that a crash report gets out at
/// 9600 baud. A UART that is never ready loses the rest of the message and stops nobody.
const PATIENCE: u32 = 20_000_000;

/// The UART, for one message.
pub(super) struct Pl011 {
    address: usize,
    patience: u32,
}

impl Pl011 {
    /// The UART whose registers are mapped at `address`, made to send if the guest left it
    /// disabled.
    ///
    /// # Safety
    /// As long as it exists, a PL011's registers can be read and written at `address`.
    pub(super) unsafe fn new(address: u64) -> Self {
        let uart = Self {
            address: address as usize,
            patience: PATIENCE,
        };
        let control = uart.read(UARTCR);
        if control & SENDS != SENDS {
            uart.write(UARTCR, control | SENDS);
        }
        uart
    }

    /// Sends a byte as soon as there is room for it.
    pub(super) fn put(&mut self, byte: u8) {
        if self.wait_until_clear(TXFF) {
            self.write(UARTDR, byte.into());
        }
    }

    /// Waits for the last byte to leave: the machine may be switched off next.
    pub(super) fn finish(&mut self) {
        self.wait_until_clear(BUSY);
    }

    /// False when patience ran out.
    fn wait_until_clear(&mut self, flag: u32) -> bool {
        while self.read(UARTFR) & flag != 0 {
            let Some(patience) = self.patience.checked_sub(1) else {
                return false;
            };
            self.patience = patience;
        }
        true
    }

    fn register(&self, offset: usize) -> *mut u32 {
        ptr::with_exposed_provenance_mut(self.address.wrapping_add(offset))
    }

    fn read(&self, offset: usize) -> u32 {
        // SAFETY: `new`'s caller vouches for the registers; `offset` is one of ours, aligned.
        unsafe { self.register(offset).read_volatile() }
    }

    fn write(&self, offset: usize, value: u32) {
        // SAFETY: as in `read`.
        unsafe { self.register(offset).write_volatile(value) }
    }
}
