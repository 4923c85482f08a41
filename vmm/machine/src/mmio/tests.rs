use proptest::prelude::*;

use super::*;

/// What a fault is that is no described access.
fn undescribed(fault: &MemoryFault) -> Undescribed {
    assert_eq!(described(fault), None);
    decode(fault)
}

/// A data abort from a lower level, with a translation fault at level 3.
fn fault(iss: DataAbort) -> MemoryFault {
    let iss = DataAbort::from_bits(iss.into_bits() | 0x07);
    MemoryFault {
        pc: 0x4008_0000,
        gpa: Gpa(0x0900_0018),
        fetch: false,
        syndrome: 0x24 << 26 | 1 << 25 | u64::from(iss.into_bits()),
    }
}

fn access(iss: DataAbort) -> MmioAccess {
    let iss = described(&fault(iss.with_isv(true)));
    MmioAccess::of(Gpa(0x0900_0018), iss.unwrap())
}

fn load(log2: u8, sign_extend: bool, wide: bool) -> MmioAccess {
    access(
        DataAbort::new()
            .with_sas(log2)
            .with_sse(sign_extend)
            .with_sf(wide)
            .with_srt(3),
    )
}

#[test]
fn loads_zero_extend_and_clear_the_rest_of_the_register() {
    assert_eq!(load(0, false, false).extend(0xe7), 0xe7);
    assert_eq!(load(1, false, false).extend(0xf7e7), 0xf7e7);
    assert_eq!(load(2, false, false).extend(0x8765_f7e7), 0x8765_f7e7);
    assert_eq!(load(3, false, true).extend(u64::MAX), u64::MAX);
}

#[test]
fn loads_sign_extend_to_the_width_of_their_target() {
    let device = 0xfedc_ba98_8765_f7e7;
    assert_eq!(load(0, true, false).extend(device), 0xffff_ffe7);
    assert_eq!(load(0, true, true).extend(device), 0xffff_ffff_ffff_ffe7);
    assert_eq!(load(1, true, false).extend(device), 0xffff_f7e7);
    assert_eq!(load(1, true, true).extend(device), 0xffff_ffff_ffff_f7e7);
    assert_eq!(load(2, true, true).extend(device), 0xffff_ffff_8765_f7e7);
    assert_eq!(load(0, true, true).extend(0x67), 0x67);
}

#[test]
fn the_zero_register_is_a_register_of_its_own() {
    let into_nothing = access(DataAbort::new().with_sas(2).with_srt(31));
    assert!(matches!(
        into_nothing.direction,
        Direction::Load {
            target: Gpr::ZR,
            ..
        }
    ));
    let of_nothing = access(DataAbort::new().with_sas(2).with_srt(31).with_wnr(true));
    assert_eq!(of_nothing.direction, Direction::Store { source: Gpr::ZR });
}

#[test]
fn a_store_knows_where_it_goes() {
    let byte = access(DataAbort::new().with_wnr(true).with_srt(7));
    assert!(byte.is_write());
    assert_eq!(byte.gpa, Gpa(0x0900_0018));
}

#[test]
fn alignment_is_that_of_the_width() {
    let mut access = load(3, false, true);
    assert!(access.is_aligned());
    access.gpa = Gpa(0x0900_001c);
    assert!(!access.is_aligned());
    access.size = AccessSize::Word;
    assert!(access.is_aligned());
}

#[test]
fn without_a_syndrome_the_instruction_must_tell() {
    assert_eq!(
        undescribed(&fault(DataAbort::new())),
        Undescribed::NoSyndrome
    );
}

#[test]
fn cache_maintenance_is_stepped_over() {
    let iss = DataAbort::new().with_cm(true).with_wnr(true);
    assert_eq!(undescribed(&fault(iss)), Undescribed::Skip);
}

#[test]
fn a_fetch_never_reaches_a_device() {
    let mut fetch = fault(DataAbort::new().with_isv(true));
    fetch.fetch = true;
    assert_eq!(
        undescribed(&fetch),
        Undescribed::Inject(GuestException::InstructionAbort {
            status: FaultStatus::EXTERNAL
        })
    );
}

#[test]
fn page_tables_outside_memory_abort() {
    let walk = fault(DataAbort::new().with_s1ptw(true).with_isv(true));
    assert_eq!(
        undescribed(&walk),
        Undescribed::Inject(GuestException::external(None, false))
    );
}

/// What EL1 could have got itself keeps its status; the rest is an external abort.
#[test]
fn a_fault_that_is_no_miss_is_told_as_el1_knows_it() {
    for (code, status) in [
        (0x35, FaultStatus::UNSUPPORTED_EXCLUSIVE),
        (0x21, FaultStatus::ALIGNMENT),
        (0x10, FaultStatus::EXTERNAL),
        (0x18, FaultStatus::EXTERNAL), // parity
        (0x30, FaultStatus::EXTERNAL), // TLB conflict
    ] {
        for write in [false, true] {
            let mut fault = fault(DataAbort::new().with_wnr(write));
            fault.syndrome = fault.syndrome & !0x3f | code;
            let expected = GuestException::DataAbort {
                status,
                address: None,
                write,
            };
            assert_eq!(
                undescribed(&fault),
                Undescribed::Inject(expected),
                "{code:#x}"
            );
        }
    }
}

proptest! {
    #[test]
    fn any_syndrome_has_an_answer(syndrome: u64, gpa: u64, pc: u64, fetch: bool, value: u64) {
        let fault = MemoryFault { pc, gpa: Gpa(gpa), fetch, syndrome };
        if let Some(iss) = described(&fault) {
            let access = MmioAccess::of(fault.gpa, iss);
            let value = value & access.size.mask();
            prop_assert_eq!(access.extend(value) & access.size.mask(), value);
        }
    }

    #[test]
    fn extension_agrees_with_rusts_own_casts(value: u64) {
        prop_assert_eq!(load(0, true, true).extend(value), i64::from(value as i8) as u64);
        prop_assert_eq!(load(1, true, true).extend(value), i64::from(value as i16) as u64);
        prop_assert_eq!(load(2, true, true).extend(value), i64::from(value as i32) as u64);
        prop_assert_eq!(load(0, true, false).extend(value), u64::from(value as i8 as u32));
    }
}
