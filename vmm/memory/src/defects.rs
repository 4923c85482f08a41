//! The eleven defects of the C interface that this one replaces, each impossible here.

use super::backend::model::KernelModel;
use super::frame::FrameSlice;
use super::*;
use vmm_arch::address::RangeError;
use vmm_arch::{AccessSize, Gpa, GpaRange};

type Map<'f> = MemoryMap<char, FrameSlice<'f>, CapBackend<KernelModel>, 8>;

const CPTRS: [Cptr; 4] = [Cptr(1), Cptr(2), Cptr(3), Cptr(4)];

fn map<'f>() -> Map<'f> {
    let frames = (1..16).map(|cptr| (cptr, 12));
    MemoryMap::new(CapBackend::new(KernelModel::new(frames)))
}

fn range(base: u64, size: u64) -> GpaRange {
    GpaRange::new(Gpa(base), size).unwrap()
}

fn pages(cptrs: &[Cptr], base: u64) -> FrameSlice<'_> {
    FrameSlice::new(cptrs, Gpa(base), Rights::ALL, 12, Attributes::Normal)
}

fn read(gpa: u64, size: AccessSize) -> Access {
    Access {
        gpa: Gpa(gpa),
        size,
        kind: AccessKind::Read,
    }
}

#[test]
fn defect_01_an_access_that_straddles_the_end_reaches_no_handler() {
    let mut map = map();
    map.reserve_memory_at(range(0x1000, 0x1000), 'a').unwrap();
    for (gpa, size) in [
        (0x1fff, AccessSize::Half),
        (0x1ffd, AccessSize::Word),
        (0x1ff9, AccessSize::Double),
        (0x0fff, AccessSize::Half),
    ] {
        let answer = map.handle_fault(read(gpa, size), |_, _| panic!("the handler was asked"));
        assert_eq!(answer, FaultResult::Unhandled);
        assert_eq!(map.find(Gpa(gpa), size), None);
    }
    assert_eq!(
        map.find(Gpa(0x1ff8), AccessSize::Double),
        Some((&'a', 0xff8))
    );
    // Nor do two reservations that touch answer together.
    map.reserve_memory_at(range(0x2000, 0x1000), 'b').unwrap();
    assert_eq!(map.find(Gpa(0x1ffe), AccessSize::Word), None);
}

#[test]
fn defect_02_a_range_cannot_wrap_and_one_at_the_very_end_works() {
    assert_eq!(
        GpaRange::new(Gpa(u64::MAX - 0xfff), 0x1001),
        Err(RangeError::Wraps)
    );
    let mut map = map();
    let end = range(u64::MAX - 0xfff, 0x1000);
    let reservation = map.reserve_memory_at(end, 'a').unwrap();
    let end_access = (Gpa(u64::MAX - 7), AccessSize::Double);
    assert_eq!(map.find(end_access.0, end_access.1), Some((&'a', 0xff8)));
    // The walk reaches the last page, which the kernel then refuses: a guest's addresses end at
    // 2^40. The C code maps nothing there and says that it did.
    let refused = map.map_reservation(reservation, pages(&CPTRS[..1], u64::MAX - 0xfff));
    assert_eq!(
        refused,
        Err(MapError::Backend(backend::CapError::Map {
            cptr: CPTRS[0],
            gpa: end.base(),
            cause: backend::KernelError::InvalidArgument
        }))
    );
    let last = range((1 << 40) - 0x1000, 0x1000);
    let reservation = map.reserve_memory_at(last, 'b').unwrap();
    map.map_reservation(reservation, pages(&CPTRS[..1], last.base().0))
        .unwrap();
    assert_eq!(map.backend().caps().pages().len(), 1, "it is mapped indeed");
}

#[test]
fn defect_03_sizes_and_alignments_are_checked() {
    assert_eq!(GpaRange::new(Gpa(0x1000), 0), Err(RangeError::Empty));
    let mut map = map();
    for bad in [range(0x1001, 0x1000), range(0x1000, 0xfff)] {
        assert_eq!(
            map.reserve_memory_at(bad, 'a'),
            Err(ReserveError::Unaligned(bad))
        );
    }
    let grain = range(0x1000, 0x1200);
    assert_eq!(
        map.make_anon(grain),
        Err(ReserveError::PoolUnaligned(grain))
    );
    map.make_anon(range(0x1_0000, 0x1_0000)).unwrap();
    assert_eq!(
        map.reserve_anon_memory(0, 0x1000, 'a'),
        Err(ReserveError::SizeZero)
    );
    for align in [0, 3, 0x1800] {
        assert_eq!(
            map.reserve_anon_memory(0x1000, align, 'a'),
            Err(ReserveError::Alignment(align))
        );
    }
    let reservation = map.reserve_memory_at(range(0x1000, 0x200), 'a').unwrap();
    assert_eq!(
        map.map_reservation(reservation, pages(&CPTRS, 0x1000)),
        Err(MapError::NotPages(range(0x1000, 0x200)))
    );
}

#[test]
fn defect_04_rounding_never_leaves_the_pool() {
    let mut map = map();
    map.make_anon(range(0x1000, 0x3000)).unwrap();
    // The next multiple of the alignment lies past the pool.
    assert_eq!(
        map.reserve_anon_memory(0x1000, 0x1_0000, 'a'),
        Err(ReserveError::NoRoom {
            size: 0x1000,
            align: 0x1_0000
        })
    );
    // The size, rounded up to pages, is more than the pool has.
    assert!(map.reserve_anon_memory(0x3001, 1, 'a').is_err());
    assert_eq!(
        map.reserve_anon_memory(u64::MAX, 1, 'a'),
        Err(ReserveError::SizeTooLarge(u64::MAX))
    );
    let last = map.reserve_anon_memory(0x2001, 1, 'a').unwrap();
    assert_eq!(last.range(), range(0x1000, 0x3000));
    assert!(map.reserve_anon_memory(1, 1, 'a').is_err());
}

#[test]
fn defect_05_a_map_that_fails_half_way_leaves_nothing() {
    let mut map = map();
    // The third frame is mapped elsewhere already: only the kernel knows.
    map.backend_mut()
        .caps_mut()
        .page_map_with_tables(CPTRS[2], Gpa(0x80_0000))
        .unwrap();
    let reservation = map
        .reserve_memory_at(range(0x10_0000, 0x4000), 'a')
        .unwrap();
    let error = map
        .map_reservation(reservation, pages(&CPTRS, 0x10_0000))
        .unwrap_err();
    assert!(matches!(
        error,
        MapError::Backend(backend::CapError::Map {
            cptr: Cptr(3),
            cause: backend::KernelError::InvalidArgument,
            ..
        })
    ));
    assert_eq!(map.backend().caps().pages().len(), 1, "nothing of ours");
    map.backend_mut().caps_mut().page_unmap(CPTRS[2]).unwrap();
    map.map_reservation(reservation, pages(&CPTRS, 0x10_0000))
        .unwrap();
    assert_eq!(map.backend().caps().pages().len(), 4);
}

/// That borrowed frames cannot go away before the fault is a doc test of
/// `map_reservation_deferred`: it does not compile. Here the map owns what it needs.
#[test]
fn defect_06_deferred_frames_belong_to_the_map() {
    fn defer(map: &mut MemoryMap<char, FrameList, CapBackend<KernelModel>, 8>) {
        let cptrs_of_this_call = [Cptr(7), Cptr(8)];
        let reservation = map.reserve_memory_at(range(0x1000, 0x2000), 'a').unwrap();
        let frames = FrameList(
            cptrs_of_this_call.into_iter(),
            FrameRun::new(Gpa(0x1000), Rights::ALL, 12, Attributes::Normal),
        );
        map.map_reservation_deferred(reservation, frames).unwrap();
    }
    #[derive(Clone)]
    struct FrameList(core::array::IntoIter<Cptr, 2>, FrameRun);
    impl Iterator for FrameList {
        type Item = Frame;
        fn next(&mut self) -> Option<Frame> {
            let cptr = self.0.next()?;
            self.1.next().map(|frame| Frame { cptr, ..frame })
        }
    }
    let model = KernelModel::new([(7, 12), (8, 12)]);
    let mut map = MemoryMap::new(CapBackend::new(model));
    defer(&mut map);
    assert_eq!(map.find(Gpa(0x1000), AccessSize::Byte), None);
    let answer = map.handle_fault(read(0x2ff8, AccessSize::Double), |_, _| {
        panic!("the handler was asked")
    });
    assert_eq!(answer, FaultResult::Restart);
    let caps = map.backend().caps();
    assert_eq!(
        caps.pages()[&0x2000].address,
        caps.page_address(Cptr(8)).unwrap()
    );
}

fn frame(cptr: u64, vaddr: u64) -> Frame {
    Frame {
        cptr: Cptr(cptr),
        rights: Rights::ALL,
        vaddr: Gpa(vaddr),
        size_bits: 12,
        attributes: Attributes::Normal,
    }
}

/// Each with one frame that does not fit a reservation of two pages at 0x20_0000, and the
/// error's name.
fn bad_pairs() -> Vec<(&'static str, [Frame; 2])> {
    let first = frame(1, 0x20_0000);
    let second = frame(2, 0x20_1000);
    let sized = |size_bits, frame| Frame { size_bits, ..frame };
    let no_read = Rights::new(false, true, false);
    let unreadable = Frame {
        rights: no_read,
        ..second
    };
    vec![
        ("Outside", [first, frame(2, 0x20_2000)]),
        ("Outside", [frame(1, 0x1f_f000), second]),
        ("Misplaced", [first, first]),
        ("Misplaced", [second, first]),
        ("Size", [first, sized(0, second)]),
        ("Size", [sized(13, first), second]),
        ("Size", [sized(64, first), second]),
        ("TooLarge", [sized(21, first), second]),
        ("Unaligned", [first, sized(21, second)]),
        ("Rights", [first, unreadable]),
        ("NullCapability", [first, frame(0, 0x20_1000)]),
        ("NotAFrame", [first, frame(99, 0x20_1000)]),
        ("NotAFrame", [first, frame(1 << 40, 0x20_1000)]),
    ]
}

#[test]
fn defect_07_bad_frames_are_refused_and_change_nothing() {
    type Frames = core::array::IntoIter<Frame, 2>;
    let model = KernelModel::new((1..8).map(|cptr| (cptr, 12)));
    let mut map = MemoryMap::<char, Frames, _, 8>::new(CapBackend::new(model));
    let whole = range(0x20_0000, 0x2000);
    let reservation = map.reserve_memory_at(whole, 'a').unwrap();
    let [first, second] = [frame(1, 0x20_0000), frame(2, 0x20_1000)];
    for (name, frames) in bad_pairs() {
        let error = map
            .map_reservation(reservation, frames.into_iter())
            .unwrap_err();
        assert!(format!("{error:?}").contains(name), "{error:?}");
        assert_eq!(map.backend().caps().calls, 0, "{frames:?}");
    }
    map.map_reservation(reservation, [first, second].into_iter())
        .unwrap();
    let before = map.backend().caps().clone();
    assert_eq!(
        map.map_reservation(reservation, [first, second].into_iter()),
        Err(MapError::AlreadyMapped(whole))
    );
    assert_eq!(map.backend().caps().calls, before.calls);
    assert_eq!(map.backend().caps().pages(), before.pages());
}

#[test]
fn defect_08_freeing_is_exact() {
    let mut map = map();
    let place = range(0x1000, 0x4000);
    for _ in 0..100 {
        let reservation = map.reserve_memory_at(place, 'a').unwrap();
        map.map_reservation(reservation, pages(&CPTRS, 0x1000))
            .unwrap();
        map.free_reserved_memory(reservation).unwrap();
        assert!(
            map.backend().caps().pages().is_empty(),
            "all frames unmapped"
        );
        let stale = reservation::StaleReservation(place);
        assert_eq!(
            map.free_reserved_memory(reservation),
            Err(reservation::FreeError::Stale(stale)),
            "a double free"
        );
    }
    // The same addresses again: the old handle does not name the new reservation.
    let old = map.reserve_memory_at(place, 'a').unwrap();
    map.free_reserved_memory(old).unwrap();
    let new = map.reserve_memory_at(place, 'b').unwrap();
    assert!(map.free_reserved_memory(old).is_err());
    assert!(map.map_reservation(old, pages(&CPTRS, 0x1000)).is_err());
    assert!(map.reservation_memory_region(old).is_err());
    assert_eq!(map.reservation_memory_region(new), Ok(place));
}

#[test]
fn defect_09_anonymous_reservations_are_freed_coalesced_and_reused() {
    let mut map = map();
    map.make_anon(range(0x1_0000, 0x4000)).unwrap();
    let reserve = |map: &mut Map<'_>, size| map.reserve_anon_memory(size, 1, 'a').unwrap();
    let low = reserve(&mut map, 0x1000);
    let middle = reserve(&mut map, 0x1000);
    let high = reserve(&mut map, 0x2000);
    assert!(map.reserve_anon_memory(0x1000, 1, 'a').is_err());
    for reservation in [low, high, middle] {
        map.free_reserved_memory(reservation).unwrap();
    }
    let all = reserve(&mut map, 0x4000);
    assert_eq!(all.range(), range(0x1_0000, 0x4000));
}

/// Fixed and anonymous reservations are found by the same binary search: the number of
/// comparisons grows with the logarithm.
#[test]
fn defect_10_anonymous_lookup_is_a_binary_search() {
    let mut map = MemoryMap::<u64, FrameRun, _, 1024>::new(CapBackend::new(KernelModel::new([])));
    map.make_anon(range(0x100_0000, 0x100_0000)).unwrap();
    for number in 0..1000 {
        let found = map.reserve_anon_memory(0x1000, 1, number).unwrap();
        assert_eq!(found.range().base(), Gpa(0x100_0000 + 0x1000 * number));
    }
    for number in 0..1000 {
        let gpa = Gpa(0x100_0ff0 + 0x1000 * number);
        assert_eq!(map.find(gpa, AccessSize::Word), Some((&number, 0xff0)));
    }
    let mut comparisons = 0;
    map.entries
        .above_counted(Gpa(0x130_9000), || comparisons += 1);
    assert!(comparisons <= 11, "{comparisons} for 1001 ranges");
}

#[test]
fn defect_11_guest_ram_refuses_wraps_joins_regions_and_frees() {
    let mut low = vec![0u8; 0x1000];
    let mut high = vec![0u8; 0x1000];
    let mut memory = GuestMemory::<2>::new();
    memory
        .add(guest_memory::tests::window(&mut low, 0x1000))
        .unwrap();
    memory
        .add(guest_memory::tests::window(&mut high, 0x2000))
        .unwrap();
    // Wrap: an error, and nothing copied.
    assert!(matches!(
        memory.write(Gpa(u64::MAX), &[1, 2]),
        Err(AccessError::Range {
            error: RangeError::Wraps,
            ..
        })
    ));
    // Across two regions that touch.
    memory.write(Gpa(0x1ffe), &[1, 2, 3, 4]).unwrap();
    let mut bytes = [0; 4];
    memory.read(Gpa(0x1ffe), &mut bytes).unwrap();
    assert_eq!(bytes, [1, 2, 3, 4]);
    let mut visited = Vec::new();
    memory
        .touch(range(0x1800, 0x1000), |chunk| visited.push(chunk.range()))
        .unwrap();
    assert_eq!(visited, [range(0x1800, 0x800), range(0x2000, 0x800)]);
    // Allocation failure is no address, and free frees.
    let mut map = map();
    let mut ram = GuestRam::<4>::new();
    ram.register_at(&mut map, range(0, 0x1000), 'r', pages(&CPTRS, 0))
        .unwrap();
    let at_zero = ram.allocate(0x1000, 1).unwrap();
    assert_eq!(at_zero, range(0, 0x1000), "address 0 is an address");
    assert!(matches!(ram.allocate(1, 1), Err(RamError::NoRoom { .. })));
    ram.free(at_zero).unwrap();
    assert_eq!(ram.allocate(0x1000, 1), Ok(at_zero));
}
