//! A console behind the independent driver, and drivers that stop it in the middle.

use std::{cell::RefCell, collections::VecDeque, rc::Rc};

use virtio_drivers::device::console::{Size, VirtIOConsole};
use vmm_arch::{AccessSize, Gpa};
use vmm_device::Effects;
use vmm_virtio::{
    console::{Console, Terminal, TerminalSize},
    transport::mmio::Mmio,
};

use crate::{
    board::{Bounce, Bus, Registers, memory},
    raw::{BUFFERS, Raw, WRITE},
};

/// Both directions of a terminal that takes `room` bytes more.
#[derive(Clone, Default)]
struct Wire {
    output: Rc<RefCell<Vec<u8>>>,
    input: Rc<RefCell<VecDeque<u8>>>,
    room: Rc<RefCell<usize>>,
}

impl Terminal for Wire {
    fn write(&mut self, bytes: &[u8], _effects: &mut Effects) -> usize {
        let mut room = self.room.borrow_mut();
        let taken = bytes.len().min(*room);
        *room -= taken;
        self.output.borrow_mut().extend(&bytes[..taken]);
        taken
    }

    fn read(&mut self, bytes: &mut [u8], _effects: &mut Effects) -> usize {
        let mut input = self.input.borrow_mut();
        let length = bytes.len().min(input.len());
        for (to, from) in bytes.iter_mut().zip(input.drain(..length)) {
            *to = from;
        }
        length
    }
}

type Device = Mmio<'static, Console<'static, Wire>, 2>;

fn wire(room: usize) -> Wire {
    let wire = Wire::default();
    *wire.room.borrow_mut() = room;
    wire
}

fn device(wire: &Wire) -> Device {
    let size = TerminalSize {
        columns: 132,
        rows: 50,
    };
    Mmio::new(memory(), Console::new(memory(), wire.clone(), size))
}

#[test]
fn text_goes_both_ways() {
    let wire = wire(usize::MAX);
    let registers = Registers::new(device(&wire));
    let mut console = VirtIOConsole::<Bounce, _>::new(registers.clone()).unwrap();
    assert_eq!(
        console.size(),
        Ok(Some(Size {
            columns: 132,
            rows: 50
        }))
    );
    console.send(b'>').unwrap();
    console.send_bytes(b"a line of text\n").unwrap();
    assert_eq!(*wire.output.borrow(), b">a line of text\n");
    assert_eq!(console.recv(true), Ok(None));
    wire.input.borrow_mut().extend(b"typed");
    assert_eq!(console.recv(true), Ok(None), "the device does not know yet");
    registers.signal();
    assert_eq!(console.ack_interrupt(), Ok(true));
    let seen: Vec<_> = (0..6).map(|_| console.recv(true)).collect();
    let typed: Vec<_> = b"typed".iter().map(|&byte| Ok(Some(byte))).collect();
    assert_eq!(seen[..5], typed);
    assert_eq!(seen[5], Ok(None));
    console.emergency_write(b'!').unwrap();
    assert_eq!(wire.output.borrow().last(), Some(&b'!'));
}

const RECEIVE: u64 = 0;
const TRANSMIT: u64 = 1;

fn guest(wire: &Wire) -> Raw<Device> {
    Raw::new(device(wire), 2, 0)
}

#[test]
fn a_full_terminal_gets_the_rest_later() {
    let wire = wire(3);
    let mut guest = guest(&wire);
    memory().write(Gpa(BUFFERS), b"0123456789").unwrap();
    guest.send(TRANSMIT, 0, &[(BUFFERS, 10, 0)]);
    let mut step = |room, text: &[u8], used| {
        *wire.room.borrow_mut() += room;
        guest.bus.signal();
        assert_eq!(*wire.output.borrow(), text);
        assert_eq!(guest.used(TRANSMIT), used);
    };
    step(0, b"012", None);
    step(4, b"0123456", None);
    step(100, b"0123456789", Some((0, 0)));
    step(0, b"0123456789", None);
}

#[test]
fn a_long_text_is_moved_in_several_calls() {
    let wire = wire(usize::MAX);
    let mut guest = guest(&wire);
    guest.send(TRANSMIT, 0, &[(BUFFERS, 0x7000, 0)]);
    assert_eq!(
        guest.used(TRANSMIT),
        Some((0, 0)),
        "the bus calls again when asked to"
    );
    assert_eq!(wire.output.borrow().len(), 0x7000);
}

#[test]
fn input_waits_for_room() {
    let wire = wire(0);
    let mut guest = guest(&wire);
    wire.input.borrow_mut().extend(b"hello");
    guest.bus.signal();
    assert_eq!(
        wire.input.borrow().len(),
        5,
        "nothing is lost without a buffer"
    );
    guest.send(RECEIVE, 0, &[(BUFFERS, 2, WRITE)]);
    assert_eq!(guest.used(RECEIVE), Some((0, 2)));
    guest.send(RECEIVE, 0, &[(BUFFERS, 100, WRITE)]);
    assert_eq!(guest.used(RECEIVE), Some((0, 3)));
    guest.send(RECEIVE, 0, &[(BUFFERS, 100, WRITE)]);
    assert_eq!(guest.used(RECEIVE), None, "nothing typed");
    wire.input.borrow_mut().extend(b"x");
    guest.bus.signal();
    assert_eq!(guest.used(RECEIVE), Some((0, 1)));
}

#[test]
fn buffers_of_no_bytes_or_the_wrong_direction_come_back() {
    let wire = wire(usize::MAX);
    let mut guest = guest(&wire);
    wire.input.borrow_mut().extend(b"a");
    guest.send(RECEIVE, 0, &[(BUFFERS, 0, WRITE)]);
    guest.send(RECEIVE, 0, &[(BUFFERS, 8, 0)]);
    assert_eq!(
        (guest.used(RECEIVE), guest.used(RECEIVE)),
        (Some((0, 0)), Some((0, 0)))
    );
    assert_eq!(wire.input.borrow().len(), 1);
    guest.send(TRANSMIT, 0, &[(BUFFERS, 8, WRITE)]);
    assert_eq!(guest.used(TRANSMIT), Some((0, 0)));
    assert_eq!(wire.output.borrow().len(), 0);
}

#[test]
fn emergency_writes_need_no_driver() {
    let wire = wire(usize::MAX);
    let mut bus = Bus::new(device(&wire));
    for (size, value) in [
        (AccessSize::Word, 0x4142),
        (AccessSize::Byte, 0x43),
        (AccessSize::Double, 0x44),
    ] {
        bus.write(0x108, size, value);
    }
    bus.write(0x104, AccessSize::Word, 0x45);
    assert_eq!(*wire.output.borrow(), b"BCD");
    assert_eq!(bus.word(0x108), 0);
}
