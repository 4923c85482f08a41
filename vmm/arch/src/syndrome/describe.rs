//! A syndrome in words, for crash reports.

use core::fmt;

use super::{
    CallTrap, DataAbort, Esr, ExceptionClass, FaultStatus, InstructionAbort, SystemTrap, WaitTrap,
};

/// Prints a syndrome in words; see [`describe`].
#[derive(Clone, Copy, Debug)]
pub struct Description(Esr);

/// The syndrome in words, on one line, under 240 characters.
pub const fn describe(esr: Esr) -> Description {
    Description(esr)
}

impl fmt::Display for Description {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let esr = self.0;
        write!(f, "{} (EC {:#04x}", class_name(esr.ec()), esr.ec().0)?;
        if !esr.il() {
            f.write_str(", 16-bit instruction")?;
        }
        f.write_str(")")?;
        match esr.ec() {
            ExceptionClass::DataAbortLower | ExceptionClass::DataAbortSame => {
                data_abort(f, DataAbort::from_bits(esr.iss()))
            }
            ExceptionClass::InstructionAbortLower | ExceptionClass::InstructionAbortSame => {
                instruction_abort(f, InstructionAbort::from_bits(esr.iss()))
            }
            ExceptionClass::Wfx => wait(f, WaitTrap::from_bits(esr.iss())),
            ExceptionClass::SystemRegister => system(f, SystemTrap::from_bits(esr.iss())),
            ExceptionClass::Hvc64 | ExceptionClass::Smc64 => {
                write!(f, ": #{:#x}", CallTrap::from_bits(esr.iss()).imm16())
            }
            _ => write!(f, ": ISS {:#09x}", esr.iss()),
        }
    }
}

fn data_abort(f: &mut fmt::Formatter<'_>, iss: DataAbort) -> fmt::Result {
    let direction = if iss.wnr() { "write" } else { "read" };
    write!(f, ": {direction}, {}", iss.dfsc())?;
    if iss.isv() {
        let bytes = 1u32 << iss.sas();
        let width = if iss.sf() { 'x' } else { 'w' };
        write!(f, ", {bytes} bytes, register {width}{}", iss.srt())?;
        flag(f, iss.sse(), "sign-extending")?;
        flag(f, iss.ar(), "acquire/release")?;
    } else {
        f.write_str(", no instruction syndrome")?;
    }
    flag(f, iss.cm(), "cache maintenance")?;
    flag(f, iss.s1ptw(), "on a stage-1 table walk")?;
    flag(f, iss.fnv(), "FAR not valid")
}

fn instruction_abort(f: &mut fmt::Formatter<'_>, iss: InstructionAbort) -> fmt::Result {
    write!(f, ": {}", iss.ifsc())?;
    flag(f, iss.s1ptw(), "on a stage-1 table walk")?;
    flag(f, iss.fnv(), "FAR not valid")
}

fn wait(f: &mut fmt::Formatter<'_>, iss: WaitTrap) -> fmt::Result {
    let name = match iss.ti() {
        0 => "WFI",
        1 => "WFE",
        2 => "WFIT",
        _ => "WFET",
    };
    write!(f, ": {name}")
}

fn system(f: &mut fmt::Formatter<'_>, iss: SystemTrap) -> fmt::Result {
    let verb = if iss.read() { "MRS" } else { "MSR" };
    write!(
        f,
        ": {verb} S{}_{}_C{}_C{}_{}, register x{}",
        iss.op0(),
        iss.op1(),
        iss.crn(),
        iss.crm(),
        iss.op2(),
        iss.rt()
    )
}

fn flag(f: &mut fmt::Formatter<'_>, set: bool, words: &str) -> fmt::Result {
    if set {
        write!(f, ", {words}")?;
    }
    Ok(())
}

const fn class_name(class: ExceptionClass) -> &'static str {
    match class {
        ExceptionClass::Unknown => "unknown reason",
        ExceptionClass::Wfx => "WFI or WFE",
        ExceptionClass::Cp15Mcr | ExceptionClass::Cp15Mcrr => "AArch32 CP15 access",
        ExceptionClass::Cp14Mcr | ExceptionClass::Cp14LdcStc | ExceptionClass::Cp14Mrrc => {
            "AArch32 CP14 access"
        }
        ExceptionClass::FpAccess => "floating-point access",
        ExceptionClass::IllegalState => "illegal execution state",
        ExceptionClass::Svc32 | ExceptionClass::Svc64 => "SVC",
        ExceptionClass::Hvc32 | ExceptionClass::Hvc64 => "HVC",
        ExceptionClass::Smc32 | ExceptionClass::Smc64 => "SMC",
        ExceptionClass::SystemRegister => "system register access",
        ExceptionClass::SveAccess => "SVE access",
        ExceptionClass::InstructionAbortLower => "instruction abort from a lower level",
        ExceptionClass::InstructionAbortSame => "instruction abort",
        ExceptionClass::PcAlignment => "PC alignment fault",
        ExceptionClass::DataAbortLower => "data abort from a lower level",
        ExceptionClass::DataAbortSame => "data abort",
        ExceptionClass::SpAlignment => "SP alignment fault",
        ExceptionClass::FpException32 | ExceptionClass::FpException64 => "floating-point exception",
        ExceptionClass::SError => "SError",
        ExceptionClass::BreakpointLower => "hardware breakpoint",
        ExceptionClass::SoftwareStepLower => "software step",
        ExceptionClass::WatchpointLower => "watchpoint",
        ExceptionClass::Bkpt32 | ExceptionClass::Brk64 => "breakpoint instruction",
        _ => "class without a name here",
    }
}

impl fmt::Display for FaultStatus {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let code = self.into_bits();
        let (words, level) = match code {
            0x00..=0x03 => ("address size fault", Some(code & 3)),
            0x04..=0x07 => ("translation fault", Some(code & 3)),
            0x08..=0x0b => ("access flag fault", Some(code & 3)),
            0x0c..=0x0f => ("permission fault", Some(code & 3)),
            0x10 => ("external abort", None),
            0x11 => ("tag check fault", None),
            0x13 => ("external abort on a table walk at level -1", None),
            0x14..=0x17 => ("external abort on a table walk", Some(code & 3)),
            0x18 => ("memory parity or ECC error", None),
            0x1c..=0x1f => ("parity or ECC error on a table walk", Some(code & 3)),
            0x21 => ("alignment fault", None),
            0x29 => ("address size fault at level -1", None),
            0x2b => ("translation fault at level -1", None),
            0x30 => ("TLB conflict", None),
            0x34 => ("lockdown fault", None),
            0x35 => ("unsupported exclusive or atomic access", None),
            _ => return write!(f, "fault status {code:#04x}"),
        };
        f.write_str(words)?;
        match level {
            Some(level) => write!(f, " at level {level}"),
            None => Ok(()),
        }
    }
}
