/* SPDX-License-Identifier: Apache-2.0
 *
 * What the tests against a server share: a server as a child process, a local side in memory, a
 * client, and looking at what was recorded.
 */
#ifndef TESTS_REGISTRY_PEER_H
#define TESTS_REGISTRY_PEER_H

#include "unit.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include "core/digest.h"
#include "core/endpoint.h"
#include "core/manifest.h"
#include "core/verify.h"
#include "registry/registry.h"

#define PEER_BLOBS_MAX 16
#define PEER_EVENTS_MAX 4096

struct peer {
    char dir[64];
    char host[64];    /* "127.0.0.1:PORT" */
    char ca_file[96]; /* "-": no TLS */
    char record[96];
    char auth_file[96];
    pid_t pid;
    int life; /* the server lives until this is closed */
};

static inline void peer_write(const char *path, const char *text)
{
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    fputs(text, file);
    fclose(file);
}

static inline void peer_prepare(struct peer *peer)
{
    const char *tmp = getenv("TMPDIR");
    *peer = (struct peer){.pid = -1, .life = -1};
    snprintf(peer->dir, sizeof(peer->dir), "%.40s/peerXXXXXX", tmp ? tmp : "/tmp");
    assert_non_null(mkdtemp(peer->dir));
    snprintf(peer->record, sizeof(peer->record), "%s/record", peer->dir);
    snprintf(peer->auth_file, sizeof(peer->auth_file), "%s/auth.json", peer->dir);
}

static inline void peer_exec(const char *script, const char *const *arguments, int in, int out)
{
    char path[512];
    char python[] = "/usr/bin/python3", no_cache[] = "-B";
    char *argv[16] = {python, no_cache, path};
    const char *tests = getenv("LIBIMG_TESTS");
    snprintf(path, sizeof(path), "%s/integration/%s", tests ? tests : "tests", script);
    for (size_t i = 0; arguments && arguments[i] && i < 12; i++)
        argv[3 + i] = strdup(arguments[i]);
    if (dup2(in, 0) < 0 || dup2(out, 1) < 0)
        _exit(126);
    execv(python, argv);
    _exit(127);
}

/* Runs a server of tests/integration and waits until it is ready. */
static inline void peer_start(struct peer *peer, const char *script, const char *const *arguments)
{
    int life[2], output[2];
    assert_int_equal(pipe2(life, O_CLOEXEC), 0);
    assert_int_equal(pipe2(output, O_CLOEXEC), 0);
    peer->pid = fork();
    assert_true(peer->pid >= 0);
    if (peer->pid == 0)
        peer_exec(script, arguments, life[0], output[1]);
    close(life[0]);
    close(output[1]);
    peer->life = life[1];
    FILE *lines = fdopen(output[0], "r");
    char line[128] = "";
    int port = 0;
    assert_non_null(lines);
    strcpy(peer->ca_file, "-");
    if (!fgets(line, sizeof(line), lines) || sscanf(line, "%d %95s", &port, peer->ca_file) < 1)
        fail_msg("%s did not start", script);
    fclose(lines);
    snprintf(peer->host, sizeof(peer->host), "127.0.0.1:%d", port);
}

/* A fake registry with a script, "" for none. */
static inline void peer_fake(struct peer *peer, const char *script)
{
    char file[96];
    peer_prepare(peer);
    snprintf(file, sizeof(file), "%s/script", peer->dir);
    peer_write(file, *script ? script : "{}");
    const char *const arguments[] = {"--script", file, "--record", peer->record, NULL};
    peer_start(peer, "fake_registry.py", arguments);
}

static inline void peer_stop(struct peer *peer)
{
    char command[128];
    if (peer->life >= 0)
        close(peer->life);
    if (peer->pid > 0)
        waitpid(peer->pid, NULL, 0);
    snprintf(command, sizeof(command), "rm -rf '%s'", peer->dir);
    assert_int_equal(system(command), 0);
}

/* Lines of the record that have both texts in them. */
static inline int peer_count(const struct peer *peer, const char *one, const char *other)
{
    char line[8192];
    int count = 0;
    FILE *file = fopen(peer->record, "r");
    while (file && fgets(line, sizeof(line), file)) {
        if (strstr(line, one) && strstr(line, other))
            count++;
    }
    if (file)
        fclose(file);
    return count;
}

#define assert_count(peer, one, other, expected)                                                   \
    do {                                                                                           \
        int peer_got = peer_count((peer), (one), (other));                                         \
        if (peer_got != (expected)) {                                                              \
            char peer_cat[128];                                                                    \
            snprintf(peer_cat, sizeof(peer_cat), "cat '%s' >&2", (peer)->record);                  \
            if (system(peer_cat) != 0)                                                             \
                fail();                                                                            \
            fail_msg("%d requests with '%s' and '%s' instead of %d", peer_got, (one), (other),     \
                     (expected));                                                                  \
        }                                                                                          \
    } while (0)

/* Blobs in memory, as a local endpoint. */
struct memory {
    struct endpoint base;
    struct {
        img_descriptor descriptor;
        char *bytes;
        bool there;
        struct buf arriving;
    } blobs[PEER_BLOBS_MAX];
    size_t count;
};

static inline size_t memory_find(struct endpoint *endpoint, const img_descriptor *descriptor)
{
    const struct memory *memory = (struct memory *)endpoint;
    for (size_t i = 0; i < memory->count; i++) {
        if (img__digest_equal(&memory->blobs[i].descriptor.digest, &descriptor->digest))
            return i;
    }
    fail_msg("an unknown blob was asked for: %s", descriptor->digest.text);
    return 0;
}

static inline int memory_open_source(struct endpoint *endpoint, const img_descriptor *descriptor,
                                     struct source **out, img_error *err)
{
    struct memory *memory = (struct memory *)endpoint;
    size_t i = memory_find(endpoint, descriptor);
    return img__source_memory(memory->blobs[i].bytes, descriptor->size_bytes, out, err);
}

static inline int memory_open_sink(struct endpoint *endpoint, const img_descriptor *descriptor,
                                   struct sink **out, img_error *err)
{
    struct memory *memory = (struct memory *)endpoint;
    size_t i = memory_find(endpoint, descriptor);
    struct sink *sink;
    *out = NULL;
    if (memory->blobs[i].there)
        return 0;
    img__buf_free(&memory->blobs[i].arriving);
    memory->blobs[i].arriving = (struct buf)BUF_INIT((size_t)64 << 20);
    int result = img__sink_buf(&memory->blobs[i].arriving, "blob", &sink, err);
    return result ? result
                  : img__sink_verify(&descriptor->digest, descriptor->size_bytes, "blob", sink, out,
                                     err);
}

static inline void memory_clear(struct memory *memory)
{
    for (size_t i = 0; i < memory->count; i++) {
        free(memory->blobs[i].bytes);
        img__buf_free(&memory->blobs[i].arriving);
    }
    *memory = (struct memory){0};
}

static inline void memory_init(struct memory *memory)
{
    static const struct endpoint_ops ops = {
        .open_source = memory_open_source,
        .open_sink = memory_open_sink,
    };
    *memory = (struct memory){.base = {.ops = &ops}};
}

/* A blob of so many bytes that no other seed makes. */
static inline const img_descriptor *memory_add(struct memory *memory, size_t size, unsigned seed)
{
    img_error err;
    char *bytes = malloc(size + 1);
    assert_non_null(bytes);
    uint32_t value = seed * 2654435761u + 1;
    for (size_t i = 0; i < size; i++) {
        value = value * 1664525u + 1013904223u;
        bytes[i] = (char)(value >> 24);
    }
    size_t i = memory->count++;
    img_descriptor *descriptor = &memory->blobs[i].descriptor;
    snprintf(descriptor->media_type, sizeof(descriptor->media_type), MEDIA_OCI_LAYER);
    assert_ok(img__digest_of(bytes, size, &descriptor->digest, &err));
    descriptor->size_bytes = size;
    memory->blobs[i].bytes = bytes;
    return descriptor;
}

static inline void memory_assert_arrived(const struct memory *memory)
{
    for (size_t i = 0; i < memory->count; i++) {
        assert_int_equal(memory->blobs[i].arriving.len, memory->blobs[i].descriptor.size_bytes);
        assert_memory_equal(img__buf_text(&memory->blobs[i].arriving), memory->blobs[i].bytes,
                            memory->blobs[i].arriving.len);
    }
}

/* Jobs for all of its blobs. */
static inline size_t memory_jobs(struct memory *memory, const char *mount_from,
                                 struct blob_job *jobs)
{
    for (size_t i = 0; i < memory->count; i++)
        jobs[i] = (struct blob_job){.descriptor = &memory->blobs[i].descriptor,
                                    .what = "layer",
                                    .local = &memory->base,
                                    .mount_from = mount_from};
    return memory->count;
}

/* Events by kind, and that each item begins before it ends, and ends once; after a failure or a
 * cancellation nothing may come any more. */
struct events {
    struct observer observer;
    int kinds[8];
    int states[PEER_EVENTS_MAX];
    char from[256];
    int cancel_at; /* a kind */
    bool canceled;
};

static inline int events_take(const img_event *event, void *arg)
{
    struct events *events = arg;
    assert_true(event->id < PEER_EVENTS_MAX);
    assert_false(events->canceled);
    int *item = &events->states[event->id];
    assert_int_equal(*item, event->kind == IMG_EVENT_STARTED ? 0 : 1);
    if (event->kind == IMG_EVENT_STARTED)
        *item = 1;
    else if (event->kind != IMG_EVENT_PROGRESS)
        *item = 2;
    events->kinds[event->kind]++;
    if (event->kind == IMG_EVENT_MOUNTED)
        snprintf(events->from, sizeof(events->from), "%s", event->from);
    events->canceled = event->kind == events->cancel_at;
    return events->canceled;
}

static inline void events_init(struct events *events)
{
    *events = (struct events){.observer = {.on_event = events_take, .on_event_arg = events}};
}

static inline void events_assert_ended(const struct events *events)
{
    for (size_t i = 0; i < PEER_EVENTS_MAX; i++)
        assert_int_not_equal(events->states[i], 1);
}

/* A client of the peer; of its options only what the caller set is not the default. */
static inline struct registry *peer_client(const struct peer *peer, img_client_options options)
{
    img_error err;
    struct registry *registry;
    options.auth_file = peer->auth_file;
    /* What stands on this machine for its registries is not for the test. */
    if (!options.registries_conf)
        options.registries_conf = "/dev/null";
    if (!options.hosts_dir)
        options.hosts_dir = "/dev/null";
    options.jobs = options.jobs ? options.jobs : 4;
    options.tries = options.tries ? options.tries : 2;
    options.connect_timeout_ms = 5000;
    options.stall_timeout_ms = options.stall_timeout_ms ? options.stall_timeout_ms : 5000;
    options.manifest_limit_bytes = (uint64_t)4 << 20;
    options.config_limit_bytes = (uint64_t)8 << 20;
    if (peer->ca_file[0] != '-')
        options.ca_file = peer->ca_file;
    assert_ok(img__registry_new(&options, &registry, &err));
    return registry;
}

static inline struct endpoint *peer_endpoint(struct registry *registry, const struct peer *peer,
                                             const char *name, enum registry_access access)
{
    img_error err;
    char text[256];
    img_reference reference;
    struct endpoint *endpoint;
    snprintf(text, sizeof(text), "%s/%s", peer->host, name);
    assert_ok(img_reference_parse(text, &reference, &err));
    assert_ok(img__registry_endpoint(registry, &reference, access, &endpoint, &err));
    return endpoint;
}

/* A manifest of the blobs: the first is the config. */
static inline void memory_manifest(const struct memory *memory, struct document *out)
{
    img_error err;
    img_descriptor config = memory->blobs[0].descriptor;
    img_descriptor layers[PEER_BLOBS_MAX];
    snprintf(config.media_type, sizeof(config.media_type), MEDIA_OCI_CONFIG);
    for (size_t i = 1; i < memory->count; i++)
        layers[i - 1] = memory->blobs[i].descriptor;
    assert_ok(img__manifest_make(&config, layers, NULL, memory->count - 1, NULL, out, &err));
}

#endif
