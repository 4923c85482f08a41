//! Memory of the VMM that a device uses.

use vmm_config::Window;

use super::super::{Context, find_region, unknown_region_hint};
use crate::diagnostic::Diagnostics;
use crate::document::{Map, Region};
use crate::model::DeviceMemory;
use crate::source::Spanned;

/// Memory regions that the VMM maps, by their names.
pub(in crate::resolve) fn memory(
    context: &Context<'_>,
    text: &Spanned<String>,
    found: &mut Diagnostics,
) -> Vec<Spanned<DeviceMemory>> {
    let words = text.words();
    words
        .iter()
        .filter_map(|word| window(context, word, found))
        .collect()
}

fn window(
    context: &Context<'_>,
    name: &Spanned<String>,
    found: &mut Diagnostics,
) -> Option<Spanned<DeviceMemory>> {
    let Some(region) = find_region(context.document, &name.value) else {
        found
            .error(
                &name.span,
                format!("no memory region is called `{}`", name.value),
                "unknown region",
            )
            .hint(unknown_region_hint(context.document, &name.value));
        return None;
    };
    let Some(map) = context.own_map(&name.value) else {
        found
            .error(
                &name.span,
                format!("`{}` is not mapped into the VMM", name.value),
                "the device could not use it",
            )
            .related(&context.domain.span, "no <map> of it in here")
            .hint(format!(
                "add <map mr=\"{}\" vaddr=\"...\" perms=\"rw\"/> to the protection domain",
                name.value
            ));
        return None;
    };
    check_map(context, name, map, found);
    let size = size(name, region, found)?;
    Some(name.with(DeviceMemory {
        region: name.value.clone(),
        window: Window {
            vmm_address: map.address.value,
            size,
        },
        is_writable: map.allows('w'),
    }))
}

fn size(name: &Spanned<String>, region: &Region, found: &mut Diagnostics) -> Option<u64> {
    if region.size.is_none() {
        found
            .error(
                &region.span,
                "the size of a region that a device uses must be known",
                "no `size` here",
            )
            .related(&name.span, "used here")
            .hint("add size=\"...\"");
    }
    Some(region.size.as_ref()?.value)
}

/// Devices read and write through the cache, in memory that has no other purpose.
fn check_map(context: &Context<'_>, name: &Spanned<String>, map: &Map, found: &mut Diagnostics) {
    if !["r", "rw"].contains(&map.permissions.value.as_str()) || !map.cached {
        found
            .error(
                &map.span,
                format!(
                    "memory of a device, `{}`, is mapped in another way",
                    name.value
                ),
                "must be `rw` or `r`, and cached",
            )
            .related(&name.span, "used here")
            .hint("write perms=\"rw\", and no cached=\"false\"");
    }
    if let Some(purpose) = map.facts.first() {
        found
            .error(
                &name.span,
                format!("`{}` has another purpose", name.value),
                "memory of a device",
            )
            .related(&purpose.span, "and this too?")
            .hint("give the device a memory region of its own");
    }
    let machines = context.document.domains.iter();
    let machines = machines.filter_map(|domain| domain.machine.as_ref());
    let mut maps = machines.flat_map(|machine| &machine.maps);
    if let Some(theirs) = maps.find(|map| map.region.value == name.value) {
        found
            .error(
                &name.span,
                format!("`{}` is mapped into a guest", name.value),
                "memory of a device",
            )
            .related(&theirs.span, "mapped here")
            .hint("a device reaches its guest's RAM without it; name memory of the VMM's own");
    }
}
