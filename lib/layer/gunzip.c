/* SPDX-License-Identifier: Apache-2.0
 *
 * gzip by ISA-L: any number of members, one behind the other (RFC 1952, layers.md Z12). Headers and
 * trailers are read here, ISA-L does the deflate data and the CRC: so each checksum and length is
 * checked, a reserved flag is refused, and only the end of the source may follow a member.
 */
#include <inttypes.h>
#include <string.h>

#include <isa-l.h>

#include "layer/input.h"
#include "layer/unpack.h"

#define FLAG_HEADER_CRC 0x02u
#define FLAG_EXTRA 0x04u
#define FLAG_NAME 0x08u
#define FLAG_COMMENT 0x10u
#define FLAGS_RESERVED 0xe0u

#define HEADER_BYTES 10u
#define TRAILER_BYTES 8u
#define TEXT_LIMIT 65536u /* of a name or a comment */

struct gunzip {
    struct source base;
    struct source *next;
    char *name;
    struct input input;
    struct inflate_state *state;
    uint64_t members;
    uint64_t member_offset;
    uint64_t member_bytes; /* that came out of it so far */
    uint32_t header_crc;
    bool inside; /* the deflate data of a member */
    int failed;
};

static int fail_member(struct gunzip *self, const char *reason, img_error *err)
{
    return img__fail(err, IMG_EFORMAT, "%s: the gzip member at byte %" PRIu64 " %s", self->name,
                     self->member_offset, reason);
}

static int cut_short(struct gunzip *self, img_error *err)
{
    return fail_member(self, "is cut short", err);
}

static uint32_t little_endian(const uint8_t *bytes)
{
    return (uint32_t)bytes[0] | (uint32_t)bytes[1] << 8 | (uint32_t)bytes[2] << 16 |
           (uint32_t)bytes[3] << 24;
}

/* Takes len bytes (few) of the header. */
static int header_bytes(struct gunzip *self, uint8_t *out, size_t len, img_error *err)
{
    ssize_t got = img__input_take(&self->input, out, len, err);
    if (got < 0)
        return (int)got;
    if ((size_t)got < len)
        return cut_short(self, err);
    self->header_crc = crc32_gzip_refl(self->header_crc, out, len);
    return 0;
}

static int skip_extra(struct gunzip *self, img_error *err)
{
    uint8_t bytes[256];
    int rc = header_bytes(self, bytes, 2, err);
    if (rc)
        return rc;
    size_t left = (size_t)(bytes[0] | bytes[1] << 8);
    while (left > 0) {
        size_t part = left < sizeof(bytes) ? left : sizeof(bytes);
        rc = header_bytes(self, bytes, part, err);
        if (rc)
            return rc;
        left -= part;
    }
    return 0;
}

static int skip_text(struct gunzip *self, img_error *err)
{
    for (uint32_t count = 0; count < TEXT_LIMIT; count++) {
        uint8_t byte;
        int rc = header_bytes(self, &byte, 1, err);
        if (rc || byte == 0)
            return rc;
    }
    return fail_member(self, "has a name or comment in its header that does not end", err);
}

static int check_header_crc(struct gunzip *self, img_error *err)
{
    uint8_t bytes[2];
    uint32_t crc = self->header_crc & 0xffffu;
    int rc = header_bytes(self, bytes, sizeof(bytes), err);
    if (rc)
        return rc;
    return (uint32_t)(bytes[0] | bytes[1] << 8) == crc
               ? 0
               : fail_member(self, "has a header that is damaged: its CRC does not match", err);
}

static int read_header(struct gunzip *self, img_error *err)
{
    uint8_t bytes[HEADER_BYTES];
    self->header_crc = 0;
    int rc = header_bytes(self, bytes, sizeof(bytes), err);
    if (rc)
        return rc;
    uint8_t flags = bytes[3];
    if (bytes[2] != 8)
        return fail_member(self, "uses an unknown method", err);
    if (flags & FLAGS_RESERVED)
        return fail_member(self, "has reserved flags set", err);
    if (flags & FLAG_EXTRA)
        rc = skip_extra(self, err);
    if (!rc && (flags & FLAG_NAME))
        rc = skip_text(self, err);
    if (!rc && (flags & FLAG_COMMENT))
        rc = skip_text(self, err);
    if (!rc && (flags & FLAG_HEADER_CRC))
        rc = check_header_crc(self, err);
    return rc;
}

/* 1: inside the next member; 0: there is none. */
static int begin_member(struct gunzip *self, img_error *err)
{
    ssize_t got = img__input_fill(&self->input, 2, err);
    if (got < 0)
        return (int)got;
    if (got == 0)
        return self->members ? 0
                             : img__fail(err, IMG_EFORMAT, "%s: is empty, not gzip", self->name);

    const uint8_t *at = img__input_at(&self->input);
    self->member_offset = img__input_offset(&self->input);
    if (got < 2 || at[0] != 0x1f || at[1] != 0x8b)
        return self->members ? img__fail(err, IMG_EFORMAT,
                                         "%s: something that is not gzip follows the last gzip "
                                         "member at byte %" PRIu64,
                                         self->name, self->member_offset)
                             : img__fail(err, IMG_EFORMAT, "%s: is not gzip", self->name);
    int rc = read_header(self, err);
    if (rc)
        return rc;
    isal_inflate_init(self->state);
    self->state->crc_flag = ISAL_GZIP_NO_HDR;
    self->inside = true;
    self->member_bytes = 0;
    self->members++;
    return 1;
}

static int end_member(struct gunzip *self, img_error *err)
{
    uint8_t trailer[TRAILER_BYTES];
    self->inside = false;
    /* ISA-L may have read up to 8 bytes too far. Its newer versions give them back, and then
     * this length is 0. */
    self->input.pos -= (size_t)self->state->read_in_length / 8;
    ssize_t got = img__input_take(&self->input, trailer, sizeof(trailer), err);
    if (got < 0)
        return (int)got;
    if (got < (ssize_t)sizeof(trailer))
        return cut_short(self, err);
    if (little_endian(trailer) != self->state->crc)
        return fail_member(self, "is damaged: its CRC does not match", err);
    if (little_endian(trailer + 4) != (uint32_t)self->member_bytes)
        return fail_member(self, "is damaged: its length does not match", err);
    return 0;
}

/* Nothing came out: more must go in. */
static int refill(struct gunzip *self, bool moved, img_error *err)
{
    bool empty = self->input.pos == self->input.len;
    if (!empty)
        return moved ? 0 : fail_member(self, "is not valid", err);
    ssize_t got = img__input_fill(&self->input, 1, err);
    if (got < 0)
        return (int)got;
    return got == 0 ? cut_short(self, err) : 0;
}

/* How many bytes came out, which may be none, or a code. */
static ssize_t inflate_some(struct gunzip *self, void *data, size_t len, img_error *err)
{
    struct inflate_state *state = self->state;
    struct input *input = &self->input;
    size_t before = input->pos;
    uint32_t room = len < UINT32_MAX / 2 ? (uint32_t)len : UINT32_MAX / 2;

    state->next_out = data;
    state->avail_out = room;
    state->next_in = input->data + input->pos;
    state->avail_in = (uint32_t)(input->len - input->pos);
    int status = isal_inflate(state);
    if (status != ISAL_DECOMP_OK)
        return fail_member(self, "is damaged: its data is not valid", err);
    input->pos = (size_t)(state->next_in - input->data);

    uint32_t made = room - state->avail_out;
    self->member_bytes += made;
    int rc = 0;
    if (state->block_state == ISAL_BLOCK_FINISH)
        rc = end_member(self, err);
    else if (made == 0)
        rc = refill(self, input->pos != before, err);
    return rc ? rc : (ssize_t)made;
}

static ssize_t read_on(struct gunzip *self, void *data, size_t len, img_error *err)
{
    ssize_t got = 0;
    while (got == 0 && len > 0) {
        if (!self->inside) {
            int rc = begin_member(self, err);
            if (rc <= 0)
                return rc;
        }
        got = inflate_some(self, data, len, err);
    }
    return got;
}

static ssize_t gunzip_read(struct source *source, void *data, size_t len, img_error *err)
{
    struct gunzip *self = (struct gunzip *)source;
    if (self->failed)
        return img__fail(err, self->failed, "%s: an earlier read failed", self->name);
    ssize_t got = read_on(self, data, len, err);
    if (got < 0)
        self->failed = (int)got;
    return got;
}

static int gunzip_rewind(struct source *source, img_error *err)
{
    struct gunzip *self = (struct gunzip *)source;
    int rc = img__source_rewind(self->next, err);
    if (rc)
        return rc;
    img__input_reset(&self->input);
    self->members = 0;
    self->inside = false;
    self->failed = 0;
    return 0;
}

static void gunzip_free(struct source *source)
{
    struct gunzip *self = (struct gunzip *)source;
    img__source_free(self->next);
    img__input_close(&self->input);
    free(self->state);
    free(self->name);
    free(self);
}

static const struct source_ops gunzip_ops = {gunzip_read, gunzip_rewind, gunzip_free};

int img__source_gunzip(const char *name, struct source *next, struct source **out, img_error *err)
{
    struct gunzip *self = calloc(1, sizeof(*self));
    if (!self) {
        img__source_free(next);
        return img__fail_memory(err);
    }
    auto_(source) struct source *owned = &self->base;
    self->base.ops = &gunzip_ops;
    self->next = next;
    self->name = strdup(name);
    self->state = malloc(sizeof(*self->state));
    if (!self->name || !self->state)
        return img__fail_memory(err);
    int rc = img__input_open(&self->input, next, err);
    if (rc)
        return rc;
    *out = steal(owned);
    return 0;
}
