//! The interrupt controller, visible to the test while the machine owns it.

use std::{cell::RefCell, rc::Rc};

use vmm_machine::{
    IntId, VcpuId,
    device::Access,
    kernel::{InterruptController, ListRegisters},
};

/// Two handles to one interrupt controller.
#[derive(Debug)]
pub(crate) struct Shared<G>(pub(crate) Rc<RefCell<G>>);

impl<G> Clone for Shared<G> {
    fn clone(&self) -> Self {
        Self(Rc::clone(&self.0))
    }
}

impl<G: InterruptController> InterruptController for Shared<G> {
    fn read(&mut self, access: Access) -> u64 {
        self.0.borrow_mut().read(access)
    }

    fn write(&mut self, access: Access, value: u64, lines: &mut impl ListRegisters) {
        self.0.borrow_mut().write(access, value, lines);
    }

    fn reset(&mut self) {
        self.0.borrow_mut().reset();
    }

    fn set_line(&mut self, intid: IntId, high: bool, lines: &mut impl ListRegisters) {
        InterruptController::set_line(&mut *self.0.borrow_mut(), intid, high, lines);
    }

    fn fire(&mut self, vcpu: VcpuId, intid: IntId, lines: &mut impl ListRegisters) {
        self.0.borrow_mut().fire(vcpu, intid, lines);
    }

    fn maintenance(&mut self, vcpu: VcpuId, index: Option<usize>, lines: &mut impl ListRegisters) {
        self.0.borrow_mut().maintenance(vcpu, index, lines);
    }

    fn settle(&mut self, is_first: bool, lines: &mut impl ListRegisters) -> bool {
        InterruptController::settle(&mut *self.0.borrow_mut(), is_first, lines)
    }

    fn is_settled(&self) -> bool {
        self.0.borrow().is_settled()
    }

    fn has_deliverable(&self, vcpu: VcpuId) -> bool {
        self.0.borrow().has_deliverable(vcpu)
    }

    fn waits(&self, vcpu: VcpuId, intid: IntId, lines: &mut impl ListRegisters) -> Option<bool> {
        self.0.borrow().waits(vcpu, intid, lines)
    }

    fn withdraw(&mut self, vcpu: VcpuId, intid: IntId, lines: &mut impl ListRegisters) {
        self.0.borrow_mut().withdraw(vcpu, intid, lines);
    }

    fn is_enabled(&self, vcpu: VcpuId, intid: IntId) -> bool {
        self.0.borrow().is_enabled(vcpu, intid)
    }

    fn set_online(&mut self, vcpu: VcpuId, online: bool) {
        self.0.borrow_mut().set_online(vcpu, online);
    }

    fn loaded(&self, vcpu: VcpuId, index: usize) -> Option<IntId> {
        self.0.borrow().loaded(vcpu, index)
    }
}
