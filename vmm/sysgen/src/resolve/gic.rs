//! `gic`: the guest's interrupt controller.

use vmm_config::ReservationKind;

use super::{Context, shadow};
use crate::diagnostic::Diagnostics;
use crate::fact::Fact;
use crate::model::{DISTRIBUTOR_SIZE, Gic, Reservation};
use crate::source::Spanned;
use crate::vocabulary::Word;

/// The `gic` instruction; the distributor is added to `reservations`.
pub(super) fn controller(
    context: &Context<'_>,
    reservations: &mut Vec<Reservation>,
    found: &mut Diagnostics,
) -> Option<Gic> {
    let Some(fact) = context.guest_fact(Word::Gic, found) else {
        found
            .error(
                &context.machine.span,
                "the guest has no interrupt controller",
                "no `gic` instruction inside",
            )
            .hint("add <?vmm gic version=\"2\" distributor=\"0x8000000\"?> inside");
        return None;
    };
    let version = fact.number("version", found)?;
    let distributor = fact.number("distributor", found)?;
    if version.value != 2 || context.board.gic.version != 2 {
        report_gic_version(context, &version, found);
        return None;
    }
    if !distributor.value.is_multiple_of(0x1000) {
        found
            .error(
                &distributor.span,
                "the distributor is not aligned to a page",
                "not a multiple of 0x1000",
            )
            .hint("the guest finds GICD at a multiple of 4 KiB");
    }
    let cpu_interface = cpu_interface(fact, reservations, found);
    reservations.push(Reservation {
        name: "gic-distributor".to_owned(),
        base: distributor.value,
        size: DISTRIBUTOR_SIZE,
        kind: ReservationKind::Emulated(vmm_config::Device::GicDistributor),
        unlisted: false,
        span: fact.span.clone(),
    });
    Some(Gic {
        version: 2,
        distributor: distributor.value,
        cpu_interface: cpu_interface?,
        visible_interface: visible_interface(context),
        shadow: shadow::page(context, distributor.value, found),
        spis: shared_interrupts(context.board.gic.highest_intid),
    })
}

/// Guest-physical address and size of the CPU interface.
fn cpu_interface(
    fact: &Fact,
    reservations: &[Reservation],
    found: &mut Diagnostics,
) -> Option<(u64, u64)> {
    let mut interfaces = reservations
        .iter()
        .filter(|piece| piece.kind == ReservationKind::GicCpuInterface);
    let cpu_interface = interfaces.next();
    if let Some((first, again)) = cpu_interface.zip(interfaces.next()) {
        found
            .error(&again.span, "a second GIC CPU interface", "again")
            .related(&first.span, "first here")
            .hint("keep one of them");
    }
    if cpu_interface.is_none() {
        found
            .error(
                &fact.span,
                "the guest has no GIC CPU interface",
                "no map is marked `gic-cpu-interface`",
            )
            .hint("map the board's GICV and put <?vmm gic-cpu-interface?> before the <map>");
    }
    cpu_interface.map(|piece| (piece.base, piece.size))
}

/// Where the VMM maps the board's GICV, if it does.
fn visible_interface(context: &Context<'_>) -> Option<u64> {
    let mut maps = context.machine.maps.iter();
    let map = maps.find(|map| {
        let mut facts = map.facts.iter();
        facts.any(|fact| fact.word == Word::GicCpuInterface)
    })?;
    let own = context.own_map(&map.region.value)?;
    Some(own.address.value)
}

fn report_gic_version(context: &Context<'_>, version: &Spanned<u64>, found: &mut Diagnostics) {
    let board = context.board;
    if board.gic.version != 2 {
        found
            .error(
                &version.span,
                format!("{} has a GICv{}", board.name, board.gic.version),
                "the VMM emulates a GICv2 only",
            )
            .hint("the VMM has no virtual GICv3 yet; choose a board with a GICv2");
    } else {
        found
            .error(
                &version.span,
                format!("no virtual GICv{}", version.value),
                "the VMM emulates a GICv2 only",
            )
            .hint("write version=\"2\"");
    }
}

/// SPIs to offer so that every INTID of the board has a place: whole registers of 32, and no
/// more than 960 (INTIDs from 992 on would need a register that also holds special INTIDs).
pub(super) fn shared_interrupts(highest: u16) -> u16 {
    let wanted = highest.saturating_sub(31).min(960).next_multiple_of(32);
    wanted.max(32)
}
