//! vCPU: the EL1 registers, list registers and virtual timer of a virtual machine's processor.
//!
//! As in seL4, switching to a PD leaves most EL1 state in the hardware (the PD runs at EL0 with
//! stage 1 off) and only turns the vCPU off; a full save happens when another vCPU is switched to.
use crate::abi::{MAINTENANCE_IRQ, VIRTUAL_TIMER_IRQ};
use crate::fault::Fault;
use crate::kernel::Kernel;
use crate::list_register::ListRegister;
use crate::machine::gich::{self, MAX_LIST_REGISTERS};
use crate::machine::{console, el1, gic};
use crate::objects::VcpuId;
use crate::vcpu_register::{COUNT, VcpuRegister};

/// A vCPU's saved state.
#[derive(Debug)]
pub struct Vcpu {
    registers: [u64; COUNT],
    hcr: u32,
    vmcr: u32,
    apr: u32,
    /// List registers as last saved or written by the kernel.
    pub list_registers: [ListRegister; MAX_LIST_REGISTERS],
    /// The virtual timer's interrupt is masked until acknowledged.
    pub vtimer_masked: bool,
}

/// Which vCPU's state is in the hardware.
#[derive(Debug)]
pub struct VcpuLoad {
    /// Whose.
    pub current: Option<VcpuId>,
    /// Whether its thread runs.
    pub active: bool,
}

impl VcpuLoad {
    /// None.
    #[must_use]
    pub const fn new() -> Self {
        Self {
            current: None,
            active: false,
        }
    }
}

impl Default for VcpuLoad {
    fn default() -> Self {
        Self::new()
    }
}

impl Vcpu {
    /// A vCPU at its start: stage 1 off, virtual GIC on.
    #[must_use]
    pub const fn new() -> Self {
        /// RES1 bits, CP15BEN, nTWI, nTWE, UCT, UCI.
        const SCTLR_START: u64 = 0x30d0_0800 | 1 << 5 | 1 << 16 | 1 << 18 | 1 << 15 | 1 << 26;
        let mut registers = [0; COUNT];
        registers[VcpuRegister::Sctlr as usize] = SCTLR_START;
        Self {
            registers,
            hcr: gich::HCR_ENABLE,
            vmcr: 0,
            apr: 0,
            list_registers: [ListRegister::new(); MAX_LIST_REGISTERS],
            vtimer_masked: false,
        }
    }

    fn save(&mut self, register: VcpuRegister) {
        self.registers[register as usize] = el1::read(register);
    }

    fn restore(&self, register: VcpuRegister) {
        el1::write(register, self.registers[register as usize]);
    }

    fn save_timer(&mut self) {
        self.save(VcpuRegister::CntvCtl);
        el1::write(VcpuRegister::CntvCtl, 0);
        self.save(VcpuRegister::CntvCval);
        self.save(VcpuRegister::CntvOff);
        self.save(VcpuRegister::CntkCtl);
        el1::export_timer();
    }

    fn restore_timer(&self) {
        self.restore(VcpuRegister::CntvCval);
        self.restore(VcpuRegister::CntkCtl);
        self.restore(VcpuRegister::CntvOff);
        gic::enable(VIRTUAL_TIMER_IRQ, !self.vtimer_masked);
        self.restore(VcpuRegister::CntvCtl);
    }

    /// Turns the vCPU on: its state is in the hardware.
    fn enable(&self) {
        self.restore(VcpuRegister::Sctlr);
        el1::enter_guest_mode();
        gich::set_hcr(self.hcr);
        self.restore(VcpuRegister::Cpacr);
        self.restore_timer();
    }

    /// Turns the vCPU off; most of its state stays in the hardware.
    fn disable(&mut self) {
        self.hcr = gich::hcr();
        self.save(VcpuRegister::Sctlr);
        self.save(VcpuRegister::Cpacr);
        leave_guest();
        self.save_timer();
        gic::enable(VIRTUAL_TIMER_IRQ, false);
    }

    fn save_all(&mut self) {
        self.vmcr = gich::vmcr();
        self.apr = gich::apr();
        for (index, saved) in self.list_registers.iter_mut().enumerate() {
            *saved = gich::list_register(index);
        }
        for register in VcpuRegister::SAVED_ON_SWITCH {
            self.save(register);
        }
    }

    fn restore_all(&self) {
        gich::set_hcr(0);
        gich::set_vmcr(self.vmcr);
        gich::set_apr(self.apr);
        for (index, saved) in self.list_registers.iter().enumerate() {
            gich::set_list_register(index, *saved);
        }
        for register in VcpuRegister::SAVED_ON_SWITCH {
            self.restore(register);
        }
        self.enable();
    }
}

impl Default for Vcpu {
    fn default() -> Self {
        Self::new()
    }
}

/// Virtual GIC and stage 1 off, EL0 only.
pub fn leave_guest() {
    gich::set_hcr(0);
    el1::enter_native_mode();
}

impl Kernel {
    /// Makes the hardware run this vCPU, or none.
    pub fn switch_vcpu(&mut self, next: Option<VcpuId>) {
        let current = self.vcpu_load.current;
        match next {
            Some(next) if current == Some(next) => {
                if !self.vcpu_load.active {
                    self.vcpu(next).enable();
                    self.vcpu_load.active = true;
                }
            }
            Some(next) => {
                if let Some(current) = current {
                    if self.vcpu_load.active {
                        self.vcpu(current).disable();
                    }
                    self.vcpu(current).save_all();
                }
                self.vcpu(next).restore_all();
                self.vcpu_load = VcpuLoad {
                    current: Some(next),
                    active: true,
                };
            }
            None => {
                if let Some(current) = current.filter(|_| self.vcpu_load.active) {
                    self.vcpu(current).disable();
                    self.vcpu_load.active = false;
                }
            }
        }
    }

    /// Whether the hardware, not the saved copy, has a register of a vCPU.
    fn is_in_hardware(&self, id: VcpuId, register: VcpuRegister) -> bool {
        self.vcpu_load.current == Some(id)
            && (self.vcpu_load.active || !register.is_saved_when_disabled())
    }

    /// Reads a vCPU's register.
    pub fn read_vcpu_register(&mut self, id: VcpuId, register: VcpuRegister) -> u64 {
        if self.is_in_hardware(id, register) {
            el1::read(register)
        } else {
            self.vcpu(id).registers[register as usize]
        }
    }

    /// Writes a vCPU's register.
    pub fn write_vcpu_register(&mut self, id: VcpuId, register: VcpuRegister, value: u64) {
        if self.is_in_hardware(id, register) {
            el1::write(register, value);
        } else {
            self.vcpu(id).registers[register as usize] = value;
        }
    }

    /// Writes a list register, in the hardware if the vCPU's state is there.
    pub fn inject(&mut self, id: VcpuId, index: usize, value: ListRegister) {
        if self.vcpu_load.current == Some(id) {
            gich::set_list_register(index, value);
        } else {
            self.vcpu(id).list_registers[index] = value;
        }
    }

    /// An interrupt for the running vCPU: the virtual timer or the virtual GIC's maintenance. It is
    /// ignored if the thread has just lost its budget: it is level-sensitive and comes again.
    pub fn handle_vcpu_interrupt(&mut self, intid: u32) {
        let Some(thread) = self.scheduler.current else {
            return;
        };
        if self.thread(thread).queued || !self.thread(thread).is_schedulable() {
            return;
        }
        let Some(vcpu) = self.vcpu_load.current.filter(|_| self.vcpu_load.active) else {
            if intid == MAINTENANCE_IRQ && self.is_debug() {
                console::print(format_args!(
                    "Received VGIC maintenance without active VCPU!\n"
                ));
            }
            return;
        };
        let fault = if intid == MAINTENANCE_IRQ {
            self.maintenance(vcpu)
        } else {
            gic::enable(intid, false);
            self.vcpu(vcpu).vtimer_masked = true;
            Fault::VppiEvent(u64::from(intid))
        };
        self.handle_fault(thread, fault);
    }

    /// Finds the list register whose interrupt the guest ended and silences it.
    fn maintenance(&mut self, vcpu: VcpuId) -> Fault {
        let index = gich::ended_list_register()
            .filter(|index| *index < gich::count() && gich::misr() & gich::MISR_EOI != 0);
        let Some(index) = index else {
            return Fault::VgicMaintenance(None);
        };
        let value = gich::list_register(index).with_maintenance(false);
        gich::set_list_register(index, value);
        self.vcpu(vcpu).list_registers[index] = value;
        Fault::VgicMaintenance(Some(index as u64))
    }
}
