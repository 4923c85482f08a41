//! From elements and instructions to the model of each guest.

mod boot;
mod channels;
mod console;
mod devices;
mod drivers;
mod emulated;
mod gic;
mod image;
mod interrupts;
mod memory;
mod programs;
mod properties;
mod resources;
mod rust_type;
mod shadow;
mod tickers;
mod virtio;
mod wake;

pub(crate) use drivers::{Client, clients, driver_kind, drivers, is_driver, register_window};
pub(crate) use interrupts::HIGHEST_CHANNEL;
pub(crate) use memory::page_size;
pub(crate) use programs::programs;
pub(crate) use tickers::{is_ticker, map_of_page, tickers, tickers_of, wake_page};
pub(crate) use wake::has_other_guests;

use vmm_config::MAX_VCPUS;

use crate::board::Board;
use crate::diagnostic::Diagnostics;
use crate::document::{Document, Domain, Machine, Map, Region};
use crate::fact::Fact;
use crate::model::Guest;
use crate::source::Spanned;
use crate::vocabulary::{self, Word};

/// What all steps need.
struct Context<'a> {
    document: &'a Document,
    domain: &'a Domain,
    machine: &'a Machine,
    board: &'a Board,
}

impl<'a> Context<'a> {
    /// The region of a map; an unknown name was reported already.
    fn region(&self, map: &Map) -> Option<&'a Region> {
        find_region(self.document, &map.region.value)
    }

    /// The VMM's own map of a region.
    fn own_map(&self, region: &str) -> Option<&'a Map> {
        let mut maps = self.domain.maps.iter();
        maps.find(|map| map.region.value == region)
    }

    /// The instruction about the guest as a whole that starts with `word`; a second one is
    /// reported.
    fn guest_fact(&self, word: Word, found: &mut Diagnostics) -> Option<&'a Fact> {
        let mut facts = self.machine.facts.iter().filter(|f| f.word == word);
        let first = facts.next()?;
        for again in facts {
            found
                .error(
                    &again.span,
                    format!("`{}` is said twice", word.name()),
                    "again",
                )
                .related(&first.span, "first here")
                .hint("keep one of them");
        }
        Some(first)
    }
}

/// Looks a region up by name.
pub(crate) fn find_region<'a>(document: &'a Document, name: &str) -> Option<&'a Region> {
    let mut regions = document.regions.iter();
    regions.find(|region| region.name.value == name)
}

/// All guests of the system whose VMM is ours. A guest with errors is left out.
pub fn resolve(document: &Document, board: &Board, found: &mut Diagnostics) -> Vec<Guest> {
    report_unknown_regions(document, found);
    let mut guests = Vec::new();
    for domain in &document.domains {
        let Some(machine) = domain.machine.as_ref().filter(|m| is_ours(domain, m)) else {
            report_facts_without_guest(domain, found);
            continue;
        };
        let context = Context {
            document,
            domain,
            machine,
            board,
        };
        guests.extend(guest(&context, found));
    }
    if guests.is_empty() && !found.has_errors() {
        found
            .error(
                &document.span,
                "the system has no guest",
                "no <virtual_machine> in it has <?vmm ...?> instructions",
            )
            .hint("vmm/sysgen/README.md shows how a guest is described");
    }
    guests
}

/// A virtual machine is ours when an instruction is about it; others belong to other VMMs.
fn is_ours(domain: &Domain, machine: &Machine) -> bool {
    let maps = machine.maps.iter().chain(&domain.maps);
    let facts = maps.map(|map| &map.facts);
    let interrupts = domain.interrupts.iter().map(|irq| &irq.facts);
    let has_facts =
        !machine.facts.is_empty() || facts.chain(interrupts).any(|list| !list.is_empty());
    // A driver with a virtual machine is reported with the drivers.
    has_facts && !is_driver(domain)
}

fn report_facts_without_guest(domain: &Domain, found: &mut Diagnostics) {
    // A driver's maps have words of their own.
    let maps = domain.maps.iter().filter(|_| !is_driver(domain));
    let of_maps = maps.flat_map(|map| &map.facts);
    let of_interrupts = domain.interrupts.iter().flat_map(|irq| &irq.facts);
    for fact in of_maps.chain(of_interrupts) {
        found
            .error(
                &fact.span,
                format!("`{}` without a guest", fact.word.name()),
                "this protection domain runs no virtual machine",
            )
            .related(&domain.span, "this one")
            .hint("give it a <virtual_machine>, or remove the instruction");
    }
}

fn report_unknown_regions(document: &Document, found: &mut Diagnostics) {
    for domain in &document.domains {
        let machine_maps = domain.machine.iter().flat_map(|machine| &machine.maps);
        for map in domain.maps.iter().chain(machine_maps) {
            let name = &map.region;
            if find_region(document, &name.value).is_some() {
                continue;
            }
            found
                .error(
                    &name.span,
                    format!("no memory region is called `{}`", name.value),
                    "unknown region",
                )
                .hint(unknown_region_hint(document, &name.value));
        }
    }
}

/// What to do about a region that is not there.
fn unknown_region_hint(document: &Document, name: &str) -> String {
    let names = document.regions.iter().map(|r| r.name.value.as_str());
    match vocabulary::nearest(name, names) {
        Some(near) => format!("did you mean `{near}`?"),
        None => format!("add <memory_region name=\"{name}\" size=\"...\"/>"),
    }
}

fn guest(context: &Context<'_>, found: &mut Diagnostics) -> Option<Guest> {
    let boot = boot::boot(context, found);
    let policy = boot::policy(context, found);
    let vcpus = vcpus(context, found);
    let mut mappings = memory::mappings(context, found);
    let mut reservations = memory::reservations(context, found);
    boot::check_load(context, &reservations, found);
    let mut devices = devices::devices(context, found);
    let interrupts = interrupts::passthrough(context, &mut devices, found);
    let wake = wake::source(context, found);
    let emulated = emulated::devices(context, &devices, found);
    reservations.extend(emulated::reservations(&emulated));
    let gic = gic::controller(context, &mut reservations, found);
    let image = image::region(context, &reservations, found);
    let console = console::console(context, found);
    mappings.sort_by_key(|mapping| mapping.base);
    reservations.sort_by_key(|piece| piece.base);
    devices::check_stdout(context, &devices, &emulated, found);
    let program = context.domain.program.as_ref();
    Some(Guest {
        domain: context.domain.name.value.clone(),
        program: program.map_or_else(String::new, |path| path.value.clone()),
        program_crate: programs::folder(context.domain),
        name: context.machine.name.value.clone(),
        vcpus: vcpus?,
        mappings,
        reservations,
        gic: gic?,
        devices,
        channels: channels::table(&interrupts, wake.as_ref(), &emulated),
        interrupts,
        emulated,
        image: image?,
        console,
        wake,
        policy,
        boot: boot?,
        span: context.machine.span.clone(),
    })
}

fn vcpus(context: &Context<'_>, found: &mut Diagnostics) -> Option<u8> {
    let mut ids: Vec<&Spanned<u64>> = context.machine.vcpus.iter().collect();
    ids.sort_by_key(|id| id.value);
    if ids.is_empty() {
        found
            .error(
                &context.machine.span,
                "a virtual machine without a <vcpu>",
                "nothing to run",
            )
            .hint("add <vcpu id=\"0\"/>");
        return None;
    }
    for (expected, id) in (0..).zip(&ids) {
        if id.value != expected {
            found
                .error(
                    &id.span,
                    "vCPU identifiers are not counted from 0",
                    format!("expected {expected} here"),
                )
                .hint("number the <vcpu> elements 0, 1, 2 and so on");
            return None;
        }
    }
    if let Some(beyond) = ids.get(MAX_VCPUS) {
        found
            .error(
                &beyond.span,
                format!("{} vCPUs, but a GICv2 serves {MAX_VCPUS}", ids.len()),
                "one too many",
            )
            .hint("remove <vcpu> elements");
    }
    u8::try_from(ids.len()).ok()
}
