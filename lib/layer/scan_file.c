/* SPDX-License-Identifier: Apache-2.0
 *
 * The data of a regular file: exactly as many bytes as fstat() promised, and an error if the file
 * was written to, cut or extended meanwhile, never padding (layers.md C25). Holes are not read but
 * given as zeros (C18).
 */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "layer/scan_internal.h"

static bool same_time(const struct statx_timestamp *a, const struct statx_timestamp *b)
{
    return a->tv_sec == b->tv_sec && a->tv_nsec == b->tv_nsec;
}

static int check_unchanged(struct file_source *file, img_error *err)
{
    struct statx now;
    if (statx(file->fd, "", AT_EMPTY_PATH, STATX_BASIC_STATS, &now) != 0)
        return img__fail_errno(err, "%s: cannot be looked at", file->place);
    if (now.stx_size == file->st.stx_size && same_time(&now.stx_mtime, &file->st.stx_mtime) &&
        same_time(&now.stx_ctime, &file->st.stx_ctime))
        return 0;
    return img__fail(err, IMG_EIO,
                     "%s: changed while it was read; try again when nothing writes to it",
                     file->place);
}

/* Finds the data that begins at or behind where we are. What can't be told is data. */
static void find_data(struct file_source *file)
{
    off_t at = (off_t)file->at;
    off_t start = lseek(file->fd, at, SEEK_DATA);
    if (start < 0 && errno == ENXIO) {
        file->data_start = file->data_end = file->st.stx_size;
        return;
    }
    off_t end = start < 0 ? -1 : lseek(file->fd, start, SEEK_HOLE);
    file->data_start = end < 0 ? file->at : (uint64_t)start;
    file->data_end = end < 0 ? file->st.stx_size : (uint64_t)end;
}

static ssize_t read_some(struct file_source *file, void *data, size_t len, img_error *err)
{
    if (file->sparse && file->at >= file->data_end)
        find_data(file);
    if (file->at < file->data_start) {
        uint64_t hole = file->data_start - file->at;
        len = len < hole ? len : (size_t)hole;
        memset(data, 0, len);
        return (ssize_t)len;
    }

    ssize_t n;
    do
        n = pread(file->fd, data, len, (off_t)file->at);
    while (n < 0 && errno == EINTR);
    if (n < 0)
        return img__fail_errno(err, "%s: cannot be read", file->place);
    if (n == 0)
        return img__fail(err, IMG_EIO,
                         "%s: was cut short while it was read; try again when nothing writes to it",
                         file->place);
    return n;
}

static ssize_t file_read(struct source *source, void *data, size_t len, img_error *err)
{
    struct file_source *file = (struct file_source *)source;
    uint64_t left = file->st.stx_size - file->at;
    ssize_t n = 0;
    if (left > 0 && len > 0) {
        n = read_some(file, data, len < left ? len : (size_t)left, err);
        if (n < 0)
            return n;
        file->at += (uint64_t)n;
    }
    if (file->at == file->st.stx_size && !file->checked) {
        int rc = check_unchanged(file, err);
        if (rc)
            return rc;
        file->checked = true;
    }
    return n;
}

static void file_free(struct source *source)
{
    (void)source; /* it is on the stack of the scan */
}

static const struct source_ops file_ops = {.read = file_read, .free = file_free};

void img__scan_file(struct file_source *file, int fd, const char *place, const struct statx *st)
{
    *file = (struct file_source){
        .source.ops = &file_ops,
        .fd = fd,
        .place = place,
        .st = *st,
        .sparse = st->stx_blocks < st->stx_size / 512,
    };
}
