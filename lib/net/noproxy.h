/* SPDX-License-Identifier: Apache-2.0
 *
 * NO_PROXY: for which hosts no proxy is used.
 */
#ifndef IMG_NET_NOPROXY_H
#define IMG_NET_NOPROXY_H

#include <stdbool.h>

#include "net/url.h"

/* Does list exempt origin? Then entry (which may be NULL) is set to the entry that does, a part of
 * list. Entries are divided by commas or blanks: "*", a name or .suffix (the name itself and all
 * beneath it), an address, a range like 10.0.0.0/8 or fd00::/8; each but the first and the last
 * also with :PORT. */
struct no_proxy_entry {
    const char *text;
    size_t len;
};
bool img__no_proxy_match(const char *list, const struct url_origin *origin,
                         struct no_proxy_entry *entry);

#endif
