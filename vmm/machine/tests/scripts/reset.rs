//! What runs in a vCPU before each run of a guest: registers, caches, the processor's features.

use vmm_config::{Action, Policy};
use vmm_machine::{
    outcome::{End, Outcome},
    register::SystemRegister as R,
    vm::Ending,
};

use crate::model::{
    CODE, ENTRY, GICD, Machine, RAM, RAM_BYTES, Setup, Thread,
    kernel::REFRESHED,
    load,
    reset::{LINE, Maintenance, register_field},
};

const SYSTEM_RESET: u64 = 0x8400_0009;
const CPU_ON: u64 = 0xc400_0003;
const CPU_OFF: u64 = 0x8400_0002;

/// Every EL1 and EL0 register that the kernel keeps for a vCPU and the guest can write, and its
/// value at reset.
const KEPT: [(R, u64); 22] = [
    (R::SctlrEl1, 0x30c5_0838),
    (R::CpacrEl1, 0),
    (R::Ttbr0El1, 0),
    (R::Ttbr1El1, 0),
    (R::TcrEl1, 0),
    (R::MairEl1, 0),
    (R::AmairEl1, 0),
    (R::ContextidrEl1, 0),
    (R::ActlrEl1, 0),
    (R::Afsr0El1, 0),
    (R::Afsr1El1, 0),
    (R::EsrEl1, 0),
    (R::FarEl1, 0),
    (R::ParEl1, 0),
    (R::VbarEl1, 0),
    (R::TpidrEl1, 0),
    (R::SpEl1, 0),
    (R::ElrEl1, 0),
    (R::SpsrEl1, 0),
    (R::CntvCtlEl0, 0),
    (R::CntvCvalEl0, 0),
    (R::CntkctlEl1, 0),
];

fn spoil<const VCPUS: usize>(machine: &mut Machine<VCPUS>, vcpu: u8) {
    for (register, _) in KEPT {
        let timer_off = if register == R::CntvCtlEl0 {
            2
        } else {
            u64::MAX
        };
        machine.vcpu(vcpu).set_system(register, timer_off);
    }
    machine.vcpu(vcpu).x = [u64::MAX; 31];
    machine.vcpu(vcpu).sp_el0 = u64::MAX;
}

fn assert_kept_are_reset<const VCPUS: usize>(machine: &mut Machine<VCPUS>, vcpu: u8) {
    for (register, value) in KEPT {
        assert_eq!(machine.system(vcpu, register), value, "{register:?}");
    }
    let vcpu = machine.vcpu(vcpu);
    assert_eq!(vcpu.x[1..], [0; 30]);
    assert_eq!(vcpu.sp_el0, 0);
}

#[test]
fn a_reset_leaves_no_register_of_the_last_run() {
    let mut machine = Machine::<1>::started();
    spoil(&mut machine, 0);
    machine.smc(&[SYSTEM_RESET]);
    machine.reset();
    assert_kept_are_reset(&mut machine, 0);
}

#[test]
fn a_vcpu_that_comes_on_again_has_none_of_its_registers() {
    let mut machine = Machine::<2>::started();
    machine.smc(&[CPU_ON, 1, ENTRY, 7]);
    spoil(&mut machine, 1);
    assert_eq!(machine.smc_of(1, &[CPU_OFF]), Outcome::Drop);
    machine.smc(&[CPU_ON, 1, ENTRY, 7]);
    assert_kept_are_reset(&mut machine, 1);
    assert_eq!(machine.vcpu(1).x[0], 7);
}

/// What the kernel does not keep, by the MSR that clears it and the value that does.
#[test]
fn the_vcpu_clears_what_the_kernel_does_not_keep() {
    let machine = Machine::<1>::started();
    let mut expected = vec![
        (0xd51b_4400, 0),        // FPCR
        (0xd51b_4420, 0),        // FPSR
        (0xd510_1080, 1),        // OSLAR_EL1
        (0xd510_0240, 0),        // MDSCR_EL1
        (0xd510_0200, 0),        // MDCCINT_EL1
        (0xd510_1380, 0),        // OSDLR_EL1
        (0xd51b_9e00, 0),        // PMUSERENR_EL0
        (0xd51b_9ca0, 0),        // PMSELR_EL0
        (0xd51b_9c00, 6),        // PMCR_EL0: counters reset and off
        (0xd51b_9c40, u64::MAX), // PMCNTENCLR_EL0
        (0xd518_9e40, u64::MAX), // PMINTENCLR_EL1
        (0xd51b_9c60, u64::MAX), // PMOVSCLR_EL0
        (0xd51b_efe0, 0),        // PMCCFILTR_EL0
        (0xd51b_ec00, 0),        // PMEVTYPER0_EL0
        (0xd51b_efc0, 0),        // PMEVTYPER30_EL0
        (0xd51a_0000, 0),        // CSSELR_EL1
        (0xd518_a460, 0),        // LORC_EL1
        (0xd51b_d0e0, 0),        // SCXTNUM_EL0
    ];
    for number in 0..16 {
        let kinds = [0x80, 0xa0, 0xc0, 0xe0]; // DBGBVR, DBGBCR, DBGWVR, DBGWCR
        expected.extend(kinds.map(|kind| (0xd510_0000 | number << 8 | kind, 0)));
    }
    for (word, value) in expected {
        let written = machine.reset.written.get(&register_field(word));
        assert_eq!(written, Some(&value), "{word:08x}");
    }
    assert_eq!(machine.reset.vectors, u32::MAX);
}

/// First and later runs alike: the images lie in RAM, the instructions of the reset are
/// published, and they write every line of RAM back before they empty the instruction cache.
#[test]
fn caches_hold_nothing_of_the_last_run() {
    let mut machine = Machine::<2>::loaded(&Setup::default());
    for _ in 0..2 {
        for vcpu in 0..2 {
            assert_eq!(machine.ram.bytes()[0x1000..0x1010], CODE, "laid before");
            let published = (machine.ram.vmm_address(), 0x1000);
            assert_eq!(machine.kernel.published, [published]);
            machine.kernel.published.clear();
            machine.reset_of(vcpu);
            let lines = (RAM..RAM + RAM_BYTES).step_by(LINE as usize);
            let mut expected: Vec<Maintenance> = lines.map(Maintenance::Data).collect();
            expected.extend([
                Maintenance::Barrier,
                Maintenance::Instructions,
                Maintenance::Translations,
                Maintenance::Barrier,
            ]);
            assert_eq!(machine.reset.maintenance, expected);
        }
        assert_eq!(machine.vcpu(0).pc, ENTRY);
        machine.smc(&[SYSTEM_RESET]);
    }
}

/// The VMM may have read the same line before, and the guest's caches may be off.
#[test]
fn memory_is_read_past_the_cache() {
    const LDR_W2_POST_4: u32 = 0xb840_4482;
    let mut machine = Machine::<1>::started();
    machine.code(&[LDR_W2_POST_4]);
    machine.vcpu(0).x[4] = GICD;
    let offset = machine.vcpu(0).pc - RAM;
    REFRESHED.take();
    assert_eq!(machine.access(load(GICD).undescribed()), Outcome::Resume);
    let instruction = (machine.ram.vmm_address() + offset, 4);
    assert_eq!(REFRESHED.take(), [instruction]);
}

#[test]
fn translation_tables_are_read_past_the_cache() {
    const LDR_W2_POST_4: u32 = 0xb840_4482;
    const TABLE: u64 = 0x4000;
    let mut machine = Machine::<1>::started();
    machine.code(&[LDR_W2_POST_4]);
    // Blocks of 1 GiB for all that there is: 4 KiB granule, 39 bits of address.
    for index in 0..2_u64 {
        let block = index << 30 | 1 << 10 | 1;
        let at = TABLE as usize + index as usize * 8;
        machine.ram.write(at, &block.to_le_bytes());
    }
    machine.vcpu(0).set_system(R::TcrEl1, 25);
    machine.vcpu(0).set_system(R::Ttbr0El1, RAM + TABLE);
    machine.vcpu(0).set_system(R::SctlrEl1, 0x30c5_0839);
    machine.vcpu(0).x[4] = GICD;
    REFRESHED.take();
    assert_eq!(machine.access(load(GICD).undescribed()), Outcome::Resume);
    let place = |offset| machine.ram.vmm_address() + offset;
    let expected = [
        (place(TABLE + 8), 8), // for the instruction, which lies in the second GiB
        (place(ENTRY - RAM), 4),
        (place(TABLE), 8), // for the device
    ];
    assert_eq!(REFRESHED.take(), expected);
}

/// On a board whose kernel traps one of these registers, the others are cleared all the same.
#[test]
fn a_register_that_the_kernel_traps_is_left_alone() {
    let mut machine = Machine::<1>::loaded(&Setup::default());
    let pc = machine.vcpu(0).pc;
    let msr = 0x18 << 26 | 1 << 25;
    assert_eq!(machine.trap_of(0, msr), Outcome::Resume);
    assert_eq!(machine.vcpu(0).pc, pc + 4);
}

#[test]
fn a_processor_with_more_than_the_kernel_switches_is_refused() {
    let restart = Action::Restart { limit: None };
    for (crash, expected) in [
        (restart, Ending::Stopped),
        (Action::Stop, Ending::Stopped),
        (Action::MachineOff, Ending::MachineOff),
    ] {
        let policy = Policy {
            power_off: restart,
            reset: restart,
            crash,
        };
        let mut machine = Machine::<2>::loaded(&Setup {
            policy,
            ..Setup::default()
        });
        assert_eq!(machine.reset_of(0), Outcome::Drop);
        // Only the second one has it: the guest does not run at all.
        machine.identification = [0x2222, 0, 1 << 4, 0, 0];
        let refused = Outcome::End(End::Refused("pointer authentication"));
        assert_eq!(machine.reset_of(1), refused);
        assert_eq!(machine.ending, Some(expected), "{crash:?}");
        assert_eq!(machine.thread(0), Thread::Inactive);
        assert_eq!(machine.thread(1), Thread::Inactive);
    }
}
