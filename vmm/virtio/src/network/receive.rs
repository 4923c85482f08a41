//! Frames from the port to the guest.

use heapless::Vec;
use vmm_arch::Gpa;
use vmm_device::Effects;
use vmm_memory::RamSlice;

use super::{
    MAX_FRAMES, Mac, Network, Port,
    header::{HEADER_BYTES, Header},
};
use crate::{
    Memory,
    memory::copy_to_guest,
    queue::{Broken, Chain, Queue, Writer},
};

/// Buffers that one frame may fill.
const MAX_BUFFERS: usize = 32;

/// The buffers that a frame has filled: first descriptor, and bytes written.
type Filled = Vec<(u16, u32), MAX_BUFFERS>;

impl<'m, P: Port> Network<'m, P> {
    /// Moves frames until there are none, or no buffers, or enough were moved for one call.
    pub(super) fn receive(
        &mut self,
        queue: &mut Queue<'m>,
        effects: &mut Effects,
    ) -> Result<(), Broken> {
        let longest = u64::from(self.max_frame());
        for _ in 0..MAX_FRAMES {
            let Some(frame) = self.port.next_frame(effects) else {
                return Ok(());
            };
            let target = frame.read_array(0).map(Mac);
            if frame.size() <= longest && target.is_some_and(|target| self.filter.wants(target)) {
                let limit = if self.mergeable { MAX_BUFFERS } else { 1 };
                if !deliver(&frame, limit, &mut self.chain_in, queue, self.memory)? {
                    return Ok(());
                }
            }
            self.port.drop_frame(effects);
        }
        effects.defer();
        Ok(())
    }
}

/// Copies a frame to the next buffers of the queue; `false`, and the queue is as before, when
/// there are too few: the driver notifies when it has more. A frame for which `limit` buffers are too small is lost, as the
/// specification has it; the driver gets them back with nothing in them.
fn deliver(
    frame: &RamSlice<'_>,
    limit: usize,
    chain: &mut Chain,
    queue: &mut Queue<'_>,
    memory: &Memory,
) -> Result<bool, Broken> {
    let mut filled = Filled::new();
    let mut count = None;
    let mut done = 0;
    while filled.len() < limit && done < frame.size() {
        if !queue.pop(chain)? {
            // While none is left, so that the driver notifies of the next one.
            if queue.request_notifications() {
                continue;
            }
            for &(head, _) in filled.iter().rev() {
                queue.put_back(head);
            }
            return Ok(false);
        }
        let mut buffer = chain.writer(memory);
        if filled.is_empty() {
            count = buffer_count(&buffer);
            buffer.write_value(&Header::of_received(1));
        }
        while let Some((gpa, length)) =
            buffer.next_piece(frame.size().saturating_sub(done) as usize)
        {
            copy_to_guest(memory, gpa, length, frame, done);
            done = done.saturating_add(length as u64);
        }
        // There are fewer than `limit`.
        let _ = filled.push((chain.head(), buffer.written()));
    }
    let complete = done == frame.size() && count.is_some();
    if let Some([low, high]) = count
        && filled.len() > 1
    {
        let [low_byte, high_byte] = u16::try_from(filled.len())
            .unwrap_or(u16::MAX)
            .to_le_bytes();
        let _ = memory.write_u8(low, low_byte);
        let _ = memory.write_u8(high, high_byte);
    }
    for &(head, written) in &filled {
        queue.stage(head, if complete { written } else { 0 });
    }
    queue.publish();
    Ok(true)
}

/// Where the last field of the header lies, the number of buffers, which is known last: its two
/// bytes may be in two segments. `None` when the header does not fit.
fn buffer_count(buffer: &Writer<'_, '_>) -> Option<[Gpa; 2]> {
    let mut rest = buffer.clone();
    rest.skip((HEADER_BYTES as u32).saturating_sub(2));
    let (low, _) = rest.next_piece(1)?;
    let (high, _) = rest.next_piece(1)?;
    Some([low, high])
}
