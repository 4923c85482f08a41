//! Accesses that fail: the guest gets the exception that hardware would give it.

use vmm_machine::{
    outcome::{CrashReason, End, Outcome},
    register::SystemRegister,
};

use crate::model::{Access, ENTRY, GICD, Machine, NOWHERE, RAM, UART, fetch, load, store};

const VBAR: u64 = RAM + 0x800;
const EL1H: u64 = 0x3c5;
/// EC of an abort from the same level, IL, and the status.
const DATA_ABORT: u64 = 0x25 << 26 | 1 << 25;
const INSTRUCTION_ABORT: u64 = 0x21 << 26 | 1 << 25;
const EXTERNAL: u64 = 0x10;
const ALIGNMENT: u64 = 0x21;
const EXCLUSIVE: u64 = 0x35;
const WRITE: u64 = 1 << 6;
const FAR_NOT_VALID: u64 = 1 << 10;

/// With a vector table, and `instruction` next.
fn machine(instruction: u32) -> Machine {
    let mut machine = Machine::started();
    machine.vcpu(0).set_system(SystemRegister::VbarEl1, VBAR);
    machine.vcpu(0).pstate = EL1H & !0x80 | 0x6000_0000;
    machine.code(&[instruction]);
    machine
}

/// The guest is in its handler, and reads there what the exception is.
fn assert_taken(machine: &mut Machine, esr: u64, far: u64) {
    assert_eq!(
        machine.vcpu(0).pc,
        VBAR + 0x200,
        "current level with SP_EL1"
    );
    assert_eq!(machine.vcpu(0).pstate, 0x6000_03c5, "masked, flags kept");
    for (register, value) in [
        (SystemRegister::EsrEl1, esr),
        (SystemRegister::FarEl1, far),
        (SystemRegister::ElrEl1, ENTRY),
        (SystemRegister::SpsrEl1, EL1H & !0x80 | 0x6000_0000),
    ] {
        assert_eq!(machine.system(0, register), value, "{register:?}");
    }
}

/// Performs `access` of `instruction` with `base` in X4.
fn refuse(instruction: u32, base: u64, access: Access) -> Machine {
    let mut machine = machine(instruction);
    machine.vcpu(0).x[4] = base;
    let before = machine.vcpu(0).x;
    assert_eq!(machine.access(access), Outcome::Resume);
    assert_eq!(machine.vcpu(0).x, before, "no register changes");
    machine
}

const LDR_W0: u32 = 0xb940_0080; // ldr w0, [x4]
const STR_W0_8: u32 = 0xb900_0880; // str w0, [x4, #8]
const LDP_W0_W1_POST_8: u32 = 0x28c1_0480; // ldp w0, w1, [x4], #8
const STP_W0_W1: u32 = 0x2900_0480; // stp w0, w1, [x4]
const LDP_X0_X1: u32 = 0xa940_0480; // ldp x0, x1, [x4]
const LDXR_X0: u32 = 0xc85f_7c80; // ldxr x0, [x4]
const STR_Q0_16: u32 = 0x3d80_0480; // str q0, [x4, #16]

#[test]
fn nothing_there() {
    let mut machine = refuse(LDR_W0, NOWHERE, load(NOWHERE));
    assert_taken(&mut machine, DATA_ABORT | EXTERNAL, NOWHERE);
    let mut machine = refuse(STR_W0_8, NOWHERE, store(NOWHERE + 8));
    assert_taken(&mut machine, DATA_ABORT | EXTERNAL | WRITE, NOWHERE + 8);
}

#[test]
fn the_end_of_a_device_and_beyond() {
    let last = GICD + 0xffe;
    let mut machine = refuse(LDR_W0, last, load(last));
    assert_taken(&mut machine, DATA_ABORT | EXTERNAL, last);
    // No physical address has so many bits, so the instruction does not explain it.
    let machine = refuse(LDR_W0, u64::MAX - 3, load(u64::MAX - 3));
    let esr = machine.system(0, SystemRegister::EsrEl1);
    assert_eq!(esr, DATA_ABORT | EXTERNAL | FAR_NOT_VALID);
}

/// What is mapped does not fault; if the kernel says so all the same, nobody emulates it.
#[test]
fn a_mapped_device_is_not_emulated() {
    let mut machine = refuse(LDR_W0, UART, load(UART));
    assert_taken(&mut machine, DATA_ABORT | EXTERNAL, UART);
}

#[test]
fn a_misaligned_access_to_a_device() {
    for access in [load(GICD + 1).half(), load(GICD + 2), load(GICD + 1)] {
        let mut machine = refuse(LDR_W0, NOWHERE, access);
        let esr = machine.system(0, SystemRegister::EsrEl1);
        assert_eq!(
            esr,
            DATA_ABORT | ALIGNMENT | FAR_NOT_VALID,
            "another address"
        );
        assert_eq!(machine.vcpu(0).pc, VBAR + 0x200);
    }
    let mut machine = refuse(STR_W0_8, GICD + 2, store(GICD + 10));
    assert_taken(&mut machine, DATA_ABORT | ALIGNMENT | WRITE, GICD + 10);
}

/// The device is known by then, but for its edges.
#[test]
fn a_misaligned_access_after_an_aligned_one() {
    for (offset, status) in [(1, ALIGNMENT), (0x7fe, ALIGNMENT), (0xffe, EXTERNAL)] {
        let mut machine = machine(LDR_W0);
        machine.read_distributor(0);
        machine.access(load(GICD + offset));
        let esr = machine.system(0, SystemRegister::EsrEl1);
        assert_eq!(esr & !FAR_NOT_VALID, DATA_ABORT | status, "{offset:#x}");
        assert_eq!(machine.vcpu(0).pc, VBAR + 0x200);
    }
}

#[test]
fn a_pair_aborts_as_a_whole() {
    let base = GICD + 0xffc;
    let mut machine = refuse(LDP_W0_W1_POST_8, base, load(base).undescribed());
    assert_taken(&mut machine, DATA_ABORT | EXTERNAL, base + 4);
    let base = GICD - 4;
    let mut machine = refuse(STP_W0_W1, base, store(base).undescribed());
    assert_taken(&mut machine, DATA_ABORT | EXTERNAL | WRITE, base);
    let base = GICD + 0xff8;
    let mut machine = refuse(LDP_X0_X1, base, load(base).undescribed());
    assert_taken(&mut machine, DATA_ABORT | EXTERNAL, base + 8);
    let base = GICD + 0x802;
    let mut machine = refuse(LDP_W0_W1_POST_8, base, load(base).undescribed());
    assert_taken(&mut machine, DATA_ABORT | ALIGNMENT, base);
}

#[test]
fn exclusives_and_vectors_are_refused_with_their_address() {
    let at = GICD + 0x420;
    let mut machine = refuse(LDXR_X0, at, load(at).undescribed());
    assert_taken(&mut machine, DATA_ABORT | EXCLUSIVE, at);
    let mut machine = refuse(STR_Q0_16, at, store(at + 16).undescribed());
    assert_taken(&mut machine, DATA_ABORT | EXTERNAL | WRITE, at + 16);
}

#[test]
fn an_instruction_that_cannot_be_read_has_no_address() {
    let mut machine = machine(LDR_W0);
    machine.vcpu(0).pc = UART;
    machine.access(load(GICD).undescribed());
    let esr = machine.system(0, SystemRegister::EsrEl1);
    assert_eq!(esr, DATA_ABORT | EXTERNAL | FAR_NOT_VALID);
}

#[test]
fn a_fetch_from_a_device() {
    let mut machine = machine(LDR_W0);
    machine.vcpu(0).pc = GICD + 4;
    assert_eq!(machine.access(fetch(GICD + 4)), Outcome::Resume);
    assert_eq!(machine.vcpu(0).pc, VBAR + 0x200);
    let esr = machine.system(0, SystemRegister::EsrEl1);
    assert_eq!(esr, INSTRUCTION_ABORT | EXTERNAL);
    assert_eq!(machine.system(0, SystemRegister::FarEl1), GICD + 4);
}

#[test]
fn from_el0_it_is_an_abort_of_the_lower_level() {
    let mut machine = machine(LDR_W0);
    machine.vcpu(0).pstate = 0;
    machine.vcpu(0).x[4] = NOWHERE;
    machine.access(load(NOWHERE));
    assert_eq!(machine.vcpu(0).pc, VBAR + 0x400);
    let esr = machine.system(0, SystemRegister::EsrEl1);
    assert_eq!(esr, 0x24 << 26 | 1 << 25 | EXTERNAL);
}

/// The first instruction of the handler faults, in the state of handlers: nothing else would
/// ever happen.
#[test]
fn an_endless_exception_is_a_crash() {
    let mut machine = machine(LDR_W0);
    let nowhere = NOWHERE + 0x200;
    machine.vcpu(0).set_system(SystemRegister::VbarEl1, NOWHERE);
    machine.vcpu(0).pc = nowhere;
    let first = machine.access(fetch(nowhere));
    assert_eq!(first, Outcome::Resume, "interrupts were unmasked");
    let outcome = machine.access(fetch(nowhere));
    let endless = End::Crash(CrashReason::EndlessException);
    assert_eq!(outcome, Outcome::End(endless));
}

/// The PC is the vector of where the exception comes from; the handler's is another.
#[test]
fn an_exception_at_another_vector_is_not_endless() {
    for (pstate, vector) in [(0x3c0, 0x400), (0x3c4, 0), (0x1d0, 0x600)] {
        let mut machine = machine(LDR_W0);
        machine.vcpu(0).set_system(SystemRegister::VbarEl1, NOWHERE);
        (machine.vcpu(0).pc, machine.vcpu(0).pstate) = (NOWHERE + vector, pstate);
        let outcomes: Vec<Outcome> = (0..3)
            .map(|_| {
                let pc = machine.vcpu(0).pc;
                machine.access(fetch(pc))
            })
            .collect();
        let endless = End::Crash(CrashReason::EndlessException);
        let expected = [Outcome::Resume, Outcome::Resume, Outcome::End(endless)];
        assert_eq!(outcomes, expected, "{pstate:#x}");
    }
}

/// Another vCPU that is on can map the handler.
#[test]
fn an_exception_that_another_vcpu_may_end_is_not_endless() {
    let mut machine = Machine::<2>::started();
    machine.smc(&[0xc400_0003, 1, ENTRY, 0]);
    machine.vcpu(0).set_system(SystemRegister::VbarEl1, NOWHERE);
    machine.vcpu(0).pc = NOWHERE + 0x200;
    for _ in 0..5 {
        let outcome = machine.access(fetch(NOWHERE + 0x200));
        assert_eq!(outcome, Outcome::Resume);
    }
    machine.smc_of(1, &[0x8400_0002]);
    let endless = End::Crash(CrashReason::EndlessException);
    let outcome = machine.access(fetch(NOWHERE + 0x200));
    assert_eq!(outcome, Outcome::End(endless));
}
