/* SPDX-License-Identifier: Apache-2.0
 *
 * The TOML reader against the one of Python: every document below, and each that is one byte away
 * from it, must be the same tree to both or be refused by both. What libimg refuses on its own
 * (integers of more than 64 bits, a NUL in a string) the judge is told to refuse.
 */
#include <inttypes.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/buf.h"
#include "core/toml.h"

/* Reads "LENGTH\n", so many bytes and a newline, time and again. A refusal is "!". */
static const char judge[] =
    "import sys, tomllib, datetime\n"
    "def dump(v):\n"
    "    if isinstance(v, dict):\n"
    "        return '{' + ''.join(k.encode().hex() + '=' + dump(x) + ',' for k, x in v.items()) "
    "+ '}'\n"
    "    if isinstance(v, list): return '[' + ''.join(dump(x) + ',' for x in v) + ']'\n"
    "    if isinstance(v, bool): return 'true' if v else 'false'\n"
    "    if isinstance(v, int): assert -2**63 <= v < 2**63; return str(v)\n"
    "    if isinstance(v, float): return 'f' + ('%.9g' % v).replace('-nan', 'nan')\n"
    "    if isinstance(v, str): assert '\\0' not in v; return 's' + v.encode().hex()\n"
    "    return 't'\n"
    "f = open(sys.argv[1], 'rb')\n"
    "while line := f.readline():\n"
    "    text = f.read(int(line)); f.read(1)\n"
    "    try: print(dump(tomllib.loads(text.decode())))\n"
    "    except Exception: print('!')\n";

static const char *const documents[] = {
    "",
    "# a comment\n\na = 1 # another\r\nb = \"x\"\r\n",
    "unqualified-search-registries = [\"docker.io\", 'quay.io',\n # two\n]\n"
    "[[registry]]\nprefix = \"a.example/b\"\nlocation = \"c.example\"\ninsecure = true\n"
    "[[registry.mirror]]\nlocation = \"m1\"\n[[registry.mirror]]\nlocation = \"m2\"\n"
    "[[registry]]\nlocation = \"d\"\nblocked = false\n[aliases]\n\"fedora\" = \"r/fedora\"\n",
    "server = \"https://a\"\n[host.\"https://m:5000/v2\"]\n  capabilities = [\"pull\", "
    "\"resolve\"]\n"
    "  client = [[\"a.cert\", \"a.key\"], [\"b.pem\", \"\"]]\n"
    "  [host.\"https://m:5000/v2\".header]\n    x-a = [\"1\", \"2\"]\n",
    "s = \"\"\"\na\\\n   b\"\" \\u00e9\\U0001F600\"\"\"\"\nl = '''\n\\x'''''\nm = "
    "\"\\t\\\"\\\\\"\n",
    "i = [0, -0, +1, 1_000, 0xFf_0, 0o17, 0b1_0, -9223372036854775808]\n",
    "f = [0.0, -1.5e3, 1e-7, 6.02e+23, inf, -inf, nan, 1_0.0_1]\n",
    "d = [1979-05-27, 07:32:00.5, 1979-05-27T07:32:00Z, 2000-02-29 00:00:00+01:00, "
    "1979-05-27T07:32:00.999999]\n",
    "a.b.c = 1\na.b.d = {x.y = 2, z = {}}\n[a.e]\nq = []\n[a.e.g]\n[t.u.v]\n[t]\nu.w = 1\n",
    "[a]\n[a.b]\n[a.b.c]\n[[a.d]]\n[[a.d]]\n[a.d.e]\nk=1\n",
    "[fruit]\napple.color = 1\napple.taste.sweet = true\n[fruit.apple.texture]\nsmooth = true\n",
    "[[a]]\n[[a.b]]\nx = 1\n[[a]]\nb.c = 2\n",
    "\"\" = 1\n'q.r' = 2\n3.4 = 5\n- = 6\n\"a\\nb\" = 7\n",
    "a = {b = 1}\n[c]\nd = [[1, [2]], {e = \"f\"}]\n",
    "a = [1]\n",
    "a = 1\na = 2\n",
    "[a]\n[a]\n",
    "a = {}\n[a.b]\n",
    "a = []\n[[a]]\n",
    "[a]\nb.c = 1\n[a.b]\n",
    "[[a]]\n[a]\n",
    "[a.b]\n[a]\nb.c = 1\n",
    "a.b = 1\n[a]\n",
    "[a.b.c]\n[a]\nb.c.d = 1\n",
    "a = 2001-02-29\n",
    "a = 25:00:00\n",
    "x = \"\xc3\xa9\xf0\x9f\x98\x80\"\n",
    "x = \"\xc3\"\n",
    "a = \"\\ud800\"\n",
    "a = 1 b = 2\n",
    "= 1\n",
    "a = \n",
    "[a\n",
    "a = {b = 1,}\n",
    "a = {\nb = 1}\n",
    "a = 'x\n'\n",
    "a = \"\"\"x",
    "\"\"\"a\"\"\" = 1\n",
    "a = 1__0\n",
    "a = 01\n",
};

/* Put in, or in the place of, each byte. */
static const char strange[] = "\n\"'[]{}.=,#\\ _-0aeT:\r\t\x01\x7f\xff";

static void dump(const struct toml *value, struct buf *out);

static void dump_hex(const char *text, struct buf *out)
{
    for (; *text; text++)
        img__buf_printf(out, "%02x", (unsigned char)*text);
}

static void dump_items(const struct toml *value, struct buf *out)
{
    for (size_t i = 0; i < value->count; i++) {
        if (value->type == TOML_TABLE) {
            dump_hex(value->items[i]->key, out);
            img__buf_putc(out, '=');
        }
        dump(value->items[i], out);
        img__buf_putc(out, ',');
    }
}

static void dump(const struct toml *value, struct buf *out)
{
    switch (value->type) {
    case TOML_STRING:
        img__buf_putc(out, 's');
        dump_hex(value->text, out);
        break;
    case TOML_INTEGER:
        img__buf_printf(out, "%" PRId64, value->integer);
        break;
    case TOML_FLOAT:
        img__buf_printf(out, "f%.9g", isnan(value->number) ? (double)NAN : value->number);
        break;
    case TOML_BOOL:
        img__buf_puts(out, value->boolean ? "true" : "false");
        break;
    case TOML_TIME:
        img__buf_putc(out, 't');
        break;
    default:
        img__buf_putc(out, value->type == TOML_TABLE ? '{' : '[');
        dump_items(value, out);
        img__buf_putc(out, value->type == TOML_TABLE ? '}' : ']');
    }
}

static void dump_document(const char *text, size_t len, struct buf *out, img_error *err)
{
    struct toml *toml = NULL;
    if (img__toml_parse("x", text, len, &toml, err) == 0)
        dump(toml, out);
    else
        img__buf_putc(out, '!');
    img__toml_free(toml);
}

struct corpus {
    FILE *file;
    struct buf all; /* the documents, with their lengths before them */
};

static void put(FILE *file, const char *text, size_t len)
{
    fprintf(file, "%zu\n", len);
    fwrite(text, 1, len, file);
    fputc('\n', file);
}

static void put_neighbours(FILE *file, const char *text)
{
    size_t len = strlen(text);
    char changed[1024];
    assert_true(len + 1 < sizeof(changed));
    put(file, text, len);
    for (size_t i = 0; i < len; i++) {
        memcpy(changed, text, i);
        memcpy(changed + i, text + i + 1, len - i);
        put(file, changed, len - 1);
        for (const char *c = strange; *c; c++) {
            memcpy(changed, text, len + 1);
            changed[i] = *c;
            put(file, changed, len);
            memcpy(changed + i + 1, text + i, len - i);
            put(file, changed, len + 1);
        }
    }
}

static FILE *run_judge(const char *path)
{
    char script[] = "/tmp/libimg-toml-judge.XXXXXX", command[256];
    int fd = mkstemp(script);
    assert_true(fd >= 0);
    assert_int_equal(write(fd, judge, sizeof(judge) - 1), sizeof(judge) - 1);
    close(fd);
    snprintf(command, sizeof(command), "python3 -B %s %s; rm %s", script, path, script);
    FILE *answers = popen(command, "r");
    assert_non_null(answers);
    return answers;
}

static void python_reads_the_same(void **state)
{
    char path[] = "/tmp/libimg-toml.XXXXXX", text[1100], size[16];
    static char answer[8192];
    size_t compared = 0, accepted = 0;
    (void)state;
    int fd = mkstemp(path);
    FILE *file = fdopen(fd, "w+");
    assert_non_null(file);
    for (size_t i = 0; i < sizeof(documents) / sizeof(documents[0]); i++)
        put_neighbours(file, documents[i]);
    fflush(file);
    FILE *answers = run_judge(path);
    rewind(file);
    while (fgets(size, sizeof(size), file)) {
        img_error err = {0};
        size_t len = (size_t)strtoul(size, NULL, 10);
        struct buf ours = BUF_INIT(8192);
        assert_true(len < sizeof(text));
        assert_int_equal(fread(text, 1, len, file), len);
        text[len] = '\0';
        fgetc(file);
        assert_non_null(fgets(answer, sizeof(answer), answers));
        answer[strcspn(answer, "\n")] = '\0';
        dump_document(text, len, &ours, &err);
        if (strcmp(img__buf_text(&ours), answer) != 0)
            fail_msg("---\n%s\n---\nPython: %s\nlibimg: %s %s", text, answer, img__buf_text(&ours),
                     err.message);
        accepted += *answer != '!';
        compared++;
        img__buf_free(&ours);
    }
    assert_int_equal(pclose(answers), 0);
    fclose(file);
    remove(path);
    assert_true(compared > 50000 && accepted > 10000 && compared - accepted > 10000);
}

static void errors_name_the_line(void **state)
{
    static const struct {
        const char *text, *message;
    } cases[] = {
        {"a = 1\nb = \n", "f.conf:2: a value is due"},
        {"a = 1\n\n[x]\na = \"x", "f.conf:4: the file ends in the middle of a string"},
        {"a = 1\nb = 2\na = 3\n", "f.conf:3: \"a\" is defined on line 1 already"},
        {"a = \"\"\"\n\n\n\"\"\"\nb\n", "f.conf:5: a = is due behind the key \"b\""},
        {"a = 9223372036854775808\n", "f.conf:1: the integer 9223372036854775808 has more than 64"},
        {"a = \"\\u0000\"\n", "f.conf:1: a string can't hold a NUL"},
        {"a = [1 2]\n", "f.conf:1: a comma or ] is due"},
        {"a b = 1\n", "f.conf:1: a = is due behind the key \"a\""},
        /* What lacks its quotes may be a password. */
        {"a = s3cr3t-of-the-mirror\n", "f.conf:1: \"s3cr3t-of-\" is no value"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct toml *toml = NULL;
        img_error err;
        assert_int_equal(
            img__toml_parse("f.conf", cases[i].text, strlen(cases[i].text), &toml, &err),
            IMG_EFORMAT);
        assert_null(toml);
        if (strncmp(err.message, cases[i].message, strlen(cases[i].message)) != 0)
            fail_msg("\"%s\" instead of \"%s\"", err.message, cases[i].message);
    }
}

static void size_and_depth_are_bounded(void **state)
{
    struct toml *toml = NULL;
    img_error err;
    struct buf text = BUF_INIT(2 * TOML_BYTES_MAX);
    (void)state;
    img__buf_puts(&text, "a = ");
    for (unsigned i = 0; i < TOML_DEPTH_MAX + 2; i++)
        img__buf_putc(&text, '[');
    assert_int_equal(img__toml_parse("x", text.data, text.len, &toml, &err), IMG_ELIMIT);
    img__buf_clear(&text);
    for (unsigned i = 0; i <= TOML_VALUES_MAX; i++)
        img__buf_printf(&text, "k%u = 1\n", i);
    assert_int_equal(img__toml_parse("x", text.data, text.len, &toml, &err), IMG_ELIMIT);
    img__buf_clear(&text);
    while (text.len <= TOML_BYTES_MAX)
        img__buf_puts(&text, "# nothing at all, and that for long\n");
    assert_int_equal(img__toml_parse("x", text.data, text.len, &toml, &err), IMG_ELIMIT);
    assert_null(toml);
    img__buf_free(&text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(python_reads_the_same),
        cmocka_unit_test(errors_name_the_line),
        cmocka_unit_test(size_and_depth_are_bounded),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
