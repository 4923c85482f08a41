//! An entropy device of ours behind driver and server.

use driver_server::entropy::Server;
use driver_virtio::entropy::VirtioGenerator;
use vmm_config::{Driver, DriverClient, Window};
use vmm_device::Effects;
use vmm_sddf::serial::SerialConsumer;
use vmm_virtio::{
    entropy::{Entropy, Source},
    transport::mmio::Mmio,
};

use crate::{
    board::{Registers, memory},
    system::{self, Own},
};

/// Counts, and has nothing at first.
struct Counter {
    next: u8,
    empty: bool,
}

impl Source for Counter {
    fn fill(&mut self, bytes: &mut [u8], _effects: &mut Effects) -> usize {
        if std::mem::take(&mut self.empty) {
            return 0;
        }
        for byte in &mut *bytes {
            self.next = self.next.wrapping_add(1);
            *byte = self.next;
        }
        bytes.len()
    }
}

#[test]
fn bytes_of_the_device_go_to_the_client_once() {
    let clients: &'static [DriverClient] = vec![system::client(1, &[0x1000, 0x400], &[])].leak();
    let (regions, buffers) = system::memory(clients);
    let source = Counter {
        next: 0,
        empty: true,
    };
    let registers = Registers::new(Mmio::new(memory(), Entropy::new(memory(), source)));
    let driver = Driver {
        registers: Window {
            vmm_address: 0,
            size: 0,
        },
        dma: None,
        interrupt: None,
        clients,
    };
    let generator = VirtioGenerator::<Own, Registers<_>>::new(registers.clone(), buffers).unwrap();
    let mut server = Server::new(generator, &driver, regions).unwrap();
    let [queue, data] = system::of_client(regions, &clients[0]);
    let mut client = SerialConsumer::new(queue, data).unwrap();
    assert!(!server.serve(|_| {}), "nothing is made yet");
    registers.signal();
    assert!(registers.interrupts());
    server.generator_mut().acknowledge();
    let mut received = Vec::new();
    for _ in 0..10 {
        while server.serve(|channel| assert_eq!(channel, 1)) {}
        let mut bytes = [0; 0x400];
        assert_eq!(client.receive(&mut bytes), Ok(0x400));
        received.extend(bytes);
    }
    // In runs of 64 from the end of each buffer of 256.
    for buffer in received.chunks(256) {
        let mut values = buffer.to_vec();
        values.sort_unstable();
        assert_eq!(values, (0..=255).collect::<Vec<u8>>());
    }
}
