use virtio_drivers::device::rng::VirtIORng;
use vmm_device::{Channel, Effects};
use vmm_sddf::serial::{SerialConsumer, SerialProducer};
use vmm_virtio::{
    entropy::{Entropy, MAX_REQUEST, SddfSource, Source},
    transport::mmio::Mmio,
};

use crate::{
    board::{Bounce, Bus, Registers, memory, region},
    raw::{BUFFERS, Raw, WRITE},
};

/// Counts, so that the test can tell that each byte is from here.
struct Counter(u8);

impl Source for Counter {
    fn fill(&mut self, bytes: &mut [u8], _effects: &mut Effects) -> usize {
        for byte in &mut *bytes {
            self.0 = self.0.wrapping_add(1);
            *byte = self.0;
        }
        bytes.len()
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

#[test]
fn a_request_waits_for_bytes() {
    let (queue, data) = (region(0x1000), region(0x40));
    let source = SddfSource::new(SerialConsumer::new(queue, data).unwrap(), Channel(0));
    let device = Mmio::new(memory(), Entropy::new(memory(), source));
    let mut guest = Raw::new(device, 1, 0);
    guest.send(0, 0, &[(BUFFERS, 16, WRITE)]);
    guest.send(0, 1, &[(BUFFERS + 0x100, 16, WRITE)]);
    guest.send(0, 2, &[(BUFFERS + 0x200, 16, 0)]);
    assert_eq!(guest.used(0), None);
    let mut producer = SerialProducer::new(queue, data).unwrap();
    assert_eq!(producer.send(&[0x5a; 20]), Ok(20));
    guest.bus.signal();
    assert_eq!(guest.used(0), Some((0, 16)));
    assert_eq!(guest.used(0), Some((1, 4)), "what there was");
    assert_eq!(guest.used(0), Some((2, 0)), "there is no room");
    let word = memory().read_u64(vmm_arch::Gpa(BUFFERS + 0x100));
    assert_eq!(word, Ok(0x5a5a_5a5a));
    guest.start(0);
    guest.send(0, 0, &[(BUFFERS, 16, WRITE)]);
    guest.start(0);
    producer.send(&[1; 16]).unwrap();
    guest.bus.signal();
    assert_eq!(guest.used(0), None, "a request of before the reset");
    queue.write_u32(0, 0x1000).unwrap();
    guest.send(0, 0, &[(BUFFERS, 16, WRITE)]);
    assert!(guest.bus.device.model().source().failed().is_some());
    assert!(!guest.is_broken());
}
