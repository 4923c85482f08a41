use proptest::prelude::*;

use super::*;
use crate::test_region::region;

const REQUEST: Request = Request {
    code: Some(Code::Write),
    offset: 0x1122_3344_5566_7788,
    block: 0x99aa_bbcc_ddee_ff00,
    count: 0x1234,
    id: 0x5678_9abc,
};

#[test]
fn entries_lie_where_the_framework_has_them() {
    let (requests, responses) = (region(0x4000), region(0x4000));
    let mut client = BlockClient::new(requests, responses, 128).unwrap();
    let mut server = BlockServer::new(requests, responses, 128).unwrap();
    assert_eq!(client.request(REQUEST), Ok(true));
    assert_eq!(requests.read_u32(4), Some(1), "tail");
    assert_eq!(requests.read_u32(16), Some(1), "code");
    assert_eq!(requests.read_u64(24), Some(REQUEST.offset));
    assert_eq!(requests.read_u64(32), Some(REQUEST.block));
    assert_eq!(requests.read_u16(40), Some(REQUEST.count));
    assert_eq!(requests.read_u32(44), Some(REQUEST.id));
    assert_eq!(server.request(), Ok(Some(REQUEST)));
    assert_eq!(requests.read_u32(0), Some(1), "head");
    let response = Response {
        status: Status::Io,
        count: 7,
        id: 9,
    };
    assert_eq!(server.respond(response), Ok(true));
    assert_eq!(responses.read_u32(8), Some(3), "status");
    assert_eq!(responses.read_u16(12), Some(7));
    assert_eq!(responses.read_u32(16), Some(9));
    assert_eq!(client.response(), Ok(Some(response)));
    assert_eq!(client.response(), Ok(None));
}

#[test]
fn a_client_asks_for_no_more_than_it_has_room_for_answers() {
    let (requests, responses) = (region(0x1000), region(0x1000));
    let mut client = BlockClient::new(requests, responses, 2).unwrap();
    let mut server = BlockServer::new(requests, responses, 2).unwrap();
    for _ in 0..2 {
        assert_eq!(client.request(REQUEST), Ok(true));
        assert!(server.request().unwrap().is_some());
    }
    assert_eq!(client.request(REQUEST), Ok(false), "two are unanswered");
    let response = Response {
        status: Status::Ok,
        count: 1,
        id: 0,
    };
    assert_eq!(server.respond(response), Ok(true));
    assert_eq!(
        client.request(REQUEST),
        Ok(false),
        "the answer is not taken"
    );
    assert_eq!(client.response(), Ok(Some(response)));
    assert_eq!(client.request(REQUEST), Ok(true));
}

#[test]
fn the_information_page() {
    let page = region(0x1000);
    assert_eq!(StorageInfo::read(&page), None);
    let info = StorageInfo {
        read_only: true,
        sector_bytes: 512,
        blocks: 0x1_0000_0001,
    };
    assert_eq!(info.write(&page), Some(()));
    assert_eq!(StorageInfo::read(&page), Some(info));
    assert_eq!(page.read_array(64), Some([1, 1]), "read_only and ready");
    assert_eq!(page.read_u16(66), Some(512));
    assert_eq!(page.read_u64(80), Some(0x1_0000_0001));
    assert_eq!(info.write(&region(80)), None);
}

proptest! {
    #[test]
    fn any_bytes_are_a_request_and_a_response(bytes in any::<[u8; 32]>()) {
        let request = Request::from_bytes(bytes);
        prop_assert_eq!(Request::from_bytes(request.to_bytes()), request);
        let [response @ .., _, _, _, _, _, _, _, _, _, _, _, _, _, _, _, _, _, _, _, _] = bytes;
        let response = Response::from_bytes(response);
        prop_assert_eq!(Response::from_bytes(response.to_bytes()), response);
    }
}
