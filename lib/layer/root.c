/* SPDX-License-Identifier: Apache-2.0
 *
 * Paths inside a root. A path without links is opened by one openat2(), which refuses links and
 * can't leave the root. Everything else is walked: each component is opened with O_NOFOLLOW in the
 * directory before it, the text of a link takes its place in what is left, and ".." takes off the
 * end of the real path, at which the walk goes on from the root. So the kernel never follows a
 * link, and what is opened lies beneath the root even if somebody swaps directories meanwhile.
 */
#include "layer/root.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>

#include "layer/entry.h"

#define TRIES 128u
#define TODO_MAX ((size_t)2 * ENTRY_PATH_MAX + 2)
/* Directories that are opened for one path: "a/../" in the target of a link costs many. */
#define STEPS_MAX 8192u
/* And for all paths together, beyond what honest ones need: many small entries can lead through
 * links that cost much. */
#define STEPS_SPARE ((uint64_t)1 << 18)
#define STEPS_EARNED 16u /* by a path, and two more by each of its components */
#define DIRECTORY (O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC)

struct root {
    int fd;
    bool walks; /* there is no openat2() */
    uint64_t steps_left;
};

int img__root_open(int fd, struct root **out, img_error *err)
{
    auto_fd int owned = fd;
    struct root *root = calloc(1, sizeof(*root));
    if (!root)
        return img__fail_memory(err);
    root->fd = steal_fd(owned);
    root->steps_left = STEPS_SPARE;
    *out = root;
    return 0;
}

void img__root_free(struct root *root)
{
    if (!root)
        return;
    close(root->fd);
    free(root);
}

int img__root_fd(const struct root *root)
{
    return root->fd;
}

void img__root_forgo_openat2(struct root *root)
{
    root->walks = true;
}

/* ---- without links ---- */

/* -1 with errno. EAGAIN is a rename somewhere on the machine. */
static int open_at_once(const struct root *root, const char *path, int flags)
{
    const struct open_how how = {
        .flags = (uint32_t)(flags | DIRECTORY),
        .resolve = RESOLVE_IN_ROOT | RESOLVE_NO_MAGICLINKS | RESOLVE_NO_SYMLINKS,
    };
    int fd = -1;
    for (unsigned i = 0; i < TRIES; i++) {
        fd = (int)syscall(SYS_openat2, root->fd, path, &how, sizeof(how));
        if (fd >= 0 || (errno != EAGAIN && errno != EINTR))
            break;
    }
    return fd;
}

/* Kernels before 5.6, and filters of system calls that do not know it. */
static bool is_missing_call(int number)
{
    return number == ENOSYS || number == EPERM || number == E2BIG;
}

static int open_by_components(const struct root *root, const char *path, int flags)
{
    auto_fd int at = openat(root->fd, ".", (*path ? O_PATH : flags) | DIRECTORY);
    for (const char *next = path; at >= 0 && *next;) {
        char name[ENTRY_NAME_MAX + 1];
        const char *end = strchrnul(next, '/');
        size_t len = (size_t)(end - next);
        if (len > ENTRY_NAME_MAX) {
            errno = ENAMETOOLONG;
            return -1;
        }
        memcpy(name, next, len);
        name[len] = '\0';
        next = *end ? end + 1 : end;
        int fd = openat(at, name, (*next ? O_PATH : flags) | DIRECTORY);
        int number = errno;
        close(at);
        at = fd;
        errno = number;
    }
    return steal_fd(at);
}

int img__root_open_directory(struct root *root, const char *real, size_t len, int flags)
{
    char path[ENTRY_PATH_MAX + 1];
    if (len > ENTRY_PATH_MAX) {
        errno = ENAMETOOLONG;
        return -1;
    }
    memcpy(path, real, len);
    path[len] = '\0';
    if (!root->walks) {
        int fd = open_at_once(root, len ? path : ".", flags);
        if (fd >= 0 || (!is_missing_call(errno) && errno != ENAMETOOLONG))
            return fd;
        root->walks = is_missing_call(errno);
    }
    return open_by_components(root, path, flags);
}

/* ---- with links ---- */

struct walk {
    struct root *root;
    const struct root_follow *follow; /* NULL: all */
    struct root_way *way;
    struct buf todo;
    size_t at;     /* of what is left in todo */
    size_t opened; /* bytes of the real path that way->fd is; way->there at most when it is valid */
    unsigned links;
    unsigned steps;
};

static int fail_loop(img_error *err)
{
    return img__fail(err, IMG_EFORMAT, "there are too many symbolic links on the way");
}

static void set_fd(struct walk *walk, int fd)
{
    if (walk->way->fd >= 0)
        close(walk->way->fd);
    walk->way->fd = fd;
}

static unsigned count_components(const char *path, size_t len)
{
    unsigned count = 1;
    for (size_t i = 0; i < len; i++)
        count += path[i] == '/';
    return count;
}

static int fail_open(const struct walk *walk, img_error *err)
{
    return img__fail_errno(err, "can't open the directory '%.512s' on the way",
                           img__buf_text(&walk->way->real));
}

static int charge(struct walk *walk, unsigned steps, img_error *err)
{
    walk->steps += steps;
    if (walk->steps > STEPS_MAX || walk->root->steps_left < steps)
        return fail_loop(err);
    walk->root->steps_left -= steps;
    return 0;
}

/* The directory in which the walk is, opened. */
static int stand(struct walk *walk, img_error *err)
{
    struct root_way *way = walk->way;
    if (way->fd >= 0 && walk->opened == way->real.len)
        return 0;
    int rc = charge(walk, count_components(way->real.data, way->real.len), err);
    if (rc)
        return rc;
    int fd = img__root_open_directory(walk->root, img__buf_text(&way->real), way->real.len, O_PATH);
    if (fd < 0)
        return fail_open(walk, err);
    set_fd(walk, fd);
    walk->opened = way->real.len;
    return 0;
}

static void truncate_real(struct walk *walk, size_t len)
{
    struct root_way *way = walk->way;
    way->real.len = len;
    if (way->real.data)
        way->real.data[len] = '\0';
    if (way->there >= len) {
        way->there = len;
        way->missing = way->file = false;
    }
}

static void go_up(struct walk *walk)
{
    const struct buf *real = &walk->way->real;
    const char *slash = real->len ? memrchr(real->data, '/', real->len) : NULL;
    truncate_real(walk, slash ? (size_t)(slash - real->data) : 0);
}

static int append(struct walk *walk, const char *name, img_error *err)
{
    struct buf *real = &walk->way->real;
    if (real->len)
        img__buf_putc(real, '/');
    img__buf_puts(real, name);
    if (real->failed == IMG_ELIMIT)
        return img__fail(err, IMG_EFORMAT, "leads to a path of more than %u bytes", ENTRY_PATH_MAX);
    return img__buf_check(real, "a path", err);
}

/* The text of a link takes its place in what is left. */
static int follow_link(struct walk *walk, const char *target, img_error *err)
{
    auto_(buf) struct buf todo = BUF_INIT(TODO_MAX);
    if (++walk->links > ROOT_LINKS_MAX)
        return fail_loop(err);
    img__buf_puts(&todo, target);
    if (walk->at < walk->todo.len) {
        img__buf_putc(&todo, '/');
        img__buf_puts(&todo, walk->todo.data + walk->at);
    }
    if (todo.failed == IMG_ELIMIT)
        return img__fail(err, IMG_EFORMAT, "symbolic links lead to a path that is too long");
    int rc = img__buf_check(&todo, "a path", err);
    if (rc)
        return rc;
    if (target[0] == '/')
        truncate_real(walk, 0);
    img__buf_free(&walk->todo);
    walk->todo = todo;
    todo = (struct buf){0};
    walk->at = 0;
    return 0;
}

static bool may_follow(const struct walk *walk, const char *name)
{
    const struct root_follow *follow = walk->follow;
    return !follow || follow->may(img__buf_text(&walk->way->real), name, follow->arg);
}

/* What is no directory: a link, or something that makes no way. */
static int enter_other(struct walk *walk, const char *name, img_error *err)
{
    char target[ENTRY_LINK_MAX + 2];
    ssize_t len = readlinkat(walk->way->fd, name, target, sizeof(target) - 1);
    if (len < 0 && errno != EINVAL && errno != ENOENT)
        return img__fail_errno(err, "can't read the link '%.255s' on the way", name);
    if (len > (ssize_t)ENTRY_LINK_MAX)
        return img__fail(err, IMG_EFORMAT, "symbolic links lead to a path that is too long");
    if (len > 0 && may_follow(walk, name)) {
        target[len] = '\0';
        return follow_link(walk, target, err);
    }
    walk->way->there = walk->way->real.len;
    walk->way->missing = true;
    walk->way->file = len < 0;
    return append(walk, name, err);
}

static int enter(struct walk *walk, const char *name, img_error *err)
{
    struct root_way *way = walk->way;
    if (way->missing)
        return append(walk, name, err);
    int rc = stand(walk, err);
    if (!rc)
        rc = charge(walk, 1, err);
    if (rc)
        return rc;
    int fd = openat(way->fd, name, O_PATH | DIRECTORY);
    if (fd >= 0) {
        set_fd(walk, fd);
        rc = append(walk, name, err);
        walk->opened = way->there = way->real.len;
        return rc;
    }
    if (errno == ENOTDIR || errno == ELOOP)
        return enter_other(walk, name, err);
    if (errno != ENOENT)
        return fail_open(walk, err);
    way->missing = true;
    return append(walk, name, err);
}

/* Takes the next component of what is left; false: there is none. */
static bool next_component(struct walk *walk, char *name, size_t *len)
{
    const char *at = img__buf_text(&walk->todo) + walk->at;
    at += strspn(at, "/");
    const char *end = strchrnul(at, '/');
    *len = (size_t)(end - at);
    if (*len <= ENTRY_NAME_MAX)
        memcpy(name, at, *len);
    name[*len <= ENTRY_NAME_MAX ? *len : 0] = '\0';
    walk->at = (size_t)(end - img__buf_text(&walk->todo)) + (*end != '\0');
    return *len > 0;
}

static int walk_all(struct walk *walk, img_error *err)
{
    char name[ENTRY_NAME_MAX + 1];
    size_t len;
    int rc = 0;
    while (!rc && next_component(walk, name, &len)) {
        if (len > ENTRY_NAME_MAX)
            return img__fail(err, IMG_EFORMAT, "a symbolic link has a name of more than %u bytes",
                             ENTRY_NAME_MAX);
        if (strcmp(name, "..") == 0)
            go_up(walk);
        else if (strcmp(name, ".") != 0)
            rc = enter(walk, name, err);
    }
    return rc;
}

/* The directories that are there are open at the end, whatever ".." took off. */
static int open_existing(struct walk *walk, img_error *err)
{
    struct root_way *way = walk->way;
    if (!way->missing)
        return stand(walk, err);
    if (way->fd >= 0 && walk->opened == way->there)
        return 0;
    set_fd(walk,
           img__root_open_directory(walk->root, img__buf_text(&way->real), way->there, O_PATH));
    return way->fd < 0 ? fail_open(walk, err) : 0;
}

static int resolve_links(struct root *root, const char *path, size_t len,
                         const struct root_follow *follow, struct root_way *way, img_error *err)
{
    struct walk walk = {.root = root, .follow = follow, .way = way, .todo = BUF_INIT(TODO_MAX)};
    img__buf_append(&walk.todo, path, len);
    int rc = img__buf_check(&walk.todo, "a path", err);
    root->steps_left += STEPS_EARNED + 2 * count_components(path, len);
    if (!rc)
        rc = walk_all(&walk, err);
    if (!rc)
        rc = open_existing(&walk, err);
    img__buf_free(&walk.todo);
    return rc;
}

void img__root_way_free(struct root_way *way)
{
    if (way->fd >= 0)
        close(way->fd);
    img__buf_free(&way->real);
    way->fd = -1;
}

int img__root_resolve(struct root *root, const char *path, size_t len,
                      const struct root_follow *follow, struct root_way *out, img_error *err)
{
    auto_(root_way) struct root_way way = {.real = BUF_INIT(ENTRY_PATH_MAX), .fd = -1};
    way.fd = img__root_open_directory(root, path, len, O_PATH);
    if (way.fd >= 0) {
        img__buf_append(&way.real, path, len);
        way.there = len;
    }
    int rc = way.fd >= 0 ? img__buf_check(&way.real, "a path", err)
                         : resolve_links(root, path, len, follow, &way, err);
    if (rc)
        return rc;
    *out = way;
    way = (struct root_way){.fd = -1};
    return 0;
}

/* ---- for others ---- */

int img__root_parent(struct root *root, const char *path, int *dirfd, const char **name,
                     img_error *err)
{
    auto_(root_way) struct root_way way = {.fd = -1};
    const char *slash = strrchr(path, '/');
    size_t len = slash ? (size_t)(slash - path) : 0;
    int rc = img__root_resolve(root, path, len, NULL, &way, err);
    if (rc)
        return rc;
    if (way.missing)
        return img__fail(err, IMG_ENOTFOUND, "the directory '%.*s' does not exist", (int)len, path);
    *dirfd = steal_fd(way.fd);
    *name = slash ? slash + 1 : path;
    return 0;
}

/* Nothing else is opened: that alone does something to a device, or waits. */
static int open_regular(int dirfd, const char *name)
{
    struct stat stat;
    if (fstatat(dirfd, name, &stat, AT_SYMLINK_NOFOLLOW) != 0)
        return -1;
    auto_fd int fd = -1;
    if (S_ISREG(stat.st_mode))
        fd = openat(dirfd, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
    if (fd >= 0 && fstat(fd, &stat) != 0)
        return -1;
    if (S_ISREG(stat.st_mode))
        return steal_fd(fd);
    errno = EINVAL;
    return -1;
}

static int read_regular(int fd, const char *path, struct buf *out, img_error *err)
{
    for (;;) {
        char chunk[16384];
        ssize_t got = read(fd, chunk, sizeof(chunk));
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            return img__fail_errno(err, "can't read '%.512s' of the image", path);
        if (got == 0)
            return 0;
        img__buf_append(out, chunk, (size_t)got);
        int rc = img__buf_check(out, path, err);
        if (rc)
            return rc;
    }
}

int img__root_read(struct root *root, const char *path, struct buf *out, img_error *err)
{
    auto_(root_way) struct root_way way = {.fd = -1};
    int rc = img__root_resolve(root, path, strlen(path), NULL, &way, err);
    if (rc)
        return rc;
    const char *name = img__buf_text(&way.real) + way.there;
    name += *name == '/';
    if (way.missing && (!way.file || strchr(name, '/')))
        return img__fail(err, IMG_ENOTFOUND, "there is no '%.512s' in the image", path);
    auto_fd int fd = -1;
    if (way.missing)
        fd = open_regular(way.fd, name);
    else
        errno = EISDIR;
    if (fd < 0 && (errno == EINVAL || errno == EISDIR))
        return img__fail(err, IMG_EINVAL, "'%.512s' in the image is not a regular file", path);
    if (fd < 0)
        return img__fail_errno(err, "can't open '%.512s' of the image", path);
    return read_regular(fd, path, out, err);
}
