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
pub(super) const fn case(
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
    case(
        "attribute_near",
        ONE,
        &[(r#"phys_addr="0x9000000""#, r#"phys_adr="0x9000000""#)],
    ),
    case(
        "attribute_unknown",
        ONE,
        &[(r#"name="uart" size"#, r#"name="uart" writable="no" size"#)],
    ),
    case(
        "attribute_value",
        ONE,
        &[(r#"irq="33" id="1""#, r#"irq="33" id="1" trigger="Edge""#)],
    ),
    case(
        "attribute_not_bool",
        ONE,
        &[(r#"smc="true""#, r#"smc="yes""#)],
    ),
    case(
        "element_near",
        ONE,
        &[(
            r#"<memory_region name="uart""#,
            r#"<memory_regoin name="uart""#,
        )],
    ),
    case(
        "element_elsewhere",
        ONE,
        &[
            (
                "        <?vmm interrupt device=\"serial\"?>\n        <irq irq=\"33\" id=\"1\" />\n",
                "",
            ),
            (
                "            <vcpu",
                "            <irq irq=\"33\" id=\"1\" />\n            <vcpu",
            ),
        ],
    ),
    case("instruction_near", ONE, &[("<?vmm ram?>", "<?vm ram?>")]),
    case(
        "instruction_in_capitals",
        ONE,
        &[("<?vmm ram?>", "<?VMM ram?>")],
    ),
    case("instruction_joined", ONE, &[("<?vmm ram?>", "<?vmm-ram?>")]),
    case(
        "warning_device_plain_memory",
        ONE,
        &[(r#" phys_addr="0x9000000""#, "")],
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
        &[("<?vmm image?>", r#"<?vmm image size="0x1000"?>"#)],
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
    case(
        "gic_cpu_interface_writable_by_the_vmm",
        ONE,
        &[(
            "        <?vmm image?>",
            "        <map mr=\"gicv\" vaddr=\"0x30010000\" perms=\"rw\" />\n        <?vmm image?>",
        )],
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
        "console_twice",
        ONE,
        &[
            (
                "        <?vmm image?>",
                "        <?vmm console?>\n        <map mr=\"uart\" vaddr=\"0x30010000\" perms=\"rw\" cached=\"false\" />\n        <?vmm image?>",
            ),
            (
                "        <map mr=\"shared\" vaddr=\"0x30000000\" perms=\"rw\" cached=\"false\" />",
                "        <?vmm console?>\n        <map mr=\"shared\" vaddr=\"0x30000000\" perms=\"rw\" cached=\"false\" />",
            ),
        ],
    ),
    case(
        "console_rights",
        ONE,
        &[(
            "        <?vmm image?>",
            "        <?vmm console?>\n        <map mr=\"uart\" vaddr=\"0x30010000\" perms=\"r\" cached=\"false\" />\n        <?vmm image?>",
        )],
    ),
    case(
        "console_cached",
        ONE,
        &[(
            "        <?vmm image?>",
            "        <?vmm console?>\n        <map mr=\"uart\" vaddr=\"0x30010000\" perms=\"rw\" />\n        <?vmm image?>",
        )],
    ),
    case(
        "console_no_uart",
        ONE,
        &[(
            "        <map mr=\"shared\" vaddr=\"0x30000000\" perms=\"rw\" cached=\"false\" />",
            "        <?vmm console?>\n        <map mr=\"shared\" vaddr=\"0x30000000\" perms=\"rw\" cached=\"false\" />",
        )],
    ),
    case(
        "console_device_unnamed",
        ONE,
        &[(
            "        <?vmm image?>",
            "        <?vmm console?>\n        <map mr=\"gicv\" vaddr=\"0x30010000\" perms=\"rw\" cached=\"false\" />\n        <?vmm image?>",
        )],
    ),
    case(
        "console_unsupported",
        ONE,
        &[
            (
                "        <?vmm image?>",
                "        <?vmm console?>\n        <map mr=\"uart\" vaddr=\"0x30010000\" perms=\"rw\" cached=\"false\" />\n        <?vmm image?>",
            ),
            ("arm,pl011 arm,primecell", "ns16550a"),
        ],
    ),
    on(
        "zcu102",
        "console_unsupported_on_board",
        ONE,
        &[
            ("phys_addr=\"0x8040000\"", "phys_addr=\"0xf906f000\""),
            (
                "<memory_region name=\"shared\" size=\"0x1000\" />",
                "<memory_region name=\"shared\" size=\"0x1000\" phys_addr=\"0xff000000\" />",
            ),
            ("phys_addr=\"0x9000000\"", "phys_addr=\"0xff010000\""),
            ("irq=\"33\"", "irq=\"54\""),
            (
                "<?vmm wake-timer?>\n        <irq irq=\"30\" id=\"2\" />",
                "",
            ),
            (
                "        <map mr=\"shared\" vaddr=\"0x30000000\" perms=\"rw\" cached=\"false\" />",
                "        <?vmm console?>\n        <map mr=\"shared\" vaddr=\"0x30000000\" perms=\"rw\" cached=\"false\" />",
            ),
        ],
    ),
    case(
        "warning_console_shared",
        TWO_GUESTS,
        &[(
            "        <map mr=\"ram_b\" vaddr=\"0x40000000\" />",
            "        <?vmm console?>\n        <map mr=\"uart\" vaddr=\"0x30010000\" perms=\"rw\" cached=\"false\" />\n        <map mr=\"ram_b\" vaddr=\"0x40000000\" />",
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
            (r#"phys_addr="0x8040000""#, r#"phys_addr="0xf906f000""#),
            (r#"phys_addr="0x9000000""#, r#"phys_addr="0xff000000""#),
            (r#"irq="33""#, r#"irq="53""#),
            (
                r#"compatible="arm,pl011 arm,primecell""#,
                r#"compatible="cdns,uart-r1p12""#,
            ),
        ],
    ),
    case(
        "device_of_another_kind",
        ONE,
        &[(r#"phys_addr="0x9000000""#, r#"phys_addr="0x9020000""#)],
    ),
    case(
        "device_of_another_kind_elsewhere",
        ONE,
        &[
            (r#" stdout="serial""#, ""),
            (
                r#"compatible="arm,pl011 arm,primecell""#,
                r#"compatible="arm,pl061 arm,primecell""#,
            ),
            (r#"phys_addr="0x9000000""#, r#"phys_addr="0x9010000""#),
        ],
    ),
    on(
        "zcu102",
        "device_of_another_board",
        ONE,
        &[
            (r#"phys_addr="0x8040000""#, r#"phys_addr="0xf906f000""#),
            (r#"phys_addr="0x9000000""#, r#"phys_addr="0xff000000""#),
            (
                "<?vmm wake-timer?>\n        <irq irq=\"30\" id=\"2\" />",
                "",
            ),
        ],
    ),
    on(
        "zcu102",
        "device_in_memory_of_another_board",
        ONE,
        &[
            (r#"phys_addr="0x8040000""#, r#"phys_addr="0xf906f000""#),
            (
                "<?vmm wake-timer?>\n        <irq irq=\"30\" id=\"2\" />",
                "",
            ),
        ],
    ),
    on(
        "rpi4b_1gb",
        "device_of_another_board_in_a_page",
        ONE,
        &[
            (r#"phys_addr="0x40000000""#, r#"phys_addr="0x30000000""#),
            (r#"phys_addr="0x8040000""#, r#"phys_addr="0xff846000""#),
            (r#"phys_addr="0x9000000""#, r#"phys_addr="0xfe215000""#),
            (
                "<?vmm wake-timer?>\n        <irq irq=\"30\" id=\"2\" />",
                "",
            ),
        ],
    ),
    case(
        "interrupt_of_another",
        ONE,
        &[(r#"irq="33""#, r#"irq="34""#)],
    ),
    case(
        "interrupt_of_nobody",
        ONE,
        &[(r#"irq="33""#, r#"irq="45""#)],
    ),
    case(
        "interrupt_of_a_device_without",
        ONE,
        &[
            (
                r#"compatible="arm,pl011 arm,primecell""#,
                r#"compatible="qemu,fw-cfg-mmio""#,
            ),
            (r#"phys_addr="0x9000000""#, r#"phys_addr="0x9020000""#),
        ],
    ),
    case(
        "interrupt_of_another_slot",
        ONE,
        &[
            (
                r#"name="serial" compatible="arm,pl011 arm,primecell""#,
                r#"name="serial" offset="0x200" size="0x200" compatible="virtio,mmio""#,
            ),
            (r#"phys_addr="0x9000000""#, r#"phys_addr="0xa000000""#),
            (r#"irq="33""#, r#"irq="48""#),
        ],
    ),
    case(
        "interrupt_level",
        ONE,
        &[(r#"irq="33" id="1""#, r#"irq="33" id="1" trigger="edge""#)],
    ),
    on(
        "odroidc4",
        "interrupt_edge",
        ONE,
        &[
            (r#"phys_addr="0x8040000""#, r#"phys_addr="0xffc06000""#),
            (r#"phys_addr="0x9000000""#, r#"phys_addr="0xff803000""#),
            (
                r#"compatible="arm,pl011 arm,primecell""#,
                r#"compatible="amlogic,meson-gx-uart""#,
            ),
            (r#"irq="33""#, r#"irq="225""#),
            (
                "<?vmm wake-timer?>\n        <irq irq=\"30\" id=\"2\" />",
                "",
            ),
        ],
    ),
    case(
        "warning_interrupt_missing",
        ONE,
        &[(
            "<?vmm interrupt device=\"serial\"?>\n        <irq irq=\"33\" id=\"1\" />",
            "",
        )],
    ),
    on(
        "zcu102",
        "warning_interrupt_missing_perhaps",
        ONE,
        &[
            (r#" stdout="serial""#, ""),
            (r#"phys_addr="0x8040000""#, r#"phys_addr="0xf906f000""#),
            (r#"phys_addr="0x9000000""#, r#"phys_addr="0xa0000000""#),
            (
                r#"compatible="arm,pl011 arm,primecell""#,
                r#"compatible="acme,logic""#,
            ),
            (
                "<?vmm interrupt device=\"serial\"?>\n        <irq irq=\"33\" id=\"1\" />\n        <?vmm wake-timer?>\n        <irq irq=\"30\" id=\"2\" />",
                "",
            ),
        ],
    ),
    case(
        "warning_device_nowhere",
        ONE,
        &[
            (r#"phys_addr="0x9000000""#, r#"phys_addr="0x9100000""#),
            (r#"irq="33""#, r#"irq="45""#),
        ],
    ),
    case(
        "warning_device_of_several",
        ONE,
        &[(
            r#"name="uart" size="0x1000""#,
            r#"name="uart" size="0x20000""#,
        )],
    ),
    case(
        "warning_console_name",
        ONE,
        &[(
            r#"bootargs="quiet""#,
            r#"bootargs="quiet console=tty0 console=ttyS0,115200""#,
        )],
    ),
    case("word_virtio", ONE, &[("<?vmm ram?>", "<?vmm virtio-blk?>")]),
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
        "region_physical_decimal",
        ONE,
        &[(r#"phys_addr="0x9000000""#, r#"phys_addr="9000000""#)],
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
        "ram_memory_node_bad",
        ONE,
        &[("<?vmm ram?>", r#"<?vmm ram memory-node="yes"?>"#)],
    ),
    case(
        "ram_none_listed",
        ONE,
        &[("<?vmm ram?>", r#"<?vmm ram memory-node="no"?>"#)],
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
        "too_many_regions",
        ONE,
        &[
            (
                r#"    <protection_domain name="vmm""#,
                "    <memory_region name=\"m0\" size=\"0x1000\" />\n    <memory_region name=\"m1\" size=\"0x1000\" />\n    <memory_region name=\"m2\" size=\"0x1000\" />\n    <memory_region name=\"m3\" size=\"0x1000\" />\n    <memory_region name=\"m4\" size=\"0x1000\" />\n    <memory_region name=\"m5\" size=\"0x1000\" />\n    <memory_region name=\"m6\" size=\"0x1000\" />\n    <memory_region name=\"m7\" size=\"0x1000\" />\n    <memory_region name=\"m8\" size=\"0x1000\" />\n    <memory_region name=\"m9\" size=\"0x1000\" />\n    <memory_region name=\"m10\" size=\"0x1000\" />\n    <memory_region name=\"m11\" size=\"0x1000\" />\n    <memory_region name=\"m12\" size=\"0x1000\" />\n    <memory_region name=\"m13\" size=\"0x1000\" />\n    <memory_region name=\"m14\" size=\"0x1000\" />\n    <memory_region name=\"m15\" size=\"0x1000\" />\n    <memory_region name=\"m16\" size=\"0x1000\" />\n    <memory_region name=\"m17\" size=\"0x1000\" />\n    <memory_region name=\"m18\" size=\"0x1000\" />\n    <memory_region name=\"m19\" size=\"0x1000\" />\n    <memory_region name=\"m20\" size=\"0x1000\" />\n    <memory_region name=\"m21\" size=\"0x1000\" />\n    <memory_region name=\"m22\" size=\"0x1000\" />\n    <memory_region name=\"m23\" size=\"0x1000\" />\n    <memory_region name=\"m24\" size=\"0x1000\" />\n    <memory_region name=\"m25\" size=\"0x1000\" />\n    <memory_region name=\"m26\" size=\"0x1000\" />\n    <memory_region name=\"m27\" size=\"0x1000\" />\n    <memory_region name=\"m28\" size=\"0x1000\" />\n    <memory_region name=\"m29\" size=\"0x1000\" />\n    <memory_region name=\"m30\" size=\"0x1000\" />\n    <memory_region name=\"m31\" size=\"0x1000\" />\n    <memory_region name=\"m32\" size=\"0x1000\" />\n    <memory_region name=\"m33\" size=\"0x1000\" />\n    <memory_region name=\"m34\" size=\"0x1000\" />\n    <memory_region name=\"m35\" size=\"0x1000\" />\n    <memory_region name=\"m36\" size=\"0x1000\" />\n    <memory_region name=\"m37\" size=\"0x1000\" />\n    <memory_region name=\"m38\" size=\"0x1000\" />\n    <memory_region name=\"m39\" size=\"0x1000\" />\n    <memory_region name=\"m40\" size=\"0x1000\" />\n    <memory_region name=\"m41\" size=\"0x1000\" />\n    <memory_region name=\"m42\" size=\"0x1000\" />\n    <memory_region name=\"m43\" size=\"0x1000\" />\n    <memory_region name=\"m44\" size=\"0x1000\" />\n    <memory_region name=\"m45\" size=\"0x1000\" />\n    <memory_region name=\"m46\" size=\"0x1000\" />\n    <memory_region name=\"m47\" size=\"0x1000\" />\n    <memory_region name=\"m48\" size=\"0x1000\" />\n    <memory_region name=\"m49\" size=\"0x1000\" />\n    <memory_region name=\"m50\" size=\"0x1000\" />\n    <memory_region name=\"m51\" size=\"0x1000\" />\n    <memory_region name=\"m52\" size=\"0x1000\" />\n    <memory_region name=\"m53\" size=\"0x1000\" />\n    <memory_region name=\"m54\" size=\"0x1000\" />\n    <memory_region name=\"m55\" size=\"0x1000\" />\n    <memory_region name=\"m56\" size=\"0x1000\" />\n    <memory_region name=\"m57\" size=\"0x1000\" />\n    <memory_region name=\"m58\" size=\"0x1000\" />\n    <memory_region name=\"m59\" size=\"0x1000\" />\n    <memory_region name=\"m60\" size=\"0x1000\" />\n    <protection_domain name=\"vmm\"",
            ),
            ("        <?vmm image?>", "        <?vmm image?>"),
            (
                "        </virtual_machine>",
                "            <?vmm device name=\"d0\"?><map mr=\"m0\" vaddr=\"0x50000000\" perms=\"r\" cached=\"false\" />\n            <?vmm device name=\"d1\"?><map mr=\"m1\" vaddr=\"0x50001000\" perms=\"r\" cached=\"false\" />\n            <?vmm device name=\"d2\"?><map mr=\"m2\" vaddr=\"0x50002000\" perms=\"r\" cached=\"false\" />\n            <?vmm device name=\"d3\"?><map mr=\"m3\" vaddr=\"0x50003000\" perms=\"r\" cached=\"false\" />\n            <?vmm device name=\"d4\"?><map mr=\"m4\" vaddr=\"0x50004000\" perms=\"r\" cached=\"false\" />\n            <?vmm device name=\"d5\"?><map mr=\"m5\" vaddr=\"0x50005000\" perms=\"r\" cached=\"false\" />\n            <?vmm device name=\"d6\"?><map mr=\"m6\" vaddr=\"0x50006000\" perms=\"r\" cached=\"false\" />\n            <?vmm device name=\"d7\"?><map mr=\"m7\" vaddr=\"0x50007000\" perms=\"r\" cached=\"false\" />\n            <?vmm device name=\"d8\"?><map mr=\"m8\" vaddr=\"0x50008000\" perms=\"r\" cached=\"false\" />\n            <?vmm device name=\"d9\"?><map mr=\"m9\" vaddr=\"0x50009000\" perms=\"r\" cached=\"false\" />\n            <?vmm device name=\"d10\"?><map mr=\"m10\" vaddr=\"0x5000a000\" perms=\"r\" cached=\"false\" />\n            <?vmm device name=\"d11\"?><map mr=\"m11\" vaddr=\"0x5000b000\" perms=\"r\" cached=\"false\" />\n            <?vmm device name=\"d12\"?><map mr=\"m12\" vaddr=\"0x5000c000\" perms=\"r\" cached=\"false\" />\n            <?vmm device name=\"d13\"?><map mr=\"m13\" vaddr=\"0x5000d000\" perms=\"r\" cached=\"false\" />\n            <?vmm device name=\"d14\"?><map mr=\"m14\" vaddr=\"0x5000e000\" perms=\"r\" cached=\"false\" />\n            <?vmm device name=\"d15\"?><map mr=\"m15\" vaddr=\"0x5000f000\" perms=\"r\" cached=\"false\" />\n            <?vmm device name=\"d16\"?><map mr=\"m16\" vaddr=\"0x50010000\" perms=\"r\" cached=\"false\" />\n            <?vmm device name=\"d17\"?><map mr=\"m17\" vaddr=\"0x50011000\" perms=\"r\" cached=\"false\" />\n            <?vmm device name=\"d18\"?><map mr=\"m18\" vaddr=\"0x50012000\" perms=\"r\" cached=\"false\" />\n            <?vmm device name=\"d19\"?><map mr=\"m19\" vaddr=\"0x50013000\" perms=\"r\" cached=\"false\" />\n            <?vmm device name=\"d20\"?><map mr=\"m20\" vaddr=\"0x50014000\" perms=\"r\" cached=\"false\" />\n            <?vmm device name=\"d21\"?><map mr=\"m21\" vaddr=\"0x50015000\" perms=\"r\" cached=\"false\" />\n            <?vmm device name=\"d22\"?><map mr=\"m22\" vaddr=\"0x50016000\" perms=\"r\" cached=\"false\" />\n            <?vmm device name=\"d23\"?><map mr=\"m23\" vaddr=\"0x50017000\" perms=\"r\" cached=\"false\" />\n            <?vmm device name=\"d24\"?><map mr=\"m24\" vaddr=\"0x50018000\" perms=\"r\" cached=\"false\" />\n            <?vmm device name=\"d25\"?><map mr=\"m25\" vaddr=\"0x50019000\" perms=\"r\" cached=\"false\" />\n            <?vmm device name=\"d26\"?><map mr=\"m26\" vaddr=\"0x5001a000\" perms=\"r\" cached=\"false\" />\n            <?vmm device name=\"d27\"?><map mr=\"m27\" vaddr=\"0x5001b000\" perms=\"r\" cached=\"false\" />\n            <?vmm device name=\"d28\"?><map mr=\"m28\" vaddr=\"0x5001c000\" perms=\"r\" cached=\"false\" />\n            <?vmm device name=\"d29\"?><map mr=\"m29\" vaddr=\"0x5001d000\" perms=\"r\" cached=\"false\" />\n            <?vmm device name=\"d30\"?><map mr=\"m30\" vaddr=\"0x5001e000\" perms=\"r\" cached=\"false\" />\n            <?vmm device name=\"d31\"?><map mr=\"m31\" vaddr=\"0x5001f000\" perms=\"r\" cached=\"false\" />\n            <?vmm device name=\"d32\"?><map mr=\"m32\" vaddr=\"0x50020000\" perms=\"r\" cached=\"false\" />\n            <?vmm device name=\"d33\"?><map mr=\"m33\" vaddr=\"0x50021000\" perms=\"r\" cached=\"false\" />\n            <?vmm device name=\"d34\"?><map mr=\"m34\" vaddr=\"0x50022000\" perms=\"r\" cached=\"false\" />\n            <?vmm device name=\"d35\"?><map mr=\"m35\" vaddr=\"0x50023000\" perms=\"r\" cached=\"false\" />\n            <?vmm device name=\"d36\"?><map mr=\"m36\" vaddr=\"0x50024000\" perms=\"r\" cached=\"false\" />\n            <?vmm device name=\"d37\"?><map mr=\"m37\" vaddr=\"0x50025000\" perms=\"r\" cached=\"false\" />\n            <?vmm device name=\"d38\"?><map mr=\"m38\" vaddr=\"0x50026000\" perms=\"r\" cached=\"false\" />\n            <?vmm device name=\"d39\"?><map mr=\"m39\" vaddr=\"0x50027000\" perms=\"r\" cached=\"false\" />\n            <?vmm device name=\"d40\"?><map mr=\"m40\" vaddr=\"0x50028000\" perms=\"r\" cached=\"false\" />\n            <?vmm device name=\"d41\"?><map mr=\"m41\" vaddr=\"0x50029000\" perms=\"r\" cached=\"false\" />\n            <?vmm device name=\"d42\"?><map mr=\"m42\" vaddr=\"0x5002a000\" perms=\"r\" cached=\"false\" />\n            <?vmm device name=\"d43\"?><map mr=\"m43\" vaddr=\"0x5002b000\" perms=\"r\" cached=\"false\" />\n            <?vmm device name=\"d44\"?><map mr=\"m44\" vaddr=\"0x5002c000\" perms=\"r\" cached=\"false\" />\n            <?vmm device name=\"d45\"?><map mr=\"m45\" vaddr=\"0x5002d000\" perms=\"r\" cached=\"false\" />\n            <?vmm device name=\"d46\"?><map mr=\"m46\" vaddr=\"0x5002e000\" perms=\"r\" cached=\"false\" />\n            <?vmm device name=\"d47\"?><map mr=\"m47\" vaddr=\"0x5002f000\" perms=\"r\" cached=\"false\" />\n            <?vmm device name=\"d48\"?><map mr=\"m48\" vaddr=\"0x50030000\" perms=\"r\" cached=\"false\" />\n            <?vmm device name=\"d49\"?><map mr=\"m49\" vaddr=\"0x50031000\" perms=\"r\" cached=\"false\" />\n            <?vmm device name=\"d50\"?><map mr=\"m50\" vaddr=\"0x50032000\" perms=\"r\" cached=\"false\" />\n            <?vmm device name=\"d51\"?><map mr=\"m51\" vaddr=\"0x50033000\" perms=\"r\" cached=\"false\" />\n            <?vmm device name=\"d52\"?><map mr=\"m52\" vaddr=\"0x50034000\" perms=\"r\" cached=\"false\" />\n            <?vmm device name=\"d53\"?><map mr=\"m53\" vaddr=\"0x50035000\" perms=\"r\" cached=\"false\" />\n            <?vmm device name=\"d54\"?><map mr=\"m54\" vaddr=\"0x50036000\" perms=\"r\" cached=\"false\" />\n            <?vmm device name=\"d55\"?><map mr=\"m55\" vaddr=\"0x50037000\" perms=\"r\" cached=\"false\" />\n            <?vmm device name=\"d56\"?><map mr=\"m56\" vaddr=\"0x50038000\" perms=\"r\" cached=\"false\" />\n            <?vmm device name=\"d57\"?><map mr=\"m57\" vaddr=\"0x50039000\" perms=\"r\" cached=\"false\" />\n            <?vmm device name=\"d58\"?><map mr=\"m58\" vaddr=\"0x5003a000\" perms=\"r\" cached=\"false\" />\n            <?vmm device name=\"d59\"?><map mr=\"m59\" vaddr=\"0x5003b000\" perms=\"r\" cached=\"false\" />\n            <?vmm device name=\"d60\"?><map mr=\"m60\" vaddr=\"0x5003c000\" perms=\"r\" cached=\"false\" />\n        </virtual_machine>",
            ),
        ],
    ),
    case(
        "too_many_pieces_of_ram",
        ONE,
        &[
            (
                r#"    <protection_domain name="vmm""#,
                "    <memory_region name=\"m0\" size=\"0x1000\" />\n    <memory_region name=\"m1\" size=\"0x1000\" />\n    <memory_region name=\"m2\" size=\"0x1000\" />\n    <memory_region name=\"m3\" size=\"0x1000\" />\n    <memory_region name=\"m4\" size=\"0x1000\" />\n    <memory_region name=\"m5\" size=\"0x1000\" />\n    <memory_region name=\"m6\" size=\"0x1000\" />\n    <memory_region name=\"m7\" size=\"0x1000\" />\n    <protection_domain name=\"vmm\"",
            ),
            (
                "        <?vmm image?>",
                "        <map mr=\"m0\" vaddr=\"0x100000000\" />\n        <map mr=\"m1\" vaddr=\"0x100001000\" />\n        <map mr=\"m2\" vaddr=\"0x100002000\" />\n        <map mr=\"m3\" vaddr=\"0x100003000\" />\n        <map mr=\"m4\" vaddr=\"0x100004000\" />\n        <map mr=\"m5\" vaddr=\"0x100005000\" />\n        <map mr=\"m6\" vaddr=\"0x100006000\" />\n        <map mr=\"m7\" vaddr=\"0x100007000\" />\n        <?vmm image?>",
            ),
            (
                "        </virtual_machine>",
                "            <?vmm ram?><map mr=\"m0\" vaddr=\"0x50000000\" perms=\"rwx\" />\n            <?vmm ram?><map mr=\"m1\" vaddr=\"0x50001000\" perms=\"rwx\" />\n            <?vmm ram?><map mr=\"m2\" vaddr=\"0x50002000\" perms=\"rwx\" />\n            <?vmm ram?><map mr=\"m3\" vaddr=\"0x50003000\" perms=\"rwx\" />\n            <?vmm ram?><map mr=\"m4\" vaddr=\"0x50004000\" perms=\"rwx\" />\n            <?vmm ram?><map mr=\"m5\" vaddr=\"0x50005000\" perms=\"rwx\" />\n            <?vmm ram?><map mr=\"m6\" vaddr=\"0x50006000\" perms=\"rwx\" />\n            <?vmm ram?><map mr=\"m7\" vaddr=\"0x50007000\" perms=\"rwx\" />\n        </virtual_machine>",
            ),
        ],
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
        "gicv_too_small",
        ONE,
        &[(
            r#"name="gicv" size="0x2000""#,
            r#"name="gicv" size="0x1000""#,
        )],
    ),
    case(
        "gicv_not_writable",
        ONE,
        &[(
            r#"<map mr="gicv" vaddr="0x8010000" perms="rw""#,
            r#"<map mr="gicv" vaddr="0x8010000" perms="r""#,
        )],
    ),
    case(
        "gicv_twice",
        ONE,
        &[(
            "            <?vmm device",
            "            <?vmm gic-cpu-interface?>\n            <map mr=\"gicv\" vaddr=\"0x8020000\" perms=\"rw\" cached=\"false\" />\n            <?vmm device",
        )],
    ),
    case(
        "shadow_cached_by_vmm",
        SHADOW,
        &[(
            r#"vaddr="0x30000000" perms="rw" cached="false""#,
            r#"vaddr="0x30000000" perms="rw""#,
        )],
    ),
    case(
        "shadow_twice",
        SHADOW,
        &[(
            "        </virtual_machine>",
            "            <?vmm gic-shadow?>\n            <map mr=\"gicd_shadow\" vaddr=\"0x8004000\" perms=\"r\" cached=\"false\" />\n        </virtual_machine>",
        )],
    ),
    case(
        "shadow_of_a_device",
        SHADOW,
        &[(
            r#"name="gicd_shadow" size="0x1000""#,
            r#"name="gicd_shadow" size="0x1000" phys_addr="0x8000000""#,
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
        &[
            (r#" channels="3""#, ""),
            (r#"<end pd="vmm" id="3" />"#, r#"<end pd="vmm" id="62" />"#),
        ],
    ),
    case(
        "channel_twice",
        ONE,
        &[
            (r#" channels="3""#, ""),
            (r#"<end pd="vmm" id="3" />"#, r#"<end pd="vmm" id="2" />"#),
        ],
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
    case(
        "program_missing",
        ONE,
        &[(r#"<program_image path="vmm.elf" />"#, "")],
    ),
    case(
        "program_elsewhere",
        ONE,
        &[(r#"path="vmm.elf""#, r#"path="../../vmm.elf""#)],
    ),
    case(
        "program_unnamed",
        ONE,
        &[(r#"path="vmm.elf""#, r#"path="""#)],
    ),
    case(
        "program_over_loader",
        ONE,
        &[(r#"path="vmm.elf""#, r#"path="loader.img""#)],
    ),
    case(
        "program_is_image",
        ONE,
        &[(r#"path="vmm.elf""#, r#"path="guest.img""#)],
    ),
    case(
        "program_is_tables",
        ONE,
        &[(r#"path="vmm.elf""#, r#"path="guest.rs""#)],
    ),
    case(
        "image_elsewhere",
        ONE,
        &[(
            r#"prefill_path="guest.img""#,
            r#"prefill_path="/etc/guest.img""#,
        )],
    ),
    case(
        "guest_name_elsewhere",
        ONE,
        &[(
            r#"<virtual_machine name="guest""#,
            r#"<virtual_machine name="../guest""#,
        )],
    ),
    case(
        "guest_name_hidden",
        ONE,
        &[(
            r#"<virtual_machine name="guest""#,
            r#"<virtual_machine name="..""#,
        )],
    ),
    case(
        "guest_name_twice",
        TWO_GUESTS,
        &[(
            r#"<virtual_machine name="b""#,
            r#"<virtual_machine name="a""#,
        )],
    ),
    case(
        "domain_twice",
        TWO_GUESTS,
        &[(
            r#"<protection_domain name="vmm_b""#,
            r#"<protection_domain name="vmm_a""#,
        )],
    ),
    case(
        "value_with_entity",
        ONE,
        &[(r#"bootargs="quiet""#, r#"bootargs="quiet &amp; loud""#)],
    ),
    case(
        "load_outside_ram",
        ONE,
        &[("<?vmm guest ", r#"<?vmm guest load="0x80000" "#)],
    ),
    case(
        "load_misaligned",
        ONE,
        &[("<?vmm guest ", r#"<?vmm guest load="0x40200002" "#)],
    ),
    case(
        "image_uncached",
        ONE,
        &[(
            r#"<map mr="package" vaddr="0x80000000" perms="r""#,
            r#"<map mr="package" vaddr="0x80000000" perms="r" cached="false""#,
        )],
    ),
    case(
        "vmm_map_at_zero",
        ONE,
        &[(
            r#"<map mr="package" vaddr="0x80000000""#,
            r#"<map mr="package" vaddr="0x0""#,
        )],
    ),
    case(
        "physical_outside",
        ONE,
        &[(r#"phys_addr="0x9000000""#, r#"phys_addr="0x100_0000_0000""#)],
    ),
    case(
        "clock_name_bad",
        ONE,
        &[("uartclk:24000000", "uart/clk:24000000")],
    ),
    case("clock_twice", ONE, &[("uartclk:", "apb_pclk:")]),
    case(
        "property_name_bad",
        TWO_VCPUS,
        &[(r#"name="current-speed""#, r#"name="current speed""#)],
    ),
    case(
        "property_name_empty",
        TWO_VCPUS,
        &[(r#"name="current-speed""#, r#"name="""#)],
    ),
    case(
        "property_not_free",
        TWO_VCPUS,
        &[(r#"name="current-speed""#, r#"name="reg""#)],
    ),
    case(
        "property_twice",
        TWO_VCPUS,
        &[(r#"name="wakeup-source""#, r#"name="current-speed""#)],
    ),
    case(
        "wake_timer_edge",
        ONE,
        &[(r#"irq="30" id="2""#, r#"irq="30" id="2" trigger="edge""#)],
    ),
    case(
        "warning_wake_timer_beside_other_guests",
        TWO_GUESTS,
        &[(
            "<?vmm interrupt device=\"serial\"?>",
            "<?vmm wake-timer?>\n        <irq irq=\"30\" id=\"7\" />\n        <?vmm interrupt device=\"serial\"?>",
        )],
    ),
    case(
        "warning_idle_guest_beside_others",
        TWO_GUESTS,
        &[
            (
                "        <?vmm wake-page?>\n        <map mr=\"wake_b\" vaddr=\"0x30000000\" />\n",
                "",
            ),
            (
                "        <map mr=\"wake_b\" vaddr=\"0x20001000\" perms=\"r\" />\n",
                "",
            ),
            (
                "    <channel>\n        <end pd=\"vmm_b\" id=\"4\" />\n        <end pd=\"fine\" id=\"1\" />\n    </channel>\n",
                "",
            ),
        ],
    ),
    case(
        "warning_vmm_without_budget_beside_others",
        TWO_GUESTS,
        &[(r#" budget="60" period="300""#, "")],
    ),
    case(
        "wake_timer_and_ticker",
        TWO_GUESTS,
        &[
            (
                "<?vmm interrupt device=\"serial\"?>",
                "<?vmm wake-timer?>\n        <irq irq=\"30\" id=\"7\" />\n        <?vmm interrupt device=\"serial\"?>",
            ),
            ("<virtual_machine name=\"b\" priority=\"100\">", "<!--"),
            (
                "<map mr=\"gicv\" vaddr=\"0x8010000\" cached=\"false\" />\n        </virtual_machine>\n    </protection_domain>\n    <?vmm ticker?>",
                "-->\n    </protection_domain>\n    <?vmm ticker?>",
            ),
            (
                "        <?vmm image?>\n        <map mr=\"package_b\"",
                "        <map mr=\"package_b\"",
            ),
            (
                "        <?vmm wake-page?>\n        <map mr=\"wake_b\" vaddr=\"0x30000000\" />\n",
                "",
            ),
            (
                "    <channel>\n        <end pd=\"vmm_b\" id=\"4\" />\n        <end pd=\"fine\" id=\"1\" />\n    </channel>\n",
                "",
            ),
        ],
    ),
    case(
        "ticker_without_period",
        TWO_GUESTS,
        &[(r#"budget="50" period="100""#, r#"budget="100""#)],
    ),
    case(
        "ticker_budget_too_small",
        TWO_GUESTS,
        &[(r#"budget="50" period="100""#, r#"budget="10" period="100""#)],
    ),
    case(
        "ticker_priority",
        TWO_GUESTS,
        &[
            (
                r#"name="fine" priority="150""#,
                r#"name="fine" priority="200""#,
            ),
            (
                r#"name="coarse" priority="150""#,
                r#"name="coarse" priority="100""#,
            ),
        ],
    ),
    case(
        "ticker_without_program",
        TWO_GUESTS,
        &[("<program_image path=\"fine.elf\" />", "")],
    ),
    case(
        "ticker_program_shared",
        TWO_GUESTS,
        &[("coarse.elf", "fine.elf")],
    ),
    case(
        "ticker_without_client",
        TWO_GUESTS,
        &[(
            "    <channel>\n        <end pd=\"coarse\" id=\"5\" />\n        <end pd=\"vmm_a\" id=\"3\" />\n    </channel>\n",
            "",
        )],
    ),
    case(
        "ticker_wakes_no_vmm",
        TWO_GUESTS,
        &[(
            "<end pd=\"coarse\" id=\"5\" />\n        <end pd=\"vmm_a\" id=\"3\" />",
            "<end pd=\"coarse\" id=\"5\" />\n        <end pd=\"fine\" id=\"3\" />",
        )],
    ),
    case(
        "ticker_channel_twice",
        TWO_GUESTS,
        &[(
            "</system>",
            "    <channel>\n        <end pd=\"fine\" id=\"9\" />\n        <end pd=\"vmm_a\" id=\"9\" />\n    </channel>\n</system>",
        )],
    ),
    case(
        "ticker_channel_one_way",
        TWO_GUESTS,
        &[(
            "<end pd=\"vmm_a\" id=\"3\" />",
            "<end pd=\"vmm_a\" id=\"3\" notify=\"false\" />",
        )],
    ),
    case(
        "ticker_runs_a_guest",
        TWO_GUESTS,
        &[(
            "    <protection_domain name=\"vmm_b\"",
            "    <?vmm ticker?>\n    <protection_domain name=\"vmm_b\"",
        )],
    ),
    case(
        "ticker_sees_no_page",
        TWO_GUESTS,
        &[(
            "        <map mr=\"wake_b\" vaddr=\"0x20001000\" perms=\"r\" />\n",
            "",
        )],
    ),
    case(
        "ticker_may_write",
        TWO_GUESTS,
        &[(
            "<map mr=\"wake_b\" vaddr=\"0x20001000\" perms=\"r\" />",
            "<map mr=\"wake_b\" vaddr=\"0x20001000\" />",
        )],
    ),
    case(
        "wake_page_missing",
        TWO_GUESTS,
        &[(
            "        <?vmm wake-page?>\n        <map mr=\"wake_b\"",
            "        <map mr=\"wake_b\"",
        )],
    ),
    case(
        "wake_page_twice",
        TWO_GUESTS,
        &[(
            "        <map mr=\"wake_b\" vaddr=\"0x30000000\" />\n",
            "        <map mr=\"wake_b\" vaddr=\"0x30000000\" />\n        <?vmm wake-page?>\n        <map mr=\"wake_a\" vaddr=\"0x30001000\" />\n",
        )],
    ),
    case(
        "wake_page_rights",
        TWO_GUESTS,
        &[(
            "<map mr=\"wake_b\" vaddr=\"0x30000000\" />",
            "<map mr=\"wake_b\" vaddr=\"0x30000000\" perms=\"r\" />",
        )],
    ),
    case(
        "wake_page_of_nobody",
        TWO_GUESTS,
        &[(
            "    <channel>\n        <end pd=\"vmm_b\" id=\"4\" />\n        <end pd=\"fine\" id=\"1\" />\n    </channel>\n",
            "",
        )],
    ),
    case(
        "wake_page_in_a_guest",
        TWO_GUESTS,
        &[(
            "<map mr=\"ram_b\" vaddr=\"0x40000000\" perms=\"rwx\" />",
            "<map mr=\"ram_b\" vaddr=\"0x40000000\" perms=\"rwx\" />\n            <?vmm device name=\"page\"?>\n            <map mr=\"wake_a\" vaddr=\"0x7000000\" />",
        )],
    ),
    case(
        "ticker_misplaced",
        TWO_GUESTS,
        &[(
            "    <channel>\n        <end pd=\"vmm_a\"",
            "    <?vmm ticker?>\n    <channel>\n        <end pd=\"vmm_a\"",
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
                "<virtual_machine name=\"guest\" priority=\"100\">\n            <?vmm guest bootargs=\"quiet\" stdout=\"serial\"?>\n            <?vmm gic version=\"2\" distributor=\"0x8000000\"?>\n            <?vmm policy power-off=\"machine-off\" reset=\"restart 3\" crash=\"stop\"?>\n            <vcpu id=\"0\" />\n            <?vmm ram?>\n            <map mr=\"ram\" vaddr=\"0x40000000\" perms=\"rwx\" />\n            <?vmm gic-cpu-interface?>\n            <map mr=\"gicv\" vaddr=\"0x8010000\" perms=\"rw\" cached=\"false\" />\n            <?vmm device name=\"serial\" compatible=\"arm,pl011 arm,primecell\" clocks=\"uartclk:24000000 apb_pclk:24000000\"?>\n            <map mr=\"uart\" vaddr=\"0x9000000\" perms=\"rw\" cached=\"false\" />\n            <?vmm emulated name=\"mailbox\" type=\"acme::Mailbox\" registers=\"0xb000000:0x1000\" channels=\"3\"?>\n        </virtual_machine>",
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
