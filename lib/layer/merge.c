/* SPDX-License-Identifier: Apache-2.0
 *
 * A tar in the order in which the layers have the data, the lowest first, so that nothing is kept
 * but names. Each file comes where its entry is, under the first of its names, and the other names
 * follow as hard links: so a link never comes before what it leads to, although its layer may be
 * above one that removed the name it was made from. Directories come when something in them does,
 * or at their own entry, with the metadata that they have in the end. Everything else is as in the
 * view: no whiteouts, no links on the way of a path, no path twice.
 */
#include "layer/merge.h"

#include <string.h>

#include "layer/tar_read.h"
#include "layer/tar_write.h"
#include "layer/view_tree.h"

#define PIECE_BYTES ((size_t)64 * 1024)

struct merge {
    struct tar_writer *writer;
    struct node **nodes; /* by origin, and then in the order of the tree */
    size_t count;
    size_t cap;
    size_t next;    /* the first that is still to be written, among those of layers */
    size_t implied; /* that many come first, which no layer has an entry of */
    char *piece;
};

/* ---- what there is ---- */

/* A node's mark is its place in the tree, from 1, until it is written. */
static int take_node(struct node *node, void *arg)
{
    struct merge *merge = arg;
    if (merge->count == merge->cap) {
        size_t cap = merge->cap ? merge->cap * 2 : 64;
        struct node **grown = reallocarray(merge->nodes, cap, sizeof(struct node *));
        if (!grown)
            return IMG_ENOMEM;
        merge->nodes = grown;
        merge->cap = cap;
    }
    merge->nodes[merge->count++] = node;
    if (merge->count > UINT32_MAX)
        return IMG_ENOMEM;
    node->mark = (uint32_t)merge->count;
    merge->implied += node->origin.layer == 0;
    return 0;
}

static int compare(uint32_t a, uint32_t b)
{
    return (a > b) - (a < b);
}

static int compare_nodes(const void *a, const void *b)
{
    const struct node *x = *(struct node *const *)a, *y = *(struct node *const *)b;
    int order = compare(x->origin.layer, y->origin.layer);
    if (!order)
        order = compare(x->origin.ordinal, y->origin.ordinal);
    return order ? order : compare(x->mark, y->mark);
}

static int prepare(struct merge *merge, struct view *view, struct sink *tar, img_error *err)
{
    const struct tree *tree = img__view_tree(view);
    merge->piece = malloc(PIECE_BYTES);
    if (!merge->piece || img__tree_each(tree, take_node, merge))
        return img__fail_memory(err);
    tree->root->mark = 0;
    if (merge->count)
        qsort(merge->nodes, merge->count, sizeof(struct node *), compare_nodes);
    merge->next = merge->implied;
    int rc = img__tar_writer_new(tar, &merge->writer, err);
    if (rc == 0)
        img__tar_writer_nanoseconds(merge->writer);
    return rc;
}

int img__merge_new(struct view *view, struct sink *tar, struct merge **out, img_error *err)
{
    auto_(merge) struct merge *merge = calloc(1, sizeof(*merge));
    if (!merge)
        return img__fail_memory(err);
    int rc = prepare(merge, view, tar, err);
    if (rc == 0)
        *out = steal(merge);
    return rc;
}

void img__merge_free(struct merge *merge)
{
    if (!merge)
        return;
    img__tar_writer_free(merge->writer);
    free(merge->nodes);
    free(merge->piece);
    free(merge);
}

bool img__merge_needs(const struct merge *merge, uint32_t layer)
{
    for (size_t i = merge->next; i < merge->count && merge->nodes[i]->origin.layer <= layer; i++)
        if (merge->nodes[i]->origin.layer == layer && merge->nodes[i]->entry.size)
            return true;
    return false;
}

/* ---- writing ---- */

/* A directory after those that it is in. */
static int write_directory(struct merge *merge, struct node *node, img_error *err)
{
    if (!node->mark)
        return 0;
    int rc = write_directory(merge, node->parent, err);
    if (rc)
        return rc;
    node->mark = 0;
    return img__tar_writer_entry(merge->writer, &node->entry, err);
}

static int write_data(struct merge *merge, uint64_t size, struct tar_reader *reader, img_error *err)
{
    while (size > 0) {
        ssize_t got = img__tar_reader_data(reader, merge->piece, PIECE_BYTES, err);
        if (got < 0)
            return (int)got;
        if (got == 0 || (uint64_t)got > size)
            return img__fail(err, IMG_EDIGEST, "its size is another one than a moment ago");
        size -= (uint64_t)got;
        int rc = img__tar_writer_data(merge->writer, merge->piece, (size_t)got, err);
        if (rc)
            return rc;
    }
    return 0;
}

/* Another name of the file that was written last. */
static int write_link(struct merge *merge, struct node *node, const struct node *first,
                      img_error *err)
{
    struct entry link = node->entry;
    link.type = ENTRY_HARDLINK;
    link.link = first->entry.path;
    link.size = 0;
    link.device_major = link.device_minor = 0;
    link.xattrs = NULL;
    link.xattr_count = 0;
    node->mark = 0;
    int rc = write_directory(merge, node->parent, err);
    return rc ? rc : img__tar_writer_entry(merge->writer, &link, err);
}

/* A device 0:0 is a whiteout to overlayfs, whoever unpacks the tar onto one. */
static int check_device(const struct entry *entry, img_error *err)
{
    if (entry->type != ENTRY_CHARACTER || entry->device_major || entry->device_minor)
        return 0;
    return img__fail(err, IMG_EFORMAT,
                     "/%s: a device 0:0, which means to overlayfs that something is removed",
                     entry->path);
}

static int write_first(struct merge *merge, struct node *node, struct tar_reader *reader,
                       img_error *err)
{
    node->mark = 0;
    int rc = check_device(&node->entry, err);
    if (!rc)
        rc = write_directory(merge, node->parent, err);
    if (!rc)
        rc = img__tar_writer_entry(merge->writer, &node->entry, err);
    return rc ? rc : write_data(merge, node->entry.size, reader, err);
}

static bool same_origin(const struct origin *a, const struct origin *b)
{
    return a->layer == b->layer && a->ordinal == b->ordinal;
}

/* The next file of those that are to be written, with all its names. */
static int write_next(struct merge *merge, struct tar_reader *reader, img_error *err)
{
    struct node *first = merge->nodes[merge->next++];
    if (first->entry.type == ENTRY_DIRECTORY)
        return write_directory(merge, first, err);
    int rc = write_first(merge, first, reader, err);
    for (; !rc && merge->next < merge->count; merge->next++) {
        struct node *node = merge->nodes[merge->next];
        if (!same_origin(&node->origin, &first->origin))
            break;
        rc = write_link(merge, node, first, err);
    }
    return rc;
}

/* ---- layers ---- */

/* What is to be written next, if it is of that layer. */
static const struct node *next_of(const struct merge *merge, uint32_t layer)
{
    const struct node *node = merge->next < merge->count ? merge->nodes[merge->next] : NULL;
    return node && node->origin.layer == layer ? node : NULL;
}

static int check_same(const struct node *node, const struct entry *entry, const char *name,
                      img_error *err)
{
    bool same = node->entry.type != ENTRY_FILE ||
                (entry->type == ENTRY_FILE && entry->size == node->entry.size);
    if (same)
        return 0;
    return img__fail(err, IMG_EDIGEST, "%s: entry '%.512s' is another one than a moment ago", name,
                     entry->path);
}

static int read_layer(struct merge *merge, uint32_t layer, struct tar_reader *reader,
                      const char *name, img_error *err)
{
    for (uint32_t ordinal = 0;; ordinal++) {
        const struct entry *entry;
        int rc = img__tar_reader_next(reader, &entry, err);
        if (rc <= 0)
            return rc;
        const struct node *node = next_of(merge, layer);
        if (!node || node->origin.ordinal != ordinal)
            continue;
        rc = check_same(node, entry, name, err);
        if (rc == 0)
            rc = write_next(merge, reader, err);
        if (rc)
            return rc;
    }
}

int img__merge_layer(struct merge *merge, uint32_t layer, struct source *tar, const char *name,
                     uint32_t compat, img_error *err)
{
    auto_(tar_reader) struct tar_reader *reader = NULL;
    int rc = 0;
    if (!tar) {
        while (!rc && next_of(merge, layer))
            rc = write_next(merge, NULL, err);
        return rc;
    }
    rc = img__tar_reader_new(tar, name, &reader, err);
    if (rc)
        return rc;
    img__tar_reader_compat(reader, compat);
    rc = read_layer(merge, layer, reader, name, err);
    if (rc == 0 && next_of(merge, layer))
        return img__fail(err, IMG_EDIGEST, "%s: it is another one than a moment ago", name);
    return rc;
}

int img__merge_end(struct merge *merge, img_error *err)
{
    for (size_t i = 0; i < merge->implied; i++) {
        int rc = write_directory(merge, merge->nodes[i], err);
        if (rc)
            return rc;
    }
    return img__tar_writer_end(merge->writer, err);
}
