/* SPDX-License-Identifier: Apache-2.0
 *
 * The content of files, chunk by chunk. Blocks of zeros in large ones become holes (layers.md C18).
 */
#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include "layer/apply_internal.h"

#define BLOCK ((size_t)4096)
#define HOLES_FROM ((uint64_t)1 << 20) /* bytes of a file */

static bool is_zero(const char *data, size_t len)
{
    return data[0] == 0 && memcmp(data, data + 1, len - 1) == 0;
}

/* How many bytes at data are of whole blocks of zeros, or none of them. */
static size_t run_of(const char *data, size_t len, bool *zeros)
{
    size_t at = len < BLOCK ? len : BLOCK;
    *zeros = len >= BLOCK && is_zero(data, BLOCK);
    while (len - at >= BLOCK && is_zero(data + at, BLOCK) == *zeros)
        at += BLOCK;
    return *zeros || len - at >= BLOCK ? at : len;
}

int img__apply_write(int fd, const char *data, size_t len, uint64_t offset, img_error *err)
{
    while (len > 0) {
        ssize_t done = pwrite(fd, data, len, (off_t)offset);
        if (done < 0 && errno == EINTR)
            continue;
        if (done < 0)
            return img__fail_errno(err, "can't write its content");
        data += done;
        offset += (uint64_t)done;
        len -= (size_t)done;
    }
    return 0;
}

static int write_sparse(int fd, const char *data, size_t len, uint64_t offset, img_error *err)
{
    int rc = 0;
    for (size_t at = 0; at < len && !rc;) {
        bool zeros;
        size_t run = run_of(data + at, len - at, &zeros);
        rc = zeros ? 0 : img__apply_write(fd, data + at, run, offset + at, err);
        at += run;
    }
    return rc;
}

/* Fills the chunk unless the file ends before. */
static ssize_t read_chunk(struct apply *apply, img_error *err)
{
    size_t done = 0;
    while (done < APPLY_CHUNK) {
        ssize_t got =
            img__tar_reader_data(apply->reader, apply->chunk + done, APPLY_CHUNK - done, err);
        if (got < 0) {
            apply->located = true;
            return got;
        }
        if (got == 0)
            break;
        done += (size_t)got;
    }
    return (ssize_t)done;
}

int img__apply_content(struct apply *apply, int fd, img_error *err)
{
    const uint64_t size = apply->entry->size;
    const bool holes = size >= HOLES_FROM;
    uint64_t done = 0;
    while (done < size) {
        ssize_t got = read_chunk(apply, err);
        if (got < 0)
            return (int)got;
        if (got == 0)
            return img__fail(err, IMG_EFORMAT, "its data is cut short");
        int rc = holes ? write_sparse(fd, apply->chunk, (size_t)got, done, err)
                       : img__apply_write(fd, apply->chunk, (size_t)got, done, err);
        if (rc)
            return rc;
        done += (uint64_t)got;
    }
    /* A hole at the end. */
    if (holes && ftruncate(fd, (off_t)size) != 0)
        return img__fail_errno(err, "can't write its content");
    return 0;
}
