/* SPDX-License-Identifier: Apache-2.0
 *
 * What is in an archive, and where.
 */
#ifndef IMG_ARCHIVE_MEMBERS_H
#define IMG_ARCHIVE_MEMBERS_H

#include "archive/spool.h"

struct member {
    char *path; /* without "./" */
    char *link; /* what it leads to, from the top of the archive; NULL: it is a file */
    uint64_t offset;
    uint64_t size_bytes;
};

struct members {
    void *tree;
    size_t count;
    size_t path_bytes; /* of all names together */
};

#define MEMBERS_INIT                                                                               \
    {                                                                                              \
        NULL, 0, 0                                                                                 \
    }

/* Reads the table of a tar, and none of its data. IMG_EFORMAT for names that lead out of the
 * archive, files that are not all there, and a name that comes twice with different data. */
int img__members_read(const struct spool *spool, struct members *out, img_error *err);
void img__members_free(struct members *members);

/* The file at a path, links followed; *out is NULL if there is none. */
int img__members_find(const struct members *members, const char *path, const struct member **out,
                      img_error *err);
/* Is there something at a path in its plain form? */
bool img__members_has(const struct members *members, const char *path);

/* A path in its plain form, "a/b" for "./a//b/"; *out is NULL if it is empty, absolute or leads
 * out. Where dots is true, ".." goes up one level, else it is refused. from, which may be NULL, is
 * where the path begins. */
int img__member_path(const char *from, const char *path, bool dots, char **out, img_error *err);

static inline void img__auto_members(struct members *members)
{
    img__members_free(members);
}

#endif
