/* SPDX-License-Identifier: Apache-2.0
 *
 * The old list is read alongside the walk, which has the same order; what the walk does not meet is
 * passed over. A list that breaks off or is damaged is noticed at the latest at its end: until then
 * nothing that depends on it has left the memo but a fresh list, which whoever owns it then drops.
 */
#include "layer/memo.h"

#include <fcntl.h>
#include <linux/magic.h>
#include <string.h>
#include <sys/vfs.h>
#include <time.h>

#include "base/buf.h"
#include "layer/scan_internal.h"
#include "layer/stamps.h"
#include "layer/tar_write.h"

#define BATCH ((size_t)32 * 1024)

/* A digest of many small things. */
struct batch {
    struct hash *hash;
    struct buf bytes;
};

struct memo {
    enum memo_mode mode;
    bool same_owner;
    bool local;               /* the tree's clock is this kernel's */
    uint64_t device;          /* of the tree */
    int64_t begun;            /* in seconds */
    struct stamp_reader *old; /* NULL: nothing more is known */
    struct stamped next;      /* of old, if there is one */
    bool has_next;
    int failed; /* the old list is damaged, or the fresh one can't be written */
    img_error error;
    struct sink *fresh_list; /* borrowed; NULL: none */
    struct stamp_writer *fresh;
    struct batch heads;
    struct batch whole;
    struct hash *data;
    struct memo_result result;
};

/* ---- the clock ---- */

/* Magic numbers that linux/magic.h does not have. */
#define MAGIC_ZFS 0x2fc12fc1
#define MAGIC_BCACHEFS 0xca451a4e
#define MAGIC_JFS 0x3153464a

/* File systems whose times are of this kernel's clock, and no coarser than MEMO_SETTLED_SECONDS.
 * Not those that only a tool writes, squashfs and erofs: it sets the times. */
static bool is_local(const char *path)
{
    static const long long types[] = {
        EXT4_SUPER_MAGIC, XFS_SUPER_MAGIC,       BTRFS_SUPER_MAGIC,    TMPFS_MAGIC, RAMFS_MAGIC,
        F2FS_SUPER_MAGIC, OVERLAYFS_SUPER_MAGIC, REISERFS_SUPER_MAGIC, MAGIC_ZFS,   MAGIC_BCACHEFS,
        MAGIC_JFS,
    };
    struct statfs fs;
    if (statfs(path, &fs) != 0)
        return false;
    for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++)
        if ((unsigned)fs.f_type == (unsigned)types[i])
            return true;
    return false;
}

/* A kernel that stamps a file knows fractions of a second. Where there are none a tool that made an
 * image of a file system set the time (mke2fs -d, mksquashfs below an overlay), and another image
 * in its place may say the same of other data: device, inode, size and times are all as they were.
 */
static bool is_stamped(const struct statx *st)
{
    return st->stx_ctime.tv_nsec != 0;
}

static bool is_settled(const struct memo *memo, const struct statx *st)
{
    int64_t latest = memo->begun - MEMO_SETTLED_SECONDS;
    return memo->local && is_stamped(st) && st->stx_ctime.tv_sec < latest &&
           st->stx_mtime.tv_sec < latest;
}

/* ---- digests ---- */

static int batch_open(struct batch *batch, img_error *err)
{
    batch->bytes = (struct buf)BUF_INIT(2 * BATCH);
    return img__hash_new(IMG_DIGEST_CANONICAL, &batch->hash, err);
}

static void batch_free(struct batch *batch)
{
    img__hash_free(batch->hash);
    img__buf_free(&batch->bytes);
}

static int batch_flush(struct batch *batch, img_error *err)
{
    int rc = img__buf_check(&batch->bytes, "a batch of entries", err);
    if (rc == 0)
        rc = img__hash_update(batch->hash, batch->bytes.data, batch->bytes.len, err);
    img__buf_clear(&batch->bytes);
    return rc;
}

static int batch_check(struct batch *batch, img_error *err)
{
    return batch->bytes.len < BATCH ? img__buf_check(&batch->bytes, "a batch", err)
                                    : batch_flush(batch, err);
}

static void put_text(struct buf *buf, const char *text)
{
    img__buf_append(buf, text, strlen(text) + 1);
}

int img__memo_digest_begin(struct memo *memo, const struct entry *entry, img_error *err)
{
    auto_(buf) struct buf head = BUF_INIT((size_t)32 << 20);
    uint64_t count = entry->xattr_count;
    img__buf_append(&head, &count, sizeof(count));
    for (size_t i = 0; i < entry->xattr_count; i++) {
        uint64_t len = entry->xattrs[i].len;
        put_text(&head, entry->xattrs[i].name);
        img__buf_append(&head, &len, sizeof(len));
        img__buf_append(&head, entry->xattrs[i].value, entry->xattrs[i].len);
    }
    put_text(&head, entry->type == ENTRY_SYMLINK ? entry->link : "");
    int rc = img__buf_check(&head, "the extended attributes of a file", err);
    if (rc == 0)
        rc = img__hash_restart(memo->data, err);
    return rc ? rc : img__hash_update(memo->data, head.data, head.len, err);
}

int img__memo_digest_data(struct memo *memo, const void *data, size_t len, img_error *err)
{
    return img__hash_update(memo->data, data, len, err);
}

int img__memo_digest_end(struct memo *memo, unsigned char digest[IMG_SHA256_BYTES], img_error *err)
{
    return img__hash_final_raw(memo->data, digest, err);
}

/* ---- the list ---- */

int img__memo_new(enum memo_mode mode, const char *path, struct source *old, struct sink *fresh,
                  struct memo **out, img_error *err)
{
    auto_(source) struct source *owned = old;
    struct timespec now;
    struct statx st;
    auto_(memo) struct memo *memo = calloc(1, sizeof(*memo));
    if (!memo)
        return img__fail_memory(err);
    memo->mode = mode;
    memo->local = is_local(path);
    memo->fresh_list = fresh;
    /* The clock that the kernel stamps files with. */
    if (clock_gettime(CLOCK_REALTIME_COARSE, &now) != 0 ||
        statx(AT_FDCWD, path, 0, STATX_BASIC_STATS, &st) != 0)
        return img__fail_errno(err, "cannot look at %s", path);
    memo->begun = now.tv_sec;
    memo->device = img__scan_inode(&st).dev;
    int rc = batch_open(&memo->heads, err);
    if (rc == 0)
        rc = batch_open(&memo->whole, err);
    if (rc == 0)
        rc = img__hash_new(IMG_DIGEST_CANONICAL, &memo->data, err);
    if (rc == 0 && fresh)
        rc = img__stamp_writer_new(fresh, memo->device, &memo->fresh, err);
    if (rc)
        return rc;
    /* One that can't even be begun has told nothing yet. */
    if (owned)
        img__stamp_reader_new(steal(owned), memo->device, &memo->old, NULL);
    memo->result.changed = !memo->old;
    *out = steal(memo);
    return 0;
}

void img__memo_free(struct memo *memo)
{
    if (!memo)
        return;
    batch_free(&memo->heads);
    batch_free(&memo->whole);
    img__hash_free(memo->data);
    img__stamp_reader_free(memo->old);
    img__stamp_writer_free(memo->fresh);
    free(memo);
}

void img__memo_same_owner(struct memo *memo)
{
    memo->same_owner = true;
}

enum memo_mode img__memo_mode(const struct memo *memo)
{
    return memo->mode;
}

/* Of the old list. After its end, and after damage, there is none. */
static void step(struct memo *memo)
{
    int rc = memo->old ? img__stamp_reader_next(memo->old, &memo->next, &memo->error) : 0;
    memo->has_next = rc > 0;
    if (rc > 0)
        return;
    if (rc < 0)
        memo->failed = rc;
    img__stamp_reader_free(steal(memo->old));
}

bool img__memo_find(struct memo *memo, const char *path, const struct statx *st,
                    enum entry_type type, unsigned char digest[IMG_SHA256_BYTES])
{
    struct stamp stamp;
    int order = -1;
    if (!memo->has_next)
        step(memo);
    while (memo->has_next && (order = img__tar_order(memo->next.path, path)) < 0) {
        memo->result.changed = true;
        step(memo);
    }
    if (!memo->has_next || order > 0)
        return false;
    img__stamp_of(st, &stamp);
    bool found = img__scan_inode(st).dev == memo->device && is_settled(memo, st) &&
                 memo->next.type == type && img__stamp_equal(&stamp, &memo->next.stamp);
    if (found)
        memcpy(digest, memo->next.digest, IMG_SHA256_BYTES);
    memo->result.changed |= !found;
    memo->has_next = false;
    return found;
}

/* That the list can't be written must not end the scan. */
static void note_fresh(struct memo *memo, const struct memo_note *note)
{
    if (!memo->fresh || !note->digest || !note->st || !is_settled(memo, note->st) ||
        img__scan_inode(note->st).dev != memo->device)
        return;
    struct stamped stamped = {.path = note->path, .type = note->entry->type};
    img__stamp_of(note->st, &stamped.stamp);
    memcpy(stamped.digest, note->digest, sizeof(stamped.digest));
    memo->result.changed |= !note->found;
    memo->failed = img__stamp_writer_add(memo->fresh, &stamped, &memo->error);
    if (memo->failed)
        img__stamp_writer_free(steal(memo->fresh));
}

static int note_head(struct memo *memo, const struct memo_note *note, img_error *err)
{
    const struct entry *entry = note->entry;
    struct buf *bytes = &memo->heads.bytes;
    bool owner = !memo->same_owner;
    const struct {
        uint64_t size;
        int64_t mtime;
        uint32_t type, mode, uid, gid, device_major, device_minor, mtime_ns, zero;
    } head = {
        .size = entry->size,
        .mtime = entry->mtime,
        .type = (uint32_t)entry->type,
        .mode = entry->mode,
        .uid = owner ? entry->uid : 0,
        .gid = owner ? entry->gid : 0,
        .device_major = entry->device_major,
        .device_minor = entry->device_minor,
        .mtime_ns = entry->mtime_ns,
    };
    put_text(bytes, note->path);
    img__buf_append(bytes, &head, sizeof(head));
    put_text(bytes, entry->type == ENTRY_HARDLINK ? note->link : "");
    return batch_check(&memo->heads, err);
}

int img__memo_note(struct memo *memo, const struct memo_note *note, img_error *err)
{
    int rc = note_head(memo, note, err);
    if (note->digest)
        img__buf_append(&memo->whole.bytes, note->digest, IMG_SHA256_BYTES);
    memo->result.known += note->found;
    memo->result.read += !note->found && note->digest;
    memo->result.unknown += !note->digest;
    if (rc == 0)
        rc = batch_check(&memo->whole, err);
    if (rc == 0)
        note_fresh(memo, note);
    return rc;
}

int img__memo_end(struct memo *memo, struct memo_result *out, img_error *err)
{
    memo->result.changed |= memo->has_next;
    for (; memo->old; step(memo))
        memo->result.changed |= memo->has_next;
    if (memo->failed)
        return err ? (*err = memo->error, memo->failed) : memo->failed;
    int rc = batch_flush(&memo->heads, err);
    if (rc == 0)
        rc = img__hash_final_raw(memo->heads.hash, memo->result.heads, err);
    if (rc == 0)
        rc = img__hash_update(memo->whole.hash, memo->result.heads, IMG_SHA256_BYTES, err);
    if (rc == 0)
        rc = batch_flush(&memo->whole, err);
    if (rc == 0)
        rc = img__hash_final_raw(memo->whole.hash, memo->result.whole, err);
    if (rc == 0 && memo->fresh)
        rc = img__stamp_writer_end(memo->fresh, err);
    *out = memo->result;
    return rc;
}
