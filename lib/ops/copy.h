/* SPDX-License-Identifier: Apache-2.0
 *
 * The one walk over an image's graph: from one endpoint to another.
 */
#ifndef IMG_OPS_COPY_H
#define IMG_OPS_COPY_H

#include "base/strv.h"
#include "core/endpoint.h"

#include <libimg/blob.h>

/* What earlier copies between the same places have seen, and moved; see copy_plan.c. */
struct copy_seen {
    void *documents; /* trees of digests and sizes, see tsearch() */
    void *blobs;
};

/* Something that is not where the rest comes from: it was made here, or is another image's. */
struct copy_extra {
    img_digest digest;
    struct endpoint *place; /* has it */
    const char *mount_from; /* as in struct copy, of this one */
    bool here;              /* the target has it */
};

/* Who may have a blob that would be fetched. */
struct supply {
    img_blob_fn fn;
    void *arg;
};

struct copy {
    struct endpoint *from;
    struct endpoint *to;
    struct endpoint *const *also; /* as to, but with other names that are to stand for the same */
    size_t also_count;
    const struct copy_extra *extras;
    size_t extra_count;
    struct copy_seen *seen; /* of copies that went well; NULL: none */
    /* Takes these of an index: the manifest if it is one, else an index made of them. */
    const img_platform *platforms;
    size_t platform_count; /* 0: all */
    bool keep_index;       /* the index itself gets the name, as it is, whatever it lacks */
    /* A repository of the target's registry that may have the blobs; NULL: none known. */
    const char *mount_from;
    bool fresh;     /* the target is likely to have nothing of it: it is not asked for documents */
    bool referrers; /* what refers to any of it goes along */
    bool nameless;  /* the document that is copied gets no name */
    /* Gets the digests of all manifests that it reaches; NULL: nobody asks. */
    struct strv *documents;
    bool same_repository; /* from and to are one: it is about the name alone */
    uint64_t config_limit_bytes;
    /* What to has under that name, and what from's name may stand for still; NULL: not known. sure:
     * it does, a digest being the name. */
    const img_descriptor *known;
    bool sure;
    const struct supply *supply; /* NULL: nobody */
    struct observer *observer;
};

/* Moves what from's name stands for, with all it reaches, and lets to's name stand for it: blobs
 * first, then manifests, then indexes, the name last. *top is what was named. */
int img__copy(const struct copy *copy, img_descriptor *top, img_error *err);

/* The same of a document that from has; it is taken over, unless this fails. */
int img__copy_document(const struct copy *copy, struct document *document, img_descriptor *top,
                       img_error *err);

/* Moves layers alone, as a copy of what has them would. */
int img__copy_layers(const struct copy *copy, const img_descriptor *layers, size_t count,
                     img_error *err);

/* NULL: from has it. */
const struct copy_extra *img__copy_extra(const struct copy *copy, const img_digest *digest);

void img__copy_seen_free(struct copy_seen *seen);

static inline void img__auto_copy_seen(struct copy_seen *seen)
{
    img__copy_seen_free(seen);
}

/* What a copy would have to do. */
struct copy_look {
    img_descriptor top;
    uint64_t missing_bytes; /* of blobs */
    size_t layers, layers_missing;
    size_t documents, documents_missing;
    bool mounts; /* the registry of the target may take the blobs from a repository of its own */
};

/* Asks, and changes nothing. Adds to the numbers of *out. */
int img__copy_look(const struct copy *copy, struct copy_look *out, img_error *err);
int img__copy_look_document(const struct copy *copy, struct document *document,
                            struct copy_look *out, img_error *err);

#endif
