/* SPDX-License-Identifier: Apache-2.0
 *
 * What is in a registry.
 */
#include <libimg/libimg.h>
#include <stdio.h>
#include <string.h>

static int show(const char *name, void *arg)
{
    (void)arg;
    puts(name);
    return 0;
}

int list_tags(img_client *client, img_error *err)
{
    return img_repository_tags(client, "localhost:5000/team/app", NULL, show, NULL, err);
}

int list_repositories(img_client *client, img_error *err)
{
    img_list_options options = IMG_LIST_OPTIONS_INIT;

    options.limit = 100;
    return img_registry_catalog(client, "localhost:5000", &options, show, NULL, err);
}

int print_manifest(img_client *client, const char *reference, img_error *err)
{
    img_document *document = NULL;
    size_t len;
    int code = img_manifest_get(client, reference, NULL, &document, err);

    if (code == 0) {
        const char *bytes = img_document_bytes(document, &len);
        printf("%s\n", img_document_descriptor(document)->digest.text);
        fwrite(bytes, 1, len, stdout);
    }
    img_document_free(document);
    return code;
}

/* Is it still what it was? No layer is fetched for that. */
int has_moved(img_client *client, const char *tag, const img_digest *known, img_error *err)
{
    img_descriptor now;
    int code = img_manifest_resolve(client, tag, NULL, &now, err);

    return code ? code : strcmp(now.digest.text, known->text) != 0;
}

int delete_tag(img_client *client, img_error *err)
{
    return img_tag_delete(client, "localhost:5000/team/app:old", err);
}

/* name@digest, with all tags that it has. */
int delete_image(img_client *client, const char *pinned, img_error *err)
{
    return img_manifest_delete(client, pinned, err);
}

int delete_blob(img_client *client, const char *pinned, img_error *err)
{
    return img_blob_delete(client, pinned, err);
}
