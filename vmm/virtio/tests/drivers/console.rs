//! A console behind the independent driver, and drivers that stop it in the middle.

use std::{cell::RefCell, collections::VecDeque, rc::Rc};

use virtio_drivers::device::console::{Size, VirtIOConsole};
use vmm_arch::{AccessSize, Gpa};
use vmm_device::Effects;
use vmm_virtio::{
    console::{Console, Terminal, TerminalSize},
    transport::mmio::Mmio,
};

use crate::board::{BASE, Bounce, Bus, Registers, memory};

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

const TABLE: u64 = BASE;
const AVAILABLE: u64 = BASE + 0x1000;
const USED: u64 = BASE + 0x1800;
/// Bytes between the rings of the two queues.
const STRIDE: u64 = 0x2000;
const BUFFER: u64 = BASE + 0x8000;

struct Guest {
    bus: Bus<Device>,
}

impl Guest {
    fn new(wire: &Wire) -> Self {
        let mut bus = Bus::new(device(wire));
        for (register, value) in [(0x70, 1), (0x70, 3), (0x24, 1), (0x20, 1), (0x70, 11)] {
            bus.set_word(register, value);
        }
        for queue in 0..2 {
            bus.set_word(0x30, queue);
            bus.set_word(0x38, 8);
            for (register, address) in [(0x80, TABLE), (0x90, AVAILABLE), (0xa0, USED)] {
                bus.set_word(register, (address + STRIDE * u64::from(queue)) as u32);
            }
            bus.set_word(0x44, 1);
        }
        bus.set_word(0x70, 15);
        Self { bus }
    }

    fn send(&mut self, queue: u64, length: u32, flags: u64) {
        let memory = memory();
        let base = STRIDE * queue;
        memory.write_u64(Gpa(TABLE + base), BUFFER + base).unwrap();
        let rest = u64::from(length) | flags << 32;
        memory.write_u64(Gpa(TABLE + base + 8), rest).unwrap();
        let index = memory.read_u16(Gpa(AVAILABLE + base + 2)).unwrap();
        memory
            .write_u16(Gpa(AVAILABLE + base + 2), index + 1)
            .unwrap();
        self.bus.set_word(0x50, queue as u32);
    }

    fn used(&self, queue: u64) -> u16 {
        memory().read_u16(Gpa(USED + STRIDE * queue + 2)).unwrap()
    }

    fn signal(&mut self) {
        self.bus.signal();
    }
}

#[test]
fn a_full_terminal_gets_the_rest_later() {
    let wire = wire(3);
    let mut guest = Guest::new(&wire);
    memory().write(Gpa(BUFFER + STRIDE), b"0123456789").unwrap();
    guest.send(1, 10, 0);
    assert_eq!(
        (guest.used(1), wire.output.borrow().as_slice()),
        (0, b"012".as_slice())
    );
    guest.signal();
    assert_eq!(guest.used(1), 0);
    *wire.room.borrow_mut() = 4;
    guest.signal();
    assert_eq!(
        (guest.used(1), wire.output.borrow().as_slice()),
        (0, b"0123456".as_slice())
    );
    *wire.room.borrow_mut() = 100;
    guest.signal();
    assert_eq!(
        (guest.used(1), wire.output.borrow().as_slice()),
        (1, b"0123456789".as_slice())
    );
}

#[test]
fn a_long_text_is_moved_in_several_calls() {
    let wire = wire(usize::MAX);
    let mut guest = Guest::new(&wire);
    guest.send(1, 0x7000, 0);
    assert_eq!(guest.used(1), 1, "the bus calls again when asked to");
    assert_eq!(wire.output.borrow().len(), 0x7000);
}

#[test]
fn input_waits_for_room() {
    let wire = wire(0);
    let mut guest = Guest::new(&wire);
    wire.input.borrow_mut().extend(b"hello");
    guest.signal();
    assert_eq!(
        wire.input.borrow().len(),
        5,
        "nothing is lost without a buffer"
    );
    guest.send(0, 2, 2);
    assert_eq!(guest.used(0), 1);
    assert_eq!(wire.input.borrow().len(), 3);
    guest.send(0, 100, 2);
    assert_eq!(guest.used(0), 2);
    let written = memory().read_u32(Gpa(USED + 4 + 8 + 4)).unwrap();
    assert_eq!(written, 3);
    guest.send(0, 100, 2);
    assert_eq!(guest.used(0), 2, "nothing typed");
    wire.input.borrow_mut().extend(b"x");
    guest.signal();
    assert_eq!(guest.used(0), 3);
}

#[test]
fn buffers_of_no_bytes_or_the_wrong_direction_come_back() {
    let wire = wire(usize::MAX);
    let mut guest = Guest::new(&wire);
    wire.input.borrow_mut().extend(b"a");
    guest.send(0, 0, 2);
    guest.send(0, 8, 0);
    assert_eq!((guest.used(0), wire.input.borrow().len()), (2, 1));
    guest.send(1, 8, 2);
    assert_eq!((guest.used(1), wire.output.borrow().len()), (1, 0));
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
