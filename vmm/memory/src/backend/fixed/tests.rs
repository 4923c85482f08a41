use super::*;
use crate::frame::{Attributes, Cptr};

const fn mapping(name: &'static str, base: u64, size: u64, vmm_address: Option<u64>) -> Mapping {
    Mapping {
        name,
        base,
        size,
        page_bits: 12,
        read: true,
        write: true,
        execute: false,
        vmm_address,
    }
}

static MAPPINGS: [Mapping; 5] = [
    Mapping {
        write: false,
        ..mapping("shadow", 0x0800_0000, 0x1000, None)
    },
    mapping("uart", 0x0900_0000, 0x1000, None),
    mapping("low", 0x4000_0000, 0x20_0000, Some(0x10_0000_0000)),
    mapping("high", 0x4020_0000, 0x20_0000, Some(0x10_0020_0000)),
    mapping("far", 0x4040_0000, 0x20_0000, Some(0x20_0000_0000)),
];

fn backend() -> StaticBackend {
    StaticBackend::new(&MAPPINGS).unwrap()
}

fn frame(vaddr: u64, size_bits: u8, rights: Rights) -> Frame {
    Frame {
        cptr: Cptr::NULL,
        rights,
        vaddr: Gpa(vaddr),
        size_bits,
        attributes: Attributes::Normal,
    }
}

fn range(base: u64, size: u64) -> GpaRange {
    GpaRange::new(Gpa(base), size).unwrap()
}

#[test]
fn what_the_xml_maps_passes() {
    let mut backend = backend();
    for frame in [
        frame(0x0900_0000, 12, Rights::READ_WRITE),
        frame(0x0900_0000, 12, Rights::READ),
        frame(0x0800_0000, 12, Rights::READ),
        frame(0x4000_0000, 21, Rights::READ_WRITE),
    ] {
        assert_eq!(backend.map(&frame), Ok(()));
        assert_eq!(backend.unmap(&frame), Ok(()));
    }
}

#[test]
fn a_missing_map_is_named() {
    let error = backend()
        .check(&frame(0x0a00_0000, 12, Rights::READ_WRITE))
        .unwrap_err();
    assert_eq!(
        error.to_string(),
        "the system XML has no <map> of a memory region with perms \"rw\" at 0xa000000 in the \
         virtual machine (0x1000 bytes): add <map mr=... vaddr=\"0xa000000\" perms=\"rw\"/> to \
         the <virtual_machine>"
    );
}

#[test]
fn missing_perms_are_named() {
    let error = backend()
        .check(&frame(0x0800_0000, 12, Rights::READ_WRITE))
        .unwrap_err();
    assert_eq!(
        error.to_string(),
        "the system XML has no <map> of memory region \"shadow\" with perms \"rw\" at 0x8000000 \
         in the virtual machine: its perms are \"r\""
    );
    let fetch = backend().check(&frame(0x4000_0000, 12, Rights::ALL));
    assert!(matches!(fetch, Err(StaticError::Perms { name: "low", .. })));
}

#[test]
fn a_map_that_ends_too_early_is_named() {
    let error = backend()
        .check(&frame(0x0900_0000, 21, Rights::READ_WRITE))
        .unwrap_err();
    assert_eq!(
        error,
        StaticError::TooShort {
            name: "uart",
            last: Gpa(0x0900_0fff),
            range: range(0x0900_0000, 0x20_0000)
        }
    );
}

#[test]
fn the_vmm_sees_touching_regions_in_one_piece_when_it_maps_them_so() {
    let backend = backend();
    assert_eq!(
        backend.vmm_address(range(0x4010_0000, 0x20_0000)),
        Ok(0x10_0010_0000)
    );
    assert_eq!(
        backend.vmm_address(range(0x4050_0000, 0x1000)),
        Ok(0x20_0010_0000)
    );
    assert_eq!(
        backend.vmm_address(range(0x4000_0000, 0x60_0000)),
        Err(StaticError::Split { name: "far" })
    );
}

#[test]
fn memory_that_the_vmm_does_not_map_is_named() {
    let error = backend()
        .vmm_address(range(0x0900_0000, 0x1000))
        .unwrap_err();
    assert!(error.to_string().starts_with(
        "the system XML has no <map> of memory region \"uart\" in the <protection_domain>"
    ));
    assert!(matches!(
        backend().vmm_address(range(0x4050_0000, 0x20_0000)),
        Err(StaticError::TooShort { name: "far", .. })
    ));
    assert!(matches!(
        backend().vmm_address(range(0x5000_0000, 0x1000)),
        Err(StaticError::NoMap { .. })
    ));
}

#[test]
fn a_table_out_of_order_is_refused() {
    static DISORDER: [Mapping; 2] = [
        mapping("b", 0x2000, 0x1000, None),
        mapping("a", 0x1000, 0x1000, None),
    ];
    static OVERLAP: [Mapping; 2] = [
        mapping("a", 0x1000, 0x2000, None),
        mapping("b", 0x2000, 0x1000, None),
    ];
    static EMPTY: [Mapping; 1] = [mapping("a", 0x1000, 0, None)];
    assert!(StaticBackend::new(&DISORDER).is_none());
    assert!(StaticBackend::new(&OVERLAP).is_none());
    assert!(StaticBackend::new(&EMPTY).is_none());
}
