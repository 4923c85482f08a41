//! A driver of virtio disks: several VMMs share one, each a part of it.
//!
//! The server of sDDF's block queues and the driver are one protection domain, so that a request
//! costs two switches fewer than with sDDF's virtualiser.
#![no_std]
#![no_main]

mod hardware;

use driver_server::block::Server;
use sel4_microkit::{Channel, ChannelSet, Handler, Infallible, debug_println, protection_domain};
use vmm_config::Driver;

/// The table that sysgen wrote from the system XML.
mod tables {
    include!(env!("DRIVER_TABLES"));
}
use tables::DRIVER;

struct Block {
    server: Server<'static, hardware::Disk>,
    interrupt: Option<Channel>,
}

impl Handler for Block {
    type Error = Infallible;

    /// The device has something to tell, or clients have.
    fn notified(&mut self, channels: ChannelSet) -> Result<(), Infallible> {
        let interrupt = self.interrupt.filter(|&channel| channels.contains(channel));
        if interrupt.is_some() {
            self.server.disk_mut().acknowledge();
        }
        self.serve();
        if let Some(channel) = interrupt {
            // The kernel refuses only what is no interrupt.
            let _ = channel.irq_ack();
        }
        Ok(())
    }
}

impl Block {
    fn serve(&mut self) {
        // Ends: each turn empties queues, and no client of a lower priority fills them meanwhile.
        while self.server.serve(notify) {}
        while let Some(dropped) = self.server.take_dropped() {
            debug_println!("block: {} breaks the rules of its queues", dropped.0);
        }
    }
}

fn notify(channel: u8) {
    Channel::new(channel.into()).notify();
}

#[protection_domain(stack_size = 0x20000)]
fn init() -> Block {
    start(&DRIVER).unwrap_or_else(|error| panic!("{error}"))
}

fn start(driver: &'static Driver) -> Result<Block, driver_virtio::DeviceError> {
    let (disk, regions) = hardware::find(driver)?;
    let server = Server::new(disk, driver, regions)?;
    // A client that began before cannot see otherwise that the disk is ready.
    for client in driver.clients {
        notify(client.channel);
    }
    let mut block = Block {
        server,
        interrupt: driver.interrupt.map(|channel| Channel::new(channel.into())),
    };
    block.serve();
    Ok(block)
}
