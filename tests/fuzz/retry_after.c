/* SPDX-License-Identifier: Apache-2.0
 *
 * The headers of an answer, one per line: what Retry-After asks for is never longer than 5 minutes.
 */
#include "fuzz.h"

#include "net/internal.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
    struct http_response response = {.status = 429, .headers = BUF_INIT(65536)};
    if (len > 4096 || memchr(data, '\0', len))
        return 0;
    img__buf_append(&response.headers, data, len);
    int64_t asked = response.retry_after_ms = img__retry_after_ms(&response);
    must(asked >= -1 && asked <= 300000);
    int64_t pause = img__retry_pause_ms(3, &response);
    must(pause >= 0 && pause <= 300250 && pause >= asked);
    size_t value_len = 0;
    const char *value = img__http_header(&response, "Retry-After", 0, &value_len);
    must(value || asked == -1);
    must(!value || (value >= response.headers.data && value_len < len));
    img__buf_free(&response.headers);
    return 0;
}
