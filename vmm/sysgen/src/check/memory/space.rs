//! What lies in an address space: nothing over another, nothing beyond its end.

use vmm_config::{Device, ReservationKind};

use crate::diagnostic::Diagnostics;
use crate::document::{Document, Map};
use crate::model::{DISTRIBUTOR_SIZE, Guest};
use crate::resolve::find_region;
use crate::source::Span;

/// A stretch of an address space.
pub(super) struct Stretch<'a> {
    name: &'a str,
    start: u64,
    size: u64,
    span: &'a Span,
}

impl Stretch<'_> {
    fn end(&self) -> u64 {
        self.start.saturating_add(self.size)
    }
}

pub(super) fn stretches<'a>(
    document: &'a Document,
    maps: &'a [Map],
    guest: Option<&Guest>,
) -> Vec<Stretch<'a>> {
    let stretch = |map: &'a Map| {
        let region = find_region(document, &map.region.value)?;
        let image = guest.filter(|guest| guest.image.region == region.name.value);
        let known = region.size.as_ref().map(|size| size.value);
        Some(Stretch {
            name: &region.name.value,
            start: map.address.value,
            // The file that fills a region without a size is not there yet.
            size: image.map_or(known.unwrap_or(0x1000), |guest| guest.image.size),
            span: &map.span,
        })
    };
    maps.iter().filter_map(stretch).collect()
}

/// The emulated distributor, unless a shadow page is meant to lie over it.
pub(super) fn distributor(guest: &Guest) -> Option<Stretch<'_>> {
    let kind = ReservationKind::Emulated(Device::GicDistributor);
    let piece = guest.reservations.iter().find(|piece| piece.kind == kind)?;
    let stretch = Stretch {
        name: &piece.name,
        start: piece.base,
        size: DISTRIBUTOR_SIZE,
        span: &piece.span,
    };
    guest.gic.shadow.is_none().then_some(stretch)
}

/// What the other emulated devices answer in.
pub(super) fn emulated(guest: &Guest) -> impl Iterator<Item = Stretch<'_>> {
    let is_device = |kind| matches!(kind, ReservationKind::Emulated(Device::Emulated { .. }));
    let pieces = guest.reservations.iter();
    let pieces = pieces.filter(move |piece| is_device(piece.kind));
    pieces.map(|piece| Stretch {
        name: &piece.name,
        start: piece.base,
        size: piece.size,
        span: &piece.span,
    })
}

pub(super) fn check_space(
    stretches: &[Stretch<'_>],
    space: &str,
    limit: u64,
    found: &mut Diagnostics,
) {
    let mut sorted: Vec<&Stretch<'_>> = stretches.iter().collect();
    sorted.sort_by_key(|stretch| stretch.start);
    let mut highest: Option<&Stretch<'_>> = None;
    for stretch in sorted {
        if stretch
            .start
            .checked_add(stretch.size)
            .is_none_or(|end| end > limit)
        {
            found
                .error(
                    stretch.span,
                    format!("`{}` lies outside the address space", stretch.name),
                    format!("ends after {limit:#x}"),
                )
                .hint("choose a lower address or a smaller size");
        }
        if let Some(below) = highest.filter(|below| below.end() > stretch.start) {
            report_overlap(below, stretch, space, found);
        }
        if highest.is_none_or(|below| below.end() < stretch.end()) {
            highest = Some(stretch);
        }
    }
}

fn report_overlap(below: &Stretch<'_>, above: &Stretch<'_>, space: &str, found: &mut Diagnostics) {
    let range = |s: &Stretch<'_>| format!("{:#x} to {:#x}", s.start, s.end());
    found
        .error(
            above.span,
            format!("`{}` and `{}` overlap in {space}", below.name, above.name),
            format!("`{}` is {}", above.name, range(above)),
        )
        .related(below.span, format!("`{}` is {}", below.name, range(below)))
        .hint(format!(
            "the first free address after `{}` is {:#x}",
            below.name,
            below.end()
        ));
}
