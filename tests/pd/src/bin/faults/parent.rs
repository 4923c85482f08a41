//! A parent: what it is refused, and how it resumes its child.

use parity::{any, call, label, reply, set_words, show, slot, tag, try_call, words};
use sel4::sys::seL4_Fault_tag as fault;
use sel4_microkit::{Child, MessageInfo, debug_println};

/// Invocations that the kernel refuses, with the words that say why.
pub(crate) fn refusals() {
    let tcb = slot::CHILD;
    try_call("empty slot", slot::EMPTY, 5, &[]);
    try_call("slot out of range", 1 << 58, 5, &[]);
    try_call("thread, label", tcb, label::UntypedRetype, &[]);
    try_call("read, short", tcb, label::TCBReadRegisters, &[0]);
    try_call("read none", tcb, label::TCBReadRegisters, &[0, 0]);
    try_call("read 37", tcb, label::TCBReadRegisters, &[0, 37]);
    try_call("write, short", tcb, label::TCBWriteRegisters, &[0]);
    try_call("write 3 of 2", tcb, label::TCBWriteRegisters, &[0, 3, 0, 0]);
    try_call("thread-local base, short", tcb, label::TCBSetTLSBase, &[]);
    try_call("flags, short", tcb, label::TCBSetFlags, &[0]);
    try_call("flags", tcb, label::TCBSetFlags, &[0, 0]);
    try_call("priority, short", tcb, label::TCBSetPriority, &[]);
    try_call("configure, short", tcb, label::TCBConfigure, &[]);
    try_call("bind, short", tcb, label::TCBBindNotification, &[]);
    try_call("no secure monitor", slot::SMC, label::ARMSMCCall, &[0; 8]);
    let vspace = 3;
    try_call("clean, short", vspace, label::ARMVSpaceClean_Data, &[0]);
    try_call(
        "clean backwards",
        vspace,
        label::ARMVSpaceClean_Data,
        &[0x2000, 0x1000],
    );
    let two_pages = [0x20_0000, 0x20_2000];
    try_call(
        "clean two pages",
        vspace,
        label::ARMVSpaceClean_Data,
        &two_pages,
    );
    try_call(
        "clean",
        vspace,
        label::ARMVSpaceClean_Data,
        &[0x20_0000, 0x20_0010],
    );
    let unmapped = [0x9000_0000, 0x9000_0010];
    try_call(
        "clean unmapped",
        vspace,
        label::ARMVSpaceCleanInvalidate_Data,
        &unmapped,
    );
    let top = [0x9000_0000, 0x100_0000_0001];
    try_call(
        "clean the top",
        vspace,
        label::ARMVSpaceCleanInvalidate_Data,
        &top,
    );
    try_call("interrupt, label", slot::IRQ, label::TCBSuspend, &[]);
    try_call(
        "interrupt, no notification",
        slot::IRQ,
        label::IRQSetIRQHandler,
        &[],
    );
    try_call("reply to nobody", slot::REPLY, 0, &[0, 0]);
}

/// A thread cannot be invoked in the first phase of NBSendRecv, and no error says so: the child
/// runs later all the same. What begin signalled ends the second phase.
pub(crate) fn silence() {
    let suspend = tag(label::TCBSuspend, 0);
    let received = any(slot::CHILD).nb_send_recv(suspend, any(slot::INPUT), reply());
    parity::show_received("suspend in NBSendRecv", &received);
}

const REGISTERS: usize = 36;
/// Where x28 is among them, and what follows the program counter up to x0.
const X28: usize = 33;

/// Prints the fault and resumes the child behind its instructions.
pub(crate) fn resume(from: Child, message: MessageInfo) -> Option<MessageInfo> {
    let told = words::<13>();
    let info = message.into_inner();
    let thread = slot::CHILD + from.index() as u64;
    let answer = call(thread, label::TCBReadRegisters, &[0, REGISTERS as u64]);
    let registers = words::<REGISTERS>();
    let resume = registers[X28];
    debug_println!(
        "child {} faults: label {} length {}",
        from.index(),
        info.label(),
        info.length()
    );
    told.iter()
        .take(info.length())
        .for_each(|word| show_word(*word, resume));
    show("registers", &tag(answer.label() as u32, 0));
    show_word(registers[0], resume);
    let [.., pc] = told[..9] else { return None };
    match info.label() {
        // Too few words: the instruction is executed again, with the x0 that was given.
        fault::seL4_Fault_UnknownSyscall if told[0] == 0x55 => {
            set_words(&[0x1234]);
            Some(MessageInfo::new(0, 1))
        }
        fault::seL4_Fault_UnknownSyscall => {
            set_words(&[1, 2, 3, 4, 5, 6, 7, 8, pc + 4]);
            Some(MessageInfo::new(0, 9))
        }
        fault::seL4_Fault_UserException => {
            set_words(&[resume]);
            Some(MessageInfo::new(0, 1))
        }
        // Resumed by the reply.
        fault::seL4_Fault_VMFault => {
            call(thread, label::TCBWriteRegisters, &[0, 1, resume]);
            Some(MessageInfo::new(0, 0))
        }
        // Resumed without one: the reply object loses it.
        _ => {
            call(thread, label::TCBWriteRegisters, &[1, 1, resume]);
            None
        }
    }
}

/// Prints a word; what depends on how the program was laid out, without the layout.
fn show_word(word: u64, resume: u64) {
    match word {
        0x20_0000..0x100_0000 => debug_println!("  resume{:+}", word.wrapping_sub(resume) as i64),
        0xff_fff0_0000..0x100_0000_0000 => debug_println!("  stack"),
        _ => debug_println!("  {word:#x}"),
    }
}
