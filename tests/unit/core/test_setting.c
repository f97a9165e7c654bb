/* SPDX-License-Identifier: Apache-2.0
 *
 * Values of settings: signals, ports, times.
 */
#include "unit.h"

#include "core/setting.h"

static void test_signals(void **state)
{
    static const char *const rows[][2] = {
        {"SIGTERM", "SIGTERM"},
        {"term", "SIGTERM"},
        {"sigWinch", "SIGWINCH"},
        {"RTMIN", "SIGRTMIN"},
        {"SIGRTMIN+3", "SIGRTMIN+3"},
        {"rtmin+15", "SIGRTMIN+15"},
        {"RTMAX-14", "SIGRTMAX-14"},
        {"9", "9"},
        {"64", "64"},
        {"015", "15"},
    };
    static const char *const wrong[] = {"",
                                        "SIG",
                                        "SIGFOO",
                                        "0",
                                        "65",
                                        "-9",
                                        "9 ",
                                        "RTMIN+",
                                        "RTMIN+0",
                                        "RTMIN+16",
                                        "RTMAX-15",
                                        "RTMAX+1",
                                        "RTMIN-1",
                                        "RTMIN+01",
                                        "TERMX",
                                        "SIGSIGTERM",
                                        "SIGTERMTERMTERMTERMTERM"};
    char out[SETTING_SIGNAL_MAX];
    img_error err;
    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        assert_ok(img__setting_parse_signal("stop-signal", rows[i][0], out, &err));
        assert_string_equal(out, rows[i][1]);
    }
    for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++)
        assert_fails(img__setting_parse_signal("stop-signal", wrong[i], out, &err), IMG_EINVAL,
                     "is not a signal like SIGTERM or a number from 1 to 64");
}

static void test_ports(void **state)
{
    static const struct {
        const char *text;
        uint16_t first, last;
        const char *protocol;
    } rows[] = {
        {"80", 80, 80, "tcp"},
        {"80/tcp", 80, 80, "tcp"},
        {"53/UDP", 53, 53, "udp"},
        {"1-65535/sctp", 1, 65535, "sctp"},
        {"8000-8010", 8000, 8010, "tcp"},
        {"7-7/udp", 7, 7, "udp"},
    };
    static const char *const wrong[] = {
        "",    "0",   "65536",   "-1",   "80-",     "-80",   "80-79",    "80-0",   "a",
        "8 0", "80/", "80/icmp", "/tcp", "80/tcp/", "1-2-3", "99999999", "80 /tcp"};
    struct port_range out;
    img_error err;
    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        assert_ok(img__setting_parse_ports("expose", rows[i].text, &out, &err));
        assert_int_equal(out.first, rows[i].first);
        assert_int_equal(out.last, rows[i].last);
        assert_string_equal(out.protocol, rows[i].protocol);
    }
    for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++)
        assert_fails(img__setting_parse_ports("expose", wrong[i], &out, &err), IMG_EINVAL,
                     "expose '");
}

static void test_times(void **state)
{
    static const char *const right[] = {
        "1970-01-01T00:00:00Z",           "2024-02-29T23:59:60Z",
        "2024-01-31T12:00:00.123456789Z", "2024-01-31T12:00:00.0+05:30",
        "9999-12-31T23:59:59-23:59",      "2000-02-29T00:00:00Z"};
    static const char *const wrong[] = {
        "",
        "2024",
        "2024-01-31",
        "2024-01-31T12:00:00",
        "2024-01-31 12:00:00Z",
        "2024-01-31t12:00:00Z",
        "2024-01-31T12:00:00.Z",
        "2024-01-31T12:00:00Zx",
        "2024-01-31T12:00:00+0530",
        "2024-01-31T12:00:00+24:00",
        "2024-13-01T00:00:00Z",
        "2024-00-01T00:00:00Z",
        "2024-01-00T00:00:00Z",
        "2024-04-31T00:00:00Z",
        "2023-02-29T00:00:00Z",
        "1900-02-29T00:00:00Z",
        "2024-01-01T24:00:00Z",
        "2024-01-01T00:60:00Z",
        "24-01-01T00:00:00Z",
    };
    img_error err;
    (void)state;
    for (size_t i = 0; i < sizeof(right) / sizeof(right[0]); i++)
        assert_ok(img__setting_check_time("created", right[i], &err));
    for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++)
        assert_fails(img__setting_check_time("created", wrong[i], &err), IMG_EINVAL,
                     "is not a time like");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_signals),
        cmocka_unit_test(test_ports),
        cmocka_unit_test(test_times),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
