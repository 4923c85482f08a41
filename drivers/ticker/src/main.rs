//! A clock without any timer hardware: it wakes VMMs whose guests sleep.
//!
//! The budget of this protection domain's scheduling context is below its period, so whoever
//! yields runs again exactly one period later (seL4 16 manual 6.1.4). While a VMM has a request,
//! this domain looks at the counter once in each period and signals the VMMs whose time has come;
//! without requests it waits until a VMM signals that there is one. It needs no device and no
//! interrupt, and nothing that a guest can reach.
#![no_std]
#![no_main]

mod hardware;

use sel4_microkit::{Channel, ChannelSet, Handler, Infallible, protection_domain};
use vmm_config::NO_REQUEST;

/// The table that sysgen wrote from the system XML.
mod tables {
    include!(env!("TICKER_TABLES"));
}
use tables::CLIENTS;

struct Ticker;

impl Handler for Ticker {
    type Error = Infallible;

    /// A VMM has a request; stays here until there is none any more.
    fn notified(&mut self, _: ChannelSet) -> Result<(), Infallible> {
        while tick() {
            sel4::r#yield();
        }
        Ok(())
    }
}

/// Signals every client whose time has come, at every tick until it takes its request back.
/// Is there a request?
fn tick() -> bool {
    let now = hardware::now();
    let mut requests = CLIENTS
        .iter()
        .map(|client| (client, hardware::request(client)))
        .filter(|(_, request)| *request != NO_REQUEST)
        .peekable();
    let any = requests.peek().is_some();
    for (client, _) in requests.filter(|(_, request)| *request <= now) {
        Channel::new(client.channel.into()).notify();
    }
    any
}

#[protection_domain]
fn init() -> Ticker {
    Ticker
}
