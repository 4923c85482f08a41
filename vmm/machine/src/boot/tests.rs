#![expect(unsafe_code, reason = "windows are made of buffers of the test")]

use std::{vec, vec::Vec};

use super::*;
use crate::memory::RamWindow;

const RAM: u64 = 0x4000_0000;
const DATA: u64 = (HEADER_BYTES + SEGMENT_BYTES) as u64;

/// A package of one segment and 8 bytes of data, in a region of a page that holds `0xee`
/// behind the package.
fn region(segment: Segment, length: u64) -> Vec<u8> {
    let header = Header {
        segments: 1,
        entry: RAM,
        device_tree: RAM,
        length,
    };
    let mut bytes = vec![0xee; 0x1000];
    bytes[..HEADER_BYTES].copy_from_slice(&header.encode());
    bytes[HEADER_BYTES..][..SEGMENT_BYTES].copy_from_slice(&segment.encode());
    bytes[HEADER_BYTES + SEGMENT_BYTES..][..8].copy_from_slice(b"segment!");
    bytes
}

fn segment() -> Segment {
    Segment {
        base: RAM + 8,
        size: 0x20,
        offset: DATA,
        length: 8,
    }
}

/// Opens the package and lays its segment into RAM of 64 bytes; gives that RAM too.
fn lay(segment: Segment, length: u64) -> (Result<GpaRange, BootError>, Vec<u8>) {
    let mut bytes = region(segment, length);
    let mut ram = vec![0x55; 64];
    let source = bytes.as_mut_ptr().expose_provenance() as u64;
    let target = ram.as_mut_ptr().expose_provenance() as u64;
    // SAFETY: the buffer outlives the window and is not used beside it.
    let source = unsafe { SourceWindow::new(source, bytes.len() as u64) }.unwrap();
    // SAFETY: as before.
    let window = unsafe { RamWindow::new(target, ram.len() as u64, Gpa(RAM)) }.unwrap();
    let mut memory = GuestMemory::<1>::new();
    memory.add(window).unwrap();
    let laid = Package::open(source).and_then(|package| package.lay(0, &memory));
    drop(memory);
    (laid, ram)
}

#[test]
fn a_segment_is_laid_where_it_says() {
    let (laid, ram) = lay(segment(), DATA + 8);
    assert_eq!(laid, Ok(GpaRange::new(Gpa(RAM + 8), 0x20).unwrap()));
    assert_eq!(ram[..8], [0x55; 8], "before the segment");
    assert_eq!(ram[8..16], *b"segment!");
    assert_eq!(ram[16..0x28], [0; 0x18], "whatever was there");
    assert_eq!(ram[0x28..], [0x55; 0x18], "behind the segment");
}

#[test]
fn a_segment_may_be_zeroes_only() {
    let zeroes = Segment {
        length: 0,
        ..segment()
    };
    let (laid, ram) = lay(zeroes, DATA + 8);
    assert!(laid.is_ok());
    assert_eq!(ram[8..0x28], [0; 0x20]);
}

#[test]
fn nothing_is_read_that_the_length_does_not_cover() {
    let cut_data = Segment {
        length: 9,
        ..segment()
    };
    let wrapping = Segment {
        offset: u64::MAX - 3,
        ..segment()
    };
    for (segment, length) in [
        (cut_data, DATA + 8),
        (wrapping, DATA + 8),
        (segment(), DATA + 7),
        (segment(), DATA - 1),
        (segment(), HEADER_BYTES as u64 - 1),
        (segment(), 0x1001),
    ] {
        let (laid, ram) = lay(segment, length);
        assert_eq!(laid, Err(BootError::Truncated), "{segment:?} {length:#x}");
        assert_eq!(ram, [0x55; 64]);
    }
}

#[test]
fn a_bad_segment_is_named() {
    let empty = Segment {
        size: 0,
        length: 0,
        ..segment()
    };
    let more_data_than_room = Segment {
        size: 4,
        ..segment()
    };
    for bad in [empty, more_data_than_room] {
        let expected = BootError::Malformed { base: RAM + 8 };
        assert_eq!(lay(bad, DATA + 8).0, Err(expected));
    }
    let outside = Segment {
        base: RAM + 60,
        ..segment()
    };
    let tail_outside = Segment {
        size: 0x40,
        ..segment()
    };
    let nothing_but_zeroes = Segment {
        base: RAM + 0x1000,
        length: 0,
        ..segment()
    };
    for bad in [outside, tail_outside, nothing_but_zeroes] {
        let (laid, ram) = lay(bad, DATA + 8);
        assert!(matches!(laid, Err(BootError::Segment { base, .. }) if base == bad.base));
        assert_eq!(ram, [0x55; 64], "no part of it");
    }
}

/// The first free page for a package of one segment, in RAM of four pages.
fn free_page(base: u64, size: u64) -> Result<u64, BootError> {
    let segment = Segment {
        base,
        size,
        length: 0,
        ..segment()
    };
    let mut bytes = region(segment, DATA);
    let mut ram = vec![0; 0x4000];
    let source = bytes.as_mut_ptr().expose_provenance() as u64;
    let target = ram.as_mut_ptr().expose_provenance() as u64;
    // SAFETY: the buffer outlives the window and is not used beside it.
    let source = unsafe { SourceWindow::new(source, bytes.len() as u64) }.unwrap();
    // SAFETY: as before.
    let window = unsafe { RamWindow::new(target, ram.len() as u64, Gpa(RAM)) }.unwrap();
    let mut memory = GuestMemory::<1>::new();
    memory.add(window).unwrap();
    let package = Package::open(source).unwrap();
    let page = package.free_page(&memory, [Gpa(RAM)].into_iter());
    page.map(|page| page.0 - RAM)
}

#[test]
fn a_reset_gets_the_first_page_without_an_image() {
    assert_eq!(free_page(RAM + 0x1000, 0x1000), Ok(0));
    assert_eq!(free_page(RAM + 0xfff, 1), Ok(0x1000));
    assert_eq!(free_page(RAM, 0x1001), Ok(0x2000));
    assert_eq!(free_page(RAM, 0x3000), Ok(0x3000));
    assert_eq!(free_page(RAM, 0x3001), Err(BootError::NoFreePage));
    assert_eq!(free_page(RAM, 0x4000), Err(BootError::NoFreePage));
    assert_eq!(free_page(RAM, u64::MAX - RAM), Err(BootError::NoFreePage));
}
