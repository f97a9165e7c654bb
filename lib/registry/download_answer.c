/* SPDX-License-Identifier: Apache-2.0
 *
 * What the headers of an answer promise (registry.md L7, L9, T11), before a byte of its body
 * counts:
 *
 *   all of it, of the right length   what the sink has is passed over
 *   the range that was asked for     it goes on where the sink ends; shorter is fine
 *   all of it as a range             that, too, though nobody asked
 *   another range, another total     never gone on with: the next request is for all of it
 *   another length                   not this blob, unless it is packed
 */
#include <inttypes.h>
#include <string.h>

#include "base/text.h"
#include "registry/download.h"
#include "registry/range.h"

static bool is_packed(const struct http_response *response)
{
    char text[64];
    img__call_header(response, "Content-Encoding", text, sizeof(text));
    return *text && !img__text_equal_nocase(text, "identity");
}

/* *told: there is a Content-Length. */
static uint64_t length_of(const struct http_response *response, bool *told)
{
    char text[24];
    uint64_t length = 0;
    img__call_header(response, "Content-Length", text, sizeof(text));
    *told = img__text_number(text, UINT64_MAX, &length);
    return length;
}

static int judge_whole(struct download *download, const struct http_response *response,
                       img_error *err)
{
    bool told;
    uint64_t length = length_of(response, &told), size = download->job->descriptor->size_bytes;
    if (told && length != size) {
        auto_(buf) struct buf url = BUF_INIT(URL_MAX);
        img__url_for_message(response->url, &url);
        download->verdict = download->packed ? VERDICT_PACKED : VERDICT_LIES;
        return img__fail(err, IMG_EDIGEST,
                         "GET %s: the registry sent %" PRIu64 " bytes of %" PRIu64,
                         img__buf_text(&url), length, size);
    }
    download->skip_bytes = download->have_bytes;
    download->all = download->all || download->ranged;
    download->verdict = VERDICT_TAKE;
    return 0;
}

static bool is_right_range(const struct download *download, const struct http_response *response)
{
    bool told;
    char text[96];
    struct range range;
    uint64_t length = length_of(response, &told);
    img__call_header(response, "Content-Range", text, sizeof(text));
    if (!img__range_parse(text, &range))
        return false;
    uint64_t first = download->ranged ? download->have_bytes : 0;
    return range.first == first && range.total == download->job->descriptor->size_bytes &&
           (download->ranged || range.last == range.total - 1) &&
           (!told || length == range.last - range.first + 1);
}

static int judge_range(struct download *download, const struct http_response *response,
                       img_error *err)
{
    if (is_right_range(download, response)) {
        download->skip_bytes = download->ranged ? 0 : download->have_bytes;
        download->verdict = VERDICT_TAKE;
        return 0;
    }
    auto_(buf) struct buf url = BUF_INIT(URL_MAX);
    img__url_for_message(response->url, &url);
    download->verdict = download->ranged ? VERDICT_RANGE : VERDICT_LIES;
    return img__fail(err, IMG_EDIGEST, "GET %s: the registry sent another range of the blob",
                     img__buf_text(&url));
}

int img__download_on_headers(const struct http_response *response, void *arg, img_error *err)
{
    struct download *download = arg;
    download->verdict = VERDICT_NONE;
    if (response->status / 100 != 2)
        return 0;
    download->packed = is_packed(response);
    img__range_etag(response, download->etag, sizeof(download->etag));
    if (download->decode && response->status == 200) {
        download->skip_bytes = download->have_bytes;
        download->verdict = VERDICT_TAKE;
        return 0;
    }
    if (response->status == 200)
        return judge_whole(download, response, err);
    if (response->status == 206 && !download->decode)
        return judge_range(download, response, err);
    auto_(buf) struct buf url = BUF_INIT(URL_MAX);
    img__url_for_message(response->url, &url);
    download->verdict = VERDICT_LIES;
    return img__fail(err, IMG_EREFUSED, "GET %s: the registry answered %d instead of 200",
                     img__buf_text(&url), response->status);
}
