//! The oracle is an assembler: `encodings.txt` has its words beside the text they stand for, and
//! the tests read the text.

use proptest::prelude::*;

use super::{a64::decode, *};

const ENCODINGS: &str = include_str!("tests/encodings.txt");

/// The lines of one kind, as word and text.
fn encodings(kind: &str) -> impl Iterator<Item = (u32, &'static str)> {
    ENCODINGS
        .lines()
        .skip_while(move |line| line.strip_prefix("# ") != Some(kind))
        .skip(1)
        .take_while(|line| !line.starts_with('#'))
        .map(|line| {
            let (word, text) = line.split_once(' ').unwrap();
            (u32::from_str_radix(word, 16).unwrap(), text)
        })
}

fn gpr(text: &str) -> Gpr {
    match &text[1..] {
        "zr" => Gpr::ZR,
        number => Gpr::from_field(number.parse().unwrap()),
    }
}

fn base_named(text: &str) -> Base {
    match text {
        "sp" => Base::StackPointer,
        register => Base::Register(gpr(register)),
    }
}

fn immediate(text: &str) -> i64 {
    text.trim_start_matches('#').parse().unwrap()
}

/// The mnemonic without its family: what is left tells width and sign.
fn suffix(mnemonic: &str) -> &str {
    [
        "ldapur", "stlur", "ldapr", "ldlar", "stllr", "ldar", "stlr", "ldnp", "stnp", "ldp", "stp",
        "ldur", "stur", "ldtr", "sttr", "ldr", "str",
    ]
    .iter()
    .find_map(|family| mnemonic.strip_prefix(family))
    .unwrap()
}

/// What the assembler's text means.
fn meaning(text: &str) -> Transfer {
    let (mnemonic, operands) = text.split_once(' ').unwrap();
    let at = operands.find(['[', '.']).unwrap();
    let registers = operands[..at].trim_end_matches(", ").split(", ");
    let wide = operands.starts_with('x');
    let suffix = suffix(mnemonic);
    let size = match suffix.trim_start_matches('s') {
        "b" => AccessSize::Byte,
        "h" => AccessSize::Half,
        "" if wide => AccessSize::Double,
        _ => AccessSize::Word,
    };
    let operation = match mnemonic.starts_with("ld") {
        true => Operation::Load {
            sign_extend: suffix.starts_with('s'),
            wide,
        },
        false => Operation::Store,
    };
    let registers = match *registers.map(gpr).collect::<Vec<_>>() {
        [one] => Registers::One(one),
        [first, second] => Registers::Pair(first, second),
        _ => panic!("{text}"),
    };
    let (base, offset, write_back) = address(&operands[at..]);
    Transfer {
        base,
        offset,
        write_back,
        unprivileged: mnemonic[1..].starts_with("dtr") || mnemonic.starts_with("sttr"),
        size,
        operation,
        registers,
    }
}

/// What stands in and after the brackets.
fn address(text: &str) -> (Base, Offset, Option<Offset>) {
    if let Some(distance) = text.strip_prefix('.') {
        let bytes = distance.parse().unwrap();
        return (Base::ProgramCounter, Offset::Immediate(bytes), None);
    }
    let (inside, after) = text[1..].split_once(']').unwrap();
    let mut parts = inside.splitn(3, ", ");
    let base = base_named(parts.next().unwrap());
    let Some(offset) = parts.next() else {
        let write_back = after.strip_prefix(", ").map(immediate);
        let write_back = write_back.map(Offset::Immediate);
        return (base, Offset::Immediate(0), write_back);
    };
    if offset.starts_with('#') {
        let bytes = immediate(offset);
        let write_back = (after == "!").then_some(Offset::Immediate(bytes));
        return (base, Offset::Immediate(bytes), write_back);
    }
    let (extend, shift) = parts.next().map_or(("lsl", 0), |text| {
        let (extend, shift) = text.split_once(" #").unwrap_or((text, "0"));
        (extend, shift.parse().unwrap())
    });
    let register = Offset::Register {
        register: gpr(offset),
        extend: match extend {
            "uxtw" => Extend::Uxtw,
            "sxtw" => Extend::Sxtw,
            _ => Extend::None,
        },
        shift,
    };
    (base, register, None)
}

#[test]
fn every_load_and_store_means_what_the_assembler_says() {
    let mut count = 0;
    for (word, text) in encodings("transfer") {
        let expected = Instruction::Transfer(meaning(text));
        assert_eq!(decode(word), expected, "{word:08x} {text}");
        count += 1;
    }
    assert!(count > 400, "only {count} lines");
}

#[test]
fn what_is_no_plain_transfer_is_told_apart() {
    for (kind, expected, at_least) in [
        ("exclusive", Instruction::Exclusive, 18),
        ("other", Instruction::Other, 33),
        ("cache maintenance", Instruction::CacheMaintenance, 10),
        ("zero block", Instruction::ZeroBlock, 3),
    ] {
        let mut count = 0;
        for (word, text) in encodings(kind) {
            assert_eq!(decode(word), expected, "{word:08x} {text}");
            count += 1;
        }
        assert!(count >= at_least, "{kind}: only {count} lines");
    }
}

#[test]
fn unallocated_encodings_of_the_group_are_refused() {
    for word in [
        0xc840_0000 | 1 << 26, // V set among the exclusives
        0xe940_0000,           // pair with opc 3
        0x6840_0000,           // LDPSW, non-temporal
        0xd980_0000,           // LDAPURSW of a doubleword
        0xb8c0_0000,           // LDURSW to a W register
        0xf980_0000,           // PRFM, unsigned offset
        0xf8a0_0800,           // register offset with option<1> clear
        0x1900_0400,           // memory copy
    ] {
        assert_eq!(decode(word), Instruction::Other, "{word:08x}");
    }
}

#[test]
fn index_registers_extend_as_named() {
    assert_eq!(Extend::None.apply(u64::MAX), u64::MAX);
    assert_eq!(Extend::Uxtw.apply(0xffff_ffff_8000_0000), 0x8000_0000);
    assert_eq!(Extend::Sxtw.apply(0x8000_0000), 0xffff_ffff_8000_0000);
    assert_eq!(Extend::Sxtw.apply(0xf_7fff_ffff), 0x7fff_ffff);
}

#[test]
fn shifts_of_aarch32_are_the_manuals() {
    const VALUE: u32 = 0x8000_0013;
    for (kind, bits, carry, expected) in [
        (0, 0, true, VALUE),
        (0, 4, true, 0x0000_0130),
        (1, 4, true, 0x0800_0001),
        (1, 0, true, 0), // LSR #32
        (2, 4, true, 0xf800_0001),
        (2, 0, true, 0xffff_ffff), // ASR #32
        (3, 4, false, 0x3800_0001),
        (3, 0, false, 0x4000_0009), // RRX
        (3, 0, true, 0xc000_0009),
    ] {
        let shift = Shift::decode(kind, bits);
        assert_eq!(shift.apply(VALUE, carry), expected, "{shift:?}");
    }
}

/// Bounds that hold for every word.
fn is_sound(word: u32) -> bool {
    let Instruction::Transfer(transfer) = decode(word) else {
        return true;
    };
    let offset = match transfer.offset {
        Offset::Immediate(bytes) => bytes.unsigned_abs() <= 1 << 20,
        Offset::Register { shift, .. } => shift <= 3 && transfer.write_back.is_none(),
        Offset::Shifted { .. } => false,
    };
    transfer.elements().count() > 0 && offset
}

#[test]
fn every_opcode_has_an_answer() {
    // All the bits that tell encodings apart, with the register fields at their extremes.
    for opcode in 0u32..1 << 11 {
        for minor in 0u32..1 << 6 {
            for registers in [0, 0x001f_03ff] {
                assert!(is_sound(opcode << 21 | minor << 10 | registers));
            }
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(20_000))]

    #[test]
    fn any_word_has_an_answer(word: u32) {
        prop_assert!(is_sound(word));
        prop_assert!(is_sound(word & !0x0600_0000 | 0x0800_0000), "among loads and stores");
    }
}
