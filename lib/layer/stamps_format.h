/* SPDX-License-Identifier: Apache-2.0
 *
 * How a list of stamps lies on the disk: a head, for each entry a struct stamp_row and the bytes in
 * which its path differs from the one before, at the end a row that is none, and the SHA-256 of all
 * before that digest. In the byte order of the machine, which the head tells: a list of another one
 * is not read.
 */
#ifndef IMG_LAYER_STAMPS_FORMAT_H
#define IMG_LAYER_STAMPS_FORMAT_H

#include "layer/stamps.h"

#define STAMPS_MAGIC "libimg stamps 1\n"
#define STAMPS_ORDER 0x01020304u
#define STAMPS_END 0xffffu /* row.shared */

struct stamps_head {
    char magic[16];
    uint32_t order;
    uint32_t row_bytes;
    uint64_t device;
};

struct stamp_row {
    uint16_t shared; /* bytes of the path before */
    uint16_t more;   /* bytes that follow them, and this row */
    uint32_t type;
    struct stamp stamp;
    unsigned char digest[IMG_SHA256_BYTES];
};

_Static_assert(sizeof(struct stamps_head) == 32 && sizeof(struct stamp) == 64 &&
                   sizeof(struct stamp_row) == 104,
               "no padding: its bytes would be unknown ones");

#endif
