//! Does a device tree that the user gives agree with the system XML?

use vmm_config::{Device, ReservationKind};

use super::given::GivenTree;
use crate::diagnostic::Diagnostics;
use crate::image::Space;
use crate::model::Guest;

/// So many devices are named in a message.
const NAMED: usize = 6;

/// Reports where tree and system contradict each other.
pub(crate) fn check(given: &GivenTree, guest: &Guest, found: &mut Diagnostics) {
    check_memory(given, guest, found);
    check_cpus(given, guest, found);
    check_gic(given, guest, found);
    check_devices(given, guest, found);
}

/// Its memory must be part of the guest's RAM.
fn check_memory(given: &GivenTree, guest: &Guest, found: &mut Diagnostics) {
    let ram = Space::new(guest.ram().map(|piece| piece.base..piece.end()));
    for stretch in &given.memory {
        if ram.contains(&stretch.range) {
            continue;
        }
        let mut pieces = guest.ram().map(|piece| {
            let label = format!("guest RAM is {:#x} to {:#x}", piece.base, piece.end());
            (&piece.span, label)
        });
        let Some((span, label)) = pieces.next() else {
            return;
        };
        let title = format!(
            "{} says in {} that {:#x} to {:#x} is memory, but the guest has no RAM there",
            given.path.display(),
            stretch.name,
            stretch.range.start,
            stretch.range.end
        );
        let item = found.error(span, title, label);
        for (span, label) in pieces {
            item.related(span, label);
        }
        item.hint("write the guest's RAM into that node, or give the guest RAM there");
    }
}

/// Each of its CPUs must be a vCPU.
fn check_cpus(given: &GivenTree, guest: &Guest, found: &mut Diagnostics) {
    let foreign = |(_, affinity): &&(String, u64)| *affinity >= u64::from(guest.vcpus);
    if let Some((name, affinity)) = given.cpus.iter().find(foreign) {
        let count = guest.vcpus;
        found
            .error(
                &guest.span,
                format!(
                    "{} has {name} with MPIDR {affinity:#x}, but the guest has no such CPU",
                    given.path.display()
                ),
                format!(
                    "{count} <vcpu>, with MPIDR 0 to {}",
                    count.saturating_sub(1)
                ),
            )
            .hint("remove the node from the tree, or add a <vcpu>");
    }
}

/// Its interrupt controller must be the guest's.
fn check_gic(given: &GivenTree, guest: &Guest, found: &mut Diagnostics) {
    let gic = &guest.gic;
    let wanted = [gic.distributor, gic.cpu_interface.0];
    let path = given.path.display();
    for device in &given.devices {
        let Some(version) = device.gic else { continue };
        let title = if version != gic.version {
            format!("{path} describes a GICv{version} in {}", device.name)
        } else if device.windows.get(..2) != Some(&wanted) {
            let windows = device.windows.iter().map(|at| format!("{at:#x}"));
            let windows: Vec<String> = windows.collect();
            format!(
                "{path} has the interrupt controller {} at {}",
                device.name,
                windows.join(" and ")
            )
        } else {
            continue;
        };
        let label = format!(
            "the guest has a GICv{} with GICD at {:#x} and GICC at {:#x}",
            gic.version, wanted[0], wanted[1]
        );
        let kind = ReservationKind::Emulated(Device::GicDistributor);
        let mut pieces = guest.reservations.iter();
        let span = pieces.find(|piece| piece.kind == kind);
        let span = span.map_or(&guest.span, |piece| &piece.span);
        found
            .error(span, title, label)
            .hint("write these into the tree, or change the system XML");
    }
}

/// A driver for a device that is not there takes an abort at its first access.
fn check_devices(given: &GivenTree, guest: &Guest, found: &mut Diagnostics) {
    let is_there = |at: &u64| {
        let mut pieces = guest.reservations.iter();
        pieces.any(|piece| (piece.base..piece.end()).contains(at))
    };
    let devices = given.devices.iter().filter(|device| device.gic.is_none());
    let missing = devices.filter(|device| !device.windows.iter().all(is_there));
    let names: Vec<&str> = missing.map(|device| device.name.as_str()).collect();
    if names.is_empty() {
        return;
    }
    let rest = match names.len().saturating_sub(NAMED) {
        0 => String::new(),
        more => format!(" and {more} more"),
    };
    let shown: Vec<&str> = names.into_iter().take(NAMED).collect();
    found
        .warning(
            &guest.span,
            format!(
                "{} describes devices that the guest does not have: {}{rest}",
                given.path.display(),
                shown.join(", ")
            ),
            "not mapped here",
        )
        .hint(
            "a driver's first access is an abort; remove the nodes, or add status = \"disabled\"",
        );
}
