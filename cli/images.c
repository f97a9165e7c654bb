/* SPDX-License-Identifier: Apache-2.0
 *
 * imgtool images: a table of what the store holds. Columns are as wide as they need to be and
 * nothing is cut, so that scripts may split them; JSON is better for these.
 */
#include "command.h"

#include <stdbool.h>
#include <string.h>

#include "fail.h"
#include "format.h"
#include "image_info.h"
#include "memory.h"
#include "text.h"

struct row {
    char *reference;
    char *name; /* familiar */
    img_descriptor descriptor;
    struct image_info info;
};

struct list {
    struct row *rows;
    size_t count;
};

static void list_free(struct list *list)
{
    for (size_t i = 0; i < list->count; i++) {
        free(list->rows[i].reference);
        free(list->rows[i].name);
    }
    free(list->rows);
}

static inline void auto_list(struct list *list)
{
    list_free(list);
}

/* What other tools wrote may be a short name, "latest", which stands for itself alone. */
static bool is_full_name(const char *reference, img_reference *parsed)
{
    char full[IMG_REFERENCE_TEXT_MAX];

    if (img_reference_parse(reference, parsed, NULL) < 0)
        return false;
    img_reference_format(parsed, full);
    return text_is(full, reference);
}

static int add_row(const char *reference, const img_descriptor *descriptor, void *arg)
{
    struct list *list = arg;
    struct row *row;
    img_reference parsed;
    char familiar[IMG_REFERENCE_TEXT_MAX];

    list->rows = xreallocarray(list->rows, list->count + 1, sizeof(*list->rows));
    row = &list->rows[list->count++];
    memset(row, 0, sizeof(*row));
    row->reference = xstrdup(reference);
    row->descriptor = *descriptor;
    if (is_full_name(reference, &parsed))
        img_reference_familiar(&parsed, familiar);
    else
        copy_printable(familiar, sizeof(familiar), reference);
    row->name = xstrdup(familiar);
    return cli_interrupted();
}

/* One image that cannot be read does not hide the others. */
static void read_infos(struct cli *cli, img_store *store, struct list *list)
{
    img_error err;

    for (size_t i = 0; i < list->count && !cli_interrupted(); i++) {
        struct row *row = &list->rows[i];

        if (image_info_read(store, &row->descriptor, &row->info, &err) < 0)
            cli_warn(cli, "%s", err.message);
    }
}

static void print_json(const struct list *list)
{
    struct json_out j = {.stream = stdout};

    json_begin_array(&j, NULL);
    for (size_t i = 0; i < list->count; i++) {
        const struct row *row = &list->rows[i];
        const img_platform *platform = &row->info.platform;

        json_begin_object(&j, NULL);
        json_put_string(&j, "reference", row->reference);
        json_put_string(&j, "name", row->name);
        json_put_string(&j, "digest", row->descriptor.digest.text);
        json_put_string(&j, "media_type", row->descriptor.media_type);
        json_put_string(&j, "os", platform->os);
        json_put_string(&j, "architecture", platform->architecture);
        json_put_string(&j, "variant", platform->variant);
        json_put_string(&j, "created", row->info.created);
        json_put_uint(&j, "size_bytes", row->info.size_bytes);
        json_end_object(&j);
    }
    json_end_array(&j);
}

/* The first twelve digits of the hexadecimal part. */
static void short_digest(char out[13], const img_digest *digest)
{
    const char *hex = strchr(digest->text, ':');

    copy_printable(out, 13, hex ? hex + 1 : digest->text);
}

static void platform_text(char *out, size_t size, const struct image_info *info)
{
    const img_platform *p = &info->platform;
    char text[128];

    if (!p->os[0] && !p->architecture[0]) {
        snprintf(out, size, "%s", info->of_index ? "index" : "-");
        return;
    }
    snprintf(text, sizeof(text), "%s/%s%s%s%s", p->os, p->architecture, p->variant[0] ? "/" : "",
             p->variant, info->of_index ? ",..." : "");
    copy_printable(out, size, text);
}

static void print_table(const struct list *list)
{
    int name_width = 15, platform_width = 8;
    char platform[128], digest[13], created[32], size[FORMAT_MAX];

    for (size_t i = 0; i < list->count; i++) {
        int name_len = (int)strlen(list->rows[i].name);

        platform_text(platform, sizeof(platform), &list->rows[i].info);
        if (name_len > name_width)
            name_width = name_len;
        if ((int)strlen(platform) > platform_width)
            platform_width = (int)strlen(platform);
    }
    printf("%-*s  %-12s  %-*s  %-20s  %s\n", name_width, "REPOSITORY:TAG", "DIGEST", platform_width,
           "PLATFORM", "CREATED", "SIZE");
    for (size_t i = 0; i < list->count; i++) {
        const struct row *row = &list->rows[i];

        short_digest(digest, &row->descriptor.digest);
        platform_text(platform, sizeof(platform), &row->info);
        copy_printable(created, sizeof(created), row->info.created[0] ? row->info.created : "-");
        format_size(size, row->info.size_bytes);
        printf("%-*s  %-12s  %-*s  %-20s  %s\n", name_width, row->name, digest, platform_width,
               platform, created, row->info.size_bytes ? size : "-");
    }
}

/* Each image once, in the order of the list. */
static void print_digests(const struct list *list)
{
    for (size_t i = 0; i < list->count; i++) {
        const char *digest = list->rows[i].descriptor.digest.text;
        size_t first = 0;

        while (!text_is(list->rows[first].descriptor.digest.text, digest))
            first++;
        if (first == i)
            puts(digest);
    }
}

static int images_run(struct cli *cli, const struct arguments *args, img_error *err)
{
    auto_(store) img_store *store = NULL;
    auto_(list) struct list list = {0};
    int rc = cli_open_store(cli, CLI_STORE_MUST_EXIST, &store, err);

    bool quiet = option_count(args, "quiet");

    /* The default store comes into being with the first image. */
    if (rc < 0 && (rc != IMG_ENOTFOUND || cli->store_dir))
        return rc;
    if (store && img_store_list(store, add_row, &list, err) < 0)
        return err->code;
    if (store && !quiet)
        read_infos(cli, store, &list);
    if (cli_interrupted())
        return cli_fail(err, IMG_ECANCELED, "interrupted");
    if (quiet)
        print_digests(&list);
    else if (cli->json)
        print_json(&list);
    else
        print_table(&list);
    return 0;
}

static const struct option options[] = {
    {"quiet", 'q', false, NULL, "print digests alone, each once", NULL},
    {0},
};

const struct command command_images = {
    .name = "images",
    .synopsis = "[-q]",
    .summary = "List the images of the store",
    .example = "  imgtool images --format json",
    .notes = "Of an image for several platforms, PLATFORM, CREATED and SIZE are those of this\n"
             "machine's platform, and DIGEST is that of the whole.",
    .options = options,
    .run = images_run,
};
