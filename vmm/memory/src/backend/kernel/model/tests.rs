//! The model gives the answers that the real kernel gave (seL4 16, qemu_virt_aarch64).

use super::*;
use crate::backend::PageCaps;

const FIRST: Cptr = Cptr(1);
const SECOND: Cptr = Cptr(2);
const LARGE: Cptr = Cptr(3);
const COPY: Cptr = Cptr(10);
const TABLES: [Cptr; 2] = [Cptr(20), Cptr(21)];
const PLACE: Gpa = Gpa(0x4000_0000);

fn kernel() -> KernelModel {
    KernelModel::new([(1, 12), (2, 12), (3, 21)])
}

/// With the tables for a page at `PLACE`.
fn kernel_with_tables() -> KernelModel {
    let mut kernel = kernel();
    for table in TABLES {
        kernel.make_table(table).unwrap();
        kernel.table_map(table, PLACE).unwrap();
    }
    kernel
}

fn map(kernel: &mut KernelModel, cptr: Cptr, gpa: Gpa) -> Result<(), KernelError> {
    kernel.page_map(cptr, gpa, Rights::ALL, Attributes::Normal)
}

impl KernelModel {
    /// Maps a page at a place that no memory map knows of, with the tables that it needs.
    pub(crate) fn page_map_with_tables(&mut self, cptr: Cptr, gpa: Gpa) -> Result<(), KernelError> {
        while map(self, cptr, gpa) == Err(KernelError::FailedLookup) {
            self.add_table(gpa)?;
        }
        Ok(())
    }
}

#[test]
fn a_kernel_for_40_bits_has_two_levels_of_tables_and_one_for_44_three() {
    for (geometry, tables) in [(Geometry::BITS_40, 2), (Geometry::BITS_44, 3)] {
        let mut kernel = KernelModel::without_asid(geometry);
        kernel.assign_asid().unwrap();
        kernel.make_frame(FIRST, 12).unwrap();
        for slot in 20..20 + tables {
            assert_eq!(
                map(&mut kernel, FIRST, PLACE),
                Err(KernelError::FailedLookup)
            );
            kernel.make_table(Cptr(slot)).unwrap();
            kernel.table_map(Cptr(slot), PLACE).unwrap();
        }
        map(&mut kernel, FIRST, PLACE).unwrap();
        kernel.make_table(Cptr(40)).unwrap();
        assert_eq!(
            kernel.table_map(Cptr(40), PLACE),
            Err(KernelError::DeleteFirst)
        );
    }
}

#[test]
fn addresses_end_at_two_to_the_40() {
    let mut kernel = kernel();
    for gpa in [1 << 40, 0xffff_ffff_ffff_f000] {
        let gpa = Gpa(gpa);
        assert_eq!(
            map(&mut kernel, FIRST, gpa),
            Err(KernelError::InvalidArgument)
        );
        assert_eq!(kernel.add_table(gpa), Err(KernelError::InvalidArgument));
    }
    let last = Gpa((1 << 40) - 0x1000);
    kernel.page_map_with_tables(FIRST, last).unwrap();
    assert!(kernel.translate(Gpa((1 << 40) - 1)).is_some());
}

#[test]
fn before_the_asid_nothing_is_mapped_and_it_is_assigned_once() {
    let mut kernel = KernelModel::without_asid(Geometry::BITS_40);
    kernel.make_frame(FIRST, 12).unwrap();
    kernel.make_table(TABLES[0]).unwrap();
    assert_eq!(
        map(&mut kernel, FIRST, PLACE),
        Err(KernelError::InvalidCapability)
    );
    assert_eq!(
        kernel.table_map(TABLES[0], PLACE),
        Err(KernelError::InvalidCapability)
    );
    kernel.assign_asid().unwrap();
    assert_eq!(kernel.assign_asid(), Err(KernelError::InvalidCapability));
    kernel.table_map(TABLES[0], PLACE).unwrap();
}

#[test]
fn a_capability_maps_at_one_place_and_a_copy_at_another() {
    let mut kernel = kernel_with_tables();
    map(&mut kernel, FIRST, PLACE).unwrap();
    let beside = Gpa(PLACE.0 + 0x1000);
    assert_eq!(
        map(&mut kernel, FIRST, beside),
        Err(KernelError::InvalidArgument)
    );
    // At its own place again it gets new rights.
    let again = kernel.page_map(FIRST, PLACE, Rights::READ, Attributes::Normal);
    again.unwrap();
    assert_eq!(kernel.pages()[&PLACE.0].rights, Rights::READ);
    kernel.copy(FIRST, COPY, Rights::ALL).unwrap();
    map(&mut kernel, COPY, beside).unwrap();
    let address = kernel.page_address(FIRST).unwrap();
    let both = kernel.pages().values().map(|page| page.address);
    assert_eq!(both.collect::<Vec<_>>(), [address, address]);
}

#[test]
fn unmap_goes_by_physical_address() {
    let mut kernel = kernel_with_tables();
    kernel.copy(FIRST, COPY, Rights::ALL).unwrap();
    map(&mut kernel, FIRST, PLACE).unwrap();
    map(&mut kernel, COPY, PLACE).unwrap();
    // The copy put it there last; the first capability clears it all the same.
    kernel.page_unmap(FIRST).unwrap();
    assert!(kernel.pages().is_empty());
    kernel.page_unmap(COPY).unwrap();
    // Another frame in the place is left alone.
    map(&mut kernel, FIRST, PLACE).unwrap();
    map(&mut kernel, SECOND, PLACE).unwrap();
    let second = kernel.page_address(SECOND).unwrap();
    assert_eq!(
        kernel.pages()[&PLACE.0].address,
        second,
        "replaced silently"
    );
    kernel.page_unmap(FIRST).unwrap();
    assert_eq!(kernel.pages()[&PLACE.0].address, second);
    // A frame that is not mapped is no error.
    kernel.page_unmap(FIRST).unwrap();
}

#[test]
fn rights_are_masked_without_a_word() {
    let mut kernel = kernel_with_tables();
    kernel.copy(FIRST, COPY, Rights::READ).unwrap();
    map(&mut kernel, COPY, PLACE).unwrap();
    let execute = Rights::new(true, false, true);
    assert_eq!(kernel.pages()[&PLACE.0].rights, execute);
    let write_only = Rights::new(false, true, false);
    kernel
        .page_map(COPY, PLACE, write_only, Attributes::Normal)
        .unwrap();
    assert!(!kernel.pages()[&PLACE.0].rights.read, "nobody can use it");
}

#[test]
fn a_large_page_waits_for_the_tables_of_small_ones() {
    let mut kernel = kernel_with_tables();
    map(&mut kernel, FIRST, PLACE).unwrap();
    kernel.page_unmap(FIRST).unwrap();
    assert_eq!(
        map(&mut kernel, LARGE, PLACE),
        Err(KernelError::FailedLookup)
    );
    assert_eq!(kernel.add_table(PLACE), Err(KernelError::DeleteFirst));
    kernel.table_unmap(TABLES[1]).unwrap();
    map(&mut kernel, LARGE, PLACE).unwrap();
    assert_eq!(
        kernel.add_table(Gpa(PLACE.0 + 0x1000)),
        Err(KernelError::DeleteFirst),
        "a large page is in the place"
    );
    let (_, address) = kernel.translate(Gpa(PLACE.0 + 0x1_2345)).unwrap();
    assert_eq!(address, kernel.page_address(LARGE).unwrap() + 0x1_2345);
    // One unmap removes all of it; the table above stays.
    kernel.page_unmap(LARGE).unwrap();
    assert!(kernel.translate(Gpa(PLACE.0 + 0x1f_f000)).is_none());
    map(&mut kernel, LARGE, PLACE).unwrap();
}

#[test]
fn a_table_that_goes_takes_all_below_it() {
    let mut kernel = kernel_with_tables();
    map(&mut kernel, FIRST, PLACE).unwrap();
    kernel.table_unmap(TABLES[0]).unwrap();
    assert!(kernel.pages().is_empty());
    // The capabilities do not know: the frame is bound to its place until it is unmapped, the
    // lower table until it is.
    let elsewhere = Gpa(PLACE.0 + 0x1000);
    assert_eq!(
        map(&mut kernel, FIRST, elsewhere),
        Err(KernelError::InvalidArgument)
    );
    assert_eq!(
        kernel.table_map(TABLES[1], PLACE),
        Err(KernelError::InvalidCapability)
    );
    kernel.page_unmap(FIRST).unwrap();
    kernel.table_unmap(TABLES[1]).unwrap();
    for table in TABLES {
        kernel.table_map(table, PLACE).unwrap();
    }
    map(&mut kernel, FIRST, elsewhere).unwrap();
}

#[test]
fn deleting_a_capability_unmaps_what_it_maps() {
    let mut kernel = kernel_with_tables();
    map(&mut kernel, FIRST, PLACE).unwrap();
    kernel.delete(FIRST).unwrap();
    assert!(kernel.pages().is_empty());
    assert_eq!(
        map(&mut kernel, FIRST, PLACE),
        Err(KernelError::InvalidCapability),
        "the slot is empty"
    );
    kernel.delete(FIRST).unwrap();
    map(&mut kernel, SECOND, PLACE).unwrap();
    // A table goes with the last capability that names it.
    kernel.copy(TABLES[1], COPY, Rights::ALL).unwrap();
    assert_eq!(kernel.table_unmap(TABLES[1]), Err(KernelError::RevokeFirst));
    kernel.delete(TABLES[1]).unwrap();
    assert_eq!(kernel.pages().len(), 1);
    kernel.delete(COPY).unwrap();
    assert!(kernel.pages().is_empty());
}

#[test]
fn capabilities_of_another_type_are_an_illegal_operation() {
    let mut kernel = kernel_with_tables();
    kernel.make_other(COPY).unwrap();
    for wrong in [COPY, TABLES[0]] {
        assert_eq!(
            map(&mut kernel, wrong, PLACE),
            Err(KernelError::IllegalOperation)
        );
        assert_eq!(kernel.page_unmap(wrong), Err(KernelError::IllegalOperation));
    }
    for wrong in [COPY, FIRST] {
        assert_eq!(
            kernel.table_map(wrong, PLACE),
            Err(KernelError::IllegalOperation)
        );
        assert_eq!(
            kernel.table_unmap(wrong),
            Err(KernelError::IllegalOperation)
        );
    }
}

#[test]
#[should_panic(expected = "the kernel stops the caller")]
fn a_slot_outside_the_cnode_stops_the_caller() {
    let _ = map(&mut kernel(), Cptr(KernelModel::CNODE_SIZE), PLACE);
}

#[test]
fn objects_and_copies_go_to_empty_slots_of_the_cnode() {
    let mut kernel = kernel();
    let outside = Cptr(KernelModel::CNODE_SIZE);
    assert_eq!(kernel.make_frame(outside, 12), Err(KernelError::RangeError));
    assert_eq!(kernel.make_table(FIRST), Err(KernelError::DeleteFirst));
    assert_eq!(
        kernel.copy(FIRST, outside, Rights::ALL),
        Err(KernelError::FailedLookup)
    );
    assert_eq!(
        kernel.copy(FIRST, SECOND, Rights::ALL),
        Err(KernelError::DeleteFirst)
    );
    assert_eq!(
        kernel.copy(Cptr(99), COPY, Rights::ALL),
        Err(KernelError::FailedLookup)
    );
    kernel.make_table(TABLES[0]).unwrap();
    assert_eq!(
        kernel.copy(TABLES[0], COPY, Rights::ALL),
        Err(KernelError::IllegalOperation),
        "a table that is mapped nowhere"
    );
    assert_eq!(kernel.delete(outside), Err(KernelError::FailedLookup));
}
