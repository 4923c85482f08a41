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
            "nothing, between `serial` at 0x9000000 to 0x9001000 and `mailbox` at 0xb000000 to 0xb001000",
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
fn addresses_of_emulated_devices_are_explained() {
    let system = systems::load(systems::DEVICES);
    let cases = [
        (
            0xb00_0ffc,
            "region 0 of the emulated device `counter`, offset 0xffc (system.xml:23)",
        ),
        (
            0xb00_1018,
            "region 1 of the emulated device `counter`, offset 0x18 (system.xml:23)",
        ),
        (
            0xb00_1020,
            "the emulated device `hidden`, offset 0x0 (system.xml:29)",
        ),
        (
            0xa00_0000,
            "MagicValue of the virtio block device `disk`, offset 0x0 (system.xml:30)",
        ),
        (
            0xa00_0250,
            "QueueNotify of the virtio block device `tools`, offset 0x50 (system.xml:31)",
        ),
        (
            0xa00_02bc,
            "SHMBaseHigh of the virtio block device `tools`, offset 0xbc (system.xml:31)",
        ),
        (
            0xa00_0340,
            "the configuration space of the virtio block device `tools`, offset 0x140 (system.xml:31)",
        ),
        (
            0xa00_0018,
            "a reserved register of the virtio block device `disk`, offset 0x18 (system.xml:30)",
        ),
        (
            0xa00_0400,
            "nothing, between `tools` at 0xa000200 to 0xa000400 and `counter` at 0xb000000 to 0xb001000",
        ),
    ];
    for (address, expected) in cases {
        let expected = format!("guest: {address:#x} is {expected}");
        assert_eq!(system.explain(address), expected);
    }
}

#[test]
fn what_ends_a_guests_sleep_and_its_devices_are_told() {
    let cases = [
        (
            systems::ONE,
            "guest: run by `vmm`; the EL1 physical timer ends its sleep, to the instant\n  \
             passed-through `serial`: 0x9000000 to 0x9001000; INTID 33; channel 1\n  \
             emulated `mailbox` (acme::Mailbox): 0xb000000 to 0xb001000; channel 3",
        ),
        (
            systems::TWO_VCPUS,
            "pair: run by `vmm`; its sleep ends at once: it keeps its core busy\n  \
             passed-through `serial`: 0x9000000 to 0x9001000; INTID 33; channel 7\n  \
             passed-through `rtc`: 0x9010040 to 0x90100c0, 0x9031000 to 0x9032000; INTIDs 46, 45; \
             channels 61, 0",
        ),
        (
            systems::TWO_GUESTS,
            "a: run by `vmm_a`; tickers end its sleep: `coarse` (each 10000 us), `fine` (each 100 us)\n  \
             passed-through `serial`: 0x9000000 to 0x9001000; INTID 33; channel 1\n\
             b: run by `vmm_b`; tickers end its sleep: `fine` (each 100 us)",
        ),
        (
            systems::DEVICES,
            "guest: run by `vmm`; its sleep ends at once: it keeps its core busy\n  \
             emulated `counter` (counter_device::Counter): 0xb000000 to 0xb001000, \
             0xb001000 to 0xb001020; INTIDs 64, 65; channels 3, 4\n  \
             emulated `hidden` (acme::Lamp<'m>): 0xb001020 to 0xb001028\n  \
             virtio block `disk` (backend ram): 0xa000000 to 0xa000200; INTID 48\n  \
             virtio block `tools` (backend ram): 0xa000200 to 0xa000400; INTID 49",
        ),
    ];
    for (system, expected) in cases {
        assert_eq!(systems::load(system).overview(), expected);
    }
}
