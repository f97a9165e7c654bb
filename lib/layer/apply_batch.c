/* SPDX-License-Identifier: Apache-2.0
 *
 * Small files, several at once: they are copied into batches, which worker threads create, fill and
 * finish while the layer is read on. Only where nothing can be in their way but another entry of
 * the layer, which is an error: in directories that the layers below have nothing in. So the
 * outcome does not depend on when a batch runs; who depends on the files calls img__apply_settle().
 */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdatomic.h>
#include <string.h>

#include "base/pool.h"
#include "layer/apply_internal.h"

#define BATCHES 12u
#define BATCH_BYTES ((size_t)256 << 10) /* of paths and content */
#define BATCH_FILES 64u
#define BATCH_DIRECTORIES 8u
#define SMALL ((uint64_t)128 << 10)

/* A directory that is open as long as somebody has it. All on the caller's thread. */
struct handle {
    int fd;
    unsigned users;
};

struct small {
    const char *path;
    const char *name; /* in path */
    const char *data;
    size_t len;
    uint64_t offset;    /* of its header in the layer */
    unsigned directory; /* of the batch's */
    mode_t birth;
    struct meta meta;
};

struct batch {
    struct job job;
    atomic_bool done;
    bool running;
    unsigned count;
    struct small files[BATCH_FILES];
    unsigned directory_count;
    struct handle *directories[BATCH_DIRECTORIES];
    size_t used; /* of bytes */
    char *bytes;
    const char *layer;
    int rc;
    img_error err;
};

struct batches {
    struct pool *pool;
    unsigned at; /* the one that is filled, or is next */
    struct batch ring[BATCHES];
};

/* ---- directories ---- */

struct handle *img__handle_new(int fd)
{
    struct handle *handle = malloc(sizeof(*handle));
    if (handle)
        *handle = (struct handle){fd, 1};
    return handle;
}

void img__handle_drop(struct handle *handle)
{
    if (!handle || --handle->users > 0)
        return;
    close(handle->fd);
    free(handle);
}

/* ---- what a worker does ---- */

static int fail_create(img_error *err)
{
    if (errno == EEXIST)
        return img__fail(err, IMG_EFORMAT, "%s", APPLY_TWICE);
    return img__fail_errno(err, "can't make it");
}

static int write_small(const struct batch *batch, const struct small *file, img_error *err)
{
    auto_fd int fd = openat(batch->directories[file->directory]->fd, file->name,
                            O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, file->birth);
    if (fd < 0)
        return fail_create(err);
    int rc = img__apply_write(fd, file->data, file->len, 0, err);
    return rc ? rc : img__apply_meta_fd(fd, &file->meta, err);
}

static void run(struct job *job)
{
    struct batch *batch = (struct batch *)job;
    for (unsigned i = 0; i < batch->count && !batch->rc; i++) {
        const struct small *file = &batch->files[i];
        batch->rc = write_small(batch, file, &batch->err);
        if (batch->rc)
            img__prefix(&batch->err, batch->rc, "%s: entry '%.512s' at byte %" PRIu64, batch->layer,
                        file->path, file->offset);
    }
    atomic_store(&batch->done, true);
}

/* ---- the ring ---- */

int img__batches_new(unsigned threads, struct batches **out, img_error *err)
{
    auto_(batches) struct batches *batches = calloc(1, sizeof(*batches));
    if (!batches)
        return img__fail_memory(err);
    for (unsigned i = 0; i < BATCHES; i++) {
        batches->ring[i].job.run = run;
        batches->ring[i].bytes = malloc(BATCH_BYTES);
        if (!batches->ring[i].bytes)
            return img__fail_memory(err);
    }
    int rc = img__pool_new(threads, &batches->pool, err);
    if (rc)
        return rc;
    *out = steal(batches);
    return 0;
}

static void empty(struct batch *batch)
{
    for (unsigned i = 0; i < batch->directory_count; i++)
        img__handle_drop(batch->directories[i]);
    batch->directory_count = batch->count = 0;
    batch->used = 0;
    batch->running = false;
    batch->rc = 0;
}

void img__batches_free(struct batches *batches)
{
    if (!batches)
        return;
    img__pool_free(batches->pool);
    for (unsigned i = 0; i < BATCHES; i++) {
        empty(&batches->ring[i]);
        free(batches->ring[i].bytes);
    }
    free(batches);
}

/* Until the batch has run; then it is empty. */
static int wait_for(struct batches *batches, struct batch *batch, img_error *err)
{
    if (!batch->running)
        return 0;
    while (!atomic_load(&batch->done))
        img__pool_step(batches->pool);
    int rc = batch->rc;
    if (rc && err)
        *err = batch->err;
    empty(batch);
    return rc;
}

static void submit(struct batches *batches)
{
    struct batch *batch = &batches->ring[batches->at];
    if (batch->running || batch->count == 0)
        return;
    batch->running = true;
    atomic_store(&batch->done, false);
    img__pool_submit(batches->pool, &batch->job);
    batches->at = (batches->at + 1) % BATCHES;
}

int img__batches_settle(struct batches *batches, img_error *err)
{
    int first = 0;
    if (!batches)
        return 0;
    submit(batches);
    for (unsigned i = 0; i < BATCHES; i++) {
        struct batch *batch = &batches->ring[(batches->at + i) % BATCHES];
        int rc = wait_for(batches, batch, first ? NULL : err);
        first = first ? first : rc;
    }
    return first;
}

int img__apply_settle(struct apply *apply, img_error *err)
{
    int rc = img__batches_settle(apply->batches, err);
    apply->located = apply->located || rc;
    return rc;
}

/* ---- filling ---- */

/* BATCH_DIRECTORIES: there is no room. */
static unsigned find_directory(struct batch *batch, struct handle *handle)
{
    for (unsigned i = batch->directory_count; i-- > 0;)
        if (batch->directories[i] == handle)
            return i;
    if (batch->directory_count == BATCH_DIRECTORIES)
        return BATCH_DIRECTORIES;
    handle->users++;
    batch->directories[batch->directory_count] = handle;
    return batch->directory_count++;
}

static bool has_room(const struct batch *batch, const struct handle *handle, size_t bytes)
{
    bool known = batch->directory_count < BATCH_DIRECTORIES;
    for (unsigned i = 0; i < batch->directory_count; i++)
        known = known || batch->directories[i] == handle;
    return known && batch->count < BATCH_FILES && bytes <= BATCH_BYTES - batch->used;
}

static int read_all(struct apply *apply, char *to, size_t len, img_error *err)
{
    for (size_t done = 0; done < len;) {
        ssize_t got = img__tar_reader_data(apply->reader, to + done, len - done, err);
        if (got < 0) {
            apply->located = true;
            return (int)got;
        }
        if (got == 0)
            return img__fail(err, IMG_EFORMAT, "its data is cut short");
        done += (size_t)got;
    }
    return 0;
}

static char *take_bytes(struct batch *batch, size_t len)
{
    char *at = batch->bytes + batch->used;
    batch->used += len;
    return at;
}

bool img__apply_can_batch(const struct apply *apply, const struct place *place)
{
    const struct entry *entry = apply->entry;
    return apply->batches && entry->size <= SMALL && entry->xattr_count == 0 &&
           !apply->options.allow_duplicates && !img__apply_notes_owner(apply) &&
           (apply->fresh || img__dirs_is_emptied(&apply->dirs, place->parent->dir, apply->layer));
}

int img__apply_batch(struct apply *apply, const struct place *place, const struct meta *meta,
                     img_error *err)
{
    struct batches *batches = apply->batches;
    struct handle *handle = place->parent->handle;
    const struct entry *entry = apply->entry;
    const size_t len = (size_t)entry->size;
    const size_t path_len = strlen(entry->path) + 1;
    if (!has_room(&batches->ring[batches->at], handle, path_len + len))
        submit(batches);
    struct batch *batch = &batches->ring[batches->at];
    int rc = wait_for(batches, batch, err);
    if (rc) {
        apply->located = true;
        return rc;
    }
    batch->layer = apply->name;
    char *path = take_bytes(batch, path_len);
    char *data = take_bytes(batch, len);
    memcpy(path, entry->path, path_len);
    struct small *file = &batch->files[batch->count];
    *file = (struct small){.path = path, .data = data, .len = len, .meta = *meta};
    file->name = path + (strlen(path) - strlen(place->name));
    file->offset = img__tar_reader_offset(apply->reader);
    file->birth = place->birth;
    file->directory = find_directory(batch, handle);
    rc = read_all(apply, data, len, err);
    if (rc)
        return rc;
    batch->count++;
    return 0;
}
