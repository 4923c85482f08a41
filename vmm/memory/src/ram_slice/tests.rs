use crate::GuestMemory;
use crate::guest_memory::tests::window;
use vmm_arch::{Gpa, GpaRange};

fn range(base: u64, size: u64) -> GpaRange {
    GpaRange::new(Gpa(base), size).unwrap()
}

#[test]
fn a_slice_reads_and_writes_its_own_bytes_only() {
    let mut low = [0_u8; 64];
    let mut high = [0_u8; 64];
    let mut memory = GuestMemory::<2>::new();
    memory.add(window(&mut low, 0x1000)).unwrap();
    memory.add(window(&mut high, 0x1040)).unwrap();
    let slice = memory.slice(range(0x1040, 16)).unwrap();
    assert_eq!(slice.size(), 16);
    assert_eq!(slice.write_u32(12, 0x1234_5678), Some(()));
    assert_eq!(slice.read_u16(14), Some(0x1234));
    assert_eq!(slice.write(0, &[1; 16]), Some(()));
    for (offset, length) in [(16, 1), (15, 2), (u64::MAX, 1), (0, 17)] {
        assert_eq!(slice.write(offset, &vec![9; length]), None);
        assert_eq!(slice.read(offset, &mut vec![0; length]), None);
    }
    assert_eq!(slice.read_u16(15), None);
    assert_eq!(slice.write_u64(12, 0), None);
    assert_eq!(memory.read_u8(Gpa(0x1050)), Ok(0));
    assert_eq!(memory.read_u8(Gpa(0x103f)), Ok(0));
}

#[test]
fn a_slice_lies_in_one_window() {
    let mut low = [0_u8; 64];
    let mut high = [0_u8; 64];
    let mut memory = GuestMemory::<2>::new();
    memory.add(window(&mut low, 0x1000)).unwrap();
    memory.add(window(&mut high, 0x1040)).unwrap();
    assert!(memory.slice(range(0x1000, 64)).is_some());
    assert!(memory.slice(range(0x103f, 2)).is_none());
    assert!(memory.slice(range(0x107f, 2)).is_none());
    assert!(memory.slice(range(0xfff, 2)).is_none());
    assert!(memory.slice(range(0, u64::MAX)).is_none());
}

#[test]
fn copies_and_zeroes_stay_inside() {
    let mut buffer = [7_u8; 128];
    let mut memory = GuestMemory::<2>::new();
    memory.add(window(&mut buffer, 0x1000)).unwrap();
    let low = memory.slice(range(0x1000, 64)).unwrap();
    let high = memory.slice(range(0x1040, 64)).unwrap();
    assert_eq!(low.write(0, &[1, 2, 3, 4]), Some(()));
    assert_eq!(high.copy_from(60, &low, 0, 4), Some(()));
    assert_eq!(high.read_u32(60), Some(0x0403_0201));
    assert_eq!(high.copy_from(61, &low, 0, 4), None);
    assert_eq!(high.copy_from(0, &low, 62, 4), None);
    assert_eq!(high.copy_from(u64::MAX, &low, 0, 1), None);
    assert_eq!(low.fill_zero(60, 5), None);
    assert_eq!(low.fill_zero(60, 4), Some(()));
    assert_eq!(
        (low.read_u32(60), low.read_u32(56)),
        (Some(0), Some(0x0707_0707))
    );
    assert_eq!(high.read_u32(0), Some(0x0707_0707));
}

#[test]
fn a_part_lies_inside() {
    let mut buffer = [0_u8; 64];
    let mut memory = GuestMemory::<1>::new();
    memory.add(window(&mut buffer, 0x1000)).unwrap();
    let slice = memory.slice(range(0x1010, 32)).unwrap();
    let part = slice.part(8, 4).unwrap();
    assert_eq!((part.size(), part.write_u32(0, 5)), (4, Some(())));
    assert_eq!((slice.read_u32(8), part.read_u16(4)), (Some(5), None));
    assert!(slice.part(32, 0).is_some());
    assert!(slice.part(30, 3).is_none());
    assert!(slice.part(u64::MAX, 1).is_none());
}
