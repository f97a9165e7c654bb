/* SPDX-License-Identifier: Apache-2.0
 *
 * The headers of an answer to GET of a blob of which a part is there: a byte for the status, one
 * for what was asked, then lines. What is taken goes on exactly where that part ends, and the
 * validator that is sent back can end no line.
 */
#include "fuzz.h"

#include "registry/download.h"

#define HAVE 40

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
    static const int statuses[] = {200, 206, 204, 416};
    img_descriptor descriptor = {.size_bytes = 100};
    const struct blob_job job = {.descriptor = &descriptor};
    struct download download = {.job = &job, .have_bytes = HAVE};
    struct http_response response = {.url = "https://registry.example/v2/a"};
    if (len < 2)
        return 0;
    response.status = statuses[data[0] % 4];
    download.ranged = data[1] & 1;
    download.decode = data[1] & 2 && !download.ranged;
    response.headers = (struct buf)BUF_INIT((size_t)64 * 1024);
    img__buf_append(&response.headers, data + 2, len - 2);
    img__buf_putc(&response.headers, '\n');

    int result = img__download_on_headers(&response, &download, NULL);
    bool whole = response.status / 100 == 2 && !(download.ranged && response.status == 206);
    must((result == 0) == (download.verdict == VERDICT_TAKE || download.verdict == VERDICT_NONE));
    must((download.verdict == VERDICT_NONE) == (response.status == 416));
    if (download.verdict == VERDICT_TAKE)
        must(download.skip_bytes == (whole ? HAVE : 0));
    must(strlen(download.etag) < sizeof(download.etag));
    for (const char *c = download.etag; *c; c++)
        must(*c > ' ' && *c <= '~');
    img__buf_free(&response.headers);
    return 0;
}
