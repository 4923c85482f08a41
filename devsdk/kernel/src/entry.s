// Entry point and exception vectors. A thread's registers go to and come from its Context, whose
// address TPIDR_EL2 holds; the kernel runs on its own stack.

.set SP_EL0, 248
.set ELR, 256
.set SPSR, 264
.set TPIDR, 280
.set TPIDRRO, 288

.section .text.start, "ax"
.global _start
_start:
    msr daifset, #0xf
    adrp x0, stack_top
    add x0, x0, :lo12:stack_top
    mov sp, x0
    adrp x0, vectors
    add x0, x0, :lo12:vectors
    msr vbar_el2, x0
    isb
    bl kernel_start
    b resume

.macro vector label
.balign 128
    b \label
.endm

.balign 2048
vectors:
    vector kernel_fault
    vector kernel_fault
    vector kernel_fault
    vector kernel_fault
    vector kernel_fault
    vector kernel_fault
    vector kernel_fault
    vector kernel_fault
    vector synchronous
    vector interrupt
    vector kernel_fault
    vector kernel_fault
    vector kernel_fault
    vector kernel_fault
    vector kernel_fault
    vector kernel_fault

.macro save_context
    stp x0, x1, [sp, #-16]!
    mrs x0, tpidr_el2
    stp x2, x3, [x0, #16]
    stp x4, x5, [x0, #32]
    stp x6, x7, [x0, #48]
    stp x8, x9, [x0, #64]
    stp x10, x11, [x0, #80]
    stp x12, x13, [x0, #96]
    stp x14, x15, [x0, #112]
    stp x16, x17, [x0, #128]
    stp x18, x19, [x0, #144]
    stp x20, x21, [x0, #160]
    stp x22, x23, [x0, #176]
    stp x24, x25, [x0, #192]
    stp x26, x27, [x0, #208]
    stp x28, x29, [x0, #224]
    str x30, [x0, #240]
    ldp x2, x3, [sp], #16
    stp x2, x3, [x0]
    mrs x2, sp_el0
    mrs x3, elr_el2
    mrs x4, spsr_el2
    mrs x5, tpidr_el0
    mrs x6, tpidrro_el0
    str x2, [x0, #SP_EL0]
    str x3, [x0, #ELR]
    str x4, [x0, #SPSR]
    str x5, [x0, #TPIDR]
    str x6, [x0, #TPIDRRO]
.endm

synchronous:
    save_context
    mov x0, #0
    mrs x1, esr_el2
    mrs x2, far_el2
    bl kernel_entry
    b resume

interrupt:
    save_context
    mov x0, #1
    mov x1, #0
    mov x2, #0
    bl kernel_entry

// x0: the Context to go on with.
resume:
    msr tpidr_el2, x0
    ldr x2, [x0, #SP_EL0]
    ldr x3, [x0, #ELR]
    ldr x4, [x0, #SPSR]
    ldr x5, [x0, #TPIDR]
    ldr x6, [x0, #TPIDRRO]
    msr sp_el0, x2
    msr elr_el2, x3
    msr spsr_el2, x4
    msr tpidr_el0, x5
    msr tpidrro_el0, x6
    ldp x2, x3, [x0, #16]
    ldp x4, x5, [x0, #32]
    ldp x6, x7, [x0, #48]
    ldp x8, x9, [x0, #64]
    ldp x10, x11, [x0, #80]
    ldp x12, x13, [x0, #96]
    ldp x14, x15, [x0, #112]
    ldp x16, x17, [x0, #128]
    ldp x18, x19, [x0, #144]
    ldp x20, x21, [x0, #160]
    ldp x22, x23, [x0, #176]
    ldp x24, x25, [x0, #192]
    ldp x26, x27, [x0, #208]
    ldp x28, x29, [x0, #224]
    ldr x30, [x0, #240]
    ldp x0, x1, [x0]
    eret

kernel_fault:
    mrs x0, esr_el2
    mrs x1, elr_el2
    mrs x2, far_el2
    bl report_kernel_fault
