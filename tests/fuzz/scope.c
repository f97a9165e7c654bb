/* SPDX-License-Identifier: Apache-2.0
 *
 * Two lists of scopes in two lines: merged they are merged for good, whatever is added again.
 */
#include "fuzz.h"

#include "registry/scope.h"

static char *copy_line(const uint8_t *data, size_t len)
{
    char *line = malloc(len + 1);
    must(line);
    memcpy(line, data, len);
    line[len] = '\0';
    return line;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
    const uint8_t *end = memchr(data, '\n', len);
    size_t first_len = end ? (size_t)(end - data) : len;
    auto_free char *first = copy_line(data, first_len);
    auto_free char *second = end ? copy_line(end + 1, len - first_len - 1) : copy_line(data, 0);
    auto_(buf) struct buf merged = BUF_INIT(SCOPE_MAX);
    auto_(buf) struct buf again = BUF_INIT(SCOPE_MAX);

    img__scope_merge(first, second, &merged);
    if (merged.failed)
        return 0;
    img__scope_merge(img__buf_text(&merged), second, &again);
    must(again.failed == 0);
    must(strcmp(img__buf_text(&merged), img__buf_text(&again)) == 0);
    return 0;
}
