/* SPDX-License-Identifier: Apache-2.0
 *
 * Base64: the vectors of RFC 4648, bytes of all kinds, and what is none.
 */
#include "unit.h"

#include "base/base64.h"

static const struct {
    const char *plain;
    size_t len;
    const char *encoded;
} rows[] = {
    {"", 0, ""},
    {"f", 1, "Zg=="},
    {"fo", 2, "Zm8="},
    {"foo", 3, "Zm9v"},
    {"foob", 4, "Zm9vYg=="},
    {"fooba", 5, "Zm9vYmE="},
    {"foobar", 6, "Zm9vYmFy"},
    {"\xff\xfe\xfd\x00\x01", 5, "//79AAE="},
    {"user:pa:ss", 10, "dXNlcjpwYTpzcw=="},
};

static void both_ways(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        char *text = img__base64_encode(rows[i].plain, rows[i].len);
        assert_non_null(text);
        assert_string_equal(text, rows[i].encoded);
        for (int padded = 1; padded >= 0; padded--) {
            char *bytes;
            size_t len;
            if (!padded)
                text[strcspn(text, "=")] = '\0';
            assert_int_equal(img__base64_decode(text, &bytes, &len), 0);
            assert_int_equal(len, rows[i].len);
            assert_memory_equal(bytes, rows[i].plain, len);
            assert_int_equal(bytes[len], 0);
            free(bytes);
        }
        free(text);
    }
}

static void refuses(void **state)
{
    (void)state;
    static const char *const bad[] = {"Zh==",   "Zm9=",  "Z",    "Zg=",
                                      "Zg===",  "Zm9v=", "Z=g=", "Zm 9v",
                                      "Zm9v\n", "Zm_v",  "====", "\xff\xff\xff\xff"};
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        char *bytes;
        size_t len;
        if (img__base64_decode(bad[i], &bytes, &len) != IMG_EFORMAT)
            fail_msg("'%s' was decoded", bad[i]);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(both_ways),
        cmocka_unit_test(refuses),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
