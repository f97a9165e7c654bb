/* SPDX-License-Identifier: Apache-2.0
 *
 * The strict tar reader (layers.md R1-R20, H1). An entry is made of its header and of what came
 * before it: at most one PAX header, one long name and one long target. Whatever two mainstream
 * parsers read differently is refused, with the place where it stands. After the end marker the
 * source is read to its own end, so that a digest of it covers all.
 */
#include "layer/tar_read.h"

#include <inttypes.h>
#include <string.h>

#include <libimg/values.h>

#include "base/buf.h"
#include "layer/input.h"
#include "layer/tar_parse.h"

#define ENTRIES_MAX UINT64_C(10000000)

struct tar_reader {
    struct input input;
    char *name;
    struct entry entry;
    struct tar_parts parts; /* of the entry; header is the last one read */
    uint64_t header_offset;
    /* The data. */
    uint64_t stored_left; /* bytes of it in the archive */
    size_t padding;       /* behind them */
    uint64_t done;        /* bytes of it that were given */
    bool sparse;
    struct tar_map map;
    size_t segment; /* the one at or after done */
    uint64_t entries;
    uint32_t compat;
    bool ended;
    int failed;
};

int img__tar_reader_new(struct source *source, const char *name, struct tar_reader **out,
                        img_error *err)
{
    auto_(tar_reader) struct tar_reader *reader = calloc(1, sizeof(*reader));
    if (!reader || !(reader->name = strdup(name)))
        return img__fail_memory(err);
    int rc = img__input_open(&reader->input, source, err);
    if (rc)
        return rc;
    *out = steal(reader);
    return 0;
}

static void forget_extensions(struct tar_reader *reader)
{
    img__tar_pax_clear(&reader->parts.pax);
    free(steal(reader->parts.long_name));
    free(steal(reader->parts.long_link));
}

void img__tar_reader_free(struct tar_reader *reader)
{
    if (!reader)
        return;
    forget_extensions(reader);
    img__entry_clear(&reader->entry);
    img__tar_map_clear(&reader->map);
    img__input_close(&reader->input);
    free(reader->name);
    free(reader);
}

void img__tar_reader_compat(struct tar_reader *reader, uint32_t compat)
{
    reader->compat = compat;
}

/* ---- where and why ---- */

static bool is_extension(char type)
{
    return type == 'x' || type == 'g' || type == 'L' || type == 'K';
}

/* Puts the place before what is wrong with the bytes there. */
static int locate(const struct tar_reader *reader, int rc, img_error *err)
{
    const char *entry = reader->entry.path;
    if (!entry && !is_extension(reader->parts.header.type))
        entry = reader->parts.header.name;
    if (rc == IMG_ENOMEM)
        return rc;
    if (entry && entry[0])
        img__prefix(err, rc, "%s: entry '%.512s' at byte %" PRIu64, reader->name, entry,
                    reader->header_offset);
    else
        img__prefix(err, rc, "%s: header at byte %" PRIu64, reader->name, reader->header_offset);
    return rc;
}

static int bad(const struct tar_reader *reader, const char *reason, img_error *err)
{
    return locate(reader, img__fail(err, IMG_EFORMAT, "%s", reason), err);
}

uint64_t img__tar_reader_offset(const struct tar_reader *reader)
{
    return reader->header_offset;
}

/* ---- bytes ---- */

static int skip(struct tar_reader *reader, uint64_t count, bool may_end, img_error *err)
{
    struct input *input = &reader->input;
    while (count > 0) {
        ssize_t got = img__input_fill(input, 1, err);
        if (got < 0)
            return (int)got;
        if (got == 0)
            return may_end ? 0 : bad(reader, "its data is cut short", err);
        size_t part = (uint64_t)got < count ? (size_t)got : (size_t)count;
        input->pos += part;
        count -= part;
    }
    return 0;
}

/* The data of an extension. */
static int read_payload(struct tar_reader *reader, size_t limit, struct buf *out, img_error *err)
{
    uint64_t size = reader->parts.header.size;
    if (size > limit)
        return locate(
            reader,
            img__fail(err, IMG_ELIMIT, "an extended header is larger than %zu bytes", limit), err);
    char *room = img__buf_reserve(out, (size_t)size);
    if (!room)
        return img__fail_memory(err);
    ssize_t got = img__input_take(&reader->input, room, (size_t)size, err);
    if (got < 0)
        return (int)got;
    if ((uint64_t)got < size)
        return bad(reader, "an extended header is cut short", err);
    out->len = (size_t)size;
    room[size] = '\0';
    return skip(reader, img__tar_padding(size), true, err);
}

/* A block of a sparse map. */
static int read_map_block(struct tar_reader *reader, uint8_t *block, img_error *err)
{
    ssize_t got = img__input_take(&reader->input, block, TAR_BLOCK, err);
    if (got < 0)
        return (int)got;
    return got == (ssize_t)TAR_BLOCK ? 0 : bad(reader, "its sparse map is cut short", err);
}

/* ---- what comes before an entry ---- */

static bool has_extensions(const struct tar_reader *reader)
{
    return reader->parts.pax.present || reader->parts.long_name || reader->parts.long_link;
}

static int take_pax(struct tar_reader *reader, img_error *err)
{
    if (reader->parts.pax.present)
        return bad(reader, "a second PAX header for one entry", err);
    auto_(buf) struct buf text = BUF_INIT(TAR_PAX_LIMIT);
    int rc = read_payload(reader, TAR_PAX_LIMIT, &text, err);
    if (rc)
        return rc;
    rc =
        img__tar_pax_parse(img__buf_text(&text), text.len, &reader->parts.pax, &reader->entry, err);
    return rc ? locate(reader, rc, err) : 0;
}

static int take_global(struct tar_reader *reader, img_error *err)
{
    if (has_extensions(reader))
        return bad(reader, "a global header between an extended header and its entry", err);
    auto_(buf) struct buf text = BUF_INIT(TAR_PAX_LIMIT);
    int rc = read_payload(reader, TAR_PAX_LIMIT, &text, err);
    if (rc)
        return rc;
    rc = img__tar_pax_check_global(img__buf_text(&text), text.len, err);
    return rc ? locate(reader, rc, err) : 0;
}

/* GNU's L and K. */
static int take_long_text(struct tar_reader *reader, char **out, img_error *err)
{
    if (reader->parts.pax.present)
        return bad(reader, "a long name between a PAX header and its entry", err);
    if (*out)
        return bad(reader, "a second long name for one entry", err);
    auto_(buf) struct buf text = BUF_INIT(TAR_LONG_LIMIT);
    int rc = read_payload(reader, TAR_LONG_LIMIT, &text, err);
    if (rc)
        return rc;
    size_t len = strlen(img__buf_text(&text));
    if (len == 0)
        return bad(reader, "a long name that is empty", err);
    if (!img__tar_is_zero((uint8_t *)text.data + len, text.len - len))
        return bad(reader, "a long name with something behind its end", err);
    *out = img__buf_steal(&text);
    return *out ? 0 : img__fail_memory(err);
}

static int take_extension(struct tar_reader *reader, img_error *err)
{
    switch (reader->parts.header.type) {
    case 'x':
        return take_pax(reader, err);
    case 'g':
        return take_global(reader, err);
    case 'L':
        return take_long_text(reader, &reader->parts.long_name, err);
    default:
        return take_long_text(reader, &reader->parts.long_link, err);
    }
}

/* ---- sparse files ---- */

static int read_old_map(struct tar_reader *reader, const uint8_t *header, img_error *err)
{
    uint8_t block[TAR_BLOCK];
    int rc = img__tar_map_header(&reader->map, header, &reader->entry.size, err);
    while (rc == 1) {
        rc = read_map_block(reader, block, err);
        if (rc)
            return rc;
        rc = img__tar_map_extension(&reader->map, block, err);
    }
    return rc ? locate(reader, rc, err) : 0;
}

/* PAX 1.0 has the map in the data. */
static int read_map_lines(struct tar_reader *reader, img_error *err)
{
    struct tar_map_lines lines = {0};
    int rc = 1;
    while (rc == 1) {
        uint8_t block[TAR_BLOCK];
        if (reader->stored_left < TAR_BLOCK)
            return bad(reader, "its sparse map is cut short", err);
        rc = read_map_block(reader, block, err);
        if (rc)
            return rc;
        reader->stored_left -= TAR_BLOCK;
        rc = img__tar_map_block(&reader->map, &lines, block, err);
    }
    return rc ? locate(reader, rc, err) : 0;
}

static int take_pax_map(struct tar_reader *reader, img_error *err)
{
    struct tar_pax *pax = &reader->parts.pax;
    bool versioned = img__tar_pax_has(pax, PAX_SPARSE_MAJOR);
    uint64_t major = pax->numbers[PAX_SPARSE_MAJOR];
    uint64_t minor = pax->numbers[PAX_SPARSE_MINOR];
    bool listed =
        img__tar_pax_has(pax, PAX_SPARSE_MAP) || img__tar_pax_has(pax, PAX_SPARSE_NUMBYTES);

    if (versioned && major == 1 && minor == 0 && !listed &&
        img__tar_pax_has(pax, PAX_SPARSE_REALSIZE) && !img__tar_pax_has(pax, PAX_SPARSE_SIZE)) {
        reader->entry.size = pax->numbers[PAX_SPARSE_REALSIZE];
        return read_map_lines(reader, err);
    }
    if (major != 0 || minor > 1 || !img__tar_pax_has(pax, PAX_SPARSE_SIZE) ||
        img__tar_pax_has(pax, PAX_SPARSE_REALSIZE))
        return bad(reader, "is a sparse file of a kind that is not supported", err);
    if (!img__tar_pax_has(pax, PAX_SPARSE_NUMBLOCKS) ||
        pax->numbers[PAX_SPARSE_NUMBLOCKS] != pax->map.count)
        return bad(reader, "its sparse map does not have GNU.sparse.numblocks segments", err);
    reader->entry.size = pax->numbers[PAX_SPARSE_SIZE];
    reader->map = pax->map;
    pax->map = (struct tar_map){0};
    return 0;
}

static int take_sparse(struct tar_reader *reader, const uint8_t *header, img_error *err)
{
    int rc = reader->parts.header.type == 'S' ? read_old_map(reader, header, err)
                                              : take_pax_map(reader, err);
    if (rc)
        return rc;
    rc = img__tar_map_check(&reader->map, reader->entry.size, reader->stored_left, err);
    return rc ? locate(reader, rc, err) : 0;
}

/* ---- from header to header ---- */

static int take_entry(struct tar_reader *reader, const uint8_t *block, img_error *err)
{
    int rc = img__tar_entry_build(&reader->parts, &reader->entry, &reader->stored_left, err);
    if (rc)
        return locate(reader, rc, err);
    reader->padding = img__tar_padding(reader->stored_left);
    reader->sparse = reader->parts.header.type == 'S' || img__tar_pax_sparse(&reader->parts.pax);
    rc = reader->sparse ? take_sparse(reader, block, err) : 0;
    if (rc)
        return rc;
    if (++reader->entries > ENTRIES_MAX)
        return locate(reader,
                      img__fail(err, IMG_ELIMIT, "the archive has more than %" PRIu64 " entries",
                                ENTRIES_MAX),
                      err);
    return 0;
}

/* What stands behind a block of zeros, or two. 1: it is a header, which counts. */
static int after_zeros(struct tar_reader *reader, bool second, bool whole, img_error *err)
{
    if (second && whole && (reader->compat & IMG_COMPAT_SINGLE_ZERO))
        return 1;
    if (second)
        return bad(reader, "it follows a single block of zeros, where some readers stop", err);
    if (!(reader->compat & IMG_COMPAT_TRAILING))
        return bad(reader, "something follows the end of the archive", err);
    return skip(reader, UINT64_MAX, true, err);
}

/* One block of zeros was read. A second one makes the end, but writers leave it out, or fill up to
 * some record with more of them. 1: a header follows all the same, and is in block. */
static int read_end(struct tar_reader *reader, uint8_t *block, img_error *err)
{
    if (has_extensions(reader))
        return bad(reader, "an extended header without its entry", err);
    for (bool second = true;; second = false) {
        reader->header_offset = img__input_offset(&reader->input);
        ssize_t got = img__input_take(&reader->input, block, TAR_BLOCK, err);
        if (got < 0)
            return (int)got;
        if (!img__tar_is_zero(block, (size_t)got))
            return after_zeros(reader, second, got == (ssize_t)TAR_BLOCK, err);
        if (got < (ssize_t)TAR_BLOCK)
            return 0;
    }
}

/* 1: a header is in block and parsed; 0: the end. */
static int read_header(struct tar_reader *reader, uint8_t *block, img_error *err)
{
    reader->parts.header = (struct tar_header){0};
    reader->header_offset = img__input_offset(&reader->input);
    ssize_t got = img__input_take(&reader->input, block, TAR_BLOCK, err);
    if (got < 0)
        return (int)got;
    if (got == 0)
        return has_extensions(reader) ? bad(reader, "an extended header without its entry", err)
                                      : 0;
    if (got < (ssize_t)TAR_BLOCK)
        return bad(reader, "the archive is cut short", err);
    int rc = img__tar_is_zero(block, TAR_BLOCK) ? read_end(reader, block, err) : 1;
    if (rc <= 0)
        return rc;
    rc = img__tar_header_parse(block, &reader->parts.header, err);
    return rc ? locate(reader, rc, err) : 1;
}

static int leave_entry(struct tar_reader *reader, img_error *err)
{
    int rc = skip(reader, reader->stored_left, false, err);
    if (!rc)
        rc = skip(reader, reader->padding, true, err);
    if (rc)
        return rc;
    forget_extensions(reader);
    img__entry_clear(&reader->entry);
    img__tar_map_clear(&reader->map);
    reader->stored_left = reader->done = 0;
    reader->padding = reader->segment = 0;
    reader->sparse = false;
    return 0;
}

/* 1: an entry; 0: the end. */
static int advance(struct tar_reader *reader, img_error *err)
{
    uint8_t block[TAR_BLOCK];
    if (reader->ended)
        return 0;
    int rc = leave_entry(reader, err);
    if (rc)
        return rc;
    for (;;) {
        rc = read_header(reader, block, err);
        if (rc < 0)
            return rc;
        if (rc == 0) {
            reader->ended = true;
            return 0;
        }
        bool extension = is_extension(reader->parts.header.type);
        rc = extension ? take_extension(reader, err) : take_entry(reader, block, err);
        if (rc)
            return rc;
        if (!extension)
            return 1;
    }
}

static int fail_again(const struct tar_reader *reader, img_error *err)
{
    return img__fail(err, reader->failed, "%s: an earlier read failed", reader->name);
}

int img__tar_reader_next(struct tar_reader *reader, const struct entry **entry, img_error *err)
{
    *entry = NULL;
    if (reader->failed)
        return fail_again(reader, err);
    int rc = advance(reader, err);
    if (rc < 0)
        reader->failed = rc;
    if (rc == 1)
        *entry = &reader->entry;
    return rc;
}

/* ---- data ---- */

static ssize_t stored_data(struct tar_reader *reader, void *data, size_t len, img_error *err)
{
    if (len > reader->stored_left)
        len = (size_t)reader->stored_left;
    ssize_t got = img__input_read(&reader->input, data, len, err);
    if (got == 0)
        return bad(reader, "its data is cut short", err);
    if (got > 0)
        reader->stored_left -= (uint64_t)got;
    return got;
}

static size_t smaller(size_t len, uint64_t limit)
{
    return len < limit ? len : (size_t)limit;
}

/* The next bytes of a sparse file: of a segment, or zeros up to one. */
static ssize_t sparse_data(struct tar_reader *reader, void *data, size_t len, img_error *err)
{
    const struct tar_map *map = &reader->map;
    const struct tar_segment *segment = NULL;
    for (; reader->segment < map->count; reader->segment++) {
        segment = &map->segments[reader->segment];
        if (reader->done < segment->offset + segment->len)
            break;
        segment = NULL;
    }
    if (segment && reader->done >= segment->offset) {
        len = smaller(len, segment->offset + segment->len - reader->done);
        return stored_data(reader, data, len, err);
    }
    if (segment)
        len = smaller(len, segment->offset - reader->done);
    memset(data, 0, len);
    return (ssize_t)len;
}

ssize_t img__tar_reader_data(struct tar_reader *reader, void *data, size_t len, img_error *err)
{
    if (reader->failed)
        return fail_again(reader, err);
    len = smaller(len, reader->entry.size - reader->done);
    if (len == 0)
        return 0;
    ssize_t got =
        reader->sparse ? sparse_data(reader, data, len, err) : stored_data(reader, data, len, err);
    if (got < 0)
        reader->failed = (int)got;
    else
        reader->done += (uint64_t)got;
    return got;
}
