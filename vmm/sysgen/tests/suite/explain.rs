//! What an address is, in words.

use crate::systems;

#[test]
fn addresses_are_explained() {
    let system = systems::load(systems::ONE);
    let cases = [
        (0x4000_0010, "RAM `ram`, offset 0x10 (system.xml:24)"),
        (0x43ff_ffff, "RAM `ram`, offset 0x3ffffff (system.xml:24)"),
        (
            0x4400_0000,
            "nothing, after `ram` at 0x40000000 to 0x44000000",
        ),
        (
            0,
            "nothing, before `gic-distributor` at 0x8000000 to 0x8001000",
        ),
        (
            0x900_1000,
            "nothing, between `serial` at 0x9000000 to 0x9001000 and `ram` at 0x40000000 to 0x44000000",
        ),
        (
            0x900_0018,
            "the passed-through device `serial`, offset 0x18 (system.xml:28)",
        ),
        (
            0x800_0000,
            "GICD_CTLR of the emulated GIC distributor, offset 0x0 (system.xml:20)",
        ),
        (
            0x800_0104,
            "GICD_ISENABLER1 of the emulated GIC distributor, offset 0x104 (system.xml:20)",
        ),
        (
            0x800_0bf0,
            "GICD_ITARGETSR252 of the emulated GIC distributor, offset 0xbf0 (system.xml:20)",
        ),
        (
            0x800_0f20,
            "GICD_SPENDSGIR0 of the emulated GIC distributor, offset 0xf20 (system.xml:20)",
        ),
        (
            0x800_0040,
            "a reserved register of the emulated GIC distributor, offset 0x40 (system.xml:20)",
        ),
        (
            0x801_000c,
            "GICC_IAR of the GIC CPU interface, offset 0xc (system.xml:26)",
        ),
        (
            0x801_1000,
            "GICC_DIR of the GIC CPU interface, offset 0x1000 (system.xml:26)",
        ),
        (
            0x801_0800,
            "the GIC CPU interface, offset 0x800 (system.xml:26)",
        ),
    ];
    for (address, expected) in cases {
        let expected = format!("guest: {address:#x} is {expected}");
        assert_eq!(system.explain(address), expected);
    }
}

#[test]
fn every_guest_answers() {
    let text = systems::load(systems::TWO_GUESTS).explain(0x900_0000);
    let lines: Vec<_> = text.lines().collect();
    assert!(lines[0].starts_with("a: 0x9000000 is the passed-through device `serial`"));
    assert!(lines[1].starts_with("b: 0x9000000 is nothing, between"));
}

#[test]
fn what_ends_a_guests_sleep_is_told() {
    let cases = [
        (
            systems::ONE,
            "guest: run by `vmm`; the EL1 physical timer ends its sleep, to the instant",
        ),
        (
            systems::TWO_VCPUS,
            "pair: run by `vmm`; its sleep ends at once: it keeps its core busy",
        ),
        (
            systems::TWO_GUESTS,
            "a: run by `vmm_a`; tickers end its sleep: `coarse` (each 10000 us), `fine` (each 100 us)\n\
             b: run by `vmm_b`; tickers end its sleep: `fine` (each 100 us)",
        ),
    ];
    for (system, expected) in cases {
        assert_eq!(systems::load(system).overview(), expected);
    }
}
