/* SPDX-License-Identifier: Apache-2.0
 *
 * imgtool build: a base, layers, settings, names. The image is made, and its digest is final,
 * before anything leaves the store.
 */
#include "command.h"

#include <stdbool.h>

#include "build_make.h"
#include "build_output.h"
#include "build_plan.h"
#include "depfile.h"
#include "memory.h"
#include "outputs_write.h"

static int push_names(struct cli *cli, const struct build_plan *plan, img_store *store,
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

static int write_depfile(struct cli *cli, const struct build_plan *plan, const img_store *store,
                         img_error *err)
{
    if (!plan->depfile)
        return 0;
    progress_end(cli->progress);
    depfile_add_output(plan->depfile, img_store_path(store), true);
    return depfile_write(cli, plan->depfile, err);
}

/* Where the image is the output, nothing else is. */
static int print_result(struct cli *cli, const struct build_plan *plan, const struct built *built,
                        img_error *err)
{
    if (plan->outputs.uses_pipe)
        return 0;
    return build_print_result(cli, built, cli->silent, err);
}

static void describe(const struct build_plan *plan, const struct made *made, struct built *built)
{
    built->names = plan->names;
    built->manifest = made->target;
    if (made->count > 1)
        return;
    built->config = made->images[0].config;
    built->platform = made->images[0].platform;
}

static int build_run(struct cli *cli, const struct arguments *args, img_error *err)
{
    auto_(build_plan) struct build_plan plan = {0};
    auto_(store) img_store *store = NULL;
    auto_(client) img_client *client = NULL;
    auto_(made) struct made made = {0};
    struct built built = {0};

    cli->silent = option_count(args, "quiet") > 0;
    if (build_plan_parse(args, &plan, err) < 0 || cli_new_client(cli, args, &client, err) < 0 ||
        cli_open_store(cli, CLI_STORE_CREATE, &store, err) < 0 ||
        build_make(cli, &plan, store, client, &made, err) < 0 ||
        write_depfile(cli, &plan, store, err) < 0 ||
        outputs_write(cli, &plan, store, &made, err) < 0 ||
        (plan.push && push_names(cli, &plan, store, client, err) < 0))
        return err->code;
    progress_end(cli->progress);
    describe(&plan, &made, &built);
    if (build_write_files(args, &built, err) < 0)
        return err->code;
    return print_result(cli, &plan, &built, err);
}

static const struct option options[] = {
    {"tag", 't', true, "NAME", "name the image", NULL},
    {"output", 'o', true, "PLACE",
     "write the image there, too: oci:DIR[:TAG],\n"
     "oci-archive:FILE[:REF], docker-archive:FILE[:REF],\n"
     "or - for an archive on the standard output; its\n"
     "files: rootfs:DIR. imgtool help outputs",
     NULL},
    {"from", 0, false, "REF",
     "begin with an image of the store, or of a registry\n"
     "if it is not there, or with that in oci:DIR[:REF],\n"
     "oci-archive:FILE or docker-archive:FILE (default:\n"
     "scratch, nothing)",
     NULL},
    LAYER_OPTIONS,
    {"entrypoint", 0, false, "JSON|WORD", "what runs; a JSON array, or one word", NULL},
    {"cmd", 0, false, "JSON|WORD", "its default arguments", NULL},
    {"env", 'e', true, "K=V", "set an environment variable", NULL},
    {"label", 'l', true, "K=V", "set a label", NULL},
    {"workdir", 'w', false, "DIR", "set the working directory", NULL},
    {"user", 'u', false, "USER", "set the user, NAME or UID[:GID]", NULL},
    {"expose", 0, true, "PORT", "note a port, as 80 or 53/udp", NULL},
    {"volume", 0, true, "PATH", "note a path that is a volume", NULL},
    {"stop-signal", 0, false, "SIGNAL", "set the signal that stops it", NULL},
    {"annotation", 0, true, "[TO:]K=V",
     "set an annotation of the manifest, or of TO: index:,\n"
     "manifest-descriptor: (its entry in the index), or\n"
     "manifest[OS/ARCH]: alone",
     NULL},
    {"platform", 0, true, "OS/ARCH",
     "what it is for, as linux/arm64/v8 (default: as the\n"
     "base, else this machine). With several, or a list\n"
     "with commas, an index is made of one image for each;\n"
     "{os}, {arch} and {variant} in SRC of --add, --layer\n"
     "and --from are then filled in",
     NULL},
    {"compression", 0, false, "WORD",
     "gzip, zstd or none for new layers, or estargz or\n"
     "zstd:chunked, whose files can be fetched one by one;\n"
     ":fast, :small or :LEVEL may follow",
     NULL},
    {"threads", 0, false, "N",
     "how many compress (default: one a processor); the\nimage is the same with any", NULL},
    {"no-cache", 0, false, NULL,
     "make all layers anew, and remember nothing; the image\n"
     "is the same",
     NULL},
    {"push", 0, false, NULL, "push all names", NULL},
    {"iidfile", 0, false, "FILE", "write the digest of the config, or of the index", NULL},
    {"digestfile", 0, false, "FILE", "write the digest of the manifest, or of the index", NULL},
    {"metadata-file", 0, false, "FILE", "write the digests as JSON, as docker buildx does", NULL},
    {"depfile", 0, false, "FILE",
     "write a rule with all that the image was made from,\n"
     "for make and ninja: imgtool help depfiles",
     NULL},
    {"depfile-target", 0, false, "FILE",
     "the target of that rule (default: what is written by\n"
     "--digestfile, --iidfile, --metadata-file, else -o)",
     NULL},
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
