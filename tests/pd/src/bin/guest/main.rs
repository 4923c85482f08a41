//! A virtual machine whose guest is a few instructions: what it meets, and what its registers are
//! afterwards.
#![no_std]
#![no_main]

mod program;

use core::sync::atomic::{AtomicU64, Ordering::SeqCst};

use parity::domain::Domain;
use parity::{call, label, set_words, show, slot, timer, try_call, words};
use sel4::Word;
use sel4::sys::{seL4_Fault_tag as fault, seL4_VCPUReg as register};
use sel4_microkit::{Channel, ChannelSet, Child, MessageInfo, debug_println, protection_domain};

use crate::program::{interrupted_offset, load, second_offset, set_flag};

const TIMER: Channel = Channel::new(2);
const GUEST: Word = 0x4000_0000;
const SPSR_EL1H_MASKED: Word = 0x3c5;

#[protection_domain]
fn init() -> Domain {
    debug_println!("begin");
    refusals();
    load();
    let registers = [1, 4, GUEST, 0, SPSR_EL1H_MASKED, 0];
    try_call(
        "start",
        slot::VCPU_THREAD,
        label::TCBWriteRegisters,
        &registers,
    );
    Domain {
        notified: tick,
        fault: exit,
        ..Domain::default()
    }
}

fn refusals() {
    let vcpu = slot::VCPU;
    try_call("label", vcpu, label::TCBReadRegisters, &[]);
    try_call("read, short", vcpu, label::ARMVCPUReadReg, &[]);
    let beyond = register::seL4_VCPUReg_Num as Word;
    try_call("read beyond", vcpu, label::ARMVCPUReadReg, &[beyond]);
    try_call("write, short", vcpu, label::ARMVCPUWriteReg, &[0]);
    try_call("write beyond", vcpu, label::ARMVCPUWriteReg, &[beyond, 1]);
    try_call("inject, short", vcpu, label::ARMVCPUInjectIRQ, &[]);
    try_call("inject INTID 1024", vcpu, label::ARMVCPUInjectIRQ, &[1024]);
    try_call(
        "inject priority 32",
        vcpu,
        label::ARMVCPUInjectIRQ,
        &[32 << 16 | 40],
    );
    try_call(
        "inject group 2",
        vcpu,
        label::ARMVCPUInjectIRQ,
        &[2 << 24 | 40],
    );
    try_call(
        "inject index 4",
        vcpu,
        label::ARMVCPUInjectIRQ,
        &[4 << 32 | 40],
    );
    try_call(
        "inject index 200",
        vcpu,
        label::ARMVCPUInjectIRQ,
        &[200 << 32 | 40],
    );
    try_call("acknowledge, short", vcpu, label::ARMVCPUAckVPPI, &[]);
    try_call("acknowledge 26", vcpu, label::ARMVCPUAckVPPI, &[26]);
    try_call("acknowledge 2000", vcpu, label::ARMVCPUAckVPPI, &[2000]);
    try_call("acknowledge 27", vcpu, label::ARMVCPUAckVPPI, &[27]);
    try_call("thread, short", vcpu, label::ARMVCPUSetTCB, &[]);
    for field in 0..beyond {
        call(vcpu, label::ARMVCPUReadReg, &[field]);
        let [value] = words();
        debug_println!("register {field} is {value:#x}");
    }
    let thread = slot::VCPU_THREAD;
    try_call("read 37", thread, label::TCBReadRegisters, &[0, 37]);
    try_call(
        "write 5 of 4",
        thread,
        label::TCBWriteRegisters,
        &[0, 5, 0, 0, 0, 0],
    );
}

/// Prints the exit and lets the guest go on behind its instruction.
fn exit(from: Child, message: MessageInfo) -> Option<MessageInfo> {
    let info = message.into_inner();
    let told = words::<13>();
    match info.label() {
        fault::seL4_Fault_UnknownSyscall if from.index() == 1 => {
            second_exit();
            return None;
        }
        fault::seL4_Fault_UnknownSyscall => return report(told),
        fault::seL4_Fault_VPPIEvent => {
            PRIVATE_INTERRUPTS.fetch_add(1, SeqCst);
            return Some(MessageInfo::new(0, 0));
        }
        _ => debug_println!("exit of {}:", from.index()),
    }
    show("fault", &info);
    if info.label() != fault::seL4_Fault_VGICMaintenance {
        call(slot::VCPU_THREAD, label::TCBReadRegisters, &[0, 1]);
        let [pc] = words();
        debug_println!("at {pc:#x}");
        call(slot::VCPU_THREAD, label::TCBWriteRegisters, &[0, 1, pc + 4]);
    }
    Some(MessageInfo::new(0, 0))
}

static TICKS: AtomicU64 = AtomicU64::new(0);
static ELSEWHERE: AtomicU64 = AtomicU64::new(0);
static PRIVATE_INTERRUPTS: AtomicU64 = AtomicU64::new(0);

/// The guest's hvc: x1 says which report, x0 what it found.
fn report(mut told: [Word; 13]) -> Option<MessageInfo> {
    let [found, which, ..] = told;
    debug_println!("guest's report {which}: {found:#x}");
    let inject = |what, word| try_call(what, slot::VCPU, label::ARMVCPUInjectIRQ, &[word]);
    match which {
        2 => {
            inject("inject 40", 40);
            inject("inject 41 over it", 41);
            inject("inject 42", 1 << 32 | 3 << 16 | 42);
        }
        3 => {
            start_second();
            return None;
        }
        4 => inject("inject into the active, not saved", 1 << 32 | 3 << 16 | 44),
        5 => timer::start(500),
        6 => {
            debug_println!("private interrupts: {}", PRIVATE_INTERRUPTS.load(SeqCst));
            debug_println!("ticks elsewhere: {}", ELSEWHERE.load(SeqCst));
            parity::power_off();
        }
        _ => {}
    }
    let [.., pc, _, _, _, _] = &mut told;
    *pc += 4;
    set_words(&told[..9]);
    Some(MessageInfo::new(0, 9))
}

/// Lets the second virtual CPU run, so that the kernel saves the first one's list registers. Its
/// exit takes the reply object, and the first one's is lost.
fn start_second() {
    let registers = [1, 4, GUEST + second_offset(), 0, SPSR_EL1H_MASKED, 0];
    try_call(
        "start",
        slot::VCPU_THREAD + 1,
        label::TCBWriteRegisters,
        &registers,
    );
}

fn second_exit() {
    let inject = |what, word| try_call(what, slot::VCPU, label::ARMVCPUInjectIRQ, &[word]);
    inject("inject into the active, saved", 43);
    call(slot::VCPU_THREAD, label::TCBReadRegisters, &[0, 1]);
    let [pc] = words();
    try_call(
        "go on",
        slot::VCPU_THREAD,
        label::TCBWriteRegisters,
        &[1, 1, pc + 4],
    );
}

/// Interrupts the guest in its loop until the loop has been interrupted in all ways.
fn tick(_: ChannelSet) {
    const ENOUGH: u64 = 8;
    let ticks = TICKS.fetch_add(1, SeqCst) + 1;
    let thread = slot::VCPU_THREAD;
    call(thread, label::TCBReadRegisters, &[0, 1]);
    let [pc] = words();
    if !interrupted_offset().contains(&pc.wrapping_sub(GUEST)) {
        ELSEWHERE.fetch_add(1, SeqCst);
    }
    if ticks == 4 || ticks == ENOUGH {
        try_call("suspend", thread, label::TCBSuspend, &[]);
        try_call("resume", thread, label::TCBResume, &[]);
    }
    if ticks >= ENOUGH && PRIVATE_INTERRUPTS.load(SeqCst) != 0 {
        timer::stop();
        set_flag();
    } else {
        timer::start(500);
    }
    if TIMER.irq_ack().is_err() {
        debug_println!("the timer's interrupt is not acknowledged");
    }
}
