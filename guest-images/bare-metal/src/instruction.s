.section .text.instruction, "ax"
// One load or store through each general register in turn.

// One load into Xn by way of the base register Xb; the result goes to table[n].
.macro load_into n, b, t
    mov x\b, x1
    mov x\n, #-1
    ldr w\n, [x\b]
    str x\n, [x\t, #(8 * \n)]
.endm

// x0 and x1 hold the table and the address, so they come last, by way of others.
.global load_into_each
load_into_each:
    save_registers
    .irp n, 3,4,5,6,7,8,9,10,11,12,13,14,15,16,17,18,19,20,21,22,23,24,25,26,27,28,29,30
    load_into \n, 2, 0
    .endr
    load_into 2, 3, 0
    mov x3, x0
    load_into 0, 4, 3
    mov x4, x1
    mov x1, #-1
    ldr w1, [x4]
    str x1, [x3, #8]
    restore_registers

// table[n] goes to [address] from Wn, and what is read back to table[n].
.macro store_from n, b, t, v
    ldr x\n, [x\t, #(8 * \n)]
    str w\n, [x\b]
    ldr w\v, [x\b]
    str x\v, [x\t, #(8 * \n)]
.endm
.global store_from_each
store_from_each:
    save_registers
    .irp n, 3,4,5,6,7,8,9,10,11,12,13,14,15,16,17,18,19,20,21,22,23,24,25,26,27,28,29,30
    store_from \n, 1, 0, 2
    .endr
    store_from 2, 1, 0, 3
    mov x3, x0
    store_from 0, 1, 3, 4
    mov x4, x1
    store_from 1, 4, 3, 5
    restore_registers

// void execute_watched(u64 registers[32], u32 encoding): loads x0 to x30 and NZCV, executes the
// one instruction, stores them back. The stack pointer is SP_EL0 here: it must last as well.
.global execute_watched
execute_watched:
    save_registers
    str x0, [sp, #96]
    adr x2, watched
    str w1, [x2]
    dc cvau, x2
    dsb ish
    ic ivau, x2
    dsb ish
    isb
    mov x30, x0
    ldr x0, [x30, #248]
    msr nzcv, x0
    load_watched
    ldr x30, [x30, #240]
watched:
    nop
    str x30, [sp, #104]
    ldr x30, [sp, #96]
    store_watched
    ldr x0, [sp, #104]
    mrs x1, nzcv
    stp x0, x1, [x30, #240]
    restore_registers
