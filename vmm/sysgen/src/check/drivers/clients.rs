//! A driver and the virtio devices that it serves: types, memory, priorities.

mod parts;

use crate::diagnostic::Diagnostics;
use crate::document::{Document, Domain};
use crate::model::{DeviceMemory, DriverKind, Guest, MOST_CLIENTS, Part};
use crate::resolve::{Client, clients, driver_kind};
use crate::source::Spanned;

pub(super) fn check(
    document: &Document,
    guests: &[Guest],
    driver: &Domain,
    found: &mut Diagnostics,
) {
    let clients = clients(document, guests, driver);
    check_ends(document, guests, driver, &clients, found);
    for client in &clients {
        check_kind(driver, client, found);
        let parts = client
            .device
            .virtio
            .map_or(&[][..], |backend| backend.memory);
        for (memory, part) in client.device.memory.iter().zip(parts) {
            check_map(driver, memory, part, found);
        }
    }
    if let Some(beyond) = clients.get(MOST_CLIENTS) {
        found
            .error(
                &beyond.end.domain.span,
                format!("`{}` serves {} devices", driver.name.value, clients.len()),
                format!("a driver has room for {MOST_CLIENTS}"),
            )
            .hint("add a second driver with a device of its own");
    }
    check_addresses(&clients, found);
    parts::check(&clients, found);
    check_priorities(document, driver, &clients, found);
}

/// Each channel leads to a virtio device.
fn check_ends(
    document: &Document,
    guests: &[Guest],
    driver: &Domain,
    clients: &[Client<'_>],
    found: &mut Diagnostics,
) {
    let mut has_ends = false;
    for (own, other) in driver.channels(document) {
        has_ends = true;
        let is_known = clients
            .iter()
            .any(|c| c.end.channel.span == own.channel.span);
        if is_known || document.domain(&other.domain.value).is_none() {
            continue;
        }
        // That the channel has no owner is reported with the others of the VMM.
        let mut ours = guests
            .iter()
            .filter(|guest| guest.domain == other.domain.value);
        let is_owned = |guest: &Guest| {
            let mut channels = guest.emulated.iter().flat_map(|device| &device.channels);
            channels.any(|channel| u64::from(channel.value) == other.channel.value)
        };
        if ours.clone().next().is_none() || ours.any(is_owned) {
            found
                .error(
                    &other.domain.span,
                    "a driver serves virtio devices only",
                    "not the channel of a `virtio` device",
                )
                .related(&driver.span, "the driver")
                .hint("name the channel in a `virtio` instruction, or remove the <channel>");
        }
    }
    if !has_ends {
        found
            .error(
                &driver.span,
                "a driver that serves nobody",
                "no <channel> to a VMM",
            )
            .hint("add a <channel>, and a `virtio` device with the backend `sddf` that names it");
    }
}

fn check_kind(driver: &Domain, client: &Client<'_>, found: &mut Diagnostics) {
    let Some(backend) = client.device.virtio else {
        return;
    };
    let Some(kind) = driver_kind(driver) else {
        return;
    };
    let Some(channel) = client.device.channels.first() else {
        return;
    };
    if backend.driver != Some(kind) {
        let wanted = backend.driver.map_or("none", DriverKind::name);
        found
            .error(
                &channel.span,
                format!(
                    "the channel of a virtio {} device leads to a driver of the type `{}`",
                    backend.kind.name(),
                    kind.name()
                ),
                format!("leads to `{}`", driver.name.value),
            )
            .related(&driver.span, "this driver")
            .hint(format!(
                "a virtio {} device needs a driver of the type `{wanted}`",
                backend.kind.name()
            ));
    }
}

/// The driver has the device's memory too, with the rights that it needs.
fn check_map(
    driver: &Domain,
    memory: &Spanned<DeviceMemory>,
    part: &Part,
    found: &mut Diagnostics,
) {
    let (name, region) = (&driver.name.value, &memory.value.region);
    let rights = if part.driver_writes { "rw" } else { "r" };
    let mut maps = driver.maps.iter();
    let Some(map) = maps.find(|map| map.region.value == *region) else {
        found
            .error(
                &memory.span,
                format!("`{region}` is not mapped into `{name}`"),
                part.what,
            )
            .related(&driver.span, "the driver at the other end")
            .hint(format!(
                "add <map mr=\"{region}\" vaddr=\"...\" perms=\"{rights}\"/> to `{name}`"
            ));
        return;
    };
    let given = map.permissions.value.as_str();
    let is_enough = given == "rw" || (given == "r" && !part.driver_writes);
    if !is_enough || !map.cached || !map.facts.is_empty() {
        found
            .error(
                &map.span,
                format!("`{name}` maps `{region}` in another way than it needs"),
                format!("must be `{rights}`, cached, and nothing else"),
            )
            .related(&memory.span, part.what)
            .hint(format!("write perms=\"{rights}\", and no cached=\"false\""));
    }
}

/// The address decides to whom a frame goes.
fn check_addresses(clients: &[Client<'_>], found: &mut Diagnostics) {
    let mac = |client: &Client<'_>| client.device.parameter("mac");
    for (index, client) in clients.iter().enumerate() {
        let Some(address) = mac(client) else {
            continue;
        };
        let mut earlier = clients.iter().take(index);
        if let Some(first) = earlier.find(|first| mac(first) == Some(address)) {
            found
                .error(
                    &client.device.span,
                    "two network devices of one driver have the same address",
                    "again",
                )
                .related(&first.device.span, "first here")
                .hint("choose another `mac`");
        }
    }
}

/// What a guest makes its VMM do must not keep the driver from its device.
fn check_priorities(
    document: &Document,
    driver: &Domain,
    clients: &[Client<'_>],
    found: &mut Diagnostics,
) {
    let own = &driver.schedule;
    let mut seen: Vec<&str> = Vec::new();
    for client in clients {
        let name = client.guest.domain.as_str();
        let Some(vmm) = document.domain(name).filter(|_| !seen.contains(&name)) else {
            continue;
        };
        seen.push(name);
        let guest = vmm.machine.as_ref().map(|machine| &machine.schedule);
        let above = |priority: u64| own.priority > priority;
        let (other, whose) = match guest {
            _ if !above(vmm.schedule.priority) => (&vmm.schedule, "VMM's"),
            Some(guest) if !above(guest.priority) => (guest, "guest's"),
            _ => continue,
        };
        found
            .error(
                &own.span,
                format!("the driver's priority is not above its {whose}"),
                format!("priority {}", own.priority),
            )
            .related(&other.span, format!("priority {}", other.priority))
            .hint(
                "a guest that is busy, or keeps its VMM busy, would keep the device's interrupts \
                 from being served; raise the driver's priority, or lower the other",
            );
    }
}
