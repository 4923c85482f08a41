//! The crash report: what a guest was doing when it could not go on.
//!
//! Every line is bounded and the number of lines is fixed, whatever the guest did.

use core::fmt;

use vmm_config::Reservation;

use crate::{
    Gpa, Gpr, VcpuId,
    exit::VmExit,
    kernel::VcpuRegisters,
    pstate::Pstate,
    register::SystemRegister,
    syndrome::{self, Esr},
};

#[cfg(test)]
mod tests;

/// Registers of a vCPU at one moment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RegisterDump {
    /// Address of the instruction that exited.
    pub pc: u64,
    /// PSTATE in SPSR's layout.
    pub pstate: u64,
    /// X0 to X30.
    pub x: [u64; 31],
    /// SP_EL0.
    pub sp_el0: u64,
    /// Each of [`REPORTED`], in that order.
    pub system: [u64; REPORTED.len()],
}

/// The system registers in a report.
pub const REPORTED: [(&str, SystemRegister); 9] = [
    ("SP_EL1", SystemRegister::SpEl1),
    ("ELR_EL1", SystemRegister::ElrEl1),
    ("SPSR_EL1", SystemRegister::SpsrEl1),
    ("ESR_EL1", SystemRegister::EsrEl1),
    ("FAR_EL1", SystemRegister::FarEl1),
    ("VBAR_EL1", SystemRegister::VbarEl1),
    ("SCTLR_EL1", SystemRegister::SctlrEl1),
    ("TTBR0_EL1", SystemRegister::Ttbr0El1),
    ("TTBR1_EL1", SystemRegister::Ttbr1El1),
];

impl RegisterDump {
    /// Reads them all; slow, for the end of a guest only.
    pub fn capture(registers: &mut impl VcpuRegisters) -> Self {
        let mut x = [0; 31];
        for (number, value) in (0..).zip(&mut x) {
            *value = registers.gpr(Gpr::from_field(number));
        }
        Self {
            pc: registers.pc(),
            pstate: registers.pstate(),
            x,
            sp_el0: registers.sp_el0(),
            system: REPORTED.map(|(_, register)| registers.system(register)),
        }
    }
}

/// A crash report; its `Display` is some twenty lines of text without a final newline.
#[derive(Clone, Copy, Debug)]
pub struct CrashReport<'a> {
    /// The guest's name.
    pub guest: &'a str,
    /// Which vCPU.
    pub vcpu: VcpuId,
    /// Why the guest cannot go on, in words.
    pub reason: &'a str,
    /// The exit that led here.
    pub exit: VmExit,
    /// What the guest-physical map is made of, ordered by base: says what an address is.
    pub reservations: &'a [Reservation],
    /// Registers, if they can be read.
    pub registers: Option<&'a RegisterDump>,
}

impl fmt::Display for CrashReport<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // A name or reason comes from the configuration; the precision bounds it all the same.
        writeln!(
            f,
            "guest {:.64}: vCPU {} stopped: {:.200}",
            self.guest, self.vcpu.0, self.reason
        )?;
        exit(f, &self.exit)?;
        if let VmExit::Memory(fault) = self.exit {
            address(f, fault.gpa, self.reservations)?;
        }
        match self.registers {
            Some(dump) => registers(f, dump),
            None => Ok(()),
        }
    }
}

fn exit(f: &mut fmt::Formatter<'_>, exit: &VmExit) -> fmt::Result {
    match exit {
        VmExit::Memory(fault) => {
            let kind = if fault.fetch { "fetch" } else { "access" };
            writeln!(
                f,
                "  exit: memory {kind} at IPA {} by PC {:#018x}",
                fault.gpa, fault.pc
            )?;
            esr(f, fault.syndrome)
        }
        VmExit::Trap { syndrome } => {
            writeln!(f, "  exit: trapped instruction")?;
            esr(f, *syndrome)
        }
        VmExit::Hypercall => write!(f, "  exit: HVC"),
        VmExit::Maintenance { index: Some(index) } => {
            write!(f, "  exit: maintenance of list register {index}")
        }
        VmExit::Maintenance { index: None } => write!(f, "  exit: maintenance of no list register"),
        VmExit::PrivateInterrupt { intid } => {
            write!(f, "  exit: private interrupt {}", intid.number())
        }
        VmExit::Unknown { label } => write!(f, "  exit: unknown message, label {label:#x}"),
    }
}

/// What an address is, in the system XML's words.
fn address(f: &mut fmt::Formatter<'_>, gpa: Gpa, all: &[Reservation]) -> fmt::Result {
    let below = all.iter().rfind(|one| one.base <= gpa.0);
    let offset = below.map(|one| (one, gpa.0.saturating_sub(one.base)));
    if let Some((one, offset)) = offset.filter(|(one, offset)| *offset < one.size) {
        return write!(f, "\n  address: {gpa} = {:.64} + {offset:#x}", one.name);
    }
    write!(f, "\n  address: {gpa} is in no region")?;
    let above = all.iter().find(|one| one.base > gpa.0);
    for (side, one) in [("below", below), ("above", above)] {
        if let Some(one) = one {
            let last = one.base.saturating_add(one.size.saturating_sub(1));
            let (name, base) = (one.name, one.base);
            write!(f, "\n  {side} it: {name:.64}, {base:#x} to {last:#x}")?;
        }
    }
    Ok(())
}

fn esr(f: &mut fmt::Formatter<'_>, bits: u64) -> fmt::Result {
    write!(
        f,
        "  ESR_EL2 {bits:#010x}: {}",
        syndrome::describe(Esr::from_bits(bits))
    )
}

fn registers(f: &mut fmt::Formatter<'_>, dump: &RegisterDump) -> fmt::Result {
    let level = Level(Pstate::from_bits(dump.pstate));
    write!(
        f,
        "\n  PC  {:016x}  PSTATE {:08x} ({level})",
        dump.pc, dump.pstate
    )?;
    for (row, values) in dump.x.chunks(4).enumerate() {
        f.write_str("\n ")?;
        for (column, value) in values.iter().enumerate() {
            let number = row.saturating_mul(4).saturating_add(column);
            write!(f, " X{number:<2} {value:016x}")?;
        }
    }
    write!(f, "\n  SP_EL0    {:016x}", dump.sp_el0)?;
    for ((name, _), value) in REPORTED.iter().zip(dump.system) {
        write!(f, "\n  {name:<9} {value:016x}")?;
        if *name == "ESR_EL1" {
            write!(f, "  {}", syndrome::describe(Esr::from_bits(value)))?;
        }
    }
    Ok(())
}

/// Where a PSTATE says the guest runs.
struct Level(Pstate);

impl fmt::Display for Level {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let level = if self.0.is_privileged() { "EL1" } else { "EL0" };
        let suffix = match (self.0.aarch32(), self.0.uses_sp_el1()) {
            (true, _) => ", AArch32",
            (false, true) => "h",
            (false, false) => "t",
        };
        let mut masked = [' '; 4];
        for (place, (bit, letter)) in
            masked
                .iter_mut()
                .zip([(3, 'D'), (2, 'A'), (1, 'I'), (0, 'F')])
        {
            *place = if self.0.daif() >> bit & 1 == 1 {
                letter
            } else {
                '-'
            };
        }
        write!(f, "{level}{suffix}, masked ")?;
        masked.iter().try_for_each(|letter| write!(f, "{letter}"))
    }
}
