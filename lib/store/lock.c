/* SPDX-License-Identifier: Apache-2.0
 *
 * Locks and leases: flock() on files that stay, so that a dead process holds nothing. Each lock is
 * an open file of its own: two leases in one process are as independent as in two.
 *
 * Order, so that nobody waits in a circle: the collector takes the lease file without waiting and
 * then the lock; nobody waits for a lease while holding the lock.
 */
#include <errno.h>
#include <fcntl.h>
#include <sys/file.h>

#include "store/internal.h"

struct lease {
    int fd;
};

static int open_lock(const img_store *store, const char *file, int flags)
{
    return openat(store->dir_fd, file, flags | O_CLOEXEC | O_NOFOLLOW | O_NOCTTY, STORE_FILE_MODE);
}

/* Takes lock over; *fd stays as it is if another one has it and operation says not to wait. */
static int lock_file(const img_store *store, const char *file, int lock, int operation, int *fd,
                     img_error *err)
{
    auto_fd int owned = lock;
    int r;

    do {
        r = flock(owned, operation);
    } while (r != 0 && errno == EINTR);
    if (r != 0 && errno == EWOULDBLOCK)
        return 0;
    if (r != 0)
        return img__fail_errno(err, "cannot lock %s/%s", store->path, file);
    *fd = steal_fd(owned);
    return 0;
}

int img__store_lock(const img_store *store, const char *file, int operation, int *fd,
                    img_error *err)
{
    int lock = open_lock(store, file, O_RDWR | O_CREAT);
    if (lock < 0)
        return img__fail_errno(err, "cannot write to the store: %s/%s", store->path, file);
    return lock_file(store, file, lock, operation, fd, err);
}

/* Who may only read holds a lease too, on the file that is there. If there is none, no collector
 * was ever here; one that comes now may take away what is being read, which is then noticed. */
static int lock_lease(const img_store *store, int *fd, img_error *err)
{
    int lock = open_lock(store, STORE_LEASE, O_RDWR | O_CREAT);
    if (lock < 0 && (errno == EACCES || errno == EROFS)) {
        lock = open_lock(store, STORE_LEASE, O_RDONLY);
        if (lock < 0)
            return 0;
    }
    if (lock < 0)
        return img__fail_errno(err, "cannot open %s/%s", store->path, STORE_LEASE);
    return lock_file(store, STORE_LEASE, lock, LOCK_SH, fd, err);
}

int img__lease_take(img_store *store, struct lease **out, img_error *err)
{
    auto_(lease) struct lease *lease = calloc(1, sizeof(*lease));
    if (!lease)
        return img__fail_memory(err);
    lease->fd = -1;
    int r = lock_lease(store, &lease->fd, err);
    if (r)
        return r;
    *out = steal(lease);
    return 0;
}

void img__lease_free(struct lease *lease)
{
    if (!lease)
        return;
    if (lease->fd >= 0)
        close(lease->fd);
    free(lease);
}
