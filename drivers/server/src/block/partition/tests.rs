use super::*;
use crate::test_tables::client;

fn partition(first_sector: u64, blocks: u64) -> Partition {
    Partition {
        first_sector,
        blocks,
    }
}

#[test]
fn one_client_has_the_whole_disk() {
    let clients = [client("a", 1, &[], &[])];
    assert_eq!(Partition::of(&clients, 0, 1003), Ok(partition(0, 125)));
}

#[test]
fn several_have_equal_parts() {
    let clients = ["a", "b", "c"].map(|name| client(name, 1, &[], &[]));
    let parts = [0, 1, 2].map(|index| Partition::of(&clients, index, 1000).unwrap());
    assert_eq!(
        parts,
        [partition(0, 41), partition(328, 41), partition(656, 41)]
    );
}

#[test]
fn they_may_choose() {
    let chosen = |first, sectors| {
        let parameters = [("first-sector", first), ("sectors", sectors)];
        client("a", 1, &[], &parameters)
    };
    let clients = [
        chosen(2048, 80),
        client("b", 1, &[], &[("first-sector", 3000)]),
        chosen(2048, 1953),
        chosen(5000, 8),
        client("e", 1, &[], &[]),
    ];
    let of = |index| Partition::of(&clients, index, 4000).ok();
    assert_eq!(of(0), Some(partition(2048, 10)));
    assert_eq!(of(1), Some(partition(3000, 125)), "the rest of the disk");
    assert_eq!(of(2), None, "it ends after the disk");
    assert_eq!(of(3), None, "it begins after the disk");
    assert_eq!(of(4), None, "all choose or none");
}

#[test]
fn blocks_outside_have_no_sector() {
    let part = partition(2048, 10);
    assert_eq!(part.sector(0, 10), Some(2048));
    assert_eq!(part.sector(9, 1), Some(2048 + 72));
    assert_eq!(part.sector(9, 2), None);
    assert_eq!(part.sector(u64::MAX, 1), None);
}
