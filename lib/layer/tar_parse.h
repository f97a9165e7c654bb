/* SPDX-License-Identifier: Apache-2.0
 *
 * The parts of the tar reader: headers, PAX records, maps of sparse files. They see bytes that
 * tar_read.c has read; their messages say what is wrong, and tar_read.c where.
 */
#ifndef IMG_LAYER_TAR_PARSE_H
#define IMG_LAYER_TAR_PARSE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "layer/entry.h"
#include "layer/tar_header.h"

#define TAR_LONG_LIMIT ((size_t)3 * ENTRY_PATH_MAX) /* of a path before "./" and "//" go */
#define TAR_PAX_LIMIT ((size_t)1 << 20)
#define TAR_MAP_LIMIT ((size_t)1 << 20)      /* bytes of a map as it is stored */
#define TAR_SPARSE_LIMIT ((uint64_t)1 << 40) /* bytes of a sparse file with its holes */

/* ---- headers (R3-R6, R10, R11, R18) ---- */

enum tar_format {
    TAR_V7,
    TAR_USTAR,
    TAR_GNU,
};

struct tar_header {
    enum tar_format format;
    char type;
    char name[155 + 1 + 100 + 1];
    char link[100 + 1];
    uint32_t mode; /* 0..07777 */
    int64_t uid;
    int64_t gid;
    int64_t mtime;
    int64_t device_major; /* of devices, else 0 */
    int64_t device_minor;
    uint64_t size;
};

bool img__tar_is_zero(const uint8_t *data, size_t len);
/* Whether the block's checksum is that of its bytes, added up unsigned or signed. */
bool img__tar_checksum_matches(const uint8_t *block);
/* name is set first, so that a message can name the entry; else it is "". */
int img__tar_header_parse(const uint8_t *block, struct tar_header *out, img_error *err);
/* A field of a header: octal, or base-256 with its sign. what is for the message. */
int img__tar_number(const uint8_t *field, size_t len, const char *what, int64_t *out,
                    img_error *err);

/* ---- sparse files (R16) ---- */

struct tar_segment {
    uint64_t offset;
    uint64_t len;
};

/* Where the stored bytes go; between them are zeros. */
struct tar_map {
    struct tar_segment *segments;
    size_t count;
    size_t cap;
    size_t bytes; /* of the map as it is stored, so far */
};

void img__tar_map_clear(struct tar_map *map);
/* Segments come in order and do not overlap, or it fails. */
int img__tar_map_add(struct tar_map *map, uint64_t offset, uint64_t len, img_error *err);
/* Whether the map fits a file of size bytes of which stored ones are there. */
int img__tar_map_check(const struct tar_map *map, uint64_t size, uint64_t stored, img_error *err);

/* Old GNU: the header of type S, then extension blocks. 1: one (more) follows; 0: the map is whole.
 */
int img__tar_map_header(struct tar_map *map, const uint8_t *block, uint64_t *size, img_error *err);
int img__tar_map_extension(struct tar_map *map, const uint8_t *block, img_error *err);
/* PAX 0.1: "0,512,4096,512". */
int img__tar_map_list(struct tar_map *map, const char *text, size_t len, img_error *err);

/* PAX 1.0: lines with the count and then pairs, before the data. All zero at first. 1: more blocks
 * follow; 0: the map is whole. */
struct tar_map_lines {
    uint64_t numbers_left;
    uint64_t value;
    uint64_t offset;
    unsigned digits;
    bool has_count;
    bool has_offset;
};
int img__tar_map_block(struct tar_map *map, struct tar_map_lines *lines, const uint8_t *block,
                       img_error *err);

/* ---- PAX (R1, R2, R8, R9, R19, R20) ---- */

enum tar_pax_key {
    PAX_PATH,
    PAX_LINKPATH,
    PAX_SIZE,
    PAX_UID,
    PAX_GID,
    PAX_MTIME,
    PAX_SPARSE_MAJOR,
    PAX_SPARSE_MINOR,
    PAX_SPARSE_NAME,
    PAX_SPARSE_REALSIZE,
    PAX_SPARSE_SIZE,
    PAX_SPARSE_NUMBLOCKS,
    PAX_SPARSE_MAP,
    PAX_SPARSE_OFFSET,
    PAX_SPARSE_NUMBYTES,
    PAX_KEYS,
};

struct tar_pax {
    bool present;
    uint32_t keys;              /* bits: those that are there and not empty */
    char *texts[PAX_KEYS];      /* PATH, LINKPATH, SPARSE_NAME */
    uint64_t numbers[PAX_KEYS]; /* the decimal ones */
    int64_t mtime;
    uint32_t mtime_ns;
    struct tar_map map; /* SPARSE_MAP, or SPARSE_OFFSET and SPARSE_NUMBYTES */
};

static inline bool img__tar_pax_has(const struct tar_pax *pax, enum tar_pax_key key)
{
    return pax->keys & (UINT32_C(1) << key);
}
/* Any of the sparse keys. */
bool img__tar_pax_sparse(const struct tar_pax *pax);

void img__tar_pax_clear(struct tar_pax *pax);
/* Extended attributes go to entry. */
int img__tar_pax_parse(const char *data, size_t len, struct tar_pax *pax, struct entry *entry,
                       img_error *err);
/* A global header may only hold comments. */
int img__tar_pax_check_global(const char *data, size_t len, img_error *err);

/* ---- entries ---- */

struct tar_parts {
    struct tar_header header;
    struct tar_pax pax;
    char *long_name; /* GNU's L and K; NULL: none */
    char *long_link;
};

/* Fills entry, which may have extended attributes. stored is how many bytes of data are in the
 * archive; of a sparse file that is all, and entry->size stays 0. */
int img__tar_entry_build(const struct tar_parts *parts, struct entry *entry, uint64_t *stored,
                         img_error *err);

#endif
