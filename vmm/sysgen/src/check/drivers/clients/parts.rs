//! Which part of a disk each client of its driver has.

use crate::diagnostic::Diagnostics;
use crate::resolve::Client;

/// Parts are given for all clients or for none, and lie apart unless nobody writes them.
pub(super) fn check(clients: &[Client<'_>], found: &mut Diagnostics) {
    let Some(chosen) = clients.iter().find(|client| first(client).is_some()) else {
        return report_sizes(clients, found);
    };
    for (index, client) in clients.iter().enumerate() {
        if first(client).is_none() {
            found
                .error(
                    &client.device.span,
                    "a device does not say which part of the disk it has",
                    "no `first-sector`",
                )
                .related(&chosen.device.span, "this one says it")
                .hint("give each device of this driver a `first-sector`, or none");
        }
        let mut earlier = clients.iter().take(index);
        if let Some(other) = earlier.find(|other| collide(client, other)) {
            found
                .error(
                    &client.device.span,
                    "two devices have the same part of a disk",
                    "this one",
                )
                .related(&other.device.span, "and this one")
                .hint("choose `first-sector` and `sectors` so that the parts lie apart");
        }
    }
}

fn report_sizes(clients: &[Client<'_>], found: &mut Diagnostics) {
    let has_size = |client: &&Client<'_>| client.device.parameter("sectors").is_some();
    for client in clients.iter().filter(has_size) {
        found
            .error(
                &client.device.span,
                "a part of the disk without its start",
                "`sectors`, but no `first-sector`",
            )
            .hint("add first-sector=\"...\" to each device of this driver");
    }
}

fn first(client: &Client<'_>) -> Option<u64> {
    client.device.parameter("first-sector")
}

/// The sector after the last one; without `sectors`, the part goes on to the end of the disk.
fn end(client: &Client<'_>, first: u64) -> u64 {
    let sectors = client.device.parameter("sectors");
    sectors.map_or(u64::MAX, |sectors| first.saturating_add(sectors))
}

fn collide(one: &Client<'_>, other: &Client<'_>) -> bool {
    let Some((a, b)) = first(one).zip(first(other)) else {
        return false;
    };
    let is_read_only = |client: &Client<'_>| client.device.parameter("read-only") == Some(1);
    let overlap = a < end(other, b) && b < end(one, a);
    overlap && !(is_read_only(one) && is_read_only(other))
}
