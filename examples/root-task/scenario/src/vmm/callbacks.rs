//! The callbacks that the reservations are made with, each with its cookie.

use crate::layout;
use core::fmt::Write;
use heapless::String;
use vmm_memory::{AccessKind, Fault, FaultResult};

/// A callback and the cookie that it gets.
#[derive(Clone, Copy, Debug)]
pub struct Handler {
    callback: fn(&mut Board, u64, Fault) -> FaultResult,
    cookie: u64,
}

impl Handler {
    const fn new(callback: fn(&mut Board, u64, Fault) -> FaultResult, cookie: u64) -> Self {
        Self { callback, cookie }
    }

    /// Calls it.
    pub(super) fn answer(self, board: &mut Board, fault: Fault) -> FaultResult {
        (self.callback)(board, self.cookie, fault)
    }
}

/// The emulated UART.
pub(super) const CONSOLE: Handler = Handler::new(console, 0);
/// The device that takes orders.
pub(super) const CONTROL: Handler = Handler::new(control, 0);
/// Two devices of one kind.
pub(super) const TWINS: [Handler; 2] = [
    Handler::new(twin, 0x1111_1111_0000_0000),
    Handler::new(twin, 0x2222_2222_0000_0000),
];
/// Skips accesses.
pub(super) const SKIPPED: Handler = Handler::new(|_, _, _| FaultResult::Ignore, 0);
/// Leaves them to the fallback.
pub(super) const UNCLAIMED: Handler = Handler::new(|_, _, _| FaultResult::Unhandled, 0);
/// Memory that the guest may read: a store gets here.
pub(super) const READ_ONLY: Handler = Handler::new(read_only, 0);
/// Memory whose accesses never get to a callback.
pub(super) const MEMORY: Handler = Handler::new(|_, _, _| FaultResult::Error, 0);
/// A device that cannot go on.
pub(super) const BROKEN: Handler = MEMORY;
/// Reads as its cookie.
pub(super) const CONSTANT: Handler = Handler::new(constant, 0xc0);
/// For faults that no reservation answers.
pub(super) const FALLBACK: Handler = Handler::new(fallback, 0xfa11);

/// Bytes that the callbacks print for one access, and the longest line of the guest.
const OUTPUT: usize = 256;

/// What the callbacks work on.
#[derive(Debug, Default)]
pub struct Board {
    /// What a store stores; what a load is to get.
    value: u64,
    /// The guest's line so far.
    line: String<OUTPUT>,
    /// What is to be printed.
    output: String<OUTPUT>,
    order: Option<u64>,
    result: u64,
    restarts: u64,
}

impl Board {
    pub(super) fn begin(&mut self, value: u64) {
        self.value = value;
    }

    pub(super) const fn value(&self) -> u64 {
        self.value
    }

    pub(super) fn output(&self) -> &str {
        &self.output
    }

    pub(super) fn clear_output(&mut self) {
        self.output.clear();
    }

    pub(super) fn take_order(&mut self) -> Option<u64> {
        self.result = 0;
        self.order.take()
    }

    pub(super) const fn set_result(&mut self, result: u64) {
        self.result = result;
    }

    pub(super) const fn count_restart(&mut self) {
        self.restarts = self.restarts.saturating_add(1);
    }

    /// One more byte of the guest's output; a line is printed when it is complete.
    fn print(&mut self, byte: u8) {
        // What does not fit into the line is lost.
        let _ = self.line.push(char::from(byte));
        if byte == b'\n' {
            let _ = self.output.push_str(&self.line);
            self.line.clear();
        }
    }
}

fn console(board: &mut Board, _: u64, fault: Fault) -> FaultResult {
    match (fault.access.kind, fault.offset) {
        (AccessKind::Write, layout::CONSOLE_DR) => board.print(board.value as u8),
        // All flags clear: ready to send.
        (AccessKind::Read, _) => board.value = 0,
        _ => {}
    }
    FaultResult::Handled
}

/// The order is carried out when the access is over: a callback cannot change the map that
/// called it.
fn control(board: &mut Board, _: u64, fault: Fault) -> FaultResult {
    match (fault.access.kind, fault.offset) {
        (AccessKind::Write, layout::CONTROL_ORDER) => board.order = Some(board.value),
        (AccessKind::Read, layout::CONTROL_RESULT) => board.value = board.result,
        (AccessKind::Read, layout::CONTROL_RESTARTS) => board.value = board.restarts,
        _ => return FaultResult::Unhandled,
    }
    FaultResult::Handled
}

fn twin(board: &mut Board, cookie: u64, fault: Fault) -> FaultResult {
    let bytes = fault.access.size.bytes();
    if fault.access.kind == AccessKind::Read {
        board.value = cookie | fault.offset << 8 | bytes;
    } else {
        let (value, offset) = (board.value & fault.access.size.mask(), fault.offset);
        report(
            board,
            format_args!("callback {cookie:#x}: {bytes} bytes at {offset:#x} become {value:#x}"),
        );
    }
    FaultResult::Handled
}

fn read_only(board: &mut Board, _: u64, fault: Fault) -> FaultResult {
    let (kind, gpa) = (fault.access.kind, fault.access.gpa);
    report(
        board,
        format_args!("callback: {kind:?} at {gpa} is not allowed"),
    );
    FaultResult::Handled
}

fn constant(board: &mut Board, cookie: u64, _: Fault) -> FaultResult {
    board.value = cookie;
    FaultResult::Handled
}

fn fallback(board: &mut Board, cookie: u64, fault: Fault) -> FaultResult {
    let (kind, gpa) = (fault.access.kind, fault.access.gpa);
    report(board, format_args!("fallback: {kind:?} at {gpa}"));
    board.value = cookie;
    FaultResult::Handled
}

fn report(board: &mut Board, what: core::fmt::Arguments<'_>) {
    // What does not fit is lost.
    let _ = writeln!(board.output, "VMM {what}");
}
