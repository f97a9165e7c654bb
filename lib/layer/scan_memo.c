/* SPDX-License-Identifier: Apache-2.0
 *
 * A scan with a memo (memo.h). What the memo knows by its stamp is not opened, unless it is packed;
 * of the rest the digest of what a stat does not tell is made: from the bytes that go into the
 * layer, if it is packed, and from the same descriptor else.
 */
#include <string.h>

#include "layer/entry_edit.h"
#include "layer/memo.h"
#include "layer/scan_internal.h"
#include "layer/stamps.h"

int img__scan_meet(struct scan *scan, struct node *node, img_error *err)
{
    if (!scan->options->memo || img__memo_mode(scan->options->memo) == MEMO_PACK)
        return img__scan_open(scan, node, err);
    int rc = node->looked ? 0 : img__scan_look(scan, node, err);
    if (rc)
        return rc;
    if (node->top)
        scan->dev = img__scan_inode(&node->st).dev;
    return S_ISDIR(node->st.stx_mode) ? img__scan_open(scan, node, err) : 0;
}

/* Beneath the top, wherever that goes in the image. */
static const char *beneath(const struct scan *scan, const char *path)
{
    size_t len = strlen(scan->options->prefix);
    return path + len + (len > 0 && path[len] == '/');
}

/* The data of a file on its way into its digest. */
struct noted_source {
    struct source base;
    struct source *next;
    struct memo *memo;
    uint64_t left;
};

static ssize_t noted_read(struct source *source, void *data, size_t len, img_error *err)
{
    struct noted_source *self = (struct noted_source *)source;
    ssize_t got = img__source_read(self->next, data, len, err);
    int rc = got > 0 ? img__memo_digest_data(self->memo, data, (size_t)got, err) : 0;
    if (rc == 0 && got > 0)
        self->left -= (uint64_t)got;
    return rc ? rc : got;
}

static const struct source_ops noted_ops = {.read = noted_read};

static int read_all(struct scan *scan, struct source *source, img_error *err)
{
    ssize_t got;
    do
        got = img__source_read(source, scan->scratch, SCAN_SCRATCH, err);
    while (got > 0);
    return (int)got;
}

/* What is to be known of an entry while it is emitted. */
struct emission {
    struct node *node;
    struct entry *entry;
    unsigned char digest[IMG_SHA256_BYTES];
    bool found;
    bool digested;
};

/* Gives the data of a file to fn, or reads it for its digest alone. */
static int give_data(struct scan *scan, struct emission *emission, img_error *err)
{
    struct memo *memo = scan->options->memo;
    struct file_source file;
    img__scan_file(&file, emission->node->fd, scan->place.data, &emission->node->st);
    struct noted_source noted = {{&noted_ops}, &file.source, memo, emission->entry->size};
    struct source *source = emission->found ? &file.source : &noted.base;
    int rc = img__memo_mode(memo) == MEMO_PACK ? scan->fn(emission->entry, source, scan->arg, err)
                                               : read_all(scan, source, err);
    /* What fn had no use for was not read. */
    emission->digested = !emission->found && noted.left == 0;
    return rc;
}

/* Of what is open, or can be: everything. */
static int give(struct scan *scan, struct emission *emission, img_error *err)
{
    struct memo *memo = scan->options->memo;
    bool pack = img__memo_mode(memo) == MEMO_PACK;
    int rc = emission->found ? 0 : img__memo_digest_begin(memo, emission->entry, err);
    if (rc)
        return rc;
    if (emission->entry->type == ENTRY_FILE) {
        rc = give_data(scan, emission, err);
    } else {
        emission->digested = !emission->found;
        rc = pack ? scan->fn(emission->entry, NULL, scan->arg, err) : 0;
    }
    if (rc == 0 && emission->digested)
        rc = img__memo_digest_end(memo, emission->digest, err);
    return rc;
}

static int note(struct scan *scan, const struct emission *emission, const char *first,
                img_error *err)
{
    const struct memo_note taken = {
        .path = beneath(scan, scan->path.data),
        .link = first ? beneath(scan, first) : NULL,
        .entry = emission->entry,
        .st = &emission->node->st,
        .digest = emission->found || emission->digested ? emission->digest : NULL,
        .found = emission->found,
    };
    return img__memo_note(scan->options->memo, &taken, err);
}

/* Opens what was only looked at; it must still be what it was. */
static int open_looked(struct scan *scan, struct node *node, img_error *err)
{
    struct stamp before, after;
    img__stamp_of(&node->st, &before);
    int rc = img__scan_open(scan, node, err);
    img__stamp_of(&node->st, &after);
    if (rc || img__stamp_equal(&before, &after))
        return rc;
    return img__fail(err, IMG_EIO, "%s: changed while it was read", scan->place.data);
}

/* The entry is as a stat has it: is there more to be had, or need there be? */
static bool is_enough(const struct scan *scan, const struct emission *emission)
{
    enum memo_mode mode = img__memo_mode(scan->options->memo);
    return mode == MEMO_LOOK || (mode == MEMO_READ && emission->found);
}

static int emit_looked(struct scan *scan, struct emission *emission, const char *first,
                       img_error *err)
{
    struct entry *entry = emission->entry;
    int rc = img__entry_unmap(scan->options, scan->place.data, entry, err);
    if (rc)
        return rc;
    if (first) {
        entry->type = ENTRY_HARDLINK;
        entry->size = 0;
        entry->device_major = entry->device_minor = 0;
    }
    return scan->fn ? scan->fn(entry, NULL, scan->arg, err) : 0;
}

static int emit_opened(struct scan *scan, struct emission *emission, const char *first,
                       img_error *err)
{
    struct node *node = emission->node;
    int rc = node->fd < 0 && !S_ISLNK(node->st.stx_mode) ? open_looked(scan, node, err) : 0;
    if (rc == 0)
        rc = img__scan_entry_opened(scan, node, first, emission->entry, err);
    return rc ? rc : give(scan, emission, err);
}

int img__scan_emit_memo(struct scan *scan, struct node *node, img_error *err)
{
    struct entry entry = {0};
    struct emission emission = {.node = node, .entry = &entry};
    const char *first = NULL;
    int rc = img__scan_entry_looked(scan, node, &entry, &first, err);
    if (rc == 0)
        emission.found =
            img__memo_find(scan->options->memo, beneath(scan, scan->path.data), &node->st,
                           first ? ENTRY_HARDLINK : entry.type, emission.digest);
    if (rc == 0 && is_enough(scan, &emission))
        rc = emit_looked(scan, &emission, first, err);
    else if (rc == 0)
        rc = emit_opened(scan, &emission, first, err);
    if (rc == 0)
        rc = note(scan, &emission, first, err);
    entry.path = entry.link = NULL;
    img__entry_clear(&entry);
    return rc;
}

int img__scan_give_held(struct scan *scan, const struct entry *entry, img_error *err)
{
    struct memo *memo = scan->options->memo;
    unsigned char digest[IMG_SHA256_BYTES];
    if (!memo)
        return scan->fn(entry, NULL, scan->arg, err);
    const struct memo_note taken = {
        .path = beneath(scan, entry->path), .entry = entry, .digest = digest};
    int rc = img__memo_digest_begin(memo, entry, err);
    if (rc == 0)
        rc = img__memo_digest_end(memo, digest, err);
    if (rc == 0)
        rc = img__memo_note(memo, &taken, err);
    if (rc == 0 && scan->fn)
        rc = scan->fn(entry, NULL, scan->arg, err);
    return rc;
}
