//! Any instruction, in any memory, through any translation tables.

use vmm_machine::{
    Gpa,
    emulate::{self, Emulation},
    eret,
    exception::GuestException,
    exit::MemoryFault,
    kernel::VcpuRegisters,
    memory::GuestMemory,
    register::SystemRegister,
};

use super::input::Input;
use crate::model::{GICD, RAM, RAM_BYTES, kernel::ModelKernel, memory::Memory};

const REGISTERS: [SystemRegister; 6] = [
    SystemRegister::SctlrEl1,
    SystemRegister::TcrEl1,
    SystemRegister::Ttbr0El1,
    SystemRegister::Ttbr1El1,
    SystemRegister::SpEl1,
    SystemRegister::VbarEl1,
];

/// User mode.
const A32: u64 = 0x10;
const T32: u64 = 0x30;
const ERET: u32 = 0xd69f_03e0;

/// Lets the guest fault as `bytes` say.
pub(crate) fn run(bytes: &[u8]) {
    let mut input = Input::new(bytes);
    let mut ram = Memory::new(RAM_BYTES);
    let mut memory = GuestMemory::<1>::new();
    memory.add(ram.ram(RAM)).unwrap();
    let mut kernel = ModelKernel::new(1, 1);
    for register in REGISTERS {
        kernel.set_system(register, address(&mut input));
    }
    let pstate = match input.below(3) {
        0 => A32,
        1 => T32,
        _ => input.number(),
    };
    kernel.set_pstate(pstate);
    kernel.vcpus[0].x = [0; 31].map(|_| address(&mut input));
    let pc = address(&mut input);
    kernel.set_pc(pc);
    let fault = MemoryFault {
        pc,
        gpa: Gpa(address(&mut input)),
        fetch: input.below(8) == 0,
        syndrome: input.number(),
    };
    let at = (pc.wrapping_sub(RAM) % (RAM_BYTES - 4)) as usize;
    ram.write(at, &input.word().to_le_bytes());
    let at = (input.word() as usize % (RAM_BYTES as usize - 8)) & !3;
    ram.write(at, &ERET.to_le_bytes());
    while !input.is_empty() {
        let at = input.word() as usize % (RAM_BYTES as usize - 8);
        ram.write(at, &descriptor(&mut input).to_le_bytes());
    }
    check(&fault, &mut kernel, &memory);
}

/// Mostly in RAM or at the device, in the low half.
fn address(input: &mut Input<'_>) -> u64 {
    match input.below(4) {
        0 => RAM + ((u64::from(input.word()) % RAM_BYTES) & !3),
        1 => GICD + u64::from(input.word() & 0xfff),
        2 => 0,
        _ => input.number(),
    }
}

/// A table, block or page in RAM, or anything.
fn descriptor(input: &mut Input<'_>) -> u64 {
    match input.below(2) {
        0 => (RAM + u64::from(input.word()) % RAM_BYTES) & !0xfff | u64::from(input.word() & 0xfff),
        _ => input.number(),
    }
}

fn check(fault: &MemoryFault, kernel: &mut ModelKernel, memory: &GuestMemory<1>) {
    let last = fault.gpa.0;
    if let Some(found) = eret::find(kernel, memory, last) {
        let vbar = kernel.system(SystemRegister::VbarEl1);
        let first = (vbar & !0xfff).wrapping_sub(0x1_0000);
        assert!(found == last || found.wrapping_sub(first) < 0x2_0000);
        let pstate = kernel.pstate();
        eret::leave_by(kernel, found);
        assert_eq!(kernel.pstate(), 0x3c5);
        kernel.set_pstate(pstate);
        kernel.set_pc(fault.pc);
    }
    let unlocated = GuestException::external(None, false);
    let located = emulate::locate(unlocated, fault, kernel, memory);
    assert!(matches!(located, GuestException::DataAbort { .. }));
    if let Emulation::Perform(plan) = emulate::plan(fault, kernel, memory) {
        assert!(!plan.accesses.is_empty());
        let holds = |first: Gpa, bytes| fault.gpa.0.wrapping_sub(first.0) < bytes;
        let mut accesses = plan.accesses.iter();
        assert!(accesses.any(|access| holds(access.gpa, access.size.bytes())));
        let is_thumb = kernel.pstate() & 0x30 == 0x30;
        plan.finish(kernel);
        let bytes = kernel.pc().wrapping_sub(fault.pc);
        assert!(bytes == 4 || bytes == 2 && is_thumb);
    }
}
