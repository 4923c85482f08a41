//! A driver of virtio entropy devices: several VMMs share one.
//!
//! Each has a serial queue of sDDF that is kept full of random bytes.
#![no_std]
#![no_main]

mod hardware;

use driver_server::entropy::Server;
use sel4_microkit::{Channel, ChannelSet, Handler, Infallible, debug_println, protection_domain};
use vmm_config::Driver;

/// The table that sysgen wrote from the system XML.
mod tables {
    include!(env!("DRIVER_TABLES"));
}
use tables::DRIVER;

struct Entropy {
    server: Server<'static, hardware::Generator>,
    interrupt: Option<Channel>,
}

impl Handler for Entropy {
    type Error = Infallible;

    /// The device has something to tell, or clients have.
    fn notified(&mut self, channels: ChannelSet) -> Result<(), Infallible> {
        let interrupt = self.interrupt.filter(|&channel| channels.contains(channel));
        if interrupt.is_some() {
            self.server.generator_mut().acknowledge();
        }
        self.serve();
        if let Some(channel) = interrupt {
            // The kernel refuses only what is no interrupt.
            let _ = channel.irq_ack();
        }
        Ok(())
    }
}

impl Entropy {
    fn serve(&mut self) {
        // Ends: each turn empties queues, and no client of a lower priority fills them meanwhile.
        while self.server.serve(notify) {}
        while let Some(dropped) = self.server.take_dropped() {
            debug_println!("entropy: {} breaks the rules of its queues", dropped.0);
        }
    }
}

fn notify(channel: u8) {
    Channel::new(channel.into()).notify();
}

#[protection_domain(stack_size = 0x20000)]
fn init() -> Entropy {
    start(&DRIVER).unwrap_or_else(|error| panic!("{error}"))
}

fn start(driver: &'static Driver) -> Result<Entropy, driver_virtio::DeviceError> {
    let (generator, regions) = hardware::find(driver)?;
    let server = Server::new(generator, driver, regions)?;
    let mut entropy = Entropy {
        server,
        interrupt: driver.interrupt.map(|channel| Channel::new(channel.into())),
    };
    entropy.serve();
    Ok(entropy)
}
