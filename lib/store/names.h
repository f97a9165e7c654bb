/* SPDX-License-Identifier: Apache-2.0
 *
 * The names of a store: index.json as text that is searched and spliced, since to parse and write
 * ten thousand entries for each name that is set would be slow.
 *
 * An entry is a descriptor. Its label is its "org.opencontainers.image.ref.name", or its digest if
 * it has none: so what other tools wrote can be listed, found and removed whatever it is called.
 */
#ifndef IMG_STORE_NAMES_H
#define IMG_STORE_NAMES_H

#include "core/json.h"
#include "store/store.h"

#define NAMES_ANNOTATION "org.opencontainers.image.ref.name"
#define NAMES_BYTES_MAX ((size_t)128 << 20)

struct names {
    char *what;      /* the path of index.json, for messages */
    struct buf head; /* {...,"manifests":[ */
    struct buf body; /* a descriptor a line, each line ended by ",\n", sorted by label */
};

#define NAMES_INIT                                                                                 \
    {                                                                                              \
        NULL, BUF_INIT(NAMES_BYTES_MAX), BUF_INIT(NAMES_BYTES_MAX)                                 \
    }

/* An entry: where its line is in the body, and what it says. */
struct name_entry {
    size_t at;
    size_t end; /* of the line: where the next one is */
    struct json *json;
    const char *label; /* in json */
};

#define NAME_ENTRY_INIT                                                                            \
    {                                                                                              \
        0, 0, NULL, NULL                                                                           \
    }

int img__names_read(const img_store *store, struct names *out, img_error *err);
/* Replaces index.json; the caller has held STORE_LOCK since before it read. */
int img__names_write(const img_store *store, const struct names *names, img_error *err);
void img__names_free(struct names *names);

/* The entry after entry, the first for an empty one. Fails with IMG_ENOTFOUND, without a message,
 * at the end. */
int img__names_next(const struct names *names, struct name_entry *entry, img_error *err);
/* The same among the entries that have text, as a whole string, anywhere: cheap. */
int img__names_search(const struct names *names, const char *text, struct name_entry *entry,
                      img_error *err);
/* The first entry with this label; IMG_ENOTFOUND, without a message, if there is none. */
int img__names_find(const struct names *names, const char *label, struct name_entry *entry,
                    img_error *err);
int img__names_descriptor(const struct names *names, const struct name_entry *entry,
                          img_descriptor *out, img_error *err);

/* Makes name the label of this descriptor and of no other. */
int img__names_set(struct names *names, const char *name, const img_descriptor *descriptor,
                   img_error *err);
/* Removes all entries with this label; IMG_ENOTFOUND, without a message, if there is none. */
int img__names_remove(struct names *names, const char *label, img_error *err);

void img__name_entry_free(struct name_entry *entry); /* leaves it empty */

static inline void img__auto_names(struct names *names)
{
    img__names_free(names);
}

static inline void img__auto_name_entry(struct name_entry *entry)
{
    img__name_entry_free(entry);
}

#endif
