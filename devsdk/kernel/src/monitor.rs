//! The monitor: hears of faults of PDs without a parent, and of passive PDs that are ready.
//!
//! Under Microkit it is a program of its own at the highest priority. Here it is part of the
//! kernel, and prints the same in the debug configuration.
use core::fmt::Arguments;

use crate::capability::LookupFailure;
use crate::context::TRANSFER_ORDER;
use crate::fault::Fault;
use crate::kernel::Kernel;
use crate::machine::console;
use crate::message::MessageInfo;
use crate::queue::ThreadId;
use crate::syndrome::Syndrome;
use crate::thread::State;

/// Where the monitor's capabilities to the PDs' TCBs start; it prints this number.
const BASE_TCB_SLOT: u64 = 10;

/// Where its capabilities to the scheduling contexts of passive PDs start.
const BASE_SCHED_CONTEXT_SLOT: u64 = 138;

/// Names of the registers in the order of a register transfer.
const REGISTER_NAMES: [&str; 36] = [
    "pc ",
    "sp",
    "spsr ",
    "x0 ",
    "x1 ",
    "x2 ",
    "x3 ",
    "x4 ",
    "x5 ",
    "x6 ",
    "x7 ",
    "x8 ",
    "x16 ",
    "x17 ",
    "x18 ",
    "x29 ",
    "x30 ",
    "x9 ",
    "x10 ",
    "x11 ",
    "x12 ",
    "x13 ",
    "x14 ",
    "x15 ",
    "x19 ",
    "x20 ",
    "x21 ",
    "x22 ",
    "x23 ",
    "x24 ",
    "x25 ",
    "x26 ",
    "x27 ",
    "x28 ",
    "tpidr_el0 ",
    "tpidrro_el0 ",
];

/// A message to the monitor, until the monitor runs.
#[derive(Debug, Clone, Copy)]
pub struct MonitorMessage {
    sender: ThreadId,
    label: u64,
    call: bool,
}

impl Kernel {
    /// Takes a message. The monitor hears of it when the system call of the sender is done.
    pub fn tell_monitor(&mut self, sender: ThreadId, info: MessageInfo, call: bool) {
        if call {
            self.set_state(sender, State::Inactive);
        }
        self.monitor_message = Some(MonitorMessage {
            sender,
            label: info.label(),
            call,
        });
    }

    /// Handles the message that came during this kernel entry, if one did.
    pub fn run_monitor(&mut self) {
        let Some(message) = self.monitor_message.take() else {
            return;
        };
        if message.label != 0 {
            self.print_message(message.sender, message.label);
            self.print(format_args!(
                "MON|ERROR: Unknown fault\n{:#018x}",
                message.label
            ));
        } else if self.bind_to_notification(message.sender) {
            let name = self.thread(message.sender).name();
            self.print(format_args!("MON|INFO: PD '{name}' is now passive!\n"));
        } else {
            self.print(format_args!(
                "MON|ERROR: could not bind scheduling context to notification object\n"
            ));
        }
        if message.call {
            self.print_lost_reply();
        }
    }

    fn bind_to_notification(&mut self, thread: ThreadId) -> bool {
        let passive = self.slots[thread.index()].passive;
        let notification = &mut self.notifications[thread.index()];
        let bound = passive && !notification.has_sched_context;
        notification.has_sched_context |= bound;
        if !passive {
            let slot = BASE_SCHED_CONTEXT_SLOT + u64::from(thread.0);
            let message = format_args!("Attempted to invoke a null cap #{slot}.");
            self.report_monitor("decodeInvocation", 643, message);
        } else if !bound {
            let message = format_args!("SchedContext_Bind: sched context already bound.");
            self.report_monitor("decodeSchedContext_Bind", 120, message);
        }
        bound
    }

    /// Prints a fault of a PD.
    pub fn print_fault(&self, thread: ThreadId, fault: &Fault) {
        if !self.is_debug() {
            return;
        }
        self.print_message(thread, fault.label());
        match *fault {
            Fault::Cap {
                address,
                receiving,
                failure,
            } => self.print_cap_fault(thread, address, receiving, failure),
            Fault::UserException { .. } => self.print(format_args!("MON|ERROR: UserException\n")),
            Fault::Memory {
                address,
                instruction,
                status,
            } => self.print_memory_fault(thread, address, instruction, status),
            Fault::Vcpu(syndrome) => self.print(format_args!(
                "MON|ERROR: received vCPU fault with ESR: {syndrome:#018x}\nMON|ERROR: Unknown vCPU fault\n"
            )),
            _ => self.print(format_args!("MON|ERROR: Unknown fault\n{:#018x}", fault.label())),
        }
        self.print_lost_reply();
    }

    /// The monitor receives again without having answered: the kernel notes that.
    fn print_lost_reply(&self) {
        self.report_monitor(
            "receiveIPC",
            153,
            format_args!("Reply object already has unexecuted reply!"),
        );
    }

    fn print(&self, text: Arguments<'_>) {
        if self.is_debug() {
            console::print(text);
        }
    }

    fn print_message(&self, thread: ThreadId, label: u64) {
        let id = u64::from(thread.0);
        self.print(format_args!(
            "MON|ERROR: received message {label:#010x}  badge: {:#018x}  tcb cap: {:#018x}\n",
            id + 1,
            BASE_TCB_SLOT + id,
        ));
        let thread = self.thread(thread);
        self.print(format_args!(
            "MON|ERROR: faulting PD: {}\nRegisters: \n",
            thread.name()
        ));
        for (name, register) in REGISTER_NAMES.iter().zip(TRANSFER_ORDER) {
            let value = thread.context.get(register);
            self.print(format_args!("{name}: {value:#018x}\n"));
        }
    }

    /// The monitor reads the registers before it looks at the message, which loses the message's
    /// words from the fifth on: it prints x1 to x3 in their place.
    fn print_cap_fault(
        &self,
        thread: ThreadId,
        address: u64,
        receiving: bool,
        failure: LookupFailure,
    ) {
        let context = &self.thread(thread).context;
        let (ip, [_, bits_left, guard_found, guard_bits, ..]) = (context.fault_ip, context.x);
        self.print(format_args!(
            "MON|ERROR: CapFault: ip={ip:#018x}  fault_addr={address:#018x}  in_recv_phase={receiving}  lookup_failure_type="
        ));
        match failure {
            LookupFailure::MissingCapability { .. } => self.print(format_args!(
                "seL4_MissingCapability  bits_left={bits_left:#018x}\n"
            )),
            LookupFailure::GuardMismatch { .. } => self.print(format_args!(
                "seL4_GuardMismatch  bits_left={bits_left:#018x}  guard_found={guard_found:#018x}  guard_bits_found={guard_bits:#018x}\n"
            )),
        }
    }

    fn print_memory_fault(&self, id: ThreadId, address: u64, instruction: bool, status: u64) {
        let thread = self.thread(id);
        let ip = thread.context.fault_ip;
        let kind = if instruction { "instruction" } else { "data" };
        self.print(format_args!(
            "MON|ERROR: VMFault: ip={ip:#018x}  fault_addr={address:#018x}  fsr={status:#018x}  ({kind} fault)\n"
        ));
        let syndrome = Syndrome::from_bits(status);
        self.print(format_args!(
            "MON|ERROR:   ec: {:#010x}  {}   il: {}   iss: {:#010x}\n",
            syndrome.class(),
            syndrome.class_name(),
            u8::from(syndrome.il()),
            syndrome.iss(),
        ));
        if syndrome.is_data_abort() {
            self.print_data_abort(syndrome);
        }
        let guard = thread.stack_bottom.saturating_sub(0x1000)..thread.stack_bottom;
        if guard.contains(&address) {
            self.print(format_args!(
                "MON|ERROR: potential stack overflow, fault address within one page outside of stack region\n"
            ));
        }
    }

    fn print_data_abort(&self, syndrome: Syndrome) {
        self.print(format_args!(
            "MON|ERROR:   dfsc = {} ({:#010x})",
            syndrome.fault_status_name(),
            syndrome.iss() & 0x3f,
        ));
        let notes = [
            (9, " -- external abort"),
            (8, " -- cache maint"),
            (7, " -- stage 2 fault for stage 1 page table walk"),
            (6, " -- write not read"),
        ];
        for (bit, note) in notes {
            if syndrome.iss() >> bit & 1 != 0 {
                self.print(format_args!("{note}"));
            }
        }
        self.print(format_args!("\n"));
    }
}
