/* SPDX-License-Identifier: Apache-2.0
 *
 * What a client is made of.
 */
#ifndef IMG_OPS_CLIENT_H
#define IMG_OPS_CLIENT_H

#include <libimg/client.h>

#include "ops/copy.h"
#include "registry/registry.h"

/* The largest config that is read from a store, and that a client may be told to bring there. */
#define CONFIG_READ_MAX ((uint64_t)32 << 20)

struct img_client {
    struct registry *registry;
    img_client_options options; /* numbers complete, pointers not to be used */
};

/* Who may have blobs that would be fetched: *out, filled; NULL: nobody. client may be NULL. */
static inline const struct supply *img__client_supply(const img_client *client, struct supply *out)
{
    if (!client || !client->options.on_blob)
        return NULL;
    *out = (struct supply){client->options.on_blob, client->options.on_blob_arg};
    return out;
}

#endif
