//! Several clients share one generator of random bytes.
//!
//! Each has a serial queue of sDDF that is kept full. No byte is given out twice.

use heapless::Vec;
use vmm_config::{Driver, DriverClient};
use vmm_sddf::serial::SerialProducer;

use crate::{ClientError, Dropped, MAX_CLIENTS, Regions};

/// Bytes that are taken of the generator at a time.
const POOL_BYTES: usize = 256;
/// Bytes that a client is given in a turn.
const SHARE: usize = 64;

/// What makes random bytes, in the background.
pub trait Generator {
    /// Takes what was made, so that it is nowhere else any more; gives the number of bytes.
    /// Without any, an interrupt tells when there are some.
    fn take(&mut self, bytes: &mut [u8]) -> usize;
}

#[derive(Debug)]
struct Client<'r> {
    name: &'static str,
    channel: u8,
    queue: SerialProducer<'r>,
    failed: bool,
    /// `failed` was told.
    told: bool,
}

impl<'r> Client<'r> {
    fn new(client: &DriverClient, regions: &'r Regions) -> Result<Self, ClientError> {
        let [queue, data] = regions.of_client(client)?;
        Ok(Self {
            name: client.name,
            channel: client.channel,
            queue: SerialProducer::new(queue, data)?,
            failed: false,
            told: false,
        })
    }

    /// Gives the client as many of `bytes` as it has room for. One without room notifies when it
    /// has some.
    fn give(&mut self, bytes: &[u8]) -> usize {
        if self.failed {
            return 0;
        }
        let given = self.queue.send(bytes);
        self.failed = given.is_err();
        given.unwrap_or(0)
    }
}

/// The server of a generator.
#[derive(Debug)]
pub struct Server<'r, G> {
    generator: G,
    clients: Vec<Client<'r>, MAX_CLIENTS>,
    /// Bytes that nobody was given yet.
    pool: Vec<u8, POOL_BYTES>,
}

impl<'r, G: Generator> Server<'r, G> {
    /// Serves the clients of `driver`.
    ///
    /// # Errors
    /// [`ClientError`]: the tables are not those of such clients.
    pub fn new(generator: G, driver: &Driver, regions: &'r Regions) -> Result<Self, ClientError> {
        let mut clients = Vec::new();
        for client in driver.clients {
            let client = Client::new(client, regions)?;
            clients.push(client).map_err(|_| ClientError::TooMany)?;
        }
        Ok(Self {
            generator,
            clients,
            pool: Vec::new(),
        })
    }

    /// The generator.
    pub const fn generator_mut(&mut self) -> &mut G {
        &mut self.generator
    }

    /// Gives every client its share once, and calls `notify` with the channels of those that
    /// got something. `true`: there may be more to do.
    pub fn serve(&mut self, mut notify: impl FnMut(u8)) -> bool {
        let mut worked = false;
        for client in &mut self.clients {
            if self.pool.is_empty() {
                refill(&mut self.pool, &mut self.generator);
            }
            let start = self.pool.len().saturating_sub(SHARE);
            let share = self.pool.get_mut(start..).unwrap_or_default();
            if share.is_empty() {
                return worked;
            }
            let given = client.give(share);
            // Rather forgotten than given to somebody else: the client may know them.
            if given != 0 {
                share.fill(0);
                self.pool.truncate(start);
                notify(client.channel);
                worked = true;
            }
        }
        worked
    }

    /// A client that has broken a rule since this was last asked.
    pub fn take_dropped(&mut self) -> Option<Dropped> {
        self.clients.iter_mut().find_map(|client| {
            let new = client.failed && !client.told;
            client.told = client.failed;
            new.then_some(Dropped(client.name))
        })
    }
}

fn refill(pool: &mut Vec<u8, POOL_BYTES>, generator: &mut impl Generator) {
    let mut bytes = [0; POOL_BYTES];
    let taken = generator.take(&mut bytes).min(POOL_BYTES);
    // The pool is empty.
    let _ = pool.extend_from_slice(bytes.get(..taken).unwrap_or_default());
    bytes.fill(0);
}

#[cfg(test)]
mod tests;
