use std::{collections::HashSet, vec::Vec};

use vmm_memory::RamSlice;
use vmm_sddf::serial::SerialConsumer;

use super::*;
use crate::test_tables::{client, driver, settle};

/// Gives out numbers of four bytes, each once.
struct Numbers {
    next: u32,
    /// Bytes that are made when asked for.
    ready: usize,
}

impl Generator for Numbers {
    fn take(&mut self, bytes: &mut [u8]) -> usize {
        let taken = bytes.len().min(self.ready) / 4 * 4;
        for number in bytes[..taken].chunks_mut(4) {
            number.copy_from_slice(&self.next.to_le_bytes());
            self.next += 1;
        }
        self.ready -= taken;
        taken
    }
}

struct Peer {
    bytes: SerialConsumer<'static>,
    queue: RamSlice<'static>,
}

impl Peer {
    fn take(&mut self) -> Vec<[u8; 4]> {
        let mut bytes = vec![0; 0x1000];
        let length = self.bytes.receive(&mut bytes).unwrap();
        bytes[..length].as_chunks().0.to_vec()
    }
}

fn system() -> (Server<'static, Numbers>, Vec<Peer>) {
    let clients = ["a", "b"].into_iter().zip(1..);
    let clients = clients.map(|(name, channel)| client(name, channel, &[0x1000, 0x100], &[]));
    let (driver, regions) = driver(clients.collect());
    let peers = driver.clients.iter().map(|client| {
        let [queue, data] = regions.of_client(client).unwrap();
        let bytes = SerialConsumer::new(queue, data).unwrap();
        Peer { bytes, queue }
    });
    let peers = peers.collect();
    let numbers = Numbers { next: 1, ready: 0 };
    (Server::new(numbers, &driver, regions).unwrap(), peers)
}

fn run(server: &mut Server<'_, Numbers>) -> Vec<u8> {
    settle(|notified| server.serve(|channel| notified.push(channel)))
}

#[test]
fn queues_are_kept_full_and_no_byte_is_given_twice() {
    let (mut server, mut peers) = system();
    assert!(run(&mut server).is_empty(), "nothing is made yet");
    server.generator.ready = 0x1_0000;
    assert_eq!(run(&mut server), [1, 2]);
    let mut seen = HashSet::new();
    for _ in 0..10 {
        for peer in &mut peers {
            let numbers = peer.take();
            assert_eq!(numbers.len(), 0x40, "full");
            assert!(peer.bytes.should_notify(), "the server waits for room");
            for number in numbers {
                assert!(number != [0; 4] && seen.insert(number), "{number:?}");
            }
        }
        assert_eq!(run(&mut server), [1, 2]);
    }
}

#[test]
fn a_few_bytes_are_shared() {
    let (mut server, mut peers) = system();
    server.generator.ready = 128;
    run(&mut server);
    for peer in &mut peers {
        assert_eq!(peer.take().len(), 16);
    }
}

#[test]
fn a_client_that_lies_is_dropped_and_nobody_else() {
    let (mut server, mut peers) = system();
    peers[0].queue.write_u32(4, 0x1000).unwrap();
    server.generator.ready = 0x1000;
    assert_eq!(run(&mut server), [2]);
    assert_eq!(server.take_dropped(), Some(Dropped("a")));
    assert_eq!(server.take_dropped(), None);
    assert_eq!(peers[1].take().len(), 0x40);
}
