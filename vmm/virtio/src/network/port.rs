//! The contract between a network device and what carries its frames.
//!
//! A port never waits. Frames are Ethernet frames without the frame check sequence.

use vmm_device::Effects;
use vmm_memory::RamSlice;

use crate::queue::Reader;

/// What carries the frames of a network device.
pub trait Port {
    /// Is the other end there?
    fn is_up(&self) -> bool {
        true
    }

    /// Takes a frame of the guest. `false`: there is no room; the device tries the same frame
    /// again when its channel is next signalled.
    fn send(&mut self, frame: Reader<'_, '_>, effects: &mut Effects) -> bool;

    /// The next frame for the guest. It stays the next until it is dropped.
    fn next_frame(&mut self, effects: &mut Effects) -> Option<RamSlice<'_>>;

    /// The next frame was handed over, or is not wanted.
    fn drop_frame(&mut self, effects: &mut Effects);
}
