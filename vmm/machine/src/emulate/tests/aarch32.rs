//! A32 and T32 at EL0. The words are an assembler's (llvm-mc), the text beside them.

use super::*;

const A32: u64 = 0x1d0;
const T32: u64 = 0x1f0;
const AT: u64 = DEVICE + 0x100;

/// With R1 = the device, R2 = 8, SP = the device as well, and R3 = 0xffff_fff8.
fn user(pstate: u64) -> ModelVcpu {
    let mut vcpu = ModelVcpu::at_el1(CODE);
    vcpu.pstate = pstate;
    // What is above R's 32 bits does not count.
    vcpu.x = std::array::from_fn(|number| 0xdead_0000_0000_0000 | number as u64);
    vcpu.x[1] |= AT;
    (vcpu.x[1], vcpu.x[13]) = (AT, AT);
    (vcpu.x[2], vcpu.x[3]) = (0xdead_0000_0000_0008, 0xffff_fff8);
    vcpu
}

/// A T32 instruction in two half words is stored with the first one first.
fn memory(word: u32, pstate: u64) -> Memory {
    let is_long = pstate == T32 && word >> 16 != 0;
    Memory::with_instruction(if is_long { word.rotate_left(16) } else { word })
}

/// Offset of the first access from the device, registers in order (the width is of each one), and
/// what becomes of the base.
struct Expected {
    first: i64,
    size: AccessSize,
    registers: &'static [u8],
    moved: Option<(usize, i64)>,
}

fn check(text: &str, word: u32, pstate: u64, expected: &Expected) {
    let write = text.starts_with("st") || text.starts_with("push");
    let first = AT.wrapping_add_signed(expected.first);
    let mut vcpu = user(pstate);
    let plan = match plan(&fault(first, write), &mut vcpu, &memory(word, pstate)) {
        Emulation::Perform(plan) => plan,
        other => panic!("{text}: {other:?}"),
    };
    let step = expected.size.bytes();
    for (index, access) in plan.accesses.iter().enumerate() {
        assert_eq!(access.gpa.0, first + index as u64 * step, "{text}");
        assert_eq!(access.size, expected.size, "{text}");
        let register = access.direction.register().number();
        assert_eq!(register, expected.registers[index], "{text}");
        if let Direction::Load {
            sign_extend, wide, ..
        } = access.direction
        {
            assert_eq!(sign_extend, text.starts_with("ldrs"), "{text}");
            assert!(!wide, "{text}");
        }
        assert_eq!(access.is_write(), write, "{text}");
    }
    assert_eq!(plan.accesses.len(), expected.registers.len(), "{text}");
    let changes = !write || expected.moved.is_some();
    assert_eq!(plan.changes_registers(), changes, "{text}");
    let before = vcpu.x;
    plan.finish(&mut vcpu);
    let bytes = if pstate == T32 && word >> 16 == 0 {
        2
    } else {
        4
    };
    assert_eq!(vcpu.pc, CODE + bytes, "{text}");
    for (number, &before) in before.iter().enumerate() {
        let moved = expected.moved.filter(|moved| moved.0 == number);
        let value = moved.map_or(before, |moved| AT.wrapping_add_signed(moved.1));
        assert_eq!(vcpu.x[number], value, "{text}: R{number}");
    }
}

macro_rules! check_all {
    ($pstate:expr; $($text:literal $word:literal $first:literal $size:ident $registers:expr, $moved:expr;)+) => {
        $(check($text, $word, $pstate, &Expected {
            first: $first,
            size: AccessSize::$size,
            registers: &$registers,
            moved: $moved,
        });)+
    };
}

#[test]
fn a32_forms_are_planned_as_written() {
    check_all! { A32;
        "ldr r5, [r1]" 0xe591_5000 0 Word [5], None;
        "ldr r5, [r1, #4]" 0xe591_5004 4 Word [5], None;
        "ldr r5, [r1, #-4]" 0xe511_5004 -4 Word [5], None;
        "ldr r5, [r1], #4" 0xe491_5004 0 Word [5], Some((1, 4));
        "str r5, [r1], #-4" 0xe401_5004 0 Word [5], Some((1, -4));
        "ldr r5, [r1, #8]!" 0xe5b1_5008 8 Word [5], Some((1, 8));
        "strb r5, [r1, #-1]!" 0xe561_5001 -1 Byte [5], Some((1, -1));
        "ldrb r5, [r1], r2" 0xe6d1_5002 0 Byte [5], Some((1, 8));
        "ldr r5, [r1, r2, lsl #2]!" 0xe7b1_5102 32 Word [5], Some((1, 32));
        "ldr r5, [r1, -r2]" 0xe711_5002 -8 Word [5], None;
        "str r5, [r1, r2, lsr #1]" 0xe781_50a2 4 Word [5], None;
        "ldr r5, [r1, r3, asr #1]" 0xe791_50c3 -4 Word [5], None;
        "ldr r5, [r1, r2, ror #1]" 0xe791_50e2 4 Word [5], None;
        "ldr r5, [r1, r2, rrx]" 0xe791_5062 4 Word [5], None;
        "ldrt r5, [r1], #4" 0xe4b1_5004 0 Word [5], Some((1, 4));
        "ldrh r5, [r1], #2" 0xe0d1_50b2 0 Half [5], Some((1, 2));
        "strh r5, [r1, r2]!" 0xe1a1_50b2 8 Half [5], Some((1, 8));
        "ldrsb r5, [r1, #17]" 0xe1d1_51d1 17 Byte [5], None;
        "ldrsh r5, [r1], -r2" 0xe011_50f2 0 Half [5], Some((1, -8));
        "ldrd r4, r5, [r1]" 0xe1c1_40d0 0 Word [4, 5], None;
        "ldrd r4, r5, [r1], #8" 0xe0c1_40d8 0 Word [4, 5], Some((1, 8));
        "strd r4, r5, [r1, #-8]!" 0xe161_40f8 -8 Word [4, 5], Some((1, -8));
        "strd r4, r5, [r1, r2]" 0xe181_40f2 8 Word [4, 5], None;
        "ldmia r1, {r0, r5, lr}" 0xe891_4021 0 Word [0, 5, 14], None;
        "ldmia r1!, {r4, r5}" 0xe8b1_0030 0 Word [4, 5], Some((1, 8));
        "ldmib r1!, {r4, r5}" 0xe9b1_0030 4 Word [4, 5], Some((1, 8));
        "ldmda r1!, {r4, r5}" 0xe831_0030 -4 Word [4, 5], Some((1, -8));
        "ldmdb r1!, {r4, r5}" 0xe931_0030 -8 Word [4, 5], Some((1, -8));
        "stmia r1, {r0-r12, lr}" 0xe881_5fff 0 Word [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 14], None;
        "push {r4, lr}" 0xe92d_4010 -8 Word [4, 14], Some((13, -8));
        "pop {r4, r5}" 0xe8bd_0030 0 Word [4, 5], Some((13, 8));
        "ldrne r5, [r1]" 0x1591_5000 0 Word [5], None;
        "lda r5, [r1]" 0xe191_5c9f 0 Word [5], None;
        "stlb r5, [r1]" 0xe1c1_fc95 0 Byte [5], None;
    }
}

#[test]
fn t32_forms_are_planned_as_written() {
    check_all! { T32;
        "ldr r5, [r1]" 0x680d 0 Word [5], None;
        "str r5, [r1, #124]" 0x67cd 124 Word [5], None;
        "ldrb r5, [r1, #31]" 0x7fcd 31 Byte [5], None;
        "strh r5, [r1, #62]" 0x87cd 62 Half [5], None;
        "ldrsh r5, [r1, r2]" 0x5e8d 8 Half [5], None;
        "ldrsb r5, [r1, r2]" 0x568d 8 Byte [5], None;
        "str r5, [r1, r2]" 0x508d 8 Word [5], None;
        "ldr r5, [sp, #8]" 0x9d02 8 Word [5], None;
        "str r5, [sp]" 0x9500 0 Word [5], None;
        "ldmia r1!, {r4, r5}" 0xc930 0 Word [4, 5], Some((1, 8));
        "ldmia r1, {r1, r5}" 0xc922 0 Word [1, 5], None;
        "stmia r1!, {r4, r5}" 0xc130 0 Word [4, 5], Some((1, 8));
        "push {r4, lr}" 0xb510 -8 Word [4, 14], Some((13, -8));
        "pop {r4, r5}" 0xbc30 0 Word [4, 5], Some((13, 8));
        "ldr.w r5, [r1, #4]" 0xf8d1_5004 4 Word [5], None;
        "ldr r5, [r1, #-4]" 0xf851_5c04 -4 Word [5], None;
        "ldr r5, [r1], #4" 0xf851_5b04 0 Word [5], Some((1, 4));
        "str r5, [r1, #-4]!" 0xf841_5d04 -4 Word [5], Some((1, -4));
        "ldrsb r5, [r1], #1" 0xf911_5b01 0 Byte [5], Some((1, 1));
        "ldrsh r5, [r1, #2]!" 0xf931_5f02 2 Half [5], Some((1, 2));
        "ldr.w r5, [r1, r2, lsl #2]" 0xf851_5022 32 Word [5], None;
        "ldrt r5, [r1, #4]" 0xf851_5e04 4 Word [5], None;
        "ldrd r4, r7, [r1, #8]" 0xe9d1_4702 8 Word [4, 7], None;
        "ldrd r4, r7, [r1], #8" 0xe8f1_4702 0 Word [4, 7], Some((1, 8));
        "strd r4, r7, [r1, #-8]!" 0xe961_4702 -8 Word [4, 7], Some((1, -8));
        "ldmia.w r1, {r0, r8, lr}" 0xe891_4101 0 Word [0, 8, 14], None;
        "stmdb r1!, {r4, r5}" 0xe921_0030 -8 Word [4, 5], Some((1, -8));
        "ldmdb r1, {r4, r5}" 0xe911_0030 -8 Word [4, 5], None;
        "ldah r5, [r1]" 0xe8d1_5f9f 0 Half [5], None;
        "stl r5, [r1]" 0xe8c1_5faf 0 Word [5], None;
    }
}

#[test]
fn what_is_no_transfer_is_refused_with_its_address() {
    for (text, word, pstate, status) in [
        (
            "ldrex r5, [r1]",
            0xe191_5f9f,
            A32,
            FaultStatus::UNSUPPORTED_EXCLUSIVE,
        ),
        (
            "swp r4, r5, [r1]",
            0xe101_4095,
            A32,
            FaultStatus::UNSUPPORTED_EXCLUSIVE,
        ),
        ("ldr pc, [r1]", 0xe591_f000, A32, FaultStatus::EXTERNAL),
        (
            "ldmia r1, {r4, pc}",
            0xe891_8010,
            A32,
            FaultStatus::EXTERNAL,
        ),
        ("ldmia r1, {r4}^", 0xe8d1_0010, A32, FaultStatus::EXTERNAL),
        ("vldr d0, [r1]", 0xed91_0b00, A32, FaultStatus::EXTERNAL),
        (
            "ldrex r5, [r1]",
            0xe851_5f00,
            T32,
            FaultStatus::UNSUPPORTED_EXCLUSIVE,
        ),
        (
            "ldrexb r5, [r1]",
            0xe8d1_5f4f,
            T32,
            FaultStatus::UNSUPPORTED_EXCLUSIVE,
        ),
        ("ldr.w pc, [r1]", 0xf8d1_f000, T32, FaultStatus::EXTERNAL),
        ("tbb [r1, r2]", 0xe8d1_f002, T32, FaultStatus::EXTERNAL),
        ("vldr d0, [r1]", 0xed91_0b00, T32, FaultStatus::EXTERNAL),
    ] {
        let plan = plan(&fault(AT, false), &mut user(pstate), &memory(word, pstate));
        let expected = GuestException::DataAbort {
            status,
            address: Some(AT),
            write: false,
        };
        assert_eq!(injected(plan), expected, "{text}");
    }
}

/// VLDR adds its immediate, in words, to the base.
#[test]
fn a_simd_access_names_its_address() {
    let vldr = 0xed91_0b02; // vldr d0, [r1, #8]
    for pstate in [A32, T32] {
        let located = locate(
            GuestException::external(None, false),
            &fault(AT + 8, false),
            &mut user(pstate),
            &memory(vldr, pstate),
        );
        let expected = GuestException::external(Some(AT + 8), false);
        assert_eq!(located, expected);
    }
}

/// The PC reads as 8 (A32) or 4 (T32) bytes ahead, rounded down.
#[test]
fn a_literal_lies_behind_the_pc() {
    for (word, pstate, pc, address) in [
        (0xe59f_5010, A32, CODE, CODE + 0x18), // ldr r5, [pc, #16]
        (0xe51f_5004, A32, CODE, CODE + 4),    // ldr r5, [pc, #-4]
        (0x4d04, T32, CODE, CODE + 0x14),      // ldr r5, [pc, #16]
        (0x4d04_0000, T32, CODE + 2, CODE + 0x14),
        (0xf8df_5010, T32, CODE, CODE + 0x14), // ldr.w r5, [pc, #16]
        (0xf85f_5004, T32, CODE, CODE),        // ldr.w r5, [pc, #-4]
        (0xe9df_4504, T32, CODE, CODE + 0x14), // ldrd r4, r5, [pc, #16]
    ] {
        let memory = if pc == CODE {
            memory(word, pstate)
        } else {
            Memory::with_instruction(word)
        };
        let fault = MemoryFault {
            pc,
            ..fault(address, false)
        };
        let Emulation::Perform(plan) = plan(&fault, &mut user(pstate), &memory) else {
            panic!("{word:08x}");
        };
        assert_eq!(plan.accesses[0].gpa, Gpa(address), "{word:08x}");
    }
}

/// The two half words of an instruction may lie on different pages, and are read apart.
#[test]
fn a_second_half_word_that_cannot_be_read_aborts() {
    let fault = MemoryFault {
        pc: CODE + 2,
        ..fault(AT, false)
    };
    let memory = Memory::with_instruction(0xf851_0000);
    let exception = injected(plan(&fault, &mut user(T32), &memory));
    assert_eq!(exception, GuestException::external(None, false));
}

#[test]
fn addresses_have_32_bits() {
    let mut vcpu = user(A32);
    vcpu.x[1] = 0xdead_0000_ffff_fffc;
    let ldmia = memory(0xe8b1_0030, A32); // ldmia r1!, {r4, r5}
    let Emulation::Perform(plan) = plan(&fault(0, false), &mut vcpu, &ldmia) else {
        panic!("not planned");
    };
    assert_eq!(
        [plan.accesses[0].gpa.0, plan.accesses[1].gpa.0],
        [0xffff_fffc, 0]
    );
    plan.finish(&mut vcpu);
    assert_eq!(vcpu.x[1], 4);
}
