/* The flow's self-test from C: `make run` runs it in QEMU. */
#include "flow.h"
#include "host.h"

int main(void) {
    /* At least one element, which C asks of arrays. */
    float x[FLOW_COLUMNS], given[FLOW_GIVEN + 1];
    uint32_t rows = flow_test_rows(), same = 0, odd = 0;
    for (uint32_t row = 0; row < rows; row++) {
        union { float value; uint32_t bits; } log_prob;
        uint32_t expected = flow_test_row(row, x, given);
        log_prob.value = flow_log_prob(x, given);
        odd += flow_is_odd(x, given);
        same += log_prob.bits == expected;
        print_hex(log_prob.bits);
        print(log_prob.bits == expected ? " as on the host\n" : " differs from the host\n");
    }
    print_decimal(same);
    print(" of ");
    print_decimal(rows);
    print(" rows have the same bits, ");
    print_decimal(odd);
    print(" are odd\n");
    return same == rows ? 0 : 1;
}
