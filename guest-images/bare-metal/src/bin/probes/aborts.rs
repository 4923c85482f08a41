//! Accesses that nothing answers: an external abort with true ESR, FAR and ELR, and life goes on.

use bare_metal::check::{Check, Outcome, expect};
use bare_metal::exception::{Caught, DATA_ABORT, INSTRUCTION_ABORT, catch, caught_count};
use bare_metal::gic::GICD;
use bare_metal::{load, load_pair, store, store_pair};

pub(crate) const CHECKS: &[Check] = &[
    ("abort-read", read),
    ("abort-write", write),
    ("abort-each-width", each_width),
    ("abort-beyond-ram", beyond_ram),
    ("abort-without-syndrome", without_syndrome),
    ("abort-address-size", address_size),
    ("abort-fetch", fetch),
    ("abort-fetch-from-distributor", fetch_from_distributor),
    ("abort-stack-in-nothing", stack_in_nothing),
    ("abort-thousand-times", thousand_times),
    ("abort-pair-over-the-end", pair_over_the_end),
    ("abort-pair-of-nothing", pair_of_nothing),
];

/// Between QEMU virt's devices: nothing answers there, on the machine or in the VM.
pub(crate) const NOTHING: u64 = 0x0b00_0000;
/// Behind any RAM these guests are given.
const BEYOND_RAM: u64 = 0xb000_0000;

const INSTRUCTION_LENGTH: u64 = 1 << 25;
const WRITE: u64 = 1 << 6;
/// ISS.EA says something of its own of an external abort; either is right.
const EXTERNAL_TYPE: u64 = 1 << 9;
const EXTERNAL_ABORT: u64 = 0x10;

/// The whole ESR of an external data abort taken at EL1: no instruction syndrome.
fn data_abort_esr(flags: u64) -> u64 {
    DATA_ABORT << 26 | INSTRUCTION_LENGTH | flags | EXTERNAL_ABORT
}

fn is_data_abort(caught: Option<Caught>, flags: u64, address: u64, elr: Option<u64>) -> Outcome {
    let caught = caught.unwrap_or(Caught {
        esr: 0,
        far: 0,
        elr: 0,
    });
    expect(
        "ESR_EL1",
        data_abort_esr(flags),
        caught.esr & !EXTERNAL_TYPE,
    )?;
    expect("FAR_EL1", address, caught.far)?;
    expect("ELR_EL1", elr.unwrap_or(caught.elr), caught.elr)?;
    expect("exceptions", 1_u64, caught_count())
}

fn read() -> Outcome {
    // The load, 4 bytes behind the label, gives its own address in the register it does not load.
    let (elr, caught) =
        catch(|| load!("adr {value}, 2f\n2: ldr wzr, [{address}]", NOTHING + 0x124));
    is_data_abort(caught, 0, NOTHING + 0x124, Some(elr))?;
    let (value, caught) = catch(|| load!("ldr {value:w}, [{address}]", NOTHING));
    is_data_abort(caught, 0, NOTHING, None)?;
    expect("register after the abort", u64::MAX, value)
}

fn write() -> Outcome {
    let ((), caught) = catch(|| store!("str {value:w}, [{address}]", NOTHING + 0x88, 5));
    is_data_abort(caught, WRITE, NOTHING + 0x88, None)?;
    let (elr, caught) = catch(|| load!("adr {value}, 2f\n2: str wzr, [{address}]", NOTHING));
    is_data_abort(caught, WRITE, NOTHING, Some(elr))
}

fn each_width() -> Outcome {
    let ((), caught) = catch(|| _ = load!("ldrb {value:w}, [{address}]", NOTHING + 1));
    is_data_abort(caught, 0, NOTHING + 1, None)?;
    let ((), caught) = catch(|| _ = load!("ldrsh {value}, [{address}]", NOTHING + 2));
    is_data_abort(caught, 0, NOTHING + 2, None)?;
    let ((), caught) = catch(|| _ = load!("ldr {value}, [{address}]", NOTHING + 8));
    is_data_abort(caught, 0, NOTHING + 8, None)?;
    let ((), caught) = catch(|| store!("strb {value:w}, [{address}]", NOTHING + 3, 0));
    is_data_abort(caught, WRITE, NOTHING + 3, None)?;
    let ((), caught) = catch(|| store!("str {value}, [{address}]", NOTHING + 16, 0));
    is_data_abort(caught, WRITE, NOTHING + 16, None)
}

fn beyond_ram() -> Outcome {
    for address in [BEYOND_RAM, 0x000f_ffff_f000] {
        let ((), caught) = catch(|| _ = load!("ldr {value:w}, [{address}]", address));
        is_data_abort(caught, 0, address, None)?;
    }
    Ok(())
}

/// A pair has no syndrome; where nothing is, it must abort all the same.
fn without_syndrome() -> Outcome {
    let ((), caught) = catch(|| _ = load!("ldp {value}, xzr, [{address}]", NOTHING));
    is_data_abort(caught, 0, NOTHING, None)?;
    let ((), caught) = catch(|| store!("stp {value}, {value}, [{address}]", NOTHING, 0));
    is_data_abort(caught, WRITE, NOTHING, None)
}

/// An address wider than the CPU's is the guest's own stage-1 fault, level 0.
fn address_size() -> Outcome {
    let address = 0x00f0_0000_0000_0000;
    let ((), caught) = catch(|| _ = load!("ldr {value:w}, [{address}]", address));
    let caught = caught.unwrap_or(Caught {
        esr: 0,
        far: 0,
        elr: 0,
    });
    expect("ESR_EL1", DATA_ABORT << 26 | INSTRUCTION_LENGTH, caught.esr)?;
    expect("FAR_EL1", address, caught.far)
}

fn jump(address: u64) -> Option<Caught> {
    // blr leaves the way back in x30; the handler takes it.
    let ((), caught) =
        catch(|| _ = load!("mov {value}, x30\nblr {address}\nmov x30, {value}", address));
    caught
}

fn is_fetch_abort(address: u64) -> Outcome {
    let caught = jump(address).unwrap_or(Caught {
        esr: 0,
        far: 0,
        elr: 0,
    });
    let esr = INSTRUCTION_ABORT << 26 | INSTRUCTION_LENGTH | EXTERNAL_ABORT;
    expect("ESR_EL1", esr, caught.esr & !EXTERNAL_TYPE)?;
    expect("FAR_EL1", address, caught.far)?;
    expect("ELR_EL1", address, caught.elr)
}

fn fetch() -> Outcome {
    is_fetch_abort(NOTHING)?;
    is_fetch_abort(BEYOND_RAM + 0x40)
}

fn fetch_from_distributor() -> Outcome {
    is_fetch_abort(GICD + 0x100)
}

fn stack_in_nothing() -> Outcome {
    let ((), caught) = catch(|| {
        store!(
            "mov {value}, sp\nmov sp, {address}\nstr xzr, [sp, #-16]!\nmov sp, {value}",
            NOTHING + 0x1000,
            0
        );
    });
    is_data_abort(caught, WRITE, NOTHING + 0xff0, None)?;
    let ((), caught) = catch(|| {
        _ = load!(
            "mov {value}, sp\nmov sp, {address}\nldr xzr, [sp]\nmov sp, {value}",
            NOTHING + 0x1000
        );
    });
    is_data_abort(caught, 0, NOTHING + 0x1000, None)
}

fn thousand_times() -> Outcome {
    let ((), caught) = catch(|| {
        for n in 0..1000 {
            _ = load!("ldr {value:w}, [{address}]", NOTHING + 4 * n);
        }
    });
    expect("exceptions", 1000_u64, caught_count())?;
    expect(
        "last FAR_EL1",
        NOTHING + 4 * 999,
        caught.map_or(0, |caught| caught.far),
    )
}

/// Bytes of the distributor.
const GICD_BYTES: u64 = 0x1000;

/// The address is the one of the element that nothing answers, and the base stays.
fn pair_over_the_end() -> Outcome {
    let end = GICD + GICD_BYTES;
    let ((_, second, base), caught) =
        catch(|| load_pair!("ldp {first:w}, {second:w}, [{address}], #8", end - 4));
    is_data_abort(caught, 0, end, None)?;
    expect("base", end - 4, base)?;
    expect("second register", u64::MAX, second)?;
    let (_, caught) = catch(|| load_pair!("ldp {first}, {second}, [{address}]", end - 8));
    is_data_abort(caught, 0, end, None)?;
    let (base, caught) =
        catch(|| store_pair!("stp {first:w}, {second:w}, [{address}, #-4]!", end, 0, 0));
    is_data_abort(caught, WRITE, end, None)?;
    expect("base after the store", end, base)
}

fn pair_of_nothing() -> Outcome {
    let ((first, second, base), caught) =
        catch(|| load_pair!("ldp {first}, {second}, [{address}, #16]!", NOTHING));
    is_data_abort(caught, 0, NOTHING + 16, None)?;
    expect("base", NOTHING, base)?;
    expect("first register", u64::MAX, first)?;
    expect("second register", u64::MAX, second)
}
