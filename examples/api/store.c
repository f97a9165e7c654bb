/* SPDX-License-Identifier: Apache-2.0
 *
 * The store, and bundles from it.
 */
#include <inttypes.h>
#include <libimg/libimg.h>
#include <stdio.h>
#include <unistd.h>

static int show_name(const char *reference, const img_descriptor *descriptor, void *arg)
{
    (void)arg;
    printf("%s %s\n", reference, descriptor->digest.text);
    return 0;
}

int list_store(img_store *store, img_error *err)
{
    printf("in %s:\n", img_store_path(store));
    return img_store_list(store, show_name, NULL, err);
}

/* Another name for an image, and away with the old one; then what nobody needs is removed. */
int rename_image(img_store *store, const char *from, const char *to, img_error *err)
{
    const char *new_names[] = {to, NULL}, *old_names[] = {from, NULL};
    img_gc_result result;
    int code = img_store_tag(store, from, new_names, err);

    if (code == 0)
        code = img_store_untag(store, old_names, err);
    if (code == 0)
        code = img_store_gc(store, &result, err);
    if (code == 0)
        printf("%" PRIu64 " bytes freed\n", result.freed_bytes);
    return code;
}

/* The first bytes of a manifest, from its file. */
int peek(img_store *store, const char *reference, char out[64], img_error *err)
{
    img_descriptor target;
    int fd;
    int code = img_store_resolve(store, reference, &target, err);

    if (code == 0)
        code = img_store_open_blob(store, &target, &fd, err);
    if (code != 0)
        return code;
    if (read(fd, out, 64) < 0)
        perror("read");
    close(fd);
    return 0;
}

/* Then: runc run --bundle bundle NAME */
int make_bundle(img_store *store, img_error *err)
{
    const char *cmd[] = {"sh", "-c", "id", NULL};
    img_bundle_options options = IMG_BUNDLE_OPTIONS_INIT;

    options.cmd = cmd;
    options.hostname = "test";
    return img_unpack_bundle(store, "debian:12", "bundle", &options, NULL, err);
}
