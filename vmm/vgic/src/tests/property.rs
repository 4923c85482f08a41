//! Random guests, devices and kernels against the reference.

mod rig;
mod story;

use proptest::prelude::*;
use vmm_machine::AccessSize;

use self::{
    rig::Rig,
    story::{Step, story},
};
use crate::Shadow;

/// A shadow page in plain memory.
#[derive(Clone, Debug)]
pub(super) struct Page(pub(super) Vec<u32>);

impl Shadow for Page {
    const PRESENT: bool = true;

    fn write(&mut self, offset: u64, value: u32) {
        self.0[(offset / 4) as usize] = value;
    }
}

/// Lines that the kernel watches and masks when they fire; all others are emulated.
const WATCHED: [u16; 2] = [27, 40];
const SPI_WORDS: usize = 2;

fn open<const VCPUS: usize>(rig: &mut Rig<VCPUS>) {
    for vcpu in 0..VCPUS as u8 {
        rig.online(vcpu, true);
        for word in 0..=SPI_WORDS as u64 {
            rig.write(vcpu, 0x100 + word * 4, AccessSize::Word, u64::MAX);
        }
    }
    for number in 32..u64::from(rig.reference.limit) {
        rig.write(0, 0x800 + number, AccessSize::Byte, 7);
    }
    rig.write(0, 0, AccessSize::Word, 1);
}

fn tell<const VCPUS: usize>(list_registers: usize, loose: bool, late: bool, story: &[Step]) {
    let mut rig = Rig::<VCPUS>::new(list_registers);
    rig.loose = loose;
    rig.late = late;
    rig.machine.hardware.blind = loose && !late;
    open(&mut rig);
    for step in story {
        rig.step(step);
    }
    rig.drain();
}

/// Few cases, for a build that is not optimised; PROPTEST_CASES asks for more.
fn config() -> ProptestConfig {
    let config = ProptestConfig {
        failure_persistence: None,
        ..ProptestConfig::default()
    };
    match std::env::var_os("PROPTEST_CASES") {
        Some(_) => config,
        None => ProptestConfig {
            cases: 64,
            ..config
        },
    }
}

proptest! {
    #![proptest_config(config())]

    #[test]
    fn one_vcpu(list_registers in 1..5_usize, story in story(1)) {
        tell::<1>(list_registers, false, false, &story);
    }

    #[test]
    fn three_vcpus(list_registers in 1..5_usize, story in story(3)) {
        tell::<3>(list_registers, false, false, &story);
    }

    /// The guest ends several interrupts before the kernel reports the first end.
    #[test]
    fn late_reports(list_registers in 1..5_usize, story in story(2)) {
        tell::<2>(list_registers, true, true, &story);
    }

    /// The kernel never refuses, as seL4 when it has saved no list registers yet.
    #[test]
    fn blind_kernel(list_registers in 1..5_usize, story in story(2)) {
        tell::<2>(list_registers, true, false, &story);
    }

    /// Both with one vCPU, whose shadow page is compared too.
    #[test]
    fn one_vcpu_on_a_loose_kernel(list_registers in 1..5_usize, late: bool, story in story(1)) {
        tell::<1>(list_registers, true, late, &story);
    }
}
