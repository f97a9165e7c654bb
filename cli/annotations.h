/* SPDX-License-Identifier: Apache-2.0
 *
 * The values of --annotation: where each one goes.
 */
#ifndef CLI_ANNOTATIONS_H
#define CLI_ANNOTATIONS_H

#include <stdbool.h>

#include "options.h"

enum annotation_level {
    ANNOTATION_MANIFEST,
    ANNOTATION_MANIFEST_DESCRIPTOR, /* the entry of the index */
    ANNOTATION_INDEX,
    ANNOTATION_INDEX_DESCRIPTOR,
};

struct annotation {
    const char *text; /* as it was given */
    enum annotation_level level;
    img_platform platform; /* "": all */
    const char *pair;      /* "K=V" */
};

struct annotations {
    struct annotation *items;
    size_t count;
};

/* "[LEVEL[[PLATFORM]][,...]:]K=V", as docker buildx has it. On failure, too, free them with
 * annotations_free(). */
int annotations_parse(const struct arguments *args, enum annotation_level usual,
                      struct annotations *out, img_error *err);
void annotations_free(struct annotations *annotations);

static inline void auto_annotations(struct annotations *annotations)
{
    annotations_free(annotations);
}

/* Sets those of an index and of its entries. */
int annotations_set(const struct annotations *annotations, img_index *index, img_error *err);

#endif
