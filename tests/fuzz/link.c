/* SPDX-License-Identifier: Apache-2.0
 *
 * Link and Warning. What is found of a link stands in it between angle brackets; a warning is no
 * longer than it may be, and the end of a header is reached.
 */
#include "fuzz.h"

#include "net/url.h"
#include "registry/link.h"
#include "registry/warning.h"

static void read_link(const char *text, size_t len)
{
    auto_(buf) struct buf target = BUF_INIT(len + 1);
    auto_(buf) struct buf resolved = BUF_INIT(URL_MAX);

    if (!img__link_find(text, len, "next", &target))
        return;
    must(!target.failed && !memchr(img__buf_text(&target), '>', target.len));
    must(!target.len || memmem(text, len, target.data, target.len));
    if (img__url_resolve("https://h/v2/a/tags/list?n=1", img__buf_text(&target), &resolved, NULL) ==
        0)
        must(memcmp(resolved.data, "http", 4) == 0);
}

static void read_warnings(const char *text, size_t len)
{
    auto_(buf) struct buf warning = BUF_INIT(WARNING_BYTES_MAX + 1);
    size_t at = 0, before = 0;

    for (; img__warning_next(text, len, &at, &warning); before = at)
        must(at > before && at <= len && warning.len && warning.len <= WARNING_BYTES_MAX);
    must(at == len);
}

/* The first byte says which. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
    if (len < 1)
        return 0;
    char *copy = malloc(len);
    must(copy);
    memcpy(copy, data + 1, len - 1);
    if (data[0] & 1)
        read_link(copy, len - 1);
    else
        read_warnings(copy, len - 1);
    free(copy);
    return 0;
}
