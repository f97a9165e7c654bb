/* SPDX-License-Identifier: Apache-2.0
 *
 * gzip by ISA-L: any number of members, one behind the other (RFC 1952, layers.md Z12). Headers and
 * trailers are read here, ISA-L does the deflate data and the CRC: so each checksum and length is
 * checked, a reserved flag is refused, and only the end of the source may follow a member.
 */
#include <isa-l.h>

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
    struct unpack unpack;
    struct inflate_state *state;
    uint64_t member_bytes; /* that came out of it so far */
    uint32_t header_crc;
};

static int fail_member(const struct gunzip *self, const char *reason, img_error *err)
{
    return img__unpack_fail(&self->unpack, reason, err);
}

static int cut_short(const struct gunzip *self, img_error *err)
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
    ssize_t got = img__input_take(&self->unpack.input, out, len, err);
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

static bool is_member(const uint8_t *at, size_t got)
{
    return got >= 2 && at[0] == 0x1f && at[1] == 0x8b;
}

static int begin_member(struct unpack *unpack, img_error *err)
{
    struct gunzip *self = (struct gunzip *)unpack;
    int rc = read_header(self, err);
    if (rc)
        return rc;
    isal_inflate_init(self->state);
    self->state->crc_flag = ISAL_GZIP_NO_HDR;
    self->member_bytes = 0;
    return 0;
}

static int end_member(struct gunzip *self, img_error *err)
{
    uint8_t trailer[TRAILER_BYTES];
    self->unpack.inside = false;
    /* ISA-L may have read up to 8 bytes too far. Its newer versions give them back, and then
     * this length is 0. */
    self->unpack.input.pos -= (size_t)self->state->read_in_length / 8;
    ssize_t got = img__input_take(&self->unpack.input, trailer, sizeof(trailer), err);
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
    bool empty = self->unpack.input.pos == self->unpack.input.len;
    if (!empty)
        return moved ? 0 : fail_member(self, "is not valid", err);
    ssize_t got = img__input_fill(&self->unpack.input, 1, err);
    if (got < 0)
        return (int)got;
    return got == 0 ? cut_short(self, err) : 0;
}

/* How many bytes came out, which may be none, or a code. */
static ssize_t inflate_some(struct unpack *unpack, void *data, size_t len, img_error *err)
{
    struct gunzip *self = (struct gunzip *)unpack;
    struct inflate_state *state = self->state;
    struct input *input = &self->unpack.input;
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

static void reset(struct unpack *unpack)
{
    (void)unpack; /* each member begins anew */
}

static void close_state(struct unpack *unpack)
{
    free(((struct gunzip *)unpack)->state);
}

static const struct unpack_ops gunzip_ops = {
    .format = "gzip",
    .part = "member",
    .is_part = is_member,
    .magic_bytes = 2,
    .begin = begin_member,
    .some = inflate_some,
    .reset = reset,
    .close = close_state,
};

int img__source_gunzip(const char *name, struct source *next, struct source **out, img_error *err)
{
    auto_free struct gunzip *self = calloc(1, sizeof(*self));
    if (self)
        self->state = malloc(sizeof(*self->state));
    if (!self || !self->state) {
        img__source_free(next);
        return img__fail_memory(err);
    }
    return img__unpack_open(&steal(self)->unpack, &gunzip_ops, name, next, out, err);
}
