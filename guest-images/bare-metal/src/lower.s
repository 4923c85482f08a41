.section .text.lower, "ax"
// void run_lower(struct Lower *): the registers of the struct, then its PC and SPSR, with its vectors;
// comes back when `lower_vectors` take an exception, with the registers as they are then.
.equ LOWER_PC, 248
.equ LOWER_SPSR, 256
.equ LOWER_SP, 264
.equ LOWER_VBAR, 272
.equ LOWER_VECTOR, 280
.equ LOWER_ESR, 288
.equ LOWER_FAR, 296
.equ LOWER_SAVED_SP, 304
.equ LOWER_SAVED_VBAR, 312

.global run_lower
run_lower:
    save_registers
    mov x1, sp                      // SP_EL0, which the program below uses as well
    str x1, [x0, #LOWER_SAVED_SP]
    mrs x1, vbar_el1
    str x1, [x0, #LOWER_SAVED_VBAR]
    ldp x1, x2, [x0, #LOWER_PC]
    msr elr_el1, x1
    msr spsr_el1, x2
    ldr x1, [x0, #LOWER_SP]
    msr spsel, #1
    msr sp_el0, x1
    ldr x1, [x0, #LOWER_VBAR]
    msr vbar_el1, x1
    msr tpidr_el1, x0
    isb
    mov x30, x0
    load_watched
    ldr x30, [x30, #240]
    eret

.macro lower_vector offset
    .balign 0x80
    stp x30, x0, [sp, #-16]!
    mov x0, #\offset
    b lower_taken
.endm

.balign 0x800
.global lower_vectors
lower_vectors:
    .irp offset, 0x000, 0x080, 0x100, 0x180, 0x200, 0x280, 0x300, 0x380, 0x400, 0x480, 0x500, 0x580, 0x600, 0x680, 0x700, 0x780
    lower_vector \offset
    .endr

.global lower_taken
lower_taken:
    mrs x30, tpidr_el1
    str x0, [x30, #LOWER_VECTOR]
    ldr x0, [sp, #8]
    store_watched
    ldr x1, [sp], #16
    str x1, [x30, #240]
    mrs x1, elr_el1
    mrs x2, spsr_el1
    stp x1, x2, [x30, #LOWER_PC]
    mrs x1, sp_el0
    str x1, [x30, #LOWER_SP]
    mrs x1, esr_el1
    mrs x2, far_el1
    stp x1, x2, [x30, #LOWER_ESR]
    ldr x1, [x30, #LOWER_SAVED_VBAR]
    msr vbar_el1, x1
    ldr x1, [x30, #LOWER_SAVED_SP]
    msr sp_el0, x1
    msr spsel, #0
    isb
    restore_registers

// Vectors whose first instructions fault themselves: a load from [sp] at the one for EL1t, from
// [x1] at those for EL0. Whoever comes there by the other vectors is in `lower_taken`.
.balign 0x800
.global faulting_vectors
faulting_vectors:
    ldr x0, [sp]
    b 1f
.org faulting_vectors + 0x200
    stp x30, x0, [sp, #-16]!
    mov x0, #0x200
    b lower_taken
.org faulting_vectors + 0x400
    ldr x0, [x1]
    b 1f
.org faulting_vectors + 0x600
    .inst 0xe5910000                // in A32: ldr r0, [r1]
    .inst 0xeafffffe                // in A32: b .
.org faulting_vectors + 0x7f8
1:  movz x0, #0x11
    brk #0
