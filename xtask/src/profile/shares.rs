//! Whose instructions were executed.
//!
//! Code is recognised by its bytes, not by its address alone, as the initialiser, the monitor
//! and the VMM are linked at the same address. What no program holds is the guest's: its kernel
//! at high addresses and, with the MMU off, in its memory; its programs elsewhere.

use std::ops::{AddAssign, RangeInclusive};

use crate::profile::counts::{Block, Phase};
use crate::profile::program::{Part, Program};

/// The top half of the address space is a kernel's.
const KERNEL_HALF: u64 = 0xffff_0000_0000_0000;

/// Executed instructions, by part.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Shares {
    /// Microkit's loader.
    pub loader: u64,
    /// seL4, or its stand-in, which is its own loader and initialiser.
    pub kernel: u64,
    /// The capDL initialiser and Microkit's monitor.
    pub initialiser: u64,
    /// Our VMMs.
    pub vmm: u64,
    /// Guests at EL1.
    pub guest_kernel: u64,
    /// Guests at EL0.
    pub guest_user: u64,
}

impl Shares {
    /// Of all parts.
    pub fn total(&self) -> u64 {
        self.loader + self.kernel + self.initialiser + self.vmm + self.guest()
    }

    /// Of guests, at EL1 and EL0.
    pub fn guest(&self) -> u64 {
        self.guest_kernel + self.guest_user
    }

    fn add(&mut self, part: Part, count: u64) {
        *match part {
            Part::Loader => &mut self.loader,
            Part::Kernel => &mut self.kernel,
            Part::Initialiser => &mut self.initialiser,
            Part::Vmm => &mut self.vmm,
            Part::GuestKernel => &mut self.guest_kernel,
            Part::GuestUser => &mut self.guest_user,
        } += count;
    }
}

impl AddAssign for Shares {
    fn add_assign(&mut self, other: Self) {
        self.loader += other.loader;
        self.kernel += other.kernel;
        self.initialiser += other.initialiser;
        self.vmm += other.vmm;
        self.guest_kernel += other.guest_kernel;
        self.guest_user += other.guest_user;
    }
}

/// All programs, and where guests have memory.
#[derive(Clone, Debug)]
pub struct Owners {
    programs: Vec<Program>,
    guest_memory: Vec<RangeInclusive<u64>>,
}

impl Owners {
    /// Of these programs; `guest_memory` is in guest-physical addresses.
    pub fn new(programs: Vec<Program>, guest_memory: Vec<RangeInclusive<u64>>) -> Self {
        Self {
            programs,
            guest_memory,
        }
    }

    /// Where guests have memory, in guest-physical addresses.
    pub fn guest_memory(&self) -> &[RangeInclusive<u64>] {
        &self.guest_memory
    }

    /// The program that holds this code.
    pub fn program(&self, block: &Block) -> Option<&Program> {
        self.programs.iter().find(|program| program.holds(block))
    }

    /// Whose code this is.
    pub fn part(&self, block: &Block) -> Part {
        let in_memory = |memory: &RangeInclusive<u64>| memory.contains(&block.address);
        match self.program(block) {
            Some(program) => program.part,
            None if block.address >= KERNEL_HALF => Part::GuestKernel,
            None if self.guest_memory.iter().any(in_memory) => Part::GuestKernel,
            None => Part::GuestUser,
        }
    }

    /// The parts' shares of a phase.
    pub fn shares(&self, phase: &Phase) -> Shares {
        let mut shares = Shares::default();
        for block in phase {
            shares.add(self.part(block), block.total());
        }
        shares
    }
}
