/* SPDX-License-Identifier: Apache-2.0
 *
 * Layers that are in the store already. A layer is a function of its recipe (options, versions), of
 * its input, and of a few facts about the layers below. The store keeps, for each tree that was
 * added, what the scan saw of its files (layer/memo.h), and for each layer under the digest of
 * recipe and input what came out. All of that is a guess that is checked, or a digest of what was
 * read; where it can't be read or written, a layer is made as if there were none.
 */
#ifndef IMG_OPS_REUSE_H
#define IMG_OPS_REUSE_H

#include <sys/stat.h>

#include "layer/memo.h"
#include "ops/add_options.h"
#include "ops/build_layer.h"
#include "ops/reuse_record.h"

#define REUSE_NAME_MAX 80u

struct reuse {
    img_build *build;
    bool off; /* nothing is remembered */
    const char *source;
    bool chown;                /* owners follow from the recipe and what is below */
    struct scan_options scan;  /* of the passes before the layer is made */
    char tree[REUSE_NAME_MAX]; /* the store's file of what was seen */
    unsigned char recipe[IMG_SHA256_BYTES];
    bool damaged;             /* that file */
    bool told;                /* warnings of the scan */
    struct records records;   /* of layers that may be the one */
    struct memo_result input; /* of the tree; what is not known counts in unknown */
    struct record_key key;
    struct memo *memo; /* of the scan that makes the layer */
    struct sink *list; /* what it saw */
};

/* What a layer is made from; borrowed. */
struct reuse_input {
    const char *source;
    bool directory;
    bool archive;
    bool root; /* it goes to the root of the image, and has no entry of its own there */
    const char *destination; /* as the caller wrote it */
    const struct add_options *options;
};

/* reuse is all zero. */
int img__reuse_begin(struct reuse *reuse, img_build *build, const struct reuse_input *input,
                     img_error *err);
void img__reuse_free(struct reuse *reuse);
/* Puts the layer on top of the image, if it is known upon these layers; *found says so. */
int img__reuse_find(struct reuse *reuse, bool *found, img_error *err);
/* The same, if it is known upon others, of which the same facts are true. layering and scan are
 * those with which it would be made. */
int img__reuse_find_alike(struct reuse *reuse, struct layering *layering,
                          const struct scan_options *scan, bool *found, img_error *err);
/* Before the scan that makes the layer. */
int img__reuse_watch(struct reuse *reuse, struct scan_options *scan, img_error *err);
/* Afterwards, if all went well. */
void img__reuse_keep(struct reuse *reuse, const struct layering *layering);

/* reuse_recipe.c: what a layer depends on but for its input. */
int img__reuse_recipe(const img_build *build, const struct reuse_input *input,
                      unsigned char out[IMG_SHA256_BYTES], img_error *err);
/* The layers below, and what matters of them where the layer goes. */
int img__reuse_chain(const img_build *build, unsigned char out[IMG_SHA256_BYTES], img_error *err);
int img__reuse_facts(const struct layering *layering, const struct scan_options *scan,
                     unsigned char out[IMG_SHA256_BYTES], img_error *err);
/* The name of the file about a tree. */
int img__reuse_tree_name(const struct reuse_input *input, char out[REUSE_NAME_MAX], img_error *err);
/* And of that about the layers of a recipe and an input. */
int img__reuse_layer_name(const unsigned char recipe[IMG_SHA256_BYTES],
                          const struct memo_result *input, char out[REUSE_NAME_MAX],
                          img_error *err);

static inline void img__auto_reuse(struct reuse *reuse)
{
    img__reuse_free(reuse);
}

#endif
