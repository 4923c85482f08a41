//! What the kernel sees of each invocation, and what becomes of its answers.

extern crate std;

use std::cell::RefCell;
use std::rc::Rc;
use std::vec::Vec;

use super::*;
use crate::sys::seL4_MessageInfo;
use crate::sys::syscall::host::set_kernel;
use crate::sys::syscall::{Message, Received};

/// A call as the kernel sees it: capability, label, and the message's words.
type Seen = (Word, Word, Vec<Word>);

/// A kernel that answers with `label`, leaves `words` in the message registers and notes calls.
fn kernel(label: Word, words: &'static [Word]) -> Rc<RefCell<Vec<Seen>>> {
    let seen = Rc::new(RefCell::new(Vec::new()));
    let noted = Rc::clone(&seen);
    set_kernel(move |entry, buffer| {
        let mut message = entry.message.registers.to_vec();
        message.extend(&buffer.msg[4..]);
        message.truncate(entry.message.info.get_length() as usize);
        noted
            .borrow_mut()
            .push((entry.source, entry.message.info.get_label(), message));
        buffer.msg[..words.len()].copy_from_slice(words);
        let registers = std::array::from_fn(|index| words.get(index).copied().unwrap_or(0));
        let info = seL4_MessageInfo::new(label, 0, 0, words.len() as Word);
        Received {
            message: Message { info, registers },
            badge: 0,
        }
    });
    seen
}

const TCB: cap::Tcb = Cap::from_bits(266);
const VCPU: cap::VCpu = Cap::from_bits(330);

#[test]
fn reading_registers_stops_at_the_count() {
    let seen = kernel(0, &[1, 2, 3, 4, 5, 6]);
    let mut buffer = IpcBuffer::default();
    let registers = TCB.with(&mut buffer).tcb_read_registers(true, 5).unwrap();
    assert_eq!(
        (*registers.pc(), *registers.sp(), *registers.spsr()),
        (1, 2, 3)
    );
    assert_eq!(
        (*registers.gpr(0), *registers.gpr(1), *registers.gpr(2)),
        (4, 5, 0)
    );
    assert_eq!(
        *seen.borrow(),
        [(266, label::TCBReadRegisters.into(), [1, 5].to_vec())]
    );
}

#[test]
fn writing_registers_sends_them_in_the_kernels_order() {
    let seen = kernel(0, &[]);
    let mut registers = UserContext::default();
    *registers.pc_mut() = 100;
    (0..31).for_each(|index| *registers.gpr_mut(index) = index as Word);
    let mut buffer = IpcBuffer::default();
    TCB.with(&mut buffer)
        .tcb_write_all_registers(false, &mut registers)
        .unwrap();
    let (_, label, message) = seen.borrow()[0].clone();
    assert_eq!(
        (label, message.len()),
        (label::TCBWriteRegisters.into(), 38)
    );
    assert_eq!(message[..5], [0, 36, 100, 0, 0]);
    let general = [
        0, 1, 2, 3, 4, 5, 6, 7, 8, 16, 17, 18, 29, 30, 9, 10, 11, 12, 13, 14, 15, 19, 20, 21, 22,
        23, 24, 25, 26, 27, 28,
    ];
    assert_eq!(message[5..36], general);
}

#[test]
fn an_injected_interrupt_is_one_word() {
    let seen = kernel(0, &[]);
    let mut buffer = IpcBuffer::default();
    VCPU.with(&mut buffer)
        .vcpu_inject_irq(27, 31, 1, 3)
        .unwrap();
    let word = 27 | 31 << 16 | 1 << 24 | 3 << 32;
    assert_eq!(
        *seen.borrow(),
        [(330, label::ARMVCPUInjectIRQ.into(), [word].to_vec())]
    );
}

#[test]
fn a_system_register_is_read_and_written() {
    let seen = kernel(0, &[77]);
    let mut buffer = IpcBuffer::default();
    assert_eq!(
        VCPU.with(&mut buffer).vcpu_read_regs(VCpuReg::CNTV_CVAL),
        Ok(77)
    );
    VCPU.with(&mut buffer)
        .vcpu_write_regs(VCpuReg::SCTLR, 5)
        .unwrap();
    VCPU.with(&mut buffer).vcpu_ack_vppi(27).unwrap();
    let expected = [
        (330, label::ARMVCPUReadReg.into(), [21].to_vec()),
        (330, label::ARMVCPUWriteReg.into(), [0, 5].to_vec()),
        (330, label::ARMVCPUAckVPPI.into(), [27].to_vec()),
    ];
    assert_eq!(*seen.borrow(), expected);
}

#[test]
fn a_refusal_is_an_error() {
    kernel(8, &[]);
    let mut buffer = IpcBuffer::default();
    assert_eq!(TCB.with(&mut buffer).tcb_resume(), Err(Error::DeleteFirst));
    kernel(4, &[]);
    assert_eq!(TCB.with(&mut buffer).tcb_suspend(), Err(Error::RangeError));
    kernel(0, &[]);
    let irq: cap::IrqHandler = Cap::from_bits(141);
    assert_eq!(irq.with(&mut buffer).irq_handler_ack(), Ok(()));
}

/// The numbers of seL4's debug configuration, in which these tests are built.
#[test]
fn labels_are_the_kernels() {
    let shift = if crate::sel4_cfg_bool!(HARDWARE_DEBUG_API) {
        4
    } else {
        0
    };
    let labels = [
        (label::TCBReadRegisters, 2),
        (label::TCBResume, 13),
        (label::IRQAckIRQ, 27 + shift),
        (label::ARMSMCCall, 43 + shift),
        (label::ARMVCPUInjectIRQ, 56 + shift),
        (label::ARMVCPUAckVPPI, 59 + shift),
    ];
    labels
        .iter()
        .for_each(|(label, number)| assert_eq!(label, number));
}
