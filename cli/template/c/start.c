/* The start of an image on a Cortex-M, and words to the host: for QEMU. A board of your own has its own start. */
#include "host.h"

int main(void);

extern uint32_t stack_top, data_start, data_end, data_load, bss_start, bss_end;

static int32_t host(int32_t operation, const void *argument) {
    register int32_t r0 __asm__("r0") = operation;
    register const void *r1 __asm__("r1") = argument;
    __asm__ volatile("bkpt 0xab" : "+r"(r0) : "r"(r1) : "memory");
    return r0;
}

void print(const char *text) { host(0x04, text); }

void print_hex(uint32_t value) {
    char text[11] = "0x00000000";
    for (int i = 0; i < 8; i++) text[9 - i] = "0123456789abcdef"[value >> (4 * i) & 15];
    print(text);
}

void print_decimal(uint32_t value) {
    char text[11] = {0};
    int at = 10;
    do text[--at] = (char)('0' + value % 10); while (value /= 10);
    print(text + at);
}

void reset(void) {
    for (uint32_t *to = &data_start, *from = &data_load; to < &data_end;) *to++ = *from++;
    for (uint32_t *to = &bss_start; to < &bss_end;) *to++ = 0;
#ifdef __ARM_FP
    *(volatile uint32_t *)0xe000ed88 |= 0xf << 20; /* the floating-point unit on */
    __asm__ volatile("dsb\nisb");
#endif
    /* 0x20026 is a normal end, 0x20023 an error. */
    host(0x18, (const void *)(main() == 0 ? 0x20026 : 0x20023));
    for (;;) {}
}

static void fault(void) {
    print("fault\n");
    host(0x18, (const void *)0x20023);
    for (;;) {}
}

__attribute__((section(".vectors"), used)) static void *const vectors[16] = {&stack_top, reset, fault, fault};
