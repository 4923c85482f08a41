//! An interrupt: when it comes, and when it does not because it was not acknowledged.

use parity::{label, slot, timer, try_call};
use sel4::{Word, cap};
use sel4_microkit::debug_println;

/// The timer's interrupt, asked for without waiting, so that nobody else runs.
pub(crate) fn look() {
    const TIMER: u64 = slot::IRQ + 5;
    debug_println!("begin");
    try_call("first acknowledgement", TIMER, label::IRQAckIRQ, &[]);
    timer::start(100);
    comes("fired");
    stays_away("not acknowledged");
    try_call("acknowledged while asserted", TIMER, label::IRQAckIRQ, &[]);
    comes("again");
    timer::stop();
    try_call("acknowledged", TIMER, label::IRQAckIRQ, &[]);
    stays_away("stopped");
    try_call("acknowledged twice", TIMER, label::IRQAckIRQ, &[]);
    timer::start(100);
    comes("started");
    timer::stop();
    timer::start(100);
    stays_away("started without acknowledgement");
    try_call("acknowledged late", TIMER, label::IRQAckIRQ, &[]);
    comes("late");
    timer::stop();
    try_call("acknowledged", TIMER, label::IRQAckIRQ, &[]);
    try_call("taken away", TIMER, label::IRQClearIRQHandler, &[]);
    timer::start(100);
    stays_away("nobody's");
    timer::stop();
}

fn poll() -> Word {
    cap::Notification::from_bits(slot::INPUT).poll().1
}

/// QEMU on a loaded machine may be late.
fn comes(what: &str) {
    let begin = timer::now();
    let mut badge = 0;
    while badge == 0 && timer::now() - begin < timer::ticks(10_000_000) {
        badge = poll();
    }
    debug_println!("{what}: badge {badge:#x}");
}

fn stays_away(what: &str) {
    timer::spin(200_000);
    debug_println!("{what}: badge {:#x}", poll());
}
