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
