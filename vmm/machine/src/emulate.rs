//! Accesses planned before they are performed: where their elements lie, and what follows.
//!
//! Without a syndrome the instruction is read through the guest's own tables, its addresses are
//! computed from its registers and translated with the rights of the code that ran it. A plan is
//! complete before anything is performed, and agrees with what the processor reported: a guest that
//! changes its instruction or tables under our feet gains nothing by it.

use heapless::Vec;

use crate::{
    Gpa,
    exception::GuestException,
    exit::MemoryFault,
    instruction::{self, Base, Instruction, Offset, Registers, Transfer},
    kernel::VcpuRegisters,
    mmio::{Direction, MmioAccess},
    pstate::{self, Pstate},
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
#[expect(
    clippy::large_enum_variant,
    reason = "there is no allocator, and it lives for one exit"
)]
pub enum Emulation {
    /// One or more accesses.
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
    pub accesses: Vec<MmioAccess, { Registers::MOST }>,
    /// Virtual address of the first, if it is known; the others follow it.
    address: Option<u64>,
    write_back: Option<(Base, u64)>,
    /// Bytes of the instruction.
    bytes: u64,
}

/// An element of a transfer with its address.
#[derive(Clone, Copy)]
struct Element {
    address: u64,
    direction: Direction,
}

/// An instruction that was read from the guest.
struct Fetched {
    instruction: Instruction,
    /// Two half words of T32 have the first one above.
    word: u32,
    bytes: u64,
}

impl Plan {
    /// The one access of an instruction of `bytes` that the processor describes.
    pub fn described(access: MmioAccess, bytes: u64) -> Self {
        Self {
            accesses: [access].into_iter().collect(),
            address: None,
            write_back: None,
            bytes,
        }
    }

    /// Does it change general-purpose registers?
    pub fn changes_registers(&self) -> bool {
        self.write_back.is_some() || self.accesses.iter().any(|access| !access.is_write())
    }

    /// Writes the base register back, if the instruction does, and moves past it.
    pub fn finish(&self, registers: &mut impl VcpuRegisters) {
        match self.write_back {
            Some((Base::Register(register), value)) => registers.set_gpr(register, value),
            Some((Base::StackPointer, value)) => set_stack_pointer(registers, value),
            Some((Base::ProgramCounter, _)) | None => {}
        }
        pstate::advance(registers, self.bytes);
    }

    /// The abort for an access, by its place in the list, that meets nothing or is misaligned.
    pub fn refuse(&self, index: usize, status: FaultStatus) -> GuestException {
        let access = self.accesses.get(index);
        let distance = access.map_or(0, |access| access.size.bytes().wrapping_mul(index as u64));
        GuestException::DataAbort {
            status,
            address: self.address.map(|first| first.wrapping_add(distance)),
            write: access.is_some_and(MmioAccess::is_write),
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
    let Some(fetched) = read_instruction(fault, &stage1, registers, guest) else {
        return Emulation::Inject(refuse(fault, None, FaultStatus::EXTERNAL));
    };
    let status = match &fetched.instruction {
        Instruction::Transfer(transfer) => {
            let bytes = fetched.bytes;
            return plan_transfer(fault, (transfer, bytes), &stage1, registers, guest)
                .unwrap_or_else(Emulation::Inject);
        }
        Instruction::CacheMaintenance => return Emulation::Skip,
        Instruction::ZeroBlock => FaultStatus::ALIGNMENT,
        Instruction::Exclusive => FaultStatus::UNSUPPORTED_EXCLUSIVE,
        Instruction::Other => FaultStatus::EXTERNAL,
    };
    let address = locate::undecoded(fetched.word, fault, &stage1, registers, guest);
    Emulation::Inject(refuse(fault, address, status))
}

fn plan_transfer(
    fault: &MemoryFault,
    (transfer, bytes): (&Transfer, u64),
    stage1: &Stage1,
    registers: &mut impl VcpuRegisters,
    guest: &impl ReadGuest,
) -> Result<Emulation, GuestException> {
    let pstate = Pstate::from_bits(registers.pstate());
    let access = Access::data(pstate, transfer.unprivileged, is_write(fault));
    let first = first_address(transfer, fault.pc, registers);
    let mut plan = Plan {
        accesses: Vec::new(),
        address: Some(first),
        write_back: None,
        bytes,
    };
    let mut agrees = false;
    for element in elements(transfer, first, pstate) {
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
        agrees |= holds(planned.gpa, transfer, fault.gpa);
        // The direction was checked by the processor's tables, so it has to be the one planned.
        if planned.is_write() != is_write(fault) || plan.accesses.push(planned).is_err() {
            return Err(at(FaultStatus::EXTERNAL));
        }
    }
    if !agrees {
        return Err(plan.refuse(0, FaultStatus::EXTERNAL));
    }
    plan.write_back = transfer.write_back.map(|offset| {
        let base = base_value(transfer.base, fault.pc, registers);
        let moved = base.wrapping_add(distance(offset, registers));
        (transfer.base, pstate.address(moved))
    });
    Ok(Emulation::Perform(plan))
}

/// The instruction that faulted; `None` when it cannot be read.
fn read_instruction(
    fault: &MemoryFault,
    stage1: &Stage1,
    registers: &mut impl VcpuRegisters,
    guest: &impl ReadGuest,
) -> Option<Fetched> {
    let pstate = Pstate::from_bits(registers.pstate());
    let fetched = |instruction, word, bytes| Fetched {
        instruction,
        word,
        bytes,
    };
    if pstate.aarch32() && pstate.thumb() {
        let first = fetch_half(stage1, guest, fault.pc)?;
        if !instruction::t32::is_long(first) {
            let decoded = instruction::t32::decode_short(first);
            return Some(fetched(decoded, first.into(), 2));
        }
        let second = fetch_half(stage1, guest, fault.pc.wrapping_add(2))?;
        let word = u32::from(first) << 16 | u32::from(second);
        return Some(fetched(instruction::t32::decode_long(word), word, 4));
    }
    let word = stage1.fetch(guest, fault.pc).ok()?;
    let decoded = if pstate.aarch32() {
        instruction::a32::decode(word)
    } else {
        instruction::a64::decode(word)
    };
    Some(fetched(decoded, word, 4))
}

fn fetch_half(stage1: &Stage1, guest: &impl ReadGuest, pc: u64) -> Option<u16> {
    let word = stage1.fetch(guest, pc & !3).ok()?;
    let [first, second] = [word as u16, (word >> 16) as u16];
    Some(if pc & 2 == 0 { first } else { second })
}

/// Virtual address of a transfer's first element.
fn first_address(transfer: &Transfer, pc: u64, registers: &mut impl VcpuRegisters) -> u64 {
    let pstate = Pstate::from_bits(registers.pstate());
    let offset = distance(transfer.offset, registers);
    pstate.address(base_value(transfer.base, pc, registers).wrapping_add(offset))
}

/// What an offset adds to its base.
fn distance(offset: Offset, registers: &mut impl VcpuRegisters) -> u64 {
    match offset {
        Offset::Immediate(bytes) => bytes as u64,
        Offset::Register {
            register,
            extend,
            shift,
        } => extend.apply(registers.gpr(register)) << shift,
        Offset::Shifted {
            register,
            shift,
            subtract,
        } => {
            let carry = Pstate::from_bits(registers.pstate()).carry();
            let bytes = u64::from(shift.apply(registers.gpr(register) as u32, carry));
            if subtract {
                bytes.wrapping_neg()
            } else {
                bytes
            }
        }
    }
}

/// The elements of a transfer that begins at `first`.
fn elements(transfer: &Transfer, first: u64, pstate: Pstate) -> impl Iterator<Item = Element> {
    let step = transfer.size.bytes();
    (0u64..)
        .zip(transfer.elements())
        .map(move |(index, direction)| Element {
            address: pstate.address(first.wrapping_add(index.wrapping_mul(step))),
            direction,
        })
}

fn base_value(base: Base, pc: u64, registers: &mut impl VcpuRegisters) -> u64 {
    match base {
        Base::Register(register) => registers.gpr(register),
        Base::ProgramCounter => pc & !3,
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
