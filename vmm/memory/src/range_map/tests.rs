use super::*;
use proptest::prelude::*;

fn range(base: u64, size: u64) -> GpaRange {
    GpaRange::new(Gpa(base), size).unwrap()
}

#[test]
fn overlap_and_exhaustion_change_nothing() {
    let mut map = RangeMap::<u8, 2>::new();
    map.insert(range(0x1000, 0x1000), 1).unwrap();
    assert_eq!(
        map.insert(range(0x1fff, 2), 2),
        Err(InsertError::Overlap(range(0x1000, 0x1000)))
    );
    map.insert(range(0, 0x1000), 2).unwrap();
    assert_eq!(map.insert(range(0x2000, 1), 3), Err(InsertError::Full(2)));
    let values: Vec<u8, 4> = map.iter().map(|entry| entry.value).collect();
    assert_eq!(values, [2, 1]);
}

#[test]
fn the_last_byte_of_the_address_space_is_found() {
    let mut map = RangeMap::<u8, 2>::new();
    map.insert(range(u64::MAX - 7, 8), 1).unwrap();
    assert_eq!(map.index_of(Gpa(u64::MAX)), Some(0));
    assert_eq!(map.index_of(Gpa(u64::MAX - 8)), None);
}

#[test]
fn carving_splits_and_merging_joins() {
    let mut map = RangeMap::<u8, 3>::new();
    map.insert(range(0, 0x3000), 0).unwrap();
    map.carve(0, range(0x1000, 0x1000), 1, || 0).unwrap();
    let ranges: Vec<GpaRange, 3> = map.iter().map(|entry| entry.range).collect();
    assert_eq!(
        ranges,
        [
            range(0, 0x1000),
            range(0x1000, 0x1000),
            range(0x2000, 0x1000)
        ]
    );
    assert_eq!(
        map.carve(2, range(0x2800, 0x100), 1, || 0),
        Err(InsertError::Full(3)),
        "two more pieces do not fit"
    );
    map.merge(1, |_, _| true);
    assert_eq!(map.iter().count(), 1);
    assert_eq!(map.get(0).unwrap().range, range(0, 0x3000));
}

#[test]
fn a_part_outside_is_not_carved() {
    let mut map = RangeMap::<u8, 3>::new();
    map.insert(range(0x1000, 0x1000), 0).unwrap();
    assert!(map.carve(0, range(0x1800, 0x1000), 1, || 0).is_err());
    assert!(map.carve(1, range(0x1000, 0x1000), 1, || 0).is_err());
    assert_eq!(map.get(0).unwrap().value, 0);
}

#[test]
fn first_fit_near_the_end_of_the_address_space_does_not_wrap() {
    let mut map = RangeMap::<u8, 1>::new();
    map.insert(range(u64::MAX - 0xfff, 0x1000), 0).unwrap();
    assert_eq!(map.first_fit(0x1000, 1 << 63, |_| true), None);
    assert_eq!(map.first_fit(0x1001, 1, |_| true), None);
    let place = range(u64::MAX - 0xfff, 0x1000);
    assert_eq!(map.first_fit(0x1000, 0x1000, |_| true), Some((0, place)));
}

proptest! {
    /// Lookup and overlap agree with a search through a list.
    #[test]
    fn lookup_agrees_with_a_list(
        ranges in prop::collection::vec((0u64..256, 1u64..16), 0..24),
        probes in prop::collection::vec((0u64..280, 1u64..16), 0..24),
    ) {
        let mut map = RangeMap::<usize, 16>::new();
        let mut list: std::vec::Vec<(GpaRange, usize)> = std::vec::Vec::new();
        for (number, (base, size)) in ranges.into_iter().enumerate() {
            let range = range(base, size);
            let expected = if list.iter().any(|(other, _)| other.overlaps(&range)) {
                false
            } else {
                list.len() < 16
            };
            prop_assert_eq!(map.insert(range, number).is_ok(), expected);
            if expected {
                list.push((range, number));
            }
        }
        for (address, size) in probes {
            let holder = list.iter().find(|(range, _)| range.contains(Gpa(address)));
            prop_assert_eq!(
                map.find(Gpa(address)).map(|entry| (entry.range, entry.value)),
                holder.copied()
            );
            let probe = range(address, size);
            let lowest = list
                .iter()
                .map(|(range, _)| *range)
                .filter(|range| range.overlaps(&probe))
                .min_by_key(GpaRange::base);
            prop_assert_eq!(map.overlapping(&probe), lowest);
        }
    }
}
