use std::{collections::VecDeque, string::String, vec::Vec};

use proptest::prelude::*;
use vmm_memory::RamSlice;
use vmm_sddf::serial::{SerialConsumer, SerialProducer};

use super::*;
use crate::test_tables::{client, driver, settle};

struct FakeUart {
    sent: String,
    received: VecDeque<u8>,
    room: usize,
    wants_interrupt: bool,
}

impl Uart for FakeUart {
    fn put(&mut self, byte: u8) -> bool {
        let Some(room) = self.room.checked_sub(1) else {
            return false;
        };
        self.room = room;
        self.sent.push(char::from(byte));
        true
    }

    fn get(&mut self) -> Option<u8> {
        self.received.pop_front()
    }

    fn interrupt_when_room(&mut self, wanted: bool) {
        self.wants_interrupt = wanted;
    }
}

/// A client's end.
struct Peer {
    output: SerialProducer<'static>,
    output_queue: RamSlice<'static>,
    input: SerialConsumer<'static>,
    input_queue: RamSlice<'static>,
}

impl Peer {
    fn print(&mut self, text: &str) {
        assert_eq!(self.output.send(text.as_bytes()), Ok(text.len()));
    }

    fn input(&mut self) -> String {
        let mut bytes = [0; 256];
        let length = self.input.receive(&mut bytes).unwrap();
        String::from_utf8(bytes[..length].to_vec()).unwrap()
    }
}

fn system(names: &[&'static str]) -> (Server<'static, FakeUart>, Vec<Peer>) {
    let sizes = [0x1000, 0x100, 0x1000, 0x100];
    let clients = names.iter().zip(1..);
    let clients = clients.map(|(name, channel)| client(name, channel, &sizes, &[]));
    let (driver, regions) = driver(clients.collect());
    let peers = driver.clients.iter().map(|client| {
        let [output, output_data, input, input_data] = regions.of_client(client).unwrap();
        Peer {
            output: SerialProducer::new(output, output_data).unwrap(),
            output_queue: output,
            input: SerialConsumer::new(input, input_data).unwrap(),
            input_queue: input,
        }
    });
    let peers = peers.collect();
    let uart = FakeUart {
        sent: String::new(),
        received: VecDeque::new(),
        room: usize::MAX,
        wants_interrupt: false,
    };
    (Server::new(uart, &driver, regions).unwrap(), peers)
}

fn run(server: &mut Server<'_, FakeUart>) -> Vec<u8> {
    settle(|notified| server.serve(|channel| notified.push(channel)))
}

fn press(server: &mut Server<'_, FakeUart>, keys: &str) -> Vec<u8> {
    server.uart.received.extend(keys.bytes());
    run(server)
}

fn sent(server: &mut Server<'_, FakeUart>) -> String {
    std::mem::take(&mut server.uart.sent)
}

#[test]
fn bytes_of_a_single_client_go_through() {
    let (mut server, mut peers) = system(&["linux"]);
    peers[0].print("login: ");
    assert_eq!(run(&mut server), [1], "new memory asks for a signal");
    assert_eq!(sent(&mut server), "login: ");
    peers[0].print("ro");
    assert!(run(&mut server).is_empty(), "nobody waits");
    assert_eq!(sent(&mut server), "ro");
    assert_eq!(press(&mut server, "ro\x1c1\x1c\x1cot\r"), [1]);
    assert_eq!(peers[0].input(), "ro\x1c1\x1c\x1cot\r");
}

#[test]
fn lines_of_several_clients_say_whose_they_are() {
    let (mut server, mut peers) = system(&["one", "two"]);
    peers[0].print("first\r\nlogin: ");
    peers[1].print("whole\r\nhalf");
    run(&mut server);
    assert_eq!(
        sent(&mut server),
        "one| first\r\none| login: \r\ntwo| whole\r\n"
    );
    peers[1].print(" of it\r\n");
    run(&mut server);
    assert_eq!(sent(&mut server), "two| half of it\r\n");
    peers[0].print("root");
    run(&mut server);
    assert_eq!(sent(&mut server), "one| root");
    peers[0].print("\r\n");
    run(&mut server);
    assert_eq!(sent(&mut server), "\r\n");
}

#[test]
fn a_line_without_end_goes_out_in_pieces() {
    let (mut server, mut peers) = system(&["one", "two"]);
    peers[1].print(&"x".repeat(200));
    run(&mut server);
    assert_eq!(
        sent(&mut server),
        format!("two| {}", "x".repeat(client::LINE_BYTES))
    );
}

#[test]
fn nothing_but_line_ends_has_room() {
    let (mut server, mut peers) = system(&["a name of more than sixteen bytes", "two"]);
    peers[1].print("two");
    peers[0].print(&"\n".repeat(255));
    run(&mut server);
    assert_eq!(sent(&mut server), "a name of more t| \n".repeat(255));
}

#[test]
fn the_control_key_chooses_who_gets_the_input() {
    let (mut server, mut peers) = system(&["one", "two"]);
    peers[0].print("$ ");
    assert_eq!(press(&mut server, "a"), [1]);
    assert_eq!(press(&mut server, "\x1c1b\x1c\x1c"), [2]);
    assert_eq!(sent(&mut server), "one| $ \r\ninput goes to two\r\n");
    assert_eq!(press(&mut server, "\x1c9\x1cxc"), [2]);
    assert_eq!(peers[0].input(), "a");
    assert_eq!(
        peers[1].input(),
        "b\x1cc",
        "there is no client 9, and no key x"
    );
    peers[1].print("# ");
    run(&mut server);
    assert_eq!(
        sent(&mut server),
        "two| # ",
        "the chosen one's goes at once"
    );
}

#[test]
fn a_uart_without_room_interrupts() {
    let (mut server, mut peers) = system(&["one"]);
    server.uart.room = 3;
    peers[0].print("hello");
    run(&mut server);
    assert_eq!(sent(&mut server), "hel");
    assert!(server.uart.wants_interrupt);
    server.uart.room = 16;
    run(&mut server);
    assert_eq!(sent(&mut server), "lo");
    assert!(!server.uart.wants_interrupt);
}

#[test]
fn a_client_that_waits_for_room_is_notified() {
    let (mut server, mut peers) = system(&["one"]);
    let text = [b'x'; 300];
    assert_eq!(peers[0].output.send(&text), Ok(256));
    assert_eq!(run(&mut server), [1]);
    assert_eq!(peers[0].output.send(&text[256..]), Ok(44));
    assert!(run(&mut server).is_empty());
    assert_eq!(sent(&mut server).len(), 300);
}

#[test]
fn input_that_nobody_reads_is_lost() {
    let (mut server, mut peers) = system(&["one"]);
    press(&mut server, &"y".repeat(300));
    assert_eq!(peers[0].input(), "y".repeat(256));
    press(&mut server, "z");
    assert_eq!(peers[0].input(), "z");
}

#[test]
fn a_client_that_lies_is_dropped_and_nobody_else() {
    let (mut server, mut peers) = system(&["one", "two"]);
    peers[0].output_queue.write_u32(0, 0x4000).unwrap();
    peers[1].print("still here\r\n");
    run(&mut server);
    assert_eq!(sent(&mut server), "two| still here\r\n");
    assert_eq!(server.take_dropped(), Some(Dropped("one")));
    assert_eq!(server.take_dropped(), None);
    press(&mut server, "a\x1c1b");
    assert_eq!(peers[1].input(), "b");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    /// Whatever a client writes to its queues, the server goes on, and so does the other client.
    #[test]
    fn no_client_harms_the_server(
        writes in prop::collection::vec((any::<bool>(), 0..3_u64, 0..0x180_u32), 1..60),
    ) {
        let (mut server, mut peers) = system(&["one", "two"]);
        for (input, word, value) in writes {
            let queue = if input { peers[0].input_queue } else { peers[0].output_queue };
            queue.write_u32(4 * word, value).unwrap();
            press(&mut server, "x");
        }
        sent(&mut server);
        peers[1].print("still here\r\n");
        run(&mut server);
        prop_assert!(sent(&mut server).ends_with("two| still here\r\n"));
    }
}
