//! The virtual address of an access that the guest is told has failed.
//!
//! The processor knows it and the kernel does not pass it on, so it comes from the instruction
//! once more. What is found must translate to where the fault was; else FnV is set.

use super::{
    base_value, data_syndrome, elements, first_address, holds, is_write, read_instruction, refuse,
};
use crate::{
    Gpa, Gpr,
    exception::GuestException,
    exit::MemoryFault,
    instruction::{Base, Instruction, Transfer, signed},
    kernel::VcpuRegisters,
    pstate::Pstate,
    syndrome::{Esr, FaultStatus, InstructionAbort},
    translate::{Access, ReadGuest, Stage1},
};

/// The smallest page: addresses keep this part through any translation.
const PAGE_OFFSET: u64 = 0xfff;

/// Completes the exception for a fault that nothing answers: the virtual address of a data
/// access where its instruction tells it, and the level of a failed table walk.
pub fn locate(
    exception: GuestException,
    fault: &MemoryFault,
    registers: &mut impl VcpuRegisters,
    guest: &impl ReadGuest,
) -> GuestException {
    match exception {
        GuestException::InstructionAbort { status } => {
            locate_fetch(fault, status, &Stage1::of(registers), guest)
        }
        GuestException::DataAbort {
            status,
            address: None,
            ..
        } => locate_data(fault, status, registers, guest),
        _ => exception,
    }
}

fn locate_fetch(
    fault: &MemoryFault,
    status: FaultStatus,
    stage1: &Stage1,
    guest: &impl ReadGuest,
) -> GuestException {
    let iss = InstructionAbort::from_bits(Esr::from_bits(fault.syndrome).iss());
    let walk = stage1.translate(guest, fault.pc, Access::Fetch).err();
    GuestException::InstructionAbort {
        status: walk.filter(|_| iss.s1ptw()).unwrap_or(status),
    }
}

fn locate_data(
    fault: &MemoryFault,
    status: FaultStatus,
    registers: &mut impl VcpuRegisters,
    guest: &impl ReadGuest,
) -> GuestException {
    let stage1 = Stage1::of(registers);
    let Some(fetched) = read_instruction(fault, &stage1, registers, guest) else {
        return refuse(fault, None, status);
    };
    let word = fetched.word;
    match &fetched.instruction {
        Instruction::Transfer(transfer) => {
            locate_transfer(transfer, fault, status, &stage1, registers, guest)
        }
        _ if data_syndrome(fault).s1ptw() => {
            let address = address(word, fault, registers);
            let walk = address.and_then(|address| {
                let access = data_access(fault, false, registers);
                stage1.translate(guest, address, access).err()
            });
            match walk {
                Some(walk) => refuse(fault, address, walk),
                None => refuse(fault, None, status),
            }
        }
        _ => refuse(
            fault,
            undecoded(word, fault, &stage1, registers, guest),
            status,
        ),
    }
}

fn locate_transfer(
    transfer: &Transfer,
    fault: &MemoryFault,
    status: FaultStatus,
    stage1: &Stage1,
    registers: &mut impl VcpuRegisters,
    guest: &impl ReadGuest,
) -> GuestException {
    let access = data_access(fault, transfer.unprivileged, registers);
    let on_walk = data_syndrome(fault).s1ptw();
    let first = first_address(transfer, fault.pc, registers);
    let pstate = Pstate::from_bits(registers.pstate());
    for element in elements(transfer, first, pstate) {
        match stage1.translate(guest, element.address, access) {
            Err(walk) if on_walk => return refuse(fault, Some(element.address), walk),
            Ok(gpa) if !on_walk && holds(gpa, transfer, fault.gpa) => {
                return refuse(fault, Some(element.address), status);
            }
            _ => {}
        }
    }
    refuse(fault, None, status)
}

/// The address that faulted for an instruction of which only the base and a constant are
/// known: the page comes from them, the place in it from the fault. `None` when the page is
/// another one.
pub(super) fn undecoded(
    word: u32,
    fault: &MemoryFault,
    stage1: &Stage1,
    registers: &mut impl VcpuRegisters,
    guest: &impl ReadGuest,
) -> Option<u64> {
    let address = address(word, fault, registers)?;
    let access = data_access(fault, false, registers);
    let gpa = stage1.translate(guest, address, access).ok()?;
    (page(gpa) == page(fault.gpa)).then_some(address & !PAGE_OFFSET | fault.gpa.0 & PAGE_OFFSET)
}

fn address(word: u32, fault: &MemoryFault, registers: &mut impl VcpuRegisters) -> Option<u64> {
    let pstate = Pstate::from_bits(registers.pstate());
    let (base, offset) = if pstate.aarch32() {
        based_on_aarch32(word)?
    } else {
        based_on(word)?
    };
    let base = base_value(base, fault.pc, registers);
    Some(pstate.address(base.wrapping_add_signed(offset)))
}

fn data_access(
    fault: &MemoryFault,
    unprivileged: bool,
    registers: &mut impl VcpuRegisters,
) -> Access {
    let pstate = Pstate::from_bits(registers.pstate());
    Access::data(pstate, unprivileged, is_write(fault))
}

const fn page(gpa: Gpa) -> u64 {
    gpa.0 & !PAGE_OFFSET
}

/// Base and constant offset of a load, store or cache instruction. A register offset counts as
/// none, and so do the immediates of forms that are neither SIMD nor plain.
fn based_on(word: u32) -> Option<(Base, i64)> {
    // SYS with CRn 7: the address is in Rt, and XZR is a zero there.
    if word & 0xfff8_f000 == 0xd508_7000 {
        return Some((Base::Register(Gpr::from_field((word & 31) as u8)), 0));
    }
    if word & 0x0a00_0000 != 0x0800_0000 {
        return None;
    }
    // Literal loads: bits 29 and 28 are 01, bit 24 is clear.
    if word & 0x3b00_0000 == 0x1800_0000 {
        return Some((Base::ProgramCounter, signed(word >> 5, 19) << 2));
    }
    let base = match Gpr::from_field((word >> 5 & 31) as u8) {
        Gpr::ZR => Base::StackPointer,
        register => Base::Register(register),
    };
    Some((base, simd_offset(word)))
}

/// The same for A32, and for T32 in two half words: both have the base and the coprocessor's loads
/// and stores, VLDR and VSTR among them, in the same bits.
fn based_on_aarch32(word: u32) -> Option<(Base, i64)> {
    let base = match word >> 16 & 15 {
        15 => return None,
        number => Base::Register(Gpr::from_field(number as u8)),
    };
    let bytes = i64::from(word & 0xff) << 2;
    let offset = match (
        word >> 25 & 7 == 0b110 && word >> 24 & 1 == 1,
        word >> 23 & 1,
    ) {
        (false, _) => 0,
        (true, 1) => bytes,
        (true, _) => bytes.wrapping_neg(),
    };
    Some((base, offset))
}

/// The immediate of a SIMD load or store that takes part in its address (Arm ARM C4.1.94).
fn simd_offset(word: u32) -> i64 {
    let opc = word >> 30;
    match (word >> 24 & 0x3f, word >> 10 & 3) {
        // LDR and STR, unsigned: the width is opc<1>:size.
        (0b11_1101, _) => i64::from(word >> 10 & 0xfff) << (opc | word >> 21 & 4),
        // LDUR, STUR and the pre-index forms.
        (0b11_1100, 0 | 3) if word >> 21 & 1 == 0 => signed(word >> 12, 9),
        // LDP, STP, LDNP and STNP but post-index: 4, 8 or 16 bytes each.
        (0b10_1100 | 0b10_1101, _) if word >> 23 & 3 != 1 => {
            signed(word >> 15, 7) << opc.wrapping_add(2)
        }
        _ => 0,
    }
}
