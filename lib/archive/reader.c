/* SPDX-License-Identifier: Apache-2.0
 *
 * Opening an archive: which kind it is, and which of its images is meant.
 *
 * Where there is an image layout it counts, as with containerd, whatever else is beside it: docker
 * since 25 writes manifest.json too. Then comes docker's manifest.json, then what docker wrote
 * before 1.10.
 */
#include <string.h>

#include "archive/reader_internal.h"
#include "archive/region.h"
#include "base/text.h"
#include "core/reference.h"

static void free_image(struct archived *image)
{
    img__strv_free(&image->names);
    img__strv_free(&image->aliases);
    img__strv_free(&image->layers);
    free(image->config);
}

void img__archive_reader_free(struct archive_reader *reader)
{
    if (!reader)
        return;
    for (size_t i = 0; i < reader->count; i++)
        free_image(&reader->images[i]);
    free(reader->images);
    img__members_free(&reader->members);
    img__spool_close(&reader->spool);
    free(reader);
}

/* ---- files of the archive ---- */

int img__archive_source(const struct archive_reader *reader, const char *path, struct source **out,
                        uint64_t *size_bytes, img_error *err)
{
    const struct spool *spool = &reader->spool;
    const struct member *member;
    int rc = img__members_find(&reader->members, path, &member, err);
    if (rc)
        return rc;
    if (!member)
        return img__fail(err, IMG_ENOTFOUND, "%s: '%.512s' is not in it", spool->name, path);
    *size_bytes = member->size_bytes;
    return img__source_region(spool->fd, spool->name, member->offset, member->size_bytes, out, err);
}

int img__archive_load(const struct archive_reader *reader, const char *path, size_t limit,
                      struct buf *out, img_error *err)
{
    auto_(source) struct source *source = NULL;
    auto_(sink) struct sink *sink = NULL;
    uint64_t size;
    int rc = img__archive_source(reader, path, &source, &size, err);
    if (rc)
        return rc;
    if (size > limit)
        return img__fail(err, IMG_ELIMIT, "%s: '%.512s' is larger than %zu bytes",
                         reader->spool.name, path, limit);
    out->max = limit;
    rc = img__sink_buf(out, path, &sink, err);
    if (rc == 0)
        rc = img__io_copy(source, sink, err);
    return rc ? rc : img__sink_close(sink, err);
}

int img__archive_load_json(const struct archive_reader *reader, const char *path, char **what,
                           struct json **out, img_error *err)
{
    auto_(buf) struct buf text = BUF_INIT(TABLE_BYTES_MAX);
    if (asprintf(what, "%s: %.512s", reader->spool.name, path) < 0) {
        *what = NULL;
        return img__fail_memory(err);
    }
    int rc = img__archive_load(reader, path, TABLE_BYTES_MAX, &text, err);
    return rc ? rc : img__json_parse(*what, img__buf_text(&text), text.len, out, err);
}

int img__archive_add(struct archive_reader *reader, struct archived **out, img_error *err)
{
    if (reader->count >= IMAGES_MAX)
        return img__fail(err, IMG_ELIMIT, "%s: has more than %zu images", reader->spool.name,
                         IMAGES_MAX);
    /* There is room up to the next power of two. */
    if ((reader->count & (reader->count - 1)) == 0) {
        size_t room = reader->count ? 2 * reader->count : 1;
        struct archived *grown = reallocarray(reader->images, room, sizeof(*grown));
        if (!grown)
            return img__fail_memory(err);
        reader->images = grown;
    }
    *out = memset(&reader->images[reader->count++], 0, sizeof(**out));
    return 0;
}

/* ---- opening ---- */

static int read_tables(struct archive_reader *reader, img_error *err)
{
    const struct members *members = &reader->members;
    reader->oci = img__members_has(members, LAYOUT_FILE) && img__members_has(members, LAYOUT_INDEX);
    if (reader->oci)
        return img__archive_read_layout(reader, err);
    if (img__members_has(members, DOCKER_MANIFEST))
        return img__archive_read_docker(reader, err);
    reader->legacy = img__members_has(members, DOCKER_REPOSITORIES);
    if (reader->legacy)
        return img__archive_read_legacy(reader, err);
    return img__fail(err, IMG_EFORMAT,
                     "%s: is no archive of images: it has neither " LAYOUT_FILE
                     " with " LAYOUT_INDEX ", nor " DOCKER_MANIFEST ", nor " DOCKER_REPOSITORIES,
                     reader->spool.name);
}

int img__archive_reader_open(const struct archive_file *file, struct archive_reader **out,
                             img_error *err)
{
    auto_(archive_reader) struct archive_reader *reader = calloc(1, sizeof(*reader));
    if (!reader)
        return img__fail_memory(err);
    reader->spool = (struct spool)SPOOL_INIT;
    int rc = img__spool_open(file, &reader->spool, err);
    if (rc == 0)
        rc = img__members_read(&reader->spool, &reader->members, err);
    if (rc == 0)
        rc = read_tables(reader, err);
    if (rc == 0)
        *out = steal(reader);
    return rc;
}

size_t img__archive_reader_count(const struct archive_reader *reader)
{
    return reader->count;
}

const struct strv *img__archive_reader_names(const struct archive_reader *reader, size_t index)
{
    return &reader->images[index].names;
}

bool img__archive_reader_is_oci(const struct archive_reader *reader)
{
    return reader->oci;
}

/* ---- which image ---- */

static bool same_reference(const char *a, const char *b)
{
    img_reference left, right;
    return img_reference_parse(a, &left, NULL) == 0 && img_reference_parse(b, &right, NULL) == 0 &&
           memcmp(&left, &right, sizeof(left)) == 0;
}

static bool has_name(const struct strv *names, const char *name, bool exactly)
{
    if (exactly)
        return img__strv_has(names, name);
    for (size_t i = 0; i < names->count; i++)
        if (same_reference(names->items[i], name))
            return true;
    return false;
}

static bool is_called(const struct archived *image, const char *name, bool exactly)
{
    if (exactly && strcmp(image->descriptor.digest.text, name) == 0)
        return true;
    return has_name(&image->names, name, exactly) || has_name(&image->aliases, name, exactly);
}

static const char *shown_name(const struct archived *image)
{
    return image->names.count               ? image->names.items[0]
           : image->aliases.count           ? image->aliases.items[0]
           : *image->descriptor.digest.text ? image->descriptor.digest.text
                                            : "one without a name";
}

/* why begins the message: what is wrong with the name, or that there is none. */
static int fail_choice(const struct archive_reader *reader, const char *why, img_error *err)
{
    auto_(buf) struct buf list = BUF_INIT(768);
    for (size_t i = 0; i < reader->count && !list.failed; i++)
        img__buf_printf(&list, "%s%s (@%zu)", i ? ", " : "", shown_name(&reader->images[i]), i);
    if (list.failed == IMG_ENOMEM)
        return img__fail_memory(err);
    return img__fail(err, IMG_ENOTFOUND, "%s: %s: %s%s", reader->spool.name, why,
                     reader->count ? img__buf_text(&list) : "it has no images",
                     list.failed ? "..." : "");
}

static int find_one(const struct archive_reader *reader, const char *name, bool exactly,
                    size_t *index, size_t *found)
{
    *found = 0;
    for (size_t i = 0; i < reader->count; i++)
        if (is_called(&reader->images[i], name, exactly) && (*found)++ == 0)
            *index = i;
    return *found == 1;
}

int img__archive_reader_find(const struct archive_reader *reader, const char *name, size_t *index,
                             img_error *err)
{
    char why[400];
    uint64_t number;
    size_t found;
    if (!name) {
        if (reader->count != 1)
            return fail_choice(reader, "say which of its images is meant", err);
        *index = 0;
        return 0;
    }
    if (name[0] == '@' && img__text_number(name + 1, IMAGES_MAX, &number) &&
        number < reader->count) {
        *index = (size_t)number;
        return 0;
    }
    if (find_one(reader, name, true, index, &found) ||
        (found == 0 && find_one(reader, name, false, index, &found)))
        return 0;
    snprintf(why, sizeof(why), "%s '%.300s', there are",
             found ? "more than one image is called" : "no image is called", name);
    return fail_choice(reader, why, err);
}

int img__archive_reader_endpoint(struct archive_reader *reader, size_t index, struct endpoint **out,
                                 img_error *err)
{
    return reader->oci ? img__archive_layout_endpoint(reader, index, out, err)
                       : img__archive_docker_endpoint(reader, index, out, err);
}

int img__archive_reader(const char *path, const char *name, struct endpoint **out, img_error *err)
{
    const struct archive_file file = {.path = strcmp(path, "-") == 0 ? NULL : path,
                                      .fd = STDIN_FILENO};
    auto_(archive_reader) struct archive_reader *reader = NULL;
    size_t index = 0;
    int rc = img__archive_reader_open(&file, &reader, err);
    if (rc == 0)
        rc = img__archive_reader_find(reader, name, &index, err);
    if (rc == 0)
        rc = img__archive_reader_endpoint(reader, index, out, err);
    if (rc == 0)
        ((struct reader_endpoint *)*out)->owned = steal(reader);
    return rc;
}
