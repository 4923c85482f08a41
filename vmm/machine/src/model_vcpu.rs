//! A vCPU for tests: registers in memory, and a count of what was read.

use std::{collections::HashMap, vec::Vec};

use crate::{Gpr, kernel::VcpuRegisters, register::SystemRegister};

#[derive(Debug, Default)]
pub(crate) struct ModelVcpu {
    pub(crate) x: [u64; 31],
    pub(crate) pc: u64,
    pub(crate) pstate: u64,
    pub(crate) sp_el0: u64,
    system: HashMap<u8, u64>,
    /// Every general-purpose register that was read, in order.
    pub(crate) reads: Vec<Gpr>,
}

impl ModelVcpu {
    /// At EL1 with its own stack pointer, interrupts masked.
    pub(crate) fn at_el1(pc: u64) -> Self {
        Self {
            pc,
            pstate: 0x3c5,
            ..Self::default()
        }
    }

    /// With `values` in X0 and on.
    pub(crate) fn with_arguments(values: &[u64]) -> Self {
        let mut vcpu = Self::at_el1(0x1000);
        vcpu.x[..values.len()].copy_from_slice(values);
        vcpu
    }
}

impl VcpuRegisters for ModelVcpu {
    fn pc(&mut self) -> u64 {
        self.pc
    }

    fn set_pc(&mut self, pc: u64) {
        self.pc = pc;
    }

    fn gpr(&mut self, register: Gpr) -> u64 {
        self.reads.push(register);
        let x = self.x.get(usize::from(register.number()));
        x.copied().unwrap_or(0)
    }

    fn set_gpr(&mut self, register: Gpr, value: u64) {
        if let Some(x) = self.x.get_mut(usize::from(register.number())) {
            *x = value;
        }
    }

    fn pstate(&mut self) -> u64 {
        self.pstate
    }

    fn set_pstate(&mut self, pstate: u64) {
        self.pstate = pstate;
    }

    fn sp_el0(&mut self) -> u64 {
        self.sp_el0
    }

    fn set_sp_el0(&mut self, value: u64) {
        self.sp_el0 = value;
    }

    fn system(&mut self, register: SystemRegister) -> u64 {
        self.system.get(&(register as u8)).copied().unwrap_or(0)
    }

    fn set_system(&mut self, register: SystemRegister, value: u64) {
        self.system.insert(register as u8, value);
    }
}
