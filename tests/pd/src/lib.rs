//! What the parity programs share: invocations of any slot with any words, and printing what came
//! of them.
//!
//! A program has the roles of several protection domains and takes the one that its name says.
#![no_std]

pub mod domain;
pub mod timer;

use sel4::{Badge, MessageInfo, Word, cap};
use sel4_microkit::debug_println;

pub use sel4::sys::invocation_label as label;

/// Where Microkit puts a domain's capabilities; those of channels and children follow each other.
pub mod slot {
    /// What a domain receives from.
    pub const INPUT: u64 = 1;
    /// Its reply object.
    pub const REPLY: u64 = 4;
    /// The secure monitor call, if it may make it.
    pub const SMC: u64 = 7;
    /// A slot that is always empty.
    pub const EMPTY: u64 = 9;
    /// What channel 0 signals.
    pub const NOTIFICATION: u64 = 10;
    /// What channel 0 calls.
    pub const ENDPOINT: u64 = 74;
    /// The interrupt of channel 0.
    pub const IRQ: u64 = 138;
    /// Child 0.
    pub const CHILD: u64 = 202;
    /// The thread of virtual CPU 0.
    pub const VCPU_THREAD: u64 = 266;
    /// Virtual CPU 0.
    pub const VCPU: u64 = 330;
}

/// The capability in `slot`, whatever it is: the kernel decides what a call to it does.
pub fn any(slot: u64) -> cap::Endpoint {
    cap::Endpoint::from_bits(slot)
}

/// The reply object.
pub fn reply() -> cap::Reply {
    cap::Reply::from_bits(slot::REPLY)
}

/// A message's tag.
pub fn tag(label: u32, length: usize) -> MessageInfo {
    MessageInfo::new(label.into(), 0, 0, length)
}

/// Writes the first message registers.
pub fn set_words(words: &[Word]) {
    sel4::with_ipc_buffer_mut(|buffer| {
        let registers = buffer.msg_regs_mut().iter_mut();
        registers.zip(words).for_each(|(to, from)| *to = *from);
    });
}

/// The first message registers.
pub fn words<const N: usize>() -> [Word; N] {
    sel4::with_ipc_buffer(|buffer| buffer.msg_regs().first_chunk().copied().unwrap_or([0; N]))
}

/// Calls `slot` and returns the answer's tag.
pub fn call(slot: u64, label: u32, arguments: &[Word]) -> MessageInfo {
    set_words(arguments);
    any(slot).call(tag(label, arguments.len()))
}

/// Calls `slot` and prints the answer, which is an error when its label is not 0.
pub fn try_call(name: &str, slot: u64, label: u32, arguments: &[Word]) {
    let answer = call(slot, label, arguments);
    show(name, &answer);
}

/// Prints a message: label, length, and up to four words.
pub fn show(name: &str, info: &MessageInfo) {
    let length = info.length();
    let all = words::<4>();
    let first = all.get(..length.min(4)).unwrap_or_default();
    debug_println!("{name}: label {} length {length} {first:x?}", info.label());
}

/// Prints what was received: nothing when the badge is 0.
pub fn show_received(name: &str, (info, badge): &(MessageInfo, Badge)) {
    if *badge == 0 {
        debug_println!("{name}: nothing");
    } else {
        debug_println!("{name}: badge {badge:#x}");
        show(name, info);
    }
}

/// Makes a secure monitor call and prints its first result.
pub fn secure_monitor_call(name: &str, function: Word) {
    let arguments = [function, 0, 0, 0, 0, 0, 0, 0];
    try_call(name, slot::SMC, label::ARMSMCCall, &arguments);
}

/// Ends the machine by the firmware's PSCI.
pub fn power_off() {
    debug_println!("end");
    secure_monitor_call("off", 0x8400_0008);
}
