//! A server that answers late, never, or with anything at all.

use super::*;

/// One thing that a server, or the guest before it, does.
#[derive(Clone, Debug)]
enum Act {
    /// The guest asks: kind, sector, bytes.
    Ask(u32, u64, u32),
    /// The guest resets the device.
    Reset,
    Answer {
        id: u32,
        status: u32,
        count: u16,
    },
    /// An answer to what was asked, whether or not it was answered before.
    AnswerTaken(prop::sample::Index, u32),
    /// A word in one of the regions that the server may write.
    Scribble(u8, u64, u32),
}

fn acts() -> impl Strategy<Value = Act> {
    let kind = prop::sample::select(vec![0, 1, 4, 8, 11, 13]);
    prop_oneof![
        6 => (kind, 0..SECTORS + 1, 0..9_u32).prop_map(|(k, s, n)| Act::Ask(k, s, n * 512)),
        1 => Just(Act::Reset),
        2 => (any::<u32>(), 0..6_u32, any::<u16>())
            .prop_map(|(id, status, count)| Act::Answer { id, status, count }),
        6 => (any::<prop::sample::Index>(), 0..6_u32).prop_map(|(i, s)| Act::AnswerTaken(i, s)),
        1 => (0..4_u8, 0..32_u64, any::<u32>()).prop_map(|(r, at, v)| Act::Scribble(r, at, v)),
    ]
}

const fn status_of(number: u32) -> Status {
    match number {
        0 => Status::Ok,
        1 => Status::InvalidParameter,
        2 => Status::Io,
        3 => Status::NoDevice,
        _ => Status::Unspecified,
    }
}

fn respond(server: &mut Server, id: u32, status: u32, count: u16) {
    let status = status_of(status);
    // A queue that the server itself has spoilt takes no more.
    let _ = server.queues.respond(Response { status, count, id });
}

/// After a reset, what was never answered before it keeps its cells; its late answer frees them.
#[test]
fn an_answer_that_comes_after_resets_frees_the_cells() {
    let (mut guest, mut server) = ready();
    for _ in 0..2 {
        request(&mut guest, 0, 0, 0, (DATA, 3 * 4096, WRITE));
        guest.start(0);
    }
    request(&mut guest, 0, 0, 0, (DATA, 3 * 4096, WRITE));
    server.take();
    assert_eq!(server.taken.len(), 2, "the third waits for cells");
    server.answer(0);
    guest.bus.signal();
    assert_eq!(guest.used(0), None, "the answer was to what is forgotten");
    server.take();
    assert_eq!(server.taken.len(), 2);
    server.answer(1);
    guest.bus.signal();
    assert_eq!((guest.used(0), status(0)), (Some((0, 3 * 4096 + 1)), 0));
    server.answer(0);
    guest.bus.signal();
    assert_eq!(guest.used(0), None);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(256))]

    /// Each request is given back once at most, and the device never blames the guest.
    #[test]
    fn the_guest_gets_each_request_once(script in prop::collection::vec(acts(), 1..60)) {
        let (mut guest, mut server) = ready();
        let mut asked = Vec::new();
        // Each number has three descriptors of the sixteen.
        let mut free: Vec<u16> = (0..5).collect();
        for act in script {
            match act {
                Act::Ask(kind, sector, bytes) => {
                    if let Some(number) = free.pop() {
                        let flags = if kind == 0 { WRITE } else { 0 };
                        let at = DATA + 0x1000 * u64::from(number);
                        request(&mut guest, number, kind, sector, (at, bytes, flags));
                    }
                }
                Act::Reset => {
                    guest.start(0);
                    free = (0..5).collect();
                }
                Act::Answer { id, status, count } => respond(&mut server, id, status, count),
                Act::AnswerTaken(index, status) if !asked.is_empty() => {
                    let Request { id, count, .. } = *index.get(&asked);
                    respond(&mut server, id, status, count);
                }
                Act::AnswerTaken(..) => {}
                Act::Scribble(region, word, value) => {
                    let region = [server.requests, server.responses, server.info, server.data]
                        [usize::from(region)];
                    region.write_u32(4 * word, value).unwrap();
                }
            }
            while let Ok(Some(request)) = server.queues.request() {
                asked.push(request);
                // What is spoilt may be full of requests without end.
                if asked.len() > 1000 {
                    break;
                }
            }
            guest.bus.signal();
            while let Some((head, _)) = guest.used(0) {
                let number = (head / 3) as u16;
                prop_assert!(!free.contains(&number), "{number} is given back twice");
                prop_assert_ne!(status(number), 0xff);
                free.push(number);
            }
            prop_assert!(!guest.is_broken());
        }
    }
}
