use proptest::prelude::*;

use super::*;
use crate::model_vcpu::ModelVcpu;

const VBAR: u64 = 0xffff_8000_1000_0800;
const SPAN: u64 = 1 << 23;

fn vcpu(pstate: u64) -> ModelVcpu {
    let mut vcpu = ModelVcpu::at_el1(0x4008_1234);
    vcpu.pstate = pstate;
    vcpu.set_system(SystemRegister::VbarEl1, VBAR);
    vcpu.set_system(SystemRegister::SctlrEl1, SPAN);
    vcpu
}

#[test]
fn each_source_has_its_own_vector() {
    for (pstate, offset) in [
        (0x3c4, 0x000), // EL1t
        (0x3c5, 0x200), // EL1h
        (0x000, 0x400), // EL0t
        (0x010, 0x600), // AArch32 user
        (0x030, 0x600), // AArch32 user, Thumb
    ] {
        let mut vcpu = vcpu(pstate);
        assert_eq!(
            inject(&mut vcpu, GuestException::Undefined),
            Injection::Taken
        );
        assert_eq!(vcpu.pc, VBAR + offset, "from {pstate:#x}");
        assert_eq!(vcpu.system(SystemRegister::SpsrEl1), pstate);
    }
}

#[test]
fn a_data_abort_tells_where_and_why() {
    let mut vcpu = vcpu(0x8000_0005);
    let abort = GuestException::external(Some(0xffff_0000_0900_0018), true);
    assert_eq!(inject(&mut vcpu, abort), Injection::Taken);
    assert_eq!(vcpu.system(SystemRegister::EsrEl1), 0x9600_0050);
    assert_eq!(vcpu.system(SystemRegister::FarEl1), 0xffff_0000_0900_0018);
    assert_eq!(vcpu.system(SystemRegister::ElrEl1), 0x4008_1234);
    assert_eq!(vcpu.pstate, 0x8000_03c5, "EL1h, all masked, the flags kept");
}

#[test]
fn a_data_abort_at_an_unknown_address_leaves_far_alone() {
    let mut vcpu = vcpu(0);
    vcpu.set_system(SystemRegister::FarEl1, 0x1234);
    assert_eq!(
        inject(&mut vcpu, GuestException::external(None, false)),
        Injection::Taken
    );
    assert_eq!(
        vcpu.system(SystemRegister::EsrEl1),
        0x9200_0410,
        "lower level, FnV"
    );
    assert_eq!(vcpu.system(SystemRegister::FarEl1), 0x1234);
}

#[test]
fn a_failed_fetch_reports_the_pc() {
    for (pstate, esr) in [(0x3c5, 0x8600_0010), (0, 0x8200_0010)] {
        let mut vcpu = vcpu(pstate);
        let status = FaultStatus::EXTERNAL;
        assert_eq!(
            inject(&mut vcpu, GuestException::InstructionAbort { status }),
            Injection::Taken
        );
        assert_eq!(vcpu.system(SystemRegister::EsrEl1), esr);
        assert_eq!(vcpu.system(SystemRegister::FarEl1), 0x4008_1234);
    }
}

#[test]
fn an_undefined_instruction_has_class_zero() {
    let mut vcpu = vcpu(0x3c5);
    assert_eq!(
        inject(&mut vcpu, GuestException::Undefined),
        Injection::Taken
    );
    assert_eq!(vcpu.system(SystemRegister::EsrEl1), 0x0200_0000);
}

#[test]
fn pan_is_set_unless_sctlr_span_forbids() {
    const PAN: u64 = 1 << 22;
    for (sctlr, before, after) in [(SPAN, 0, 0), (SPAN, PAN, PAN), (0, 0, PAN), (0, PAN, PAN)] {
        let mut vcpu = vcpu(0x5 | before);
        vcpu.set_system(SystemRegister::SctlrEl1, sctlr);
        assert_eq!(
            inject(&mut vcpu, GuestException::Undefined),
            Injection::Taken
        );
        assert_eq!(vcpu.pstate & PAN, after);
    }
}

#[test]
fn what_an_exception_clears_is_clear_in_the_handler() {
    const UAO_SS_IL_BTYPE: u64 = 1 << 23 | 1 << 21 | 1 << 20 | 3 << 10;
    let mut vcpu = vcpu(UAO_SS_IL_BTYPE | 0x5);
    assert_eq!(
        inject(&mut vcpu, GuestException::Undefined),
        Injection::Taken
    );
    assert_eq!(vcpu.pstate, 0x3c5);
    assert_eq!(
        vcpu.system(SystemRegister::SpsrEl1),
        UAO_SS_IL_BTYPE | 0x5,
        "the handler can give it back"
    );
}

/// AArch32's own CPSR has DIT elsewhere, where SPSR_EL2 has the software step bit.
#[test]
fn dit_is_kept_and_a_step_is_not() {
    const DIT: u64 = 1 << 24;
    const SS: u64 = 1 << 21;
    for mode in [0x10, 0x30, 0x0, 0x4, 0x5] {
        for (before, after) in [(DIT, DIT), (SS, 0), (DIT | SS, DIT)] {
            let mut vcpu = vcpu(before | mode);
            assert_eq!(
                inject(&mut vcpu, GuestException::Undefined),
                Injection::Taken
            );
            assert_eq!(vcpu.pstate, after | 0x3c5, "{before:#x} from {mode:#x}");
        }
    }
}

const FETCH: GuestException = GuestException::InstructionAbort {
    status: FaultStatus::EXTERNAL,
};

#[test]
fn a_guest_without_vectors_is_lost_at_the_second_exception() {
    for pstate in [0x3c5, 0x5, 0x4, 0x0, 0x10] {
        let mut vcpu = vcpu(pstate);
        let mut rounds = 1;
        while inject(&mut vcpu, FETCH) == Injection::Taken {
            rounds += 1;
        }
        let from_el1h = pstate & 0x1f == 5;
        assert_eq!(rounds, if from_el1h { 2 } else { 3 }, "{pstate:#x}");
    }
}

/// The PC is the vector already, and something else is not as handlers find it.
#[test]
fn the_same_pc_in_another_state_is_no_end() {
    for (pstate, offset) in [
        (0x3c0, 0x400),
        (0x3c4, 0x000),
        (0x1d0, 0x600),
        (0x3f0, 0x600),
        (0x385, 0x200),     // EL1h, FIQ unmasked
        (0x345, 0x200),     // EL1h, IRQ unmasked
        (0x2c5, 0x200),     // EL1h, SError unmasked
        (0x20_03c5, 0x200), // a software step
        (0x80_03c5, 0x200), // UAO
    ] {
        let mut vcpu = vcpu(pstate);
        vcpu.pc = VBAR + offset;
        assert_eq!(inject(&mut vcpu, FETCH), Injection::Taken, "{pstate:#x}");
    }
    let mut without_pan = vcpu(0x3c5);
    without_pan.pc = VBAR + 0x200;
    without_pan.set_system(SystemRegister::SctlrEl1, 0);
    assert_eq!(inject(&mut without_pan, FETCH), Injection::Taken, "SPAN");
    assert_eq!(inject(&mut without_pan, FETCH), Injection::Endless);
}

proptest! {
    #[test]
    fn any_state_ends_in_a_handler(pstate: u64, pc: u64, vbar: u64, sctlr: u64) {
        let mut vcpu = ModelVcpu::at_el1(pc);
        vcpu.pstate = pstate;
        vcpu.set_system(SystemRegister::VbarEl1, vbar);
        vcpu.set_system(SystemRegister::SctlrEl1, sctlr);
        let injection = inject(&mut vcpu, GuestException::external(None, true));
        let same = vcpu.pc == pc && vcpu.pstate == pstate;
        prop_assert_eq!(injection == Injection::Endless, same);
        prop_assert_eq!(vcpu.pstate & 0x3df, 0x3c5);
        prop_assert!(vcpu.pc.wrapping_sub(vbar) <= 0x600);
        prop_assert_eq!(vcpu.system(SystemRegister::ElrEl1), pc);
    }
}
