//! A guest that breaks the rules of virtio, at every queue of every device that it finds. After
//! each attack the device must work again once it is reset.
#![no_std]
#![no_main]

mod chains;
mod device;
mod setup;

use bare_metal::check::{Outcome, Report, expect};
use device::Device;

/// What is done to a queue, with its name.
type Attack = (&'static str, fn(Device));

bare_metal::entry!(main);

fn main(_dtb: u64) {
    bare_metal::gic::init();
    let mut report = Report::default();
    report.add("virtio-found", found());
    for attacks in [setup::ATTACKS, chains::ATTACKS] {
        for (name, attack) in attacks {
            report.add(name, everywhere(*attack));
        }
    }
    report.close();
}

/// A disk and a source of entropy are there: their requests are what is tried after an attack.
fn found() -> Outcome {
    for id in [device::BLOCK, device::ENTROPY] {
        let is_there = device::queues().any(|device| device.id() == id);
        expect("a disk and an entropy device", true, is_there)?;
    }
    Ok(())
}

fn everywhere(attack: fn(Device)) -> Outcome {
    for device in device::queues() {
        attack(device);
        device.recovers()?;
    }
    Ok(())
}
