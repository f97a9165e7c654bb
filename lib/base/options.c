/* SPDX-License-Identifier: Apache-2.0
 *
 * Options structs of any version. See options.h for the rule.
 */
#include "base/options.h"

#include <string.h>

/* No struct will ever be larger: what says so was not initialised, and is not read through. */
#define SIZE_MAXIMUM ((size_t)4096)

int img__options_copy(void *out, size_t out_size, const void *options, const char *name,
                      img_error *err)
{
    if (!options)
        return 0;
    size_t size;
    memcpy(&size, options, sizeof(size));
    if (size < sizeof(size) || size > SIZE_MAXIMUM)
        return img__fail(err, IMG_EINVAL, "%s.size is not set: use its ..._INIT macro", name);
    const unsigned char *tail = options;
    for (size_t i = out_size; i < size; i++)
        if (tail[i] != 0)
            return img__fail(err, IMG_EINVAL,
                             "%s has options that this version of libimg does not know", name);
    memset(out, 0, out_size);
    memcpy(out, options, size < out_size ? size : out_size);
    memcpy(out, &out_size, sizeof(out_size));
    return 0;
}
