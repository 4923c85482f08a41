//! Larger pages where the description leaves the choice and every address allows them.

use super::{LARGE_PAGE, PhysicalAddress, System};

/// Gives each region of whole large pages, whose addresses all are aligned to them, large pages.
pub(super) fn choose(system: &mut System) {
    let chosen: Vec<bool> = (0..system.memory_regions.len())
        .map(|index| can_be_large(system, index))
        .collect();
    let regions = system.memory_regions.iter_mut().zip(chosen);
    for (region, _) in regions.filter(|(_, large)| *large) {
        region.page_size = LARGE_PAGE;
    }
}

fn can_be_large(system: &System, index: usize) -> bool {
    let region = &system.memory_regions[index];
    let aligned = |address: u64| address.is_multiple_of(LARGE_PAGE);
    let physical = match region.physical {
        PhysicalAddress::Any => true,
        PhysicalAddress::Fixed(address) => aligned(address),
    };
    let mut maps = system.protection_domains.iter().flat_map(|pd| {
        pd.maps
            .iter()
            .chain(pd.virtual_machine.iter().flat_map(|machine| &machine.maps))
    });
    !region.page_size_is_given
        && aligned(region.size)
        && physical
        && maps.all(|map| map.region != region.name || aligned(map.vaddr))
}
