//! Loads and stores that the distributor answers.

use vmm_machine::{outcome::Outcome, register::SystemRegister};

use crate::model::{GICD, Machine, UART_CHANNEL, UART_INTERRUPT, load, store};

/// GICD_IPRIORITYR for INTID 32 and on: any byte may be written, of which five bits stay.
const PRIORITIES: u64 = 0x420;
/// GICD_IIDR, GICD_TYPER and GICD_PIDR2.
const TYPER: u64 = 0x004;
const ALL_ONES: u64 = u64::MAX;

/// With priorities 0xa0, 0xb0, 0xc0 and 0xf8 at [`PRIORITIES`].
fn machine() -> Machine {
    let mut machine = Machine::started();
    machine.write_distributor(PRIORITIES, 0xf8c0_b0a0);
    machine.vcpu(0).x = [ALL_ONES; 31];
    machine
}

#[test]
fn a_load_sets_the_whole_register_and_moves_on() {
    let priorities = GICD + PRIORITIES;
    for (access, value) in [
        (load(priorities), 0xf8c0_b0a0),
        (load(priorities).half(), 0xb0a0),
        (load(priorities + 2).half(), 0xf8c0),
        (load(priorities).byte(), 0xa0),
        (load(priorities + 3).byte(), 0xf8),
        (load(priorities).signed().x(), 0xffff_ffff_f8c0_b0a0),
        (load(priorities + 2).half().signed(), 0xffff_f8c0),
        (
            load(priorities + 2).half().signed().x(),
            0xffff_ffff_ffff_f8c0,
        ),
        (load(priorities + 3).byte().signed(), 0xffff_fff8),
        (
            load(priorities + 1).byte().signed().x(),
            0xffff_ffff_ffff_ffb0,
        ),
    ] {
        let mut machine = machine();
        let pc = machine.vcpu(0).pc;
        assert_eq!(machine.access(access.register(20)), Outcome::Resume);
        let mut expected = [ALL_ONES; 31];
        expected[20] = value;
        assert_eq!(machine.vcpu(0).x, expected, "{access:?}");
        assert_eq!(machine.vcpu(0).pc, pc + 4);
    }
}

#[test]
fn every_register_can_be_the_target() {
    for number in 0..31 {
        let mut machine = machine();
        machine.access(load(GICD + PRIORITIES).register(number));
        assert_eq!(machine.vcpu(0).x[usize::from(number)], 0xf8c0_b0a0);
    }
}

#[test]
fn stores_write_as_many_bytes_as_they_have() {
    let mut machine = machine();
    machine.vcpu(0).x[7] = 0x1122_3344_5566_1840;
    let at = GICD + PRIORITIES;
    machine.access(store(at + 1).byte().register(7));
    assert_eq!(machine.read_distributor(PRIORITIES), 0xf8c0_40a0);
    machine.access(store(at + 2).half().register(7));
    assert_eq!(machine.read_distributor(PRIORITIES), 0x1840_40a0);
    machine.access(store(at).register(7));
    assert_eq!(machine.read_distributor(PRIORITIES), 0x5060_1840);
}

#[test]
fn a_doubleword_is_two_registers() {
    let mut machine = machine();
    machine.vcpu(0).x[7] = 0x1018_2028_3038_4048;
    machine.access(store(GICD + PRIORITIES).double().register(7));
    assert_eq!(machine.read_distributor(PRIORITIES + 4), 0x1018_2028);
    machine.access(load(GICD + PRIORITIES).double().register(8));
    assert_eq!(machine.vcpu(0).x[8], 0x1018_2028_3038_4048);
}

/// A load to the zero register must not be seen by a later store of it.
#[test]
fn the_zero_register_stays_zero() {
    let mut machine = machine();
    let before = machine.vcpu(0).x;
    assert_eq!(
        machine.access(load(GICD + TYPER).register(31)),
        Outcome::Resume
    );
    assert_eq!(machine.vcpu(0).x, before, "no register changed");
    assert_eq!(
        machine.access(store(GICD + PRIORITIES).register(31)),
        Outcome::Resume
    );
    assert_eq!(machine.read_distributor(PRIORITIES), 0);
}

#[test]
fn a_register_that_is_not_there_reads_as_zero() {
    let mut machine = machine();
    assert_eq!(machine.read_distributor(0x00c), 0);
    machine.write_distributor(0x00c, ALL_ONES);
    assert_eq!(machine.read_distributor(0x00c), 0);
}

const LDP_W0_W1_POST_8: u32 = 0x28c1_0480; // ldp w0, w1, [x4], #8
const STP_W0_W1_PRE_8: u32 = 0x2981_0480; // stp w0, w1, [x4, #8]!
const LDR_W2_POST_4: u32 = 0xb840_4482; // ldr w2, [x4], #4
const STR_W2_SP_POST_4: u32 = 0xb800_47e2; // str w2, [sp], #4

#[test]
fn a_pair_is_two_accesses_and_writes_its_base_back() {
    let mut machine = machine();
    machine.write_distributor(PRIORITIES + 4, 0x2830_3840);
    machine.code(&[LDP_W0_W1_POST_8, STP_W0_W1_PRE_8]);
    machine.vcpu(0).x[4] = GICD + PRIORITIES;
    let pc = machine.vcpu(0).pc;
    let fault = load(GICD + PRIORITIES).undescribed();
    assert_eq!(machine.access(fault), Outcome::Resume);
    assert_eq!(machine.vcpu(0).x[..2], [0xf8c0_b0a0, 0x2830_3840]);
    assert_eq!(machine.vcpu(0).x[4], GICD + PRIORITIES + 8);
    assert_eq!(machine.vcpu(0).pc, pc + 4);
}

#[test]
fn a_pair_of_stores_goes_where_the_pre_index_says() {
    let mut machine = machine();
    machine.code(&[STP_W0_W1_PRE_8]);
    machine.vcpu(0).x[..2].copy_from_slice(&[0x0808_0808, 0x1010_1010]);
    machine.vcpu(0).x[4] = GICD + PRIORITIES;
    let fault = store(GICD + PRIORITIES + 8).undescribed();
    assert_eq!(machine.access(fault), Outcome::Resume);
    assert_eq!(machine.vcpu(0).x[4], GICD + PRIORITIES + 8);
    assert_eq!(machine.read_distributor(PRIORITIES + 8), 0x0808_0808);
    assert_eq!(machine.read_distributor(PRIORITIES + 12), 0x1010_1010);
}

#[test]
fn the_base_may_be_the_stack_pointer() {
    let mut machine = machine();
    machine.code(&[STR_W2_SP_POST_4]);
    machine.vcpu(0).x[2] = 0x40;
    machine
        .vcpu(0)
        .set_system(SystemRegister::SpEl1, GICD + PRIORITIES);
    let fault = store(GICD + PRIORITIES).undescribed();
    assert_eq!(machine.access(fault), Outcome::Resume);
    assert_eq!(
        machine.system(0, SystemRegister::SpEl1),
        GICD + PRIORITIES + 4
    );
    assert_eq!(machine.read_distributor(PRIORITIES), 0x40);
}

#[test]
fn a_post_index_load_leaves_the_rest_alone() {
    let mut machine = machine();
    machine.code(&[LDR_W2_POST_4]);
    machine.vcpu(0).x[4] = GICD + PRIORITIES;
    machine.access(load(GICD + PRIORITIES).undescribed());
    let mut expected = [ALL_ONES; 31];
    (expected[2], expected[4]) = (0xf8c0_b0a0, GICD + PRIORITIES + 4);
    expected[9] = machine.vcpu(0).x[9];
    assert_eq!(machine.vcpu(0).x, expected);
}

#[test]
fn cache_maintenance_of_a_device_is_stepped_over() {
    let mut machine = machine();
    let before = machine.vcpu(0).x;
    assert_eq!(
        machine.access(load(GICD).cache_maintenance()),
        Outcome::Resume
    );
    assert_eq!(machine.vcpu(0).x, before);
}

/// The guest ends an interrupt and changes it by its next store, which exits before the kernel
/// reports the end: the vCPU stays at the store, and performs it once more behind the report.
#[test]
fn a_store_right_behind_an_end_is_performed_once_more() {
    let mut machine = Machine::<1>::started();
    machine.enable(UART_INTERRUPT);
    machine.fire(UART_CHANNEL, UART_INTERRUPT);
    assert_eq!(machine.acknowledge(0), Some(UART_INTERRUPT));
    assert!(machine.vcpu(0).interface.end(UART_INTERRUPT));
    let pc = machine.vcpu(0).pc;
    machine.write_distributor(0x184, 1 << (UART_INTERRUPT - 32));
    assert_eq!(machine.vcpu(0).pc, pc + 4);
    assert!(machine.vcpu(0).interface.is_empty());
    assert_eq!(machine.vcpu(0).interface.pending(), []);
}
