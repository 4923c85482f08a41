//! What wakes the VMM when a sleeping vCPU's time has come.
//!
//! The machine knows one interface for all sources: "wake me at this counter value, or earlier".
//! A board's timer answers it exactly, [`Tickers`] with the precision of their periods.

mod tickers;

pub use tickers::{TickerPort, Tickers};

/// A source of wake-up signals that this VMM owns, so that no guest can reach it, or at most the
/// guest of this VMM.
pub trait WakeSource {
    /// Asks for a signal when the physical counter (CNTPCT_EL0) reaches `deadline`, or earlier;
    /// `None` takes the request back.
    ///
    /// A signal is a hint: it may come too early, more than once, and after it was taken back.
    /// Who gets it looks at the counter and asks again.
    fn set(&mut self, deadline: Option<u64>);

    /// The channel of an interrupt that is to be acknowledged at the start, and again whenever it
    /// is among the signalled ones.
    fn interrupt(&self) -> Option<u8> {
        None
    }

    /// Is the source's signal among `channels`, one bit each?
    fn is_signalled(&self, channels: u64) -> bool;
}
