use super::model::KernelModel;
use super::*;

fn frame(cptr: u64, vaddr: u64, size_bits: u8) -> Frame {
    Frame {
        cptr: Cptr(cptr),
        rights: Rights::READ_WRITE,
        vaddr: Gpa(vaddr),
        size_bits,
        attributes: Attributes::Device,
    }
}

fn backend() -> CapBackend<KernelModel> {
    CapBackend::new(KernelModel::new([(1, 12), (2, 12), (3, 21), (4, 30)]))
}

#[test]
fn missing_tables_are_made_level_by_level() {
    let mut backend = backend();
    backend.map(&frame(1, 0x4000_0000, 12)).unwrap();
    assert_eq!(backend.caps().calls, 7, "three tables, four map calls");
    backend.map(&frame(2, 0x4000_1000, 12)).unwrap();
    assert_eq!(backend.caps().calls, 8, "the tables are there");
    let page = backend.caps().pages[&0x4000_1000];
    assert_eq!(page.rights, Rights::READ_WRITE);
    assert_eq!(page.attributes, Attributes::Device);
}

#[test]
fn large_pages_need_fewer_tables() {
    let mut backend = backend();
    backend.map(&frame(4, 0x4000_0000, 30)).unwrap();
    assert_eq!(backend.caps().tables_left, 63);
    backend.map(&frame(3, 0x8000_0000, 21)).unwrap();
    assert_eq!(backend.caps().tables_left, 62);
}

#[test]
fn a_large_page_over_a_table_is_refused_by_the_kernel() {
    let mut backend = backend();
    backend.map(&frame(1, 0x4000_0000, 12)).unwrap();
    let error = backend.map(&frame(3, 0x4000_0000, 21)).unwrap_err();
    assert_eq!(
        error,
        CapError::Table {
            gpa: Gpa(0x4000_0000),
            cause: KernelError::DeleteFirst
        }
    );
    assert_eq!(backend.caps().pages.len(), 1);
}

#[test]
fn a_page_under_a_large_page_is_refused_by_the_kernel() {
    let mut backend = backend();
    backend.map(&frame(3, 0x4000_0000, 21)).unwrap();
    let error = backend.map(&frame(1, 0x4000_1000, 12)).unwrap_err();
    assert!(matches!(
        error,
        CapError::Table {
            cause: KernelError::DeleteFirst,
            ..
        }
    ));
}

#[test]
fn a_capability_maps_at_one_place() {
    let mut backend = backend();
    backend.map(&frame(1, 0x4000_0000, 12)).unwrap();
    assert_eq!(
        backend.map(&frame(1, 0x4000_1000, 12)),
        Err(CapError::Map {
            cptr: Cptr(1),
            gpa: Gpa(0x4000_1000),
            cause: KernelError::InvalidArgument
        })
    );
}

#[test]
fn null_and_foreign_capabilities_are_refused() {
    let mut backend = backend();
    assert_eq!(
        backend.map(&frame(0, 0x4000_0000, 12)),
        Err(CapError::NullCapability(Gpa(0x4000_0000)))
    );
    assert_eq!(backend.caps().calls, 0, "the kernel is not asked");
    let error = backend.map(&frame(99, 0x4000_0000, 12)).unwrap_err();
    assert_eq!(
        error.to_string(),
        "the kernel did not map frame Cptr(99) at 0x40000000: InvalidCapability"
    );
}

#[test]
fn no_memory_for_tables_is_told_apart() {
    let mut backend = backend();
    backend.caps_mut().tables_left = 1;
    let error = backend.map(&frame(1, 0x4000_0000, 12)).unwrap_err();
    assert_eq!(
        error.to_string(),
        "no page table could be put above 0x40000000: NotEnoughMemory"
    );
}

/// A kernel that keeps saying that a table is missing does not keep the backend busy for ever.
#[test]
fn the_number_of_tables_is_bounded() {
    struct Stubborn(usize);
    impl PageCaps for Stubborn {
        fn map(&mut self, _: Cptr, _: Gpa, _: Rights, _: Attributes) -> Result<(), KernelError> {
            self.0 += 1;
            Err(KernelError::FailedLookup)
        }
        fn unmap(&mut self, _: Cptr) -> Result<(), KernelError> {
            Ok(())
        }
        fn add_table(&mut self, _: Gpa) -> Result<(), KernelError> {
            Ok(())
        }
    }
    let mut backend = CapBackend::new(Stubborn(0));
    assert!(matches!(
        backend.map(&frame(1, 0x4000_0000, 12)),
        Err(CapError::Map {
            cause: KernelError::FailedLookup,
            ..
        })
    ));
    assert_eq!(backend.caps().0, 4);
}

#[test]
fn labels_are_the_kernels_numbers() {
    for label in 1..=10 {
        assert_eq!(KernelError::from_label(label).unwrap() as u64, label);
    }
    assert_eq!(KernelError::from_label(0), None);
    assert_eq!(KernelError::from_label(11), None);
}
