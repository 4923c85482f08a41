//! Giving the processor to a thread: its vCPU, address space and FP registers.
use crate::kernel::Kernel;
use crate::machine::{fpu, translation};
use crate::queue::ThreadId;

impl Kernel {
    /// Prepares the hardware for a thread, or for idling.
    pub fn activate(&mut self, next: Option<ThreadId>) {
        let Some(next) = next else {
            return self.switch_vcpu(None);
        };
        let thread = self.thread(next);
        let (vcpu, vspace) = (thread.vcpu, thread.vspace);
        self.switch_vcpu(vcpu);
        if let Some(root) = self.vspace_roots.get(vspace) {
            translation::set_root(*root, vspace);
        }
        self.switch_fpu(next);
    }

    fn switch_fpu(&mut self, next: ThreadId) {
        if self.thread(next).fpu_disabled {
            return fpu::set_trap(true);
        }
        fpu::set_trap(false);
        if self.fpu_owner == Some(next) {
            return;
        }
        if let Some(owner) = self.fpu_owner.replace(next) {
            fpu::save(&mut self.thread_mut(owner).fpu);
        }
        fpu::load(&self.thread(next).fpu);
    }
}
