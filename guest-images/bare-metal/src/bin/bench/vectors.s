// Vectors for measuring: an interrupt handler as short as can be, anything else ends the guest.
//
// TPIDR_EL1 holds a struct Record {time of the vector, count}.

.macro end_guest
    .balign 0x80
    sub sp, sp, #0x120
    b bench_unexpected
.endm

.section .text.bench_vectors, "ax"
.balign 0x800
.global bench_vectors
bench_vectors:
    end_guest
    .balign 0x80
    stp x0, x1, [sp, #-32]!
    mrs x0, cntvct_el0
    stp x2, x3, [sp, #16]
    mrs x1, tpidr_el1
    ldr x2, [x1, #8]
    add x2, x2, #1
    stp x0, x2, [x1]
    movz x2, #0x0801, lsl #16       // the CPU interface
    ldr w3, [x2, #0x0c]             // acknowledge
    msr cntv_ctl_el0, xzr           // the timer's line goes low
    isb
    str w3, [x2, #0x10]             // end: an exit where the monitor watches it
    ldp x2, x3, [sp, #16]
    ldp x0, x1, [sp], #32
    eret
    .rept 14
    end_guest
    .endr

.balign 0x80
bench_unexpected:
    mov x0, sp
    mrs x1, elr_el1
    str x1, [x0, #0xf8]
    b unexpected_exception
