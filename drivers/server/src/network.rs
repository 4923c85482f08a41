//! Several clients of sDDF's network queues share one wire, and reach each other.
//!
//! Each client has an Ethernet address. A frame to it goes to this client, one to a group to
//! everybody, and any other to the wire. A client without free buffers loses frames, as on a wire.

mod client;

use heapless::Vec;
use vmm_config::Driver;
use vmm_memory::RamSlice;
use vmm_sddf::network::Mac;

use crate::{ClientError, Dropped, MAX_CLIENTS, Regions};
use client::Client;

/// Frames that are taken of each client, and of the wire, in a turn.
const MAX_FRAMES: usize = 32;
/// Bytes of the shortest thing that is a frame: two addresses and a type.
const MIN_FRAME: u64 = 14;

/// What carries frames to and from the outside. Frames are Ethernet frames without the frame
/// check sequence.
pub trait Wire {
    /// Takes a frame. `false`: there is no room; an interrupt tells when there is.
    fn send(&mut self, frame: &RamSlice<'_>) -> bool;

    /// The next frame that has arrived. It stays the next until it is dropped.
    fn next_frame(&mut self) -> Option<RamSlice<'_>>;

    /// The next frame is done with.
    fn drop_frame(&mut self);

    /// Lets the device know of what was sent and dropped since.
    fn publish(&mut self);
}

/// The switch between clients and wire.
#[derive(Debug)]
pub struct Server<'r, W> {
    wire: W,
    clients: Vec<Client<'r>, MAX_CLIENTS>,
    /// Who is served first next time.
    first: usize,
}

impl<'r, W: Wire> Server<'r, W> {
    /// Serves the clients of `driver`; their buffers for reception are free then.
    ///
    /// # Errors
    /// [`ClientError`]: the tables are not those of such clients.
    pub fn new(wire: W, driver: &Driver, regions: &'r Regions) -> Result<Self, ClientError> {
        let mut clients = Vec::<Client<'r>, MAX_CLIENTS>::new();
        for client in driver.clients {
            let client = Client::new(client, regions)?;
            if clients.iter().any(|other| other.mac() == client.mac()) {
                return Err(ClientError::Parameter("mac"));
            }
            clients.push(client).map_err(|_| ClientError::TooMany)?;
        }
        Ok(Self {
            wire,
            clients,
            first: 0,
        })
    }

    /// The wire.
    pub const fn wire_mut(&mut self) -> &mut W {
        &mut self.wire
    }

    /// Serves wire and clients once, and calls `notify` with the channels of clients that wait
    /// for what was done. `true`: there may be more to do.
    pub fn serve(&mut self, mut notify: impl FnMut(u8)) -> bool {
        let mut worked = self.receive();
        let count = self.clients.len();
        for step in 0..count {
            let turn = self.first.saturating_add(step);
            worked |= self.switch(turn.checked_rem(count).unwrap_or(0));
        }
        self.first = self.first.wrapping_add(1);
        self.wire.publish();
        for client in &mut self.clients {
            if client.should_notify() {
                notify(client.channel());
            }
        }
        worked
    }

    /// A client that has broken a rule since this was last asked.
    pub fn take_dropped(&mut self) -> Option<Dropped> {
        self.clients.iter_mut().find_map(Client::take_dropped)
    }

    /// Frames from the wire to the clients.
    fn receive(&mut self) -> bool {
        for count in 0..MAX_FRAMES {
            let Some(frame) = self.wire.next_frame() else {
                return count != 0;
            };
            if let Some(target) = target_of(&frame) {
                deliver(&mut self.clients, None, target, &frame);
            }
            self.wire.drop_frame();
        }
        true
    }

    /// Frames of a client to the wire and to the others.
    fn switch(&mut self, index: usize) -> bool {
        for count in 0..MAX_FRAMES {
            let frame = self.clients.get_mut(index).and_then(Client::next_frame);
            let Some(frame) = frame else {
                return count != 0;
            };
            let target = target_of(&frame);
            let outside = target.is_some_and(|target| {
                target.is_multicast() || !self.clients.iter().any(|client| client.mac() == target)
            });
            if outside && !self.wire.send(&frame) {
                return count != 0;
            }
            if let Some(target) = target {
                deliver(&mut self.clients, Some(index), target, &frame);
            }
            if let Some(client) = self.clients.get_mut(index) {
                client.drop_frame();
            }
        }
        true
    }
}

/// Whom a frame is for; `None` when it is no frame.
fn target_of(frame: &RamSlice<'_>) -> Option<Mac> {
    if frame.size() < MIN_FRAME {
        return None;
    }
    frame.read_array(0).map(Mac)
}

/// Gives a frame to every client that it is for, but not to the one that has sent it.
fn deliver(clients: &mut [Client<'_>], sender: Option<usize>, target: Mac, frame: &RamSlice<'_>) {
    for (index, client) in clients.iter_mut().enumerate() {
        if Some(index) != sender && (target.is_multicast() || client.mac() == target) {
            client.receive(frame);
        }
    }
}

#[cfg(test)]
mod tests;
