//! Tickers: their time, their priority, their VMMs, and the pages with the requests.

use crate::diagnostic::Diagnostics;
use crate::document::{Document, Domain, End, Map};
use crate::model::Guest;
use crate::resolve::{is_ticker, map_of_page, tickers_of, wake_page};
use crate::source::Spanned;
use crate::vocabulary::Word;

/// Smallest budget that seL4 takes, in microseconds: time to enter the kernel and leave it.
const SMALLEST_BUDGET: u64 = 20;

pub(super) fn check(document: &Document, guests: &[Guest], found: &mut Diagnostics) {
    for domain in &document.domains {
        if is_ticker(domain) {
            check_domain(domain, found);
            check_time(domain, found);
            check_clients(document, guests, domain, found);
        }
        check_page(document, domain, found);
    }
}

fn check_domain(ticker: &Domain, found: &mut Diagnostics) {
    if let Some(machine) = &ticker.machine {
        found
            .error(&machine.span, "a ticker runs no guest", "in a ticker")
            .related(&ticker.span, "this one")
            .hint("give the virtual machine a protection domain of its own");
    }
    if ticker.program.is_none() {
        found
            .error(
                &ticker.span,
                "a ticker without a program",
                "no <program_image>",
            )
            .hint("add <program_image path=\"ticker.elf\"/>; the build makes this file");
    }
}

fn check_time(ticker: &Domain, found: &mut Diagnostics) {
    let schedule = &ticker.schedule;
    let (budget, period) = (schedule.budget, schedule.period);
    if budget >= period {
        found
            .error(
                &ticker.span,
                "a ticker needs a budget below its period",
                format!("{budget} of {period} microseconds"),
            )
            .hint("write for example budget=\"50\" period=\"1000\" for a tick each millisecond");
    } else if budget < SMALLEST_BUDGET {
        found
            .error(
                &ticker.span,
                format!("a budget of {budget} microseconds is too small"),
                format!("seL4 takes {SMALLEST_BUDGET} or more"),
            )
            .hint(format!("write budget=\"{}\"", SMALLEST_BUDGET * 2));
    }
}

fn check_clients(document: &Document, guests: &[Guest], ticker: &Domain, found: &mut Diagnostics) {
    let ends: Vec<_> = ticker.channels(document).collect();
    if ends.is_empty() {
        found
            .error(
                &ticker.span,
                "a ticker that wakes nobody",
                "no <channel> to a VMM",
            )
            .hint("add a <channel> between it and the VMM that it is to wake");
    }
    let names: Vec<&Spanned<String>> = ends.iter().map(|(_, other)| &other.domain).collect();
    let title = |name: &String| format!("two channels join the ticker and `{name}`");
    found.repeated(&names, title, "one channel carries both directions");
    for (own, other) in ends {
        let Some(vmm) = document.domain(&other.domain.value) else {
            continue;
        };
        if guests.iter().any(|guest| guest.domain == vmm.name.value) {
            check_client(ticker, own, vmm, other, found);
        } else if vmm.machine.is_none() || is_ticker(vmm) {
            found
                .error(&other.domain.span, "a ticker wakes VMMs only", "not a VMM")
                .hint("remove this <channel>");
        }
    }
}

fn check_client(ticker: &Domain, own: &End, vmm: &Domain, other: &End, found: &mut Diagnostics) {
    if let Some(silent) = [own, other].into_iter().find(|end| !end.notifies) {
        found
            .error(
                &silent.domain.span,
                "a ticker and its VMM notify each other",
                "this end may not notify",
            )
            .hint("remove notify=\"false\"");
    }
    check_map(ticker, vmm, other, found);
    check_priority(ticker, vmm, found);
}

fn check_map(ticker: &Domain, vmm: &Domain, end: &End, found: &mut Diagnostics) {
    let Some(page) = wake_page(vmm) else {
        found
            .error(
                &end.domain.span,
                format!("`{}` has no page for its requests", vmm.name.value),
                "connected to a ticker",
            )
            .related(&vmm.span, "no <map> of it is marked `wake-page`")
            .hint("map a region of one page there and put <?vmm wake-page?> before the <map>");
        return;
    };
    let Some(map) = map_of_page(ticker, page) else {
        found
            .error(
                &ticker.span,
                format!("the ticker cannot see the requests of `{}`", vmm.name.value),
                format!("no <map> of `{}`", page.region.value),
            )
            .related(&page.span, "the page with the requests")
            .hint("add a <map> with perms=\"r\" to the ticker");
        return;
    };
    if map.permissions.value != "r" || !map.cached {
        found
            .error(
                &map.span,
                "a ticker only reads requests, through the cache as the VMM writes them",
                "other rights or another kind of memory",
            )
            .hint("write perms=\"r\", and no cached=\"false\"");
    }
}

/// A guest must not keep the ticker from ticking, nor the ticker a VMM from its work.
fn check_priority(ticker: &Domain, vmm: &Domain, found: &mut Diagnostics) {
    let own = &ticker.schedule;
    if vmm.schedule.priority <= own.priority {
        found
            .error(
                &own.span,
                "the ticker's priority is not below its VMM's",
                format!("priority {}", own.priority),
            )
            .related(&vmm.schedule.span, format!("`{}`", vmm.name.value))
            .hint("a ticker stands between the VMMs and the guests");
    }
    let guest = vmm.machine.as_ref().map(|machine| &machine.schedule);
    if let Some(guest) = guest.filter(|guest| guest.priority >= own.priority) {
        found
            .error(
                &own.span,
                "the ticker's priority is not above the guest's",
                format!("priority {}", own.priority),
            )
            .related(
                &guest.span,
                format!("a guest of priority {}", guest.priority),
            )
            .hint("a busy guest would keep the ticker from ticking");
    }
}

/// The page of a VMM: writable, one, and nobody else's but its tickers'.
fn check_page(document: &Document, vmm: &Domain, found: &mut Diagnostics) {
    let Some(page) = wake_page(vmm) else {
        return;
    };
    let is_page = |map: &&Map| map.says(Word::WakePage);
    if let Some(again) = vmm.maps.iter().filter(is_page).nth(1) {
        found
            .error(&again.span, "a second page for requests", "again")
            .related(&page.span, "first here")
            .hint("one page has room for the requests to all tickers");
    }
    if !page.allows('r') || !page.allows('w') || !page.cached {
        found
            .error(
                &page.span,
                "the page for requests is not readable, writable and cached",
                "the VMM writes here what the ticker reads through the cache",
            )
            .hint("write perms=\"rw\", and no cached=\"false\"");
    }
    if tickers_of(document, vmm).is_empty() {
        found
            .error(
                &page.span,
                "requests that no ticker reads",
                "the VMM has no <channel> to a ticker",
            )
            .hint("add a ticker and a <channel> to it, or remove this <map>");
    }
    for (domain, map) in all_maps(document) {
        let is_own = map.span == page.span;
        let is_tickers = domain.is_some_and(is_ticker);
        if map.region.value == page.region.value && !is_own && !is_tickers {
            found
                .error(
                    &map.span,
                    "the page for requests is mapped by another",
                    "who maps it could keep a guest asleep",
                )
                .related(&page.span, "the page")
                .hint("only the VMM and its tickers map it; give each VMM a page of its own");
        }
    }
}

/// Every map of the system; those of a protection domain with it, those of guests without.
fn all_maps(document: &Document) -> impl Iterator<Item = (Option<&Domain>, &Map)> {
    document.domains.iter().flat_map(|domain| {
        let own = domain.maps.iter().map(move |map| (Some(domain), map));
        let machine = domain.machine.iter().flat_map(|machine| &machine.maps);
        own.chain(machine.map(|map| (None, map)))
    })
}
