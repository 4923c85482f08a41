//! Accesses without a syndrome, planned from the instruction itself.
//!
//! The instruction is read through the guest's own tables, its addresses are computed from its
//! registers and translated with the rights of the code that ran it. A plan is complete before
//! anything is performed, and agrees with what the processor reported: a guest that changes its
//! instruction or tables under our feet gains nothing by it.

use heapless::Vec;

use crate::{
    Gpa,
    exception::{GuestException, Pstate},
    exit::MemoryFault,
    instruction::{self, Base, Instruction, Offset, Transfer},
    kernel::VcpuRegisters,
    mmio::{Direction, MmioAccess},
    register::SystemRegister,
    syndrome::{DataAbort, Esr, FaultStatus},
    translate::{Access, ReadGuest, Stage1},
};

mod locate;
#[cfg(test)]
mod tests;

pub use locate::locate;

/// What an access without a syndrome comes to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Emulation {
    /// One or two accesses.
    Perform(Plan),
    /// Cache maintenance: step over it.
    Skip,
    /// It cannot be performed; the guest is told so.
    Inject(GuestException),
}

/// An instruction that is ready to be performed.
///
/// First see that every access has a device, then perform them in order, then
/// [`finish`](Plan::finish): an instruction that aborts half way must leave its base register.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Plan {
    /// The accesses, in order.
    pub accesses: Vec<MmioAccess, 2>,
    /// Virtual address of the first.
    address: u64,
    write_back: Option<(Base, u64)>,
}

/// An element of a transfer with its address.
#[derive(Clone, Copy)]
struct Element {
    address: u64,
    direction: Direction,
}

impl Plan {
    /// Writes the base register back, if the instruction does, and moves the PC past it.
    pub fn finish(&self, registers: &mut impl VcpuRegisters) {
        match self.write_back {
            Some((Base::Register(register), value)) => registers.set_gpr(register, value),
            Some((Base::StackPointer, value)) => set_stack_pointer(registers, value),
            Some((Base::ProgramCounter, _)) | None => {}
        }
        let pc = registers.pc();
        registers.set_pc(pc.wrapping_add(4));
    }

    /// The abort for a plan that meets nothing or is misaligned.
    pub fn refuse(&self, status: FaultStatus) -> GuestException {
        let write = self.accesses.first().is_some_and(MmioAccess::is_write);
        GuestException::DataAbort {
            status,
            address: Some(self.address),
            write,
        }
    }
}

/// Plans the access that `fault` reports without a syndrome.
pub fn plan(
    fault: &MemoryFault,
    registers: &mut impl VcpuRegisters,
    guest: &impl ReadGuest,
) -> Emulation {
    let stage1 = Stage1::of(registers);
    let Some(word) = read_instruction(fault, &stage1, registers, guest) else {
        return Emulation::Inject(refuse(fault, None, FaultStatus::EXTERNAL));
    };
    let status = match instruction::decode(word) {
        Instruction::Transfer(transfer) => {
            return plan_transfer(fault, &transfer, &stage1, registers, guest)
                .unwrap_or_else(Emulation::Inject);
        }
        Instruction::CacheMaintenance => return Emulation::Skip,
        Instruction::ZeroBlock => FaultStatus::ALIGNMENT,
        Instruction::Exclusive => FaultStatus::UNSUPPORTED_EXCLUSIVE,
        Instruction::Other => FaultStatus::EXTERNAL,
    };
    let address = locate::undecoded(word, fault, &stage1, registers, guest);
    Emulation::Inject(refuse(fault, address, status))
}

fn plan_transfer(
    fault: &MemoryFault,
    transfer: &Transfer,
    stage1: &Stage1,
    registers: &mut impl VcpuRegisters,
    guest: &impl ReadGuest,
) -> Result<Emulation, GuestException> {
    let pstate = Pstate::from_bits(registers.pstate());
    let access = Access::data(pstate, transfer.unprivileged, is_write(fault));
    let mut plan = Plan {
        accesses: Vec::new(),
        address: first_address(transfer, fault.pc, registers),
        write_back: None,
    };
    for element in elements(transfer, plan.address) {
        let at = |status| refuse(fault, Some(element.address), status);
        if !stays_in_page(element.address, transfer) {
            return Err(at(FaultStatus::ALIGNMENT));
        }
        let planned = MmioAccess {
            gpa: stage1
                .translate(guest, element.address, access)
                .map_err(at)?,
            size: transfer.size,
            direction: element.direction,
        };
        // The direction was checked by the processor's tables, so it has to be the one planned.
        if planned.is_write() != is_write(fault) || plan.accesses.push(planned).is_err() {
            return Err(at(FaultStatus::EXTERNAL));
        }
    }
    let agrees = |access: &MmioAccess| holds(access.gpa, transfer, fault.gpa);
    if !plan.accesses.iter().any(agrees) {
        return Err(plan.refuse(FaultStatus::EXTERNAL));
    }
    plan.write_back = transfer.write_back.map(|amount| {
        let base = base_value(transfer.base, fault.pc, registers);
        (transfer.base, base.wrapping_add_signed(amount))
    });
    Ok(Emulation::Perform(plan))
}

/// The instruction that faulted; `None` when it cannot be read or is not A64.
fn read_instruction(
    fault: &MemoryFault,
    stage1: &Stage1,
    registers: &mut impl VcpuRegisters,
    guest: &impl ReadGuest,
) -> Option<u32> {
    if Pstate::from_bits(registers.pstate()).aarch32() {
        return None;
    }
    stage1.fetch(guest, fault.pc).ok()
}

/// Virtual address of a transfer's first element.
fn first_address(transfer: &Transfer, pc: u64, registers: &mut impl VcpuRegisters) -> u64 {
    let offset = match transfer.offset {
        Offset::Immediate(bytes) => bytes as u64,
        Offset::Register {
            register,
            extend,
            shift,
        } => extend.apply(registers.gpr(register)) << shift,
    };
    base_value(transfer.base, pc, registers).wrapping_add(offset)
}

/// The elements of a transfer that begins at `first`.
fn elements(transfer: &Transfer, first: u64) -> impl Iterator<Item = Element> {
    let step = transfer.size.bytes();
    (0u64..)
        .zip(&transfer.elements)
        .map(move |(index, &direction)| Element {
            address: first.wrapping_add(index.wrapping_mul(step)),
            direction,
        })
}

fn base_value(base: Base, pc: u64, registers: &mut impl VcpuRegisters) -> u64 {
    match base {
        Base::Register(register) => registers.gpr(register),
        Base::ProgramCounter => pc,
        Base::StackPointer if Pstate::from_bits(registers.pstate()).uses_sp_el1() => {
            registers.system(SystemRegister::SpEl1)
        }
        Base::StackPointer => registers.sp_el0(),
    }
}

fn set_stack_pointer(registers: &mut impl VcpuRegisters, value: u64) {
    if Pstate::from_bits(registers.pstate()).uses_sp_el1() {
        registers.set_system(SystemRegister::SpEl1, value);
    } else {
        registers.set_sp_el0(value);
    }
}

/// Is `address` a byte of the element at `element`?
fn holds(element: Gpa, transfer: &Transfer, address: Gpa) -> bool {
    address
        .offset_from(element)
        .is_some_and(|offset| offset < transfer.size.bytes())
}

/// An element over a page border has no single guest-physical address. The smallest page counts.
const fn stays_in_page(address: u64, transfer: &Transfer) -> bool {
    address & 0xfff <= 0x1000u64.saturating_sub(transfer.size.bytes())
}

const fn refuse(fault: &MemoryFault, address: Option<u64>, status: FaultStatus) -> GuestException {
    GuestException::DataAbort {
        status,
        address,
        write: is_write(fault),
    }
}

const fn data_syndrome(fault: &MemoryFault) -> DataAbort {
    DataAbort::from_bits(Esr::from_bits(fault.syndrome).iss())
}

const fn is_write(fault: &MemoryFault) -> bool {
    data_syndrome(fault).wnr()
}
