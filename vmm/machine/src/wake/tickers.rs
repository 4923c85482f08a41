//! Protection domains that tick as a wake source: no hardware that a guest could reach.
//!
//! A ticker's scheduling context has a budget below its period. While somebody has left it a
//! request, it looks at the counter once in each period and yields; it signals whoever's time has
//! come. The one with the longest period that still leaves time goes first and signals a period
//! early; then a finer one is asked. So a long sleep costs few ticks, and its end is as precise
//! as the shortest period.

use vmm_config::{NO_REQUEST, Ticker};

use super::WakeSource;
use crate::vm::is_signalled;

/// How requests reach the tickers.
pub trait TickerPort {
    /// The physical counter.
    fn now(&mut self) -> u64;
    /// Leaves `ticker` the counter value from which on it is to signal, or [`NO_REQUEST`].
    fn request(&mut self, ticker: &Ticker, at: u64);
    /// Lets `ticker` know that there is a request.
    fn notify(&mut self, ticker: &Ticker);
}

/// Tickers of different periods, as one wake source.
#[derive(Clone, Debug)]
pub struct Tickers<P> {
    /// Longest period first.
    tickers: &'static [Ticker],
    port: P,
    /// The request that stands.
    standing: Option<Request>,
}

/// What one ticker was asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Request {
    ticker: &'static Ticker,
    at: u64,
}

impl<P: TickerPort> Tickers<P> {
    /// All of `tickers`, which are ordered by their periods, the longest first.
    pub const fn new(tickers: &'static [Ticker], port: P) -> Self {
        Self {
            tickers,
            port,
            standing: None,
        }
    }

    /// Who is to be asked for what, to be woken at `deadline`.
    fn choose(&self, deadline: u64, now: u64) -> Option<Request> {
        let left = deadline.saturating_sub(now);
        // Until a period before the deadline, and that for at least one period.
        let has_time = |ticker: &&Ticker| left >= ticker.period.saturating_mul(2);
        let (finest, coarser) = self.tickers.split_last()?;
        Some(match coarser.iter().find(has_time) {
            Some(ticker) => Request {
                ticker,
                at: deadline.saturating_sub(ticker.period),
            },
            None => Request {
                ticker: finest,
                at: deadline.max(NO_REQUEST + 1),
            },
        })
    }
}

impl<P: TickerPort> WakeSource for Tickers<P> {
    fn set(&mut self, deadline: Option<u64>) {
        let wanted = deadline.and_then(|deadline| {
            let now = self.port.now();
            self.choose(deadline, now)
        });
        let before = core::mem::replace(&mut self.standing, wanted);
        if before == wanted {
            return;
        }
        let ticker = |request: Option<Request>| request.map(|request| request.ticker.channel);
        let is_another = ticker(before) != ticker(wanted);
        if let Some(before) = before.filter(|_| is_another) {
            self.port.request(before.ticker, NO_REQUEST);
        }
        if let Some(wanted) = wanted {
            self.port.request(wanted.ticker, wanted.at);
            // One that has a request already ticks until it finds none.
            if is_another {
                self.port.notify(wanted.ticker);
            }
        }
    }

    fn is_signalled(&self, channels: u64) -> bool {
        let mut tickers = self.tickers.iter();
        tickers.any(|ticker| is_signalled(channels, ticker.channel))
    }
}

#[cfg(test)]
mod tests;
