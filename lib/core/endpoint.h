/* SPDX-License-Identifier: Apache-2.0
 *
 * A place where images live. store/, registry/ and archive/ each offer one; ops/copy.c walks the
 * graph between any two.
 *
 * Local places open blobs as sources and sinks. Remote ones move many at once: they are given all
 * the blobs of an image and drive the local side themselves. To one that sends, another one is
 * local, too: it opens sources.
 */
#ifndef IMG_CORE_ENDPOINT_H
#define IMG_CORE_ENDPOINT_H

#include "base/io.h"
#include "base/observe.h"
#include "core/document.h"

struct endpoint;

/* A blob to be moved. */
struct blob_job {
    const img_descriptor *descriptor;
    const char *what;       /* "layer 3/7", for events */
    struct endpoint *local; /* the other side */
    const char
        *mount_from;  /* a repository of the same registry that may have it; NULL: none known */
    const char *data; /* its bytes, where the document that names it has them; else NULL */
    const char *const *urls;  /* where else it may be, ended by NULL; NULL: nowhere */
    const struct item *begun; /* the item that was begun for it; NULL: none was */
};

struct endpoint_ops {
    /* What the place's own name stands for: the document, verified. */
    int (*resolve)(struct endpoint *endpoint, struct document *out, img_error *err);
    /* Is it still this one? Less to ask than resolve: no is also the answer where it can't be told.
     * NULL: it never can. */
    int (*is_still)(struct endpoint *endpoint, const img_descriptor *known, bool *same,
                    img_error *err);
    /* A manifest or an index, by descriptor, verified. */
    int (*get_document)(struct endpoint *endpoint, const img_descriptor *descriptor,
                        struct document *out, img_error *err);
    /* Is this document there? */
    int (*has_document)(struct endpoint *endpoint, const img_descriptor *descriptor, bool *has,
                        img_error *err);
    int (*put_document)(struct endpoint *endpoint, const struct document *document, img_error *err);
    /* Puts a document and makes the place's own name stand for it. */
    int (*set_name)(struct endpoint *endpoint, const struct document *document, img_error *err);
    /* The same for several endpoints of one place, which differ in their names alone, and a
     * document that is there: in fewer steps than one by one. NULL: there is no such way. */
    int (*set_names)(struct endpoint *const *endpoints, size_t count,
                     const struct document *document, img_error *err);

    /* Is this blob there? NULL: the place can't tell. */
    int (*has_blob)(struct endpoint *endpoint, const img_descriptor *descriptor, bool *has,
                    img_error *err);

    /* What refers to a manifest, each once; what take returns ends the list. NULL: the place does
     * not know. */
    int (*referrers)(struct endpoint *endpoint, const img_digest *subject,
                     int (*take)(const img_descriptor *descriptor, void *arg, img_error *err),
                     void *arg, img_error *err);

    /* A blob as a source that verifies. That of a remote place is for the loop of its client alone:
     * it says IMG__EAGAIN (see net/http.h). */
    int (*open_source)(struct endpoint *endpoint, const img_descriptor *descriptor,
                       struct source **out, img_error *err);
    /* Local places only, else NULL. It verifies; *out NULL: the blob is there already. */
    int (*open_sink)(struct endpoint *endpoint, const img_descriptor *descriptor, struct sink **out,
                     img_error *err);
    /* The same, but it goes on with what an earlier try left, of whatever process: the first
     * *have_bytes are in the sink already. Freed before it is closed, it leaves what it has to the
     * next one, unless that is known to be wrong. IMG__EAGAIN, without a message: another one is
     * at work on this blob; ask again later. NULL where there is no such thing. */
    int (*open_partial)(struct endpoint *endpoint, const img_descriptor *descriptor,
                        struct sink **out, uint64_t *have_bytes, img_error *err);
    /* Throws away what open_partial would go on with. */
    void (*drop_partial)(struct endpoint *endpoint, const img_descriptor *descriptor);

    /* Remote places only, else NULL: many blobs at once; events go to the observer. The first
     * failure ends them all and is the one reported. */
    int (*fetch)(struct endpoint *endpoint, const struct blob_job *jobs, size_t count,
                 struct observer *observer, img_error *err);
    int (*send)(struct endpoint *endpoint, const struct blob_job *jobs, size_t count,
                struct observer *observer, img_error *err);

    void (*free)(struct endpoint *endpoint);
};

struct endpoint {
    const struct endpoint_ops *ops;
    bool serial; /* a local place that takes one blob at a time, in the order of the jobs */
};

static inline void img__endpoint_free(struct endpoint *endpoint)
{
    if (endpoint)
        endpoint->ops->free(endpoint);
}

IMG_AUTO_POINTER(endpoint, struct endpoint, img__endpoint_free)

#endif
