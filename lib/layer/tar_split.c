/* SPDX-License-Identifier: Apache-2.0
 *
 * The parts of a tar as readers of tar-split want them: one segment (type 2) for the padding of an
 * entry and all headers of the next, then the entry (type 1), also one without data; the end of the
 * tar is a segment with nothing behind it. The checksum of data is CRC-64/GO-ISO, big endian.
 */
#include "layer/tar_split.h"

#include <assert.h>
#include <string.h>

#include <isa-l.h>

#include "base/buf.h"
#include "layer/json_stream.h"
#include "layer/tar_header.h"

#define TYPE_ENTRY 1u
#define TYPE_SEGMENT 2u

struct tar_split {
    struct buf raw; /* of the open segment */
    char *name;     /* of the entry whose data is coming */
    uint64_t size;
    uint64_t left;
    uint64_t crc;
    uint64_t position;
    struct json_stream json;
};

int img__tar_split_new(struct sink *sink, struct tar_split **out, img_error *err)
{
    struct tar_split *split = calloc(1, sizeof(*split));
    if (!split)
        return img__fail_memory(err);
    split->raw = (struct buf)BUF_INIT(TAR_HEADER_MAX + 4 * TAR_BLOCK);
    img__json_stream_begin(&split->json, sink, err);
    *out = split;
    return 0;
}

void img__tar_split_free(struct tar_split *split)
{
    if (!split)
        return;
    img__buf_free(&split->raw);
    free(split->name);
    free(split);
}

int img__tar_split_raw(struct tar_split *split, const void *data, size_t len, img_error *err)
{
    assert(split->left == 0);
    img__buf_append(&split->raw, data, len);
    return img__buf_check(&split->raw, "a tar header", err);
}

static int end_line(struct tar_split *split, img_error *err)
{
    struct json_stream *json = &split->json;
    img__json_stream_number(json, "position", split->position++);
    img__json_stream_close(json, '}');
    img__json_stream_newline(json);
    json->err = err;
    return json->failed;
}

static int put_segment(struct tar_split *split, img_error *err)
{
    struct json_stream *json = &split->json;
    if (split->raw.len == 0)
        return 0;
    json->err = err;
    img__json_stream_open(json, NULL, '{');
    img__json_stream_number(json, "type", TYPE_SEGMENT);
    img__json_stream_bytes(json, "payload", split->raw.data, split->raw.len);
    img__buf_clear(&split->raw);
    return end_line(split, err);
}

static int put_entry(struct tar_split *split, img_error *err)
{
    struct json_stream *json = &split->json;
    unsigned char crc[8];
    for (unsigned i = 0; i < sizeof(crc); i++)
        crc[i] = (unsigned char)(split->crc >> (56 - 8 * i));
    json->err = err;
    img__json_stream_open(json, NULL, '{');
    img__json_stream_number(json, "type", TYPE_ENTRY);
    img__json_stream_text(json, "name", split->name);
    if (split->size > 0) {
        img__json_stream_number(json, "size", split->size);
        img__json_stream_bytes(json, "payload", crc, sizeof(crc));
    } else {
        img__json_stream_null(json, "payload");
    }
    return end_line(split, err);
}

int img__tar_split_entry(struct tar_split *split, const char *name, uint64_t size, img_error *err)
{
    int rc = put_segment(split, err);
    if (rc)
        return rc;
    free(split->name);
    split->name = strdup(name);
    if (!split->name)
        return img__fail_memory(err);
    split->size = size;
    split->left = size;
    split->crc = 0;
    return size == 0 ? put_entry(split, err) : 0;
}

int img__tar_split_data(struct tar_split *split, const void *data, size_t len, img_error *err)
{
    assert(len <= split->left);
    if (len == 0)
        return 0;
    split->crc = crc64_iso_refl(split->crc, data, len);
    split->left -= len;
    return split->left == 0 ? put_entry(split, err) : 0;
}

int img__tar_split_end(struct tar_split *split, uint64_t *bytes, img_error *err)
{
    assert(split->left == 0);
    int rc = put_segment(split, err);
    split->json.err = err;
    if (rc == 0)
        rc = img__json_stream_end(&split->json);
    *bytes = split->json.bytes;
    return rc;
}
