//! What must hold between the elements of a system description.

use std::collections::HashSet;

use devsdk_image::{MAX_PDS, MAX_VCPUS, VSPACE_END};

use super::memory_region::unknown_region;
use super::{Channel, Map, MemoryRegion, PhysicalAddress, ProtectionDomain, System, Value};
use crate::{Error, Result};

fn refuse(message: String) -> Result<()> {
    Err(Error::System(message))
}

pub(super) fn all(system: &System) -> Result<()> {
    protection_domains(&system.protection_domains)?;
    region_names(&system.memory_regions)?;
    virtual_machines(&system.protection_domains)?;
    irqs(&system.protection_domains)?;
    channels(system)?;
    for pd in &system.protection_domains {
        let space = format!("protection domain '{}'", pd.name);
        maps(system, &pd.maps, &space, pd.stack_bottom())?;
        if let Some(machine) = &pd.virtual_machine {
            let space = format!("virtual machine '{}'", machine.name);
            maps(system, &machine.maps, &space, VSPACE_END)?;
        }
    }
    fixed_regions(&system.memory_regions)?;
    prefill_sizes(system)
}

fn protection_domains(pds: &[ProtectionDomain]) -> Result<()> {
    if pds.is_empty() {
        return refuse("at least one protection domain must be defined".to_owned());
    }
    if pds.len() > MAX_PDS {
        let count = pds.len();
        return refuse(format!(
            "too many protection domains ({count}) defined. Maximum is {MAX_PDS}."
        ));
    }
    if let Some(name) = first_duplicate(pds.iter().map(|pd| pd.name.as_str())) {
        return refuse(format!("duplicate protection domain name '{name}'."));
    }
    if pds.iter().any(|pd| pd.name == "monitor") {
        return refuse("the PD name 'monitor' is reserved for the Microkit Monitor.".to_owned());
    }
    Ok(())
}

fn region_names(regions: &[MemoryRegion]) -> Result<()> {
    match first_duplicate(regions.iter().map(|region| region.name.as_str())) {
        Some(name) => refuse(format!("duplicate memory region name '{name}'.")),
        None => Ok(()),
    }
}

fn virtual_machines(pds: &[ProtectionDomain]) -> Result<()> {
    let machines = pds.iter().filter_map(|pd| pd.virtual_machine.as_ref());
    let vcpus: usize = machines.clone().map(|machine| machine.vcpus.len()).sum();
    if vcpus > MAX_VCPUS {
        return refuse(format!(
            "too many virtual CPUs ({vcpus}) defined. Maximum is {MAX_VCPUS}."
        ));
    }
    match first_duplicate(machines.map(|machine| machine.name.as_str())) {
        Some(name) => refuse(format!("duplicate virtual machine name '{name}'.")),
        None => Ok(()),
    }
}

fn first_duplicate<'a>(names: impl Iterator<Item = &'a str>) -> Option<&'a str> {
    let mut seen = HashSet::new();
    names.into_iter().find(|name| !seen.insert(*name))
}

/// Interrupts that seL4 leaves to PDs: private ones and shared ones but its own three (virtual
/// interface maintenance, hypervisor timer, virtual timer).
fn irq_is_free(intid: u64) -> bool {
    (16..1020).contains(&intid) && !(25..=27).contains(&intid)
}

fn irqs(pds: &[ProtectionDomain]) -> Result<()> {
    let mut seen = HashSet::new();
    for pd in pds {
        for irq in &pd.irqs {
            let (intid, name, location) = (irq.intid, &pd.name, &pd.location);
            if !seen.insert(intid) {
                return refuse(format!(
                    "duplicate irq: {intid} in protection domain: '{name}' @ {location}"
                ));
            }
            if !irq_is_free(intid) {
                return refuse(format!(
                    "irq: {intid} in protection domain: '{name}' is not an interrupt of this \
                     board that a protection domain can have @ {location}"
                ));
            }
        }
    }
    Ok(())
}

fn channels(system: &System) -> Result<()> {
    let pds = &system.protection_domains;
    let mut taken = HashSet::new();
    for (index, pd) in pds.iter().enumerate() {
        for irq in &pd.irqs {
            take_id(&mut taken, index, irq.id, pd)?;
        }
    }
    for channel in &system.channels {
        for end in &channel.ends {
            take_id(&mut taken, end.pd, end.id, &pds[end.pd])?;
        }
        call_goes_upwards(channel, pds)?;
    }
    Ok(())
}

fn take_id(
    taken: &mut HashSet<(usize, u64)>,
    index: usize,
    id: u64,
    pd: &ProtectionDomain,
) -> Result<()> {
    if taken.insert((index, id)) {
        return Ok(());
    }
    let (name, location) = (&pd.name, &pd.location);
    refuse(format!(
        "duplicate channel id: {id} in protection domain: '{name}' @ {location}"
    ))
}

fn call_goes_upwards(channel: &Channel, pds: &[ProtectionDomain]) -> Result<()> {
    for (end, other) in channel.directions() {
        let (caller, callee) = (&pds[end.pd], &pds[other.pd]);
        let (from, to) = (caller.scheduling.priority, callee.scheduling.priority);
        if end.call && from >= to {
            return refuse(format!(
                "PPCs must be to protection domains of strictly higher priorities; channel with \
                 PPC exists from pd {} (priority: {from}) to pd {} (priority: {to})",
                caller.name, callee.name
            ));
        }
    }
    Ok(())
}

/// Each map's region exists, and the regions lie apart and below `end`.
fn maps(system: &System, maps: &[Map], space: &str, end: u64) -> Result<()> {
    let mut placed: Vec<(&str, u64, u64)> = Vec::new();
    for map in maps {
        let Map {
            region: name,
            vaddr: start,
            location,
            ..
        } = map;
        let region = system
            .region(name)
            .ok_or_else(|| unknown_region(name, location))?;
        if !start.is_multiple_of(region.page_size) {
            return refuse(format!("invalid vaddr alignment on 'map' @ {location}"));
        }
        let Some(stop) = start.checked_add(region.size) else {
            return refuse(format!(
                "map for '{name}' has address range that overflows @ {location}"
            ));
        };
        if stop > end {
            return refuse(format!(
                "map for '{name}' has virtual address range [{start:#x}..{stop:#x}) which exceeds \
                 valid address space [0x0..{end:#x}) @ {location}"
            ));
        }
        let mut others = placed.iter();
        if let Some((other, other_start, other_stop)) =
            others.find(|(_, other_start, other_stop)| start < other_stop && *other_start < stop)
        {
            return refuse(format!(
                "map for '{name}' has virtual address range [{start:#x}..{stop:#x}) which overlaps \
                 with map for '{other}' [{other_start:#x}..{other_stop:#x}) in {space} @ {location}"
            ));
        }
        placed.push((name, *start, stop));
    }
    Ok(())
}

fn fixed_regions(regions: &[MemoryRegion]) -> Result<()> {
    let mut placed: Vec<(&str, u64, u64)> = Vec::new();
    for region in regions {
        let PhysicalAddress::Fixed(start) = region.physical else {
            continue;
        };
        let MemoryRegion {
            name,
            size,
            location,
            ..
        } = region;
        let Some(stop) = start.checked_add(*size) else {
            return refuse(format!(
                "memory region '{name}' physical address range overflows @ {location}"
            ));
        };
        let mut others = placed.iter();
        if let Some((other, other_start, other_stop)) =
            others.find(|(_, other_start, other_stop)| start < *other_stop && *other_start < stop)
        {
            return refuse(format!(
                "memory region '{name}' physical address range [{start:#x}..{stop:#x}) overlaps \
                 with another memory region '{other}' [{other_start:#x}..{other_stop:#x}) @ \
                 {location}"
            ));
        }
        placed.push((name, start, stop));
    }
    Ok(())
}

fn prefill_sizes(system: &System) -> Result<()> {
    let variables = system
        .protection_domains
        .iter()
        .flat_map(|pd| &pd.variables);
    for variable in variables {
        let Value::PrefillSize(name) = &variable.value else {
            continue;
        };
        if let Some(region) = system
            .region(name)
            .filter(|region| region.prefill.is_none())
        {
            let location = &region.location;
            return refuse(format!(
                "'setvar_prefill_size' used for MR without a `prefill_path` @ '{name}' {location}"
            ));
        }
    }
    Ok(())
}

/// Microkit 2.3's tool crashes on a region with a page that starts after the prefill's end; so
/// that what builds here builds there, such a region is refused.
pub(super) fn prefill_lengths(system: &System) -> Result<()> {
    for region in &system.memory_regions {
        let Some(bytes) = &region.prefill else {
            continue;
        };
        let filled = bytes.len() as u64;
        if filled < region.size - region.page_size {
            let (name, size, location) = (&region.name, region.size, &region.location);
            return refuse(format!(
                "memory region '{name}' has pages that its prefill does not reach ({filled:#x} of \
                 {size:#x} bytes), which Microkit's tool cannot build: use a second region for \
                 them @ {location}"
            ));
        }
    }
    Ok(())
}

/// A warning for each region that is mapped nowhere.
pub(super) fn unused_regions(system: &System) -> Vec<String> {
    let maps = system.protection_domains.iter().flat_map(|pd| {
        pd.maps
            .iter()
            .chain(pd.virtual_machine.iter().flat_map(|machine| &machine.maps))
    });
    let used: HashSet<&str> = maps.map(|map| map.region.as_str()).collect();
    let regions = system
        .memory_regions
        .iter()
        .map(|region| region.name.as_str());
    let unused = regions.filter(|name| !used.contains(name));
    unused
        .map(|name| format!("unused memory region '{name}'"))
        .collect()
}
