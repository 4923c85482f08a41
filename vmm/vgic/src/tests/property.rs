//! Random guests, devices and kernels against the reference.

mod rig;
mod story;

use proptest::prelude::*;

use self::{
    rig::Rig,
    story::{Step, story},
};
use crate::{Shadow, tests::model::Sight};

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

fn tell<const VCPUS: usize>(list_registers: usize, loose: bool, late: bool, story: &[Step]) {
    let mut rig = Rig::<VCPUS>::new(list_registers);
    rig.loose = loose;
    rig.late = late;
    rig.machine.hardware.blind = loose && !late;
    if loose {
        rig.machine.hardware.sight = Sight::Nothing;
    }
    rig.play(story);
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

    /// The kernel never refuses, and the VMM sees which priorities are active: nothing that the
    /// guest has taken is overwritten, and what it changes takes effect.
    #[test]
    fn visible_interface(list_registers in 1..5_usize, story in story(1)) {
        let mut rig = Rig::<1>::new(list_registers);
        rig.machine.hardware.blind = true;
        rig.play(&story);
    }

    /// As before, with GICV_CTLR.EOImode: what has not been deactivated is not overwritten, so that
    /// an edge which comes again before it is taken may come twice.
    #[test]
    fn split_ends(list_registers in 1..5_usize, story in story(1)) {
        let mut rig = Rig::<1>::new(list_registers);
        rig.machine.hardware.blind = true;
        rig.machine.hardware.split_ends = true;
        rig.loose = true;
        rig.play(&story);
    }

    /// Both with one vCPU, whose shadow page is compared too.
    #[test]
    fn one_vcpu_on_a_loose_kernel(list_registers in 1..5_usize, late: bool, story in story(1)) {
        tell::<1>(list_registers, true, late, &story);
    }
}
