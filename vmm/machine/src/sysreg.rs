//! Trapped system registers and system instructions.
//!
//! Models MSR, MRS and SYS instructions that a kernel may trap from a guest (Arm ARM C5.1.3,
//! "System register encodings"). A guest gets the answer of a processor that lacks the feature:
//! reads as zero where the architecture allows that, an undefined instruction else.

use crate::{Gpr, kernel::VcpuRegisters, pstate, syndrome::SystemTrap};

#[cfg(test)]
mod tests;

/// How a trapped access is answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SystemAccess {
    /// Reads give this value, writes are lost.
    Constant(u64),
    /// A write that sends software generated interrupts through a GICv3 CPU interface; with a
    /// GICv2 the register does not exist and the access is undefined.
    SendSgi {
        /// Which register is written.
        register: SgiRegister,
        /// Where the value lies.
        source: Gpr,
    },
    /// There is no such register here.
    Undefined,
}

/// The registers that send SGIs (GICv3 architecture 12.2).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SgiRegister {
    /// ICC_SGI1R_EL1.
    Sgi1R,
    /// ICC_ASGI1R_EL1.
    Asgi1R,
    /// ICC_SGI0R_EL1.
    Sgi0R,
}

/// OSLSR_EL1 of a processor whose OS lock exists and is open: OSLM is 0b10.
const OS_LOCK_OPEN: u64 = 1 << 3;

/// Finds the rule for a trapped access.
pub const fn classify(trap: SystemTrap) -> SystemAccess {
    let encoding = (trap.op0(), trap.op1(), trap.crn(), trap.crm(), trap.op2());
    match encoding {
        // DC ISW, CSW and CISW: caches are the kernel's.
        (1, 0, 7, 6 | 10 | 14, 2) if !trap.read() => SystemAccess::Constant(0),
        (2, 0, 1, 1, 4) => SystemAccess::Constant(OS_LOCK_OPEN),
        // Breakpoints, watchpoints, MDSCR_EL1, the OS lock and the debug channel.
        (2, 0 | 3, 0 | 1 | 7, _, _) => SystemAccess::Constant(0),
        // Identification: zero is "feature absent" in each of these.
        (3, 0, 0, 1..=7, _) if trap.read() => SystemAccess::Constant(0),
        // ACTLR_EL1 is implementation defined.
        (3, 0, 1, 0, 1) => SystemAccess::Constant(0),
        // LORegions: none.
        (3, 0, 10, 4, _) => SystemAccess::Constant(0),
        (3, 0, 12, 11, 5..=7) if !trap.read() => send_sgi(trap),
        _ if is_performance_monitor(encoding) => SystemAccess::Constant(0),
        _ => SystemAccess::Undefined,
    }
}

/// Ends an access that [`SystemAccess::Constant`] answers: `value` into the register that an MRS
/// names, and past the instruction.
pub fn complete(trap: SystemTrap, value: u64, registers: &mut impl VcpuRegisters) {
    if trap.read() {
        registers.set_gpr(trap.register(), value);
    }
    pstate::advance(registers, 4);
}

const fn send_sgi(trap: SystemTrap) -> SystemAccess {
    SystemAccess::SendSgi {
        register: match trap.op2() {
            5 => SgiRegister::Sgi1R,
            6 => SgiRegister::Asgi1R,
            _ => SgiRegister::Sgi0R,
        },
        source: trap.register(),
    }
}

/// A performance monitor without counters: PMCR_EL0.N reads as zero.
const fn is_performance_monitor(encoding: (u8, u8, u8, u8, u8)) -> bool {
    matches!(
        encoding,
        (3, 0, 9, 14, _) | (3, 3, 9, 12..=14, _) | (3, 3, 14, 8..=15, _)
    )
}
