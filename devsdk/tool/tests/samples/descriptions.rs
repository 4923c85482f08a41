//! System descriptions that are right, and ones that are wrong with what is said about each.
//! `sample.elf` is the program, `small.bin` a file of 4 bytes, `empty.bin` one of none.

/// A description's body and, for a wrong one, the message's first line as Microkit's tool words
/// it (`@` stands for the file's name).
pub(crate) struct Refused {
    /// What stands within `<system>`.
    pub(crate) body: &'static str,
    /// The message.
    pub(crate) message: &'static str,
}

/// The whole description of a body; it starts on line 2.
pub(crate) fn whole(body: &str) -> String {
    format!("<system>\n{body}\n</system>\n")
}

/// Right descriptions.
pub(crate) const ACCEPTED: &[&str] = &[
    r#"<protection_domain name="a"><program_image path="sample.elf"/></protection_domain>"#,
    r#"<?vmm guest="linux"?><!-- a comment -->
    <memory_region name="m" size="0x1_000" page_size="0x1000"/>
    <?vmm more?>
    <protection_domain name="a" priority="254" budget="100" period="1_000" passive="true"
        stack_size="0x4000" smc="true" cpu="0" fpu="false">
        <?vmm inside?>
        <program_image path="sample.elf" path_for_symbols="sample.elf"/>
        <map mr="m" vaddr="0x10000000" perms="rw" cached="false" setvar_vaddr="word" setvar_size="other"/>
        <irq irq="33" id="61" trigger="edge"/>
    </protection_domain>"#,
    r#"<memory_region name="ram" size="0x1000_0000" phys_addr="0x4000_0000"/>
    <memory_region name="uart" size="0x1000" phys_addr="0x900_0000"/>
    <protection_domain name="vmm" priority="101">
        <program_image path="sample.elf"/>
        <map mr="ram" vaddr="0x4000_0000"/>
        <setvar symbol="word" region_paddr="ram"/>
        <virtual_machine name="guest" priority="100" budget="10" period="20">
            <vcpu id="0"/><vcpu id="61" cpu="0" setvar_id="ignored"/>
            <map mr="ram" vaddr="0x4000_0000" perms="rwx"/>
            <map mr="uart" vaddr="0x900_0000" perms="rw" cached="false"/>
        </virtual_machine>
    </protection_domain>"#,
    r#"<protection_domain name="a" priority="1"><program_image path="sample.elf"/>
        <protection_domain name="b" id="0" setvar_id="word"><program_image path="sample.elf"/>
            <protection_domain name="c" id="0"><program_image path="sample.elf"/></protection_domain>
        </protection_domain>
        <protection_domain name="d" id="1" priority="2"><program_image path="sample.elf"/></protection_domain>
    </protection_domain>
    <channel><end pd="a" id="5" pp="true" notify="false"/><end pd="d" id="6" setvar_id="other"/></channel>"#,
    r#"<memory_region name="p" prefill_path="small.bin"/>
    <memory_region name="q" size="0x1000" prefill_path="small.bin" phys_addr="0x8000_0000"/>
    <memory_region name="r" size="0x20_0000" page_size="0x200_000" prefill_path="small.bin"/>
    <protection_domain name="a"><program_image path="sample.elf"/>
        <map mr="p" vaddr="0x1000_0000" perms="r" setvar_prefill_size="word"/>
        <map mr="q" vaddr="0x1100_0000" perms="x"/>
        <map mr="r" vaddr="0x1200_0000" perms="rx"/>
    </protection_domain>"#,
    // A region that is mapped nowhere is only warned about; nested text is passed over.
    r#"<memory_region name="unused" size="0x1000"/>
    <protection_domain name="a">text<program_image path="sample.elf"/></protection_domain>"#,
];

macro_rules! refused {
    ($($body:literal => $message:literal,)+) => {
        &[$(Refused { body: $body, message: $message }),+]
    };
}

/// Wrong descriptions that Microkit's tool refuses with the same words.
pub(crate) const REFUSED: &[Refused] = refused! {
    "" => "Error: at least one protection domain must be defined",
    "words" => "Error: unexpected text found in element 'system' @ @:1:1",
    "<guest/>" => "Error: invalid XML element 'guest': @:2:1",
    r#"<virtual_machine name="v"/>"# => "Error: virtual machine must be a child of a protection domain: @:2:1",
    r#"<protection_domain/>"# => "Error: Missing required attribute 'name' on element 'protection_domain': @:2:1",
    r#"<protection_domain name="a"/>"# => "Error: missing 'program_image' element on protection_domain: 'a'",
    r#"<protection_domain name="a" colour="red"/>"# => "Error: invalid attribute 'colour' on element 'protection_domain': @:2:1",
    r#"<protection_domain name="a" id="1"/>"# => "Error: invalid attribute 'id' on element 'protection_domain': @:2:1",
    r#"<protection_domain name="a" priority="255"/>"# => "Error: priority must be between 0 and 254 on element 'protection_domain': @:2:1",
    r#"<protection_domain name="a" priority="many"/>"# => "Error: failed to parse integer 'many' on element 'protection_domain': invalid digit found in string",
    r#"<protection_domain name="a" budget="10" period="9"/>"# => "Error: budget (10) must be less than, or equal to, period (9) on element 'protection_domain': @:2:1",
    r#"<protection_domain name="a" passive="yes"/>"# => "Error: passive must be 'true' or 'false' on element 'protection_domain': @:2:1",
    r#"<protection_domain name="a" smc="1"/>"# => "Error: smc must be 'true' or 'false' on element 'protection_domain': @:2:1",
    r#"<protection_domain name="a" fpu="no"/>"# => "Error: fpu must be 'true' or 'false' on element 'protection_domain': @:2:1",
    r#"<protection_domain name="a" cpu="1"/>"# => "Error: cpu core must be less than 1, got 1 on element 'protection_domain': @:2:1",
    r#"<protection_domain name="a" domain="d"/>"# => "Error: Specifying a domain 'd' without declaring a domain schedule is not allowed: on element 'protection_domain': @:2:1",
    r#"<protection_domain name="a" stack_size="0x800"/>"# => "Error: stack size must be between 0x1000 bytes and 0x1000000 bytes on element 'protection_domain': @:2:1",
    r#"<protection_domain name="a" stack_size="0x1100"/>"# => "Error: stack size must be aligned to the smallest page size, 4096 bytes on element 'protection_domain': @:2:1",
    r#"<protection_domain name="a"><program_image path="x"/><program_image path="y"/></protection_domain>"# => "Error: program_image must only be specified once on element 'protection_domain': @:2:1",
    r#"<protection_domain name="a"><program_image/></protection_domain>"# => "Error: Missing required attribute 'path' on element 'program_image': @:2:29",
    r#"<protection_domain name="a"><program_image path="x" size="1"/></protection_domain>"# => "Error: invalid attribute 'size' on element 'program_image': @:2:29",
    r#"<protection_domain name="a"><ioport/></protection_domain>"# => "Error: I/O Ports are only available on x86 on element 'protection_domain': @:2:1",
    r#"<protection_domain name="a"><irq irq="33"/></protection_domain>"# => "Error: Missing required attribute 'id' on element 'irq': @:2:29",
    r#"<protection_domain name="a"><irq id="0"/></protection_domain>"# => "Error: Missing required attribute 'irq' on element 'irq': @:2:29",
    r#"<protection_domain name="a"><irq irq="33" id="62"/></protection_domain>"# => "Error: id must be < 62 on element 'irq': @:2:29",
    r#"<protection_domain name="a"><irq irq="33" id="-1"/></protection_domain>"# => "Error: id must be >= 0 on element 'irq': @:2:29",
    r#"<protection_domain name="a"><irq irq="33" id="1" trigger="on"/></protection_domain>"# => "Error: trigger must be either 'level' or 'edge' on element 'irq': @:2:29",
    r#"<protection_domain name="a"><irq irq="33" id="1" vector="1"/></protection_domain>"# => "Error: invalid attribute 'vector' on element 'irq': @:2:29",
    r#"<protection_domain name="a"><irq pin="33" id="1"/></protection_domain>"# => "Error: x86 I/O APIC IRQ isn't supported on ARM and RISC-V on element 'irq': @:2:29",
    r#"<protection_domain name="a"><irq pcidev="33" id="1"/></protection_domain>"# => "Error: x86 MSI IRQ isn't supported on ARM and RISC-V on element 'irq': @:2:29",
    r#"<protection_domain name="a"><map mr="m"/></protection_domain>"# => "Error: Missing required attribute 'vaddr' on element 'map': @:2:29",
    r#"<protection_domain name="a"><map vaddr="0"/></protection_domain>"# => "Error: Missing required attribute 'mr' on element 'map': @:2:29",
    r#"<protection_domain name="a"><map mr="m" vaddr="0xffffffc000"/></protection_domain>"# => "Error: vaddr (0xffffffc000) must be less than 0xffffffc000 on element 'map': @:2:29",
    r#"<protection_domain name="a"><map mr="m" vaddr="0" perms="w"/></protection_domain>"# => "Error: perms must not be 'w', write-only mappings are not allowed on element 'map': @:2:29",
    r#"<protection_domain name="a"><map mr="m" vaddr="0" perms="rq"/></protection_domain>"# => "Error: perms must only be a combination of 'r', 'w', and 'x' on element 'map': @:2:29",
    r#"<protection_domain name="a"><map mr="m" vaddr="0" cached="1"/></protection_domain>"# => "Error: cached must be 'true' or 'false' on element 'map': @:2:29",
    r#"<protection_domain name="a"><map mr="m" vaddr="0" x="1"/></protection_domain>"# => "Error: invalid attribute 'x' on element 'map': @:2:29",
    r#"<protection_domain name="a"><map mr="m" vaddr="0" setvar_vaddr="s" setvar_size="s"/></protection_domain>"# => "Error: setvar on symbol 's' already exists on element 'map': @:2:29",
    r#"<protection_domain name="a"><setvar symbol="s"/></protection_domain>"# => "Error: Missing required attribute 'region_paddr' on element 'setvar': @:2:29",
    r#"<protection_domain name="a"><setvar region_paddr="s"/></protection_domain>"# => "Error: Missing required attribute 'symbol' on element 'setvar': @:2:29",
    r#"<protection_domain name="a"><program_image path="sample.elf"/><map mr="m" vaddr="0x1000"/></protection_domain>"# => "Error: invalid memory region name 'm' on 'map' @ @:2:63",
    r#"<protection_domain name="a"><protection_domain name="b"/></protection_domain>"# => "Error: Missing required attribute 'id' on element 'protection_domain': @:2:29",
    r#"<protection_domain name="a"><program_image path="sample.elf"/><protection_domain name="b" id="1"><program_image path="sample.elf"/></protection_domain><protection_domain name="c" id="1"><program_image path="sample.elf"/></protection_domain></protection_domain>"# => "Error: duplicate id: 1 in protection domain: 'a' @ @:2:152",
    r#"<protection_domain name="a"><program_image path="sample.elf"/><virtual_machine name="v"><vcpu id="1"/></virtual_machine><protection_domain name="b" id="1"><program_image path="sample.elf"/></protection_domain></protection_domain>"# => "Error: duplicate id: 1 clashes with virtual machine vcpu id in protection domain: 'a' @ @:2:121",
    r#"<protection_domain name="a"><virtual_machine name="v"/></protection_domain>"# => "Error: missing 'vcpu' element on virtual_machine: 'v'",
    r#"<protection_domain name="a"><virtual_machine name="v"><vcpu/></virtual_machine></protection_domain>"# => "Error: Missing required attribute 'id' on element 'vcpu': @:2:55",
    r#"<protection_domain name="a"><virtual_machine name="v"><vcpu id="62"/></virtual_machine></protection_domain>"# => "Error: id must be < 62 on element 'vcpu': @:2:55",
    r#"<protection_domain name="a"><virtual_machine name="v"><vcpu id="0"/><vcpu id="0"/></virtual_machine></protection_domain>"# => "Error: duplicate vcpu id 0 in virtual machine 'v' @ @:2:69",
    r#"<protection_domain name="a"><virtual_machine name="v"><vcpu id="0" cpu="2"/></virtual_machine></protection_domain>"# => "Error: cpu core must be less than 1, got 2 on element 'vcpu': @:2:55",
    r#"<protection_domain name="a"><virtual_machine name="v" budget="2" period="1"><vcpu id="0"/></virtual_machine></protection_domain>"# => "Error: budget (2) must be less than, or equal to, period (1) on element 'virtual_machine': @:2:29",
    r#"<protection_domain name="a"><virtual_machine name="v"><vcpu id="0"/><map mr="m" vaddr="0" setvar_vaddr="s"/></virtual_machine></protection_domain>"# => "Error: invalid attribute 'setvar_vaddr' on element 'map': @:2:69",
    r#"<protection_domain name="a"><virtual_machine name="v"><vcpu id="0"/><map mr="m" vaddr="0x10000000000"/></virtual_machine></protection_domain>"# => "Error: vaddr (0x10000000000) must be less than 0x10000000000 on element 'map': @:2:69",
    r#"<protection_domain name="a"><virtual_machine name="v"><vcpu id="0"/></virtual_machine><virtual_machine name="w"><vcpu id="0"/></virtual_machine></protection_domain>"# => "Error: virtual_machine must only be specified once on element 'protection_domain': @:2:1",
    r#"<protection_domain name="a"><program_image path="sample.elf"/><virtual_machine name="v"><vcpu id="0"/></virtual_machine></protection_domain><protection_domain name="b"><program_image path="sample.elf"/><virtual_machine name="v"><vcpu id="0"/></virtual_machine></protection_domain>"# => "Error: duplicate virtual machine name 'v'.",
    r#"<memory_region size="0x1000"/>"# => "Error: Missing required attribute 'name' on element 'memory_region': @:2:1",
    r#"<memory_region name="m" size="big"/>"# => "Error: failed to parse integer 'big' on element 'memory_region': invalid digit found in string",
    r#"<memory_region name="m"/>"# => "Error: size must be specified if memory region is not prefilled on element 'memory_region': @:2:1",
    r#"<memory_region name="m" size="0x1001"/>"# => "Error: size is not a multiple of the page size on element 'memory_region': @:2:1",
    r#"<memory_region name="m" size="0x1000" page_size="0x2000"/>"# => "Error: page size 0x2000 not supported on element 'memory_region': @:2:1",
    r#"<memory_region name="m" size="0x1000" phys_addr="0x900_0800"/>"# => "Error: phys_addr is not aligned to the page size on element 'memory_region': @:2:1",
    r#"<memory_region name="m" size="0x1000" prefill_path="nothing.bin"/>"# => "Error: unable to find prefill file: 'nothing.bin' on element 'memory_region': @:2:1",
    r#"<memory_region name="m" size="0x1000" prefill_path="empty.bin"/>"# => "Error: prefill file 'empty.bin' is empty on element 'memory_region': @:2:1",
    r#"<memory_region name="m" size="0x1000" prefill_path="sample.elf.large"/>"# => "Error: size of prefill file exceeds memory region size: 2000 > 1000 on element 'memory_region': @:2:1",
    r#"<memory_region name="m" size="0x1000" colour="red"/>"# => "Error: invalid attribute 'colour' on element 'memory_region': @:2:1",
    r#"<memory_region name="m" size="0x1000"/><memory_region name="m" size="0x1000"/><protection_domain name="a"><program_image path="sample.elf"/></protection_domain>"# => "Error: duplicate memory region name 'm'.",
    r#"<memory_region name="m" size="0x2000" phys_addr="0x80000000"/><memory_region name="n" size="0x1000" phys_addr="0x80001000"/><protection_domain name="a"><program_image path="sample.elf"/></protection_domain>"# => "Error: memory region 'n' physical address range [0x80001000..0x80002000) overlaps with another memory region 'm' [0x80000000..0x80002000) @ @:2:63",
    r#"<memory_region name="m" size="0x200000" page_size="0x200000"/><protection_domain name="a"><program_image path="sample.elf"/><map mr="m" vaddr="0x1000"/></protection_domain>"# => "Error: invalid vaddr alignment on 'map' @ @:2:125",
    r#"<memory_region name="m" size="0x2000"/><protection_domain name="a"><program_image path="sample.elf"/><map mr="m" vaddr="0xffffffb000"/></protection_domain>"# => "Error: map for 'm' has virtual address range [0xffffffb000..0xffffffd000) which exceeds valid address space [0x0..0xffffffc000) @ @:2:102",
    r#"<memory_region name="m" size="0x2000"/><protection_domain name="a"><program_image path="sample.elf"/><map mr="m" vaddr="0x1000"/><map mr="m" vaddr="0x2000"/></protection_domain>"# => "Error: map for 'm' has virtual address range [0x2000..0x4000) which overlaps with map for 'm' [0x1000..0x3000) in protection domain 'a' @ @:2:130",
    r#"<memory_region name="m" size="0x2000"/><protection_domain name="a"><program_image path="sample.elf"/><virtual_machine name="v"><vcpu id="0"/><map mr="m" vaddr="0x1000"/><map mr="m" vaddr="0"/></virtual_machine></protection_domain>"# => "Error: map for 'm' has virtual address range [0x0..0x2000) which overlaps with map for 'm' [0x1000..0x3000) in virtual machine 'v' @ @:2:170",
    r#"<memory_region name="m" size="0x1000"/><protection_domain name="a"><program_image path="sample.elf"/><map mr="m" vaddr="0x1000" setvar_prefill_size="word"/></protection_domain>"# => "Error: 'setvar_prefill_size' used for MR without a `prefill_path` @ 'm' @:2:1",
    r#"<protection_domain name="a"><program_image path="sample.elf"/></protection_domain><protection_domain name="a"><program_image path="sample.elf"/></protection_domain>"# => "Error: duplicate protection domain name 'a'.",
    r#"<protection_domain name="monitor"><program_image path="sample.elf"/></protection_domain>"# => "Error: the PD name 'monitor' is reserved for the Microkit Monitor.",
    r#"<protection_domain name="a"><program_image path="sample.elf"/><irq irq="33" id="0"/><irq irq="33" id="1"/></protection_domain>"# => "Error: duplicate irq: 33 in protection domain: 'a' @ @:2:1",
    r#"<protection_domain name="a"><program_image path="sample.elf"/><irq irq="33" id="0"/><irq irq="34" id="0"/></protection_domain>"# => "Error: duplicate channel id: 0 in protection domain: 'a' @ @:2:1",
    r#"<protection_domain name="a"><program_image path="sample.elf"/></protection_domain><channel/>"# => "Error: exactly two end elements must be specified on element 'channel': @:2:83",
    r#"<protection_domain name="a"><program_image path="sample.elf"/></protection_domain><channel><start/></channel>"# => "Error: invalid XML element 'start': @:2:92",
    r#"<protection_domain name="a"><program_image path="sample.elf"/></protection_domain><channel name="c"/>"# => "Error: invalid attribute 'name' on element 'channel': @:2:83",
    r#"<protection_domain name="a"><program_image path="sample.elf"/></protection_domain><channel><end id="0"/></channel>"# => "Error: Missing required attribute 'pd' on element 'end': @:2:92",
    r#"<protection_domain name="a"><program_image path="sample.elf"/></protection_domain><channel><end pd="b" id="0"/></channel>"# => "Error: invalid PD name 'b' on element 'end': @:2:92",
    r#"<protection_domain name="a"><program_image path="sample.elf"/></protection_domain><channel><end pd="a" id="62"/></channel>"# => "Error: id must be < 62 on element 'end': @:2:92",
    r#"<protection_domain name="a"><program_image path="sample.elf"/></protection_domain><channel><end pd="a" id="0" pp="2"/></channel>"# => "Error: pp must be 'true' or 'false' on element 'end': @:2:92",
    r#"<protection_domain name="a"><program_image path="sample.elf"/></protection_domain><channel><end pd="a" id="0" notify="2"/></channel>"# => "Error: notify must be 'true' or 'false' on element 'end': @:2:92",
    r#"<protection_domain name="a"><program_image path="sample.elf"/></protection_domain><protection_domain name="b"><program_image path="sample.elf"/></protection_domain><channel><end pd="a" id="0" pp="true"/><end pd="b" id="0"/></channel>"# => "Error: PPCs must be to protection domains of strictly higher priorities; channel with PPC exists from pd a (priority: 0) to pd b (priority: 0)",
    r#"<protection_domain name="a"><program_image path="sample.elf"/></protection_domain><protection_domain name="b"><program_image path="sample.elf"/></protection_domain><channel><end pd="a" id="0" pp="true"/><end pd="b" id="0" pp="true"/></channel>"# => "Error: cannot ppc bidirectionally on element 'channel': @:2:165",
    r#"<protection_domain name="a"><program_image path="sample.elf"/></protection_domain><protection_domain name="b"><program_image path="sample.elf"/></protection_domain><channel><end pd="a" id="0"/><end pd="b" id="0"/></channel><channel><end pd="a" id="0"/><end pd="b" id="1"/></channel>"# => "Error: duplicate channel id: 0 in protection domain: 'a' @ @:2:1",
    r#"<io_address_space/>"# => "Error: io address space requires seL4 to be built with IOMMU support: @:2:1",
    r#"<protection_domain name="a"><program_image path="nothing.elf"/></protection_domain>"# => "Error: unable to find program image: 'nothing.elf'",
    r#"<protection_domain name="a"><program_image path="sample.elf"/><setvar symbol="gone" region_paddr="m"/></protection_domain><memory_region name="m" size="0x1000"/>"# => "ERROR: could not patch symbol 'gone' in program image for PD 'a' (sample.elf): no symbol named 'gone' found",
    r#"<protection_domain name="a"><program_image path="sample.elf"/><setvar symbol="twice" region_paddr="m"/></protection_domain><memory_region name="m" size="0x1000"/>"# => "ERROR: could not patch symbol 'twice' in program image for PD 'a' (sample.elf): multiple symbols with name 'twice'",
    r#"<protection_domain name="a"><program_image path="sample.elf"/><setvar symbol="byte" region_paddr="m"/></protection_domain><memory_region name="m" size="0x1000"/>"# => "ERROR: setvar to non-word size symbol 'byte' for PD 'a', symbol has size '1' bytes, expected size '8' bytes",
    r#"<memory_region name="m" size="0x1000"/><protection_domain name="a"><program_image path="sample.elf"/><map mr="m" vaddr="0x200000"/></protection_domain>"# => "ERROR: mapping MR 'm' to PD 'a' with vaddr [0x200000..0x201000) will overlap with an ELF segment at [0x200000..0x201000)",
};

/// Wrong descriptions that Microkit's tool crashes on, accepts, or words otherwise: what the
/// stand-in says.
pub(crate) const REFUSED_HERE: &[Refused] = refused! {
    "</system><system>" => "Could not parse '@'",
    r#"<domains/>"# => "Error: not offered by the stand-in SDK (use the official Microkit SDK): on element 'domains': @:2:1",
    r#"<memory_region name="m" prefill_bootinfo="fdt"/>"# => "Error: not offered by the stand-in SDK (use the official Microkit SDK): on element 'memory_region': @:2:1",
    r#"<memory_region name="m" size="0x3000" prefill_path="small.bin"/><protection_domain name="a"><program_image path="sample.elf"/></protection_domain>"# => "Error: memory region 'm' has pages that its prefill does not reach (0x4 of 0x3000 bytes), which Microkit's tool cannot build: use a second region for them @ @:2:1",
    r#"<memory_region name="m" size="0"/>"# => "Error: size must not be 0 on element 'memory_region': @:2:1",
    r#"<memory_region name="m" size="0x2000" phys_addr="0xfffffffffffff000"/><protection_domain name="a"><program_image path="sample.elf"/></protection_domain>"# => "Error: memory region 'm' physical address range overflows @ @:2:1",
    r#"<protection_domain name="a"><cspace/></protection_domain>"# => "Error: not offered by the stand-in SDK (use the official Microkit SDK): on element 'cspace': @:2:29",
    r#"<protection_domain name="a"><guest/></protection_domain>"# => "Error: invalid XML element 'guest': @:2:29",
    r#"<protection_domain name="a" budget="0"/>"# => "Error: budget must not be 0: the kernel refuses it on element 'protection_domain': @:2:1",
    r#"<protection_domain name="a"><irq irq="x" id="0"/></protection_domain>"# => "Error: irq 'x' is not a decimal number (invalid digit found in string) on element 'irq': @:2:29",
    r#"<protection_domain name="a"><irq irq="33" id="0x1"/></protection_domain>"# => "Error: id '0x1' is not a decimal number (invalid digit found in string) on element 'irq': @:2:29",
    r#"<protection_domain name="a"><program_image path="sample.elf"/><irq irq="27" id="0"/></protection_domain>"# => "Error: irq: 27 in protection domain: 'a' is not an interrupt of this board that a protection domain can have @ @:2:1",
    r#"<protection_domain name="a"><protection_domain name="b" id="62"/></protection_domain>"# => "Error: id must be < 62 on element 'protection_domain': @:2:29",
    r#"<protection_domain name="a"><virtual_machine name="v"><guest/></virtual_machine></protection_domain>"# => "Error: invalid XML element 'guest': @:2:55",
    r#"<protection_domain name="a"><virtual_machine name="v" priority="300"><vcpu id="0"/></virtual_machine></protection_domain>"# => "Error: priority must be between 0 and 254 on element 'virtual_machine': @:2:29",
    r#"<protection_domain name="a"><program_image path="sample.elf"/><setvar symbol="word" region_paddr="m"/></protection_domain>"# => "ERROR: could not patch symbol 'word' in program image for PD 'a' (sample.elf): there is no memory region 'm'",
    r#"<protection_domain name="a"><program_image path="shared_page.elf"/></protection_domain>"# => "ERROR: two ELF segments of PD 'a' share the page at 0x201000: align them in the link script",
    r#"<protection_domain name="a"><program_image path="no_symbols.elf"/></protection_domain>"# => "ERROR: could not patch symbol 'microkit_name' in program image for PD 'a' (no_symbols.elf): no symbol named 'microkit_name' found",
    r#"<protection_domain name="a"><program_image path="small.bin"/></protection_domain>"# => "ERROR: failed to parse ELF",
    r#"<memory_region name="m" size="0x1000" phys_addr="0x7000_0000"/><protection_domain name="a"><program_image path="sample.elf"/></protection_domain>"# => "ERROR: memory region 'm' physical address range [0x70000000..0x70001000) overlaps the kernel and image",
    r#"<memory_region name="m" size="0x1000" phys_addr="0x800_0000"/><protection_domain name="a"><program_image path="sample.elf"/></protection_domain>"# => "ERROR: memory region 'm' physical address range [0x8000000..0x8001000) is neither memory nor a device of the board",
    r#"<memory_region name="m" size="0x1000" phys_addr="0x900_0000" prefill_path="small.bin"/><protection_domain name="a"><program_image path="sample.elf"/></protection_domain>"# => "ERROR: memory region 'm' is a device, which cannot be prefilled",
    r#"<memory_region name="m" size="0x8000_0000"/><protection_domain name="a"><program_image path="sample.elf"/></protection_domain>"# => "ERROR: cannot allocate 0x80000000 bytes of contiguous physical memory for memory region 'm'",
};
