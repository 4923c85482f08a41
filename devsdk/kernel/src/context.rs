//! A thread's registers, in the order that the trap entry stores them, and seL4's orders of them.

/// Processor state of a thread. `entry.s` knows the offsets.
#[repr(C, align(16))]
#[derive(Debug, Clone)]
pub struct Context {
    /// x0 to x30.
    pub x: [u64; 31],
    /// The stack pointer of EL0.
    pub sp_el0: u64,
    /// Where the thread goes on (seL4: NextIP, ELR_EL1).
    pub elr: u64,
    /// Saved program status.
    pub spsr: u64,
    /// The instruction that entered the kernel; where a restarted thread goes on.
    pub fault_ip: u64,
    /// Thread id register, writable from EL0.
    pub tpidr_el0: u64,
    /// Thread id register, read-only from EL0.
    pub tpidrro_el0: u64,
}

/// A register of [`Context`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Register {
    /// x0 to x30.
    X(u8),
    /// SP_EL0.
    Sp,
    /// Next instruction.
    NextIp,
    /// Program status.
    Spsr,
    /// Faulting instruction.
    FaultIp,
    /// TPIDR_EL0.
    Tpidr,
    /// TPIDRRO_EL0.
    TpidrRo,
}

use Register::{FaultIp, NextIp, Sp, Spsr, Tpidr, TpidrRo, X};

/// Program status of a thread at EL0; `serror_masked` in configurations without debugging.
#[must_use]
pub const fn user_spsr(serror_masked: bool) -> u64 {
    let fiq_masked = 1 << 6;
    fiq_masked | (serror_masked as u64) << 8
}

/// Order of `TCB_ReadRegisters` and `TCB_WriteRegisters`.
pub const TRANSFER_ORDER: [Register; 36] = [
    FaultIp,
    Sp,
    Spsr,
    X(0),
    X(1),
    X(2),
    X(3),
    X(4),
    X(5),
    X(6),
    X(7),
    X(8),
    X(16),
    X(17),
    X(18),
    X(29),
    X(30),
    X(9),
    X(10),
    X(11),
    X(12),
    X(13),
    X(14),
    X(15),
    X(19),
    X(20),
    X(21),
    X(22),
    X(23),
    X(24),
    X(25),
    X(26),
    X(27),
    X(28),
    Tpidr,
    TpidrRo,
];

/// Registers of an UnknownSyscall message; the system call's number follows.
pub const UNKNOWN_SYSCALL_ORDER: [Register; 12] = [
    X(0),
    X(1),
    X(2),
    X(3),
    X(4),
    X(5),
    X(6),
    X(7),
    FaultIp,
    Sp,
    NextIp,
    Spsr,
];

/// Registers of a UserException message; number and code follow.
pub const USER_EXCEPTION_ORDER: [Register; 3] = [FaultIp, Sp, Spsr];

impl Context {
    /// A thread that has not run: EL0 with all registers zero.
    #[must_use]
    pub const fn new(serror_masked: bool) -> Self {
        Self {
            x: [0; 31],
            sp_el0: 0,
            elr: 0,
            spsr: user_spsr(serror_masked),
            fault_ip: 0,
            tpidr_el0: 0,
            tpidrro_el0: 0,
        }
    }

    /// Reads a register.
    #[must_use]
    pub fn get(&self, register: Register) -> u64 {
        match register {
            X(index) => self.x[usize::from(index)],
            Sp => self.sp_el0,
            NextIp => self.elr,
            Spsr => self.spsr,
            FaultIp => self.fault_ip,
            Tpidr => self.tpidr_el0,
            TpidrRo => self.tpidrro_el0,
        }
    }

    /// Writes a register.
    pub fn set(&mut self, register: Register, value: u64) {
        let place = match register {
            X(index) => &mut self.x[usize::from(index)],
            Sp => &mut self.sp_el0,
            NextIp => &mut self.elr,
            Spsr => &mut self.spsr,
            FaultIp => &mut self.fault_ip,
            Tpidr => &mut self.tpidr_el0,
            TpidrRo => &mut self.tpidrro_el0,
        };
        *place = value;
    }

    /// Writes a register with a value from another thread. Program status is restricted: EL0, and
    /// for a vCPU also EL1.
    pub fn set_sanitised(
        &mut self,
        register: Register,
        value: u64,
        vcpu: bool,
        serror_masked: bool,
    ) {
        const EL0T: u64 = 0;
        const EL1T: u64 = 4;
        const EL1H: u64 = 5;
        let value = match register {
            Spsr if !(vcpu && matches!(value & 0x1f, EL0T | EL1T | EL1H)) => {
                value & 0xf000_0000 | user_spsr(serror_masked)
            }
            _ => value,
        };
        self.set(register, value);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_transfer_order_names_every_register_once() {
        let mut context = Context::new(false);
        for (index, register) in TRANSFER_ORDER.iter().enumerate() {
            context.set(*register, 100 + index as u64);
        }
        assert_eq!(context.fault_ip, 100);
        assert_eq!(context.x[0], 103);
        assert_eq!(context.x[16], 112);
        assert_eq!(context.x[30], 116);
        assert_eq!(context.x[9], 117);
        assert_eq!(context.x[28], 133);
        assert_eq!(context.tpidrro_el0, 135);
        assert!(context.x.iter().all(|value| *value >= 100));
    }

    #[test]
    fn only_a_vcpu_may_run_at_el1() {
        let mut context = Context::new(false);
        context.set_sanitised(Spsr, 0x3c5, true, false);
        assert_eq!(context.spsr, 0x3c5);
        context.set_sanitised(Spsr, 0x8000_03c5, false, false);
        assert_eq!(context.spsr, 0x8000_0040);
        context.set_sanitised(Spsr, 0x3c9, true, true);
        assert_eq!(context.spsr, 0x140);
    }
}
