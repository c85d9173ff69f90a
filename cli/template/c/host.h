/* Words to the host by semihosting; on a board of your own, its serial port. */
#ifndef HOST_H
#define HOST_H
#include <stdint.h>

void print(const char *text);
void print_hex(uint32_t value);
void print_decimal(uint32_t value);

#endif
