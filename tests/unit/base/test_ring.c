/* SPDX-License-Identifier: Apache-2.0
 *
 * The ring against a plain queue: whatever goes in comes out, in order and across the end.
 */
#include "unit.h"

#include "base/ring.h"

static void order(void **state)
{
    (void)state;
    img_error err = {0};
    struct ring ring;
    unsigned char in = 0, out = 0, chunk[97];
    size_t waiting = 0;
    unsigned seed = 1;
    assert_ok(img__ring_make(97, &ring, &err));
    for (int step = 0; step < 20000; step++) {
        seed = seed * 1103515245u + 12345u;
        size_t len = (seed >> 16) % 98;
        if (seed & 0x8000) {
            len = len < img__ring_room(&ring) ? len : img__ring_room(&ring);
            for (size_t i = 0; i < len; i++)
                chunk[i] = in++;
            img__ring_put(&ring, chunk, len);
            waiting += len;
        } else {
            size_t got = img__ring_take(&ring, seed & 0x4000 ? chunk : NULL, len);
            assert_int_equal(got, len < waiting ? len : waiting);
            for (size_t i = 0; seed & 0x4000 && i < got; i++)
                assert_int_equal(chunk[i], (unsigned char)(out + i));
            out = (unsigned char)(out + got);
            waiting -= got;
        }
        assert_int_equal(ring.len, waiting);
        assert_int_equal(img__ring_room(&ring), 97 - waiting);
    }
    img__ring_free(&ring);
}

static void edges(void **state)
{
    (void)state;
    img_error err = {0};
    struct ring ring;
    char data[8];
    assert_ok(img__ring_make(0, &ring, &err));
    assert_int_equal(img__ring_room(&ring), 0);
    img__ring_put(&ring, "", 0);
    assert_int_equal(img__ring_take(&ring, data, 8), 0);
    img__ring_free(&ring);
    assert_int_equal(img__ring_room(&ring), 0);
    assert_ok(img__ring_make(4, &ring, &err));
    img__ring_put(&ring, "abcd", 4);
    assert_int_equal(img__ring_room(&ring), 0);
    img__ring_clear(&ring);
    assert_int_equal(img__ring_room(&ring), 4);
    img__ring_put(&ring, "efgh", 4);
    assert_int_equal(img__ring_take(&ring, data, 8), 4);
    assert_memory_equal(data, "efgh", 4);
    img__ring_free(&ring);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(order),
        cmocka_unit_test(edges),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
