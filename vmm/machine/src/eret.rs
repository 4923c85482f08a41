//! A return to AArch32 by an ERET of the guest's own.
//!
//! seL4 writes a thread's general-purpose registers only together with its SPSR, and takes no SPSR
//! of AArch32 (sanitiseRegister in its 64/mode/kernel/thread.h). The guest's EL1 can set both: the
//! vCPU goes on at EL1, at an ERET there, with ELR_EL1 and SPSR_EL1 saying where to return. The
//! two hold nothing while EL0 runs, since the next exception to EL1 writes them, and an ERET changes
//! nothing else. Every EL1 that runs code at EL0 has one, most near its vectors.

use crate::{
    Gpa,
    kernel::VcpuRegisters,
    pstate::Pstate,
    register::SystemRegister,
    translate::{Access, ReadGuest, Stage1},
};

#[cfg(test)]
mod tests;

const ERET: u64 = 0xd69f_03e0;

/// How far from VBAR_EL1 it is looked for, on either side.
const PAGES: u64 = 16;
const PAGE: u64 = 0x1000;

/// The virtual address of an ERET that EL1 may execute now: `last`, the one found before, or one
/// in the pages behind VBAR_EL1, or before it.
pub fn find(registers: &mut impl VcpuRegisters, guest: &impl ReadGuest, last: u64) -> Option<u64> {
    let stage1 = Stage1::of(registers);
    let at = |address| {
        stage1
            .translate(guest, address, Access::PrivilegedFetch)
            .ok()
    };
    let is_eret = |address| guest.read_u32(address).map(u64::from) == Some(ERET);
    if at(last).is_some_and(is_eret) {
        return Some(last);
    }
    let first = registers.system(SystemRegister::VbarEl1) & !(PAGE - 1);
    let behind = (0..PAGES).map(|number| first.wrapping_add(number.wrapping_mul(PAGE)));
    let before = (1..=PAGES).map(|number| first.wrapping_sub(number.wrapping_mul(PAGE)));
    behind
        .chain(before)
        .find_map(|page| Some(page.wrapping_add(find_in(guest, at(page)?)?)))
}

/// The place of an ERET in a page.
fn find_in(guest: &impl ReadGuest, page: Gpa) -> Option<u64> {
    (0..PAGE).step_by(8).find_map(|offset| {
        let pair = guest.read_u64(Gpa(page.0.wrapping_add(offset)))?;
        match (pair & 0xffff_ffff, pair >> 32) {
            (ERET, _) => Some(offset),
            (_, ERET) => Some(offset.wrapping_add(4)),
            _ => None,
        }
    })
}

/// Lets the vCPU reach the PC and PSTATE that are set by way of the ERET at `address`.
pub fn leave_by(registers: &mut impl VcpuRegisters, address: u64) {
    let (pc, pstate) = (registers.pc(), registers.pstate());
    registers.set_system(SystemRegister::ElrEl1, pc);
    registers.set_system(SystemRegister::SpsrEl1, pstate);
    registers.set_pstate(Pstate::el1h_masked().into_bits());
    registers.set_pc(address);
}
