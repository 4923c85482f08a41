#![expect(unsafe_code, reason = "windows are made of buffers of the test")]

use super::*;
use proptest::prelude::*;

/// A window to `buffer`, which outlives it in every test and is not used beside it.
pub(crate) fn window(buffer: &mut [u8], gpa: u64) -> RamWindow {
    let address = buffer.as_mut_ptr().expose_provenance() as u64;
    // SAFETY: the buffer is ordinary memory that only the window uses while it exists.
    unsafe { RamWindow::new(address, buffer.len() as u64, Gpa(gpa)).unwrap() }
}

fn source(buffer: &mut [u8]) -> SourceWindow {
    let address = buffer.as_mut_ptr().expose_provenance() as u64;
    // SAFETY: as in `window`.
    unsafe { SourceWindow::new(address, buffer.len() as u64).unwrap() }
}

fn range(base: u64, size: u64) -> GpaRange {
    GpaRange::new(Gpa(base), size).unwrap()
}

#[test]
fn bytes_outside_are_refused_and_nothing_is_copied() {
    let mut buffer = vec![7u8; 0x100];
    let mut memory = GuestMemory::<2>::new();
    memory.add(window(&mut buffer, 0x1000)).unwrap();
    assert_eq!(
        memory.write(Gpa(0x10fc), &[1; 8]),
        Err(AccessError::NotRam(Gpa(0x1100)))
    );
    assert_eq!(
        memory.write(Gpa(0xffc), &[1; 8]),
        Err(AccessError::NotRam(Gpa(0xffc)))
    );
    let mut bytes = [9; 8];
    assert!(memory.read(Gpa(0x10fc), &mut bytes).is_err());
    assert_eq!(bytes, [9; 8]);
    assert!(memory.fill_zero(range(0x10f0, 0x20)).is_err());
    assert!(memory.write_u64(Gpa(0x10f9), 0).is_err());
    assert!(memory.write_u32(Gpa(0x2000), 0).is_err());
    assert_eq!(
        memory.read_u8(Gpa(0x1100)),
        Err(AccessError::NotRam(Gpa(0x1100)))
    );
    let mut touched = 0;
    assert!(
        memory
            .touch(range(0x1000, 0x101), |_| touched += 1)
            .is_err()
    );
    assert_eq!(touched, 0);
    drop(memory);
    assert_eq!(buffer, vec![7; 0x100]);
}

#[test]
fn copies_of_nothing_succeed_anywhere() {
    let mut source_buffer = vec![0u8; 4];
    let memory = GuestMemory::<1>::new();
    assert_eq!(memory.read(Gpa(u64::MAX), &mut []), Ok(()));
    assert_eq!(memory.write(Gpa(0), &[]), Ok(()));
    let source = source(&mut source_buffer);
    assert_eq!(memory.copy_in(Gpa(0), &source, 4, 0), Ok(()));
}

#[test]
fn integers_are_little_endian_at_every_alignment() {
    let mut low = vec![0u8; 0x100];
    let mut high = vec![0u8; 0x100];
    let mut memory = GuestMemory::<2>::new();
    memory.add(window(&mut low, 0x1000)).unwrap();
    memory.add(window(&mut high, 0x1100)).unwrap();
    for gpa in 0x10f0..0x1108 {
        let gpa = Gpa(gpa);
        memory.write_u64(gpa, 0x8877_6655_4433_2211).unwrap();
        let mut bytes = [0; 8];
        memory.read(gpa, &mut bytes).unwrap();
        assert_eq!(bytes, [0x11, 0x22, 0x33, 0x44, 0x55, 0x66, 0x77, 0x88]);
        assert_eq!(memory.read_u64(gpa), Ok(0x8877_6655_4433_2211));
        assert_eq!(memory.read_u32(gpa), Ok(0x4433_2211));
        assert_eq!(memory.read_u16(gpa), Ok(0x2211));
        assert_eq!(memory.read_u8(gpa), Ok(0x11));
        memory.write_u16(gpa, 0xbeef).unwrap();
        memory.write_u8(gpa, 0x42).unwrap();
        assert_eq!(memory.read_u32(gpa), Ok(0x4433_be42));
    }
}

#[test]
fn an_image_is_copied_across_regions() {
    let mut low = vec![0u8; 0x100];
    let mut high = vec![0u8; 0x100];
    let mut image: Vec<u8> = (0..=255).collect();
    let image_window = source(&mut image);
    let mut memory = GuestMemory::<2>::new();
    memory.add(window(&mut high, 0x1100)).unwrap();
    memory.add(window(&mut low, 0x1000)).unwrap();
    memory
        .copy_in(Gpa(0x10c0), &image_window, 0x10, 0x80)
        .unwrap();
    let mut bytes = [0; 0x80];
    memory.read(Gpa(0x10c0), &mut bytes).unwrap();
    assert!(bytes.iter().copied().eq(0x10..0x90));
    assert_eq!(memory.read_u8(Gpa(0x10bf)), Ok(0));
    assert_eq!(memory.read_u8(Gpa(0x1140)), Ok(0));
    assert_eq!(
        memory.copy_in(Gpa(0x1000), &image_window, 0xff, 2),
        Err(AccessError::Source {
            offset: 0xff,
            length: 2,
            size: 0x100
        })
    );
    assert!(
        memory
            .copy_in(Gpa(0x1000), &image_window, u64::MAX, 2)
            .is_err()
    );
    let mut header = [0; 4];
    assert_eq!(image_window.read(0xfc, &mut header), Some(()));
    assert_eq!(header, [0xfc, 0xfd, 0xfe, 0xff]);
    assert_eq!(image_window.read(0xfd, &mut header), None);
    assert_eq!(image_window.read(u64::MAX, &mut header), None);
}

#[test]
fn a_chunk_ends_where_its_window_ends() {
    let mut low = vec![1u8; 0x10];
    let mut high = vec![2u8; 0x10];
    let mut memory = GuestMemory::<2>::new();
    memory.add(window(&mut low, 0x1000)).unwrap();
    memory.add(window(&mut high, 0x1010)).unwrap();
    let mut seen = Vec::new();
    memory
        .touch(range(0x1008, 0x10), |chunk| {
            let mut bytes = vec![0; chunk.size()];
            chunk.read(&mut bytes).unwrap();
            seen.push((chunk.range(), chunk.at(), bytes));
            assert!(chunk.write(&[0; 9]).is_err(), "longer than the chunk");
            chunk.write(&[5]).unwrap();
        })
        .unwrap();
    assert_eq!(
        seen,
        [
            (range(0x1008, 8), 0, vec![1; 8]),
            (range(0x1010, 8), 8, vec![2; 8])
        ]
    );
    assert_eq!(memory.read_u16(Gpa(0x1010)), Ok(0x0205));
    assert_eq!(memory.read_u16(Gpa(0x1007)), Ok(0x0501));
}

#[test]
fn windows_that_overlap_or_are_no_memory_are_refused() {
    let mut low = vec![0u8; 0x100];
    let mut high = vec![0u8; 0x100];
    let mut memory = GuestMemory::<2>::new();
    memory.add(window(&mut low, 0x1000)).unwrap();
    let over = window(&mut high, 0x10ff);
    assert_eq!(
        memory.add(over),
        Err(InsertError::Overlap(range(0x1000, 0x100)))
    );
    for (address, size) in [(0, 0x1000), (u64::MAX, 2), (0x1000, 1 << 63), (0x1000, 0)] {
        // SAFETY: no window comes of it.
        let window = unsafe { RamWindow::new(address, size, Gpa(0)) };
        assert!(window.is_err(), "{size:#x} bytes at {address:#x}");
    }
}

#[derive(Clone, Debug)]
enum Step {
    Write(u64, Vec<u8>),
    Read(u64, usize),
    Zero(u64, u64),
}

fn step() -> impl Strategy<Value = Step> {
    let bytes = prop::collection::vec(any::<u8>(), 0..40);
    prop_oneof![
        (0u64..160, bytes).prop_map(|(gpa, bytes)| Step::Write(gpa, bytes)),
        (0u64..160, 0usize..40).prop_map(|(gpa, length)| Step::Read(gpa, length)),
        (0u64..160, 1u64..40).prop_map(|(gpa, size)| Step::Zero(gpa, size)),
    ]
}

proptest! {
    /// Three windows, two of which touch, behave as a list of bytes with holes.
    #[test]
    fn copies_agree_with_a_list_of_bytes(steps in prop::collection::vec(step(), 1..60)) {
        let mut buffers = [vec![0u8; 40], vec![0u8; 33], vec![0u8; 20]];
        let bases = [8u64, 48, 90];
        let mut model: Vec<Option<u8>> = vec![None; 256];
        let mut memory = GuestMemory::<3>::new();
        for (buffer, base) in buffers.iter_mut().zip(bases) {
            let start = base as usize;
            model[start..start + buffer.len()].fill(Some(0));
            memory.add(window(buffer, base)).unwrap();
        }
        for step in steps {
            match step {
                Step::Write(gpa, bytes) => {
                    let cells = &mut model[gpa as usize..gpa as usize + bytes.len()];
                    let ram = cells.iter().all(Option::is_some);
                    prop_assert_eq!(memory.write(Gpa(gpa), &bytes).is_ok(), ram);
                    if ram {
                        for (cell, byte) in cells.iter_mut().zip(&bytes) {
                            *cell = Some(*byte);
                        }
                    }
                }
                Step::Read(gpa, length) => {
                    let cells = &model[gpa as usize..gpa as usize + length];
                    let expected: Option<Vec<u8>> = cells.iter().copied().collect();
                    let mut bytes = vec![0; length];
                    let answer = memory.read(Gpa(gpa), &mut bytes).ok().map(|()| bytes);
                    prop_assert_eq!(answer, expected);
                }
                Step::Zero(gpa, size) => {
                    let cells = &mut model[gpa as usize..(gpa + size) as usize];
                    let ram = cells.iter().all(Option::is_some);
                    prop_assert_eq!(memory.fill_zero(range(gpa, size)).is_ok(), ram);
                    if ram {
                        cells.fill(Some(0));
                    }
                }
            }
        }
    }
}

#[test]
fn an_image_is_copied_exactly_at_every_alignment() {
    let mut image: Vec<u8> = (1..=255).collect();
    let image_window = source(&mut image);
    for (to, from, length) in (0..10)
        .flat_map(|to| (0..10).map(move |from| (to, from)))
        .flat_map(|(to, from)| (0..100).map(move |length| (to, from, length)))
    {
        let mut buffer = vec![0u8; 0x100];
        let mut memory = GuestMemory::<1>::new();
        memory.add(window(&mut buffer, 0x1000)).unwrap();
        memory
            .copy_in(Gpa(0x1000 + to), &image_window, from, length)
            .unwrap();
        drop(memory);
        let copied = from + 1..from + 1 + length;
        let expected = (0..to)
            .map(|_| 0)
            .chain(copied)
            .chain(core::iter::repeat(0));
        let expected = expected.take(buffer.len());
        assert!(
            buffer.iter().map(|byte| u64::from(*byte)).eq(expected),
            "{length} bytes from {from} to {to}"
        );
    }
}
