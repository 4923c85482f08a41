use super::*;
use crate::backend::model::KernelModel;
use crate::backend::{CapBackend, CapError, KernelError};
use crate::{FrameRun, StaticBackend, backend::StaticError};
use proptest::prelude::*;
use vmm_arch::Gpa;

type Map<'f> = MemoryMap<(), FrameSlice<'f>, CapBackend<KernelModel>, 4>;

static CPTRS: [Cptr; 5] = [Cptr(1), Cptr(2), Cptr(3), Cptr(4), Cptr(5)];
const BASE: u64 = 0x3fff_e000;
const SIZE: u64 = 0x5000;

/// Five pages across a 1 GiB boundary, so that page tables are missing twice.
fn map<'f>() -> (Map<'f>, Reservation) {
    let model = KernelModel::new((1..16).map(|cptr| (cptr, 12)));
    let mut map = MemoryMap::new(CapBackend::new(model));
    let range = GpaRange::new(Gpa(BASE), SIZE).unwrap();
    let reservation = map.reserve_memory_at(range, ()).unwrap();
    (map, reservation)
}

fn map_all(map: &mut Map<'_>, reservation: Reservation) -> Result<(), MapError<CapError>> {
    map.map_reservation_frames(reservation, &CPTRS, 12, Rights::ALL, Attributes::Normal)
}

#[test]
fn every_single_failure_is_rolled_back_and_the_next_attempt_works() {
    let (mut whole, reservation) = map();
    map_all(&mut whole, reservation).unwrap();
    let calls = whole.backend().caps().calls;
    assert_eq!(
        calls,
        5 + 2 + 2 + 2 + 2,
        "five pages, four tables, each after a refusal"
    );
    for error in [
        KernelError::InvalidCapability,
        KernelError::NotEnoughMemory,
        KernelError::DeleteFirst,
    ] {
        for call in 0..calls {
            let (mut map, reservation) = map();
            map.backend_mut().caps_mut().inject = Some((call, error));
            let answer = map_all(&mut map, reservation);
            assert!(matches!(answer, Err(MapError::Backend(_))), "call {call}");
            assert!(map.backend().caps().pages().is_empty(), "call {call}");
            map.backend_mut().caps_mut().inject = None;
            map_all(&mut map, reservation).unwrap();
            assert_eq!(
                map.backend().caps().pages(),
                whole.backend().caps().pages(),
                "call {call}"
            );
        }
    }
}

/// A refused lookup in the middle is not an error of the map: it asks for one more table.
#[test]
fn an_extra_missing_table_is_bounded_by_the_kernels_own_answer() {
    let (mut map, reservation) = map();
    map_all(&mut map, reservation).unwrap();
    map.free_reserved_memory(reservation).unwrap();
    let reservation = map.reserve_memory_at(reservation.range(), ()).unwrap();
    let calls = map.backend().caps().calls;
    map.backend_mut().caps_mut().inject = Some((calls + 2, KernelError::FailedLookup));
    // The table is there, whatever the kernel said: it refuses another.
    assert_eq!(
        map_all(&mut map, reservation),
        Err(MapError::Backend(CapError::Table {
            gpa: Gpa(BASE + 0x2000),
            cause: KernelError::DeleteFirst
        }))
    );
    assert!(map.backend().caps().pages().is_empty());
}

#[test]
fn a_rollback_that_fails_leaves_only_freeing() {
    let (mut map, reservation) = map();
    {
        let caps = map.backend_mut().caps_mut();
        caps.inject = Some((10, KernelError::NotEnoughMemory));
        caps.unmap_error = Some(KernelError::IllegalOperation);
    }
    let answer = map_all(&mut map, reservation);
    let Err(error @ MapError::Torn { .. }) = answer else {
        panic!("{answer:?}");
    };
    assert!(error.to_string().ends_with("free the reservation"));
    assert!(!map.backend().caps().pages().is_empty());
    assert_eq!(
        map_all(&mut map, reservation),
        Err(MapError::NeedsFree(reservation.range()))
    );
    assert!(
        map.free_reserved_memory(reservation).is_err(),
        "unmap is still refused"
    );
    assert!(map.reservation_memory_region(reservation).is_ok());
    map.backend_mut().caps_mut().unmap_error = None;
    map.free_reserved_memory(reservation).unwrap();
    assert!(map.backend().caps().pages().is_empty());
    assert!(map.reservation_memory_region(reservation).is_err());
}

#[test]
fn every_failure_of_a_free_can_be_tried_again() {
    for (page, cptr) in CPTRS.iter().enumerate() {
        let (mut map, reservation) = map();
        map_all(&mut map, reservation).unwrap();
        let calls = map.backend().caps().calls;
        map.backend_mut().caps_mut().inject = Some((calls + page, KernelError::RevokeFirst));
        assert_eq!(
            map.free_reserved_memory(reservation),
            Err(FreeError::Backend(CapError::Unmap {
                cptr: *cptr,
                gpa: Gpa(BASE + 0x1000 * page as u64),
                cause: KernelError::RevokeFirst
            }))
        );
        assert_eq!(map.backend().caps().pages().len(), 1, "the others are gone");
        assert_eq!(
            map_all(&mut map, reservation),
            Err(MapError::NeedsFree(reservation.range()))
        );
        map.free_reserved_memory(reservation).unwrap();
        assert!(map.backend().caps().pages().is_empty());
    }
}

#[test]
fn one_capability_twice_is_rolled_back() {
    static TWICE: [Cptr; 5] = [Cptr(1), Cptr(2), Cptr(3), Cptr(2), Cptr(5)];
    let (mut map, reservation) = map();
    let answer =
        map.map_reservation_frames(reservation, &TWICE, 12, Rights::ALL, Attributes::Normal);
    assert!(matches!(
        answer,
        Err(MapError::Backend(CapError::Map {
            cptr: Cptr(2),
            cause: KernelError::InvalidArgument,
            ..
        }))
    ));
    assert!(map.backend().caps().pages().is_empty());
}

#[test]
fn a_slice_must_cover_the_reservation_exactly() {
    let (mut map, reservation) = map();
    for (count, size_bits) in [(4, 12), (0, 12), (5, 21), (5, 0), (5, 200), (5, 64)] {
        let answer = map.map_reservation_frames(
            reservation,
            &CPTRS[..count],
            size_bits,
            Rights::ALL,
            Attributes::Normal,
        );
        assert!(
            matches!(answer, Err(MapError::FrameCount { .. })),
            "{count} of 2^{size_bits}: {answer:?}"
        );
    }
    assert_eq!(map.backend().caps().calls, 0);
}

#[test]
fn frames_that_end_early_are_an_error_and_more_frames_are_not() {
    let (mut map, reservation) = map();
    let slice = |cptrs| FrameSlice::new(cptrs, Gpa(BASE), Rights::ALL, 12, Attributes::Normal);
    assert_eq!(
        map.map_reservation(reservation, slice(&CPTRS[..4])),
        Err(MapError::Frame(crate::reservation::FrameError::Exhausted(
            Gpa(BASE + 0x4000)
        )))
    );
    assert_eq!(map.backend().caps().calls, 0);
    static MORE: [Cptr; 6] = [Cptr(1), Cptr(2), Cptr(3), Cptr(4), Cptr(5), Cptr(6)];
    map.map_reservation(reservation, slice(&MORE)).unwrap();
    assert_eq!(map.backend().caps().pages().len(), 5);
}

/// An iterator that does not repeat itself cannot make the map unmap what it did not map.
#[test]
fn an_iterator_that_changes_is_noticed() {
    use std::cell::Cell;
    use std::rc::Rc;
    #[derive(Clone)]
    struct Fickle(Rc<Cell<u64>>, u64);
    impl Iterator for Fickle {
        type Item = Frame;
        fn next(&mut self) -> Option<Frame> {
            let left = self.0.get().checked_sub(1)?;
            self.0.set(left);
            self.1 += 1;
            Some(Frame {
                cptr: Cptr(self.1),
                rights: Rights::ALL,
                vaddr: Gpa(BASE + (self.1 - 1) * 0x1000),
                size_bits: 12,
                attributes: Attributes::Normal,
            })
        }
    }
    let model = KernelModel::new((1..16).map(|cptr| (cptr, 12)));
    let mut map = MemoryMap::<(), Fickle, _, 4>::new(CapBackend::new(model));
    let range = GpaRange::new(Gpa(BASE), SIZE).unwrap();
    let reservation = map.reserve_memory_at(range, ()).unwrap();
    // Enough for the check and two pages of the map, then nothing to roll back with.
    let left = Rc::new(Cell::new(7));
    assert_eq!(
        map.map_reservation(reservation, Fickle(left.clone(), 0)),
        Err(MapError::NeedsFree(range))
    );
    assert_eq!(map.backend().caps().pages().len(), 2);
    assert!(map.free_reserved_memory(reservation).is_err());
    left.set(100);
    map.free_reserved_memory(reservation).unwrap();
    assert!(map.backend().caps().pages().is_empty());
}

static XML: [vmm_config::Mapping; 1] = [vmm_config::Mapping {
    name: "ram",
    base: 0x4000_0000,
    size: 0x40_0000,
    page_bits: 21,
    read: true,
    write: true,
    execute: true,
    vmm_address: Some(0x5000_0000),
}];

#[test]
fn a_static_system_maps_what_its_xml_maps() {
    let mut map = MemoryMap::<u8, FrameRun, _, 4>::new(StaticBackend::new(&XML).unwrap());
    let range = GpaRange::new(Gpa(0x4000_0000), 0x40_0000).unwrap();
    let ram = map.reserve_memory_at(range, 0).unwrap();
    assert_eq!(map.vmm_address(ram), Err(MapError::NotMapped(range)));
    map.map_reservation(ram, FrameRun::of_mapping(&XML[0]))
        .unwrap();
    assert_eq!(map.vmm_address(ram), Ok(0x5000_0000));
    let beyond = GpaRange::new(Gpa(0x4040_0000), 0x1000).unwrap();
    let missing = map.reserve_memory_at(beyond, 0).unwrap();
    let frames = FrameRun::new(beyond.base(), Rights::ALL, 12, Attributes::Normal);
    assert!(matches!(
        map.map_reservation(missing, frames),
        Err(MapError::Backend(StaticError::NoMap { .. }))
    ));
    assert_eq!(map.vmm_address(missing), Err(MapError::NotMapped(beyond)));
}

fn frame() -> impl Strategy<Value = Option<Frame>> {
    let odd = (
        1u64..16,
        0u64..8,
        prop_oneof![Just(12u8), Just(21), Just(0), Just(5)],
    );
    prop_oneof![
        12 => Just(None),
        1 => odd.prop_map(|(cptr, page, size_bits)| Some(Frame {
            cptr: Cptr(cptr),
            rights: Rights::ALL,
            vaddr: Gpa(BASE - 0x1000 + page * 0x1000),
            size_bits,
            attributes: Attributes::Normal,
        })),
    ]
}

proptest! {
    /// Whatever frames come and whatever the kernel answers: all pages or none.
    #[test]
    fn all_or_nothing(
        frames in prop::collection::vec(frame(), 3..8),
        inject in prop::option::of(0usize..20),
        deferred: bool,
    ) {
        let model = KernelModel::new((1..16).map(|cptr| (cptr, 12)));
        let mut map =
            MemoryMap::<(), std::vec::IntoIter<Frame>, _, 4>::new(CapBackend::new(model));
        let range = GpaRange::new(Gpa(BASE), SIZE).unwrap();
        let reservation = map.reserve_memory_at(range, ()).unwrap();
        map.backend_mut().caps_mut().inject =
            inject.map(|call| (call, KernelError::IllegalOperation));
        // A good frame in each place that has no odd one.
        let good = FrameRun::new(Gpa(BASE), Rights::ALL, 12, Attributes::Normal);
        let frames: Vec<Frame> = frames
            .into_iter()
            .zip(good)
            .zip(1..)
            .map(|((odd, good), cptr)| odd.unwrap_or(Frame { cptr: Cptr(cptr), ..good }))
            .collect();
        let mapped = if deferred {
            map.map_reservation_deferred(reservation, frames.clone().into_iter()).unwrap();
            let access = crate::Access {
                gpa: Gpa(BASE),
                size: vmm_arch::AccessSize::Byte,
                kind: crate::AccessKind::Write,
            };
            let answer = map.handle_fault(access, |(), _| panic!("the handler was asked"));
            answer == crate::FaultResult::Restart
        } else {
            map.map_reservation(reservation, frames.clone().into_iter()).is_ok()
        };
        // A page whose unmapping failed as well stays, and the reservation says so.
        let nothing = Vec::new().into_iter();
        let again = map.map_reservation(reservation, nothing);
        let torn = matches!(again, Err(MapError::NeedsFree(_)));
        let pages = map.backend().caps().pages();
        if mapped {
            let caps = map.backend().caps();
            let expected: Vec<(u64, u64)> = frames
                .iter()
                .take(5)
                .map(|frame| (frame.vaddr.0, caps.page_address(frame.cptr).unwrap()))
                .collect();
            let found: Vec<(u64, u64)> =
                pages.iter().map(|(gpa, page)| (*gpa, page.address)).collect();
            prop_assert_eq!(found, expected);
        } else {
            prop_assert!(pages.is_empty() || torn);
        }
        map.backend_mut().caps_mut().inject = None;
        map.free_reserved_memory(reservation).unwrap();
        prop_assert!(map.backend().caps().pages().is_empty());
    }
}
