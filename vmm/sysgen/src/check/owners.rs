//! Each channel of a VMM has one owner: whose signal would come by it otherwise?

use crate::diagnostic::Diagnostics;
use crate::document::{Document, Domain};
use crate::model::Guest;
use crate::resolve::{HIGHEST_CHANNEL, is_ticker, tickers_of};
use crate::source::Spanned;

pub(super) fn check(document: &Document, guests: &[Guest], found: &mut Diagnostics) {
    for guest in guests {
        let Some(domain) = document.domain(&guest.domain) else {
            continue;
        };
        let devices = owned_by_devices(document, domain, guest, found);
        for (own, other) in domain.channels(document) {
            let owner = document.domain(&other.domain.value);
            let channel = own.channel.value;
            if owner.is_some_and(is_ticker) || devices.contains(&channel) {
                continue;
            }
            // Reported where all channels are.
            let mut interrupts = domain.interrupts.iter();
            if channel > HIGHEST_CHANNEL || interrupts.any(|irq| irq.channel.value == channel) {
                continue;
            }
            found
                .error(
                    &own.channel.span,
                    format!("channel {channel} of `{}` belongs to nobody", guest.domain),
                    "the VMM would not know what a signal by it means",
                )
                .hint(format!(
                    "name it in channels=\"{channel}\" of an `emulated` device or \
                     channel=\"{channel}\" of a `virtio` device, put <?vmm ticker?> before the \
                     other end's protection domain if it wakes the VMM, or remove the <channel>"
                ));
        }
    }
}

/// The channels of devices; one that a ticker or another device has too is reported.
fn owned_by_devices(
    document: &Document,
    domain: &Domain,
    guest: &Guest,
    found: &mut Diagnostics,
) -> Vec<u64> {
    let tickers = tickers_of(document, domain);
    let tickers = tickers.iter().map(|(_, end)| end.channel.clone());
    let mut owners: Vec<Spanned<u64>> = tickers.collect();
    let mut channels = Vec::new();
    for channel in guest.emulated.iter().flat_map(|device| &device.channels) {
        let number = u64::from(channel.value);
        if let Some(first) = owners.iter().find(|owner| owner.value == number) {
            found
                .error(
                    &channel.span,
                    format!("channel {number} has two owners"),
                    "again",
                )
                .related(&first.span, "first here")
                .hint("give each device a <channel> of its own; that of a ticker wakes the VMM");
        }
        owners.push(channel.with(number));
        channels.push(number);
    }
    channels
}
