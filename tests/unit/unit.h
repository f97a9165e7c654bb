/* SPDX-License-Identifier: Apache-2.0
 *
 * What every unit test includes: cmocka in the order that it needs, and two assertions on errors.
 */
#ifndef TESTS_UNIT_H
#define TESTS_UNIT_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <libimg/error.h>

/* The call must succeed; its error is printed if not. Names the variable err. */
#define assert_ok(call)                                                                            \
    do {                                                                                           \
        if ((call) != 0)                                                                           \
            fail_msg("%s: %s", #call, err.message);                                                \
    } while (0)

/* The call must fail with this code and a message that holds text. */
#define assert_fails(call, expected, text)                                                         \
    do {                                                                                           \
        assert_int_equal((call), (expected));                                                      \
        assert_int_equal(err.code, (expected));                                                    \
        if (!strstr(err.message, (text)))                                                          \
            fail_msg("'%s' is not in '%s'", (text), err.message);                                  \
    } while (0)

#endif
