// Exception vectors: save the interrupted registers as a `Frame`, call Rust, return.

.macro vector handler
    .balign 0x80
    sub sp, sp, #0x120
    stp x0, x1, [sp]
    mrs x0, cntvct_el0              // as early as can be: benchmarks subtract it
    adr x1, \handler
    b save_and_call
.endm

.section .text.vectors, "ax"
.balign 0x800
.global vectors
vectors:
    vector synchronous_exception    // current EL on SP_EL0: where all code runs
    vector interrupt
    vector unexpected_exception
    vector unexpected_exception
    vector unexpected_exception     // current EL on SP_EL1: inside a handler
    vector unexpected_exception
    vector unexpected_exception
    vector unexpected_exception
    .rept 8                         // from EL0, which is not used
    vector unexpected_exception
    .endr

.balign 0x80
save_and_call:
    stp x2, x3, [sp, #0x10]
    stp x4, x5, [sp, #0x20]
    stp x6, x7, [sp, #0x30]
    stp x8, x9, [sp, #0x40]
    stp x10, x11, [sp, #0x50]
    stp x12, x13, [sp, #0x60]
    stp x14, x15, [sp, #0x70]
    stp x16, x17, [sp, #0x80]
    stp x18, x19, [sp, #0x90]
    stp x20, x21, [sp, #0xa0]
    stp x22, x23, [sp, #0xb0]
    stp x24, x25, [sp, #0xc0]
    stp x26, x27, [sp, #0xd0]
    stp x28, x29, [sp, #0xe0]
    mrs x2, elr_el1
    stp x30, x2, [sp, #0xf0]
    mrs x2, spsr_el1
    stp x2, x0, [sp, #0x100]
    mov x0, sp
    blr x1
    ldp x2, x3, [sp, #0x100]
    msr spsr_el1, x2
    ldp x30, x2, [sp, #0xf0]
    msr elr_el1, x2
    ldp x2, x3, [sp, #0x10]
    ldp x4, x5, [sp, #0x20]
    ldp x6, x7, [sp, #0x30]
    ldp x8, x9, [sp, #0x40]
    ldp x10, x11, [sp, #0x50]
    ldp x12, x13, [sp, #0x60]
    ldp x14, x15, [sp, #0x70]
    ldp x16, x17, [sp, #0x80]
    ldp x18, x19, [sp, #0x90]
    ldp x20, x21, [sp, #0xa0]
    ldp x22, x23, [sp, #0xb0]
    ldp x24, x25, [sp, #0xc0]
    ldp x26, x27, [sp, #0xd0]
    ldp x28, x29, [sp, #0xe0]
    ldp x0, x1, [sp]
    add sp, sp, #0x120
    eret
