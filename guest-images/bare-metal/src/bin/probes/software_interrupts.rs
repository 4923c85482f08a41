//! Software-generated interrupts: the three target modes, counts, the pending registers.

use bare_metal::check::{Check, Outcome, expect};
use bare_metal::gic::{self, register};
use bare_metal::{cpu, timer};

pub(crate) const CHECKS: &[Check] = &[
    ("sgi-to-list", to_list),
    ("sgi-to-others", to_others),
    ("sgi-to-self", to_self),
    ("sgi-reserved-mode", reserved_mode),
    ("sgi-masked-counts-once", masked_counts_once),
    ("sgi-each", each),
    ("sgi-set-pending", set_pending),
    ("sgi-clear-pending", clear_pending),
    ("sgi-ispendr-ignored", ispendr_ignored),
    ("sgi-again-in-handler", again_in_handler),
];

const SGI: u32 = 5;
const TO_LIST: u32 = 0;
const TO_OTHERS: u32 = 1 << 24;
const TO_SELF: u32 = 2 << 24;
const RESERVED: u32 = 3 << 24;

fn send(mode: u32, targets: u32, sgi: u32) {
    gic::write(register::SGIR, mode | targets << 16 | sgi);
}

/// Lets interrupts in for a while and gives how often the SGI was taken.
fn taken(sgi: u32) -> u32 {
    cpu::unmask_interrupts();
    timer::delay(300);
    cpu::mask_interrupts();
    gic::count(sgi)
}

fn sent(mode: u32, targets: u32) -> u32 {
    gic::forget();
    send(mode, targets, SGI);
    taken(SGI)
}

fn to_list() -> Outcome {
    expect("list with this CPU", 1_u32, sent(TO_LIST, 1))?;
    expect("list without this CPU", 0_u32, sent(TO_LIST, 0xfe))?;
    expect("empty list", 0_u32, sent(TO_LIST, 0))?;
    expect("all CPUs", 1_u32, sent(TO_LIST, 0xff))
}

fn to_others() -> Outcome {
    expect("with one CPU", 0_u32, sent(TO_OTHERS, 1))
}

fn to_self() -> Outcome {
    expect("empty list", 1_u32, sent(TO_SELF, 0))?;
    expect("source CPU", SGI, gic::nth(0))
}

/// No meaning is given to it: nothing happens, or the SGI comes once.
fn reserved_mode() -> Outcome {
    let taken = sent(RESERVED, 1);
    expect("at most once", true, taken <= 1)
}

fn masked_counts_once() -> Outcome {
    gic::forget();
    for _ in 0..5 {
        send(TO_SELF, 0, SGI);
    }
    timer::delay(300);
    expect("taken", 1_u32, taken(SGI))?;
    send(TO_SELF, 0, SGI);
    expect("taken after another", 2_u32, taken(SGI))
}

fn each() -> Outcome {
    gic::forget();
    for sgi in 0..16 {
        send(TO_SELF, 0, sgi);
    }
    cpu::unmask_interrupts();
    let arrived = timer::wait_until(|| gic::taken() == 16);
    cpu::mask_interrupts();
    expect("all arrived", true, arrived)?;
    for sgi in 0..16 {
        expect("taken", 1_u32, gic::count(sgi))?;
    }
    Ok(())
}

fn pending_byte(base: u64) -> u32 {
    gic::read(base + u64::from(SGI & !3)) >> (8 * (SGI % 4)) & 0xff
}

fn set_pending() -> Outcome {
    gic::forget();
    cpu::write8(gic::GICD + register::SPENDSGIR + u64::from(SGI), 1);
    expect("SPENDSGIR", 1_u32, pending_byte(register::SPENDSGIR))?;
    expect("CPENDSGIR", 1_u32, pending_byte(register::CPENDSGIR))?;
    expect("ISPENDR", true, gic::read_bit(register::ISPENDR, SGI))?;
    expect("taken", 1_u32, taken(SGI))?;
    expect("IAR", SGI, gic::nth(0))?;
    expect(
        "SPENDSGIR afterwards",
        0_u32,
        pending_byte(register::SPENDSGIR),
    )
}

/// As with SPIs, what a list register holds already cannot be taken back.
fn clear_pending() -> Outcome {
    gic::forget();
    send(TO_SELF, 0, SGI);
    cpu::write8(gic::GICD + register::CPENDSGIR + u64::from(SGI), 0xff);
    expect("SPENDSGIR", 0_u32, pending_byte(register::SPENDSGIR))?;
    let once = taken(SGI);
    expect("taken at most once", true, once <= 1)?;
    expect("taken later", once, taken(SGI))
}

fn ispendr_ignored() -> Outcome {
    gic::forget();
    gic::write_bit(register::ISPENDR, SGI);
    expect("taken after ISPENDR", 0_u32, taken(SGI))?;
    send(TO_SELF, 0, SGI);
    gic::write_bit(register::ICPENDR, SGI);
    expect("taken after ICPENDR", 1_u32, taken(SGI))
}

fn again_in_handler() -> Outcome {
    gic::forget();
    gic::set_action(|sgi| {
        if gic::count(sgi) == 0 {
            send(TO_SELF, 0, sgi);
        }
    });
    send(TO_SELF, 0, SGI);
    expect("taken", 2_u32, taken(SGI))
}
