.section .text.instruction, "ax"
// One load or store through each general register in turn.


// Saves what the calling convention asks for, then x0 = table of results, x1 = address.
.macro save_registers
    stp x29, x30, [sp, #-112]!
    stp x19, x20, [sp, #16]
    stp x21, x22, [sp, #32]
    stp x23, x24, [sp, #48]
    stp x25, x26, [sp, #64]
    stp x27, x28, [sp, #80]
.endm
.macro restore_registers
    ldp x19, x20, [sp, #16]
    ldp x21, x22, [sp, #32]
    ldp x23, x24, [sp, #48]
    ldp x25, x26, [sp, #64]
    ldp x27, x28, [sp, #80]
    ldp x29, x30, [sp], #112
    ret
.endm

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
    ldp x0, x1, [x30]
    ldp x2, x3, [x30, #16]
    ldp x4, x5, [x30, #32]
    ldp x6, x7, [x30, #48]
    ldp x8, x9, [x30, #64]
    ldp x10, x11, [x30, #80]
    ldp x12, x13, [x30, #96]
    ldp x14, x15, [x30, #112]
    ldp x16, x17, [x30, #128]
    ldp x18, x19, [x30, #144]
    ldp x20, x21, [x30, #160]
    ldp x22, x23, [x30, #176]
    ldp x24, x25, [x30, #192]
    ldp x26, x27, [x30, #208]
    ldp x28, x29, [x30, #224]
    ldr x30, [x30, #240]
watched:
    nop
    str x30, [sp, #104]
    ldr x30, [sp, #96]
    stp x0, x1, [x30]
    stp x2, x3, [x30, #16]
    stp x4, x5, [x30, #32]
    stp x6, x7, [x30, #48]
    stp x8, x9, [x30, #64]
    stp x10, x11, [x30, #80]
    stp x12, x13, [x30, #96]
    stp x14, x15, [x30, #112]
    stp x16, x17, [x30, #128]
    stp x18, x19, [x30, #144]
    stp x20, x21, [x30, #160]
    stp x22, x23, [x30, #176]
    stp x24, x25, [x30, #192]
    stp x26, x27, [x30, #208]
    stp x28, x29, [x30, #224]
    ldr x0, [sp, #104]
    mrs x1, nzcv
    stp x0, x1, [x30, #240]
    restore_registers
