/* SPDX-License-Identifier: Apache-2.0
 *
 * Programs. What goes in lies in a file of memory, so that nobody can stop reading it and no
 * SIGPIPE is there to be caught; what comes out is read until the program has ended, not until its
 * pipe is closed, since a daemon that it left behind may keep that open. The program gets no other
 * descriptor, no blocked signals and SIGPIPE as it is by default. It shares the terminal and the
 * process group: it may ask its user for something, and Ctrl-C reaches it.
 */
#include "base/process.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>

#include "base/fs.h"

#define TICK_MS 20
#define PIECE_BYTES ((size_t)4096)

extern char **environ;

struct child {
    const struct process *process;
    pid_t pid;
    int output; /* -1: closed */
    bool ended;
    int status;
    int64_t deadline_ms;
};

static int64_t now_ms(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/* Descriptors of a process that has closed its standard ones would get in each other's way. */
static int above_standard(int *fd)
{
    if (*fd < 0 || *fd > STDERR_FILENO)
        return *fd < 0 ? -1 : 0;
    int other = fcntl(*fd, F_DUPFD_CLOEXEC, STDERR_FILENO + 1);
    int number = errno;
    close(*fd);
    errno = number;
    *fd = other;
    return other < 0 ? -1 : 0;
}

static int make_input(const struct process *process, int *fd, img_error *err)
{
    *fd = memfd_create("input", MFD_CLOEXEC);
    if (above_standard(fd) < 0)
        return img__fail_errno(err, "cannot make a file in memory");
    int result =
        img__fs_write_all(*fd, process->input, process->input_len, "a file in memory", err);
    if (result == 0 && lseek(*fd, 0, SEEK_SET) < 0)
        result = img__fail_errno(err, "cannot rewind a file in memory");
    return result;
}

static int set_up(posix_spawn_file_actions_t *actions, posix_spawnattr_t *attributes, int in,
                  int out)
{
    sigset_t none, defaults;
    sigemptyset(&none);
    sigemptyset(&defaults);
    sigaddset(&defaults, SIGPIPE);
    int number = posix_spawn_file_actions_adddup2(actions, in, STDIN_FILENO);
    if (number == 0)
        number = posix_spawn_file_actions_adddup2(actions, out, STDOUT_FILENO);
    if (number == 0)
        number = posix_spawn_file_actions_addopen(actions, STDERR_FILENO, "/dev/null", O_WRONLY, 0);
    if (number == 0)
        number = posix_spawn_file_actions_addclosefrom_np(actions, STDERR_FILENO + 1);
    if (number == 0)
        number = posix_spawnattr_setsigmask(attributes, &none);
    if (number == 0)
        number = posix_spawnattr_setsigdefault(attributes, &defaults);
    if (number == 0)
        number =
            posix_spawnattr_setflags(attributes, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);
    return number;
}

static int spawn(struct child *child, int in, int out, img_error *err)
{
    const struct process *process = child->process;
    posix_spawn_file_actions_t actions;
    posix_spawnattr_t attributes;
    union {
        const char *const *in;
        char *const *out;
    } argv = {process->argv};
    int number = posix_spawn_file_actions_init(&actions);
    if (number == 0) {
        number = posix_spawnattr_init(&attributes);
        if (number == 0) {
            number = set_up(&actions, &attributes, in, out);
            if (number == 0)
                number = posix_spawn(&child->pid, process->path, &actions, &attributes, argv.out,
                                     environ);
            posix_spawnattr_destroy(&attributes);
        }
        posix_spawn_file_actions_destroy(&actions);
    }
    errno = number;
    return number ? img__fail_errno(err, "cannot run %s", process->path) : 0;
}

static void take_status(struct child *child, pid_t got, int status)
{
    child->ended = true;
    if (got < 0)
        child->status = -1;
    else
        child->status = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

static void look_for_end(struct child *child, int options)
{
    int status = 0;
    pid_t got;
    if (child->ended)
        return;
    do {
        got = waitpid(child->pid, &status, options);
    } while (got < 0 && errno == EINTR);
    if (got != 0)
        take_status(child, got, status);
}

static int read_piece(struct child *child, img_error *err)
{
    struct buf *output = child->process->output;
    size_t left = output->max - output->len;
    size_t want = left < PIECE_BYTES ? left : PIECE_BYTES;
    char spare, *to = want ? img__buf_reserve(output, want) : &spare;
    if (!to)
        return img__fail_memory(err);
    ssize_t got = read(child->output, to, want ? want : 1);
    if (got < 0 && errno == EINTR)
        return 0;
    if (got < 0)
        return img__fail_errno(err, "cannot read from %s", child->process->path);
    if (got > 0 && !want)
        return img__fail(err, IMG_ELIMIT, "%s says more than %zu bytes", child->process->path,
                         output->max);
    if (got == 0) {
        close(child->output);
        child->output = -1;
        return 0;
    }
    output->len += (size_t)got;
    output->data[output->len] = '\0';
    return 0;
}

/* *silent: nothing was there to be read. */
static int listen_to(struct child *child, int wait_ms, bool *silent, img_error *err)
{
    struct pollfd fd = {child->output, POLLIN, 0};
    *silent = true;
    /* Without a descriptor it is a pause. */
    int count = poll(&fd, 1, wait_ms);
    if (count < 0 && errno != EINTR)
        return img__fail_errno(err, "cannot wait for %s", child->process->path);
    if (count <= 0)
        return 0;
    *silent = false;
    return read_piece(child, err);
}

static int follow(struct child *child, img_error *err)
{
    for (;;) {
        bool silent;
        int64_t left_ms = child->deadline_ms - now_ms();
        bool ended = child->ended;
        if (left_ms <= 0 && !ended)
            return img__fail(err, IMG_EFAIL, "%s did not end within %u s", child->process->path,
                             (child->process->timeout_ms + 999) / 1000);
        int wait_ms = ended ? 0 : left_ms < TICK_MS ? (int)left_ms : TICK_MS;
        int result = listen_to(child, wait_ms, &silent, err);
        if (result || (ended && silent))
            return result;
        look_for_end(child, WNOHANG);
    }
}

int img__process_run(const struct process *process, int *status, img_error *err)
{
    struct child child = {.process = process, .output = -1};
    auto_fd int in = -1;
    int ends[2];
    int result = make_input(process, &in, err);
    if (result)
        return result;
    if (pipe2(ends, O_CLOEXEC) < 0)
        return img__fail_errno(err, "cannot make a pipe");
    child.output = ends[0];
    auto_fd int out = ends[1];
    if (above_standard(&out) < 0 || above_standard(&child.output) < 0)
        result = img__fail_errno(err, "cannot make a pipe");
    if (result == 0)
        result = spawn(&child, in, out, err);
    bool running = result == 0;
    if (out >= 0)
        close(out);
    out = -1;
    child.deadline_ms = now_ms() + process->timeout_ms;
    if (running)
        result = follow(&child, err);
    if (running && !child.ended) {
        kill(child.pid, SIGKILL);
        look_for_end(&child, 0);
    }
    if (child.output >= 0)
        close(child.output);
    *status = child.status;
    return result;
}

static bool is_program(const char *path)
{
    struct stat st;
    return stat(path, &st) == 0 && S_ISREG(st.st_mode) && access(path, X_OK) == 0;
}

int img__process_find(const char *name, char **out, img_error *err)
{
    const char *folders = getenv("PATH");
    *out = NULL;
    for (const char *at = folders ? folders : "/usr/local/bin:/usr/bin:/bin"; *at;) {
        size_t len = strcspn(at, ":");
        auto_free char *path = NULL;
        if (*at == '/') {
            if (asprintf(&path, "%.*s/%s", (int)len, at, name) < 0) {
                path = NULL;
                return img__fail_memory(err);
            }
            if (is_program(path)) {
                *out = steal(path);
                return 0;
            }
        }
        at += len + (at[len] == ':');
    }
    return 0;
}
