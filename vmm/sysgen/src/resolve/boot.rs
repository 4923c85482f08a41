//! `guest` and `policy`: how the guest is started and what its end means.

use vmm_config::{Action, Policy, ReservationKind};

use super::Context;
use crate::diagnostic::Diagnostics;
use crate::model::{Boot, COMMAND_LINE_LIMIT, Conduit, DEFAULT_POLICY, Reservation};
use crate::number;
use crate::source::Spanned;
use crate::vocabulary::Word;

/// The `guest` instruction.
pub(super) fn boot(context: &Context<'_>, found: &mut Diagnostics) -> Option<Boot> {
    let Some(fact) = context.guest_fact(Word::Guest, found) else {
        found
            .error(
                &context.machine.span,
                "nothing says how the guest is started",
                "no `guest` instruction inside",
            )
            .hint("add <?vmm guest bootargs=\"...\"?> inside the <virtual_machine>");
        return None;
    };
    if let Some(bootargs) = fact.get("bootargs") {
        check_length(bootargs, found);
    }
    let text = |name: &str| fact.get(name).map(|value| value.value.clone());
    Some(Boot {
        bootargs: text("bootargs").unwrap_or_default(),
        stdout: text("stdout"),
        psci: conduit(fact.get("psci"), found),
        load: fact.number("load", found),
    })
}

fn check_length(bootargs: &Spanned<String>, found: &mut Diagnostics) {
    let length = bootargs.value.len();
    if length > COMMAND_LINE_LIMIT {
        // A line this long would bury the rest of the message.
        let beyond = (COMMAND_LINE_LIMIT..length).find(|at| bootargs.value.is_char_boundary(*at));
        let start = bootargs.span.start + beyond.unwrap_or(0);
        found
            .error(
                &(start..bootargs.span.end),
                "the kernel command line is too long",
                format!("{length} bytes, of which Linux would drop these"),
            )
            .hint(format!("arm64 Linux keeps {COMMAND_LINE_LIMIT} bytes"));
    }
}

fn conduit(text: Option<&Spanned<String>>, found: &mut Diagnostics) -> Conduit {
    match text {
        None => Conduit::Smc,
        Some(text) if text.value == "smc" => Conduit::Smc,
        Some(text) if text.value == "hvc" => Conduit::Hvc,
        Some(text) => {
            found
                .error(
                    &text.span,
                    "no such way to call PSCI",
                    "neither smc nor hvc",
                )
                .hint("smc is safe with every guest, hvc is faster");
            Conduit::Smc
        }
    }
}

/// A flat binary is loaded into RAM, and entered at its first byte.
pub(super) fn check_load(
    context: &Context<'_>,
    reservations: &[Reservation],
    found: &mut Diagnostics,
) {
    let facts = &context.machine.facts;
    let Some(load) = facts.iter().find_map(|fact| fact.get("load")) else {
        return;
    };
    let Some(address) = number::parse(&load.value) else {
        return;
    };
    let mut ram = reservations
        .iter()
        .filter(|piece| piece.kind == ReservationKind::Ram);
    if !ram.any(|piece| (piece.base..piece.end()).contains(&address)) {
        found
            .error(
                &load.span,
                "the guest would be loaded outside its RAM",
                "no RAM here",
            )
            .hint("choose an address in one of the maps marked <?vmm ram?>");
    } else if !address.is_multiple_of(4) {
        found
            .error(
                &load.span,
                "the guest would start at a misaligned address",
                "not a multiple of 4",
            )
            .hint("an instruction has four bytes, and a flat binary starts with one");
    }
}

/// The `policy` instruction.
pub(super) fn policy(context: &Context<'_>, found: &mut Diagnostics) -> Policy {
    let Some(fact) = context.guest_fact(Word::Policy, found) else {
        return DEFAULT_POLICY;
    };
    let mut read = |key: &str, default: Action| match fact.get(key) {
        Some(text) => action(context, text, found).unwrap_or(default),
        None => default,
    };
    Policy {
        power_off: read("power-off", DEFAULT_POLICY.power_off),
        reset: read("reset", DEFAULT_POLICY.reset),
        crash: read("crash", DEFAULT_POLICY.crash),
    }
}

fn action(
    context: &Context<'_>,
    text: &Spanned<String>,
    found: &mut Diagnostics,
) -> Option<Action> {
    let words: Vec<&str> = text.value.split_whitespace().collect();
    let action = match words.as_slice() {
        ["stop"] => Some(Action::Stop),
        ["restart"] => Some(Action::Restart { limit: None }),
        ["restart", limit] => limit
            .parse()
            .ok()
            .map(|limit| Action::Restart { limit: Some(limit) }),
        ["machine-off"] => Some(Action::MachineOff),
        _ => None,
    };
    if action.is_none() {
        found
            .error(
                &text.span,
                format!("`{}` is not a policy", text.value),
                "unknown policy",
            )
            .hint("write stop, restart, restart 3 (at most three times), or machine-off");
    }
    if action == Some(Action::MachineOff) && !context.domain.smc {
        found
            .error(
                &text.span,
                "the VMM may not switch the machine off",
                "needs the firmware",
            )
            .related(&context.domain.span, "no smc=\"true\" here")
            .hint("add smc=\"true\" to the <protection_domain>");
    }
    action
}
