// Firmware calls with every register under the caller's eye.
.section .text.firmware, "ax"

// void NAME(u64 registers[30]): loads x0 to x29, calls, stores them back. x30 holds the table.
.macro firmware_call name, call, immediate
.global \name
\name:
    save_registers
    str x0, [sp, #96]
    mov x30, x0
    load_watched
    \call #\immediate
    ldr x30, [sp, #96]
    store_watched
    restore_registers
.endm

firmware_call firmware_smc, smc, 0
firmware_call firmware_hvc, hvc, 0
firmware_call firmware_smc_reserved, smc, 1
firmware_call firmware_hvc_reserved, hvc, 0xffff
