//! A driver of virtio network devices: several VMMs share one, and reach each other.
//!
//! The server of sDDF's network queues, the switch between clients, and the driver are one
//! protection domain.
#![no_std]
#![no_main]

mod hardware;

use driver_server::network::Server;
use sel4_microkit::{Channel, ChannelSet, Handler, Infallible, debug_println, protection_domain};
use vmm_config::Driver;

/// The table that sysgen wrote from the system XML.
mod tables {
    include!(env!("DRIVER_TABLES"));
}
use tables::DRIVER;

struct Network {
    server: Server<'static, hardware::Wire>,
    interrupt: Option<Channel>,
}

impl Handler for Network {
    type Error = Infallible;

    /// The device has something to tell, or clients have.
    fn notified(&mut self, channels: ChannelSet) -> Result<(), Infallible> {
        let interrupt = self.interrupt.filter(|&channel| channels.contains(channel));
        if interrupt.is_some() {
            self.server.wire_mut().acknowledge();
        }
        self.serve();
        if let Some(channel) = interrupt {
            // The kernel refuses only what is no interrupt.
            let _ = channel.irq_ack();
        }
        Ok(())
    }
}

impl Network {
    fn serve(&mut self) {
        // Ends: each turn empties queues, and no client of a lower priority fills them meanwhile.
        while self.server.serve(notify) {}
        while let Some(dropped) = self.server.take_dropped() {
            debug_println!("network: {} breaks the rules of its queues", dropped.0);
        }
    }
}

fn notify(channel: u8) {
    Channel::new(channel.into()).notify();
}

#[protection_domain(stack_size = 0x20000)]
fn init() -> Network {
    start(&DRIVER).unwrap_or_else(|error| panic!("{error}"))
}

fn start(driver: &'static Driver) -> Result<Network, driver_virtio::DeviceError> {
    let (wire, regions) = hardware::find(driver)?;
    let server = Server::new(wire, driver, regions)?;
    let mut network = Network {
        server,
        interrupt: driver.interrupt.map(|channel| Channel::new(channel.into())),
    };
    network.serve();
    Ok(network)
}
