use super::model::{Geometry, KernelModel};
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

/// On a kernel for 44 bits.
fn backend_44() -> CapBackend<KernelModel> {
    let mut kernel = KernelModel::without_asid(Geometry::BITS_44);
    kernel.assign_asid().unwrap();
    for (slot, size_bits) in [(1, 12), (2, 12), (3, 21), (4, 30)] {
        kernel.make_frame(Cptr(slot), size_bits).unwrap();
    }
    CapBackend::new(kernel)
}

#[test]
fn missing_tables_are_made_level_by_level() {
    for (mut backend, tables) in [(backend(), 2), (backend_44(), 3)] {
        backend.map(&frame(1, 0x4000_0000, 12)).unwrap();
        assert_eq!(
            backend.caps().calls,
            1 + 2 * tables,
            "one table after each refusal"
        );
        backend.map(&frame(2, 0x4000_1000, 12)).unwrap();
        assert_eq!(backend.caps().calls, 2 + 2 * tables, "the tables are there");
        let page = backend.caps().pages()[&0x4000_1000];
        assert_eq!(page.rights, Rights::READ_WRITE);
        assert_eq!(page.attributes, Attributes::Device);
    }
}

#[test]
fn large_pages_need_fewer_tables() {
    for (mut backend, [huge, large]) in [(backend(), [0, 1]), (backend_44(), [1, 1])] {
        backend.map(&frame(4, 0x4000_0000, 30)).unwrap();
        assert_eq!(backend.caps().tables_left, 64 - huge);
        backend.map(&frame(3, 0x8000_0000, 21)).unwrap();
        assert_eq!(backend.caps().tables_left, 64 - huge - large);
    }
}

/// The tables of freed frames stay: a larger frame takes their place, and they are used again.
#[test]
fn a_large_page_takes_the_place_of_tables_that_smaller_ones_left() {
    for (mut backend, tables) in [(backend(), 2), (backend_44(), 3)] {
        for (cptr, size_bits) in [(3, 21), (4, 30)] {
            let small = frame(1, 0x4000_1000, 12);
            backend.map(&small).unwrap();
            backend.unmap(&small).unwrap();
            let large = frame(cptr, 0x4000_0000, size_bits);
            backend.map(&large).unwrap();
            assert_eq!(backend.caps().pages().len(), 1);
            backend.unmap(&large).unwrap();
        }
        backend.map(&frame(1, 0x4000_1000, 12)).unwrap();
        assert_eq!(backend.caps().tables_left, 64 - tables);
    }
}

#[test]
fn a_page_under_a_large_page_is_refused_by_the_kernel() {
    let mut backend = backend();
    for (large, size_bits) in [(3, 21), (4, 30)] {
        let large = frame(large, 0x4000_0000, size_bits);
        backend.map(&large).unwrap();
        let error = backend.map(&frame(1, 0x4000_1000, 12)).unwrap_err();
        assert_eq!(
            error,
            CapError::Table {
                gpa: Gpa(0x4000_1000),
                cause: KernelError::DeleteFirst
            }
        );
        backend.unmap(&large).unwrap();
    }
}

/// The table that the kernel refused is used for the next frame, not lost.
#[test]
fn a_refused_table_stays_spare() {
    let mut backend = backend();
    backend.map(&frame(3, 0x4000_0000, 21)).unwrap();
    for _ in 0..3 {
        backend.map(&frame(1, 0x4000_1000, 12)).unwrap_err();
    }
    assert_eq!(backend.caps().tables_left, 62);
    backend.map(&frame(1, 0x4020_0000, 12)).unwrap();
    assert_eq!(backend.caps().tables_left, 62);
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
fn what_is_no_frame_capability_is_refused_before_the_kernel_is_asked() {
    let mut backend = backend();
    backend.caps_mut().make_other(Cptr(5)).unwrap();
    assert_eq!(
        backend.map(&frame(0, 0x4000_0000, 12)),
        Err(CapError::NullCapability(Gpa(0x4000_0000)))
    );
    // An empty slot, another type, a slot outside the CNode: that would stop the VMM.
    for cptr in [99, 5, KernelModel::CNODE_SIZE, u64::MAX] {
        let error = backend.map(&frame(cptr, 0x4000_0000, 12)).unwrap_err();
        let gpa = Gpa(0x4000_0000);
        let cptr = Cptr(cptr);
        assert_eq!(error, CapError::NotAFrame { cptr, gpa });
    }
    assert_eq!(backend.caps().calls, 0);
    let error = backend.map(&frame(99, 0x4000_0000, 12)).unwrap_err();
    assert_eq!(
        error.to_string(),
        "the frame for 0x40000000 is Cptr(99), which is not a frame capability of the VMM"
    );
}

/// The kernel would map all of the capability, over what lies beside the frame's place.
#[test]
fn a_frame_has_the_size_of_its_capability() {
    let mut backend = backend();
    for (cptr, claimed, actual) in [(3, 12, 21), (1, 21, 12), (4, 21, 30)] {
        let error = backend.map(&frame(cptr, 0x4000_0000, claimed)).unwrap_err();
        assert_eq!(
            error,
            CapError::Size {
                cptr: Cptr(cptr),
                gpa: Gpa(0x4000_0000),
                claimed,
                actual
            }
        );
    }
    assert_eq!(backend.caps().calls, 0);
}

/// The kernel would map it read-only and say nothing.
#[test]
fn a_read_only_capability_is_not_mapped_for_stores() {
    let mut backend = backend();
    let caps = backend.caps_mut();
    caps.copy(Cptr(1), Cptr(6), Rights::READ).unwrap();
    let (cptr, gpa) = (Cptr(6), Gpa(0x4000_0000));
    let error = backend.map(&frame(6, gpa.0, 12)).unwrap_err();
    assert_eq!(error, CapError::ReadOnly { cptr, gpa });
    let readable = Frame {
        rights: Rights::READ,
        ..frame(6, gpa.0, 12)
    };
    backend.map(&readable).unwrap();
    assert_eq!(backend.caps().pages()[&gpa.0].rights, Rights::READ);
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
        fn frame(&self, _: Cptr) -> Option<FrameCap> {
            Some(FrameCap {
                size_bits: 12,
                write: true,
            })
        }
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
        fn remove_tables(&mut self, _: GpaRange) -> Result<bool, KernelError> {
            Ok(true)
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
    assert_eq!(backend.caps().0, usize::from(MOST_CALLS));
}

#[test]
fn labels_are_the_kernels_numbers() {
    for label in 1..=10 {
        assert_eq!(KernelError::from_label(label).unwrap() as u64, label);
    }
    assert_eq!(KernelError::from_label(0), None);
    assert_eq!(KernelError::from_label(11), None);
}
