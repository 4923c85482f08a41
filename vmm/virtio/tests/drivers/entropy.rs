use virtio_drivers::device::rng::VirtIORng;
use vmm_virtio::{
    entropy::{Entropy, MAX_REQUEST, Source},
    transport::mmio::Mmio,
};

use crate::board::{Bounce, Bus, Registers, memory};

/// Counts, so that the test can tell that each byte is from here.
struct Counter(u8);

impl Source for Counter {
    fn fill(&mut self, bytes: &mut [u8]) {
        for byte in bytes {
            self.0 = self.0.wrapping_add(1);
            *byte = self.0;
        }
    }
}

fn device() -> Mmio<'static, Entropy<'static, Counter>, 1> {
    Mmio::new(memory(), Entropy::new(memory(), Counter(0)))
}

#[test]
fn bytes_come_from_the_source() {
    let mut driver = VirtIORng::<Bounce, _>::new(Registers::new(device())).unwrap();
    let mut next = 1_u8;
    for length in [1, 7, 64, 100, 1] {
        let mut bytes = vec![0; length];
        assert_eq!(driver.request_entropy(&mut bytes), Ok(length));
        for byte in bytes {
            assert_eq!(byte, next);
            next = next.wrapping_add(1);
        }
        driver.ack_interrupt();
    }
}

#[test]
fn a_large_request_gets_a_part() {
    let mut driver = VirtIORng::<Bounce, _>::new(Registers::new(device())).unwrap();
    let mut bytes = vec![0; 3 * MAX_REQUEST];
    assert_eq!(driver.request_entropy(&mut bytes), Ok(MAX_REQUEST));
    assert_eq!(bytes[MAX_REQUEST], 0);
}

#[test]
fn the_device_has_no_configuration_space() {
    let mut bus = Bus::new(device());
    assert_eq!(bus.word(0x100), 0);
    bus.set_word(0x100, u32::MAX);
    assert_eq!(bus.word(0x1fc), 0);
}
