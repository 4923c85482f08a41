//! Tickers as the protection domains behave: requests in words, ticks a period apart.

use super::*;

const MICROSECOND: u64 = 100;
const MILLISECOND: u64 = 1000 * MICROSECOND;

const fn ticker(channel: u8, period: u64) -> Ticker {
    Ticker {
        channel,
        request: 0,
        period,
    }
}

static ONE: [Ticker; 1] = [ticker(7, MILLISECOND)];
static THREE: [Ticker; 3] = [
    ticker(3, 10 * MILLISECOND),
    ticker(4, MILLISECOND),
    ticker(61, 100 * MICROSECOND),
];

/// The tickers of a system, and the counter.
#[derive(Debug, Default)]
struct World {
    now: u64,
    /// By channel: the request, and when the next tick is due if it ticks.
    words: std::collections::BTreeMap<u8, u64>,
    next_tick: std::collections::BTreeMap<u8, u64>,
    ticks: u32,
    notified: u32,
}

impl TickerPort for World {
    fn now(&mut self) -> u64 {
        self.now
    }

    fn request(&mut self, ticker: &Ticker, at: u64) {
        self.words.insert(ticker.channel, at);
    }

    fn notify(&mut self, ticker: &Ticker) {
        self.notified += 1;
        let now = self.now;
        self.next_tick.entry(ticker.channel).or_insert(now);
    }
}

impl World {
    /// Time goes on to the next tick; gives the channels that are signalled then, and `None` when
    /// all tickers wait.
    fn tick(&mut self, tickers: &[Ticker]) -> Option<u64> {
        let (&channel, &time) = self.next_tick.iter().min_by_key(|(_, time)| **time)?;
        self.now = self.now.max(time);
        self.ticks += 1;
        let request = self.words.get(&channel).copied().unwrap_or(NO_REQUEST);
        if request == NO_REQUEST {
            self.next_tick.remove(&channel);
            return Some(0);
        }
        let ticker = tickers.iter().find(|ticker| ticker.channel == channel);
        let period = ticker.expect("a known one").period;
        self.next_tick.insert(channel, self.now + period);
        Some(if request <= self.now { 1 << channel } else { 0 })
    }
}

/// Sleeps until `deadline` as the machine does; gives when it woke.
fn sleep(tickers: &mut Tickers<World>, deadline: u64) -> u64 {
    tickers.set(Some(deadline));
    for _ in 0..10_000 {
        let all = tickers.tickers;
        let signalled = tickers.port.tick(all).expect("somebody ticks");
        if tickers.is_signalled(signalled) {
            if deadline <= tickers.port.now {
                tickers.set(None);
                return tickers.port.now;
            }
            tickers.set(Some(deadline));
        }
    }
    panic!("no end");
}

/// Lets time go on until all tickers wait.
fn settle(tickers: &mut Tickers<World>) {
    let all = tickers.tickers;
    while tickers.port.tick(all).is_some() {}
}

#[test]
fn the_end_of_a_sleep_is_as_precise_as_the_shortest_period() {
    for all in [&ONE[..], &THREE[..]] {
        let finest = all.last().expect("one").period;
        let mut tickers = Tickers::new(all, World::default());
        for length in (0..2000).map(|n| n * n * MICROSECOND / 7) {
            // Some begin while the tickers still tick.
            if length % 3 == 0 {
                settle(&mut tickers);
            }
            let deadline = tickers.port.now + length;
            let woke = sleep(&mut tickers, deadline);
            assert!(
                (deadline..=deadline + finest).contains(&woke),
                "{length}: {woke} for {deadline}"
            );
        }
    }
}

#[test]
fn a_long_sleep_costs_few_ticks() {
    let mut tickers = Tickers::new(&THREE, World::default());
    sleep(&mut tickers, 200 * MILLISECOND);
    assert!(tickers.port.ticks <= 20 + 20 + 20, "{}", tickers.port.ticks);
    assert_eq!(tickers.port.notified, 3, "each once");
}

#[test]
fn nobody_ticks_once_nothing_is_asked_for() {
    let mut tickers = Tickers::new(&THREE, World::default());
    tickers.set(Some(15 * MILLISECOND));
    tickers.set(Some(30 * MILLISECOND));
    tickers.set(None);
    let mut ticks = 0;
    while let Some(signalled) = tickers.port.tick(&THREE) {
        assert_eq!(signalled, 0);
        ticks += 1;
    }
    assert!(ticks <= 2, "{ticks}");
}

#[test]
fn a_request_that_stands_is_not_made_again() {
    let mut tickers = Tickers::new(&THREE, World::default());
    for _ in 0..3 {
        tickers.set(Some(30 * MILLISECOND));
    }
    assert_eq!(tickers.port.notified, 1);
    tickers.set(Some(40 * MILLISECOND));
    assert_eq!(tickers.port.notified, 1, "it ticks already");
    assert_eq!(tickers.port.words[&3], 30 * MILLISECOND);
}

#[test]
fn any_deadline_is_good() {
    for deadline in [0, 1, u64::MAX - 1, u64::MAX] {
        for all in [&ONE[..], &THREE[..]] {
            let mut tickers = Tickers::new(all, World::default());
            tickers.port.now = 5;
            tickers.set(Some(deadline));
            let asked = tickers.port.words.values().filter(|&&at| at != NO_REQUEST);
            assert_eq!(asked.count(), 1, "{deadline:#x}");
        }
    }
}

/// The tables of a system that has none; sysgen makes no such ones.
#[test]
fn no_tickers_at_all() {
    let mut tickers = Tickers::new(&[], World::default());
    tickers.set(Some(1));
    tickers.set(None);
    assert!(!tickers.is_signalled(u64::MAX));
}
