/* SPDX-License-Identifier: Apache-2.0
 *
 * imgtool build: a base, layers, settings, names. Everything on the command line that can be wrong
 * by itself is looked at before the first byte is fetched or written. The base comes first and the
 * settings next, wherever they stand; layers keep their order.
 */
#include "command.h"

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include "argv_json.h"
#include "build_output.h"
#include "compression.h"
#include "fail.h"
#include "layers.h"
#include "memory.h"
#include "text.h"

struct plan {
    const struct arguments *args;
    const char **names; /* ended by NULL */
    const char *base;   /* NULL: scratch */
    bool push;
    img_build_options options;
    struct layers layers;
    char **entrypoint; /* NULL: not given */
    char **cmd;
};

static void plan_free(struct plan *plan)
{
    free(plan->names);
    layers_free(&plan->layers);
    argv_free(plan->entrypoint);
    argv_free(plan->cmd);
}

static void auto_plan(struct plan *plan)
{
    plan_free(plan);
}

static int parse_names(const struct arguments *args, struct plan *plan, img_error *err)
{
    img_reference parsed;

    plan->names = option_values(args, "tag");
    for (const char **name = plan->names; *name; name++)
        if (img_reference_parse(*name, &parsed, err) < 0)
            return err->code;
    plan->push = option_count(args, "push");
    if (plan->push && !plan->names[0])
        return cli_fail(err, IMG_EINVAL, "--push needs a name: -t NAME");
    return 0;
}

static int parse_argv(const char *text, char ***out, img_error *err)
{
    return text ? argv_parse(text, out, err) : 0;
}

static int parse_plan(const struct arguments *args, struct plan *plan, img_error *err)
{
    const char *platform = option_value(args, "platform"), *base = option_value(args, "from");
    img_reference parsed;

    plan->args = args;
    plan->options = (img_build_options)IMG_BUILD_OPTIONS_INIT;
    plan->base = base && !text_is(base, "scratch") ? base : NULL;
    if (plan->base && img_reference_parse(plan->base, &parsed, err) < 0)
        return err->code;
    if (platform && img_platform_parse(platform, &plan->options.platform, err) < 0)
        return err->code;
    if (parse_names(args, plan, err) < 0 ||
        compression_parse(option_value(args, "compression"), &plan->options, err) < 0 ||
        threads_parse(option_value(args, "threads"), &plan->options, err) < 0 ||
        parse_argv(option_value(args, "entrypoint"), &plan->entrypoint, err) < 0 ||
        parse_argv(option_value(args, "cmd"), &plan->cmd, err) < 0)
        return err->code;
    return layers_parse(args, &plan->layers, err);
}

/* The options whose names are those of the library's fields and sets. */
static int apply_settings(const struct plan *plan, img_build *build, img_error *err)
{
    static const char *const fields[] = {"user", "workdir", "stop-signal"};
    static const char *const sets[] = {"env", "label", "expose", "volume", "annotation"};
    const struct arguments *args = plan->args;
    int rc = 0;

    for (size_t i = 0; i < args->use_count; i++) {
        const char *name = args->uses[i].option->name, *value = args->uses[i].value;

        for (size_t k = 0; rc == 0 && k < sizeof(fields) / sizeof(fields[0]); k++)
            if (text_is(name, fields[k]))
                rc = img_build_set(build, name, value, err);
        for (size_t k = 0; rc == 0 && k < sizeof(sets) / sizeof(sets[0]); k++)
            if (text_is(name, sets[k]))
                rc = img_build_put(build, name, value, err);
    }
    if (rc == 0 && plan->entrypoint)
        rc = img_build_set_argv(build, "entrypoint", (const char *const *)plan->entrypoint, err);
    if (rc == 0 && plan->cmd)
        rc = img_build_set_argv(build, "cmd", (const char *const *)plan->cmd, err);
    return rc;
}

static int make_image(struct cli *cli, const struct plan *plan, img_store *store,
                      img_client *client, struct built *built, img_error *err)
{
    auto_(build) img_build *build = NULL;
    img_build_options options = plan->options;

    options.on_event = cli_on_event;
    options.on_event_arg = cli;
    options.on_log = cli_on_log;
    options.on_log_arg = cli;
    if (img_build_new(store, &options, &build, err) < 0)
        return err->code;
    if (plan->base && img_build_from(build, client, plan->base, err) < 0)
        return err->code;
    if (apply_settings(plan, build, err) < 0 || layers_add_to(cli, &plan->layers, build, err) < 0)
        return err->code;
    return img_build_commit(build, plan->names, &built->manifest, &built->config, err);
}

static int push_names(struct cli *cli, const struct plan *plan, img_store *store,
                      img_client *client, img_error *err)
{
    img_push_options options = IMG_PUSH_OPTIONS_INIT;

    options.on_event = cli_on_event;
    options.on_event_arg = cli;
    for (const char **name = plan->names; *name; name++) {
        progress_end(cli->progress);
        cli_note(cli, "pushing %s", *name);
        if (img_push(client, store, *name, NULL, &options, NULL, err) < 0)
            return err->code;
    }
    return 0;
}

/* Of the image that was made: the base may have set it. Without a name the options must do. */
static void read_platform(img_store *store, const struct plan *plan, img_platform *out)
{
    auto_(image) img_image *image = NULL;

    *out = plan->options.platform;
    if (plan->names[0] && img_image_open(store, plan->names[0], NULL, &image, NULL) == 0)
        *out = *img_image_platform(image);
}

static int build_run(struct cli *cli, const struct arguments *args, img_error *err)
{
    auto_(plan) struct plan plan = {0};
    auto_(store) img_store *store = NULL;
    auto_(client) img_client *client = NULL;
    bool quiet = option_count(args, "quiet");
    struct built built = {0};

    cli->silent = quiet;
    if (parse_plan(args, &plan, err) < 0 || cli_new_client(cli, args, &client, err) < 0 ||
        cli_open_store(cli, CLI_STORE_CREATE, &store, err) < 0 ||
        make_image(cli, &plan, store, client, &built, err) < 0)
        return err->code;
    if (plan.push && push_names(cli, &plan, store, client, err) < 0)
        return err->code;
    progress_end(cli->progress);
    built.names = plan.names;
    read_platform(store, &plan, &built.platform);
    if (build_write_files(args, &built, err) < 0)
        return err->code;
    return build_print_result(cli, &built, quiet, err);
}

static const struct option options[] = {
    {"tag", 't', true, "NAME", "name the image", NULL},
    {"from", 0, false, "REF",
     "begin with an image of the store, or of a registry\n"
     "if it is not there (default: scratch, nothing)",
     NULL},
    {"add", 0, true, "SRC:DEST",
     "add a file, or what is in a directory; behind it\n"
     ":mode=OCTAL,uid=N,gid=N sets what all entries have",
     NULL},
    {"layer", 0, true, "TAR[:DEST]", "add an archive, below DEST; - is the standard input", NULL},
    {"remove", 0, true, "PATH", "remove a path of the layers below", NULL},
    {"diff", 0, true, "OLD NEW", "add what makes the directory OLD into NEW;\n-v names each change",
     NULL},
    {"overlay", 0, true, "UPPER[:LOWER]",
     "add what is in the upper directory of an overlay;\n"
     "LOWER as in the mount option lowerdir",
     NULL},
    {"ignore-mtime", 0, false, NULL, "another time alone is no change to these two", NULL},
    {"exclude", 0, true, "RULE",
     "leave things out of directories and archives: a line\n"
     "of a .dockerignore, about paths below what is added;\n"
     "'!' takes in again; the last rule that fits counts",
     NULL},
    {"ignore-file", 0, false, "FILE",
     "read such rules from FILE, which come first; a file\n"
     ".dockerignore is not looked for, but can be named",
     "exclude-from"},
    {"verbatim", 0, false, NULL,
     "keep the bytes of each --layer, which must be a tar,\n"
     "as they are; it is still read strictly",
     NULL},
    {"warn-case", 0, false, NULL, "warn of names that differ in the case of letters", NULL},
    {"chown", 0, false, "USER[:GROUP]",
     "set the owner of what is added: numbers, or names in\n"
     "/etc/passwd and /etc/group of the layers below. A\n"
     "number that stands alone is the group, too",
     NULL},
    {"uid-map", 0, true, "IMAGE:HOST:COUNT",
     "undo the user namespace of an unprivileged user:\n"
     "COUNT ids from HOST on become those from IMAGE on",
     NULL},
    {"gid-map", 0, true, "IMAGE:HOST:COUNT", "the same of groups (default: as --uid-map)", NULL},
    {"chmod", 0, false, "MODE",
     "set the mode of added files and directories: octal,\n"
     "or words as chmod takes them, like u=rwX,go=rX",
     NULL},
    {"mtime", 0, false, "TIME",
     "set all times of what is added: seconds since 1970,\n"
     "or RFC 3339; SOURCE_DATE_EPOCH limits them still",
     NULL},
    {"preserve", 0, true, "LIST",
     "keep what goes by default: nanoseconds (of times),\n"
     "ima (the attribute security.ima), xattrs (all but\n"
     "those of one machine or of container engines)",
     NULL},
    {"entrypoint", 0, false, "JSON|WORD", "what runs; a JSON array, or one word", NULL},
    {"cmd", 0, false, "JSON|WORD", "its default arguments", NULL},
    {"env", 'e', true, "K=V", "set an environment variable", NULL},
    {"label", 'l', true, "K=V", "set a label", NULL},
    {"workdir", 'w', false, "DIR", "set the working directory", NULL},
    {"user", 'u', false, "USER", "set the user, NAME or UID[:GID]", NULL},
    {"expose", 0, true, "PORT", "note a port, as 80 or 53/udp", NULL},
    {"volume", 0, true, "PATH", "note a path that is a volume", NULL},
    {"stop-signal", 0, false, "SIGNAL", "set the signal that stops it", NULL},
    {"annotation", 0, true, "K=V", "set an annotation of the manifest", NULL},
    {"platform", 0, false, "OS/ARCH",
     "what it is for, as linux/arm64/v8\n(default: as the base, else this machine)", NULL},
    {"compression", 0, false, "WORD",
     "gzip, zstd or none for new layers, or estargz or\n"
     "zstd:chunked, whose files can be fetched one by one;\n"
     ":fast, :small or :LEVEL may follow",
     NULL},
    {"threads", 0, false, "N",
     "how many compress (default: one a processor); the\nimage is the same with any", NULL},
    {"push", 0, false, NULL, "push all names", NULL},
    {"iidfile", 0, false, "FILE", "write the digest of the config", NULL},
    {"digestfile", 0, false, "FILE", "write the digest of the manifest", NULL},
    {"metadata-file", 0, false, "FILE", "write the digests as JSON, as docker buildx does", NULL},
    {"quiet", 'q', false, NULL, "print the digest alone, and no progress", NULL},
    {0},
};

const struct command command_build = {
    .name = "build",
    .synopsis = "[-t NAME]... [OPTION]...",
    .summary = "Build an image from a base, files and settings",
    .example = "  imgtool build -t app:1 --from debian:12 --add ./out:/srv/app \\\n"
               "      --add app.conf:/etc/:mode=0644,uid=0,gid=0 --entrypoint /srv/app/run",
    .notes = "Each --add, --layer, --diff and --overlay and each run of --remove makes one\n"
             "layer, in the order given. SRC:DEST is split at its last colon before a slash;\n"
             "\\: is a colon that does not split, there and in --overlay. Options that say how\n"
             "things are added count for every --add and --layer, wherever they stand; :mode=,\n"
             "uid= and gid= behind one of these count more. A file that --diff finds changed\n"
             "in its mode alone is in the layer with its data. The same files, with the same\n"
             "times, owners and modes, give the same image. Prints NAME@DIGEST; without a name\n"
             "DIGEST, and the next rm takes the image away.",
    .options = options,
    .more_options = registry_options,
    .run = build_run,
};
