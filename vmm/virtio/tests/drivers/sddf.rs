//! Devices in front of sDDF queues, with the server's role of the same queues at the other end.

use virtio_drivers::device::console::VirtIOConsole;
use vmm_arch::Gpa;
use vmm_device::Channel;
use vmm_memory::RamSlice;
use vmm_sddf::{
    network::{Buffer, BufferConsumer, BufferProducer},
    serial::{SerialConsumer, SerialProducer},
};
use vmm_virtio::{
    console::{Console, SddfTerminal, TerminalSize},
    network::{Mac, Network, SddfPort, SddfQueues},
    transport::mmio::Mmio,
};

use crate::{
    board::{Bounce, Registers, memory, region},
    raw::{BUFFERS, Raw, WRITE},
};

const SIZE: TerminalSize = TerminalSize {
    columns: 80,
    rows: 25,
};

/// The server's ends of the serial queues, and the regions of the indices.
struct Serial {
    output: SerialConsumer<'static>,
    input: SerialProducer<'static>,
    output_queue: RamSlice<'static>,
}

fn serial() -> (SddfTerminal<'static>, Serial) {
    let (output_queue, output_data) = (region(0x1000), region(0x100));
    let (input_queue, input_data) = (region(0x1000), region(0x100));
    let terminal = SddfTerminal::new(
        (
            SerialProducer::new(output_queue, output_data).unwrap(),
            Channel(0),
        ),
        (
            SerialConsumer::new(input_queue, input_data).unwrap(),
            Channel(1),
        ),
    );
    let server = Serial {
        output: SerialConsumer::new(output_queue, output_data).unwrap(),
        input: SerialProducer::new(input_queue, input_data).unwrap(),
        output_queue,
    };
    (terminal, server)
}

#[test]
fn a_console_over_serial_queues() {
    let (terminal, mut server) = serial();
    let device = Mmio::new(memory(), Console::new(memory(), terminal, SIZE));
    let registers = Registers::new(device);
    let mut console = VirtIOConsole::<Bounce, _>::new(registers.clone()).unwrap();
    console.send_bytes(b"to the server").unwrap();
    assert_eq!(registers.take_notified(), [Channel(0)]);
    let mut bytes = [0; 32];
    assert_eq!(server.output.receive(&mut bytes), Ok(13));
    assert_eq!(&bytes[..13], b"to the server");
    server.input.send(b"ok").unwrap();
    registers.signal();
    assert_eq!(console.recv(true), Ok(Some(b'o')));
    assert_eq!(console.recv(true), Ok(Some(b'k')));
}

#[test]
fn a_guest_that_writes_more_than_the_queue_holds_waits() {
    let (terminal, mut server) = serial();
    let device = Mmio::new(memory(), Console::new(memory(), terminal, SIZE));
    let mut guest = Raw::new(device, 2, 0);
    guest.send(1, 0, &[(BUFFERS, 0x180, 0)]);
    assert_eq!(guest.used(1), None);
    let mut bytes = [0; 0x100];
    assert_eq!(server.output.receive(&mut bytes), Ok(0x100));
    assert!(server.output.should_notify(), "the client asked for it");
    guest.bus.signal();
    assert_eq!(guest.used(1), Some((0, 0)));
    assert_eq!(server.output.receive(&mut bytes), Ok(0x80));
}

#[test]
fn a_server_that_lies_is_cut_off() {
    let (terminal, server) = serial();
    let device = Mmio::new(memory(), Console::new(memory(), terminal, SIZE));
    let mut guest = Raw::new(device, 2, 0);
    server.output_queue.write_u32(4, 0x8000).unwrap();
    guest.send(1, 0, &[(BUFFERS, 0x180, 0)]);
    assert_eq!(guest.used(1), Some((0, 0)), "the guest goes on");
    assert!(guest.bus.device.model().terminal().failed().is_some());
    assert!(!guest.is_broken());
}

/// The virtualisers' ends of the network queues.
struct Virtualisers {
    send_free: BufferProducer<'static>,
    send_active: BufferConsumer<'static>,
    send_data: RamSlice<'static>,
    receive_free: BufferConsumer<'static>,
    receive_active: BufferProducer<'static>,
    receive_data: RamSlice<'static>,
}

const CAPACITY: u32 = 4;
const MAC: [u8; 6] = [2, 0, 0, 0, 0, 1];

fn queues(channel: u8) -> SddfQueues<'static> {
    SddfQueues {
        free: region(0x1000),
        active: region(0x1000),
        data: region(0x2000),
        capacity: CAPACITY,
        channel: Channel(channel),
    }
}

fn network() -> (
    Raw<Mmio<'static, Network<'static, SddfPort<'static>>, 3>>,
    Virtualisers,
) {
    let (send, receive) = (queues(0), queues(1));
    let port = SddfPort::new(memory(), &send, &receive).unwrap();
    let virtualisers = Virtualisers {
        send_free: BufferProducer::following(send.free, CAPACITY).unwrap(),
        send_active: BufferConsumer::new(send.active, CAPACITY).unwrap(),
        send_data: send.data,
        receive_free: BufferConsumer::new(receive.free, CAPACITY).unwrap(),
        receive_active: BufferProducer::new(receive.active, CAPACITY).unwrap(),
        receive_data: receive.data,
    };
    let device = Mmio::new(memory(), Network::new(memory(), port, Mac(MAC), 1500));
    (Raw::new(device, 3, 0), virtualisers)
}

#[test]
fn frames_over_network_queues() {
    let (mut guest, mut peer) = network();
    let frame: Vec<u8> = (0..100).collect();
    memory().write(Gpa(BUFFERS + 12), &frame).unwrap();
    for number in 0..4 {
        guest.send(1, 0, &[(BUFFERS, 50, 0), (BUFFERS + 50, 62, 0)]);
        assert_eq!(guest.used(1), Some((0, 0)));
        let buffer = peer.send_active.pop().unwrap().unwrap();
        assert_eq!(
            buffer,
            Buffer {
                offset: 0x800 * number,
                length: 100
            }
        );
        let mut bytes = vec![0; 100];
        peer.send_data.read(buffer.offset, &mut bytes).unwrap();
        assert_eq!(bytes, frame);
    }
    guest.send(1, 0, &[(BUFFERS, 112, 0)]);
    assert_eq!(guest.used(1), None, "all buffers are on their way");
    peer.send_free
        .push(Buffer {
            offset: 0x800,
            length: 0,
        })
        .unwrap();
    assert!(peer.send_free.should_notify(), "the client asked for it");
    guest.bus.signal();
    assert_eq!(guest.used(1), Some((0, 0)));
    assert_eq!(peer.send_active.pop().unwrap().unwrap().offset, 0x800);

    peer.receive_data.write(0x1000, &MAC).unwrap();
    let arrived = Buffer {
        offset: 0x1000,
        length: 64,
    };
    for strange in [
        Buffer {
            length: 0,
            ..arrived
        },
        Buffer {
            offset: 7,
            ..arrived
        },
    ] {
        peer.receive_active.push(strange).unwrap();
    }
    peer.receive_active.push(arrived).unwrap();
    guest.send(0, 0, &[(BUFFERS, 2048, WRITE)]);
    assert_eq!(guest.used(0), Some((0, 76)));
    let back: Vec<_> = std::iter::from_fn(|| peer.receive_free.pop().unwrap())
        .map(|buffer| (buffer.offset, buffer.length))
        .collect();
    assert_eq!(back, [(0x1000, 0), (7, 0), (0x1000, 0)]);
}

#[test]
fn a_virtualiser_that_lies_takes_the_link_down() {
    let (send, receive) = (queues(0), queues(1));
    let port = SddfPort::new(memory(), &send, &receive).unwrap();
    let device = Mmio::new(memory(), Network::new(memory(), port, Mac(MAC), 1500));
    let mut guest = Raw::new(device, 3, 0);
    receive.active.write_u16(0, 5).unwrap();
    guest.bus.signal();
    guest.bus.signal();
    assert_eq!(guest.bus.word(0x104) >> 16 & 1, 0, "down");
    guest.send(1, 0, &[(BUFFERS, 112, 0)]);
    assert_eq!(guest.used(1), Some((0, 0)), "the guest goes on");
    assert!(!guest.is_broken());
}
