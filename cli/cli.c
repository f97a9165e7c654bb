/* SPDX-License-Identifier: Apache-2.0
 *
 * The ground under the commands: signals, the two handles, notes and results. Results go to stdout,
 * all else goes through the display to stderr.
 */
#include "cli.h"

#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>
#include <unistd.h>

#include "fail.h"
#include "memory.h"
#include "name.h"

#define GRACE_S 2
#define STATUS_INTERRUPTED 130

const struct option global_options[] = {
    {"store", 0, false, "DIR",
     "the store of images (default: $IMGTOOL_STORE,\n"
     "else ~/.local/share/libimg/store)",
     NULL},
    {"progress", 0, false, "MODE", "auto, tty, plain, json, quiet or none", NULL},
    {"format", 0, false, "json", "print results and errors as JSON", NULL},
    {"verbose", 'v', true, NULL, "tell more; -vv shows each request", NULL},
    {"help", 'h', false, NULL, "print help and exit", NULL},
    {"version", 'V', false, NULL, "print the version and exit", NULL},
    {0},
};

static volatile sig_atomic_t interrupted;
static volatile sig_atomic_t cleans_up;

/* The store is consistent at any moment, so there is no harm in leaving like this. */
static void on_alarm(int number)
{
    static const char text[] = LIBIMG_TOOL_NAME ": error: interrupted\n";
    ssize_t written = write(STDERR_FILENO, text, sizeof(text) - 1);

    (void)number;
    (void)written;
    _exit(STATUS_INTERRUPTED);
}

/* The library stops at its next event. If none comes, as from a server that hangs, we do not wait
 * for it; and a second signal kills at once. */
static void on_signal(int number)
{
    (void)number;
    interrupted = 1;
    signal(SIGINT, SIG_DFL);
    signal(SIGTERM, SIG_DFL);
    signal(SIGHUP, SIG_DFL);
    if (cleans_up)
        return;
    signal(SIGALRM, on_alarm);
    alarm(GRACE_S);
}

void cli_clean_up_when_interrupted(void)
{
    cleans_up = 1;
}

bool cli_interrupted(void)
{
    return interrupted != 0;
}

/* What the caller has set to be ignored, as nohup and background jobs do, stays ignored. */
void cli_catch_signals(void)
{
    static const int numbers[] = {SIGINT, SIGTERM, SIGHUP};
    struct sigaction action = {.sa_handler = on_signal}, old;

    sigemptyset(&action.sa_mask);
    for (size_t i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++)
        if (sigaction(numbers[i], NULL, &old) == 0 && old.sa_handler != SIG_IGN)
            sigaction(numbers[i], &action, NULL);
}

int cli_open_store(const struct cli *cli, uint32_t must_exist, img_store **out, img_error *err)
{
    img_store_options options = IMG_STORE_OPTIONS_INIT;

    options.path = cli->store_dir;
    options.must_exist = must_exist;
    return img_store_open(&options, out, err);
}

int cli_on_event(const img_event *event, void *arg)
{
    struct cli *cli = arg;

    if (!cli->silent)
        progress_event(cli->progress, event);
    return interrupted;
}

void cli_on_log(int level, const char *line, void *arg)
{
    struct cli *cli = arg;

    if (level == IMG_LOG_INFO && cli->noted && strncmp(line, cli->noted, strlen(cli->noted)) == 0)
        cli_note(cli, "%s", line);
    else if (level <= IMG_LOG_WARNING + cli->verbosity)
        progress_line(cli->progress, level, line);
}

static void line(struct cli *cli, int level, const char *format, va_list args)
{
    char *text = NULL;

    if (vasprintf(&text, format, args) < 0)
        return;
    progress_line(cli->progress, level, text);
    free(text);
}

void cli_note(struct cli *cli, const char *format, ...)
{
    va_list args;

    if (cli->silent)
        return;
    va_start(args, format);
    line(cli, PROGRESS_NOTE, format, args);
    va_end(args);
}

void cli_warn(struct cli *cli, const char *format, ...)
{
    va_list args;

    va_start(args, format);
    line(cli, IMG_LOG_WARNING, format, args);
    va_end(args);
}

int cli_pinned_name(const char *reference, const img_digest *digest, char *out, img_error *err)
{
    img_reference parsed;
    img_digest alone;

    if (img_digest_parse(reference, &alone, NULL) == 0) {
        snprintf(out, IMG_REFERENCE_TEXT_MAX, "%s", digest->text);
        return 0;
    }
    if (img_reference_parse(reference, &parsed, err) < 0)
        return err->code;
    parsed.tag[0] = '\0';
    parsed.digest = *digest;
    img_reference_format(&parsed, out);
    return 0;
}

int cli_print_result(const struct cli *cli, const char *reference, const img_descriptor *descriptor,
                     img_error *err)
{
    struct json_out j = {.stream = stdout};
    char name[IMG_REFERENCE_TEXT_MAX];

    if (cli_pinned_name(reference, &descriptor->digest, name, err) < 0)
        return err->code;
    if (!cli->json) {
        puts(name);
        return 0;
    }
    json_begin_object(&j, NULL);
    json_put_string(&j, "name", name);
    json_put_string(&j, "digest", descriptor->digest.text);
    json_put_string(&j, "media_type", descriptor->media_type);
    json_put_uint(&j, "size_bytes", descriptor->size_bytes);
    json_end_object(&j);
    return 0;
}
