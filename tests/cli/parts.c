/* SPDX-License-Identifier: Apache-2.0
 *
 * The parts of imgtool that need no library: what is typed, what is written.
 */
#include "unit.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "add_common.h"
#include "add_spec.h"
#include "argv_json.h"
#include "format.h"
#include "json_out.h"
#include "options.h"
#include "overlay_spec.h"
#include "result_file.h"
#include "suggest.h"
#include "time_text.h"

static const struct option own[] = {
    {"add", 'a', true, "SRC", "add", NULL},
    {"ca-file", 0, false, "FILE", "trust", "cacert"},
    {"quiet", 'q', false, NULL, "quiet", NULL},
    {"diff", 0, true, "OLD NEW", "compare", NULL},
    {0},
};

/* The uses and the operands in one line: "add=x quiet | op". */
static void describe(const struct arguments *args, char *out, size_t size)
{
    size_t len = 0;

    out[0] = '\0';
    for (size_t i = 0; i < args->use_count; i++) {
        const struct option_use *u = &args->uses[i];
        len += (size_t)snprintf(out + len, size - len, "%s%s%s%s%s ", u->option->name,
                                u->value ? "=" : "", u->value ? u->value : "", u->second ? "," : "",
                                u->second ? u->second : "");
    }
    len += (size_t)snprintf(out + len, size - len, "|");
    for (size_t i = 0; i < args->operand_count; i++)
        len += (size_t)snprintf(out + len, size - len, " %s", args->operands[i]);
}

static void options_are_taken_apart(void **state)
{
    static const struct {
        const char *argv[9];
        const char *expected;
    } rows[] = {
        {{NULL}, "|"},
        {{"-a", "1", "x", "--add=2", "y", "-a3", "--add", "4", NULL},
         "add=1 add=2 add=3 add=4 | x y"},
        {{"-qa1", "-qq", NULL}, "quiet add=1 quiet quiet |"},
        {{"--add", "-q", "--add=", NULL}, "add=-q add= |"},
        {{"-q", "--", "-q", "--", NULL}, "quiet | -q --"},
        {{"-", "--cacert", "f", NULL}, "ca-file=f | -"},
        {{"--add=a=b", NULL}, "add=a=b |"},
        {{"--diff", "a", "b", "c", "--diff", "-q", "--", "-q", NULL},
         "diff=a,b diff=-q,-- quiet | c"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct arguments args = {.tables = {own}};
        char text[256];
        img_error err;

        assert_ok(arguments_parse(&args, rows[i].argv, NULL, &err));
        describe(&args, text, sizeof(text));
        assert_string_equal(text, rows[i].expected);
        arguments_free(&args);
    }
}

static void wrong_options_are_refused(void **state)
{
    static const struct {
        const char *argv[3];
        const char *message;
    } rows[] = {
        {{"--ad", "x"}, "unknown option '--ad'; did you mean '--add'?"},
        {{"--ad=x"}, "unknown option '--ad'; did you mean '--add'?"},
        {{"--zzz"}, "unknown option '--zzz'"},
        {{"--=x"}, "unknown option '--'"},
        {{"-z"}, "unknown option '-z'"},
        {{"-qz"}, "unknown option '-z'"},
        {{"--add"}, "option '--add' needs a value: --add SRC"},
        {{"-qa"}, "option '-a' needs a value: -a SRC"},
        {{"--quiet=1"}, "option '--quiet' takes no value"},
        {{"--diff"}, "option '--diff' needs two values: --diff OLD NEW"},
        {{"--diff", "a"}, "option '--diff' needs two values: --diff OLD NEW"},
        {{"--diff=a", "b"}, "option '--diff' needs two values: --diff OLD NEW"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct arguments args = {.tables = {own}};
        img_error err;

        assert_int_equal(arguments_parse(&args, rows[i].argv, NULL, &err), IMG_EINVAL);
        assert_string_equal(err.message, rows[i].message);
        arguments_free(&args);
    }
}

static void option_values_are_found(void **state)
{
    const char *const argv[] = {"-a1", "-q", "--ca-file=x", "-a2", "--cacert=y", NULL};
    struct arguments args = {.tables = {NULL, own}};
    const char **values;
    img_error err;

    (void)state;
    assert_ok(arguments_parse(&args, argv, NULL, &err));
    assert_string_equal(option_value(&args, "ca-file"), "y");
    assert_int_equal(option_count(&args, "quiet"), 1);
    values = option_values(&args, "add");
    assert_string_equal(values[0], "1");
    assert_string_equal(values[1], "2");
    assert_null(values[2]);
    free(values);
    arguments_free(&args);
}

static void overlay_is_split(void **state)
{
    static const struct {
        const char *text, *joined; /* by spaces; NULL: refused */
    } rows[] = {
        {"u", "u"},
        {"u:l", "u l"},
        {"/u:/l/1:/l/2", "/u /l/1 /l/2"},
        {"u\\:x:l", "u:x l"},
        {"u\\\\:l\\,", "u\\ l,"},
        {"u\\", "u\\"},
        {"", NULL},
        {":l", NULL},
        {"u:", NULL},
        {"u::l", NULL},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        char **paths = NULL, joined[64] = "";
        img_error err;
        int rc = overlay_spec_parse(rows[i].text, &paths, &err);

        if (!rows[i].joined) {
            assert_fails(rc, IMG_EINVAL, "a path is empty");
            continue;
        }
        assert_ok(rc);
        for (size_t k = 0; paths[k]; k++)
            snprintf(joined + strlen(joined), sizeof(joined) - strlen(joined), "%s%s", k ? " " : "",
                     paths[k]);
        assert_string_equal(joined, rows[i].joined);
        overlay_spec_free(paths);
    }
}

static void add_is_split(void **state)
{
    static const struct {
        const char *text, *source, *destination;
        uint32_t set, mode, uid, gid;
    } rows[] = {
        {"a:/b", "a", "/b", 0, 0, 0, 0},
        {"a:b:/c:d", "a:b", "/c:d", 0, 0, 0, 0},
        {"/a:/b:/c", "/a:/b", "/c", 0, 0, 0, 0},
        {"a\\:/b:/c", "a:/b", "/c", 0, 0, 0, 0},
        {"a:/b\\:/c", "a", "/b:/c", 0, 0, 0, 0},
        {"a\\\\:/b", "a\\", "/b", 0, 0, 0, 0},
        {"a\\n:/b", "a\\n", "/b", 0, 0, 0, 0},
        {"a:/b:mode=0755", "a", "/b", IMG_ADD_MODE, 0755, 0, 0},
        {"a:/b:uid=4294967294,gid=0,mode=7777", "a", "/b", 7, 07777, 4294967294u, 0},
        {"a:/mode=1", "a", "/mode=1", 0, 0, 0, 0},
        {"a:/b\\:mode=1", "a", "/b:mode=1", 0, 0, 0, 0},
        {"mode=1:/b", "mode=1", "/b", 0, 0, 0, 0},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct add_spec spec = {0};
        img_error err;

        assert_ok(add_spec_parse("add", rows[i].text, &spec, &err));
        assert_string_equal(spec.source, rows[i].source);
        assert_string_equal(spec.destination, rows[i].destination);
        assert_int_equal(spec.options.set, rows[i].set);
        assert_int_equal(spec.options.mode, rows[i].mode);
        assert_int_equal(spec.options.uid, rows[i].uid);
        assert_int_equal(spec.options.gid, rows[i].gid);
        add_spec_free(&spec);
    }
}

static void wrong_add_is_refused(void **state)
{
    static const struct {
        const char *text, *message;
    } rows[] = {
        {"", "SRC:DEST is needed"},
        {"a", "SRC:DEST is needed"},
        {"a\\:/b", "SRC:DEST is needed"},
        {"a:/b:owner=root", "'owner=root' is not one of mode="},
        {"a:b", "must begin with '/'"},
        {"a:", "must begin with '/'"},
        {":/b", "the source is missing"},
        {"a:mode=1", "SRC:DEST is needed"},
        {"a:/b:mode=", "'mode=' is not one of"},
        {"a:/b:mode=8", "'mode=8' is not one of"},
        {"a:/b:mode=10000", "'mode=10000' is not one of"},
        {"a:/b:mode=-1", "'mode=-1' is not one of"},
        {"a:/b:uid=4294967295", "'uid=4294967295' is not one of"},
        {"a:/b:uid=root", "'uid=root' is not one of"},
        {"a:/b:uid=1,", "'' is not one of"},
        {"a:/b:uid=1,x=2", "'x=2' is not one of"},
        {"a:/b:uid=1,gid", "'gid' is not one of"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct add_spec spec = {0};
        img_error err;

        assert_fails(add_spec_parse("add", rows[i].text, &spec, &err), IMG_EINVAL, rows[i].message);
    }
}

static void layer_is_split(void **state)
{
    static const struct {
        const char *text, *source, *destination;
        uint32_t set;
    } rows[] = {
        {"a.tar", "a.tar", NULL, 0},
        {"-", "-", NULL, 0},
        {"a:b.tar", "a:b.tar", NULL, 0},
        {"/x/a.tar:/opt/", "/x/a.tar", "/opt/", 0},
        {"a\\:/b.tar", "a:/b.tar", NULL, 0},
        {"a.tar:uid=1", "a.tar", NULL, IMG_ADD_UID},
        {"-:/:uid=1,mode=7", "-", "/", IMG_ADD_UID | IMG_ADD_MODE},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct add_spec spec = {0};
        img_error err;

        assert_ok(add_spec_parse("layer", rows[i].text, &spec, &err));
        assert_string_equal(spec.source, rows[i].source);
        assert_string_equal(spec.destination ? spec.destination : "?",
                            rows[i].destination ? rows[i].destination : "?");
        assert_int_equal(spec.options.set, rows[i].set);
        add_spec_free(&spec);
    }
    struct add_spec spec = {0};
    img_error err;
    assert_fails(add_spec_parse("layer", "", &spec, &err), IMG_EINVAL, "the source is missing");
    assert_fails(add_spec_parse("layer", "a:mode=9", &spec, &err), IMG_EINVAL, "'mode=9' is not");
}

static void common_is_merged(void **state)
{
    img_add_options common = IMG_ADD_OPTIONS_INIT, given = IMG_ADD_OPTIONS_INIT;

    (void)state;
    common.set = IMG_ADD_UID | IMG_ADD_MTIME;
    common.uid = 1;
    common.mtime = 2;
    common.chmod = "a+r";
    common.preserve = IMG_PRESERVE_IMA;
    given.set = IMG_ADD_UID | IMG_ADD_MODE;
    given.uid = 3;
    given.mode = 4;
    add_common_merge(&common, &given);
    assert_int_equal(given.set, IMG_ADD_UID | IMG_ADD_MTIME | IMG_ADD_MODE);
    assert_int_equal(given.uid, 3);
    assert_int_equal(given.mode, 4);
    assert_int_equal(given.mtime, 2);
    assert_int_equal(given.preserve, IMG_PRESERVE_IMA);
    assert_string_equal(given.chmod, "a+r");
}

static void times(void **state)
{
    static const struct {
        const char *text;
        int64_t seconds;
    } rows[] = {
        {"0", 0},
        {"@17", 17},
        {"-5", -5},
        {"@-5", -5},
        {"9223372036854775807", INT64_MAX},
        {"1970-01-01T00:00:00Z", 0},
        {"2001-09-09T01:46:40Z", 1000000000},
        {"2001-09-09 03:46:40.999+02:00", 1000000000},
        {"2001-09-08t20:16:40-05:30", 1000000000},
        {"1969-12-31T23:59:55.5z", -5},
        {"2024-02-29T12:00:00Z", 1709208000},
        {"9999-12-31T23:59:59Z", 253402300799},
    };
    static const char *const wrong[] = {
        "",
        "@",
        "-",
        "x",
        "1x",
        "9223372036854775808",
        "2023-02-29T12:00:00Z",
        "2024-13-01T00:00:00Z",
        "2024-01-01T24:00:00Z",
        "2024-01-01T00:00:00",
        "2024-01-01",
        "2024-01-01T00:00:00.Z",
        "2024-01-01T00:00:00+0100",
        "2024-01-01T00:00:00Zx",
        "2024-01-01T00:00:00+24:00",
    };

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        int64_t seconds;

        if (!time_parse(rows[i].text, &seconds) || seconds != rows[i].seconds)
            fail_msg("%s: %lld", rows[i].text, (long long)seconds);
    }
    for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
        int64_t seconds;

        if (time_parse(wrong[i], &seconds))
            fail_msg("%s", wrong[i]);
    }
}

static void argv_is_json_or_a_word(void **state)
{
    static const struct {
        const char *text;
        const char *argv[4];
    } rows[] = {
        {"", {NULL}},
        {"sh", {"sh"}},
        {"[]", {NULL}},
        {"[ ]\n", {NULL}},
        {"[\"a\"]", {"a"}},
        {"[ \"a\" ,\t\"\", \"c\" ] ", {"a", "", "c"}},
        {"[\"\\\"\\\\\\/\\b\\f\\n\\r\\t\"]", {"\"\\/\b\f\n\r\t"}},
        {"[\"\\u0041\\u00e9\\u20AC\\ud83d\\ude00\"]", {"A\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80"}},
        {"[\"\xc3\xa9\"]", {"\xc3\xa9"}},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        auto_(argv) char **argv = NULL;
        img_error err;
        size_t k = 0;

        assert_ok(argv_parse(rows[i].text, &argv, &err));
        for (; rows[i].argv[k]; k++)
            assert_string_equal(argv[k], rows[i].argv[k]);
        assert_null(argv[k]);
    }
}

static void wrong_argv_is_refused(void **state)
{
    static const char *const rows[] = {
        "a b \"c\"",
        " []",
        "[",
        "[,]",
        "[\"a\"",
        "[\"a\",]",
        "[\"a\" \"b\"]",
        "[\"a\"]x",
        "[1]",
        "[null]",
        "['a']",
        "[\"a",
        "[\"a\\",
        "[\"\\x\"]",
        "[\"\\u12\"]",
        "[\"\\u0000\"]",
        "[\"\\ud800\"]",
        "[\"\\udc00\"]",
        "[\"\\ud800\\u0041\"]",
        "[\"\n\"]",
        "[[\"a\"]]",
        "[\"a\"",
    };

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        char **argv = NULL;
        img_error err;

        assert_fails(argv_parse(rows[i], &argv, &err), IMG_EINVAL, "a JSON array");
        assert_null(argv);
    }
}

static void strings_become_valid_json(void **state)
{
    static const struct {
        const char *text, *json;
    } rows[] = {
        {"", "\"\"\n"},
        {"a\"\\/\n\t\x01\x7f", "\"a\\\"\\\\/\\n\\t\\u0001\\u007f\"\n"},
        {"\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80", "\"\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80\"\n"},
        {"\xc2\x9b", "\"\\u009b\"\n"},
        {"\xff"
         "a",
         "\"\\ufffda\"\n"},
        {"\xc3", "\"\\ufffd\"\n"},
        {"\xe2\x82", "\"\\ufffd\\ufffd\"\n"},
        {"\xc0\xaf", "\"\\ufffd\\ufffd\"\n"},
        {"\xed\xa0\x80", "\"\\ufffd\\ufffd\\ufffd\"\n"},
        {"\xf4\x90\x80\x80", "\"\\ufffd\\ufffd\\ufffd\\ufffd\"\n"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        auto_free char *bytes = NULL;
        size_t len;
        struct json_out j = {.stream = open_memstream(&bytes, &len), .compact = true};

        json_put_string(&j, NULL, rows[i].text);
        fputc('\n', j.stream);
        fclose(j.stream);
        assert_string_equal(bytes, rows[i].json);
    }
}

static void documents_are_nested(void **state)
{
    const char *const pairs[] = {"a=b=c", "d=", "e", NULL}, *const none[] = {NULL};
    auto_free char *bytes = NULL;
    size_t len;
    struct json_out j = {.stream = open_memstream(&bytes, &len)};

    (void)state;
    json_begin_object(&j, NULL);
    json_put_pairs(&j, "p", pairs);
    json_put_strings(&j, "n", none);
    json_begin_array(&j, "l");
    json_put_uint(&j, NULL, UINT64_MAX);
    json_put_int(&j, NULL, -1);
    json_put_bool(&j, NULL, true);
    json_put_string(&j, NULL, NULL);
    json_end_array(&j);
    json_end_object(&j);
    fclose(j.stream);
    assert_string_equal(bytes, "{\n  \"p\": {\n    \"a\": \"b=c\",\n    \"d\": \"\",\n"
                               "    \"e\": \"\"\n  },\n  \"n\": [],\n  \"l\": [\n"
                               "    18446744073709551615,\n    -1,\n    true,\n    null\n"
                               "  ]\n}\n");
}

static void near_words_are_suggested(void **state)
{
    static const char *const candidates[] = {"build", "tag",     "push",         "pull",
                                             "rm",    "inspect", "metadata-file"};
    static const struct {
        const char *typed, *expected;
    } rows[] = {
        {"biuld", "build"},
        {"bild", "build"},
        {"tga", "tag"},
        {"inspcet", "inspect"},
        {"insp", "inspect"},
        {"metadata", "metadata-file"},
        {"xyz", NULL},
        {"", NULL},
        {"q", NULL},
        {"pshu", "push"},
        {"a-word-that-is-longer-than-all-that-we-have-to-offer", NULL},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct suggestion s;

        suggestion_start(&s, rows[i].typed, strlen(rows[i].typed));
        for (size_t k = 0; k < sizeof(candidates) / sizeof(candidates[0]); k++)
            suggestion_offer(&s, candidates[k]);
        if (rows[i].expected) {
            assert_non_null(s.word);
            assert_string_equal(s.word, rows[i].expected);
        } else {
            assert_null(s.word);
        }
    }
}

static void sizes_and_times_are_readable(void **state)
{
    static const struct {
        uint64_t bytes;
        const char *text;
    } sizes[] = {
        {0, "0 B"},
        {999, "999 B"},
        {1000, "1.0 kB"},
        {999999, "999.9 kB"},
        {1000000, "1.0 MB"},
        {12345678901, "12.3 GB"},
        {UINT64_MAX, "18.4 EB"},
    };
    char text[FORMAT_MAX];

    (void)state;
    for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
        format_size(text, sizes[i].bytes);
        assert_string_equal(text, sizes[i].text);
    }
    format_duration(text, 59999);
    assert_string_equal(text, "59.9 s");
    format_duration(text, 245000);
    assert_string_equal(text, "4 min 05 s");
    format_duration(text, 7380000);
    assert_string_equal(text, "2 h 03 min");
    format_clock(text, 3599);
    assert_string_equal(text, "59:59");
    format_clock(text, 3723);
    assert_string_equal(text, "1:02:03");
}

static void check_file(const char *path, const char *expected)
{
    char bytes[64] = "";
    int fd = open(path, O_RDONLY);

    assert_true(fd >= 0);
    assert_true(read(fd, bytes, sizeof(bytes) - 1) >= 0);
    close(fd);
    assert_string_equal(bytes, expected);
}

static void result_files_are_replaced(void **state)
{
    char dir[] = "/tmp/imgtool-parts.XXXXXX";
    struct stat before, after;
    img_error err;

    (void)state;
    assert_non_null(mkdtemp(dir));
    auto_free char *path = xasprintf("%s/f", dir), *link = xasprintf("%s/l", dir);
    auto_free char *missing = xasprintf("%s/no/f", dir);

    assert_ok(result_file_write(path, "one", 3, &err));
    check_file(path, "one");
    assert_int_equal(stat(path, &before), 0);
    assert_ok(result_file_write(path, "one", 3, &err));
    assert_int_equal(stat(path, &after), 0);
    assert_int_equal(before.st_ino, after.st_ino);
    assert_int_equal(symlink("f", link), 0);
    assert_ok(result_file_write(link, "two!", 4, &err));
    check_file(path, "two!");
    assert_ok(result_file_write(path, "two", 3, &err));
    check_file(path, "two");
    assert_int_equal(lstat(link, &after), 0);
    assert_true(S_ISLNK(after.st_mode));
    assert_ok(result_file_write("/dev/null", "x", 1, &err));
    assert_fails(result_file_write("/dev/full", "x", 1, &err), IMG_EIO, "cannot write /dev/full");
    assert_fails(result_file_write(missing, "x", 1, &err), IMG_EIO, "cannot write");
    assert_int_equal(unlink(link), 0);
    assert_int_equal(unlink(path), 0);
    assert_int_equal(rmdir(dir), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(options_are_taken_apart),
        cmocka_unit_test(wrong_options_are_refused),
        cmocka_unit_test(option_values_are_found),
        cmocka_unit_test(add_is_split),
        cmocka_unit_test(layer_is_split),
        cmocka_unit_test(common_is_merged),
        cmocka_unit_test(times),
        cmocka_unit_test(wrong_add_is_refused),
        cmocka_unit_test(argv_is_json_or_a_word),
        cmocka_unit_test(wrong_argv_is_refused),
        cmocka_unit_test(strings_become_valid_json),
        cmocka_unit_test(documents_are_nested),
        cmocka_unit_test(near_words_are_suggested),
        cmocka_unit_test(sizes_and_times_are_readable),
        cmocka_unit_test(result_files_are_replaced),
        cmocka_unit_test(overlay_is_split),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
