/* SPDX-License-Identifier: Apache-2.0
 *
 * What an entry point may rely on: must() holds also where assert() is compiled out.
 */
#ifndef TESTS_FUZZ_H
#define TESTS_FUZZ_H

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

#define must(condition)                                                                            \
    do {                                                                                           \
        if (!(condition)) {                                                                        \
            fprintf(stderr, "%s:%d: not so: %s\n", __FILE__, __LINE__, #condition);                \
            abort();                                                                               \
        }                                                                                          \
    } while (0)

#define FUZZ_BLOCK 512u

/* Sums up headers again, or nothing that was changed would come past the checksum. */
static inline void fuzz_sum_headers(uint8_t *data, size_t len)
{
    for (size_t at = 0; at + FUZZ_BLOCK <= len; at += FUZZ_BLOCK) {
        unsigned sum = 0;
        char text[8];
        if (memcmp(data + at + 257, "ustar", 5) != 0)
            continue;
        memset(data + at + 148, ' ', 8);
        for (size_t i = 0; i < FUZZ_BLOCK; i++)
            sum += data[at + i];
        snprintf(text, sizeof(text), "%06o", sum);
        memcpy(data + at + 148, text, 7);
    }
}

#endif
