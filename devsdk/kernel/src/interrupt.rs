//! Interrupts: the kernel's timer, the vCPU's own, and those of PDs.
use crate::abi::{KERNEL_TIMER_IRQ, MAINTENANCE_IRQ, VIRTUAL_TIMER_IRQ};
use crate::kernel::Kernel;
use crate::machine::{console, gic, timer};
use crate::user_error;

impl Kernel {
    /// An interrupt entered the kernel, or woke it while idle.
    pub fn handle_interrupt_entry(&mut self) {
        self.update_time();
        self.check_budget();
        if let Some(intid) = gic::acknowledge() {
            self.handle_interrupt(intid);
            gic::end(intid);
        } else {
            user_error!(self, "checkInterrupt", 59, "Spurious interrupt!");
        }
        self.schedule();
    }

    fn handle_interrupt(&mut self, intid: u32) {
        match intid {
            KERNEL_TIMER_IRQ => {
                timer::set_deadline(u64::MAX);
                self.scheduler.request_timer();
            }
            MAINTENANCE_IRQ | VIRTUAL_TIMER_IRQ => self.handle_vcpu_interrupt(intid),
            _ => {
                let handler = self
                    .irq_handlers
                    .iter()
                    .find(|handler| handler.intid == intid);
                let target =
                    handler.and_then(|handler| Some((handler.notification?, handler.badge)));
                if let Some((notification, badge)) = target {
                    self.signal(notification, badge);
                } else if self.is_debug() {
                    console::print(format_args!("Undelivered IRQ: {intid}\n"));
                }
                // Until the PD acknowledges it.
                gic::enable(intid, false);
            }
        }
    }
}
