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

int img__store_lock(const img_store *store, const char *file, int operation, int *fd,
                    img_error *err)
{
    auto_fd int lock =
        openat(store->dir_fd, file, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, STORE_FILE_MODE);
    if (lock < 0)
        return img__fail_errno(err, "cannot write to the store: %s/%s", store->path, file);

    int r;
    do {
        r = flock(lock, operation);
    } while (r != 0 && errno == EINTR);
    if (r != 0 && errno == EWOULDBLOCK)
        return 0;
    if (r != 0)
        return img__fail_errno(err, "cannot lock %s/%s", store->path, file);
    *fd = steal_fd(lock);
    return 0;
}

int img__lease_take(img_store *store, struct lease **out, img_error *err)
{
    auto_(lease) struct lease *lease = calloc(1, sizeof(*lease));
    if (!lease)
        return img__fail_memory(err);
    lease->fd = -1;
    int r = img__store_lock(store, STORE_LEASE, LOCK_SH, &lease->fd, err);
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
