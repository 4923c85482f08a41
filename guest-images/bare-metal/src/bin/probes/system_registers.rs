//! System registers a kernel touches at its start: identification, debug, timers, performance counters.

use bare_metal::check::{Check, Outcome, expect};
use bare_metal::exception::{Caught, UNDEFINED, catch};
use bare_metal::{instruction, read_system, write_system};

pub(crate) const CHECKS: &[Check] = &[
    ("sysreg-identification", identification),
    ("sysreg-debug-locks", debug_locks),
    ("sysreg-debug-control", debug_control),
    ("sysreg-performance", performance),
    ("sysreg-thread-pointers", thread_pointers),
    ("sysreg-virtual-memory", virtual_memory),
    ("sysreg-set-way", set_way),
    ("sysreg-undefined", undefined),
];

fn no_exception(caught: Option<Caught>) -> Outcome {
    expect(
        "no exception, ESR",
        0_u64,
        caught.map_or(0, |caught| caught.esr),
    )
}

fn identification() -> Outcome {
    let (values, caught) = catch(|| {
        [
            read_system!("midr_el1"),
            read_system!("mpidr_el1"),
            read_system!("id_aa64pfr0_el1"),
            read_system!("id_aa64dfr0_el1"),
            read_system!("id_aa64isar0_el1"),
            read_system!("id_aa64mmfr0_el1"),
            read_system!("id_aa64mmfr2_el1"),
            read_system!("id_pfr0_el1"),
            read_system!("id_isar5_el1"),
            read_system!("ctr_el0"),
            read_system!("dczid_el0"),
            read_system!("clidr_el1"),
            read_system!("revidr_el1"),
            read_system!("aidr_el1"),
            // In the identification space and not given to any register: reads as zero.
            read_system!("s3_0_c0_c7_7"),
        ]
    });
    no_exception(caught)?;
    expect("implementer", 0x41_u64, values[0] >> 24 & 0xff)?;
    expect("MPIDR.RES1", 1_u64, values[1] >> 31 & 1)?;
    expect("EL1 is AArch64", true, values[2] >> 4 & 0xf >= 1)?;
    expect("reserved register", 0_u64, values[14])
}

fn debug_locks() -> Outcome {
    let (_, caught) = catch(|| {
        write_system!("oslar_el1", 0);
        write_system!("osdlr_el1", 0);
        read_system!("oslsr_el1")
    });
    no_exception(caught)
}

fn debug_control() -> Outcome {
    let (_, caught) = catch(|| {
        write_system!("mdscr_el1", 0);
        write_system!("dbgbcr0_el1", 0);
        write_system!("dbgbvr0_el1", 0);
        write_system!("dbgwcr0_el1", 0);
        write_system!("mdccint_el1", 0);
        [
            read_system!("mdscr_el1"),
            read_system!("dbgbcr0_el1"),
            read_system!("mdrar_el1"),
        ]
    });
    no_exception(caught)
}

/// There or not there, as the machine likes; the answer is a value or an undefined instruction.
fn performance() -> Outcome {
    let (_, caught) = catch(|| {
        write_system!("pmuserenr_el0", 0);
        read_system!("pmcr_el0")
    });
    let class = caught.map_or(UNDEFINED, |caught| caught.class());
    expect("exception class", UNDEFINED, class)
}

fn thread_pointers() -> Outcome {
    let kept = read_system!("tpidr_el1");
    write_system!("tpidr_el1", 0x1234_5678_9abc_def0);
    write_system!("tpidr_el0", 0x1111);
    write_system!("tpidrro_el0", 0x2222);
    write_system!("contextidr_el1", 0x3333);
    // A trap in between must not lose them.
    bare_metal::gic::read(bare_metal::gic::register::TYPER);
    let values = [
        read_system!("tpidr_el1"),
        read_system!("tpidr_el0"),
        read_system!("tpidrro_el0"),
        read_system!("contextidr_el1"),
    ];
    write_system!("tpidr_el1", kept);
    expect("TPIDR_EL1", 0x1234_5678_9abc_def0_u64, values[0])?;
    expect("TPIDR_EL0", 0x1111_u64, values[1])?;
    expect("TPIDRRO_EL0", 0x2222_u64, values[2])?;
    expect("CONTEXTIDR_EL1", 0x3333_u64, values[3])
}

fn virtual_memory() -> Outcome {
    let (values, caught) = catch(|| {
        write_system!("mair_el1", 0x00ff_4404);
        write_system!("tcr_el1", 0x0000_0005_b510_3510);
        write_system!("ttbr0_el1", 0x4400_0000);
        write_system!("ttbr1_el1", 0x4500_0000);
        instruction!("tlbi vmalle1\ndsb ish\nisb");
        [
            read_system!("mair_el1"),
            read_system!("tcr_el1"),
            read_system!("ttbr0_el1"),
            read_system!("ttbr1_el1"),
        ]
    });
    no_exception(caught)?;
    expect("MAIR_EL1", 0x00ff_4404_u64, values[0])?;
    expect("TCR_EL1", 0x0000_0005_b510_3510_u64, values[1])?;
    expect("TTBR0_EL1", 0x4400_0000_u64, values[2])?;
    expect("TTBR1_EL1", 0x4500_0000_u64, values[3])
}

/// Old kernels clean caches by set and way at start.
fn set_way() -> Outcome {
    let ((), caught) = catch(|| instruction!("dc csw, xzr\ndc cisw, xzr\nic iallu\ndsb sy\nisb"));
    no_exception(caught)
}

/// Registers of EL2 and EL3 are undefined at EL1, as are instructions that do not exist.
fn undefined() -> Outcome {
    for attempt in [
        || _ = read_system!("hcr_el2"),
        || _ = read_system!("vttbr_el2"),
        || _ = read_system!("scr_el3"),
        || instruction!(".inst 0x00000000"),
    ] {
        let ((), caught) = catch(attempt);
        let class = caught.map_or(u64::MAX, |caught| caught.class());
        expect("exception class", UNDEFINED, class)?;
    }
    Ok(())
}
