use super::*;
use crate::backend::model::KernelModel;
use crate::{CapBackend, FrameRun};
use proptest::prelude::*;

const CAPACITY: usize = 12;
type Map = MemoryMap<usize, FrameRun, CapBackend<KernelModel>, CAPACITY>;

fn map() -> Map {
    MemoryMap::new(CapBackend::new(KernelModel::new([])))
}

fn range(base: u64, size: u64) -> GpaRange {
    GpaRange::new(Gpa(base), size).unwrap()
}

#[test]
fn slots_smaller_than_a_page_find_their_handler() {
    let mut map = map();
    for slot in 0..8 {
        map.reserve_memory_at(range(0xa00_0000 + slot as u64 * 0x200, 0x200), slot)
            .unwrap();
    }
    assert_eq!(
        map.find(Gpa(0xa00_0610), AccessSize::Word),
        Some((&3, 0x10))
    );
    assert_eq!(map.find(Gpa(0xa00_05fe), AccessSize::Word), None);
    assert_eq!(map.find(Gpa(0xa00_1000), AccessSize::Byte), None);
}

#[test]
fn both_kinds_of_overlap_are_refused() {
    let mut map = map();
    let device = range(0x1000, 0x1000);
    let pool = range(0x4000, 0x4000);
    map.reserve_memory_at(device, 1).unwrap();
    map.make_anon(pool).unwrap();
    let over_device = range(0, 0x2000);
    let other = device;
    assert_eq!(
        map.make_anon(over_device),
        Err(ReserveError::Overlap {
            range: over_device,
            other
        })
    );
    let over_pool = range(0x7000, 0x2000);
    assert_eq!(
        map.reserve_memory_at(over_pool, 2),
        Err(ReserveError::Overlap {
            range: over_pool,
            other: pool
        })
    );
    let anonymous = map.reserve_anon_memory(0x1000, 1, 3).unwrap();
    assert!(map.reserve_memory_at(anonymous.range(), 4).is_err());
    assert_eq!(map.find(Gpa(0x4000), AccessSize::Byte), Some((&3, 0)));
}

#[test]
fn alignment_is_kept_and_the_rest_stays_usable() {
    let mut map = map();
    map.make_anon(range(0x1000, 0x1f_f000 + 0x20_0000)).unwrap();
    let huge = map.reserve_anon_memory(0x20_0000, 0x20_0000, 1).unwrap();
    assert_eq!(huge.range(), range(0x20_0000, 0x20_0000));
    let small = map.reserve_anon_memory(0x1f_f000, 1, 2).unwrap();
    assert_eq!(small.range(), range(0x1000, 0x1f_f000));
    assert!(map.reserve_anon_memory(1, 1, 3).is_err());
}

#[test]
fn pools_that_touch_are_one_pool() {
    let mut map = map();
    map.make_anon(range(0x3000, 0x1000)).unwrap();
    map.make_anon(range(0x1000, 0x1000)).unwrap();
    map.make_anon(range(0x2000, 0x1000)).unwrap();
    let all = map.reserve_anon_memory(0x3000, 1, 1).unwrap();
    assert_eq!(all.range(), range(0x1000, 0x3000));
}

#[test]
fn a_full_map_says_so_and_stays_usable() {
    let mut map = map();
    let mut last = None;
    for number in 0..CAPACITY {
        let place = range(number as u64 * 0x1000, 0x1000);
        last = Some(map.reserve_memory_at(place, number).unwrap());
    }
    let more = range(0x10_0000, 0x1000);
    assert_eq!(
        map.reserve_memory_at(more, 0),
        Err(ReserveError::Full(CAPACITY))
    );
    map.free_reserved_memory(last.unwrap()).unwrap();
    map.reserve_memory_at(more, 0).unwrap();
}

/// The naive model's unit of memory.
const UNIT: u64 = 0x400;
const UNITS: usize = 256;

#[derive(Clone, Copy, Debug, PartialEq)]
enum Owner {
    Nobody,
    Pool,
    Fixed(usize),
    Anonymous(usize),
}

#[derive(Clone, Debug)]
enum Step {
    Reserve { unit: usize, units: usize },
    MakeAnon { unit: usize, units: usize },
    ReserveAnon { size: u64, align: u64 },
    Free(usize),
    Find { gpa: u64, size: u8 },
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        3 => (0..UNITS - 20, 1usize..20).prop_map(|(unit, units)| Step::Reserve { unit, units }),
        2 => (0..UNITS - 40, 1usize..40).prop_map(|(unit, units)| Step::MakeAnon { unit, units }),
        4 => (0u64..0x6000, 0u64..0x9000).prop_map(|(size, align)| {
            // Mostly powers of two.
            let align = if align % 5 == 0 { align } else { align.next_power_of_two() };
            Step::ReserveAnon { size, align }
        }),
        4 => any::<prop::sample::Index>().prop_map(|index| Step::Free(index.index(64))),
        3 => (0..UNITS as u64 * UNIT, 0u8..4).prop_map(|(gpa, size)| Step::Find { gpa, size }),
    ]
}

/// What the map should be: one owner for each unit, and every handle ever given.
struct Naive {
    owners: [Owner; UNITS],
    handles: Vec<(Reservation, bool)>,
}

impl Naive {
    fn entries(&self) -> usize {
        let starts = |at: &usize| {
            let before = at.checked_sub(1).map(|before| self.owners[before]);
            self.owners[*at] != Owner::Nobody && before != Some(self.owners[*at])
        };
        (0..UNITS).filter(starts).count()
    }

    fn with(&self, place: core::ops::Range<usize>, owner: Owner) -> Self {
        let mut after = Self {
            owners: self.owners,
            handles: self.handles.clone(),
        };
        after.owners[place].fill(owner);
        after
    }

    fn lowest_fit(&self, size: u64, align: u64) -> Option<core::ops::Range<usize>> {
        let units = (size.div_ceil(PAGE) * PAGE / UNIT) as usize;
        (0..UNITS)
            .filter(|unit| (*unit as u64 * UNIT).is_multiple_of(align.max(PAGE)))
            .map(|unit| unit..unit + units)
            .find(|place| {
                let owners = self.owners.get(place.clone());
                owners.is_some_and(|owners| owners.iter().all(|owner| *owner == Owner::Pool))
            })
    }

    fn reserve(&mut self, map: &mut Map, place: core::ops::Range<usize>) {
        let bytes = bytes_of(&place);
        let id = self.handles.len();
        let after = self.with(place.clone(), Owner::Fixed(id));
        let free = self.owners[place].iter().all(|o| *o == Owner::Nobody);
        let fits = self.entries() < CAPACITY;
        let answer = map.reserve_memory_at(bytes, id);
        assert_eq!(answer.is_ok(), free && fits, "{answer:?}");
        if let Ok(reservation) = answer {
            self.owners = after.owners;
            self.handles.push((reservation, true));
        }
    }

    fn make_anon(&mut self, map: &mut Map, place: core::ops::Range<usize>) {
        let bytes = bytes_of(&place);
        let pages = bytes.base().is_aligned(PAGE) && bytes.size().is_multiple_of(PAGE);
        let free = self.owners[place.clone()]
            .iter()
            .all(|o| *o == Owner::Nobody);
        let fits = self.entries() < CAPACITY;
        let answer = map.make_anon(bytes);
        assert_eq!(answer.is_ok(), pages && free && fits, "{answer:?}");
        if answer.is_ok() {
            self.owners[place].fill(Owner::Pool);
        }
    }

    fn reserve_anon(&mut self, map: &mut Map, size: u64, align: u64) {
        let id = self.handles.len();
        let expected = (size > 0 && align.is_power_of_two())
            .then(|| self.lowest_fit(size, align))
            .flatten()
            .filter(|place| {
                let after = self.with(place.clone(), Owner::Anonymous(id));
                after.entries() <= CAPACITY
            });
        let answer = map.reserve_anon_memory(size, align, id);
        let place = expected.as_ref().map(bytes_of);
        assert_eq!(answer.ok().map(|reservation| reservation.range()), place);
        if let (Ok(reservation), Some(place)) = (answer, expected) {
            self.owners[place].fill(Owner::Anonymous(id));
            self.handles.push((reservation, true));
        }
    }

    fn free(&mut self, map: &mut Map, which: usize) {
        let Some((reservation, live)) = self.handles.get_mut(which) else {
            return;
        };
        let answer = map.free_reserved_memory(*reservation);
        assert_eq!(answer.is_ok(), *live, "{answer:?}");
        *live = false;
        for owner in &mut self.owners {
            match owner {
                Owner::Fixed(id) if *id == which => *owner = Owner::Nobody,
                Owner::Anonymous(id) if *id == which => *owner = Owner::Pool,
                _ => {}
            }
        }
    }

    fn find(&self, map: &Map, gpa: u64, size: AccessSize) {
        let owner = |at: u64| self.owners.get((at / UNIT) as usize).copied();
        let expected = match owner(gpa) {
            Some(Owner::Fixed(id) | Owner::Anonymous(id))
                if owner(gpa + size.bytes() - 1) == owner(gpa) =>
            {
                Some((id, gpa - self.handles[id].0.range().base().0))
            }
            _ => None,
        };
        let found = map.find(Gpa(gpa), size);
        assert_eq!(found.map(|(id, offset)| (*id, offset)), expected);
    }
}

fn bytes_of(place: &core::ops::Range<usize>) -> GpaRange {
    range(place.start as u64 * UNIT, place.len() as u64 * UNIT)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1000))]

    /// Every sequence of reservations, pools and frees goes as in a map with one owner for
    /// each unit of memory.
    #[test]
    fn the_map_agrees_with_a_naive_one(steps in prop::collection::vec(step(), 1..80)) {
        let mut map = map();
        let mut naive = Naive { owners: [Owner::Nobody; UNITS], handles: Vec::new() };
        for step in steps {
            match step {
                Step::Reserve { unit, units } => naive.reserve(&mut map, unit..unit + units),
                Step::MakeAnon { unit, units } => naive.make_anon(&mut map, unit..unit + units),
                Step::ReserveAnon { size, align } => naive.reserve_anon(&mut map, size, align),
                Step::Free(which) => naive.free(&mut map, which),
                Step::Find { gpa, size } => naive.find(&map, gpa, AccessSize::from_log2(size)),
            }
            for (reservation, live) in &naive.handles {
                prop_assert_eq!(map.reservation_memory_region(*reservation).is_ok(), *live);
            }
        }
    }
}
