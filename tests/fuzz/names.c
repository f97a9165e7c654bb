/* SPDX-License-Identifier: Apache-2.0
 *
 * index.json. A name can be set in whatever was read, is found, and is gone when it was removed; if
 * each entry is JSON, the whole is.
 */
#include "fuzz.h"

#include <fcntl.h>
#include <unistd.h>

#include "store/internal.h"
#include "store/names.h"

#define NAME "docker.io/library/a:1"
#define DIGEST "sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"

static struct img_store store = {NULL, -1};

static void remove_store(void)
{
    unlinkat(store.dir_fd, STORE_INDEX, 0);
    rmdir(store.path);
    free(store.path);
}

static void make_store(void)
{
    const char *tmp = getenv("TMPDIR");
    must(asprintf(&store.path, "%s/libimg-fuzz-XXXXXX", tmp && *tmp ? tmp : "/tmp") > 0);
    must(mkdtemp(store.path));
    store.dir_fd = open(store.path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    must(store.dir_fd >= 0);
    atexit(remove_store);
}

static void write_index(const uint8_t *data, size_t len)
{
    int fd = openat(store.dir_fd, STORE_INDEX, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    must(fd >= 0);
    must(img__fs_write_all(fd, data, len, STORE_INDEX, NULL) == 0);
    close(fd);
}

static bool all_parse(const struct names *names)
{
    auto_(name_entry) struct name_entry entry = NAME_ENTRY_INIT;
    img_descriptor descriptor;
    int rc;

    while (!(rc = img__names_next(names, &entry, NULL)))
        img__names_descriptor(names, &entry, &descriptor, NULL);
    return rc == IMG_ENOTFOUND;
}

/* A line that is no JSON is noticed wherever it is looked at, so only sound ones are changed. */
static void change(struct names *names)
{
    const img_descriptor descriptor = {MEDIA_OCI_MANIFEST, {DIGEST}, 5, {"", "", "", ""}};
    auto_(name_entry) struct name_entry entry = NAME_ENTRY_INIT;
    auto_(buf) struct buf text = BUF_INIT(NAMES_BYTES_MAX);
    auto_(json) struct json *json = NULL;

    must(img__names_set(names, NAME, &descriptor, NULL) == 0);
    must(img__names_find(names, NAME, &entry, NULL) == 0);
    /* As img__names_write() does, but for the disk. */
    img__buf_append(&text, names->head.data, names->head.len);
    img__buf_append(&text, names->body.data, names->body.len - strlen(",\n"));
    img__buf_puts(&text, "]}");
    must(!text.failed);
    int rc = img__json_parse("x", text.data, text.len, &json, NULL);
    must(rc == 0 || rc == IMG_ELIMIT);
    must(img__names_remove(names, NAME, NULL) == 0);
    must(img__names_remove(names, NAME, NULL) == IMG_ENOTFOUND);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
    auto_(names) struct names names = NAMES_INIT;

    if (store.dir_fd < 0)
        make_store();
    write_index(data, len);
    if (img__names_read(&store, &names, NULL) == 0 && all_parse(&names))
        change(&names);
    return 0;
}
