//! Arm's PrimeCell UART (Arm DDI 0183), driven by interrupts.
//!
//! Baud rate and format stay as the firmware has left them.

use driver_server::serial::Uart;

use crate::hardware::{Register, Registers};

/// UARTFR: nothing was received.
const RXFE: u32 = 1 << 4;
/// UARTFR: there is no room for another byte.
const TXFF: u32 = 1 << 5;
/// UARTLCR_H: the FIFOs are used.
const FEN: u32 = 1 << 4;
/// UARTCR: the UART is enabled, and so are transmitter and receiver.
const ENABLED: u32 = 1 << 0 | 1 << 8 | 1 << 9;
/// UARTDR: the byte was received with an error, so it is none.
const ERRORS: u32 = 0xf << 8;

/// Interrupts of UARTIMSC and UARTICR: bytes were received (the FIFO is filled to a level, or has
/// some and the line is quiet).
const RECEIVED: u32 = 1 << 4 | 1 << 6;
/// There is room to send.
const ROOM: u32 = 1 << 5;

/// The UART.
#[derive(Debug)]
pub(crate) struct Pl011 {
    registers: Registers,
    /// Interrupts that are let through.
    mask: u32,
}

impl Pl011 {
    /// Makes it receive and send.
    pub(crate) fn new(registers: Registers) -> Self {
        let format = registers.read(Register::LineControl);
        registers.write(Register::LineControl, format | FEN);
        let control = registers.read(Register::Control);
        registers.write(Register::Control, control | ENABLED);
        registers.write(Register::InterruptClear, u32::MAX);
        registers.write(Register::InterruptMask, RECEIVED);
        Self {
            registers,
            mask: RECEIVED,
        }
    }

    /// Ends the interrupts that are known of, before their causes are looked at.
    pub(crate) fn acknowledge(&mut self) {
        self.registers
            .write(Register::InterruptClear, RECEIVED | ROOM);
    }

    fn has(&self, flag: u32) -> bool {
        self.registers.read(Register::Flag) & flag != 0
    }
}

impl Uart for Pl011 {
    fn put(&mut self, byte: u8) -> bool {
        let room = !self.has(TXFF);
        if room {
            self.registers.write(Register::Data, byte.into());
        }
        room
    }

    fn get(&mut self) -> Option<u8> {
        while !self.has(RXFE) {
            let data = self.registers.read(Register::Data);
            if data & ERRORS == 0 {
                return Some(data as u8);
            }
        }
        None
    }

    fn interrupt_when_room(&mut self, wanted: bool) {
        let mask = if wanted { RECEIVED | ROOM } else { RECEIVED };
        if mask != self.mask {
            self.mask = mask;
            self.registers.write(Register::InterruptMask, mask);
        }
    }
}
