//! The console device (Virtio 1.2, 5.3), with one port.

mod sddf;

pub use sddf::SddfTerminal;

use virtio_spec::console::F;
use vmm_device::{Channel, Effects};
use zerocopy::{Immutable, IntoBytes, LittleEndian, U16, U32};

use crate::{
    Memory,
    model::{Model, copy_config},
    queue::{Broken, Chain, Queue},
};

const RECEIVE: usize = 0;
/// Bytes that are handed over at a time.
const BLOCK: usize = 128;
/// Blocks that one call moves in each direction at most; the rest waits for the next.
const MAX_BLOCKS: usize = 64;
/// Where the driver writes single characters in an emergency (`emerg_wr`).
const EMERGENCY_WRITE: u64 = 8;

/// What the console is connected to. It never waits: what has no room now is tried again when
/// the device's channel is next signalled.
pub trait Terminal {
    /// Takes bytes of the guest; gives their number, fewer than there are when it is full.
    fn write(&mut self, bytes: &[u8], effects: &mut Effects) -> usize;

    /// Gives bytes for the guest; fewer than there is room for when there are no more.
    fn read(&mut self, bytes: &mut [u8], effects: &mut Effects) -> usize;
}

/// Characters in a line, and lines.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TerminalSize {
    /// Characters in a line.
    pub columns: u16,
    /// Lines.
    pub rows: u16,
}

/// A console in front of a terminal.
#[derive(Debug)]
pub struct Console<'m, T> {
    memory: &'m Memory,
    terminal: T,
    size: TerminalSize,
    output: Held,
    input: Held,
}

/// A chain that is not done yet.
#[derive(Debug)]
struct Held {
    chain: Chain,
    /// Bytes of it that are done; `None` when there is no chain.
    done: Option<u32>,
}

impl Held {
    const NONE: Self = Self {
        chain: Chain::new(),
        done: None,
    };

    /// Is there a chain, the one at hand or the next of the queue?
    fn get(&mut self, queue: &mut Queue<'_>) -> Result<bool, Broken> {
        while self.done.is_none() {
            if queue.pop(&mut self.chain)? {
                self.done = Some(0);
            } else if !queue.request_notifications() {
                return Ok(false);
            }
        }
        Ok(true)
    }

    fn finish(&mut self, queue: &mut Queue<'_>, written: u32) {
        self.done = None;
        queue.push(self.chain.head(), written);
    }
}

impl<'m, T: Terminal> Console<'m, T> {
    /// A console for `terminal`.
    pub const fn new(memory: &'m Memory, terminal: T, size: TerminalSize) -> Self {
        Self {
            memory,
            terminal,
            size,
            output: Held::NONE,
            input: Held::NONE,
        }
    }

    /// What it is connected to.
    pub const fn terminal(&self) -> &T {
        &self.terminal
    }

    /// From the guest to the terminal.
    fn transmit(&mut self, queue: &mut Queue<'m>, effects: &mut Effects) -> Result<(), Broken> {
        let mut block = [0; BLOCK];
        for _ in 0..MAX_BLOCKS {
            if !self.output.get(queue)? {
                return Ok(());
            }
            let done = self.output.done.unwrap_or(0);
            let mut reader = self.output.chain.reader(self.memory);
            reader.skip(done);
            let length = reader.read(&mut block);
            let bytes = block.get(..length).unwrap_or_default();
            let taken = self.terminal.write(bytes, effects).min(length);
            self.output.done = Some(done.saturating_add(taken as u32));
            if taken < length {
                return Ok(());
            }
            if reader.remaining() == 0 {
                self.output.finish(queue, 0);
            }
        }
        effects.defer();
        Ok(())
    }

    /// From the terminal to the guest. What does not fit one chain goes into the next; each is
    /// returned with what there was, for the guest waits for it.
    fn receive(&mut self, queue: &mut Queue<'m>, effects: &mut Effects) -> Result<(), Broken> {
        let mut block = [0; BLOCK];
        for _ in 0..MAX_BLOCKS {
            if !self.input.get(queue)? {
                return Ok(());
            }
            let mut writer = self.input.chain.writer(self.memory);
            let room = BLOCK.min(writer.remaining() as usize);
            let part = block.get_mut(..room).unwrap_or_default();
            let length = self.terminal.read(part, effects).min(room);
            if length == 0 && room != 0 {
                return Ok(());
            }
            writer.write(part.get(..length).unwrap_or_default());
            let written = writer.written();
            self.input.finish(queue, written);
        }
        effects.defer();
        Ok(())
    }
}

/// `struct virtio_console_config`.
#[derive(Debug, IntoBytes, Immutable)]
#[repr(C)]
struct Config {
    columns: U16<LittleEndian>,
    rows: U16<LittleEndian>,
    max_ports: U32<LittleEndian>,
    emergency_write: U32<LittleEndian>,
}

impl<'m, T: Terminal> Model<'m, 2> for Console<'m, T> {
    const ID: u32 = 3;
    const SIZES: [u16; 2] = [64, 64];

    fn features(&self) -> u64 {
        (F::SIZE | F::EMERG_WRITE).bits().to_ne() as u64
    }

    fn read_config(&self, offset: u64, bytes: &mut [u8]) {
        let config = Config {
            columns: self.size.columns.into(),
            rows: self.size.rows.into(),
            max_ports: 1.into(),
            emergency_write: 0.into(),
        };
        copy_config(config.as_bytes(), offset, bytes);
    }

    /// A character that is to be seen even when the device is not set up (5.3.4).
    fn write_config(&mut self, offset: u64, bytes: &[u8], effects: &mut Effects) {
        if offset == EMERGENCY_WRITE {
            self.terminal
                .write(bytes.get(..1).unwrap_or_default(), effects);
        }
    }

    fn reset(&mut self) {
        self.output.done = None;
        self.input.done = None;
    }

    fn reset_queue(&mut self, index: u16) {
        let held = if usize::from(index) == RECEIVE {
            &mut self.input
        } else {
            &mut self.output
        };
        held.done = None;
    }

    fn notified(
        &mut self,
        index: u16,
        [receive, transmit]: &mut [Queue<'m>; 2],
        effects: &mut Effects,
    ) -> Result<(), Broken> {
        if usize::from(index) == RECEIVE {
            self.receive(receive, effects)
        } else {
            self.transmit(transmit, effects)
        }
    }

    fn signalled(
        &mut self,
        _channel: Channel,
        [receive, transmit]: &mut [Queue<'m>; 2],
        effects: &mut Effects,
    ) -> Result<(), Broken> {
        self.receive(receive, effects)?;
        self.transmit(transmit, effects)
    }
}
