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

#[test]
fn dit_moves_from_its_aarch32_place() {
    const DIT: u64 = 1 << 24;
    let mut from_aarch32 = vcpu(1 << 21 | 0x10);
    assert_eq!(
        inject(&mut from_aarch32, GuestException::Undefined),
        Injection::Taken
    );
    assert_eq!(from_aarch32.pstate, DIT | 0x3c5);
    let mut from_aarch64 = vcpu(DIT);
    assert_eq!(
        inject(&mut from_aarch64, GuestException::Undefined),
        Injection::Taken
    );
    assert_eq!(from_aarch64.pstate, DIT | 0x3c5);
}

#[test]
fn a_guest_without_vectors_is_lost_at_the_second_exception() {
    let mut vcpu = vcpu(0x3c5);
    let fetch = GuestException::InstructionAbort {
        status: FaultStatus::EXTERNAL,
    };
    assert_eq!(inject(&mut vcpu, fetch), Injection::Taken);
    assert_eq!(inject(&mut vcpu, fetch), Injection::Endless);
}

proptest! {
    #[test]
    fn any_state_ends_in_a_handler(pstate: u64, pc: u64, vbar: u64, sctlr: u64) {
        let mut vcpu = ModelVcpu::at_el1(pc);
        vcpu.pstate = pstate;
        vcpu.set_system(SystemRegister::VbarEl1, vbar);
        vcpu.set_system(SystemRegister::SctlrEl1, sctlr);
        let injection = inject(&mut vcpu, GuestException::external(None, true));
        prop_assert_eq!(injection == Injection::Endless, vcpu.pc == pc);
        prop_assert_eq!(vcpu.pstate & 0x3df, 0x3c5);
        prop_assert!(vcpu.pc.wrapping_sub(vbar) <= 0x600);
        prop_assert_eq!(vcpu.system(SystemRegister::ElrEl1), pc);
    }
}

/// IT blocks of one to four instructions: mask and condition after each of them.
#[test]
fn an_it_block_ends_after_its_last_instruction() {
    // ITSTATE is in bits 15:10 (its upper six) and 26:25.
    let state = |it: u64| Pstate::from_bits((it >> 2) << 10 | (it & 3) << 25 | 1 << 5 | 1 << 4);
    for steps in [
        &[0x00, 0x00][..],
        &[0x08, 0x00],
        &[0x1c, 0x18, 0x00],
        &[0xaa, 0xb4, 0xa8, 0x00],
        &[0x1f, 0x1e, 0x1c, 0x18, 0x00],
    ] {
        for pair in steps.windows(2) {
            assert_eq!(state(pair[0]).after_thumb(), state(pair[1]), "{pair:x?}");
        }
    }
}
