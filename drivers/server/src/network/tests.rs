use std::{collections::VecDeque, vec::Vec};

use proptest::prelude::*;
use vmm_sddf::network::{BUFFER_BYTES, Buffer, BufferConsumer, BufferProducer};

use super::*;
use crate::test_tables::{client, driver, settle};

const CAPACITY: u32 = 8;
const MACS: [u64; 3] = [0x5254_0000_0001, 0x5254_0000_0002, 0x5254_0000_0003];
const OUTSIDE: u64 = 0x5254_0000_00ff;
const BROADCAST: u64 = 0xffff_ffff_ffff;

/// A wire whose frames the test sees.
struct FakeWire {
    sent: Vec<Vec<u8>>,
    room: usize,
    arrived: VecDeque<Vec<u8>>,
    buffer: RamSlice<'static>,
}

impl Wire for FakeWire {
    fn send(&mut self, frame: &RamSlice<'_>) -> bool {
        let Some(room) = self.room.checked_sub(1) else {
            return false;
        };
        self.room = room;
        let mut bytes = vec![0; frame.size() as usize];
        frame.read(0, &mut bytes).unwrap();
        self.sent.push(bytes);
        true
    }

    fn next_frame(&mut self) -> Option<RamSlice<'_>> {
        let frame = self.arrived.front()?;
        self.buffer.write(0, frame).unwrap();
        self.buffer.part(0, frame.len() as u64)
    }

    fn drop_frame(&mut self) {
        self.arrived.pop_front();
    }

    fn publish(&mut self) {}
}

/// A client's end, with buffers as its own device has them.
struct Peer {
    send_free: BufferConsumer<'static>,
    send: BufferProducer<'static>,
    send_queue: RamSlice<'static>,
    queues: [RamSlice<'static>; 4],
    send_data: RamSlice<'static>,
    free: BufferProducer<'static>,
    received: BufferConsumer<'static>,
    data: RamSlice<'static>,
}

impl Peer {
    fn new([send_free, send, send_data, free, received, data]: [RamSlice<'static>; 6]) -> Self {
        let mut all = BufferProducer::new(send_free, CAPACITY).unwrap();
        all.fill(CAPACITY).unwrap();
        Self {
            send_free: BufferConsumer::new(send_free, CAPACITY).unwrap(),
            send: BufferProducer::new(send, CAPACITY).unwrap(),
            send_queue: send,
            queues: [send_free, send, free, received],
            send_data,
            free: BufferProducer::following(free, CAPACITY).unwrap(),
            received: BufferConsumer::new(received, CAPACITY).unwrap(),
            data,
        }
    }

    /// `false` when there is no free buffer.
    fn send(&mut self, frame: &[u8]) -> bool {
        let Some(buffer) = self.send_free.pop().unwrap() else {
            return false;
        };
        self.send_data.write(buffer.offset, frame).unwrap();
        let length = frame.len() as u16;
        self.send.push(Buffer { length, ..buffer }).unwrap()
    }

    fn receive(&mut self) -> Vec<Vec<u8>> {
        let mut frames = Vec::new();
        while let Some(buffer) = self.received.pop().unwrap() {
            let mut bytes = vec![0; buffer.length.into()];
            self.data.read(buffer.offset, &mut bytes).unwrap();
            frames.push(bytes);
            let free = Buffer {
                length: 0,
                ..buffer
            };
            assert_eq!(self.free.push(free), Ok(true));
        }
        assert_eq!(self.received.request_notification(), Ok(false));
        frames
    }
}

fn frame(to: u64, from: u64, content: u8) -> Vec<u8> {
    let mut bytes = to.to_be_bytes()[2..].to_vec();
    bytes.extend_from_slice(&from.to_be_bytes()[2..]);
    bytes.extend_from_slice(&[content; 50]);
    bytes
}

fn clients(macs: &[u64]) -> Vec<vmm_config::DriverClient> {
    let data = u64::from(CAPACITY) * BUFFER_BYTES;
    let sizes = [0x1000, 0x1000, data, 0x1000, 0x1000, data];
    let clients = macs.iter().zip(1..).map(|(&mac, channel)| {
        let parameters = [("mac", mac), ("capacity", u64::from(CAPACITY))];
        client("client", channel, &sizes, &parameters)
    });
    clients.collect()
}

fn wire() -> FakeWire {
    let (driver, regions) = driver(vec![client("device", 0, &[BUFFER_BYTES], &[])]);
    let [buffer] = regions.of_client(&driver.clients[0]).unwrap();
    FakeWire {
        sent: Vec::new(),
        room: usize::MAX,
        arrived: VecDeque::new(),
        buffer,
    }
}

fn system() -> (Server<'static, FakeWire>, Vec<Peer>) {
    let (driver, regions) = driver(clients(&MACS));
    let server = Server::new(wire(), &driver, regions).unwrap();
    let peers = driver.clients.iter();
    let peers = peers.map(|client| Peer::new(regions.of_client(client).unwrap()));
    (server, peers.collect())
}

fn run(server: &mut Server<'_, FakeWire>) -> Vec<u8> {
    settle(|notified| server.serve(|channel| notified.push(channel)))
}

#[test]
fn two_clients_of_one_address_are_refused() {
    for macs in [[MACS[0], MACS[0]], [MACS[0], BROADCAST], [MACS[0], 0]] {
        let (driver, regions) = driver(clients(&macs));
        let error = Server::new(wire(), &driver, regions).err();
        assert_eq!(error, Some(ClientError::Parameter("mac")), "{macs:x?}");
    }
}

#[test]
fn frames_go_where_they_belong() {
    let (mut server, mut peers) = system();
    run(&mut server);
    let between = frame(MACS[1], MACS[0], 1);
    let out = frame(OUTSIDE, MACS[0], 2);
    let to_all = frame(BROADCAST, MACS[0], 3);
    for sent in [&between, &out, &to_all] {
        assert!(peers[0].send(sent));
    }
    assert_eq!(run(&mut server), [1, 2, 3]);
    assert_eq!(server.wire.sent, [out, to_all.clone()]);
    assert!(peers[0].receive().is_empty(), "not to the sender");
    assert_eq!(peers[1].receive(), [between, to_all.clone()]);
    assert_eq!(peers[2].receive(), [to_all]);
}

#[test]
fn frames_of_the_wire_go_to_whom_they_are_for() {
    let (mut server, mut peers) = system();
    let one = frame(MACS[2], OUTSIDE, 1);
    let group = frame(0x0100_5e00_0001, OUTSIDE, 2);
    let nobody = frame(0x5254_0000_0077, OUTSIDE, 3);
    let runt = vec![0xff; 13];
    server
        .wire
        .arrived
        .extend([one.clone(), group.clone(), nobody, runt]);
    run(&mut server);
    assert!(server.wire.arrived.is_empty());
    for peer in &mut peers[..2] {
        assert_eq!(peer.receive(), std::slice::from_ref(&group));
    }
    assert_eq!(peers[2].receive(), [one, group]);
}

#[test]
fn a_client_without_buffers_loses_frames() {
    let (mut server, mut peers) = system();
    for round in 0..20 {
        for content in 0..12 {
            let arrived = frame(MACS[0], OUTSIDE, content);
            server.wire.arrived.push_back(arrived);
        }
        run(&mut server);
        let contents: Vec<_> = peers[0].receive().iter().map(|frame| frame[20]).collect();
        assert_eq!(contents, (0..8).collect::<Vec<_>>(), "round {round}");
    }
}

#[test]
fn buffers_come_back_and_the_client_is_told() {
    let (mut server, mut peers) = system();
    let out = frame(OUTSIDE, MACS[0], 2);
    for round in 0..20 {
        while peers[0].send(&out) {}
        assert_eq!(peers[0].send_free.request_notification(), Ok(false));
        assert_eq!(run(&mut server), [1]);
        assert_eq!(server.wire.sent.len(), 8 * (round + 1));
    }
}

#[test]
fn a_wire_without_room_holds_nobody_but_the_sender() {
    let (mut server, mut peers) = system();
    server.wire.room = 1;
    for content in 0..2 {
        peers[0].send(&frame(OUTSIDE, MACS[0], content));
    }
    peers[1].send(&frame(MACS[2], MACS[1], 9));
    run(&mut server);
    assert_eq!(server.wire.sent.len(), 1);
    assert_eq!(peers[2].receive().len(), 1);
    server.wire.room = 1;
    run(&mut server);
    assert_eq!(server.wire.sent[1], frame(OUTSIDE, MACS[0], 1));
}

#[test]
fn buffers_that_are_none_do_no_harm() {
    let (mut server, mut peers) = system();
    let good = peers[0].send_free.pop().unwrap().unwrap();
    let strange = [
        Buffer {
            offset: 7,
            length: 60,
        },
        Buffer {
            offset: u64::from(CAPACITY) * BUFFER_BYTES,
            length: 60,
        },
        Buffer { length: 0, ..good },
        Buffer {
            length: 2049,
            ..good
        },
        Buffer { length: 13, ..good },
    ];
    for buffer in strange {
        peers[0].send.push(buffer).unwrap();
    }
    run(&mut server);
    assert!(server.wire.sent.is_empty());
    peers[0].send(&frame(OUTSIDE, MACS[0], 1));
    run(&mut server);
    assert_eq!(server.wire.sent.len(), 1);
}

#[test]
fn a_client_that_lies_is_dropped_and_nobody_else() {
    let (mut server, mut peers) = system();
    peers[0].send_queue.write_u16(0, 100).unwrap();
    peers[1].send(&frame(OUTSIDE, MACS[1], 1));
    server.wire.arrived.push_back(frame(MACS[0], OUTSIDE, 1));
    run(&mut server);
    assert_eq!(server.take_dropped(), Some(Dropped("client")));
    assert_eq!(server.take_dropped(), None);
    assert_eq!(server.wire.sent.len(), 1);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    /// Whatever a client writes to its queues, the switch goes on, and so do the others.
    #[test]
    fn no_client_harms_the_switch(
        writes in prop::collection::vec((0..4_usize, 0..0x40_u64, any::<u32>()), 1..60),
    ) {
        let (mut server, mut peers) = system();
        for (queue, word, value) in writes {
            let region = peers[0].queues[queue];
            // Small numbers are the likely indices and lengths.
            let value = if value & 1 == 0 { value >> 24 } else { value };
            region.write_u32(4 * word, value).unwrap();
            server.wire.arrived.push_back(frame(MACS[0], OUTSIDE, 1));
            run(&mut server);
            prop_assert!(server.wire.arrived.is_empty());
            for peer in &mut peers[1..] {
                peer.receive();
            }
        }
        peers[1].send(&frame(MACS[2], MACS[1], 9));
        run(&mut server);
        let received = peers[2].receive();
        prop_assert_eq!(received.last(), Some(&frame(MACS[2], MACS[1], 9)));
    }
}
