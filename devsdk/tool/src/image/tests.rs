//! Whole images, read back with the kernel's reader.

use std::path::Path;

use devsdk_image::{ChannelKind, IPC_BUFFER_ADDRESS, Image as Parsed, NONE, STACK_TOP};
use proptest::prelude::*;

use super::*;
use crate::program::tests::sample;

fn system(body: &str) -> System {
    let xml = format!("<system>{body}</system>");
    System::parse(Path::new("test.system"), &xml, &[]).unwrap()
}

fn built(system: &System) -> Image {
    let program = Program::parse(&sample::sample(), None).unwrap();
    let mut programs = vec![program; system.protection_domains.len()];
    build(
        system,
        &mut programs,
        &[0; 0x1800],
        devsdk_image::configuration::DEBUG,
    )
    .unwrap()
}

fn parsed(image: &Image) -> Parsed<'_> {
    Parsed::parse(&image.bytes[0x2000..], LOAD_ADDRESS + 0x2000).unwrap()
}

/// The bytes that a virtual address holds at start.
fn read<'a>(image: &'a Parsed<'_>, vspace: u32, address: u64, length: usize) -> &'a [u8] {
    let mut mappings = image.mappings.iter();
    let mapping = mappings
        .find(|mapping| {
            mapping.vspace == vspace
                && (mapping.virtual_address..mapping.virtual_address + mapping.length)
                    .contains(&address)
        })
        .unwrap();
    let physical = mapping.physical_address + (address - mapping.virtual_address);
    let offset = (physical - image.header.address) as usize;
    &image.bytes[offset..offset + length]
}

const PD: &str = r#"<program_image path="p"/>"#;

#[test]
fn a_program_is_placed_and_patched() {
    let system = system(&format!(
        r#"<memory_region name="m" size="0x2000"/>
        <protection_domain name="vmm" passive="true" smc="true" fpu="false" priority="7">{PD}
            <map mr="m" vaddr="0x1000_0000" setvar_vaddr="word" setvar_size="other"/>
            <irq irq="33" id="3"/></protection_domain>"#
    ));
    let image = built(&system);
    let image = parsed(&image);
    let thread = &image.threads[0];
    assert_eq!(&thread.name[..4], b"vmm\0");
    assert_eq!((thread.entry, thread.stack_top), (sample::TEXT, STACK_TOP));
    assert_eq!(
        (thread.priority, thread.parent, thread.flags),
        (7, NONE, 1 | 4)
    );
    let word =
        |address| u64::from_le_bytes(read(&image, thread.vspace, address, 8).try_into().unwrap());
    assert_eq!(read(&image, 0, sample::DATA, 4), b"vmm\x03");
    assert_eq!(read(&image, 0, sample::DATA + 0x40, 1), [1]);
    assert_eq!(word(sample::DATA + 0x48), 1 << 3);
    assert_eq!(word(sample::DATA + 0x60), 0x1000_0000);
    assert_eq!(word(sample::DATA + 0x1008), 0x2000);
    assert_eq!(
        word(sample::TEXT),
        u64::from_le_bytes([0, 1, 2, 3, 4, 5, 6, 7])
    );
    // Before the segment's first byte, and after its last, the page is zero.
    assert_eq!(word(sample::DATA - 8), 0);
    assert_eq!(word(sample::DATA + sample::DATA_MEMORY), 0);
    let irq = image.irqs[0];
    assert_eq!((irq.intid, irq.thread, irq.id, irq.trigger), (33, 0, 3, 0));
}

#[test]
fn a_region_has_one_address_wherever_it_is_mapped() {
    let system = system(&format!(
        r#"<memory_region name="ram" size="0x40_0000"/>
        <protection_domain name="vmm">{PD}<map mr="ram" vaddr="0x4000_0000"/>
            <setvar symbol="word" region_paddr="ram"/>
            <virtual_machine name="guest" priority="3"><vcpu id="5"/><vcpu id="6"/>
                <map mr="ram" vaddr="0x8000_0000" perms="rx" cached="false"/></virtual_machine>
        </protection_domain>"#
    ));
    let image = built(&system);
    let image = parsed(&image);
    let at = |address| {
        image
            .mappings
            .iter()
            .find(|m| m.virtual_address == address)
            .unwrap()
    };
    let (own, guest) = (at(0x4000_0000), at(0x8000_0000));
    assert_eq!(own.physical_address, guest.physical_address);
    assert!(own.physical_address.is_multiple_of(LARGE_PAGE));
    let large = MappingAttributes::LARGE | MappingAttributes::READ;
    assert_eq!(
        own.attributes,
        large | MappingAttributes::WRITE | MappingAttributes::CACHED
    );
    assert_eq!(guest.attributes, large | MappingAttributes::EXECUTE);
    let address = read(&image, 0, sample::DATA + 0x60, 8);
    assert_eq!(address, own.physical_address.to_le_bytes());
    let [_, first, second] = image.threads else {
        panic!("a PD and two vCPUs")
    };
    assert_eq!((first.id, first.parent, first.priority), (5, 0, 3));
    assert_eq!((second.id, second.vspace), (6, first.vspace));
    assert_ne!(first.vspace, 0);
}

#[test]
fn channels_become_one_record_for_each_right() {
    let system = system(&format!(
        r#"<protection_domain name="a">{PD}</protection_domain>
        <protection_domain name="b" priority="1">{PD}</protection_domain>
        <channel><end pd="a" id="4" pp="true"/><end pd="b" id="9" notify="false"/></channel>"#
    ));
    let image = built(&system);
    let image = parsed(&image);
    let ends: Vec<_> = image
        .channel_ends
        .iter()
        .map(|end| {
            (
                end.kind,
                end.holder,
                end.holder_id,
                end.target,
                end.target_id,
            )
        })
        .collect();
    let (notify, call) = (ChannelKind::Notify as u32, ChannelKind::Call as u32);
    assert_eq!(ends, [(notify, 0, 4, 1, 9), (call, 0, 4, 1, 9)]);
    assert_eq!(
        read(&image, 0, sample::DATA + 0x50, 16),
        [16, 0, 0, 0, 0, 0, 0, 0, 16, 0, 0, 0, 0, 0, 0, 0]
    );
    assert!(
        read(&image, 1, sample::DATA + 0x50, 16)
            .iter()
            .all(|byte| *byte == 0)
    );
}

#[test]
fn devices_are_neither_zeroed_nor_filled() {
    let system = system(&format!(
        r#"<memory_region name="uart" size="0x1000" phys_addr="0x900_0000"/>
        <memory_region name="fixed" size="0x1000" phys_addr="0x8000_0000"/>
        <protection_domain name="a">{PD}<map mr="uart" vaddr="0x900_0000" cached="false"/>
        </protection_domain>"#
    ));
    let image = built(&system);
    let image = parsed(&image);
    let zeroed = |address| image.zeroes.iter().any(|range| range.address == address);
    assert!(zeroed(0x8000_0000) && !zeroed(0x900_0000));
    assert!(image.copies.is_empty());
}

/// Everything that is memory of its own: what is zeroed, what is copied to, the image, the tables.
fn memory_in_use(image: &Parsed<'_>) -> Vec<(u64, u64)> {
    let pool = image.header.page_pool;
    let start = LOAD_ADDRESS;
    let mut ranges = vec![
        (pool.address, pool.length),
        (start, image.header.address + image.header.length - start),
    ];
    ranges.extend(
        image
            .zeroes
            .iter()
            .map(|range| (range.address, range.length)),
    );
    ranges.extend(
        image
            .copies
            .iter()
            .map(|copy| (copy.destination, copy.length)),
    );
    ranges
}

fn overlap(a: (u64, u64), b: (u64, u64)) -> bool {
    a.0 < b.0 + b.1 && b.0 < a.0 + a.1
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn nothing_overlaps(
        sizes in prop::collection::vec((1_u64..0x800, prop::option::of(0_u64..0x2_0000)), 0..12),
        stacks in prop::collection::vec(1_u64..0x40, 1..6),
    ) {
        let mut body = String::new();
        let mut fixed: Vec<(u64, u64)> = Vec::new();
        let mut maps = String::new();
        for (index, (pages, place)) in sizes.iter().enumerate() {
            let size = pages * PAGE_SIZE;
            let place = place.map(|page| (devsdk_image::RAM_START + page * PAGE_SIZE, size));
            let place = place.filter(|place| {
                let image = (LOAD_ADDRESS, 0x100_0000);
                !fixed.iter().any(|other| overlap(*other, *place)) && !overlap(image, *place)
            });
            fixed.extend(place);
            let address = place.map(|(address, _)| format!("phys_addr=\"{address}\""));
            let address = address.unwrap_or_default();
            body += &format!(r#"<memory_region name="r{index}" size="{size}" {address}/>"#);
            let vaddr = 0x1_0000_0000 + index as u64 * 0x4000_0000;
            maps += &format!(r#"<map mr="r{index}" vaddr="{vaddr}"/>"#);
        }
        for (index, pages) in stacks.iter().enumerate() {
            let size = pages * PAGE_SIZE;
            body += &format!(
                r#"<protection_domain name="p{index}" stack_size="{size}">{PD}{maps}
                <virtual_machine name="v{index}"><vcpu id="0"/>{maps}</virtual_machine>
                </protection_domain>"#
            );
        }
        let image = built(&system(&body));
        let parsed = parsed(&image);
        let ranges = memory_in_use(&parsed);
        for (index, range) in ranges.iter().enumerate() {
            let clash = ranges[..index].iter().find(|other| overlap(**other, *range));
            prop_assert!(clash.is_none(), "{range:x?} overlaps {clash:x?}");
        }
        for free in image.free.ranges() {
            let free = (free.start, free.end - free.start);
            prop_assert!(!ranges.iter().any(|range| overlap(*range, free)));
        }
        for (index, mapping) in parsed.mappings.iter().enumerate() {
            let place = (mapping.virtual_address, mapping.length);
            let clash = parsed.mappings[..index].iter().any(|other| {
                other.vspace == mapping.vspace
                    && overlap((other.virtual_address, other.length), place)
            });
            prop_assert!(!clash);
            prop_assert!(mapping.virtual_address + mapping.length <= IPC_BUFFER_ADDRESS + PAGE_SIZE);
        }
    }
}

#[test]
fn a_prefilled_region_is_used_where_it_is_loaded() {
    let folder = tempfile::tempdir().unwrap();
    let content: Vec<u8> = (0..0x20_1234_u32).map(|index| (index / 7) as u8).collect();
    std::fs::write(folder.path().join("content"), &content).unwrap();
    let xml = format!(
        r#"<system><memory_region name="large" page_size="0x20_0000" prefill_path="content"/>
        <memory_region name="small" page_size="0x1000" prefill_path="content"/>
        <memory_region name="fixed" page_size="0x1000" prefill_path="content" phys_addr="0x9000_0000"/>
        <protection_domain name="a">{PD}<map mr="large" vaddr="0x4000_0000"/>
            <map mr="small" vaddr="0x5000_0000"/><map mr="fixed" vaddr="0x6000_0000"/>
        </protection_domain></system>"#
    );
    let search_paths = [folder.path().to_owned()];
    let system = System::parse(Path::new("test.system"), &xml, &search_paths).unwrap();
    let image = built(&system);
    let image = parsed(&image);
    for (address, size, alignment) in [
        (0x4000_0000, 0x40_0000, LARGE_PAGE),
        (0x5000_0000, 0x20_2000, PAGE_SIZE),
    ] {
        let bytes = read(&image, 0, address, size);
        assert_eq!(bytes[..content.len()], content);
        assert!(bytes[content.len()..].iter().all(|byte| *byte == 0));
        let mapping = image
            .mappings
            .iter()
            .find(|m| m.virtual_address == address)
            .unwrap();
        assert!(mapping.physical_address.is_multiple_of(alignment));
    }
    let [copy] = image.copies else {
        panic!("one copy")
    };
    assert_eq!(
        (copy.destination, copy.length),
        (0x9000_0000, content.len() as u64)
    );
    assert_eq!(image.source(copy).unwrap(), content);
    let rest = PhysicalRange {
        address: 0x9020_1234,
        length: 0x20_2000 - 0x20_1234,
    };
    assert!(image.zeroes.contains(&rest));
}
