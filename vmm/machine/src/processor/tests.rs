use super::*;

/// As QEMU 7.2 shows them on `-cpu NAME`, in the order of [`unsupported`].
const CORTEX_A53: [u64; REGISTERS] = [0x2222, 0, 0, 0, 0];
const NEOVERSE_N1: [u64; REGISTERS] = [0x1100_0000_1011_1112, 0x20, 0x10_0001, 0, 0];

#[test]
fn processors_without_such_features_are_taken() {
    assert_eq!(unsupported(&CORTEX_A53), None);
    assert_eq!(unsupported(&NEOVERSE_N1), None);
}

/// The fields by their place in the manual, and the first value that is too much.
#[test]
fn every_feature_is_found_from_its_first_value_on() {
    let pointer_authentication = "pointer authentication";
    for (register, low, limit, name) in [
        (0, 32, 1, "SVE"),
        (1, 24, 1, "SME"),
        (1, 8, 2, "MTE"),
        (1, 44, 1, "guarded control stacks"),
        (2, 4, 1, pointer_authentication),
        (2, 8, 1, pointer_authentication),
        (2, 24, 1, pointer_authentication),
        (2, 28, 1, pointer_authentication),
        (3, 8, 1, pointer_authentication),
        (3, 12, 1, pointer_authentication),
        (4, 0, 1, "TCR2_EL1 or SCTLR2_EL1"),
        (4, 4, 1, "TCR2_EL1 or SCTLR2_EL1"),
        (4, 8, 1, "permission indirection or overlays"),
        (4, 16, 1, "permission indirection or overlays"),
    ] {
        for value in 0..16 {
            let mut registers = CORTEX_A53;
            registers[register] |= value << low;
            let expected = (value >= limit).then_some(name);
            assert_eq!(unsupported(&registers), expected, "{name} {value}");
        }
    }
}

#[test]
fn fields_beside_them_are_no_matter() {
    let mut all = [u64::MAX; REGISTERS];
    for (register, bits, _) in FEATURES {
        all[register as usize] &= !bits;
    }
    assert_eq!(unsupported(&all), None);
}
