/* SPDX-License-Identifier: Apache-2.0
 *
 * Save: images of a store into one archive, each by the walk of all copies. References to one image
 * make one image with several names.
 */
#include <libimg/archive.h>

#include <string.h>

#include "archive/archive.h"
#include "base/options.h"
#include "core/digest.h"
#include "core/reference.h"
#include "ops/copy.h"
#include "store/store.h"

_Static_assert(sizeof(img_save_options) == sizeof(size_t) + 16 + 6 * sizeof(void *), "no padding");

#define CONFIG_BYTES_MAX ((uint64_t)32 << 20)

struct saving {
    img_store *store;
    struct archive_writer *writer;
    struct copy copy;
    const char *const *references;
    const char *const *names; /* NULL: as the references say */
    size_t count;
    img_descriptor *targets; /* what each reference names, then what was saved for it */
    bool *done;
};

static void img__auto_saving(struct saving *saving)
{
    img__archive_writer_free(saving->writer);
    free(saving->targets);
    free(saving->done);
}

static int resolve_all(struct saving *saving, img_error *err)
{
    while (saving->references[saving->count])
        saving->count++;
    if (saving->count == 0)
        return img__fail(err, IMG_EINVAL, "no image was named");
    if (saving->count > 1 && saving->names)
        return img__fail(err, IMG_EINVAL, "%zu images can't have the same names", saving->count);
    saving->targets = calloc(saving->count, sizeof(*saving->targets));
    saving->done = calloc(saving->count, sizeof(*saving->done));
    if (!saving->targets || !saving->done)
        return img__fail_memory(err);
    for (size_t i = 0; i < saving->count; i++) {
        int rc = img_store_resolve(saving->store, saving->references[i], &saving->targets[i], err);
        if (rc)
            return img__prefix(err, rc, "%s", saving->references[i]);
    }
    return 0;
}

/* A digest stands for nothing else than what has it: where a platform is chosen from an index, the
 * image in the archive is another one. */
static int add_name(const struct saving *saving, size_t at, struct strv *names, img_error *err)
{
    const char *text = saving->references[at];
    char name[IMG_REFERENCE_TEXT_MAX];
    img_reference reference;
    img_digest digest;
    bool chosen = saving->copy.platform_count > 0 &&
                  img__media_kind(saving->targets[at].media_type) == MEDIA_INDEX;
    if (img_digest_parse(text, &digest, NULL) == 0)
        return 0;
    if (img_reference_parse(text, &reference, NULL) != 0)
        return img__strv_add(names, text, err);
    if (*reference.digest.text && chosen)
        return 0;
    img__reference_store_name(&reference, name);
    return img__strv_has(names, name) ? 0 : img__strv_add(names, name, err);
}

static int save_image(struct saving *saving, const struct strv *names, const char *reference,
                      img_descriptor *top, img_error *err)
{
    auto_(endpoint) struct endpoint *from = NULL;
    auto_(endpoint) struct endpoint *to = NULL;
    int rc = img__store_endpoint(saving->store, reference, &from, err);
    if (rc == 0)
        rc = img__archive_writer_endpoint(saving->writer, img__strv_list(names), &to, err);
    if (rc)
        return rc;
    saving->copy.from = from;
    saving->copy.to = to;
    return img__copy(&saving->copy, top, err);
}

/* The image of a reference, with the names of all that follow and mean the same. */
static int save_group(struct saving *saving, size_t first, img_error *err)
{
    auto_(strv) struct strv names = STRV_INIT;
    const img_digest digest = saving->targets[first].digest;
    img_descriptor top;
    int rc = 0;
    if (saving->names)
        rc = img__strv_add_list(&names, saving->names, err);
    for (size_t i = first; rc == 0 && !saving->names && i < saving->count; i++)
        if (!saving->done[i] && img__digest_equal(&saving->targets[i].digest, &digest))
            rc = add_name(saving, i, &names, err);
    if (rc == 0)
        rc = save_image(saving, &names, saving->references[first], &top, err);
    if (rc)
        return img__prefix(err, rc, "%s", saving->references[first]);
    for (size_t i = first; i < saving->count; i++)
        if (!saving->done[i] && img__digest_equal(&saving->targets[i].digest, &digest)) {
            saving->done[i] = true;
            saving->targets[i] = top;
        }
    return 0;
}

static int save(struct saving *saving, const struct archive_file *file, int32_t format,
                img_error *err)
{
    auto_(lease) struct lease *lease = NULL;
    int rc = img__lease_take(saving->store, &lease, err);
    if (rc == 0)
        rc = resolve_all(saving, err);
    if (rc == 0)
        rc = img__archive_writer_open(
            file, format == IMG_ARCHIVE_OCI ? ARCHIVE_OCI : ARCHIVE_DOCKER, &saving->writer, err);
    for (size_t i = 0; rc == 0 && i < saving->count; i++)
        rc = saving->done[i] ? 0 : save_group(saving, i, err);
    return rc ? rc : img__archive_writer_commit(saving->writer, err);
}

static int check_options(const img_save_options *options, img_error *err)
{
    if (options->format != IMG_ARCHIVE_DOCKER && options->format != IMG_ARCHIVE_OCI)
        return img__fail(err, IMG_EINVAL, "save: there is no format %d", (int)options->format);
    if ((options->flags & ~IMG_SAVE_IF_CHANGED) || options->reserved)
        return img__fail(err, IMG_EINVAL, "save: unknown flags %#x", options->flags);
    return 0;
}

int img_save(img_store *store, const char *const *references, const char *path,
             const img_save_options *options, img_descriptor *saved, img_error *err)
{
    img_save_options own = IMG_SAVE_OPTIONS_INIT;
    img_platform host;
    int rc = img__options_copy(&own, sizeof(own), options, "img_save_options", err);
    if (rc == 0)
        rc = check_options(&own, err);
    if (rc)
        return rc;
    if (!own.platform && own.format == IMG_ARCHIVE_DOCKER) {
        img_platform_host(&host);
        own.platform = &host;
    }
    struct observer observer = {own.on_event, own.on_event_arg, own.on_log, own.on_log_arg, 0};
    auto_(saving) struct saving saving = {
        .store = store,
        .references = references,
        .names = own.names,
        .copy = {.platforms = own.platform,
                 .platform_count = own.platform ? 1 : 0,
                 .config_limit_bytes = CONFIG_BYTES_MAX,
                 .observer = &observer},
    };
    const struct archive_file file = {.path = path,
                                      .fd = own.fd ? own.fd : STDOUT_FILENO,
                                      .if_changed = own.flags & IMG_SAVE_IF_CHANGED};
    rc = save(&saving, &file, own.format, err);
    if (rc)
        return img__prefix(err, rc, "save");
    if (saved)
        memcpy(saved, saving.targets, saving.count * sizeof(*saved));
    return 0;
}
