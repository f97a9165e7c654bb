/* SPDX-License-Identifier: Apache-2.0
 *
 * The tar reader. What it takes, the tar writer takes, too: an entry that passes is one of a layer.
 */
#include "fuzz.h"

#include "layer/tar_header.h"
#include "layer/tar_read.h"

#define DATA_MAX ((uint64_t)4 << 20) /* of a sparse file's holes */

static int read_data(struct tar_reader *reader, const struct entry *entry, uint64_t *left)
{
    static char data[65536];
    uint64_t total = 0;
    ssize_t n = 0;

    while (total < *left && (n = img__tar_reader_data(reader, data, sizeof(data), NULL)) > 0)
        total += (uint64_t)n;
    must(n < 0 || total >= *left || total == entry->size);
    *left -= total < *left ? total : *left;
    return n < 0 ? -1 : 0;
}

static void check_entry(const struct entry *entry)
{
    auto_(buf) struct buf header = BUF_INIT(TAR_HEADER_MAX);
    img_error err = {0};

    must(entry->path && entry->mode <= 07777 && entry->mtime_ns < 1000000000u);
    for (size_t i = 1; i < entry->xattr_count; i++)
        must(strcmp(entry->xattrs[i - 1].name, entry->xattrs[i].name) < 0);
    int rc = img__entry_check(entry, &err);
    must(!rc || rc == IMG_EINVAL);
    if (!rc && entry->path[0]) {
        rc = img__tar_header(entry, &header, &err);
        must(!rc || rc == IMG_ELIMIT);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
    auto_(source) struct source *source = NULL;
    auto_(tar_reader) struct tar_reader *reader = NULL;
    auto_free uint8_t *copy = malloc(len + 1);
    const struct entry *entry;
    uint64_t left = DATA_MAX;

    must(copy);
    if (len)
        memcpy(copy, data, len);
    fuzz_sum_headers(copy, len);
    must(img__source_memory(copy, len, &source, NULL) == 0);
    must(img__tar_reader_new(source, "tar", &reader, NULL) == 0);
    while (img__tar_reader_next(reader, &entry, NULL) == 1) {
        check_entry(entry);
        if (read_data(reader, entry, &left))
            break;
    }
    return 0;
}
