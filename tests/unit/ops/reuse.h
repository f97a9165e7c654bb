/* SPDX-License-Identifier: Apache-2.0
 *
 * Builds of one tree with and without what the store remembers, and what was read for them. The
 * clock of the library can be set ahead, so that no test waits until files are old enough, and the
 * times of files can be made as coarse as on old file systems, or as in images of file systems.
 */
#ifndef TESTS_OPS_REUSE_H
#define TESTS_OPS_REUSE_H

#include "fixture.h"

#include <sys/xattr.h>
#include <time.h>

static time_t reuse_ahead = 100; /* seconds that the clock is ahead */
static bool reuse_coarse;        /* times of files differ by whole seconds */
static bool reuse_whole;         /* and are whole seconds */

int __real_clock_gettime(clockid_t clock, struct timespec *now);
int __wrap_clock_gettime(clockid_t clock, struct timespec *now);
int __real_statx(int dirfd, const char *path, int flags, unsigned mask, struct statx *st);
int __wrap_statx(int dirfd, const char *path, int flags, unsigned mask, struct statx *st);

int __wrap_fsync(int fd);

/* Takes time and proves nothing here. */
int __wrap_fsync(int fd)
{
    return fcntl(fd, F_GETFD) < 0 ? -1 : 0;
}

int __wrap_clock_gettime(clockid_t clock, struct timespec *now)
{
    int rc = __real_clock_gettime(clock, now);
    if (clock == CLOCK_REALTIME_COARSE)
        now->tv_sec += reuse_ahead;
    return rc;
}

int __wrap_statx(int dirfd, const char *path, int flags, unsigned mask, struct statx *st)
{
    int rc = __real_statx(dirfd, path, flags, mask, st);
    if (rc == 0 && (reuse_coarse || reuse_whole))
        st->stx_mtime.tv_nsec = st->stx_ctime.tv_nsec = reuse_whole ? 0 : 1;
    return rc;
}

/* What a build did. */
struct did {
    unsigned made;   /* layers */
    unsigned cached; /* the same */
    unsigned warnings;
    unsigned long long kept; /* files that were not read for the last cached layer */
    unsigned long long read;
    char digest[sizeof(((img_digest *)NULL)->text)];
};

static int did_event(const img_event *event, void *arg)
{
    struct did *did = arg;
    did->made += event->kind == IMG_EVENT_DONE;
    did->cached += event->kind == IMG_EVENT_CACHED;
    return 0;
}

static void did_log(int level, const char *line, void *arg)
{
    struct did *did = arg;
    const char *numbers = strstr(line, "layer from the cache: ");
    did->warnings += level == IMG_LOG_WARNING;
    if (numbers && (numbers = strchr(numbers, ',')))
        assert_int_equal(
            sscanf(numbers, ", %llu files not read, %llu read", &did->kept, &did->read), 2);
}

/* One or more trees at their destinations, as they are or with options. */
struct plan {
    const char *source[3]; /* beneath the fixture's directory */
    const char *destination[3];
    img_build_options build;
    img_add_options add;
};

static inline struct plan plan_of(const char *source, const char *destination)
{
    struct plan plan = {{source}, {destination}, amd64_options(), IMG_ADD_OPTIONS_INIT};
    return plan;
}

static inline struct did run_plan(struct fixture *f, const struct plan *plan, bool no_cache)
{
    struct did did = {0};
    img_build_options options = plan->build;
    img_descriptor manifest;
    img_error err = {0};
    options.no_cache = no_cache;
    options.on_event = did_event;
    options.on_log = did_log;
    options.on_event_arg = options.on_log_arg = &did;
    auto_(test_build) img_build *build = build_with(f, &options);
    for (size_t i = 0; i < 3 && plan->source[i]; i++) {
        auto_free char *path = path_in(f, plan->source[i]);
        assert_ok(img_build_add_path(build, path, plan->destination[i], &plan->add, &err));
    }
    assert_ok(img_build_commit(build, (const char *const[]){NULL}, &manifest, NULL, &err));
    strcpy(did.digest, manifest.digest.text);
    return did;
}

/* With what is remembered; the digest must be the one without. */
static inline struct did run(struct fixture *f, const struct plan *plan)
{
    struct did did = run_plan(f, plan, false);
    struct did other = run_plan(f, plan, true);
    assert_int_equal(other.cached, 0);
    assert_string_equal(did.digest, other.digest);
    return did;
}

static inline void assert_made(struct fixture *f, const struct plan *plan, unsigned layers)
{
    struct did did = run(f, plan);
    assert_int_equal(did.made, layers);
}

/* Nothing was made, and so many files were read to find that out. */
static inline void assert_cached(struct fixture *f, const struct plan *plan, unsigned read)
{
    struct did did = run(f, plan);
    assert_int_equal(did.made, 0);
    assert_true(did.cached > 0);
    assert_int_equal(did.read, read);
}

/* Runs a script in the fixture's directory. */
__attribute__((format(printf, 2, 3))) static inline void shell(const struct fixture *f,
                                                               const char *format, ...)
{
    auto_(buf) struct buf command = BUF_INIT((size_t)1 << 20);
    auto_free char *script = NULL;
    va_list args;
    va_start(args, format);
    assert_true(vasprintf(&script, format, args) >= 0);
    va_end(args);
    img__buf_printf(&command, "cd '%s' && { %s\n}", f->parent, script);
    int status = system(img__buf_text(&command));
    if (status != 0)
        fail_msg("status %d of: %s", status, script);
}

/* A tree of all sorts. */
static inline void make_tree(const struct fixture *f)
{
    shell(f, "mkdir -p t/a/deep t/b && echo one >t/a/one && echo two >t/a/two &&"
             "echo three >t/a/deep/three && : >t/b/empty && ln -s one t/a/link &&"
             "ln t/a/one t/b/hard && mkfifo t/b/pipe && chmod 640 t/a/two &&"
             "find t -exec touch -h -d @1000000000.5 {} +");
}

#endif
