//! System calls that only the debug configuration has.
use crate::abi::syscall;
use crate::capability::Capability;
use crate::kernel::Kernel;
use crate::machine::console;
use crate::queue::ThreadId;
use crate::thread::State;
use crate::user_error;

impl Kernel {
    /// One of the debug configuration's calls. Returns whether the number is one.
    pub fn handle_debug_syscall(&mut self, thread: ThreadId, number: i64) -> bool {
        let first = self.thread(thread).context.x[0];
        match number {
            syscall::DEBUG_PUT_CHAR => console::put(first as u8),
            syscall::DEBUG_DUMP_SCHEDULER => self.dump_scheduler(),
            syscall::DEBUG_HALT => {
                let thread = self.thread(thread);
                console::print(format_args!(
                    "Debug halt syscall from user thread {:p} \"{}\"\n",
                    core::ptr::from_ref(thread),
                    thread.name()
                ));
                crate::machine::halt();
            }
            syscall::DEBUG_CAP_IDENTIFY => {
                let capability = self.lookup(thread, first).unwrap_or(Capability::Null);
                self.thread_mut(thread).context.x[0] = capability.debug_type();
            }
            syscall::DEBUG_SNAPSHOT => {
                let thread = self.thread(thread);
                console::print(format_args!(
                    "Debug snapshot syscall from user thread {:p} \"{}\"\n",
                    core::ptr::from_ref(thread),
                    thread.name()
                ));
            }
            syscall::DEBUG_NAME_THREAD => self.name_thread(thread, first),
            _ => return false,
        }
        true
    }

    fn name_thread(&mut self, thread: ThreadId, address: u64) {
        let Ok(Capability::Thread(target)) = self.lookup(thread, address) else {
            user_error!(
                self,
                "handleUnknownSyscall",
                142,
                "SysDebugNameThread: cap is not a TCB, halting"
            );
            crate::machine::halt();
        };
        let mut name = [0; 64];
        let bytes = (1..).flat_map(|index| self.buffer_word(thread, index).to_le_bytes());
        for (place, byte) in name
            .iter_mut()
            .take(63)
            .zip(bytes.take_while(|byte| *byte != 0))
        {
            *place = byte;
        }
        self.thread_mut(target).name = name;
    }

    fn dump_scheduler(&self) {
        console::print(format_args!(
            "Dumping all tcbs!\nName                                    \tState          \tIP                  \t Prio \t Core\t InReleaseQueue\n--------------------------------------------------------------------------------------\n"
        ));
        for thread in &self.threads {
            let state = match thread.state {
                State::Inactive => "inactive",
                State::Running => "running",
                State::Restart => "restart",
                State::Receiving { .. } => "blocked on recv",
                State::Sending { .. } => "blocked on send",
                State::AwaitingReply(_) => "blocked on reply",
                State::Waiting(_) => "blocked on ntfn",
            };
            console::print(format_args!(
                "{:>40}\t{state:>15}\t{:#x}\t{:>20}\t0\t{}\n",
                thread.name(),
                thread.context.fault_ip,
                thread.priority,
                u8::from(thread.awaits_budget)
            ));
        }
    }
}
