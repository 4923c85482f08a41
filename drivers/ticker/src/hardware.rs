//! The counter, and the words that VMMs write.
#![expect(
    unsafe_code,
    reason = "the counter is read by an instruction, and the tables name pages of this domain"
)]

use core::arch::asm;
use core::sync::atomic::{AtomicU64, Ordering::Acquire};

use vmm_config::TickerClient;

/// CNTPCT_EL0, which the kernel lets EL0 read on every Microkit board.
pub(crate) fn now() -> u64 {
    let count: u64;
    // SAFETY: reads a counter.
    unsafe { asm!("isb", "mrs {}, cntpct_el0", out(reg) count, options(nomem, nostack)) };
    count
}

/// What the client asks for: see [`TickerClient::request`].
pub(crate) fn request(client: &TickerClient) -> u64 {
    let word = client.request as *mut u64;
    // SAFETY: sysgen proved that the system XML maps the client's page there for reading, and that
    // the word is aligned; it is only used as an atomic, by the client as well.
    let word = unsafe { AtomicU64::from_ptr(word) };
    word.load(Acquire)
}
