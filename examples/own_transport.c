/* SPDX-License-Identifier: Apache-2.0
 *
 * Brings an image into the store by a transport of its own, here a folder of blobs that are called
 * as their digests: own_transport /mnt/blobs/sha256 sha256:0123... site:1
 */
#include <fcntl.h>
#include <libimg/libimg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static img_store *store;
static img_error err;
static int manifests; /* brought in this round: what they reach is told in the next */

#define OPEN(digest) open(strchr((digest), ':') + 1, O_RDONLY | O_CLOEXEC)

/* A short or a wrong one is noticed by its digest. */
static int bring_manifest(const char *digest, img_descriptor *out)
{
    static char bytes[4 << 20];
    int fd = OPEN(digest);
    ssize_t len = read(fd, bytes, sizeof(bytes));

    close(fd);
    manifests++;
    return img_store_put_document(store, NULL, bytes, len > 0 ? (size_t)len : 0, digest, out, &err);
}

static int bring_blob(const img_descriptor *descriptor)
{
    img_blob_writer *writer = NULL;
    int fd = OPEN(descriptor->digest.text);
    int code = img_blob_writer_new(store, descriptor, &writer, &err);

    if (code == 0)
        code = img_blob_writer_write_fd(writer, fd, &err);
    if (code == 0)
        code = img_blob_writer_commit(writer, NULL, &err);
    img_blob_writer_free(writer);
    close(fd);
    return code;
}

static int bring(const img_descriptor *descriptor, int32_t kind, uint32_t present, void *failed)
{
    int *code = failed, manifest = kind == IMG_PART_INDEX || kind == IMG_PART_MANIFEST;

    if (!present && *code == 0)
        *code = manifest ? bring_manifest(descriptor->digest.text, NULL) : bring_blob(descriptor);
    return 0;
}

int main(int argc, char **argv)
{
    const char *names[] = {argc == 4 ? argv[3] : NULL, NULL};
    img_lease *lease = NULL;
    img_descriptor image;
    int code, failed = 0;

    if (argc != 4 || img_digest_parse(argv[2], &image.digest, NULL) != 0 || chdir(argv[1]) != 0)
        return 2;
    code = img_store_open(NULL, &store, &err);
    if (code == 0)
        code = img_lease_new(store, &lease, &err);
    if (code == 0)
        code = bring_manifest(argv[2], &image);
    for (; code == 0 && manifests; code = code ? code : failed) {
        manifests = 0;
        code = img_store_parts(store, &image, NULL, bring, &failed, &err);
    }
    if (code == 0)
        code = img_store_name(store, &image, NULL, names, &err);
    printf("%s\n", code ? err.message : image.digest.text);
    img_lease_free(lease);
    img_store_free(store);
    return img_code_exit_status(code);
}
