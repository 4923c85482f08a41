use super::*;
use crate::test_tables::{client, driver};

#[test]
fn a_client_has_its_regions_and_no_more() {
    let (driver, regions) = driver(vec![client("a", 1, &[0x1000, 0x2000], &[])]);
    let [first, second] = regions.of_client(&driver.clients[0]).unwrap();
    assert_eq!((first.size(), second.size()), (0x1000, 0x2000));
    second.write(0, b"shared").unwrap();
    let again = driver.clients[0].windows[1];
    let again = regions.slice(again.vmm_address, 6).unwrap();
    assert_eq!(again.read_array(0), Some(*b"shared"));
    assert_eq!(
        regions.of_client::<3>(&driver.clients[0]).unwrap_err(),
        ClientError::FewRegions {
            needed: 3,
            given: 2
        }
    );
    assert!(regions.slice(0x1000, 8).is_err());
}

#[test]
fn a_place_is_taken_once() {
    static PLACE: Place<u32> = Place::new();
    assert_eq!(PLACE.get(), None);
    assert_eq!(PLACE.put(7), Some(&7));
    assert_eq!(PLACE.put(8), None);
    assert_eq!(PLACE.get(), Some(&7));
}
