/* SPDX-License-Identifier: Apache-2.0
 *
 * The options of an unpack: defaults, and what goes together.
 */
#include <string.h>

#include "base/options.h"
#include "base/pool.h"
#include "ops/unpack.h"

#define ENTRIES_BY_DEFAULT UINT64_C(10000000)
#define BYTES_BY_DEFAULT (UINT64_C(1) << 40)
#define FLAGS_ALL                                                                                  \
    (IMG_UNPACK_ROOTLESS | IMG_UNPACK_KEEP_PARTIAL | IMG_UNPACK_NO_SYNC | IMG_UNPACK_ONTO)

_Static_assert(sizeof(img_unpack_options) ==
                   offsetof(img_unpack_options, on_log_arg) + sizeof(void *),
               "no tail padding: a new field could hide in it");
_Static_assert(offsetof(img_unpack_options, max_entries) ==
                   offsetof(img_unpack_options, flags) + sizeof(uint32_t),
               "no hole either");

static int check(const img_unpack_options *options, img_error *err)
{
    bool maps =
        (options->uid_map && options->uid_map[0]) || (options->gid_map && options->gid_map[0]);
    if (options->flags & ~FLAGS_ALL)
        return img__fail(err, IMG_EINVAL, "unknown flags %#x", options->flags & ~FLAGS_ALL);
    if (options->compat & ~IMG_COMPAT_ALL)
        return img__fail(err, IMG_EINVAL, "unknown compat bits %#x",
                         options->compat & ~IMG_COMPAT_ALL);
    if ((options->flags & IMG_UNPACK_ONTO) && !options->layer)
        return img__fail(err, IMG_EINVAL,
                         "only a layer alone goes onto a directory that is not empty");
    if (maps && options->subid_user)
        return img__fail(err, IMG_EINVAL, "ids are mapped either by ranges or by those of a user");
    if ((maps || options->subid_user) && (options->flags & IMG_UNPACK_ROOTLESS))
        return img__fail(err, IMG_EINVAL, "rootless sets no owners, so it can't map them");
    return 0;
}

int img__unpack_options_copy(const img_unpack_options *options, img_unpack_options *out,
                             img_error *err)
{
    *out = (img_unpack_options)IMG_UNPACK_OPTIONS_INIT;
    int rc = img__options_copy(out, sizeof(*out), options, "img_unpack_options", err);
    if (rc == 0)
        rc = check(out, err);
    if (rc)
        return rc;
    out->threads = img__pool_threads(out->threads);
    if (out->max_entries == 0)
        out->max_entries = ENTRIES_BY_DEFAULT;
    if (out->max_bytes == 0)
        out->max_bytes = BYTES_BY_DEFAULT;
    return 0;
}
