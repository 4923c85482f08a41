//! A network device of ours, with the test as its wire, behind driver and server.

use std::{cell::RefCell, collections::VecDeque, rc::Rc};

use driver_server::network::{Server, Wire};
use driver_virtio::network::VirtioWire;
use vmm_config::{Driver, DriverClient, Window};
use vmm_device::Effects;
use vmm_memory::RamSlice;
use vmm_sddf::network::{BUFFER_BYTES, Buffer, BufferConsumer, BufferProducer, Mac};
use vmm_virtio::{
    network::{Network, Port},
    queue::Reader,
    transport::mmio::Mmio,
};

use crate::{
    board::{Registers, memory, region},
    system::{self, Own},
};

/// What the test sees of the wire.
#[derive(Default)]
struct Outside {
    sent: Vec<Vec<u8>>,
    /// The device takes no frame.
    stuck: bool,
    arriving: VecDeque<Vec<u8>>,
}

struct TestPort {
    outside: Rc<RefCell<Outside>>,
    buffer: RamSlice<'static>,
}

impl Port for TestPort {
    fn send(&mut self, mut frame: Reader<'_, '_>, _effects: &mut Effects) -> bool {
        let mut outside = self.outside.borrow_mut();
        if outside.stuck {
            return false;
        }
        let mut bytes = vec![0; frame.remaining() as usize];
        frame.read(&mut bytes);
        outside.sent.push(bytes);
        true
    }

    fn next_frame(&mut self, _effects: &mut Effects) -> Option<RamSlice<'_>> {
        let outside = self.outside.borrow();
        let frame = outside.arriving.front()?;
        self.buffer.write(0, frame).unwrap();
        self.buffer.part(0, frame.len() as u64)
    }

    fn drop_frame(&mut self, _effects: &mut Effects) {
        self.outside.borrow_mut().arriving.pop_front();
    }
}

type Device = Mmio<'static, Network<'static, TestPort>, 3>;

const CAPACITY: u32 = 256;
const MAC: u64 = 0x5254_0000_0001;
const OUTSIDE: u64 = 0x5254_0000_00ff;

struct System {
    registers: Registers<Device>,
    server: Server<'static, VirtioWire<'static, Own, Registers<Device>>>,
    outside: Rc<RefCell<Outside>>,
    free: BufferConsumer<'static>,
    sent: BufferProducer<'static>,
    send_data: RamSlice<'static>,
    received: BufferConsumer<'static>,
    received_free: BufferProducer<'static>,
    data: RamSlice<'static>,
}

fn system() -> System {
    let data = u64::from(CAPACITY) * BUFFER_BYTES;
    let clients: &'static [DriverClient] = vec![system::client(
        1,
        &[0x2000, 0x2000, data, 0x2000, 0x2000, data],
        &[("mac", MAC), ("capacity", CAPACITY.into())],
    )]
    .leak();
    let (regions, buffers) = system::memory(clients);
    let outside = Rc::new(RefCell::new(Outside::default()));
    let port = TestPort {
        outside: Rc::clone(&outside),
        buffer: region(BUFFER_BYTES as usize),
    };
    // The device has the client's address, or it would keep what is for the client.
    let device = Network::new(memory(), port, Mac::from_number(MAC).unwrap(), 1500);
    let registers = Registers::new(Mmio::new(memory(), device));
    let driver = Driver {
        registers: Window {
            vmm_address: 0,
            size: 0,
        },
        dma: None,
        interrupt: None,
        clients,
    };
    let wire = VirtioWire::new(registers.clone(), buffers).unwrap();
    let server = Server::new(wire, &driver, regions).unwrap();
    let [free, sent, send_data, received_free, received, data] =
        system::of_client(regions, &clients[0]);
    BufferProducer::new(free, CAPACITY)
        .unwrap()
        .fill(CAPACITY)
        .unwrap();
    System {
        registers,
        server,
        outside,
        free: BufferConsumer::new(free, CAPACITY).unwrap(),
        sent: BufferProducer::new(sent, CAPACITY).unwrap(),
        send_data,
        received: BufferConsumer::new(received, CAPACITY).unwrap(),
        received_free: BufferProducer::following(received_free, CAPACITY).unwrap(),
        data,
    }
}

fn frame(to: u64, content: u8, length: usize) -> Vec<u8> {
    let mut bytes = to.to_be_bytes()[2..].to_vec();
    bytes.resize(length, content);
    bytes
}

impl System {
    fn send(&mut self, frame: &[u8]) {
        let buffer = self.free.pop().unwrap().expect("a free buffer");
        self.send_data.write(buffer.offset, frame).unwrap();
        let length = frame.len() as u16;
        assert_eq!(self.sent.push(Buffer { length, ..buffer }), Ok(true));
    }

    fn run(&mut self) {
        while self.server.serve(|channel| assert_eq!(channel, 1)) {}
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
            assert_eq!(self.received_free.push(free), Ok(true));
        }
        frames
    }
}

#[test]
fn frames_go_out_as_they_are() {
    let mut system = system();
    let frames: Vec<_> = (14..300).map(|length| frame(OUTSIDE, 7, length)).collect();
    for part in frames.chunks(100) {
        for frame in part {
            system.send(frame);
        }
        system.run();
    }
    assert_eq!(system.outside.borrow().sent, frames);
}

#[test]
fn frames_come_in_as_they_are() {
    let mut system = system();
    let frames: Vec<_> = (0..300).map(|at| frame(MAC, at as u8, 60 + at)).collect();
    let mut received = Vec::new();
    for part in frames.chunks(40) {
        system.outside.borrow_mut().arriving.extend(part.to_vec());
        system.registers.signal();
        system.run();
        received.extend(system.receive());
    }
    assert_eq!(received, frames);
}

#[test]
fn a_device_that_takes_no_frame_is_waited_for_by_interrupt() {
    let mut system = system();
    system.outside.borrow_mut().stuck = true;
    let frames: Vec<_> = (0..150).map(|at| frame(OUTSIDE, at, 60)).collect();
    for frame in &frames {
        system.send(frame);
    }
    system.run();
    system.server.wire_mut().acknowledge();
    system.outside.borrow_mut().stuck = false;
    system.registers.signal();
    let mut interrupts = 0;
    while system.registers.interrupts() {
        interrupts += 1;
        system.server.wire_mut().acknowledge();
        system.run();
        system.registers.signal();
    }
    assert!(interrupts != 0, "it said when there was room");
    assert_eq!(system.outside.borrow().sent, frames);
}

#[test]
fn without_need_the_device_does_not_interrupt_for_what_it_sent() {
    let mut system = system();
    system.send(&frame(OUTSIDE, 1, 60));
    system.run();
    assert_eq!(system.outside.borrow().sent.len(), 1);
    assert!(!system.registers.interrupts());
    assert!(system.server.wire_mut().next_frame().is_none());
}
