/* SPDX-License-Identifier: Apache-2.0
 *
 * A temporary file beside the target, then rename(): a reader sees the old content or the new, and
 * a failure leaves the old. Symbolic links are followed; pipes and devices are written to directly.
 */
#include "result_file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "fail.h"
#include "memory.h"

static bool write_all(int fd, const char *text, size_t len)
{
    while (len > 0) {
        ssize_t n = write(fd, text, len);

        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return false;
        text += n;
        len -= (size_t)n;
    }
    return true;
}

static bool write_and_close(int fd, const char *text, size_t len)
{
    bool ok = write_all(fd, text, len);
    int saved = errno;

    if (close(fd) < 0 && ok)
        return false;
    errno = saved;
    return ok;
}

static bool has_content(const char *path, const char *text, size_t len)
{
    auto_free char *old = xcalloc(len + 1, 1);
    size_t have = 0;
    ssize_t n = 1;
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);

    if (fd < 0)
        return false;
    while (have <= len && (n = read(fd, old + have, len + 1 - have)) > 0)
        have += (size_t)n;
    close(fd);
    return n == 0 && have == len && memcmp(old, text, len) == 0;
}

static int write_in_place(const char *path, const char *text, size_t len, img_error *err)
{
    int fd = open(path, O_WRONLY | O_CLOEXEC);

    if (fd < 0 || !write_and_close(fd, text, len))
        return cli_fail_errno(err, "cannot write %s", path);
    return 0;
}

/* Neither mkstemp() nor a mode of our own: the umask decides, as with any file. */
static int replace(const char *path, const char *text, size_t len, img_error *err)
{
    auto_free char *temporary = xasprintf("%s.%ld.tmp", path, (long)getpid());
    int fd;

    unlink(temporary);
    fd = open(temporary, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
    if (fd < 0)
        return cli_fail_errno(err, "cannot write %s", path);
    if (!write_and_close(fd, text, len) || rename(temporary, path) < 0) {
        int rc = cli_fail_errno(err, "cannot write %s", path);
        unlink(temporary);
        return rc;
    }
    return 0;
}

int result_file_write(const char *path, const char *text, size_t len, img_error *err)
{
    auto_free char *real = NULL;
    struct stat st;

    if (stat(path, &st) < 0)
        return replace(path, text, len, err);
    if (!S_ISREG(st.st_mode))
        return write_in_place(path, text, len, err);
    real = realpath(path, NULL);
    if (!real)
        return cli_fail_errno(err, "cannot write %s", path);
    if (has_content(real, text, len))
        return 0;
    return replace(real, text, len, err);
}
