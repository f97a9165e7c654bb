/* SPDX-License-Identifier: Apache-2.0
 *
 * Maps of owners: what is read, what is refused, and that each id comes back as it went.
 */
#include "layer/id_map.h"

#include "streams.h"
#include "unit.h"

static const struct id_user user = {"builder", 1000};

static void assert_host(const struct id_map *map, bool is_gid, uint32_t id, uint32_t expected)
{
    uint32_t host = 0, back = 0;
    assert_true(img__id_map_to_host(map, is_gid, id, &host));
    assert_int_equal(host, expected);
    assert_true(img__id_map_from_host(map, is_gid, host, &back));
    assert_int_equal(back, id);
}

static void ranges(void **state)
{
    auto_(id_map) struct id_map map = {0};
    uint32_t id;
    img_error err = {0};
    (void)state;
    assert_true(img__id_map_is_empty(&map));
    assert_host(NULL, false, 4294967294u, 4294967294u);
    assert_host(&map, true, 7, 7);
    assert_ok(img__id_map_add_text(&map, false, "0:1000:1", &err));
    assert_ok(img__id_map_add_text(&map, false, "1:100000:65536", &err));
    assert_ok(img__id_map_add_text(&map, true, "0:0:4294967295", &err));
    assert_false(img__id_map_is_empty(&map));
    assert_host(&map, false, 0, 1000);
    assert_host(&map, false, 1, 100000);
    assert_host(&map, false, 65536, 165535);
    assert_host(&map, true, 4294967294u, 4294967294u);
    assert_false(img__id_map_to_host(&map, false, 65537, &id));
    assert_false(img__id_map_to_host(&map, false, UINT32_MAX, &id));
    assert_false(img__id_map_to_host(&map, true, UINT32_MAX, &id));
    assert_false(img__id_map_from_host(&map, false, 0, &id));
    assert_false(img__id_map_from_host(&map, false, 165536, &id));
}

static void bad_texts(void **state)
{
    static const char *const texts[] = {
        "",
        ":",
        "1",
        "1:2",
        "1:2:",
        "1:2:3:",
        "1:2:3:4",
        " 1:2:3",
        "1:2:3 ",
        "-1:2:3",
        "+1:2:3",
        "0x1:2:3",
        "1::3",
        "a:b:c",
        "1:2:3\n",
        "1:2:1e3",
        "1.0:2:3",
        "00000000000:1:1",
        "4294967296:0:1",
        "99999999999999999999:1:1",
    };
    auto_(id_map) struct id_map map = {0};
    img_error err = {0};
    (void)state;
    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
        assert_fails(img__id_map_add_text(&map, false, texts[i], &err), IMG_EINVAL,
                     "IMAGE:HOST:COUNT is needed");
    assert_fails(img__id_map_add_text(&map, false, "0:0:0", &err), IMG_EINVAL, "is empty");
    assert_fails(img__id_map_add_text(&map, false, "4294967295:0:1", &err), IMG_EINVAL, "beyond");
    assert_fails(img__id_map_add_text(&map, false, "0:1:4294967295", &err), IMG_EINVAL, "beyond");
    assert_fails(img__id_map_add_text(&map, false, "4294967295:4294967295:4294967295", &err),
                 IMG_EINVAL, "beyond");
    assert_true(img__id_map_is_empty(&map));
}

static void overlaps(void **state)
{
    auto_(id_map) struct id_map map = {0};
    img_error err = {0};
    (void)state;
    assert_ok(img__id_map_add_text(&map, false, "10:100:10", &err));
    assert_fails(img__id_map_add_text(&map, false, "19:500:5", &err), IMG_EINVAL, "overlap");
    assert_fails(img__id_map_add_text(&map, false, "5:500:6", &err), IMG_EINVAL, "overlap");
    assert_fails(img__id_map_add_text(&map, false, "12:500:1", &err), IMG_EINVAL, "overlap");
    assert_fails(img__id_map_add_text(&map, false, "50:109:1", &err), IMG_EINVAL,
                 "10:100:10 and 50:109:1 of user ids overlap");
    assert_fails(img__id_map_add_text(&map, false, "50:90:100", &err), IMG_EINVAL, "overlap");
    assert_ok(img__id_map_add_text(&map, true, "10:100:10", &err));
    assert_ok(img__id_map_add_text(&map, false, "20:110:10", &err));
    assert_ok(img__id_map_add_text(&map, false, "0:90:10", &err));
    assert_int_equal(map.uids.count, 3);
}

static void too_many(void **state)
{
    auto_(id_map) struct id_map map = {0};
    img_error err = {0};
    (void)state;
    for (uint32_t i = 0; i < ID_RANGES_MAX; i++)
        assert_ok(img__id_map_add(&map, false, &(struct id_range){i, i, 1}, &err));
    assert_fails(img__id_map_add_text(&map, false, "1000:1000:1", &err), IMG_ELIMIT, "340 ranges");
}

static void subids(void **state)
{
    static const char text[] = "# comment\n"
                               "other:5000:1\n"
                               "builder:100000:65536\n"
                               "builder\n"
                               "builder:\n"
                               "builder:1\n"
                               "builder:1:\n"
                               "builder:1:2:3\n"
                               "builder:-1:2\n"
                               "builder:1:0\n"
                               "builder2:7:8\n"
                               "\n"
                               "1000:200000:10";
    auto_(id_map) struct id_map map = {0};
    uint32_t id;
    img_error err = {0};
    (void)state;
    assert_ok(img__id_map_add_subids(&map, true, &user, text, "/etc/subgid", &err));
    assert_int_equal(map.gids.count, 2);
    assert_int_equal(map.uids.count, 0);
    assert_host(&map, true, 0, 100000);
    assert_host(&map, true, 65536, 200000);
    assert_host(&map, true, 65545, 200009);
    assert_false(img__id_map_to_host(&map, true, 65546, &id));
}

static void bad_subids(void **state)
{
    static const struct id_user nameless = {"", 7};
    auto_(id_map) struct id_map map = {0};
    img_error err = {0};
    (void)state;
    assert_fails(img__id_map_add_subids(&map, false, &user, "", "/etc/subuid", &err), IMG_ENOTFOUND,
                 "/etc/subuid: has no ids for the user builder");
    assert_fails(img__id_map_add_subids(&map, false, &nameless, ":1:2\n", "/etc/subuid", &err),
                 IMG_ENOTFOUND, "for the user 7");
    assert_fails(img__id_map_add_subids(&map, false, &(struct id_user){"x", ID_USER_UNKNOWN},
                                        "4294967295:1:2\n", "f", &err),
                 IMG_ENOTFOUND, "for the user x");
    assert_fails(img__id_map_add_subids(&map, false, &user, "builder:4294967295:2", "f", &err),
                 IMG_EINVAL, "f: a range of user ids goes beyond");
    assert_fails(img__id_map_add_subids(&map, false, &user, "builder:1:5\n1000:3:5\n", "f", &err),
                 IMG_EINVAL, "overlap");
}

/* Whatever stands in the file, it ends, and what it gives is sound. */
static void hostile_subids(void **state)
{
    static const char letters[] = "builder:1000:0123456789:\n\n::";
    uint64_t random = 1;
    (void)state;
    for (int round = 0; round < 2000; round++) {
        auto_(id_map) struct id_map map = {0};
        char text[600] = "builder:1000:500\n";
        for (size_t at = strlen(text); at < sizeof(text) - 1; at++)
            text[at] = letters[next_random(&random) % (sizeof(letters) - 1)];
        img__id_map_add_subids(&map, false, &user, text, "f", NULL);
        for (size_t i = 0; i < map.uids.count; i++)
            assert_host(&map, false, map.uids.items[i].image, map.uids.items[i].host);
        assert_true(map.uids.count >= 1);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(ranges),         cmocka_unit_test(bad_texts), cmocka_unit_test(overlaps),
        cmocka_unit_test(too_many),       cmocka_unit_test(subids),    cmocka_unit_test(bad_subids),
        cmocka_unit_test(hostile_subids),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
