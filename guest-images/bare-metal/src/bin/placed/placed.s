// Behind an arm64 Image header, whose fields a test may change.

.section .text.start, "ax"
.global _start
_start:
    b 1f
    .word 0
    .quad 0x80000                   // text_offset
    .quad image_size
    .quad 0xa                       // flags: little-endian, 4 KiB pages, anywhere in RAM
    .quad 0, 0, 0
    .ascii "ARM\x64"
    .word 0

1:  mov x20, x0
    movz x19, #0x0900, lsl #16      // PL011
    adr x0, code_text
    bl print
    adr x0, _start
    bl print_hexadecimal
    adr x0, tree_text
    bl print
    mov x0, x20
    bl print_hexadecimal
    adr x0, bad_text
    ldr w1, [x20]                   // the magic, big-endian
    rev w1, w1
    movz w2, #0xd00d, lsl #16
    movk w2, #0xfeed
    cmp w1, w2
    b.ne 2f
    adr x0, good_text
2:  bl print
    movz x0, #0x8400, lsl #16       // PSCI SYSTEM_OFF
    movk x0, #8
    smc #0
3:  wfi
    b 3b

// Prints the bytes at x0 up to a zero.
print:
    ldrb w1, [x0], #1
    cbz w1, 5f
4:  ldr w2, [x19, #0x18]            // FR.TXFF
    tbnz w2, #5, 4b
    str w1, [x19]
    b print
5:  ret

// Prints the 16 digits of x0.
print_hexadecimal:
    mov x3, #16
    adr x4, digits
6:  ror x0, x0, #60
    and x1, x0, #0xf
    ldrb w1, [x4, x1]
7:  ldr w2, [x19, #0x18]
    tbnz w2, #5, 7b
    str w1, [x19]
    subs x3, x3, #1
    b.ne 6b
    ret

code_text: .asciz "PLACED code 0x"
tree_text: .asciz " tree 0x"
good_text: .asciz " good\n"
bad_text: .asciz " bad\n"
digits: .ascii "0123456789abcdef"
.balign 8
