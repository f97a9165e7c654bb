/* SPDX-License-Identifier: Apache-2.0
 *
 * imgtool mutate: other settings for an image that is there. Options take effect in their order, so
 * the last word counts; each touches what it names and nothing else.
 */
#include "command.h"

#include <string.h>
#include <time.h>

#include "argv_json.h"
#include "editing.h"
#include "fail.h"
#include "memory.h"
#include "text.h"
#include "time_text.h"

static bool is_one_of(const char *name, const char *const *words)
{
    while (*words && !text_is(name, *words))
        words++;
    return *words != NULL;
}

static int set_argv(img_edit *edit, const char *list, const char *value, img_error *err)
{
    auto_(argv) char **argv = NULL;

    if (argv_parse(value, &argv, err) < 0)
        return err->code;
    return img_edit_set_argv(edit, list, (const char *const *)argv, err);
}

static int set_created(img_edit *edit, const char *value, img_error *err)
{
    char text[40];
    int64_t seconds;
    time_t when;
    struct tm tm;

    if (!time_parse(value, &seconds))
        return cli_fail(err, IMG_EINVAL,
                        "--created '%s' is neither seconds since 1970 nor a time as "
                        "2024-01-31T12:00:00Z",
                        value);
    when = (time_t)seconds;
    if (!gmtime_r(&when, &tm) || strftime(text, sizeof(text), "%Y-%m-%dT%H:%M:%SZ", &tm) == 0)
        return cli_fail(err, IMG_EINVAL, "--created '%s' is no time", value);
    return img_edit_set(edit, "created", text, err);
}

static int set_platform(img_edit *edit, const char *value, img_error *err)
{
    img_platform platform;

    if (img_platform_parse(value, &platform, err) < 0)
        return err->code;
    return img_edit_set_platform(edit, &platform, err);
}

/* "index:K=V" is about the index. */
static int put_annotation(img_edit *edit, const char *value, img_error *err)
{
    static const char index[] = "index:", manifest[] = "manifest:";

    if (strncmp(value, index, strlen(index)) == 0)
        return img_edit_put(edit, "index-annotation", value + strlen(index), err);
    if (strncmp(value, manifest, strlen(manifest)) == 0)
        value += strlen(manifest);
    return img_edit_put(edit, "annotation", value, err);
}

/* "WHAT" or "WHAT=KEY". */
static int unset(img_edit *edit, const char *value, img_error *err)
{
    size_t len = strcspn(value, "=");
    auto_free char *what = xstrdup(value);
    const char *key = value[len] ? value + len + 1 : NULL;

    what[len] = '\0';
    if (text_is(what, "annotation") && key && strncmp(key, "index:", 6) == 0)
        return img_edit_unset(edit, "index-annotation", key + 6, err);
    return img_edit_unset(edit, what, key, err);
}

/* "LIST=TEXT". */
static int extend(img_edit *edit, const char *option, const char *value, img_error *err)
{
    size_t len = strcspn(value, "=");
    auto_free char *list = xstrdup(value);
    uint32_t where = text_is(option, "prepend") ? IMG_EDIT_BEFORE : IMG_EDIT_BEHIND;

    if (!value[len])
        return cli_fail(err, IMG_EINVAL,
                        "--%s '%s': write env=NAME=TEXT, entrypoint=WORD or cmd=WORD; for layers "
                        "there is imgtool append",
                        option, value);
    list[len] = '\0';
    return img_edit_extend(edit, list, value + len + 1, where, err);
}

static int apply(img_edit *edit, const char *name, const char *value, img_error *err)
{
    static const char *const fields[] = {"user", "workdir", "stop-signal", "author", NULL};
    static const char *const sets[] = {"env", "label", "expose", "volume", NULL};
    static const char *const lists[] = {"entrypoint", "cmd", NULL};

    if (is_one_of(name, fields))
        return img_edit_set(edit, name, value, err);
    if (is_one_of(name, sets))
        return img_edit_put(edit, name, value, err);
    if (is_one_of(name, lists))
        return set_argv(edit, name, value, err);
    if (text_is(name, "annotation"))
        return put_annotation(edit, value, err);
    if (text_is(name, "created"))
        return set_created(edit, value, err);
    if (text_is(name, "set-platform"))
        return set_platform(edit, value, err);
    if (text_is(name, "unset"))
        return unset(edit, value, err);
    if (text_is(name, "append") || text_is(name, "prepend"))
        return extend(edit, name, value, err);
    return 0;
}

static int mutate_run(struct cli *cli, const struct arguments *args, img_error *err)
{
    auto_(editing) struct editing editing = {0};

    cli->noted = "cmd stays: ";
    if (editing_open(&editing, cli, args, 0, err) < 0)
        return err->code;
    for (size_t i = 0; i < args->use_count; i++)
        if (apply(editing.edit, args->uses[i].option->name, args->uses[i].value, err) < 0)
            return err->code;
    return editing_end(&editing, err);
}

static const struct option options[] = {
    EDITING_TAG,
    {"entrypoint", 0, false, "JSON|WORD", "what runs; a JSON array, or one word; cmd stays", NULL},
    {"cmd", 0, false, "JSON|WORD", "its default arguments", NULL},
    {"env", 'e', true, "K=V", "set an environment variable", NULL},
    {"label", 'l', true, "K=V", "set a label", NULL},
    {"annotation", 'a', true, "K=V",
     "set an annotation of the manifest; index:K=V is one\n"
     "of the index",
     NULL},
    {"workdir", 'w', false, "DIR", "set the working directory", NULL},
    {"user", 'u', false, "USER", "set the user, NAME or UID[:GID]", NULL},
    {"expose", 0, true, "PORT", "note a port, as 80 or 53/udp", NULL},
    {"volume", 0, true, "PATH", "note a path that is a volume", NULL},
    {"stop-signal", 0, false, "SIGNAL", "set the signal that stops it", NULL},
    {"author", 0, false, "TEXT", "set who made it", NULL},
    {"created", 0, false, "TIME", "set when: seconds since 1970, or RFC 3339", NULL},
    {"set-platform", 0, false, "OS/ARCH", "say that it is for this, as linux/arm64/v8", NULL},
    {"unset", 0, true, "WHAT[=KEY]",
     "take away: env=NAME, label=KEY, annotation=KEY,\n"
     "expose=PORT, volume=PATH, all of one of these, or\n"
     "entrypoint, cmd, user, workdir, stop-signal, author,\n"
     "created, healthcheck, onbuild, shell",
     NULL},
    {"append", 0, true, "LIST=TEXT",
     "add: env=NAME=TEXT puts TEXT behind the value,\n"
     "entrypoint=WORD and cmd=WORD a word",
     NULL},
    {"prepend", 0, true, "LIST=TEXT", "the same, before what is there", NULL},
    EDITING_PLATFORM,
    EDITING_DRY_RUN,
    EDITING_QUIET,
    {0},
};

const struct command command_mutate = {
    .name = "mutate",
    .synopsis = "SRC [-t NAME]... [OPTION]...",
    .summary = "Change the settings of an image that is there",
    .example = "  imgtool mutate app:1 -t app:2 --label stage=prod --unset env=DEBUG \\\n"
               "      --append env=PATH=:/opt/app/bin\n"
               "  imgtool mutate docker://localhost:5000/app:1 --entrypoint '[\"/app\",\"-v\"]'",
    .notes = "SRC is an image of the store, or what help places has: docker://REF is one in a\n"
             "registry, of which no layer is moved. Options take effect in their order, and\n"
             "touch nothing that they do not name. Of an index all platforms change.\n"
             "Attestations of images that changed are left out; signatures do not go along.\n"
             "Where nothing changes, nothing is written. Prints NAME@DIGEST.",
    .options = options,
    .more_options = registry_options,
    .min_operands = 1,
    .max_operands = 1,
    .run = mutate_run,
};
