//! The cases: a good system and what is changed in it.

use crate::systems::{ONE, SHADOW, TWO_GUESTS, TWO_VCPUS};

/// One changed system.
pub(super) struct Case {
    /// Name of the golden file; `warning_` when it does not stop the build.
    pub(super) name: &'static str,
    /// The good system.
    pub(super) system: &'static str,
    /// The board it is checked against.
    pub(super) board: &'static str,
    /// Texts and what they become.
    pub(super) edits: &'static [(&'static str, &'static str)],
}

const VIRT: &str = "qemu_virt_aarch64";

/// A case on QEMU's virt machine.
const fn case(
    name: &'static str,
    system: &'static str,
    edits: &'static [(&'static str, &'static str)],
) -> Case {
    on(VIRT, name, system, edits)
}

/// A case on another board.
const fn on(
    board: &'static str,
    name: &'static str,
    system: &'static str,
    edits: &'static [(&'static str, &'static str)],
) -> Case {
    Case {
        name,
        system,
        board,
        edits,
    }
}

/// All of them.
pub(super) const CASES: &[Case] = &[
    case("xml_syntax", ONE, &[("</virtual_machine>", "</virtual>")]),
    case(
        "xml_root",
        ONE,
        &[("<system>", "<config>"), ("</system>", "</config>")],
    ),
    case(
        "attribute_missing",
        ONE,
        &[(r#" vaddr="0x30000000" perms="rw" cached="false""#, "")],
    ),
    case(
        "number_bad",
        ONE,
        &[(r#"size="0x4000000""#, r#"size="64M""#)],
    ),
    case(
        "number_not_decimal",
        ONE,
        &[(r#"irq="40""#, r#"irq="0x28""#)],
    ),
    case(
        "misplaced_in_system",
        ONE,
        &[("    <channel>", "    <?vmm ram?>\n    <channel>")],
    ),
    case(
        "misplaced_in_region",
        ONE,
        &[(
            r#"<memory_region name="shared" size="0x1000" />"#,
            r#"<memory_region name="shared" size="0x1000"><?vmm ram?></memory_region>"#,
        )],
    ),
    case(
        "misplaced_before_map",
        ONE,
        &[("<?vmm ram?>", "<?vmm wake-timer?>")],
    ),
    case(
        "misplaced_before_vcpu",
        ONE,
        &[("<vcpu", "<?vmm ram?><vcpu")],
    ),
    case(
        "misplaced_at_end",
        ONE,
        &[(
            "        </virtual_machine>",
            "            <?vmm ram?>\n        </virtual_machine>",
        )],
    ),
    case(
        "misplaced_guest_word",
        ONE,
        &[(
            "<?vmm image?>",
            r#"<?vmm image?><?vmm policy reset="stop"?>"#,
        )],
    ),
    case("word_missing", ONE, &[("<?vmm ram?>", "<?vmm ?>")]),
    case("word_near", ONE, &[("<?vmm ram?>", "<?vmm rma?>")]),
    case(
        "word_unknown",
        ONE,
        &[("<?vmm ram?>", "<?vmm framebuffer?>")],
    ),
    case("key_near", ONE, &[("bootargs=", "botargs=")]),
    case("key_unknown", ONE, &[("bootargs=", "title=")]),
    case(
        "key_none_taken",
        ONE,
        &[("<?vmm ram?>", r#"<?vmm ram size="0x1000"?>"#)],
    ),
    case(
        "key_twice",
        ONE,
        &[(r#"bootargs="quiet""#, r#"bootargs="quiet" bootargs="loud""#)],
    ),
    case("key_missing", ONE, &[(r#" distributor="0x8000000""#, "")]),
    case(
        "key_without_quotes",
        ONE,
        &[(r#"version="2""#, "version=2")],
    ),
    case("key_without_value", ONE, &[(r#"version="2""#, "version")]),
    case(
        "key_number_bad",
        ONE,
        &[(r#"distributor="0x8000000""#, r#"distributor="here""#)],
    ),
    case(
        "guest_twice",
        ONE,
        &[(
            r#"<?vmm guest bootargs="quiet" stdout="serial"?>"#,
            "<?vmm guest bootargs=\"quiet\" stdout=\"serial\"?>\n            <?vmm guest bootargs=\"quiet\" stdout=\"serial\"?>",
        )],
    ),
    case(
        "guest_missing",
        ONE,
        &[(r#"<?vmm guest bootargs="quiet" stdout="serial"?>"#, "")],
    ),
    case(
        "guest_without_machine",
        ONE,
        &[(
            r#"<irq irq="40""#,
            "<?vmm interrupt device=\"serial\"?>\n        <irq irq=\"40\"",
        )],
    ),
    case("region_near", ONE, &[(r#"mr="uart""#, r#"mr="urat""#)]),
    case(
        "region_unknown",
        ONE,
        &[(r#"mr="uart""#, r#"mr="framebuffer""#)],
    ),
    case("vcpu_missing", ONE, &[(r#"<vcpu id="0" />"#, "")]),
    case(
        "vcpu_numbers",
        ONE,
        &[(
            r#"<vcpu id="0" />"#,
            "<vcpu id=\"0\" />\n            <vcpu id=\"2\" />",
        )],
    ),
    case(
        "vcpu_too_many",
        ONE,
        &[(
            r#"<vcpu id="0" />"#,
            r#"<vcpu id="0" /><vcpu id="1" /><vcpu id="2" /><vcpu id="3" /><vcpu id="4" /><vcpu id="5" /><vcpu id="6" /><vcpu id="7" /><vcpu id="8" />"#,
        )],
    ),
    case(
        "gic_missing",
        ONE,
        &[(r#"<?vmm gic version="2" distributor="0x8000000"?>"#, "")],
    ),
    case("gic_version", ONE, &[(r#"version="2""#, r#"version="3""#)]),
    on("imx8mp_evk", "gic_board_version", ONE, &[]),
    case(
        "gic_distributor_misaligned",
        ONE,
        &[(r#"distributor="0x8000000""#, r#"distributor="0x8000800""#)],
    ),
    case(
        "gic_cpu_interface_missing",
        ONE,
        &[("<?vmm gic-cpu-interface?>", r#"<?vmm device name="gicv"?>"#)],
    ),
    case("image_missing", ONE, &[("<?vmm image?>", "")]),
    case(
        "image_twice",
        ONE,
        &[(
            r#"<map mr="shared" vaddr="0x30000000" perms="rw" cached="false" />"#,
            "<?vmm image?>\n        <map mr=\"shared\" vaddr=\"0x30000000\" perms=\"rw\" cached=\"false\" />",
        )],
    ),
    case(
        "image_not_prefilled",
        ONE,
        &[(r#" prefill_path="guest.img""#, r#" size="0x200000""#)],
    ),
    case(
        "image_with_size",
        ONE,
        &[(
            r#"page_size="0x200000" prefill"#,
            r#"size="0x200000" page_size="0x200000" prefill"#,
        )],
    ),
    case(
        "map_size_unknown",
        ONE,
        &[(
            "<vcpu",
            "<?vmm device name=\"blob\"?>\n            <map mr=\"package\" vaddr=\"0x70000000\" perms=\"r\" cached=\"false\" />\n            <vcpu",
        )],
    ),
    case(
        "map_unaccounted",
        ONE,
        &[(
            r#"<?vmm device name="serial" compatible="arm,pl011 arm,primecell" clocks="uartclk:24000000 apb_pclk:24000000"?>"#,
            "",
        )],
    ),
    case(
        "map_two_roles",
        ONE,
        &[(
            "<?vmm ram?>",
            "<?vmm ram?>\n            <?vmm device name=\"memory\"?>",
        )],
    ),
    case(
        "shadow_place",
        SHADOW,
        &[(
            r#"vaddr="0x8000000" perms="r""#,
            r#"vaddr="0x8002000" perms="r""#,
        )],
    ),
    case(
        "shadow_rights",
        SHADOW,
        &[(
            r#"vaddr="0x8000000" perms="r""#,
            r#"vaddr="0x8000000" perms="rw""#,
        )],
    ),
    case(
        "shadow_two_vcpus",
        SHADOW,
        &[(
            r#"<vcpu id="0" />"#,
            "<vcpu id=\"0\" />\n            <vcpu id=\"1\" />",
        )],
    ),
    case(
        "shadow_not_writable",
        SHADOW,
        &[(
            r#"vaddr="0x30000000" perms="rw""#,
            r#"vaddr="0x30000000" perms="r""#,
        )],
    ),
    case(
        "property_of_nothing",
        ONE,
        &[(
            "<?vmm ram?>",
            "<?vmm ram?>\n            <?vmm property name=\"hot\"?>",
        )],
    ),
    case(
        "property_cells_bad",
        ONE,
        &[(
            r#"<?vmm device name="serial" compatible="arm,pl011 arm,primecell" clocks="uartclk:24000000 apb_pclk:24000000"?>"#,
            "<?vmm device name=\"serial\" compatible=\"arm,pl011 arm,primecell\" clocks=\"uartclk:24000000 apb_pclk:24000000\"?>\n            <?vmm property name=\"x\" cells=\"1 two\"?>",
        )],
    ),
    case(
        "property_two_values",
        ONE,
        &[(
            r#"<?vmm device name="serial" compatible="arm,pl011 arm,primecell" clocks="uartclk:24000000 apb_pclk:24000000"?>"#,
            "<?vmm device name=\"serial\" compatible=\"arm,pl011 arm,primecell\" clocks=\"uartclk:24000000 apb_pclk:24000000\"?>\n            <?vmm property name=\"x\" cells=\"1\" strings=\"a\"?>",
        )],
    ),
    case(
        "device_name_bad",
        ONE,
        &[
            (
                r#"name="serial" compatible"#,
                r#"name="2nd serial" compatible"#,
            ),
            (r#"device="serial""#, r#"device="2nd serial""#),
            (r#"stdout="serial""#, r#"stdout="2nd serial""#),
        ],
    ),
    case(
        "device_twice",
        ONE,
        &[(
            "<?vmm gic-cpu-interface?>",
            "<?vmm device name=\"serial\" compatible=\"acme,uart\"?>\n            <map mr=\"shared\" vaddr=\"0x9100000\" perms=\"rw\" cached=\"false\" />\n            <?vmm gic-cpu-interface?>",
        )],
    ),
    case(
        "device_registers_outside",
        ONE,
        &[(
            r#"name="serial" compatible"#,
            r#"name="serial" offset="0x800" size="0x801" compatible"#,
        )],
    ),
    case(
        "device_unknown_near",
        ONE,
        &[(r#"device="serial""#, r#"device="seral""#)],
    ),
    case(
        "device_unknown",
        TWO_VCPUS,
        &[
            (r#"offset="0x1000""#, ""),
            (
                r#"registers device="rtc""#,
                r#"registers device="clockwork""#,
            ),
        ],
    ),
    case("device_clock_bad", ONE, &[("uartclk:24000000", "24000000")]),
    case(
        "stdout_unknown",
        ONE,
        &[(r#"stdout="serial""#, r#"stdout="console""#)],
    ),
    case(
        "stdout_not_shown",
        ONE,
        &[(r#"compatible="arm,pl011 arm,primecell" "#, "")],
    ),
    case(
        "interrupt_unaccounted",
        ONE,
        &[(r#"<?vmm interrupt device="serial"?>"#, "")],
    ),
    case(
        "interrupt_two_purposes",
        ONE,
        &[(
            "<?vmm wake-timer?>",
            r#"<?vmm wake-timer?><?vmm interrupt device="serial"?>"#,
        )],
    ),
    case("interrupt_private", ONE, &[(r#"irq="33""#, r#"irq="1""#)]),
    case(
        "interrupt_unroutable",
        ONE,
        &[(r#"irq="33""#, r#"irq="200""#)],
    ),
    case("interrupt_twice", ONE, &[(r#"irq="40""#, r#"irq="33""#)]),
    case("wake_timer_wrong", ONE, &[(r#"irq="30""#, r#"irq="27""#)]),
    on(
        "zcu102",
        "wake_timer_not_exported",
        ONE,
        &[
            (r#"phys_addr="0x8040000""#, r#"phys_addr="0xf9060000""#),
            (r#"phys_addr="0x9000000""#, r#"phys_addr="0xff000000""#),
            (r#"irq="33""#, r#"irq="53""#),
        ],
    ),
    case(
        "psci_unknown",
        ONE,
        &[(r#"stdout="serial""#, r#"psci="svc""#)],
    ),
    case(
        "policy_unknown",
        ONE,
        &[(r#"crash="stop""#, r#"crash="ignore""#)],
    ),
    case("policy_limit_bad", ONE, &[("restart 3", "restart often")]),
    case("policy_needs_smc", ONE, &[(r#" smc="true""#, "")]),
    case(
        "region_twice",
        ONE,
        &[(
            r#"    <memory_region name="shared""#,
            "    <memory_region name=\"uart\" size=\"0x1000\" />\n    <memory_region name=\"shared\"",
        )],
    ),
    case(
        "region_page_size",
        ONE,
        &[(r#"page_size="0x200000" phys"#, r#"page_size="0x4000" phys"#)],
    ),
    case(
        "region_size_misaligned",
        ONE,
        &[(r#"size="0x4000000""#, r#"size="0x4100000""#)],
    ),
    case(
        "region_physical_misaligned",
        ONE,
        &[(r#"phys_addr="0x9000000""#, r#"phys_addr="0x9000800""#)],
    ),
    case(
        "region_empty",
        ONE,
        &[(
            r#"name="shared" size="0x1000""#,
            r#"name="shared" size="0""#,
        )],
    ),
    case(
        "region_without_size",
        ONE,
        &[(r#"name="shared" size="0x1000""#, r#"name="shared""#)],
    ),
    case(
        "map_rights",
        ONE,
        &[(
            r#"vaddr="0x30000000" perms="rw" cached"#,
            r#"vaddr="0x30000000" perms="w" cached"#,
        )],
    ),
    case(
        "map_misaligned",
        ONE,
        &[(
            r#"<map mr="ram" vaddr="0x40000000" perms="rwx" />"#,
            r#"<map mr="ram" vaddr="0x40100000" perms="rwx" />"#,
        )],
    ),
    case(
        "map_outside",
        ONE,
        &[(
            r#"<map mr="ram" vaddr="0x40000000" perms="rwx" />"#,
            r#"<map mr="ram" vaddr="0xff_fe00_0000" perms="rwx" />"#,
        )],
    ),
    case(
        "overlap_in_guest",
        ONE,
        &[(
            r#"<map mr="uart" vaddr="0x9000000" perms="rw" cached="false" />"#,
            r#"<map mr="uart" vaddr="0x40002000" perms="rw" cached="false" />"#,
        )],
    ),
    case(
        "overlap_with_distributor",
        ONE,
        &[(
            r#"<map mr="uart" vaddr="0x9000000" perms="rw" cached="false" />"#,
            r#"<map mr="uart" vaddr="0x8000000" perms="rw" cached="false" />"#,
        )],
    ),
    case(
        "overlap_in_vmm",
        ONE,
        &[(
            r#"vaddr="0x30000000" perms="rw" cached"#,
            r#"vaddr="0x40001000" perms="rw" cached"#,
        )],
    ),
    case(
        "overlap_with_image",
        ONE,
        &[(
            r#"vaddr="0x30000000" perms="rw" cached"#,
            r#"vaddr="0x84000000" perms="rw" cached"#,
        )],
    ),
    case(
        "ram_missing",
        ONE,
        &[
            ("<?vmm ram?>", r#"<?vmm device name="memory"?>"#),
            (
                r#"<map mr="ram" vaddr="0x40000000" perms="rwx" />"#,
                r#"<map mr="ram" vaddr="0x40000000" perms="rw" cached="false" />"#,
            ),
            (r#"0x40000000" />"#, r#"0x9100000" />"#),
            (
                r#"size="0x4000000" page_size="0x200000" phys_addr="0x9100000""#,
                r#"size="0x4000000" page_size="0x200000""#,
            ),
        ],
    ),
    case(
        "ram_rights",
        ONE,
        &[(
            r#"<map mr="ram" vaddr="0x40000000" perms="rwx" />"#,
            r#"<map mr="ram" vaddr="0x40000000" perms="rw" />"#,
        )],
    ),
    case(
        "ram_not_in_vmm",
        ONE,
        &[(r#"<map mr="ram" vaddr="0x40000000" perms="rw" />"#, "")],
    ),
    case(
        "ram_not_writable",
        ONE,
        &[(
            r#"<map mr="ram" vaddr="0x40000000" perms="rw" />"#,
            r#"<map mr="ram" vaddr="0x40000000" perms="r" />"#,
        )],
    ),
    case(
        "ram_uncached",
        ONE,
        &[(
            r#"<map mr="ram" vaddr="0x40000000" perms="rwx" />"#,
            r#"<map mr="ram" vaddr="0x40000000" perms="rwx" cached="false" />"#,
        )],
    ),
    case(
        "ram_twice",
        TWO_GUESTS,
        &[
            (
                r#"mr="ram_b" vaddr="0x40000000" perms="rwx""#,
                r#"mr="ram_a" vaddr="0x40000000" perms="rwx""#,
            ),
            (r#"<map mr="ram_b""#, r#"<map mr="ram_a""#),
        ],
    ),
    case(
        "device_executable",
        ONE,
        &[(
            r#"<map mr="uart" vaddr="0x9000000" perms="rw" cached="false" />"#,
            r#"<map mr="uart" vaddr="0x9000000" perms="rwx" cached="false" />"#,
        )],
    ),
    case(
        "device_cached",
        ONE,
        &[(
            r#"<map mr="uart" vaddr="0x9000000" perms="rw" cached="false" />"#,
            r#"<map mr="uart" vaddr="0x9000000" perms="rw" />"#,
        )],
    ),
    case(
        "physical_partly_memory",
        ONE,
        &[(r#"phys_addr="0x40000000""#, r#"phys_addr="0x3e000000""#)],
    ),
    case(
        "ram_not_memory",
        ONE,
        &[(r#"phys_addr="0x40000000""#, r#"phys_addr="0x20000000""#)],
    ),
    case(
        "device_in_memory",
        ONE,
        &[(r#"phys_addr="0x9000000""#, r#"phys_addr="0x61000000""#)],
    ),
    case(
        "device_covers_gic",
        ONE,
        &[
            (
                r#"name="uart" size="0x1000" phys_addr="0x9000000""#,
                r#"name="uart" size="0x800000" phys_addr="0x8000000""#,
            ),
            (
                r#"<map mr="uart" vaddr="0x9000000" perms="rw" cached="false" />"#,
                r#"<map mr="uart" vaddr="0xa000000" perms="rw" cached="false" />"#,
            ),
        ],
    ),
    case(
        "gicv_without_address",
        ONE,
        &[(r#" phys_addr="0x8040000""#, "")],
    ),
    case("gicv_wrong_address", ONE, &[("0x8040000", "0x8050000")]),
    case(
        "gicv_too_large",
        ONE,
        &[(
            r#"name="gicv" size="0x2000""#,
            r#"name="gicv" size="0x40000""#,
        )],
    ),
    case(
        "channel_out_of_range",
        ONE,
        &[(r#"irq="33" id="1""#, r#"irq="33" id="62""#)],
    ),
    case(
        "channel_end_out_of_range",
        ONE,
        &[(r#"<end pd="vmm" id="3" />"#, r#"<end pd="vmm" id="62" />"#)],
    ),
    case(
        "channel_twice",
        ONE,
        &[(r#"<end pd="vmm" id="3" />"#, r#"<end pd="vmm" id="2" />"#)],
    ),
    case(
        "channel_of_nobody",
        ONE,
        &[(
            r#"<end pd="other" id="1" />"#,
            r#"<end pd="others" id="1" />"#,
        )],
    ),
    case(
        "priority_out_of_range",
        ONE,
        &[(r#"priority="200""#, r#"priority="255""#)],
    ),
    case(
        "priority_of_guest",
        ONE,
        &[(
            r#"name="guest" priority="100""#,
            r#"name="guest" priority="200""#,
        )],
    ),
    case(
        "budget_too_large",
        ONE,
        &[(
            r#"priority="150""#,
            r#"priority="150" budget="1000" period="500""#,
        )],
    ),
    case(
        "warning_budget",
        ONE,
        &[(
            r#"name="guest" priority="100""#,
            r#"name="guest" priority="100" budget="900" period="1000""#,
        )],
    ),
    case("warning_fpu_missing", ONE, &[(r#" fpu="false""#, "")]),
    case(
        "warning_fpu_true",
        ONE,
        &[(r#" fpu="false""#, r#" fpu="true""#)],
    ),
    case(
        "warning_cores",
        ONE,
        &[(
            r#"<vcpu id="0" />"#,
            r#"<vcpu id="0" /><vcpu id="1" /><vcpu id="2" /><vcpu id="3" /><vcpu id="4" />"#,
        )],
    ),
    case("program_shared", TWO_GUESTS, &[("vmm_b.elf", "vmm_a.elf")]),
    case("image_shared", TWO_GUESTS, &[("b.img", "a.img")]),
    case(
        "warning_device_shared",
        TWO_GUESTS,
        &[(
            "<?vmm gic-cpu-interface?>",
            "<?vmm device name=\"spare\"?>\n            <map mr=\"uart\" vaddr=\"0x9100000\" cached=\"false\" />\n            <?vmm gic-cpu-interface?>",
        )],
    ),
    case(
        "no_guest",
        ONE,
        &[
            (
                "<virtual_machine name=\"guest\" priority=\"100\">\n            <?vmm guest bootargs=\"quiet\" stdout=\"serial\"?>\n            <?vmm gic version=\"2\" distributor=\"0x8000000\"?>\n            <?vmm policy power-off=\"machine-off\" reset=\"restart 3\" crash=\"stop\"?>\n            <vcpu id=\"0\" />\n            <?vmm ram?>\n            <map mr=\"ram\" vaddr=\"0x40000000\" perms=\"rwx\" />\n            <?vmm gic-cpu-interface?>\n            <map mr=\"gicv\" vaddr=\"0x8010000\" perms=\"rw\" cached=\"false\" />\n            <?vmm device name=\"serial\" compatible=\"arm,pl011 arm,primecell\" clocks=\"uartclk:24000000 apb_pclk:24000000\"?>\n            <map mr=\"uart\" vaddr=\"0x9000000\" perms=\"rw\" cached=\"false\" />\n        </virtual_machine>",
                "<virtual_machine name=\"guest\" priority=\"100\"><vcpu id=\"0\" />\n        </virtual_machine>",
            ),
            ("<?vmm image?>", ""),
            (r#"<?vmm interrupt device="serial"?>"#, ""),
            ("<?vmm wake-timer?>", ""),
        ],
    ),
    case(
        "several_at_once",
        ONE,
        &[
            (r#"irq="33""#, r#"irq="500""#),
            (
                r#"<map mr="ram" vaddr="0x40000000" perms="rwx" />"#,
                r#"<map mr="ram" vaddr="0x40000000" perms="rw" />"#,
            ),
            (r#"stdout="serial""#, r#"stdot="serial""#),
            (
                r#"mr="gicv" vaddr="0x8010000""#,
                r#"mr="gicv" vaddr="0x8010010""#,
            ),
        ],
    ),
];
