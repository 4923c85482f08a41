use std::string::{String, ToString};

use proptest::prelude::*;

use super::*;

fn words(esr: u64) -> String {
    describe(Esr::from_bits(esr)).to_string()
}

#[test]
fn a_data_abort_is_taken_apart_as_the_manual_lays_it_out() {
    // str w5, [x0] with no level-2 entry at stage 2.
    let esr = Esr::from_bits(0x9385_0046);
    assert_eq!(esr.ec(), ExceptionClass::DataAbortLower);
    assert_eq!(esr.instruction_bytes(), 4);
    let iss = DataAbort::from_bits(esr.iss());
    assert!(iss.isv() && iss.wnr() && !iss.sse() && !iss.sf() && !iss.ar());
    assert_eq!((iss.sas(), iss.srt()), (2, 5));
    assert_eq!(
        iss.dfsc(),
        FaultStatus::translation(WalkLevel::above_last(1))
    );
}

#[test]
fn each_field_of_a_data_abort_has_its_own_bits() {
    for (bit, set) in [
        (6, DataAbort::new().with_wnr(true)),
        (7, DataAbort::new().with_s1ptw(true)),
        (8, DataAbort::new().with_cm(true)),
        (9, DataAbort::new().with_ea(true)),
        (10, DataAbort::new().with_fnv(true)),
        (14, DataAbort::new().with_ar(true)),
        (15, DataAbort::new().with_sf(true)),
        (16, DataAbort::new().with_srt(1)),
        (21, DataAbort::new().with_sse(true)),
        (22, DataAbort::new().with_sas(1)),
        (24, DataAbort::new().with_isv(true)),
    ] {
        assert_eq!(set.into_bits(), 1 << bit, "bit {bit}");
    }
}

#[test]
fn a_system_register_trap_names_its_register() {
    // msr ICC_SGI1R_EL1 (S3_0_C12_C11_5), x4
    let iss = 3 << 20 | 5 << 17 | 12 << 10 | 4 << 5 | 11 << 1;
    let trap = SystemTrap::from_bits(iss);
    assert_eq!((trap.op0(), trap.op1(), trap.crn()), (3, 0, 12));
    assert_eq!((trap.crm(), trap.op2(), trap.read()), (11, 5, false));
    assert_eq!(trap.register(), Gpr::from_field(4));
    assert_eq!(
        words(0x6200_0000 | u64::from(iss)),
        "system register access (EC 0x18): MSR S3_0_C12_C11_5, register x4"
    );
}

#[test]
fn fault_status_codes_carry_their_level() {
    assert_eq!(FaultStatus::translation(WalkLevel::LAST).into_bits(), 0x07);
    assert_eq!(FaultStatus::permission(WalkLevel::LAST).into_bits(), 0x0f);
    assert_eq!(
        FaultStatus::access_flag(WalkLevel::above_last(2)).into_bits(),
        0x09
    );
    assert_eq!(
        FaultStatus::external_on_walk(WalkLevel::ZERO).into_bits(),
        0x14
    );
    assert_eq!(
        FaultStatus::translation(WalkLevel::above_last(4)).into_bits(),
        0x2b
    );
    assert_eq!(
        FaultStatus::address_size(WalkLevel::above_last(4)).into_bits(),
        0x29
    );
}

#[test]
fn words_for_the_common_exits() {
    assert_eq!(
        words(0x9385_0046),
        "data abort from a lower level (EC 0x24): write, translation fault at level 2, \
         4 bytes, register w5"
    );
    assert_eq!(words(0x0600_0000), "WFI or WFE (EC 0x01): WFI");
    assert_eq!(words(0x5e00_0007), "SMC (EC 0x17): #0x7");
    assert_eq!(
        words(0x8200_0087),
        "instruction abort from a lower level (EC 0x20): translation fault at level 3, \
         on a stage-1 table walk"
    );
}

proptest! {
    #[test]
    fn every_syndrome_has_words_of_bounded_length(esr: u64) {
        let text = words(esr);
        prop_assert!(!text.is_empty() && text.len() < 240, "{text}");
    }
}
