/* SPDX-License-Identifier: Apache-2.0
 *
 * Blobs that come and go by a transport of one's own.
 */
#include <libimg/libimg.h>
#include <stdio.h>

/* Puts into the store what has the promised digest, and nothing else. */
int take_blob(img_store *store, const img_descriptor *promised, FILE *in, img_error *err)
{
    img_blob_writer *writer = NULL;
    char data[65536];
    size_t len;
    int code = img_blob_writer_new(store, promised, &writer, err);

    while (code == 0 && (len = fread(data, 1, sizeof(data), in)) > 0)
        code = img_blob_writer_write(writer, data, len, err);
    if (code == 0)
        code = img_blob_writer_commit(writer, NULL, err);
    img_blob_writer_free(writer);
    return code;
}

/* Answers a peer that asks for a digest. */
int serve_blob(img_store *store, const char *digest, int connection, img_error *err)
{
    img_descriptor blob;
    int code = img_store_find_blob(store, digest, &blob, err);

    return code ? code : img_store_send_blob(store, &blob, connection, err);
}

static int write_data(const void *data, size_t len, void *arg)
{
    return fwrite(data, 1, len, arg) == len ? 0 : -1;
}

int print_blob(img_store *store, const img_descriptor *blob, img_error *err)
{
    return img_store_read_blob(store, blob, write_data, stdout, err);
}
