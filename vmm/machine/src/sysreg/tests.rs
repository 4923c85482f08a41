use proptest::prelude::*;

use super::*;
use crate::model_vcpu::ModelVcpu;

type Encoding = (u8, u8, u8, u8, u8);

fn trap((op0, op1, crn, crm, op2): Encoding, read: bool, rt: u8) -> SystemTrap {
    SystemTrap::from_bits(u32::from(rt) << 5)
        .with_op0(op0)
        .with_op1(op1)
        .with_crn(crn)
        .with_crm(crm)
        .with_op2(op2)
        .with_read(read)
}

const ZERO: SystemAccess = SystemAccess::Constant(0);

#[test]
fn debug_and_performance_registers_are_empty() {
    for encoding in [
        (2, 0, 0, 2, 2),   // MDSCR_EL1
        (2, 0, 0, 5, 4),   // DBGBVR5_EL1
        (2, 0, 1, 3, 4),   // OSDLR_EL1
        (2, 3, 0, 1, 0),   // MDCCSR_EL0
        (3, 0, 9, 14, 1),  // PMINTENSET_EL1
        (3, 3, 9, 12, 0),  // PMCR_EL0
        (3, 3, 14, 15, 7), // PMCCFILTR_EL0
        (3, 0, 1, 0, 1),   // ACTLR_EL1
    ] {
        assert_eq!(classify(trap(encoding, true, 1)), ZERO, "{encoding:?}");
        assert_eq!(classify(trap(encoding, false, 1)), ZERO, "{encoding:?}");
    }
    assert_eq!(classify(trap((2, 0, 1, 0, 4), false, 1)), ZERO, "OSLAR_EL1");
    let oslsr = classify(trap((2, 0, 1, 1, 4), true, 1));
    assert_eq!(oslsr, SystemAccess::Constant(8));
}

#[test]
fn identification_can_be_read_and_not_written() {
    let id_aa64isar3 = (3, 0, 0, 6, 3);
    assert_eq!(classify(trap(id_aa64isar3, true, 0)), ZERO);
    assert_eq!(
        classify(trap(id_aa64isar3, false, 0)),
        SystemAccess::Undefined
    );
    let midr = (3, 0, 0, 0, 0);
    assert_eq!(classify(trap(midr, true, 0)), SystemAccess::Undefined);
}

#[test]
fn cache_operations_by_set_and_way_do_nothing() {
    for crm in [6, 10, 14] {
        assert_eq!(classify(trap((1, 0, 7, crm, 2), false, 3)), ZERO);
    }
}

#[test]
fn the_sgi_registers_are_told_apart() {
    for (op2, register) in [
        (5, SgiRegister::Sgi1R),
        (6, SgiRegister::Asgi1R),
        (7, SgiRegister::Sgi0R),
    ] {
        let access = classify(trap((3, 0, 12, 11, op2), false, 4));
        let source = Gpr::from_field(4);
        assert_eq!(access, SystemAccess::SendSgi { register, source });
        let read = classify(trap((3, 0, 12, 11, op2), true, 4));
        assert_eq!(read, SystemAccess::Undefined);
    }
}

#[test]
fn the_unknown_is_undefined() {
    for encoding in [
        (3, 0, 12, 12, 5), // ICC_SRE_EL1
        (3, 0, 1, 0, 0),   // SCTLR_EL1
        (3, 3, 15, 0, 0),  // implementation defined
        (3, 4, 1, 1, 0),   // HCR_EL2
        (0, 0, 0, 0, 0),
    ] {
        let access = classify(trap(encoding, true, 0));
        assert_eq!(access, SystemAccess::Undefined, "{encoding:?}");
    }
}

#[test]
fn a_read_fills_its_register_and_a_write_changes_none() {
    let mut vcpu = ModelVcpu::at_el1(0x1000);
    vcpu.x = [7; 31];
    complete(trap((2, 0, 0, 2, 2), true, 3), 8, &mut vcpu);
    assert_eq!((vcpu.x[3], vcpu.pc), (8, 0x1004));
    complete(trap((2, 0, 0, 2, 2), false, 4), 8, &mut vcpu);
    assert_eq!((vcpu.x[4], vcpu.pc), (7, 0x1008));
    complete(trap((2, 0, 0, 2, 2), true, 31), 8, &mut vcpu);
    assert_eq!(vcpu.x.iter().filter(|&&value| value == 8).count(), 1);
}

proptest! {
    #[test]
    fn every_trap_has_an_answer(iss in 0u32..1 << 22) {
        let trap = SystemTrap::from_bits(iss);
        if let SystemAccess::SendSgi { .. } = classify(trap) {
            prop_assert!(!trap.read());
        }
    }
}
