/* SPDX-License-Identifier: Apache-2.0
 *
 * What the store has counts, also where a registry would have something newer: who wants that
 * pulls it. If there is no client, the error is that of the store.
 */
#include "ops/find.h"

#include "base/auto.h"
#include "base/err.h"
#include "ops/select.h"

IMG_AUTO_POINTER(found, img_image, img_image_free)

static int hand_over(const struct image_search *search, img_image **image, img_image **out,
                     img_error *err)
{
    int rc =
        search->required ? img__select_check(search->platform, img_image_platform(*image), err) : 0;
    if (rc == 0)
        *out = steal(*image);
    return rc;
}

static int look(const struct image_search *search, const char *reference, img_image **out,
                img_error *err)
{
    auto_(found) img_image *image = NULL;
    int rc = img_image_open(search->store, reference, search->platform, &image, err);
    return rc ? rc : hand_over(search, &image, out, err);
}

int img__image_find_descriptor(const struct image_search *search, const img_descriptor *descriptor,
                               img_image **out, img_error *err)
{
    auto_(found) img_image *image = NULL;
    int rc = img_image_open_descriptor(search->store, descriptor, search->platform, &image, err);
    return rc ? rc : hand_over(search, &image, out, err);
}

int img__image_find(const struct image_search *search, const char *reference, img_image **out,
                    img_error *err)
{
    img_error missing;
    img_platform host;
    int rc = look(search, reference, out, &missing);
    if (rc == IMG_ENOTFOUND && search->client) {
        img_pull_options pull = IMG_PULL_OPTIONS_INIT;
        img_platform_host(&host);
        pull.platform = search->platform ? search->platform : &host;
        pull.on_event = search->on_event;
        pull.on_event_arg = search->on_event_arg;
        rc = img_pull(search->client, search->store, reference, &pull, NULL, err);
        return rc ? rc : look(search, reference, out, err);
    }
    if (rc && err)
        *err = missing;
    return rc;
}
