/* SPDX-License-Identifier: Apache-2.0
 *
 * What a client is made of.
 */
#ifndef IMG_OPS_CLIENT_H
#define IMG_OPS_CLIENT_H

#include <libimg/client.h>

#include "registry/registry.h"

struct img_client {
    struct registry *registry;
    img_client_options options; /* numbers complete, pointers not to be used */
};

#endif
