/* SPDX-License-Identifier: Apache-2.0
 *
 * Locations of uploads (registry.md U3, U4): resolved by RFC 3986, the query byte for byte.
 */
#include "registry/location.h"

#include <string.h>

#include "base/text.h"
#include "net/url.h"

static bool same_host(const struct url_origin *a, const struct url_origin *b)
{
    if (a->host_len != b->host_len)
        return false;
    for (size_t i = 0; i < a->host_len; i++) {
        if (img__to_lower(a->host[i]) != img__to_lower(b->host[i]))
            return false;
    }
    return true;
}

/* The URL in url gets scheme and authority of base. */
static int lift(const char *base, struct buf *url, img_error *err)
{
    const char *start = base + strlen("https://");
    const char *rest = url->data + strlen("http://");
    auto_(buf) struct buf lifted = BUF_INIT(URL_MAX);
    img__buf_printf(&lifted, "https://%.*s", (int)strcspn(start, "/?#"), start);
    img__buf_puts(&lifted, rest + strcspn(rest, "/?#"));
    img__buf_clear(url);
    img__buf_puts(url, img__buf_text(&lifted));
    return img__buf_check(&lifted, "the URL of an upload", err);
}

int img__location_resolve(const char *base, const char *location, struct buf *out, img_error *err)
{
    struct url_origin from, to;
    int result = img__url_resolve(base, location, out, err);
    if (result == 0)
        result = img__url_origin(base, &from, err);
    if (result == 0)
        result = img__url_origin(out->data, &to, err);
    /* What led to base may have signed its query. */
    auto_(buf) struct buf shown = BUF_INIT(URL_MAX);
    img__url_for_message(base, &shown);
    if (result)
        return img__prefix(err, result, "the Location of an upload to %s", img__buf_text(&shown));
    if (!from.https || to.https)
        return 0;
    if (same_host(&from, &to) && (to.port == from.port || to.port == 80))
        return lift(base, out, err);
    return img__fail(err, IMG_EREFUSED, "%s wants the upload to go to %.*s without TLS: refused",
                     img__buf_text(&shown), (int)to.host_len, to.host);
}
