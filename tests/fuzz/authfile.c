/* SPDX-License-Identifier: Apache-2.0
 *
 * The auth file, as a file in memory: what is found is whole, also in the old form without
 * "auths". A key begins with a host and ends in no slash.
 */
#include "fuzz.h"

#include <sys/mman.h>
#include <unistd.h>

#include "registry/authfile.h"

static int fd = -1;
static char path[64];

static void make_file(void)
{
    fd = memfd_create("authfile", MFD_CLOEXEC);
    must(fd >= 0);
    snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
}

static void look(enum auth_kind kind, const char *host, const char *repository)
{
    const struct auth_place place = {.kind = kind, .path = path};
    auto_(auth_found) struct auth_found found = {.there = false};

    if (img__authfile_find(&place, host, repository, &found, NULL) != 0)
        return;
    must(found.there);
    must(!found.entry.user == !found.entry.password);
    must(img__account_is_anonymous(&found.entry) || found.key);
    must(!found.helper == !found.helper_key);
    must(!found.helper || kind != AUTH_LEGACY);
}

static void read_key(const uint8_t *data, size_t len)
{
    auto_free char *key = malloc(len + 1);
    auto_(buf) struct buf normal = BUF_INIT(AUTHFILE_KEY_MAX);

    must(key);
    memcpy(key, data, len);
    key[len] = '\0';
    if (!img__authfile_key_normal(key, &normal))
        return;
    must(normal.len > 0 && normal.data[0] != '/');
    must(normal.data[normal.len - 1] != '/');
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
    if (fd < 0)
        make_file();
    must(ftruncate(fd, 0) == 0);
    must(pwrite(fd, data, len, 0) == (ssize_t)len);
    look(AUTH_FILE, "r", "a/b");
    look(AUTH_FILE, "docker.io", "library/x");
    look(AUTH_LEGACY, "r", "");
    read_key(data, len < 400 ? len : 400);
    return 0;
}
