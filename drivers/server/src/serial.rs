//! Several clients of sDDF's serial queues share one UART.
//!
//! With one client the bytes go through as they are. With several, each line of the output says
//! whose it is, and input goes to the client that was chosen: the control key Ctrl-\ and then a
//! digit choose one, Ctrl-\ twice sends it. Of the chosen client every byte goes out at once, of
//! the others whole lines, so that they do not tear each other's apart.

mod client;
mod keys;
mod output;

use heapless::Vec;
use vmm_config::Driver;

use crate::{ClientError, Dropped, MAX_CLIENTS, Regions};
use client::Client;
use keys::{Key, Keys};
use output::Output;

/// Bytes of input that are taken in a turn.
const MAX_INPUT: usize = 64;

/// A UART that is never waited for.
pub trait Uart {
    /// Sends a byte. `false`: there is no room.
    fn put(&mut self, byte: u8) -> bool;

    /// A byte that was received.
    fn get(&mut self) -> Option<u8>;

    /// Shall it interrupt when there is room again?
    fn interrupt_when_room(&mut self, wanted: bool);
}

/// The server of a UART.
#[derive(Debug)]
pub struct Server<'r, U> {
    uart: U,
    clients: Vec<Client<'r>, MAX_CLIENTS>,
    output: Output,
    keys: Keys,
    /// Who gets the input.
    chosen: usize,
    /// Somebody else was chosen, and nobody told so yet.
    announce: bool,
    /// Whose output is looked at first next time.
    first: usize,
}

impl<'r, U: Uart> Server<'r, U> {
    /// Serves the clients of `driver`. The first is chosen.
    ///
    /// # Errors
    /// [`ClientError`]: the tables are not those of such clients.
    pub fn new(uart: U, driver: &Driver, regions: &'r Regions) -> Result<Self, ClientError> {
        let mut clients = Vec::new();
        for client in driver.clients {
            let client = Client::new(client, regions)?;
            clients.push(client).map_err(|_| ClientError::TooMany)?;
        }
        Ok(Self {
            uart,
            clients,
            output: Output::new(),
            keys: Keys::new(),
            chosen: 0,
            announce: false,
            first: 0,
        })
    }

    /// The UART.
    pub const fn uart_mut(&mut self) -> &mut U {
        &mut self.uart
    }

    /// Serves UART and clients once, and calls `notify` with the channels of clients that have
    /// input or room. `true`: there may be more to do.
    pub fn serve(&mut self, mut notify: impl FnMut(u8)) -> bool {
        let received = self.receive();
        let sent = self.send();
        for client in &mut self.clients {
            if client.should_notify() {
                notify(client.channel());
            }
        }
        received || sent
    }

    /// A client that has broken a rule since this was last asked.
    pub fn take_dropped(&mut self) -> Option<Dropped> {
        self.clients.iter_mut().find_map(Client::take_dropped)
    }

    /// Input to the chosen client.
    fn receive(&mut self) -> bool {
        for count in 0..MAX_INPUT {
            let Some(byte) = self.uart.get() else {
                return count != 0;
            };
            let key = if self.has_several() {
                self.keys.press(byte)
            } else {
                Key::Input(byte)
            };
            match key {
                Key::Input(byte) => {
                    if let Some(client) = self.clients.get_mut(self.chosen) {
                        client.receive(byte);
                    }
                }
                Key::Choose(number) => self.choose(number),
                Key::Nothing => {}
            }
        }
        true
    }

    fn choose(&mut self, number: usize) {
        if number < self.clients.len() {
            self.chosen = number;
            self.announce = true;
        }
    }

    fn has_several(&self) -> bool {
        self.clients.len() > 1
    }

    /// Output to the UART until it has no room; it interrupts then, else there is none left.
    fn send(&mut self) -> bool {
        let mut worked = false;
        // Each step empties the buffer, and every client has its turn once.
        for _ in 0..=self.clients.len() {
            while let Some(byte) = self.output.front() {
                if !self.uart.put(byte) {
                    self.uart.interrupt_when_room(true);
                    return worked;
                }
                self.output.pop();
                worked = true;
            }
            if !self.fill() {
                self.uart.interrupt_when_room(false);
                return worked;
            }
        }
        true
    }

    /// Takes output of the next client that has some. The buffer is empty.
    fn fill(&mut self) -> bool {
        let count = self.clients.len();
        let several = self.has_several();
        if core::mem::take(&mut self.announce)
            && let Some(client) = self.clients.get(self.chosen)
        {
            self.output.announce(client.name());
            return true;
        }
        for _ in 0..count {
            let index = self.first.checked_rem(count).unwrap_or(0);
            self.first = index.saturating_add(1);
            let at_once = index == self.chosen || !several;
            let Some(client) = self.clients.get_mut(index) else {
                continue;
            };
            let length = client.collect(at_once);
            if length != 0 {
                let name = several.then(|| client.name());
                self.output.write(index, name, client.collected(length));
                client.forget(length);
                return true;
            }
        }
        false
    }
}

#[cfg(test)]
mod tests;
