//! Protection domains that tick for our VMMs, and the words in which those leave their requests.

use std::cmp::Reverse;

use super::interrupts::channel;
use crate::document::{Document, Domain, End, Map};
use crate::model::{Ticker, TickerOfGuest};
use crate::vocabulary::Word;

/// Bytes of a request.
const WORD: u64 = 8;

/// Is this protection domain a ticker of ours?
pub(crate) fn is_ticker(domain: &Domain) -> bool {
    domain.fact(Word::Ticker).is_some()
}

/// The page in which a VMM leaves its requests.
pub(crate) fn wake_page(vmm: &Domain) -> Option<&Map> {
    let is_page = |map: &&Map| map.says(Word::WakePage);
    vmm.maps.iter().find(is_page)
}

/// A ticker's map of that page.
pub(crate) fn map_of_page<'a>(ticker: &'a Domain, page: &Map) -> Option<&'a Map> {
    let mut maps = ticker.maps.iter();
    maps.find(|map| map.region.value == page.region.value)
}

/// The tickers of a VMM, each with the VMM's end of the channel, in the order of their words in
/// the page: the longest period first.
pub(crate) fn tickers_of<'a>(
    document: &'a Document,
    vmm: &'a Domain,
) -> Vec<(&'a Domain, &'a End)> {
    let mut all: Vec<_> = vmm
        .channels(document)
        .filter_map(|(own, other)| Some((document.domain(&other.domain.value)?, own)))
        .filter(|(ticker, _)| is_ticker(ticker))
        .collect();
    all.sort_by_key(|(ticker, _)| (Reverse(ticker.schedule.period), &ticker.name.value));
    all
}

/// The tickers of a VMM as it uses them; those with a mistake, which the checks report, are left
/// out. `frequency` is the counter's.
pub(super) fn of_guest(document: &Document, vmm: &Domain, frequency: u64) -> Vec<TickerOfGuest> {
    let Some(page) = wake_page(vmm) else {
        return Vec::new();
    };
    let words = (page.address.value..).step_by(WORD as usize);
    let all = tickers_of(document, vmm).into_iter().zip(words);
    all.filter_map(|((ticker, end), request)| {
        let period = ticker.schedule.period;
        Some(TickerOfGuest {
            domain: ticker.name.value.clone(),
            period,
            entry: vmm_config::Ticker {
                channel: channel(&end.channel)?,
                request,
                period: counts(period, frequency),
            },
        })
    })
    .collect()
}

/// Microseconds as counts of a counter.
fn counts(microseconds: u64, frequency: u64) -> u64 {
    let counts = u128::from(microseconds) * u128::from(frequency) / 1_000_000;
    u64::try_from(counts).unwrap_or(u64::MAX)
}

/// All tickers of the system.
pub(crate) fn tickers(document: &Document) -> Vec<Ticker> {
    let domains = document.domains.iter().filter(|domain| is_ticker(domain));
    domains
        .map(|domain| Ticker {
            domain: domain.name.value.clone(),
            program: domain
                .program
                .as_ref()
                .map_or_else(String::new, |path| path.value.clone()),
            clients: domain
                .channels(document)
                .filter_map(|(own, other)| client(document, domain, own, other))
                .collect(),
        })
        .collect()
}

/// A VMM as the ticker sees it.
fn client(
    document: &Document,
    ticker: &Domain,
    own: &End,
    other: &End,
) -> Option<vmm_config::TickerClient> {
    let vmm = document.domain(&other.domain.value)?;
    let map = map_of_page(ticker, wake_page(vmm)?)?;
    let index = tickers_of(document, vmm)
        .iter()
        .position(|(other, _)| other.name.value == ticker.name.value)?;
    Some(vmm_config::TickerClient {
        channel: channel(&own.channel)?,
        request: map.address.value + WORD * index as u64,
    })
}
