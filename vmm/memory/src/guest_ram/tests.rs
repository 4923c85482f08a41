use super::*;
use crate::backend::model::KernelModel;
use crate::{Attributes, CapBackend, Cptr, FrameSlice, Rights};
use proptest::prelude::*;
use vmm_arch::Gpa;

type Map<'f> = MemoryMap<(), FrameSlice<'f>, CapBackend<KernelModel>, 4>;

static CPTRS: [Cptr; 4] = [Cptr(1), Cptr(2), Cptr(3), Cptr(4)];

fn map<'f>() -> Map<'f> {
    let model = KernelModel::new((1..16).map(|cptr| (cptr, 12)));
    MemoryMap::new(CapBackend::new(model))
}

fn range(base: u64, size: u64) -> GpaRange {
    GpaRange::new(Gpa(base), size).unwrap()
}

fn frames<'f>(cptrs: &'f [Cptr], base: Gpa) -> FrameSlice<'f> {
    FrameSlice::new(cptrs, base, Rights::ALL, 12, Attributes::Normal)
}

#[test]
fn registering_reserves_maps_and_adds() {
    let mut map = map();
    let mut ram = GuestRam::<4>::new();
    assert_eq!(ram.find_largest_free(), None);
    let fixed = ram
        .register_at(
            &mut map,
            range(0x8000, 0x2000),
            (),
            frames(&CPTRS[..2], Gpa(0x8000)),
        )
        .unwrap();
    map.make_anon(range(0xa000, 0x8000)).unwrap();
    let anonymous = ram
        .register(&mut map, 0x2000, 1, (), |range| {
            frames(&CPTRS[2..], range.base())
        })
        .unwrap();
    assert_eq!(fixed.range(), range(0x8000, 0x2000));
    assert_eq!(anonymous.range(), range(0xa000, 0x2000));
    assert_eq!(map.backend().caps().pages().len(), 4);
    // The two touch, and are one for the allocator.
    assert_eq!(ram.find_largest_free(), Some(range(0x8000, 0x4000)));
}

#[test]
fn a_failed_registration_leaves_nothing() {
    let mut map = map();
    let mut ram = GuestRam::<1>::new();
    let place = range(0x8000, 0x2000);
    let error = ram.register_at(&mut map, place, (), frames(&CPTRS[..1], Gpa(0x8000)));
    assert!(matches!(error, Err(RegisterError::Map(MapError::Frame(_)))));
    map.reserve_memory_at(place, ()).unwrap();
    let error = ram.register_at(&mut map, place, (), frames(&CPTRS[..2], Gpa(0x8000)));
    assert!(matches!(error, Err(RegisterError::Reserve(_))));
    assert_eq!(map.backend().caps().calls, 0);
    assert_eq!(ram.find_largest_free(), None);
    // The account is full: the mapping is taken back.
    ram.register_at(&mut map, range(0, 0x1000), (), frames(&CPTRS[..1], Gpa(0)))
        .unwrap();
    let far = range(0x10_0000, 0x1000);
    let error = ram.register_at(&mut map, far, (), frames(&CPTRS[1..], far.base()));
    assert!(matches!(error, Err(RegisterError::Ram(RamError::Full(1)))));
    assert_eq!(map.backend().caps().pages().len(), 1);
    map.reserve_memory_at(far, ()).unwrap();
}

/// An account of RAM without a memory map behind it.
fn ram<const N: usize>(ranges: &[GpaRange]) -> GuestRam<N> {
    let mut ram = GuestRam::new();
    for range in ranges {
        ram.add(*range).unwrap();
    }
    ram
}

#[test]
fn freeing_is_exact_and_coalesces() {
    let mut ram = ram::<8>(&[range(0x1000, 0x4000)]);
    let first = ram.allocate(0x1000, 1).unwrap();
    let second = ram.allocate(0x1000, 1).unwrap();
    for wrong in [
        range(0x1000, 0x2000),
        range(0x1000, 0x800),
        range(0x1800, 0x800),
        range(0x3000, 0x1000),
        range(0x9000, 0x1000),
    ] {
        assert_eq!(ram.free(wrong), Err(RamError::NotAllocated(wrong)));
    }
    ram.free(first).unwrap();
    assert_eq!(ram.free(first), Err(RamError::NotAllocated(first)));
    assert_eq!(ram.find_largest_free(), Some(range(0x3000, 0x2000)));
    ram.free(second).unwrap();
    assert_eq!(ram.find_largest_free(), Some(range(0x1000, 0x4000)));
}

#[test]
fn marked_memory_is_not_allocated() {
    let mut ram = ram::<8>(&[range(0x1000, 0x4000)]);
    ram.mark_allocated(range(0x1000, 0x1800)).unwrap();
    let over = range(0x2000, 0x1000);
    assert_eq!(ram.mark_allocated(over), Err(RamError::NotFree(over)));
    let beyond = range(0x4000, 0x2000);
    assert_eq!(ram.mark_allocated(beyond), Err(RamError::NotFree(beyond)));
    assert_eq!(ram.allocate(0x1000, 0x1000), Ok(range(0x3000, 0x1000)));
    assert_eq!(ram.allocate(0x1000, 0x1000), Ok(range(0x4000, 0x1000)));
    assert!(ram.allocate(0x1000, 1).is_err());
    assert_eq!(ram.allocate(0x800, 1), Ok(range(0x2800, 0x800)));
    assert_eq!(ram.allocate(0, 1), Err(RamError::SizeZero));
    assert_eq!(ram.allocate(1, 6), Err(RamError::Alignment(6)));
    ram.free(range(0x1000, 0x1800)).unwrap();
}

#[derive(Clone, Debug)]
enum Step {
    Add(u64, u64),
    Allocate(u64, u32),
    Mark(u64, u64),
    Free(u64, u64),
    FreeOne(usize),
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        (0u64..96, 1u64..32).prop_map(|(base, size)| Step::Add(base, size)),
        (1u64..24, 0u32..5).prop_map(|(size, align)| Step::Allocate(size, align)),
        (0u64..120, 1u64..8).prop_map(|(base, size)| Step::Mark(base, size)),
        (0u64..120, 1u64..8).prop_map(|(base, size)| Step::Free(base, size)),
        (0usize..16).prop_map(Step::FreeOne),
    ]
}

/// One state for each byte: `None` is no RAM, `Some(None)` free, else the allocation's number.
type Bytes = Vec<Option<Option<usize>>>;

fn all_free(bytes: &Bytes, place: GpaRange) -> bool {
    (place.base().0..=place.last().0).all(|at| bytes[at as usize] == Some(None))
}

fn set(bytes: &mut Bytes, place: GpaRange, to: Option<usize>) {
    bytes[place.base().0 as usize..=place.last().0 as usize].fill(Some(to));
}

proptest! {
    /// The account agrees with one that has a state for each byte.
    #[test]
    fn the_account_agrees_with_a_naive_one(steps in prop::collection::vec(step(), 1..60)) {
        let mut ram = GuestRam::<200>::new();
        let mut bytes: Bytes = vec![None; 256];
        let mut allocations: Vec<GpaRange> = Vec::new();
        for (number, step) in steps.into_iter().enumerate() {
            match step {
                Step::Add(base, size) => {
                    let place = range(base, size);
                    let unused = bytes[base as usize..(base + size) as usize]
                        .iter()
                        .all(Option::is_none);
                    prop_assert_eq!(ram.add(place).is_ok(), unused);
                    if unused {
                        set(&mut bytes, place, None);
                    }
                }
                Step::Allocate(size, align) => {
                    let expected = (0..128u64)
                        .filter(|base| base.is_multiple_of(1 << align))
                        .map(|base| range(base, size))
                        .find(|place| all_free(&bytes, *place));
                    let answer = ram.allocate(size, 1 << align).ok();
                    prop_assert_eq!(answer, expected);
                    if let Some(place) = answer {
                        set(&mut bytes, place, Some(number));
                        allocations.push(place);
                    }
                }
                Step::Mark(base, size) => {
                    let place = range(base, size);
                    let free = all_free(&bytes, place);
                    prop_assert_eq!(ram.mark_allocated(place).is_ok(), free);
                    if free {
                        set(&mut bytes, place, Some(number));
                        allocations.push(place);
                    }
                }
                Step::Free(base, size) => {
                    let place = range(base, size);
                    let index = allocations.iter().position(|other| *other == place);
                    prop_assert_eq!(ram.free(place).is_ok(), index.is_some());
                    if let Some(index) = index {
                        allocations.swap_remove(index);
                        set(&mut bytes, place, None);
                    }
                }
                Step::FreeOne(which) => {
                    if which < allocations.len() {
                        let place = allocations.swap_remove(which);
                        prop_assert_eq!(ram.free(place), Ok(()));
                        set(&mut bytes, place, None);
                    }
                }
            }
            let largest = bytes
                .split(|byte| *byte != Some(None))
                .map(<[_]>::len)
                .max()
                .filter(|length| *length > 0);
            let found = ram.find_largest_free();
            prop_assert_eq!(found.map(|range| range.size() as usize), largest);
            if let Some(range) = found {
                prop_assert!(all_free(&bytes, range));
            }
        }
    }
}
