/* SPDX-License-Identifier: Apache-2.0
 *
 * imgtool ls and catalog: names that a registry has, line by line as they come.
 */
#include "command.h"

#include <stdbool.h>
#include <string.h>

#include "fail.h"
#include "memory.h"
#include "number.h"

struct lines {
    struct cli *cli;
    struct json_out j;
    bool begun;
};

static void begin(struct lines *lines)
{
    if (lines->cli->json && !lines->begun)
        json_begin_array(&lines->j, NULL);
    lines->begun = true;
}

static int print_name(const char *name, void *arg)
{
    struct lines *lines = arg;

    begin(lines);
    if (lines->cli->json)
        json_put_string(&lines->j, NULL, name);
    else
        puts(name);
    return cli_interrupted();
}

static int read_options(const struct arguments *args, img_list_options *options, img_error *err)
{
    uint64_t size = 0;

    if (number_parse(args, "limit", 1000000, &options->limit, err) < 0 ||
        number_parse(args, "page-size", 1000000, &size, err) < 0)
        return err->code;
    options->page_size = (uint32_t)size;
    options->probe_last = option_count(args, "probe") != 0;
    return 0;
}

typedef int (*list_fn)(img_client *client, const char *of, const img_list_options *options,
                       img_name_fn fn, void *arg, img_error *err);

/* A list that breaks off has no end as JSON either. */
static int list(struct cli *cli, const struct arguments *args, list_fn fn, img_error *err)
{
    auto_(client) img_client *client = NULL;
    img_list_options options = IMG_LIST_OPTIONS_INIT;
    struct lines lines = {.cli = cli, .j = {.stream = stdout}};

    if (read_options(args, &options, err) < 0 || cli_new_client(cli, args, &client, err) < 0 ||
        fn(client, args->operands[0], &options, print_name, &lines, err) < 0)
        return err->code;
    begin(&lines);
    if (cli->json)
        json_end_array(&lines.j);
    return 0;
}

/* HOST:PORT, which would be a repository of Docker Hub with a tag. */
static bool is_registry(const char *text)
{
    size_t len = strcspn(text, ":/");
    const char *port = text + len;

    if (*port++ != ':' || !*port || port[strspn(port, "0123456789")])
        return false;
    return memchr(text, '.', len) || (len == 9 && strncmp(text, "localhost", len) == 0);
}

static int ls_run(struct cli *cli, const struct arguments *args, img_error *err)
{
    const char *repository = args->operands[0];

    if (is_registry(repository))
        return cli_fail(err, IMG_EINVAL,
                        "%s is a registry, and ls lists the tags of a repository: %s/NAME; which "
                        "repositories it has: imgtool catalog %s",
                        repository, repository, repository);
    return list(cli, args, img_repository_tags, err);
}

static int catalog_run(struct cli *cli, const struct arguments *args, img_error *err)
{
    return list(cli, args, img_registry_catalog, err);
}

static const struct option options[] = {
    {"limit", 0, false, "N", "stop after N names", NULL},
    {"page-size", 0, false, "N", "ask for N names at a time", NULL},
    {"probe", 0, false, NULL, "ask for what follows the end of the list", NULL},
    {0},
};

const struct command command_ls = {
    .name = "ls",
    .synopsis = "REPO [--limit N]",
    .summary = "List the tags of a repository in a registry",
    .example = "  imgtool ls localhost:5000/team/app",
    .notes = "The images of the store: imgtool images.",
    .options = options,
    .more_options = registry_options,
    .min_operands = 1,
    .max_operands = 1,
    .run = ls_run,
};

const struct command command_catalog = {
    .name = "catalog",
    .synopsis = "REGISTRY [--limit N]",
    .summary = "List the repositories of a registry, if it tells",
    .example = "  imgtool catalog localhost:5000",
    .options = options,
    .more_options = registry_options,
    .min_operands = 1,
    .max_operands = 1,
    .run = catalog_run,
};
