/* SPDX-License-Identifier: Apache-2.0
 *
 * Changes of modes, as GNU chmod makes them (C28).
 */
#include "layer/mode_change.h"

#include <sys/stat.h>

#include "judge.h"

static uint32_t change(const char *text, uint32_t mode, bool directory)
{
    img_error err;
    struct mode_change parsed;
    assert_ok(img__mode_change_parse(text, &parsed, &err));
    return img__mode_change_apply(&parsed, mode, directory);
}

static void octal(void **state)
{
    (void)state;
    assert_int_equal(change("0", 07777, false), 0);
    assert_int_equal(change("644", 07777, false), 0644);
    assert_int_equal(change("0755", 0, true), 0755);
    /* Unlike chmod's, which leaves the bits of a directory. */
    assert_int_equal(change("755", 02700, true), 0755);
    assert_int_equal(change("7777", 0, true), 07777);
}

/* C28: words */
static void words(void **state)
{
    static const struct {
        const char *text;
        uint32_t mode, file, directory;
    } rows[] = {
        {"u=rwX,go=rX", 0600, 0644, 0755}, {"u=rwX,go=rX", 0710, 0755, 0755},
        {"go-w", 0666, 0644, 0644},        {"+x", 0640, 0751, 0751},
        {"a-x,u+X", 0755, 0644, 0744},     {"g=u", 0740, 0770, 0770},
        {"o=", 0777, 0770, 0770},          {"u+s,g+s,+t", 0755, 07755, 07755},
        {"g-s", 02755, 0755, 0755},        {"u=rw,g=u-w,o=g", 0777, 0644, 0644},
    };
    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        assert_int_equal(change(rows[i].text, rows[i].mode, false), rows[i].file);
        assert_int_equal(change(rows[i].text, rows[i].mode, true), rows[i].directory);
    }
}

static const char *const judged[] = {
    "u=rwX,go=rX", "g=u",      "o=g-w",      "u+s",     "g-s",    "a=rX", "=",     "+X",
    "-x+X",        "ug=rw,o=", "a+t",        "o+t",     "u+t",    "go=",  "u=",    "a=rs",
    "u=rs",        "g+s,g-s",  "a-rwx,u+rX", "u=g,g=o", "+r-w=x", "ug+s", "=rwxt", "u-s,g-s,o=u",
};

/* GNU chmod, umask 0, makes the same of every mode. */
static void as_chmod_does(void **state)
{
    (void)state;
    if (geteuid() != 0)
        skip();
    static const char script[] =
        "import os, subprocess, sys\n"
        "os.umask(0); os.mkdir('d'); open('f', 'w').close()\n"
        "for text in sys.argv[1:]:\n"
        "    for mode in [0, 0o77, 0o640, 0o711, 0o777, 0o1755, 0o2750, 0o4711, 0o6644]:\n"
        "        for name in 'fd':\n"
        "            os.chmod(name, mode)\n"
        "            subprocess.check_call(['chmod', '--', text, name])\n"
        "            print(text, name, '%o %o' % (mode, os.stat(name).st_mode & 0o7777))\n";
    judge_write("run.py", script, sizeof(script) - 1);
    auto_(buf) struct buf command = BUF_INIT(4096);
    img__buf_puts(&command, "python3 -B run.py");
    for (size_t i = 0; i < sizeof(judged) / sizeof(judged[0]); i++)
        img__buf_printf(&command, " '%s'", judged[i]);
    auto_free char *text = judge_run(img__buf_text(&command));
    unsigned lines = 0;
    for (char *line = strtok(text, "\n"); line; line = strtok(NULL, "\n"), lines++) {
        char words_of[32], name;
        unsigned before, after;
        assert_int_equal(sscanf(line, "%31s %c %o %o", words_of, &name, &before, &after), 4);
        if (change(words_of, before, name == 'd') != after)
            fail_msg("%s: %o", line, change(words_of, before, name == 'd'));
    }
    assert_true(lines > 100);
}

static void refused(void **state)
{
    static const char *const texts[] = {"",    "8",      "10000", "755x", "u",  "rwx",
                                        "u=q", "u=rwx,", ",u=r",  "z+x",  "-1", "u=gx"};
    (void)state;
    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
        img_error err;
        struct mode_change parsed;
        assert_fails(img__mode_change_parse(texts[i], &parsed, &err), IMG_EINVAL, "is no mode");
    }
    char long_text[MODE_STEPS_MAX * 2 + 3];
    for (size_t i = 0; i < sizeof(long_text) - 1; i++)
        long_text[i] = i % 2 ? 'x' : '+';
    long_text[sizeof(long_text) - 1] = '\0';
    img_error err;
    struct mode_change parsed;
    assert_fails(img__mode_change_parse(long_text, &parsed, &err), IMG_EINVAL, "is no mode");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(octal),
        cmocka_unit_test(words),
        cmocka_unit_test(as_chmod_does),
        cmocka_unit_test(refused),
    };
    return cmocka_run_group_tests(tests, judge_setup, judge_teardown);
}
