/* SPDX-License-Identifier: Apache-2.0
 *
 * JSON: what was parsed and written is parsed again, and written the same.
 */
#include "fuzz.h"

#include "core/json.h"

#define WRITTEN_MAX ((size_t)64 << 20)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
    auto_(json) struct json *json = NULL;
    auto_(json) struct json *again = NULL;
    auto_(buf) struct buf first = BUF_INIT(WRITTEN_MAX);
    auto_(buf) struct buf second = BUF_INIT(WRITTEN_MAX);

    if (img__json_parse("x", data, len, &json, NULL))
        return 0;
    img__json_write(json, &first);
    must(!first.failed);
    must(img__json_parse("x", first.data, first.len, &again, NULL) == 0);
    img__json_write(again, &second);
    must(first.len == second.len && memcmp(first.data, second.data, first.len) == 0);
    return 0;
}
