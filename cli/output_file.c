/* SPDX-License-Identifier: Apache-2.0
 *
 * A temporary file beside the target, then rename(), as for small results: a failure leaves what
 * was there. Symbolic links are followed; pipes and devices are written to directly.
 */
#include "output_file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "fail.h"
#include "memory.h"
#include "text.h"

#define BUFFER_BYTES ((size_t)256 * 1024)

static int open_stream(struct output_file *file, const char *path, int flags, img_error *err)
{
    int fd = open(path, flags | O_WRONLY | O_CLOEXEC, 0666);

    if (fd < 0)
        return cli_fail_errno(err, "cannot write %s", file->to);
    file->stream = fdopen(fd, "w");
    if (!file->stream) {
        int rc = cli_fail_errno(err, "cannot write %s", file->to);
        close(fd);
        return rc;
    }
    setvbuf(file->stream, NULL, _IOFBF, BUFFER_BYTES);
    return 0;
}

/* The umask decides on its mode, as with any file. */
static int open_temporary(struct output_file *file, img_error *err)
{
    file->temporary = xasprintf("%s.%ld.tmp", file->path, (long)getpid());
    unlink(file->temporary);
    return open_stream(file, file->temporary, O_CREAT | O_EXCL, err);
}

static bool is_stdout(const char *path)
{
    return !path || text_is(path, "-");
}

int output_file_check(const char *path, img_error *err)
{
    if (is_stdout(path) && isatty(STDOUT_FILENO))
        return cli_fail(err, IMG_EINVAL,
                        "the output is not for a terminal: use -o FILE, or a pipe");
    return 0;
}

int output_file_open(struct output_file *file, const char *path, img_error *err)
{
    struct stat st;

    *file = (struct output_file){.to = path};
    if (is_stdout(path)) {
        file->to = "to the standard output";
        file->stream = stdout;
        return 0;
    }
    if (stat(path, &st) < 0) {
        file->path = xstrdup(path);
        return open_temporary(file, err);
    }
    if (S_ISDIR(st.st_mode))
        return cli_fail(err, IMG_EINVAL, "cannot write %s: it is a directory", path);
    if (!S_ISREG(st.st_mode))
        return open_stream(file, path, 0, err);
    file->path = realpath(path, NULL);
    if (!file->path)
        return cli_fail_errno(err, "cannot write %s", path);
    return open_temporary(file, err);
}

int output_file_write(struct output_file *file, const void *data, size_t len)
{
    if (fwrite(data, 1, len, file->stream) == len)
        return 0;
    file->write_errno = errno;
    return -1;
}

int output_file_failed(const struct output_file *file, img_error *err)
{
    errno = file->write_errno;
    return cli_fail_errno(err, "cannot write %s", file->to);
}

int output_file_commit(struct output_file *file, img_error *err)
{
    FILE *stream = file->stream;

    if (stream == stdout)
        return fflush(stdout) ? cli_fail_errno(err, "cannot write %s", file->to) : 0;
    file->stream = NULL;
    if (fclose(stream) != 0)
        return cli_fail_errno(err, "cannot write %s", file->to);
    if (file->path && rename(file->temporary, file->path) < 0)
        return cli_fail_errno(err, "cannot write %s", file->to);
    free(file->temporary);
    file->temporary = NULL;
    return 0;
}

void auto_output_file(struct output_file *file)
{
    if (file->stream && file->stream != stdout)
        fclose(file->stream);
    if (file->temporary)
        unlink(file->temporary);
    free(file->temporary);
    free(file->path);
}
