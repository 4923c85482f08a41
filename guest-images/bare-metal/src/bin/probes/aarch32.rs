//! Programs of AArch32 at EL0, in T32 and A32: accesses in every form, IT blocks, waits, aborts.
//!
//! After each exit the program must go on where it was, in its own execution state.

use bare_metal::check::{Check, Outcome, expect};
use bare_metal::gic::{self, GICD, register};
use bare_metal::lower::{A32, FROM_AARCH32, Lower, T32};
use bare_metal::{instruction, read_system, write_system};

use crate::aborts::NOTHING;
use crate::loads::{PATTERN, PLACE};

pub(crate) const CHECKS: &[Check] = &[
    ("aarch32-loads", loads),
    ("aarch32-every-register", every_register),
    ("aarch32-stores", stores),
    ("aarch32-state-kept", state_kept),
    ("aarch32-indexed", indexed),
    ("aarch32-doubles", doubles),
    ("aarch32-multiples", multiples),
    ("aarch32-t32-forms", t32_forms),
    ("aarch32-it-blocks", it_blocks),
    ("aarch32-waits", waits),
    ("aarch32-big-endian", big_endian),
    ("aarch32-aborts", aborts),
    ("aarch32-interrupts", interrupts),
    ("aarch32-translated", translated),
];

const AT: u64 = GICD + PLACE;
const NEXT: u32 = 0x1020_3040;
const SVC32: u64 = 0x11;
const DATA_ABORT_LOWER: u64 = 0x24;

/// SVC #0, which ends each program.
const A32_SVC: u32 = 0xef00_0000;
const T32_SVC: u16 = 0xdf00;

/// Code at an address that A32 can have.
#[repr(align(4))]
struct Code<T>(T);

fn set_pattern() {
    gic::write(PLACE, PATTERN);
    gic::write(PLACE + 4, NEXT);
}

/// With R1 and SP at the place in the distributor, R2 = 8, and R5 to R7 known.
fn program<T>(code: &'static Code<T>, spsr: u64) -> Lower {
    let mut program = Lower::new((&raw const *code).addr() as u64, spsr);
    (program.x[1], program.x[2], program.x[13]) = (AT, 8, AT);
    (program.x[5], program.x[6], program.x[7]) = (0x1018_2028, 0x3038_4048, 0x5058_6068);
    program
}

/// Runs a program of so many bytes before its SVC.
fn run<T>(code: &'static Code<T>, spsr: u64) -> Result<Lower, bare_metal::check::Failure> {
    set_pattern();
    let svc = if spsr & 0x20 == 0 { 4_u64 } else { 2 };
    let start = (&raw const *code).addr() as u64;
    let size = size_of::<T>() as u64;
    let end = program(code, spsr).run();
    expect("vector", FROM_AARCH32, end.vector)?;
    expect("class", SVC32, end.class())?;
    expect("PC", start + size, end.pc)?;
    expect(
        "bytes of SVC",
        svc,
        if end.esr >> 25 & 1 == 1 { 4 } else { 2_u64 },
    )?;
    Ok(end)
}

fn loads() -> Outcome {
    static CODE: Code<[u32; 6]> = Code([
        0xe591_0000, // ldr r0, [r1]
        0xe1d1_30b2, // ldrh r3, [r1, #2]
        0xe5d1_4001, // ldrb r4, [r1, #1]
        0xe1d1_80d3, // ldrsb r8, [r1, #3]
        0xe1d1_90f0, // ldrsh r9, [r1]
        A32_SVC,
    ]);
    let end = run(&CODE, A32)?;
    expect("word", PATTERN, end.x[0])?;
    expect("half word", PATTERN >> 16, end.x[3])?;
    expect("byte", PATTERN >> 8 & 0xff, end.x[4])?;
    expect("signed byte", 0xffff_fff0_u64, end.x[8])?;
    expect("signed half word", 0x7898_u64, end.x[9])?;
    expect("another register", 0x1018_2028_u64, end.x[5])
}

fn every_register() -> Outcome {
    static CODE: Code<[u32; 15]> = Code([
        0xe591_0000, // ldr r0, [r1]
        0xe591_2000, // ldr r2, [r1]
        0xe591_3000, // and so on
        0xe591_4000,
        0xe591_5000,
        0xe591_6000,
        0xe591_7000,
        0xe591_8000,
        0xe591_9000,
        0xe591_a000,
        0xe591_b000,
        0xe591_c000,
        0xe591_d000,
        0xe591_e000,
        A32_SVC,
    ]);
    let end = run(&CODE, A32)?;
    for (number, value) in end.x.iter().enumerate().take(15) {
        let expected = if number == 1 { AT } else { PATTERN.into() };
        expect("register", expected, *value)?;
    }
    Ok(())
}

fn stores() -> Outcome {
    static CODE: Code<[u32; 4]> = Code([
        0xe581_5000, // str r5, [r1]
        0xe1c1_60b4, // strh r6, [r1, #4]
        0xe5c1_7007, // strb r7, [r1, #7]
        A32_SVC,
    ]);
    run(&CODE, A32)?;
    expect("word", 0x1018_2028_u32, gic::read(PLACE))?;
    expect("others", 0x6820_4048_u32, gic::read(PLACE + 4))
}

/// Flags, Q, GE, the byte order and the masks are as before, in T32 and A32.
fn state_kept() -> Outcome {
    static A32_CODE: Code<[u32; 2]> = Code([0xe591_0000, A32_SVC]); // ldr r0, [r1]
    static T32_CODE: Code<[u16; 2]> = Code([0x6808, T32_SVC]); // ldr r0, [r1]
    const FLAGS: u64 = 0xf80f_0000;
    for masks in [0, 0x1c0, 0x140] {
        let spsr = A32 & !0x1c0 | FLAGS | masks;
        let end = run(&A32_CODE, spsr)?;
        expect("PSTATE of A32", spsr, end.spsr)?;
        let spsr = T32 & !0x1c0 | FLAGS | masks;
        let end = run(&T32_CODE, spsr)?;
        expect("PSTATE of T32", spsr, end.spsr)?;
    }
    Ok(())
}

fn indexed() -> Outcome {
    static CODE: Code<[u32; 6]> = Code([
        0xe491_0004, // ldr r0, [r1], #4
        0xe411_3004, // ldr r3, [r1], #-4
        0xe7b1_40a2, // ldr r4, [r1, r2, lsr #1]!
        0xe041_50b4, // strh r5, [r1], #-4
        0xe5e1_6003, // strb r6, [r1, #3]!
        A32_SVC,
    ]);
    let end = run(&CODE, A32)?;
    expect("first", PATTERN, end.x[0])?;
    expect("second", NEXT, end.x[3])?;
    expect("third", NEXT, end.x[4])?;
    expect("base", AT + 3, end.x[1])?;
    expect("byte", PATTERN & 0xff_ffff | 0x4800_0000, gic::read(PLACE))?;
    expect("half word", 0x1020_2028_u32, gic::read(PLACE + 4))
}

fn doubles() -> Outcome {
    static CODE: Code<[u32; 4]> = Code([
        0xe0c1_80d8, // ldrd r8, r9, [r1], #8
        0xe161_60f4, // strd r6, r7, [r1, #-4]!
        0xe1c1_a0d0, // ldrd r10, r11, [r1]
        A32_SVC,
    ]);
    let end = run(&CODE, A32)?;
    expect("first", PATTERN, end.x[8])?;
    expect("second", NEXT, end.x[9])?;
    expect("base", AT + 4, end.x[1])?;
    expect("first stored", 0x3038_4048_u64, end.x[10])?;
    expect("second stored", 0x5058_6068_u64, end.x[11])?;
    expect("word before", PATTERN, gic::read(PLACE))
}

fn multiples() -> Outcome {
    static CODE: Code<[u32; 4]> = Code([
        0xe8b1_4100, // ldmia r1!, {r8, lr}
        0xe921_00e0, // stmdb r1!, {r5, r6, r7}
        0xe991_0600, // ldmib r1, {r9, r10}
        A32_SVC,
    ]);
    let before = gic::read(PLACE - 4);
    let end = run(&CODE, A32)?;
    let below = gic::read(PLACE - 4);
    gic::write(PLACE - 4, before);
    expect("first", PATTERN, end.x[8])?;
    expect("second", NEXT, end.x[14])?;
    expect("base", AT - 4, end.x[1])?;
    expect("lowest", 0x1018_2028_u32, below)?;
    expect("next", 0x3038_4048_u64, end.x[9])?;
    expect("highest", 0x5058_6068_u64, end.x[10])
}

fn t32_forms() -> Outcome {
    static CODE: Code<[u16; 13]> = Code([
        0xf851, 0x0b04, // ldr r0, [r1], #4
        0xe871, 0x8901, // ldrd r8, r9, [r1], #-4
        0xf931, 0x3d04, // ldrsh r3, [r1, #-4]!
        0xc160, // stmia r1!, {r5, r6}
        0xb460, // push {r5, r6}
        0xbc80, // pop {r7}
        0xf851, 0xcc04, // ldr r12, [r1, #-4]
        0xbf00, // nop
        T32_SVC,
    ]);
    const STACK: u64 = PLACE + 0x18;
    set_pattern();
    gic::write(PLACE + 8, 0x6870_7880);
    gic::write(PLACE - 4, 0x7080_f8a0);
    let mut program = program(&CODE, T32);
    program.x[13] = GICD + STACK;
    let end = program.run();
    gic::write(PLACE - 4, 0);
    expect("class", SVC32, end.class())?;
    expect("first", PATTERN, end.x[0])?;
    expect("double, first", NEXT, end.x[8])?;
    expect("double, second", 0x6870_7880_u64, end.x[9])?;
    expect("signed", 0xffff_f8a0_u64, end.x[3])?;
    expect("base", AT + 4, end.x[1])?;
    expect("stored and loaded", 0x3038_4048_u64, end.x[12])?;
    expect("popped", 0x1018_2028_u64, end.x[7])?;
    expect("stack", GICD + STACK - 4, end.x[13])?;
    expect("pushed", 0x3038_4048_u32, gic::read(STACK - 4))
}

fn it_blocks() -> Outcome {
    // Each: IT EQ with a load or store of two or four bytes, then its other way.
    static LOAD: Code<[u16; 9]> = Code([
        0x2400, 0x2c00, // movs r4, #0; cmp r4, #0
        0xbf0c, // ite eq
        0xf8d1, 0x0000, // ldreq.w r0, [r1]
        0x2401, // movne r4, #1
        0xbf00, 0xbf00, T32_SVC,
    ]);
    static SHORT: Code<[u16; 7]> = Code([0x2400, 0x2c00, 0xbf0c, 0x6808, 0x2401, 0xbf00, T32_SVC]);
    static STORE: Code<[u16; 9]> = Code([
        0x2400, 0x2c00, // movs r4, #0; cmp r4, #0
        0xbf0b, // itete eq
        0xf8c1, 0x5004, // streq.w r5, [r1, #4]
        0x2401, // movne r4, #1
        0x6808, // ldreq r0, [r1]
        0x2401, // movne r4, #1
        T32_SVC,
    ]);
    static MULTIPLE: Code<[u16; 9]> = Code([
        0x2400, 0x2c01, // movs r4, #0; cmp r4, #1
        0xbf16, // itet ne
        0xe8f1, 0x0901, // ldrdne r0, r9, [r1], #4
        0x2401, // moveq r4, #1
        0xf841, 0x5b04, // strne r5, [r1], #4
        T32_SVC,
    ]);
    for end in [run(&LOAD, T32)?, run(&SHORT, T32)?, run(&STORE, T32)?] {
        expect("loaded", PATTERN, end.x[0])?;
        expect("the other way", 0_u64, end.x[4])?;
        expect("PSTATE", 0x6000_0000 | T32, end.spsr)?;
    }
    expect("stored", 0x1018_2028_u32, gic::read(PLACE + 4))?;
    let end = run(&MULTIPLE, T32)?;
    expect("first", PATTERN, end.x[0])?;
    expect("second", NEXT, end.x[9])?;
    expect("base", AT + 8, end.x[1])?;
    expect("not executed", 0_u64, end.x[4])?;
    expect("stored", 0x1018_2028_u32, gic::read(PLACE + 4))
}

/// With an SGI pending and interrupts masked each wait ends at once.
fn waits() -> Outcome {
    static LONG: Code<[u16; 9]> = Code([
        0x2400, 0x2c00, // movs r4, #0; cmp r4, #0
        0xbf0c, // ite eq
        0xf3af, 0x8003, // wfieq.w
        0x2401, // movne r4, #1
        0xf3af, 0x8002, // wfe.w
        T32_SVC,
    ]);
    static SHORT: Code<[u16; 7]> = Code([0x2400, 0x2c00, 0xbf0c, 0xbf30, 0x2401, 0xbf20, T32_SVC]);
    static A32_CODE: Code<[u32; 4]> = Code([
        0xe320_f003, // wfi
        0xe150_0000, // cmp r0, r0
        0x1320_f003, // wfine
        A32_SVC,
    ]);
    const SGI: u32 = 3;
    gic::enable(SGI);
    gic::write(register::SGIR, 2 << 24 | SGI);
    let ends = [run(&LONG, T32), run(&SHORT, T32), run(&A32_CODE, A32)];
    bare_metal::cpu::take_interrupts();
    for end in ends {
        expect("the other way", 0_u64, end?.x[4])?;
    }
    Ok(())
}

/// SETEND's bit counts, and those of SCTLR_EL1 do not.
fn big_endian() -> Outcome {
    static CODE: Code<[u16; 9]> = Code([
        0xb658, // setend be
        0x6808, // ldr r0, [r1]
        0x884b, // ldrh r3, [r1, #2]
        0xe9d1, 0x8900, // ldrd r8, r9, [r1]
        0x604d, // str r5, [r1, #4]
        0xb650, // setend le
        0x680c, // ldr r4, [r1]
        T32_SVC,
    ]);
    let turned = PATTERN.swap_bytes();
    let end = run(&CODE, T32)?;
    expect("word", turned, end.x[0])?;
    expect("half word", turned & 0xffff, end.x[3])?;
    expect("double, first", turned, end.x[8])?;
    expect("double, second", NEXT.swap_bytes(), end.x[9])?;
    expect("little-endian again", PATTERN, end.x[4])?;
    expect("stored", 0x2820_1810_u32, gic::read(PLACE + 4))
}

fn aborts() -> Outcome {
    static CODE: Code<[u32; 2]> = Code([0xe591_0004, A32_SVC]); // ldr r0, [r1, #4]
    static MULTIPLE: Code<[u32; 2]> = Code([0xe8b1_0c00, A32_SVC]); // ldmia r1!, {r10, r11}
    static THUMB: Code<[u16; 4]> = Code([0xbf00, 0xf841, 0x5d04, T32_SVC]); // str r5, [r1, #-4]!
    let check = |mut program: Lower, base: u64, (pc, far): (u64, u64)| {
        program.x[1] = base;
        let (start, spsr) = (program.pc, program.spsr);
        let end = program.run();
        expect("vector", FROM_AARCH32, end.vector)?;
        expect("class", DATA_ABORT_LOWER, end.class())?;
        expect("status", 0x10_u64, end.esr & 0x3f)?;
        expect("FAR", far, end.far)?;
        expect("PC", start + pc, end.pc)?;
        expect("PSTATE", spsr, end.spsr)?;
        expect("base", base, end.x[1])
    };
    check(program(&CODE, A32), NOTHING, (0, NOTHING + 4))?;
    check(program(&MULTIPLE, A32), NOTHING, (0, NOTHING))?;
    check(program(&MULTIPLE, A32), GICD + 0xffc, (0, GICD + 0x1000))?;
    check(program(&THUMB, T32), NOTHING + 4, (2, NOTHING))
}

/// An interrupt that a store makes pending comes right behind it, in the program's own state. QEMU
/// itself takes it at the next branch.
fn interrupts() -> Outcome {
    static CODE: Code<[u32; 5]> = Code([
        0xe582_5000, // str r5, [r2]
        0xeaff_ffff, // b to the next
        0xe591_0000, // ldr r0, [r1]
        0xeaff_ffff, // b to the next
        A32_SVC,
    ]);
    const SGI: u32 = 4;
    set_pattern();
    gic::enable(SGI);
    let mut program = program(&CODE, A32 & !0x80);
    program.x[2] = GICD + register::SGIR;
    program.x[5] = (2 << 24 | SGI).into();
    let (start, spsr) = (program.pc, program.spsr);
    let end = program.run();
    bare_metal::cpu::take_interrupts();
    expect("vector", FROM_AARCH32 + 0x80, end.vector)?;
    expect("PSTATE", spsr, end.spsr)?;
    expect("PC", true, end.pc == start + 4 || end.pc == start + 8)
}

/// A level-1 table of blocks of 1 GiB.
#[repr(align(4096))]
struct Table([u64; 512]);

/// Devices for both levels; RAM for EL1; the same RAM read-only for EL0, 1 GiB higher.
static TABLE: Table = {
    const BLOCK: u64 = 1 | 1 << 10;
    const NORMAL: u64 = 1 << 2;
    const USER: u64 = 1 << 6;
    const READ_ONLY: u64 = 1 << 7;
    const PXN: u64 = 1 << 53;
    const UXN: u64 = 1 << 54;
    let mut entries = [0; 512];
    entries[0] = BLOCK | USER | PXN | UXN;
    entries[1] = 0x4000_0000 | BLOCK | NORMAL | UXN;
    entries[2] = 0x4000_0000 | BLOCK | NORMAL | USER | READ_ONLY | PXN;
    Table(entries)
};

/// With the MMU on, EL0 and EL1 have rights of their own, and the program runs at another address.
fn translated() -> Outcome {
    static CODE: Code<[u16; 9]> = Code([
        0x2400, 0x2c00, // movs r4, #0; cmp r4, #0
        0xbf0c, // ite eq
        0xe8f1, 0x8901, // ldrdeq r8, r9, [r1], #4
        0x2401, // movne r4, #1
        0x680a, // ldr r2, [r1]
        0xbf00, // nop
        T32_SVC,
    ]);
    const HIGHER: u64 = 0x4000_0000;
    const NORMAL_IS_1: u64 = 0xff00;
    const SIZE_39_BITS_OUT_40: u64 = 25 | 1 << 23 | 2 << 32;
    set_pattern();
    let mut program = program(&CODE, T32);
    program.pc += HIGHER;
    let start = program.pc;
    write_system!("mair_el1", NORMAL_IS_1);
    write_system!("tcr_el1", SIZE_39_BITS_OUT_40);
    write_system!("ttbr0_el1", TABLE.0.as_ptr().addr() as u64);
    instruction!("dsb sy\ntlbi vmalle1\ndsb sy\nisb");
    let sctlr = read_system!("sctlr_el1");
    write_system!("sctlr_el1", sctlr | 1);
    let end = program.run();
    write_system!("sctlr_el1", sctlr);
    instruction!("tlbi vmalle1\ndsb sy\nisb");
    expect("vector", FROM_AARCH32, end.vector)?;
    expect("class", SVC32, end.class())?;
    expect("PC", start + 18, end.pc)?;
    expect("first", PATTERN, end.x[8])?;
    expect("second", NEXT, end.x[9])?;
    expect("the other way", 0_u64, end.x[4])?;
    expect("base", AT + 4, end.x[1])?;
    expect("loaded", NEXT, end.x[2])
}
