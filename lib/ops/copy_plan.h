/* SPDX-License-Identifier: Apache-2.0
 *
 * What a copy has to move.
 */
#ifndef IMG_OPS_COPY_PLAN_H
#define IMG_OPS_COPY_PLAN_H

#include "ops/copy.h"

struct plan_document {
    struct document document;
    bool exists; /* the target has it */
};

struct plan_blob {
    img_descriptor descriptor;
    char what[56];    /* "layer 3/7" */
    bool layer;       /* no config */
    bool exists;      /* with a document that reaches it, as far as was seen */
    char *data;       /* what its descriptor has of it, all or NULL; owned */
    struct strv urls; /* where else it may be */
};

struct plan {
    const struct copy *copy;
    bool whole;                      /* also what the target has already is looked into */
    struct plan_document *documents; /* a child before what reaches it, so the top one is last */
    size_t document_count;
    size_t document_cap;
    size_t document_bytes; /* also of those that are being looked into */
    struct plan_blob *blobs;
    size_t blob_count;
    size_t blob_cap;
    struct copy_seen own; /* unless the copy brings one along */
    struct copy_seen *seen;
    size_t seen_count; /* documents, in this plan */
};

/* Collects what top, which is taken over unless this fails, reaches. *plan is all
 * zero, but for whole. */
int img__plan_make(const struct copy *copy, struct document *top, struct plan *plan,
                   img_error *err);
void img__plan_free(struct plan *plan);

static inline void img__auto_plan(struct plan *plan)
{
    img__plan_free(plan);
}

#endif
