//! What a device asks for outside of itself.
//!
//! Effects are collected while the device runs and applied in one place after it has returned.
//! They are sets and not a list, so a device cannot ask for more than there is room for.

use vmm_arch::{Gpa, VcpuId};

/// An interrupt line of a device, counted from zero in the order of the system XML; the device
/// does not know its INTID.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Line(pub u8);

/// A channel of a device, counted from zero in the order of the system XML; the device does not
/// know its number in the protection domain.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Channel(pub u8);

/// A vCPU to be started.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct VcpuStart {
    /// Which. One that runs already is left alone.
    pub vcpu: VcpuId,
    /// Where it starts, with its MMU off.
    pub entry: Gpa,
    /// X0 at the start.
    pub argument: u64,
}

/// What became of a line while a device handled one call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LineChange {
    /// The line.
    pub line: Line,
    /// It was raised at least once: an edge-triggered interrupt has arrived.
    pub raised: bool,
    /// The level it has now.
    pub high: bool,
}

/// What a device asks for: lines to raise or lower, channels to notify, a vCPU to start.
///
/// Each set has room for 32 lines and 32 channels; numbers beyond that are ignored.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Effects {
    raised: u32,
    lowered: u32,
    notified: u32,
    start: Option<VcpuStart>,
    deferred: bool,
}

impl Effects {
    /// Nothing yet.
    pub const NONE: Self = Self {
        raised: 0,
        lowered: 0,
        notified: 0,
        start: None,
        deferred: false,
    };

    /// Raises a line. On an edge-triggered line this is one interrupt; a level-sensitive one
    /// stays high until [`lower`](Self::lower).
    pub const fn raise(&mut self, line: Line) {
        self.raised |= bit(line.0);
        self.lowered &= !bit(line.0);
    }

    /// Lowers a line.
    pub const fn lower(&mut self, line: Line) {
        self.lowered |= bit(line.0);
    }

    /// Raises or lowers a line.
    pub const fn set_line(&mut self, line: Line, high: bool) {
        if high {
            self.raise(line);
        } else {
            self.lower(line);
        }
    }

    /// Signals the protection domain at the other end of a channel.
    pub const fn notify(&mut self, channel: Channel) {
        self.notified |= bit(channel.0);
    }

    /// Starts a vCPU. One call of a device starts one vCPU at most: the last one counts.
    pub const fn start(&mut self, start: VcpuStart) {
        self.start = Some(start);
    }

    /// Asks to be called once more ([`Device::resumed`](crate::Device::resumed)) before the VMM
    /// waits: work is left that would have kept this call too long.
    pub const fn defer(&mut self) {
        self.deferred = true;
    }

    /// Is there nothing to apply?
    #[inline(always)]
    pub const fn is_empty(&self) -> bool {
        self.raised | self.lowered | self.notified == 0 && self.start.is_none() && !self.deferred
    }

    /// The lines that changed, in ascending order.
    pub fn lines(&self) -> impl Iterator<Item = LineChange> {
        let (raised, lowered) = (self.raised, self.lowered);
        bits(raised | lowered).map(move |number| LineChange {
            line: Line(number),
            raised: raised & bit(number) != 0,
            high: lowered & bit(number) == 0,
        })
    }

    /// The channels to signal, in ascending order.
    pub fn channels(&self) -> impl Iterator<Item = Channel> {
        bits(self.notified).map(Channel)
    }

    /// Did the device ask to be called once more?
    pub const fn is_deferred(&self) -> bool {
        self.deferred
    }

    /// The vCPU to start.
    pub const fn vcpu_start(&self) -> Option<VcpuStart> {
        self.start
    }
}

/// The bit of a number in a set, none beyond 31.
const fn bit(number: u8) -> u32 {
    match 1_u32.checked_shl(number as u32) {
        Some(bit) => bit,
        None => 0,
    }
}

/// The numbers in a set, in ascending order.
fn bits(set: u32) -> impl Iterator<Item = u8> {
    (0..32_u8).filter(move |&number| set & bit(number) != 0)
}

#[cfg(test)]
mod tests;
