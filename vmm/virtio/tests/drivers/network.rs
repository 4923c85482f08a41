//! A network port behind the independent driver, and drivers that do what it does not.

use std::{
    cell::{Cell, RefCell},
    collections::VecDeque,
    rc::Rc,
};

use virtio_drivers::device::net::{TxBuffer, VirtIONet};
use vmm_arch::Gpa;
use vmm_device::Effects;
use vmm_memory::RamSlice;
use vmm_virtio::{
    network::{Mac, Network, Port},
    queue::Reader,
    transport::mmio::Mmio,
};

use crate::{
    board::{Bounce, Registers, memory, region},
    raw::{BUFFERS, Raw, WRITE},
};

const RECEIVE: u64 = 0;
const TRANSMIT: u64 = 1;
const CONTROL: u64 = 2;
const MERGEABLE: u32 = 1 << 15;
const MAC: [u8; 6] = [0x52, 0x54, 0, 0x12, 0x34, 0x56];
const OTHER: [u8; 6] = [2, 0, 0, 0, 0, 9];
const GROUP: [u8; 6] = [0x33, 0x33, 0, 0, 0, 1];

/// A wire that the test holds the other end of; it takes `room` frames more.
#[derive(Clone, Default)]
struct Wire {
    sent: Rc<RefCell<Vec<Vec<u8>>>>,
    waiting: Rc<RefCell<VecDeque<RamSlice<'static>>>>,
    room: Rc<Cell<usize>>,
    down: Rc<Cell<bool>>,
}

impl Port for Wire {
    fn is_up(&self) -> bool {
        !self.down.get()
    }

    fn send(&mut self, mut frame: Reader<'_, '_>, _effects: &mut Effects) -> bool {
        let Some(left) = self.room.get().checked_sub(1) else {
            return false;
        };
        self.room.set(left);
        let mut bytes = vec![0; frame.remaining() as usize];
        frame.read(&mut bytes);
        self.sent.borrow_mut().push(bytes);
        true
    }

    fn next_frame(&mut self, _effects: &mut Effects) -> Option<RamSlice<'_>> {
        self.waiting.borrow().front().copied()
    }

    fn drop_frame(&mut self, _effects: &mut Effects) {
        self.waiting.borrow_mut().pop_front();
    }
}

impl Wire {
    fn arrive(&self, frame: &[u8]) {
        let slice = region(frame.len().max(1));
        slice.write(0, frame).unwrap();
        self.waiting.borrow_mut().push_back(slice);
    }
}

type Device = Mmio<'static, Network<'static, Wire>, 3>;

fn wire(room: usize) -> Wire {
    let wire = Wire::default();
    wire.room.set(room);
    wire
}

fn device(wire: &Wire) -> Device {
    Mmio::new(
        memory(),
        Network::new(memory(), wire.clone(), Mac(MAC), 1500),
    )
}

fn guest(wire: &Wire, features: u32) -> Raw<Device> {
    Raw::new(device(wire), 3, features)
}

fn frame(target: [u8; 6], length: usize) -> Vec<u8> {
    let rest = (6..length).map(|at| at as u8);
    target.into_iter().chain(rest).collect()
}

fn ram(gpa: u64, length: usize) -> Vec<u8> {
    let mut bytes = vec![0; length];
    memory().read(Gpa(gpa), &mut bytes).unwrap();
    bytes
}

#[test]
fn frames_go_both_ways() {
    let wire = wire(usize::MAX);
    let registers = Registers::new(device(&wire));
    let mut net = VirtIONet::<Bounce, _, 4>::new(registers.clone(), 2048).unwrap();
    assert_eq!(net.mac_address(), MAC);
    assert!(net.can_send());
    let out = frame(OTHER, 1514);
    net.send(TxBuffer::from(&out)).unwrap();
    assert_eq!(*wire.sent.borrow(), [out]);
    assert!(net.receive().is_err());
    for length in [14, 60, 1514] {
        let arrived = frame(MAC, length);
        wire.arrive(&arrived);
        registers.signal();
        net.ack_interrupt();
        let buffer = net.receive().unwrap();
        assert_eq!(buffer.packet(), arrived);
        net.recycle_rx_buffer(buffer).unwrap();
    }
}

#[test]
fn what_is_no_frame_is_dropped() {
    let wire = wire(usize::MAX);
    let mut guest = guest(&wire, 0);
    let mut send = |header: [u8; 12], parts: &[(u64, u32, u16)]| {
        memory().write(Gpa(BUFFERS), &header).unwrap();
        guest.send(TRANSMIT, 0, parts);
        assert_eq!(guest.used(TRANSMIT), Some((0, 0)));
        assert!(!guest.is_broken());
        wire.sent
            .borrow_mut()
            .drain(..)
            .map(|frame| frame.len())
            .next()
    };
    assert_eq!(send([0; 12], &[(BUFFERS, 12 + 60, 0)]), Some(60));
    assert_eq!(
        send([0; 12], &[(BUFFERS, 12, 0), (BUFFERS, 14, 0)]),
        Some(14)
    );
    assert_eq!(send([0; 12], &[(BUFFERS, 12 + 1518, 0)]), Some(1518));
    assert_eq!(send([0; 12], &[(BUFFERS, 12 + 1519, 0)]), None, "too long");
    assert_eq!(
        send([0; 12], &[(BUFFERS, 0xf_0000 / 2, 0)]),
        None,
        "far too long"
    );
    assert_eq!(send([0; 12], &[(BUFFERS, 12 + 13, 0)]), None, "too short");
    assert_eq!(send([0; 12], &[(BUFFERS, 12, 0)]), None, "nothing");
    assert_eq!(send([0; 12], &[(BUFFERS, 11, 0)]), None, "half a header");
    assert_eq!(
        send([0; 12], &[(BUFFERS, 100, WRITE)]),
        None,
        "nothing to read"
    );
    let mut checksum = [0; 12];
    checksum[0] = 1;
    assert_eq!(
        send(checksum, &[(BUFFERS, 72, 0)]),
        None,
        "CSUM is not offered"
    );
    let mut segments = [0; 12];
    segments[1] = 1;
    assert_eq!(
        send(segments, &[(BUFFERS, 72, 0)]),
        None,
        "TSO is not offered"
    );
}

#[test]
fn a_full_port_holds_frames_back() {
    let wire = wire(1);
    let mut guest = guest(&wire, 0);
    for head in 0..3 {
        guest.send(TRANSMIT, head, &[(BUFFERS, 12 + 20 + u32::from(head), 0)]);
    }
    assert_eq!(
        (guest.used(TRANSMIT), guest.used(TRANSMIT)),
        (Some((0, 0)), None)
    );
    wire.room.set(5);
    guest.bus.signal();
    assert_eq!(
        (guest.used(TRANSMIT), guest.used(TRANSMIT)),
        (Some((1, 0)), Some((2, 0)))
    );
    let lengths: Vec<_> = wire.sent.borrow().iter().map(Vec::len).collect();
    assert_eq!(lengths, [20, 21, 22]);
}

#[test]
fn frames_wait_for_buffers() {
    let wire = wire(0);
    let mut guest = guest(&wire, 0);
    wire.arrive(&frame(MAC, 100));
    wire.arrive(&frame(MAC, 101));
    guest.bus.signal();
    assert_eq!(wire.waiting.borrow().len(), 2);
    guest.send(RECEIVE, 3, &[(BUFFERS, 2048, WRITE)]);
    assert_eq!(
        (guest.used(RECEIVE), guest.used(RECEIVE)),
        (Some((3, 112)), None)
    );
    assert_eq!(ram(BUFFERS, 12), [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0]);
    assert_eq!(ram(BUFFERS + 12, 100), frame(MAC, 100));
    guest.send(RECEIVE, 4, &[(BUFFERS, 2048, WRITE)]);
    assert_eq!(guest.used(RECEIVE), Some((4, 113)));
}

#[test]
fn a_frame_fills_several_buffers_when_they_can_be_joined() {
    let wire = wire(0);
    let mut guest = guest(&wire, MERGEABLE);
    wire.arrive(&frame(MAC, 250));
    // 262 bytes in 100, 100 and 100; the third comes late.
    guest.send(
        RECEIVE,
        0,
        &[(BUFFERS, 60, WRITE), (BUFFERS + 60, 40, WRITE)],
    );
    guest.send(RECEIVE, 5, &[(BUFFERS + 0x1000, 100, WRITE)]);
    guest.bus.signal();
    assert_eq!(guest.used(RECEIVE), None);
    guest.send(RECEIVE, 7, &[(BUFFERS + 0x2000, 100, WRITE)]);
    let used = [
        guest.used(RECEIVE),
        guest.used(RECEIVE),
        guest.used(RECEIVE),
    ];
    assert_eq!(used, [Some((0, 100)), Some((5, 100)), Some((7, 62))]);
    assert_eq!(ram(BUFFERS + 10, 2), [3, 0], "three buffers");
    let mut joined = ram(BUFFERS + 12, 88);
    joined.extend(ram(BUFFERS + 0x1000, 100));
    joined.extend(ram(BUFFERS + 0x2000, 62));
    assert_eq!(joined, frame(MAC, 250));
}

#[test]
fn a_frame_that_no_buffer_can_hold_is_lost() {
    for (features, buffers) in [(0, 1), (MERGEABLE, 16)] {
        let wire = wire(0);
        let mut guest = guest(&wire, features);
        // With buffers of 20 bytes, 32 are too few; there are 16, and the ring is full.
        wire.arrive(&frame(MAC, if features == 0 { 30 } else { 60 }));
        wire.arrive(&frame(MAC, 15));
        for head in 0..buffers {
            guest.add(
                RECEIVE,
                head,
                &[(BUFFERS, if features == 0 { 20 } else { 0 }, WRITE)],
            );
        }
        guest.notify(RECEIVE);
        if features == 0 {
            assert_eq!(guest.used(RECEIVE), Some((0, 0)));
            assert_eq!(wire.waiting.borrow().len(), 1);
        } else {
            assert_eq!(guest.used(RECEIVE), None, "more buffers may come");
        }
        assert!(!guest.is_broken());
    }
}

#[test]
fn the_header_may_lie_in_several_segments_of_one_buffer() {
    let wire = wire(0);
    let mut guest = guest(&wire, MERGEABLE);
    wire.arrive(&frame(MAC, 20));
    guest.add(
        RECEIVE,
        0,
        &[(BUFFERS, 5, WRITE), (BUFFERS + 0x100, 60, WRITE)],
    );
    guest.notify(RECEIVE);
    assert_eq!(guest.used(RECEIVE), Some((0, 32)));
    assert_eq!(ram(BUFFERS + 0x107, 20), frame(MAC, 20));
    // The number of buffers is split too.
    wire.arrive(&frame(MAC, 20));
    guest.add(
        RECEIVE,
        0,
        &[(BUFFERS, 11, WRITE), (BUFFERS + 0x100, 3, WRITE)],
    );
    guest.add(RECEIVE, 5, &[(BUFFERS + 0x200, 60, WRITE)]);
    guest.notify(RECEIVE);
    assert_eq!(
        (guest.used(RECEIVE), guest.used(RECEIVE)),
        (Some((0, 14)), Some((5, 18)))
    );
    assert_eq!(
        (ram(BUFFERS + 10, 1), ram(BUFFERS + 0x100, 1)),
        (vec![2], vec![0])
    );
    // It is not split over two buffers.
    wire.arrive(&frame(MAC, 20));
    guest.add(RECEIVE, 0, &[(BUFFERS, 11, WRITE)]);
    guest.add(RECEIVE, 5, &[(BUFFERS + 0x200, 60, WRITE)]);
    guest.notify(RECEIVE);
    assert_eq!(
        (guest.used(RECEIVE), guest.used(RECEIVE)),
        (Some((0, 0)), Some((5, 0)))
    );
}

#[test]
fn frames_for_others_are_not_delivered() {
    let wire = wire(0);
    let mut guest = guest(&wire, 0);
    let arrives = |guest: &mut Raw<Device>, target| {
        wire.arrive(&frame(target, 20));
        guest.add(RECEIVE, 0, &[(BUFFERS, 2048, WRITE)]);
        guest.notify(RECEIVE);
        assert!(wire.waiting.borrow().is_empty());
        let used = guest.used(RECEIVE).is_some();
        if !used {
            // The buffer is still there; take it away with a frame that is wanted.
            wire.arrive(&frame([0xff; 6], 20));
            guest.bus.signal();
            assert!(guest.used(RECEIVE).is_some());
        }
        used
    };
    let command = |guest: &mut Raw<Device>, bytes: &[u8]| {
        let at = BUFFERS + 0x4000;
        memory().write(Gpa(at), bytes).unwrap();
        let parts = [(at, bytes.len() as u32, 0), (at + 0x1000, 1, WRITE)];
        guest.send(CONTROL, 0, &parts);
        assert_eq!(guest.used(CONTROL), Some((0, 1)));
        memory().read_u8(Gpa(at + 0x1000)).unwrap()
    };
    assert!(arrives(&mut guest, MAC));
    assert!(arrives(&mut guest, GROUP));
    assert!(arrives(&mut guest, [0xff; 6]));
    assert!(!arrives(&mut guest, OTHER));
    assert_eq!(command(&mut guest, &[0, 0, 1]), 0, "promiscuous");
    assert!(arrives(&mut guest, OTHER));
    assert_eq!(command(&mut guest, &[0, 0, 0]), 0);
    // One unicast address, no group.
    let mut table = vec![1, 0, 1, 0, 0, 0];
    table.extend(OTHER);
    table.extend([0; 4]);
    assert_eq!(command(&mut guest, &table), 0);
    assert!(arrives(&mut guest, OTHER));
    assert!(!arrives(&mut guest, GROUP));
    assert_eq!(command(&mut guest, &[0, 1, 1]), 0, "all groups");
    assert!(arrives(&mut guest, GROUP));
    assert_eq!(command(&mut guest, &[0, 3, 1]), 0, "no groups");
    assert!(!arrives(&mut guest, GROUP));
    let mut address = vec![1, 1];
    address.extend([2, 2, 2, 2, 2, 2]);
    assert_eq!(command(&mut guest, &address), 0, "another address");
    assert!(arrives(&mut guest, [2; 6]));
    assert!(!arrives(&mut guest, MAC));
    // Commands that are not.
    for bytes in [
        &[][..],
        &[0],
        &[0, 0],
        &[0, 6, 1],
        &[7, 0, 0],
        &[1, 1, 5],
        &[1, 0, 1, 0, 0, 0],
    ] {
        assert_eq!(command(&mut guest, bytes), 1, "{bytes:?}");
    }
    let mut endless = vec![1, 0];
    endless.extend([0xff; 4]);
    assert_eq!(command(&mut guest, &endless), 1);
    assert!(arrives(&mut guest, OTHER), "nothing changed");
    guest.start(0);
    assert!(
        arrives(&mut guest, MAC) && !arrives(&mut guest, OTHER),
        "a reset forgets all"
    );
}

#[test]
fn more_addresses_than_there_is_room_for_mean_all() {
    let wire = wire(0);
    let mut guest = guest(&wire, 0);
    let mut table = vec![1, 0, 17, 0, 0, 0];
    table.extend([4; 17 * 6]);
    table.extend([0; 4]);
    let at = BUFFERS + 0x4000;
    memory().write(Gpa(at), &table).unwrap();
    guest.send(
        CONTROL,
        0,
        &[(at, table.len() as u32, 0), (at + 0x1000, 1, WRITE)],
    );
    wire.arrive(&frame(OTHER, 20));
    guest.send(RECEIVE, 0, &[(BUFFERS, 2048, WRITE)]);
    assert!(guest.used(RECEIVE).is_some());
}

#[test]
fn the_link_goes_down_and_up() {
    let wire = wire(0);
    let mut guest = guest(&wire, 0);
    assert_eq!(guest.bus.word(0x104) >> 16 & 1, 1, "up");
    assert_eq!(guest.bus.word(0x108) >> 16, 1500);
    wire.down.set(true);
    guest.bus.signal();
    assert_eq!(guest.bus.word(0x104) >> 16 & 1, 0);
    assert_eq!(guest.bus.word(0x60), 2);
    guest.bus.signal();
    guest.bus.set_word(0x64, 2);
    guest.bus.signal();
    assert_eq!(guest.bus.word(0x60), 0, "told once");
}

#[test]
fn frames_that_are_too_long_or_too_short_for_an_address_are_dropped() {
    let wire = wire(0);
    let mut guest = guest(&wire, 0);
    for length in [1, 5, 1519, 4000] {
        wire.arrive(&vec![0xff; length]);
    }
    wire.arrive(&frame(MAC, 1518));
    guest.send(RECEIVE, 0, &[(BUFFERS, 2048, WRITE)]);
    assert_eq!(guest.used(RECEIVE), Some((0, 1530)));
}
