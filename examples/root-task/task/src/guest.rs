//! The guest's processor: a thread with a VCPU, whose faults come as messages.

use crate::objects::Objects;
use root_task_scenario::{Kernel, Next, Vmm};
use sel4::{CNodeCapData, Fault, ObjectBlueprint, UserContext, init_thread};
use vmm_arch::syndrome::{DataAbort, Esr, ExceptionClass};
use vmm_arch::{AccessSize, Gpa, Gpr};
use vmm_memory::{Access, AccessKind};

/// log2 of the slots of the guest's CNode, which holds nothing.
const CNODE_BITS: usize = 1;
/// log2 of the bytes of a scheduling context.
const SCHED_CONTEXT_BITS: usize = 7;
/// Microseconds that the guest may run of as many.
const BUDGET: u64 = 1000;
/// Below the root task's.
const PRIORITY: u64 = 100;
/// PSTATE at the start: EL1h, all interrupts masked.
const SPSR: u64 = 0x3c5;
/// Bytes of an A64 instruction.
const INSTRUCTION: u64 = 4;

/// A virtual processor and the way its faults come.
#[derive(Debug)]
pub(crate) struct VirtualProcessor {
    thread: sel4::cap::Tcb,
    endpoint: sel4::cap::Endpoint,
    reply: sel4::cap::Reply,
}

impl VirtualProcessor {
    /// Makes one in `vspace`; it does not run yet.
    ///
    /// # Errors
    /// The kernel's answer.
    pub(crate) fn new(
        objects: &mut Objects,
        bootinfo: &sel4::BootInfo,
        vspace: sel4::cap::VSpace,
    ) -> sel4::Result<Self> {
        let thread = objects.make_fixed::<sel4::cap_type::Tcb>()?;
        let endpoint = objects.make_fixed::<sel4::cap_type::Endpoint>()?;
        let reply = objects.make(ObjectBlueprint::Reply)?;
        let size_bits = CNODE_BITS;
        let cnode = objects.make(ObjectBlueprint::CNode { size_bits })?;
        let size_bits = SCHED_CONTEXT_BITS;
        let context = objects.make(ObjectBlueprint::SchedContext { size_bits })?;
        let vcpu = objects.make_fixed::<sel4::cap_type::VCpu>()?;
        let guard = CNodeCapData::new(0, sel4::WORD_SIZE - CNODE_BITS);
        let no_buffer = init_thread::slot::NULL.cap().cast();
        thread.tcb_configure(cnode, guard, vspace, 0, no_buffer)?;
        let control = bootinfo.sched_control().index(0).cap();
        control.sched_control_configure_flags(context, BUDGET, BUDGET, 0, 0, 0)?;
        let authority = init_thread::slot::TCB.cap();
        thread.tcb_set_sched_params(authority, 0, PRIORITY, context, endpoint)?;
        vcpu.vcpu_set_tcb(thread)?;
        Ok(Self {
            thread,
            endpoint,
            reply,
        })
    }

    /// Runs the guest from `entry`, with `argument` in X0, until it is stopped.
    ///
    /// # Errors
    /// The kernel's answer.
    pub(crate) fn run<K: Kernel>(
        &self,
        vmm: &mut Vmm<K>,
        entry: u64,
        argument: u64,
    ) -> sel4::Result<()> {
        let mut registers = UserContext::default();
        *registers.pc_mut() = entry;
        *registers.spsr_mut() = SPSR;
        *registers.gpr_mut(0) = argument;
        self.thread.tcb_write_all_registers(true, &mut registers)?;
        loop {
            let (message, _) = self.endpoint.recv(self.reply);
            let fault = sel4::with_ipc_buffer(|buffer| Fault::new(buffer, &message));
            let mut registers = self.thread.tcb_read_all_registers(false)?;
            if !answer(vmm, &fault, &mut registers) {
                return Ok(());
            }
            // Ends the fault as a reply would, and the registers are the guest's.
            self.thread.tcb_write_all_registers(true, &mut registers)?;
        }
    }
}

/// Answers one fault; does the guest go on?
fn answer<K: Kernel>(vmm: &mut Vmm<K>, fault: &Fault, registers: &mut UserContext) -> bool {
    let (next, target) = match fault {
        Fault::VmFault(fault) => access(vmm, fault, registers),
        // HVC is seL4's own system call instruction for a guest.
        Fault::UnknownSyscall(_) => (vmm.call(*registers.gpr(0)), Gpr::from_field(0)),
        Fault::VCpuFault(fault) => trap(vmm, Esr::from_bits(fault.hsr()), registers),
        other => (vmm.unexpected(format_args!("{other:?}")), Gpr::ZR),
    };
    match next {
        Next::Complete(value) => {
            if target != Gpr::ZR {
                *registers.gpr_mut(target.number().into()) = value;
            }
            *registers.pc_mut() += INSTRUCTION;
        }
        Next::Skip => *registers.pc_mut() += INSTRUCTION,
        Next::Again => {}
        Next::Stop => return false,
    }
    true
}

/// A load or store that stage 2 does not allow; returns the register that it loads, too.
fn access<K: Kernel>(
    vmm: &mut Vmm<K>,
    fault: &sel4::VmFault,
    registers: &UserContext,
) -> (Next, Gpr) {
    let esr = Esr::from_bits(fault.fsr());
    let abort = DataAbort::from_bits(esr.iss());
    if esr.ec() != ExceptionClass::DataAbortLower || !abort.isv() {
        let what = format_args!("an access of an unknown kind: ESR_EL2 {:#x}", fault.fsr());
        return (vmm.unexpected(what), Gpr::ZR);
    }
    let register = Gpr::from_field(abort.srt());
    let size = AccessSize::from_log2(abort.sas());
    let gpa = Gpa(fault.addr());
    if abort.wnr() {
        let kind = AccessKind::Write;
        let value = match register {
            Gpr::ZR => 0,
            register => *registers.gpr(register.number().into()),
        };
        return (vmm.fault(Access { gpa, size, kind }, value), Gpr::ZR);
    }
    let kind = AccessKind::Read;
    // The guest's loads extend with zeros only.
    let next = match vmm.fault(Access { gpa, size, kind }, 0) {
        Next::Complete(value) => Next::Complete(value & size.mask()),
        next => next,
    };
    (next, register)
}

fn trap<K: Kernel>(vmm: &mut Vmm<K>, esr: Esr, registers: &UserContext) -> (Next, Gpr) {
    let result = Gpr::from_field(0);
    match esr.ec() {
        ExceptionClass::Smc64 => (vmm.call(*registers.gpr(0)), result),
        class => (vmm.unexpected(format_args!("{class:?}")), result),
    }
}
