//! Cases of drivers.

use super::cases::{Case, case};
use crate::systems::DRIVERS;

/// All of them.
pub(super) const CASES: &[Case] = &[
    case(
        "driver_type_near",
        DRIVERS,
        &[(
            r#"<?vmm driver type="network"?>"#,
            r#"<?vmm driver type="netwrk"?>"#,
        )],
    ),
    case(
        "driver_type_of_another_device",
        DRIVERS,
        &[(
            r#"<?vmm driver type="block"?>"#,
            r#"<?vmm driver type="entropy"?>"#,
        )],
    ),
    case(
        "driver_is_a_ticker",
        DRIVERS,
        &[(
            "<?vmm ticker?>",
            r#"<?vmm ticker?><?vmm driver type="serial"?>"#,
        )],
    ),
    case(
        "driver_without_program",
        DRIVERS,
        &[(r#"<program_image path="blk.elf" />"#, "")],
    ),
    case(
        "driver_same_program",
        DRIVERS,
        &[(r#"path="net.elf""#, r#"path="blk.elf""#)],
    ),
    case(
        "driver_runs_a_guest",
        DRIVERS,
        &[(
            r#"<irq irq="33" id="1" />"#,
            "<irq irq=\"33\" id=\"1\" />\n        <virtual_machine name=\"c\" priority=\"1\"><vcpu id=\"0\" /></virtual_machine>",
        )],
    ),
    case(
        "driver_word_elsewhere",
        DRIVERS,
        &[("<?vmm wake-page?>", "<?vmm dma?>")],
    ),
    case(
        "driver_with_a_word_of_vmms",
        DRIVERS,
        &[("<?vmm dma?>", "<?vmm console?>")],
    ),
    case(
        "driver_without_registers",
        DRIVERS,
        &[("<?vmm driver-registers?>", "")],
    ),
    case(
        "driver_registers_twice",
        DRIVERS,
        &[("<?vmm dma?>", "<?vmm driver-registers?>")],
    ),
    case(
        "driver_registers_cached",
        DRIVERS,
        &[(
            r#"<map mr="uart" vaddr="0x20000000" perms="rw" cached="false" />"#,
            r#"<map mr="uart" vaddr="0x20000000" perms="rw" />"#,
        )],
    ),
    case(
        "driver_registers_outside",
        DRIVERS,
        &[(
            r#"offset="0xe00" size="0x200""#,
            r#"offset="0xe00" size="0x400""#,
        )],
    ),
    case(
        "driver_registers_without_address",
        DRIVERS,
        &[(
            r#"name="uart" size="0x1000" phys_addr="0x9000000""#,
            r#"name="uart" size="0x1000""#,
        )],
    ),
    case(
        "driver_registers_in_memory",
        DRIVERS,
        &[(r#"phys_addr="0x9000000""#, r#"phys_addr="0x60000000""#)],
    ),
    case(
        "driver_of_another_device",
        DRIVERS,
        &[(
            r#"<?vmm driver-registers offset="0xc00" size="0x200"?>
        <map mr="slots""#,
            r#"<?vmm driver-registers?>
        <map mr="uart""#,
        )],
    ),
    case(
        "driver_registers_in_a_guest",
        DRIVERS,
        &[(
            "<?vmm gic-cpu-interface?>",
            "<?vmm device name=\"slot\"?>\n            <map mr=\"slots\" vaddr=\"0xb000000\" cached=\"false\" />\n            <?vmm gic-cpu-interface?>",
        )],
    ),
    case(
        "driver_map_two_purposes",
        DRIVERS,
        &[(
            "<?vmm driver-registers?>",
            "<?vmm driver-registers?><?vmm driver-registers size=\"0x100\"?>",
        )],
    ),
    case(
        "driver_map_at_zero",
        DRIVERS,
        &[(
            r#"<map mr="uart" vaddr="0x20000000""#,
            r#"<map mr="uart" vaddr="0""#,
        )],
    ),
    case(
        "driver_dma_missing",
        DRIVERS,
        &[(
            "        <?vmm dma?>\n        <map mr=\"disk_dma\" vaddr=\"0x21000000\" perms=\"rw\" />\n",
            "",
        )],
    ),
    case(
        "driver_dma_not_used",
        DRIVERS,
        &[
            (
                "<irq irq=\"33\" id=\"1\" />",
                "<?vmm dma?>\n        <map mr=\"uart_dma\" vaddr=\"0x21000000\" perms=\"rw\" />\n        <irq irq=\"33\" id=\"1\" />",
            ),
            (
                "    <memory_region name=\"info_a\"",
                "    <memory_region name=\"uart_dma\" size=\"0x10000\" phys_addr=\"0x50300000\" />\n    <memory_region name=\"info_a\"",
            ),
        ],
    ),
    case(
        "driver_dma_without_address",
        DRIVERS,
        &[(r#" phys_addr="0x50000000""#, "")],
    ),
    case(
        "driver_dma_not_memory",
        DRIVERS,
        &[(r#"phys_addr="0x50000000""#, r#"phys_addr="0x10000000""#)],
    ),
    case(
        "driver_dma_too_small",
        DRIVERS,
        &[(
            r#"name="disk_dma" size="0x200000""#,
            r#"name="disk_dma" size="0x10000""#,
        )],
    ),
    case(
        "driver_dma_rights",
        DRIVERS,
        &[(
            r#"<map mr="disk_dma" vaddr="0x21000000" perms="rw" />"#,
            r#"<map mr="disk_dma" vaddr="0x21000000" perms="r" />"#,
        )],
    ),
    case(
        "driver_dma_in_a_guest",
        DRIVERS,
        &[(
            r#"name="disk_dma" size="0x200000" phys_addr="0x50000000""#,
            r#"name="disk_dma" size="0x200000" phys_addr="0x4be00000""#,
        )],
    ),
    case(
        "driver_dma_of_another",
        DRIVERS,
        &[(r#"mr="network_dma""#, r#"mr="disk_dma""#)],
    ),
    case(
        "warning_driver_without_interrupt",
        DRIVERS,
        &[(r#"        <irq irq="33" id="1" />"#, "")],
    ),
    case(
        "driver_interrupt_twice",
        DRIVERS,
        &[(
            r#"<irq irq="33" id="1" />"#,
            "<irq irq=\"33\" id=\"1\" />\n        <irq irq=\"34\" id=\"2\" />",
        )],
    ),
    case(
        "driver_interrupt_private",
        DRIVERS,
        &[(r#"<irq irq="33" id="1" />"#, r#"<irq irq="1" id="1" />"#)],
    ),
    case(
        "driver_interrupt_of_another",
        DRIVERS,
        &[(r#"irq="79""#, r#"irq="77""#)],
    ),
    case(
        "driver_interrupt_level",
        DRIVERS,
        &[(r#"irq="79" id="3" trigger="edge""#, r#"irq="79" id="3""#)],
    ),
    case(
        "driver_serves_nobody",
        DRIVERS,
        &[
            (
                "    <channel>\n        <end pd=\"net\" id=\"4\" />\n        <end pd=\"vmm_b\" id=\"5\" />\n    </channel>\n",
                "",
            ),
            (
                "            <?vmm virtio name=\"card\" type=\"network\" address=\"0xa000200\" interrupt=\"49\" backend=\"sddf\" channel=\"5\"\n                         memory=\"send_free send_active send_data receive_free receive_active receive_data\"\n                         mac=\"02:00:00:00:00:1f\" mtu=\"1400\"?>\n",
                "",
            ),
        ],
    ),
    case(
        "driver_serves_another_domain",
        DRIVERS,
        &[(
            "    <channel>\n        <end pd=\"net\" id=\"4\" />",
            "    <channel>\n        <end pd=\"net\" id=\"5\" />\n        <end pd=\"upstream\" id=\"5\" />\n    </channel>\n    <channel>\n        <end pd=\"net\" id=\"4\" />",
        )],
    ),
    case(
        "driver_serves_an_emulated_device",
        DRIVERS,
        &[
            (
                "<?vmm virtio name=\"random\" type=\"entropy\" address=\"0xa000400\" interrupt=\"50\" backend=\"sddf\"\n                         channel=\"3\"",
                "<?vmm emulated name=\"random\" type=\"acme::Random\" registers=\"0xa000400:0x200\"\n                         channels=\"2 3\"",
            ),
            (
                "            <?vmm virtio name=\"terminal\" type=\"console\" address=\"0xa000200\" interrupt=\"49\" backend=\"sddf\"\n                         channel=\"2\" memory=\"out_queue out_data in_queue in_data\" columns=\"132\"?>\n",
                "",
            ),
        ],
    ),
    case(
        "driver_memory_not_mapped",
        DRIVERS,
        &[(
            "        <map mr=\"out_data\" vaddr=\"0x31002000\" perms=\"r\" />\n",
            "",
        )],
    ),
    case(
        "driver_memory_rights",
        DRIVERS,
        &[(
            r#"<map mr="receive_data" vaddr="0x32100000" perms="rw" />"#,
            r#"<map mr="receive_data" vaddr="0x32100000" perms="r" />"#,
        )],
    ),
    case(
        "driver_priority",
        DRIVERS,
        &[(
            r#"name="blk" priority="220""#,
            r#"name="blk" priority="200""#,
        )],
    ),
    case(
        "driver_parts_overlap",
        DRIVERS,
        &[(r#"sectors="0x1000""#, r#"sectors="0x1001""#)],
    ),
    case(
        "driver_parts_of_one",
        DRIVERS,
        &[(r#"first-sector="0x1000""#, "")],
    ),
    case(
        "driver_part_without_start",
        DRIVERS,
        &[
            (r#"first-sector="0x1000""#, ""),
            (r#"first-sector="0" sectors"#, "sectors"),
        ],
    ),
];
