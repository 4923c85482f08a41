//! A driver of the PL011 UART: several VMMs share one console.
//!
//! The server of sDDF's serial queues and the driver are one protection domain.
#![no_std]
#![no_main]

mod hardware;
mod pl011;

use driver_server::{ClientError, serial::Server};
use sel4_microkit::{Channel, ChannelSet, Handler, Infallible, debug_println, protection_domain};
use vmm_config::Driver;

/// The table that sysgen wrote from the system XML.
mod tables {
    include!(env!("DRIVER_TABLES"));
}
use tables::DRIVER;

struct Serial {
    server: Server<'static, pl011::Pl011>,
    interrupt: Option<Channel>,
}

impl Handler for Serial {
    type Error = Infallible;

    /// The device has something to tell, or clients have.
    fn notified(&mut self, channels: ChannelSet) -> Result<(), Infallible> {
        let interrupt = self.interrupt.filter(|&channel| channels.contains(channel));
        if interrupt.is_some() {
            self.server.uart_mut().acknowledge();
        }
        self.serve();
        if let Some(channel) = interrupt {
            // The kernel refuses only what is no interrupt.
            let _ = channel.irq_ack();
        }
        Ok(())
    }
}

impl Serial {
    fn serve(&mut self) {
        // Ends: each turn empties queues, and no client of a lower priority fills them meanwhile.
        while self.server.serve(notify) {}
        while let Some(dropped) = self.server.take_dropped() {
            debug_println!("serial: {} breaks the rules of its queues", dropped.0);
        }
    }
}

fn notify(channel: u8) {
    Channel::new(channel.into()).notify();
}

#[protection_domain(stack_size = 0x20000)]
fn init() -> Serial {
    start(&DRIVER).unwrap_or_else(|error| panic!("{error}"))
}

fn start(driver: &'static Driver) -> Result<Serial, ClientError> {
    let (uart, regions) = hardware::find(driver)?;
    let mut serial = Serial {
        server: Server::new(uart, driver, regions)?,
        interrupt: driver.interrupt.map(|channel| Channel::new(channel.into())),
    };
    serial.serve();
    Ok(serial)
}
