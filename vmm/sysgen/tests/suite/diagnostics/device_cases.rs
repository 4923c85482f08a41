//! Cases of devices that the VMM emulates.

use super::cases::{Case, case};
use crate::systems::{DEVICES, DRIVERS, ONE};

/// All of them.
pub(super) const CASES: &[Case] = &[
    case("channel_without_owner", ONE, &[(r#" channels="3""#, "")]),
    case(
        "channel_two_owners",
        DEVICES,
        &[(
            r#"registers="0xb001020:0x8""#,
            r#"registers="0xb001020:0x8" channels="4""#,
        )],
    ),
    case(
        "channel_of_a_ticker_and_a_device",
        DRIVERS,
        &[(r#"channel="5""#, r#"channel="9""#)],
    ),
    case(
        "emulated_type_bad",
        DEVICES,
        &[(
            r#"type="counter_device::Counter""#,
            r#"type="counter-device::Counter""#,
        )],
    ),
    case(
        "emulated_type_colon",
        DEVICES,
        &[(
            r#"type="counter_device::Counter""#,
            r#"type="counter_device:Counter""#,
        )],
    ),
    case(
        "emulated_type_empty",
        DEVICES,
        &[(r#"type="counter_device::Counter""#, r#"type="""#)],
    ),
    case(
        "emulated_type_space",
        DEVICES,
        &[(
            r#"type="counter_device::Counter""#,
            r#"type="dyn counter_device::Counter""#,
        )],
    ),
    case(
        "emulated_type_lifetime",
        DEVICES,
        &[(r#"type="acme::Lamp<'m>""#, r#"type="acme::Lamp<'a>""#)],
    ),
    case(
        "emulated_type_brackets",
        DEVICES,
        &[(r#"type="acme::Lamp<'m>""#, r#"type="acme::Lamp<'m""#)],
    ),
    case(
        "emulated_name_bad",
        DEVICES,
        &[(r#"name="hidden""#, r#"name="hidden lamp""#)],
    ),
    case(
        "emulated_name_twice",
        DEVICES,
        &[(r#"name="hidden""#, r#"name="disk""#)],
    ),
    case(
        "emulated_name_of_a_passed_device",
        ONE,
        &[(r#"name="mailbox""#, r#"name="serial""#)],
    ),
    case(
        "emulated_registers_bad",
        DEVICES,
        &[("0xb001000:0x20", "0xb001000-0x20")],
    ),
    case(
        "emulated_registers_empty",
        DEVICES,
        &[(r#"registers="0xb001020:0x8""#, r#"registers="""#)],
    ),
    case(
        "emulated_registers_no_bytes",
        DEVICES,
        &[("0xb001020:0x8", "0xb001020:0")],
    ),
    case(
        "emulated_registers_misaligned",
        DEVICES,
        &[("0xb001020:0x8", "0xb001024:0x8")],
    ),
    case(
        "emulated_registers_outside",
        DEVICES,
        &[("0xb001020:0x8", "0xfffffffffffffff8:0x8")],
    ),
    case(
        "emulated_registers_overlap",
        DEVICES,
        &[("0xb001000:0x20", "0xb001000:0x40")],
    ),
    case(
        "emulated_registers_over_the_gic",
        DEVICES,
        &[("0xb001020:0x8", "0x8000ff8:0x10")],
    ),
    case(
        "emulated_registers_in_a_mapped_page",
        ONE,
        &[("0xb000000:0x1000", "0x9000800:0x8")],
    ),
    case(
        "emulated_interrupt_bad",
        DEVICES,
        &[("65:edge", "65:rising")],
    ),
    case(
        "emulated_interrupt_private",
        DEVICES,
        &[(r#"interrupts="64"#, r#"interrupts="16"#)],
    ),
    case(
        "emulated_interrupt_beyond",
        DEVICES,
        &[("65:edge", "160:edge")],
    ),
    case(
        "emulated_interrupt_of_a_passed_device",
        ONE,
        &[(r#" channels="3""#, r#" interrupts="33" channels="3""#)],
    ),
    case(
        "emulated_interrupt_twice",
        DEVICES,
        &[(r#"interrupt="49""#, r#"interrupt="64""#)],
    ),
    case(
        "emulated_interrupts_too_many",
        DEVICES,
        &[(
            r#"interrupts="64 65:edge""#,
            r#"interrupts="64 65 66 67 68 69 70 71 72 73 74 75 76 77 78 79 80 81 82 83 84 85 86 87 88 89 90 91 92 93 94 95 96""#,
        )],
    ),
    case(
        "emulated_channel_bad",
        DEVICES,
        &[(r#"channels="3 4""#, r#"channels="3 4 five""#)],
    ),
    case(
        "emulated_channel_unknown",
        DEVICES,
        &[(r#"channels="3 4""#, r#"channels="3 4 5""#)],
    ),
    case(
        "emulated_channel_of_an_interrupt",
        ONE,
        &[(r#"channels="3""#, r#"channels="3 1""#)],
    ),
    case(
        "emulated_memory_unknown",
        DEVICES,
        &[(r#"memory="log samples""#, r#"memory="lag samples""#)],
    ),
    case(
        "emulated_memory_not_mapped",
        DEVICES,
        &[(
            r#"        <map mr="samples" vaddr="0x30002000" perms="r" />"#,
            "",
        )],
    ),
    case(
        "emulated_memory_uncached",
        DEVICES,
        &[(
            r#"<map mr="samples" vaddr="0x30002000" perms="r" />"#,
            r#"<map mr="samples" vaddr="0x30002000" perms="r" cached="false" />"#,
        )],
    ),
    case(
        "emulated_memory_executable",
        DEVICES,
        &[(
            r#"<map mr="samples" vaddr="0x30002000" perms="r" />"#,
            r#"<map mr="samples" vaddr="0x30002000" perms="rx" />"#,
        )],
    ),
    case(
        "emulated_memory_without_size",
        DEVICES,
        &[(
            r#"<memory_region name="samples" size="0x2000" />"#,
            r#"<memory_region name="samples" prefill_path="samples.bin" />"#,
        )],
    ),
    case(
        "emulated_memory_is_ram",
        DEVICES,
        &[(r#"memory="log samples""#, r#"memory="ram samples""#)],
    ),
    case(
        "emulated_memory_has_a_purpose",
        DRIVERS,
        &[(
            r#"memory="random_queue random_data""#,
            r#"memory="random_queue wake_a""#,
        )],
    ),
    case(
        "emulated_memory_of_another_guest",
        DRIVERS,
        &[
            (
                r#"<map mr="random_data" vaddr="0x32001000" perms="r" />"#,
                r#"<map mr="ram_b" vaddr="0x60000000" perms="rw" />"#,
            ),
            (
                r#"memory="random_queue random_data""#,
                r#"memory="random_queue ram_b""#,
            ),
        ],
    ),
    case(
        "emulated_parameter_bad",
        DEVICES,
        &[("step:0x10", "step=0x10")],
    ),
    case(
        "emulated_parameter_twice",
        DEVICES,
        &[("step:0x10", "start:0x10")],
    ),
    case(
        "node_property_unknown",
        DEVICES,
        &[(
            r#"device="counter" name="clock"#,
            r#"device="conter" name="clock"#,
        )],
    ),
    case(
        "node_property_of_a_passed_device",
        ONE,
        &[(
            "<vcpu",
            "<?vmm node-property device=\"serial\" name=\"acme,fast\"?>\n            <vcpu",
        )],
    ),
    case(
        "node_property_without_node",
        DEVICES,
        &[(
            r#"device="counter" name="acme,wraps""#,
            r#"device="hidden" name="acme,wraps""#,
        )],
    ),
    case(
        "node_property_twice",
        DEVICES,
        &[(r#"name="acme,wraps""#, r#"name="acme,modes""#)],
    ),
    case(
        "node_property_not_free",
        DEVICES,
        &[(
            r#"device="counter" name="acme,wraps""#,
            r#"device="disk" name="dma-coherent""#,
        )],
    ),
    case(
        "node_property_cells_bad",
        DEVICES,
        &[(r#"cells="100""#, r#"cells="100000000000""#)],
    ),
    case(
        "virtio_type_near",
        DEVICES,
        &[(r#"name="disk" type="block""#, r#"name="disk" type="blok""#)],
    ),
    case(
        "virtio_backend_unknown",
        DEVICES,
        &[(
            r#"backend="ram" memory="disk""#,
            r#"backend="file" memory="disk""#,
        )],
    ),
    case(
        "virtio_key_of_another",
        DEVICES,
        &[(
            r#"backend="ram" memory="disk""#,
            r#"backend="ram" memory="disk" mtu="1500""#,
        )],
    ),
    case(
        "virtio_address_misaligned",
        DEVICES,
        &[(r#"address="0xa000200""#, r#"address="0xa000204""#)],
    ),
    case(
        "virtio_address_overlap",
        DEVICES,
        &[(r#"address="0xa000200""#, r#"address="0xa000100""#)],
    ),
    case(
        "virtio_memory_count",
        DRIVERS,
        &[("requests_a responses_a data_a", "requests_a responses_a")],
    ),
    case(
        "virtio_memory_missing",
        DEVICES,
        &[(r#"backend="ram" memory="disk""#, r#"backend="ram""#)],
    ),
    case(
        "virtio_memory_read_only",
        DEVICES,
        &[(r#"read-only="true""#, r#"read-only="false""#)],
    ),
    case(
        "virtio_queue_read_only",
        DRIVERS,
        &[(
            r#"<map mr="requests_a" vaddr="0x30001000" perms="rw" />"#,
            r#"<map mr="requests_a" vaddr="0x30001000" perms="r" />"#,
        )],
    ),
    case(
        "virtio_queue_too_small",
        DRIVERS,
        &[(
            r#"backend="sddf" channel="5""#,
            r#"backend="sddf" capacity="256" channel="5""#,
        )],
    ),
    case(
        "virtio_data_too_small",
        DRIVERS,
        &[(r#"capacity="32""#, r#"capacity="64""#)],
    ),
    case(
        "virtio_data_not_a_power_of_two",
        DRIVERS,
        &[(
            r#"name="in_data" size="0x1000""#,
            r#"name="in_data" size="0x3000""#,
        )],
    ),
    case(
        "virtio_memory_twice",
        DEVICES,
        &[(r#"memory="tools""#, r#"memory="disk""#)],
    ),
    case(
        "virtio_memory_twice_in_a_device",
        DRIVERS,
        &[("random_queue random_data", "random_queue random_queue")],
    ),
    case(
        "virtio_channel_missing",
        DRIVERS,
        &[(r#" channel="5""#, "")],
    ),
    case(
        "virtio_channel_one_way",
        DRIVERS,
        &[(
            r#"<end pd="net" id="4" />"#,
            r#"<end pd="net" id="4" notify="false" />"#,
        )],
    ),
    case(
        "virtio_capacity_bad",
        DRIVERS,
        &[(r#"capacity="32""#, r#"capacity="33""#)],
    ),
    case(
        "virtio_flag_bad",
        DEVICES,
        &[(r#"read-only="true""#, r#"read-only="yes""#)],
    ),
    case(
        "virtio_mtu_out_of_range",
        DRIVERS,
        &[(r#"mtu="1400""#, r#"mtu="9000""#)],
    ),
    case(
        "virtio_mac_missing",
        DRIVERS,
        &[(r#"mac="02:00:00:00:00:1f" "#, "")],
    ),
    case(
        "virtio_mac_bad",
        DRIVERS,
        &[(r#"mac="02:00:00:00:00:1f""#, r#"mac="02:00:00:00:00""#)],
    ),
    case(
        "virtio_mac_of_a_group",
        DRIVERS,
        &[(r#"mac="02:00:00:00:00:1f""#, r#"mac="03:00:00:00:00:1f""#)],
    ),
    case(
        "program_twice",
        DEVICES,
        &[(
            r#"<?vmm program crate="../sensor"?>"#,
            r#"<?vmm program crate="../sensor"?><?vmm program crate="other"?>"#,
        )],
    ),
    case(
        "program_of_no_crate",
        DEVICES,
        &[(r#"crate="../sensor""#, r#"crate="""#)],
    ),
    case(
        "program_without_name",
        DEVICES,
        &[(r#"<program_image path="sensor.elf" />"#, "")],
    ),
    case(
        "program_same_file",
        DEVICES,
        &[(r#"path="sensor.elf""#, r#"path="vmm.elf""#)],
    ),
    case(
        "program_of_a_driver",
        DRIVERS,
        &[(
            r#"<?vmm driver type="serial"?>"#,
            r#"<?vmm program crate="uart"?><?vmm driver type="serial"?>"#,
        )],
    ),
];
