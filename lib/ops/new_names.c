/* SPDX-License-Identifier: Apache-2.0
 *
 * Names of images that come into being: by a build, or as an index of others.
 */
#include "ops/new_names.h"

#include "core/reference.h"

int img__new_names(const char *const *names, struct strv *out, img_error *err)
{
    for (; *names; names++) {
        img_reference reference;
        int rc = img_reference_parse(*names, &reference, err);
        if (rc)
            return rc;
        if (reference.digest.text[0])
            return img__fail(err, IMG_EINVAL, "%s: the name of a new image can't hold a digest",
                             *names);
        char text[IMG_REFERENCE_TEXT_MAX];
        img__reference_store_name(&reference, text);
        rc = img__strv_add(out, text, err);
        if (rc)
            return rc;
    }
    return 0;
}
