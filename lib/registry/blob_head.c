/* SPDX-License-Identifier: Apache-2.0
 *
 * Is a blob there? For those who only want to know; what sends blobs asks by itself.
 */
#include "core/digest.h"
#include "registry/batch.h"
#include "registry/call.h"

#define PATH_BYTES_MAX ((size_t)1024)

/* A repository that does not exist yet has nothing, and it may be hidden behind a 403. */
static int take_presence(const struct call *call, const struct http_response *response, void *arg,
                         img_error *err)
{
    bool *has = arg;
    switch (response->status) {
    case 200:
        *has = true;
        return 0;
    case 403:
    case 404:
    case 405:
        *has = false;
        return 0;
    default:
        return img__call_refused(call, response, err);
    }
}

int img__blob_has(struct repository *repository, const img_descriptor *descriptor, bool *has,
                  img_error *err)
{
    auto_(buf) struct buf path = BUF_INIT(PATH_BYTES_MAX);
    int result = img__blob_path(repository, &descriptor->digest, &path, err);
    if (result)
        return result;
    const struct call_request request = {
        .access = &repository->access,
        .method = "HEAD",
        .path = path.data,
    };
    return img__call_perform(&request, take_presence, has, err);
}
