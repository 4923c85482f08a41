// The first instructions, behind an arm64 Image header, and those of a second CPU.
//
// Code runs on SP_EL0 and exceptions are taken on SP_EL1, so that a check may
// spoil its own stack and the exception is still handled.

.section .text.start, "ax"
.global _start
_start:
    b 1f                            // code0: the header's first word is an instruction
    .word 0
    .quad 0x80000                   // text_offset
    .quad image_size
    .quad 0xa                       // flags: little-endian, 4 KiB pages, anywhere in RAM
    .quad 0, 0, 0
    .ascii "ARM\x64"
    .word 0

1:  adr x1, _start
    movz x2, #0x4008, lsl #16
    cmp x1, x2
    b.ne wrong_place
    ldr x1, =exception_stack_top
    mov sp, x1
    msr spsel, #0
    ldr x1, =stack_top
    mov sp, x1
    ldr x1, =bss_start
    ldr x2, =bss_end
2:  cmp x1, x2
    b.hs 3f
    stp xzr, xzr, [x1], #16
    b 2b
3:  bl common_start
    bl boot                         // boot(dtb)
4:  wfi
    b 4b

// Traps of this CPU: the vectors, and floating point for the SIMD checks.
common_start:
    ldr x1, =vectors
    msr vbar_el1, x1
    mov x1, #(3 << 20)
    msr cpacr_el1, x1
    isb
    ret

// PSCI CPU_ON comes here with x0 = a struct SecondCpu {stack, exception stack, function, argument}.
.global second_cpu_start
second_cpu_start:
    ldp x1, x2, [x0]
    mov sp, x2
    msr spsel, #0
    mov sp, x1
    ldp x20, x21, [x0, #16]
    bl common_start
    mov x0, x21
    blr x20
5:  wfi
    b 5b

// PSCI CPU_ON comes here with x0 = a doubleword for SCTLR_EL1, whose EE is cleared first.
.global second_cpu_report
second_cpu_report:
    mrs x1, sctlr_el1
    bic x2, x1, #(1 << 25)
    msr sctlr_el1, x2
    isb
    str x1, [x0]
    dsb sy
    movz w0, #0x8400, lsl #16
    orr w0, w0, #2                  // CPU_OFF
    mov x7, #0
    hvc #0
6:  wfi
    b 6b

// The image holds absolute addresses, so it cannot run elsewhere: say so and stop.
wrong_place:
    adr x1, 8f
    movz x2, #0x0900, lsl #16
7:  ldrb w3, [x1], #1
    cbz w3, 9f
    str w3, [x2]
    b 7b
9:  wfi
    b 9b
8:  .asciz "this guest must be loaded at 0x40080000\n"
.balign 8
