/* SPDX-License-Identifier: Apache-2.0
 *
 * A store in a temporary directory, and small images for it.
 */
#ifndef TESTS_STORE_FIXTURE_H
#define TESTS_STORE_FIXTURE_H

#include "unit.h"

#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <dirent.h>

#include "base/fs.h"
#include "core/digest.h"
#include "store/internal.h"

#define APP "docker.io/library/app"

struct fixture {
    char *parent; /* temporary */
    char *path;   /* of the store, in it */
    img_store *store;
};

static inline img_store *open_store(const char *path)
{
    img_store_options options = IMG_STORE_OPTIONS_INIT;
    img_store *store = NULL;
    img_error err = {0};
    options.path = path;
    assert_ok(img_store_open(&options, &store, &err));
    return store;
}

static inline int fixture_directory(void **state)
{
    struct fixture *f = calloc(1, sizeof(*f));
    const char *tmp = getenv("TMPDIR");
    assert_non_null(f);
    assert_true(asprintf(&f->parent, "%s/libimg-store-XXXXXX", tmp && *tmp ? tmp : "/tmp") > 0);
    assert_non_null(mkdtemp(f->parent));
    f->path = img__store_join(f->parent, "store");
    assert_non_null(f->path);
    *state = f;
    return 0;
}

static inline int fixture_new(void **state)
{
    fixture_directory(state);
    struct fixture *f = *state;
    f->store = open_store(f->path);
    return 0;
}

static inline int remove_entry(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
    (void)st, (void)type, (void)ftw;
    return remove(path);
}

static inline int fixture_free(void **state)
{
    struct fixture *f = *state;
    img_store_free(f->store);
    assert_int_equal(nftw(f->parent, remove_entry, 16, FTW_DEPTH | FTW_PHYS), 0);
    free(f->parent);
    free(f->path);
    free(f);
    return 0;
}

static inline void write_file(const char *folder, const char *name, const char *text)
{
    auto_free char *path = img__store_join(folder, name);
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    assert_int_equal(fwrite(text, 1, strlen(text), file), strlen(text));
    assert_int_equal(fclose(file), 0);
}

/* Owned. */
static inline char *read_file(const char *folder, const char *name)
{
    auto_free char *path = img__store_join(folder, name);
    struct buf text = BUF_INIT((size_t)64 << 20);
    img_error err = {0};
    assert_ok(img__fs_read(AT_FDCWD, path, &text, &err));
    return img__buf_steal(&text);
}

static inline bool file_exists(const char *folder, const char *name)
{
    auto_free char *path = img__store_join(folder, name);
    struct stat st;
    return lstat(path, &st) == 0;
}

/* The entries of a folder whose names begin with prefix. */
static inline size_t count_files(const char *folder, const char *name, const char *prefix)
{
    auto_free char *path = img__store_join(folder, name);
    DIR *dir = opendir(path);
    size_t count = 0;
    assert_non_null(dir);
    for (const struct dirent *entry; (entry = readdir(dir));)
        if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0 &&
            strncmp(entry->d_name, prefix, strlen(prefix)) == 0)
            count++;
    closedir(dir);
    return count;
}

static inline size_t count_blobs(const struct fixture *f)
{
    return count_files(f->path, "blobs/sha256", "");
}

static inline void assert_no_temporaries(const struct fixture *f)
{
    assert_int_equal(count_files(f->path, ".", IMG_FS_TEMPORARY), 0);
    assert_int_equal(count_files(f->path, "blobs/sha256", IMG_FS_TEMPORARY), 0);
}

static inline img_descriptor describe(const char *type, const char *text)
{
    img_descriptor descriptor = {.size_bytes = strlen(text)};
    img_error err = {0};
    snprintf(descriptor.media_type, sizeof(descriptor.media_type), "%s", type);
    assert_ok(img__digest_of(text, strlen(text), &descriptor.digest, &err));
    return descriptor;
}

static inline img_descriptor put_blob(img_store *store, const char *type, const char *text)
{
    img_descriptor descriptor = {.media_type = ""};
    auto_(sink) struct sink *sink = NULL;
    img_error err = {0};
    snprintf(descriptor.media_type, sizeof(descriptor.media_type), "%s", type);
    assert_ok(img__store_ingest(store, &descriptor.digest, &descriptor.size_bytes, &sink, &err));
    assert_ok(img__sink_write(sink, text, strlen(text), &err));
    assert_ok(img__sink_close(sink, &err));
    return descriptor;
}

static inline void json_descriptor(struct buf *out, const img_descriptor *descriptor)
{
    img__buf_printf(out, "{\"mediaType\":\"%s\",\"digest\":\"%s\",\"size\":%llu}",
                    descriptor->media_type, descriptor->digest.text,
                    (unsigned long long)descriptor->size_bytes);
}

/* The text of a manifest with one layer; subject may be NULL. Owned. */
static inline char *manifest_text(const img_descriptor *config, const img_descriptor *layer,
                                  const img_descriptor *subject)
{
    struct buf text = BUF_INIT(65536);
    img__buf_puts(&text,
                  "{\"schemaVersion\":2,\"mediaType\":\"" MEDIA_OCI_MANIFEST "\",\"config\":");
    json_descriptor(&text, config);
    img__buf_puts(&text, ",\"layers\":[");
    json_descriptor(&text, layer);
    img__buf_puts(&text, "]");
    if (subject) {
        img__buf_puts(&text, ",\"subject\":");
        json_descriptor(&text, subject);
    }
    img__buf_puts(&text, "}");
    return img__buf_steal(&text);
}

/* Three blobs that are this image's alone. */
static inline img_descriptor put_image_of(img_store *store, const char *name,
                                          const img_descriptor *subject)
{
    char text[256];
    snprintf(text, sizeof(text),
             "{\"architecture\":\"amd64\",\"os\":\"linux\",\"author\":\"%s\",\"rootfs\":"
             "{\"type\":\"layers\",\"diff_ids\":[]}}",
             name);
    img_descriptor config = put_blob(store, MEDIA_OCI_CONFIG, text);
    snprintf(text, sizeof(text), "layer of %s", name);
    img_descriptor layer = put_blob(store, MEDIA_OCI_LAYER, text);
    auto_free char *manifest = manifest_text(&config, &layer, subject);
    return put_blob(store, MEDIA_OCI_MANIFEST, manifest);
}

static inline img_descriptor put_image(img_store *store, const char *name)
{
    return put_image_of(store, name, NULL);
}

static inline img_descriptor put_index(img_store *store, const img_descriptor *entries,
                                       size_t count)
{
    auto_(buf) struct buf text = BUF_INIT(65536);
    img__buf_puts(&text,
                  "{\"schemaVersion\":2,\"mediaType\":\"" MEDIA_OCI_INDEX "\",\"manifests\":[");
    for (size_t i = 0; i < count; i++) {
        img__buf_puts(&text, i ? "," : "");
        json_descriptor(&text, &entries[i]);
    }
    img__buf_puts(&text, "]}");
    return put_blob(store, MEDIA_OCI_INDEX, img__buf_text(&text));
}

static inline void set_name(img_store *store, const char *name, const img_descriptor *descriptor)
{
    const char *const names[] = {name, NULL};
    img_error err = {0};
    assert_ok(img__store_set_names(store, names, descriptor, &err));
}

static inline void assert_names(img_store *store, const char *reference,
                                const img_descriptor *expected)
{
    img_descriptor found;
    img_error err = {0};
    assert_ok(img_store_resolve(store, reference, &found, &err));
    assert_string_equal(found.digest.text, expected->digest.text);
    assert_int_equal(found.size_bytes, expected->size_bytes);
    assert_string_equal(found.media_type, expected->media_type);
}

static inline void assert_unknown(img_store *store, const char *reference)
{
    img_descriptor found;
    img_error err = {0};
    assert_fails(img_store_resolve(store, reference, &found, &err), IMG_ENOTFOUND, "no image");
}

/* Waits for a child, which must end with status 0. */
static inline void assert_child_ok(pid_t child)
{
    int status;
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFEXITED(status));
    assert_int_equal(WEXITSTATUS(status), 0);
}

#endif
