//! The region that the guest image package fills.

use vmm_config::ReservationKind;

use super::{Context, page_size};
use crate::diagnostic::Diagnostics;
use crate::document::{Map, Region};
use crate::model::{ImageRegion, Reservation};
use crate::vocabulary::Word;

/// The one map that is marked `image`.
pub(super) fn region(
    context: &Context<'_>,
    reservations: &[Reservation],
    found: &mut Diagnostics,
) -> Option<ImageRegion> {
    let mut marked = context
        .domain
        .maps
        .iter()
        .filter(|map| map.says(Word::Image));
    let Some(map) = marked.next() else {
        found
            .error(
                &context.domain.span,
                "the VMM has no guest image",
                "no <map> of this protection domain is marked `image`",
            )
            .hint("map a region that has a prefill_path and put <?vmm image?> before the <map>");
        return None;
    };
    for again in marked {
        found
            .error(&again.span, "a second guest image", "again")
            .related(&map.span, "first here")
            .hint("one region holds kernel, initrd and device tree together");
    }
    let region = context.region(map)?;
    let Some(file) = &region.prefill else {
        found
            .error(
                &region.span,
                "the guest image region is not filled from a file",
                "no `prefill_path` here",
            )
            .related(&map.span, "marked `image` here")
            .hint("add prefill_path=\"guest.img\"");
        return None;
    };
    check(map, region, found);
    let page = page_size(context.document, region);
    let ram = reservations
        .iter()
        .filter(|piece| piece.kind == ReservationKind::Ram);
    // Kernel, initrd and device tree fit into RAM and the records into a page.
    let most = ram.map(|piece| piece.size).fold(page, u64::saturating_add);
    Some(ImageRegion {
        region: region.name.value.clone(),
        file: file.value.clone(),
        vmm_address: map.address.value,
        page_size: page,
        size: most.checked_next_multiple_of(page).unwrap_or(u64::MAX),
        span: map.span.clone(),
    })
}

fn check(map: &Map, region: &Region, found: &mut Diagnostics) {
    if !map.cached {
        found
            .error(
                &map.span,
                "the guest image is mapped uncached",
                "what fills it may still be in the cache",
            )
            .hint("remove cached=\"false\"");
    }
    if let Some(size) = &region.size {
        found
            .error(
                &size.span,
                "the guest image region has a size",
                "the file decides",
            )
            .hint("remove `size`; the microkit tool cannot fill a region only partly");
    }
}
