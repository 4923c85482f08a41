//! Priorities, budgets and the FPU of the VMM.

use crate::board::Board;
use crate::diagnostic::Diagnostics;
use crate::document::{Document, Domain, Machine, Schedule};
use crate::model::Guest;
use crate::resolve::has_other_guests;

/// Highest priority that Microkit gives to a protection domain.
const HIGHEST_PRIORITY: u64 = 254;
/// What a VMM beside other guests is advised to have, in microseconds: tests/boot/interference.rs
/// shows what it bounds.
const DEFAULT_BUDGET: u64 = 60;
const DEFAULT_PERIOD: u64 = 300;

pub(super) fn check(document: &Document, guests: &[Guest], board: &Board, found: &mut Diagnostics) {
    for domain in &document.domains {
        check_schedule(&domain.schedule, found);
        let Some(machine) = &domain.machine else {
            continue;
        };
        check_schedule(&machine.schedule, found);
        let guest = guests.iter().find(|g| g.domain == domain.name.value);
        if let Some(guest) = guest {
            check_vmm(domain, machine, found);
            if has_other_guests(document, domain) {
                check_interference(domain, machine, guest, found);
            } else {
                warn_of_throttling(&domain.schedule, found);
            }
            warn_of_throttling(&machine.schedule, found);
            check_cores(guest, machine, board, found);
        }
    }
}

fn check_schedule(schedule: &Schedule, found: &mut Diagnostics) {
    if schedule.priority > HIGHEST_PRIORITY {
        found
            .error(
                &schedule.span,
                format!("priority {} is out of range", schedule.priority),
                format!("at most {HIGHEST_PRIORITY}"),
            )
            .hint(format!("choose a priority from 0 to {HIGHEST_PRIORITY}"));
    }
    if schedule.budget > schedule.period {
        found
            .error(
                &schedule.span,
                "the budget is larger than the period",
                format!("{} of {} microseconds", schedule.budget, schedule.period),
            )
            .hint("make the budget at most the period");
    }
}

fn check_vmm(domain: &Domain, machine: &Machine, found: &mut Diagnostics) {
    let (own, guest) = (&domain.schedule, &machine.schedule);
    if guest.priority >= own.priority {
        found
            .error(
                &guest.span,
                "the guest's priority is not below its VMM's",
                format!("priority {}", guest.priority),
            )
            .related(&own.span, format!("the VMM has priority {}", own.priority))
            .hint("a busy guest would keep its own VMM from running");
    }
    if domain.fpu.as_ref().is_none_or(|fpu| fpu.value != "false") {
        let span = domain.fpu.as_ref().map_or(&domain.span, |fpu| &fpu.span);
        found
            .warning(
                span,
                "the VMM has the FPU but does not use it",
                "costs about a hundred instructions per exit",
            )
            .hint("add fpu=\"false\" to the <protection_domain>");
    }
}

fn warn_of_throttling(schedule: &Schedule, found: &mut Diagnostics) {
    if schedule.budget < schedule.period {
        found
            .warning(
                &schedule.span,
                "the budget is smaller than the period",
                format!("{} of {} microseconds", schedule.budget, schedule.period),
            )
            .hint("each exit costs about a sixth more, and interrupts wait for the next period");
    }
}

/// What a VMM does for its guest must not be at the cost of the others.
fn check_interference(domain: &Domain, machine: &Machine, guest: &Guest, found: &mut Diagnostics) {
    let own = &domain.schedule;
    if own.budget >= own.period {
        found
            .warning(
                &own.span,
                "a VMM beside other guests without a budget below its period",
                "its guest can make it work at the cost of the others without end",
            )
            .hint(format!(
                "add budget=\"{DEFAULT_BUDGET}\" period=\"{DEFAULT_PERIOD}\" (vmm/sysgen/README.md has what it costs)"
            ));
    }
    if guest.wake.is_none() {
        found
            .warning(
                &machine.span,
                "an idle guest beside others keeps its core busy",
                "nothing ends its sleep, so it does not sleep",
            )
            .hint("give its VMM tickers (vmm/sysgen/README.md)");
    }
}

fn check_cores(guest: &Guest, machine: &Machine, board: &Board, found: &mut Diagnostics) {
    if guest.vcpus > board.cores {
        found
            .warning(
                &machine.span,
                format!("{} vCPUs on {} cores", guest.vcpus, board.cores),
                "more vCPUs than cores",
            )
            .hint("they will take turns; the guest's spin locks may wait long");
    }
}
