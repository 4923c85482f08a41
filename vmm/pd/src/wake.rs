//! What wakes this VMM, made from the tables. Without it nothing of a timer can be reached.

mod physical_timer;
mod requests;

use vmm_config::Wake;
use vmm_machine::{
    vm::is_signalled,
    wake::{Tickers, WakeSource},
};

use physical_timer::PhysicalTimer;
use requests::Requests;

/// The source that the tables name.
pub(crate) enum Source {
    /// The EL1 physical timer, and the channel of its interrupt.
    PhysicalTimer(PhysicalTimer, u8),
    /// Protection domains that tick.
    Tickers(Tickers<Requests>),
}

impl Source {
    /// Takes possession of it, nothing being asked for.
    pub(crate) fn of(wake: Wake) -> Self {
        match wake {
            Wake::PhysicalTimer { channel } => {
                let mut timer = PhysicalTimer::owned();
                timer.stop();
                Self::PhysicalTimer(timer, channel)
            }
            Wake::Tickers(tickers) => Self::Tickers(Tickers::new(tickers, Requests::of_the_page())),
        }
    }
}

impl WakeSource for Source {
    fn set(&mut self, deadline: Option<u64>) {
        match (self, deadline) {
            (Self::PhysicalTimer(timer, _), Some(deadline)) => timer.set(deadline),
            (Self::PhysicalTimer(timer, _), None) => timer.stop(),
            (Self::Tickers(tickers), deadline) => tickers.set(deadline),
        }
    }

    fn interrupt(&self) -> Option<u8> {
        match self {
            Self::PhysicalTimer(_, channel) => Some(*channel),
            Self::Tickers(_) => None,
        }
    }

    fn is_signalled(&self, channels: u64) -> bool {
        match self {
            Self::PhysicalTimer(_, channel) => is_signalled(channels, *channel),
            Self::Tickers(tickers) => tickers.is_signalled(channels),
        }
    }
}
