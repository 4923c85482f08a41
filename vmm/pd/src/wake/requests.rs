//! The words in which this VMM leaves its requests to tickers, in a page that only they and the
//! VMM map.
#![expect(
    unsafe_code,
    reason = "the tables name a page of this protection domain"
)]

use core::sync::atomic::{AtomicU64, Ordering::Release};

use vmm_config::Ticker;
use vmm_machine::wake::TickerPort;

use crate::{counter, sel4};

/// The page.
pub(crate) struct Requests(());

impl Requests {
    /// The page that the tables' tickers are in.
    pub(super) fn of_the_page() -> Self {
        Self(())
    }
}

impl TickerPort for Requests {
    fn now(&mut self) -> u64 {
        counter::now()
    }

    fn request(&mut self, ticker: &Ticker, at: u64) {
        let word = ticker.request as *mut u64;
        // SAFETY: sysgen proved that the system XML maps a page of this protection domain's own
        // there with read and write rights and that the word is aligned; it is only used as an
        // atomic, by the ticker as well.
        let word = unsafe { AtomicU64::from_ptr(word) };
        word.store(at, Release);
    }

    fn notify(&mut self, ticker: &Ticker) {
        sel4::notify(ticker.channel);
    }
}
