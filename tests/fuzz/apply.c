/* SPDX-License-Identifier: Apache-2.0
 *
 * Layers put into a directory: the two halves of the input, one on the other, and then the first
 * once more. Whatever they hold, nothing beside the root is touched, and all that is in the root
 * can be removed. A sum over the input says how: with openat2() or without, with threads, on a root
 * that is not empty, with duplicates allowed.
 */
#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>

#include "fuzz.h"

#include "layer/apply_internal.h"

/* cell/root is what is unpacked into; all else must stay as it is. */
static const char *const canaries[] = {"canary", "canaries", "canaries/a", "cell/a", "cell/b"};
#define CANARIES (sizeof(canaries) / sizeof(canaries[0]))

static char place[32];
static int outer = -1;
static int cell = -1;
static struct stat before[CANARIES];

static void put(const char *name)
{
    int fd = openat(outer, name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    must(fd >= 0 && write(fd, "untouched", 9) == 9);
    close(fd);
}

static void leave(void)
{
    must(img__root_remove_tree(AT_FDCWD, place, NULL) == 0);
}

static void settle_in(void)
{
    strcpy(place, access("/dev/shm", W_OK) == 0 ? "/dev/shm/img-XXXXXX" : "/tmp/img-XXXXXX");
    must(mkdtemp(place));
    atexit(leave);
    outer = open(place, O_PATH | O_DIRECTORY | O_CLOEXEC);
    must(outer >= 0 && mkdirat(outer, "canaries", 0700) == 0 && mkdirat(outer, "cell", 0700) == 0);
    put("canary");
    put("canaries/a");
    put("cell/a");
    must(symlinkat("../canary", outer, "cell/b") == 0);
    cell = openat(outer, "cell", O_PATH | O_DIRECTORY | O_CLOEXEC);
    must(cell >= 0);
    for (size_t i = 0; i < CANARIES; i++)
        must(fstatat(outer, canaries[i], &before[i], AT_SYMLINK_NOFOLLOW) == 0);
}

static bool same_time(struct timespec a, struct timespec b)
{
    return a.tv_sec == b.tv_sec && a.tv_nsec == b.tv_nsec;
}

static void check_canaries(void)
{
    for (size_t i = 0; i < CANARIES; i++) {
        struct stat now;
        must(fstatat(outer, canaries[i], &now, AT_SYMLINK_NOFOLLOW) == 0);
        must(now.st_ino == before[i].st_ino && now.st_mode == before[i].st_mode);
        must(now.st_nlink == before[i].st_nlink && now.st_size == before[i].st_size);
        must(same_time(now.st_ctim, before[i].st_ctim));
        must(same_time(now.st_mtim, before[i].st_mtim));
    }
}

static int layer(struct apply *apply, const uint8_t *data, size_t len, img_error *err)
{
    auto_(source) struct source *source = NULL;
    must(img__source_memory(data, len, &source, NULL) == 0);
    return img__apply_layer(apply, source, "layer", err);
}

static struct apply *apply_new(unsigned sum)
{
    struct apply_options options = {
        .threads = sum % 16 == 1 ? 3 : 1,
        .owners = geteuid() == 0,
        .allow_duplicates = sum & 64,
        .max_entries = 1000,
        .max_bytes = (uint64_t)1 << 20,
    };
    struct apply *apply = NULL;
    must(mkdirat(cell, "root", 0755) == 0);
    int root = openat(cell, "root", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    must(root >= 0);
    if (sum & 128)
        must(mkdirat(root, "d", 0700) == 0 && symlinkat("d", root, "m") == 0);
    must(img__apply_new(root, &options, &apply, NULL) == 0);
    if (sum & 32)
        img__root_forgo_openat2(apply->root);
    return apply;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
    auto_free uint8_t *copy = malloc(len + 1);
    const size_t half = len / 2 / FUZZ_BLOCK * FUZZ_BLOCK;
    struct stat now, then;
    unsigned sum = (unsigned)len;
    img_error err;

    must(copy);
    if (outer < 0)
        settle_in();
    if (len)
        memcpy(copy, data, len);
    fuzz_sum_headers(copy, len);
    for (size_t i = 0; i < len; i++)
        sum = sum * 31 + data[i];
    struct apply *apply = apply_new(sum >> 8);
    must(fstat(cell, &then) == 0);
    int rc = layer(apply, copy, half, &err);
    if (!rc)
        rc = layer(apply, copy + half, len - half, &err);
    if (!rc)
        rc = layer(apply, copy, half, &err);
    if (!rc)
        rc = img__apply_end(apply, false, &err);
    must(rc <= 0 && (!rc || err.message[0]));
    img__apply_free(apply);
    must(fstat(cell, &now) == 0 && same_time(now.st_ctim, then.st_ctim));
    check_canaries();
    rc = img__root_remove_tree(cell, "root", &err);
    if (rc)
        fprintf(stderr, "%s\n", err.message);
    must(rc == 0);
    return 0;
}
