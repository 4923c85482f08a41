//! The page that the guest reads in place of the distributor.

use super::Context;
use crate::diagnostic::Diagnostics;
use crate::document::{Map, Region};
use crate::model::DISTRIBUTOR_SIZE;
use crate::vocabulary::Word;

/// Where the VMM maps the page that shadows the distributor.
pub(super) fn page(
    context: &Context<'_>,
    distributor: u64,
    found: &mut Diagnostics,
) -> Option<u64> {
    let mut marked = context
        .machine
        .maps
        .iter()
        .filter_map(|map| Some((map, map.fact(Word::GicShadow)?)));
    let (map, fact) = marked.next()?;
    for (_, again) in marked {
        found
            .error(&again.span, "a second shadow page", "again")
            .related(&fact.span, "first here")
            .hint("keep one of them: there is one distributor");
    }
    let region = context.region(map)?;
    check_place(map, region, distributor, found);
    if let Some(second) = context.machine.vcpus.get(1) {
        found
            .error(
                &fact.span,
                "a shadow page serves one vCPU only",
                "some distributor registers are banked: each vCPU reads others",
            )
            .related(&second.span, "the second vCPU")
            .hint("remove the map, or all vCPUs but one");
    }
    let own = context.own_map(&region.name.value);
    check_own_map(own, map, found);
    own.map(|own| own.address.value)
}

/// The guest reads all of the distributor there, and writes nothing.
fn check_place(map: &Map, region: &Region, distributor: u64, found: &mut Diagnostics) {
    let size = region.size.as_ref().map_or(0, |size| size.value);
    if map.address.value != distributor || size != DISTRIBUTOR_SIZE {
        found
            .error(
                &map.span,
                "the shadow page does not lie over the distributor",
                format!("expected {DISTRIBUTOR_SIZE:#x} bytes at {distributor:#x}"),
            )
            .hint(format!(
                "write vaddr=\"{distributor:#x}\" and a region of one page"
            ));
    }
    if map.permissions.value != "r" || map.cached {
        found
            .error(
                &map.span,
                "the shadow page must be read-only and uncached for the guest",
                "its writes have to reach the VMM",
            )
            .hint("write perms=\"r\" cached=\"false\"");
    }
}

/// The VMM writes what the guest reads, and neither looks into a cache.
fn check_own_map(own: Option<&Map>, map: &Map, found: &mut Diagnostics) {
    if own.is_none_or(|own| !own.allows('w')) {
        found
            .error(
                &map.region.span,
                format!("the VMM cannot write `{}`", map.region.value),
                "the VMM keeps the registers in this page",
            )
            .hint("add a <map> with perms=\"rw\" cached=\"false\" to the protection domain");
    }
    if let Some(cached) = own.filter(|own| own.cached) {
        found
            .error(
                &cached.span,
                "the VMM maps the shadow page cached",
                "the guest reads past the cache",
            )
            .hint("add cached=\"false\"");
    }
}
