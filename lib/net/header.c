/* SPDX-License-Identifier: Apache-2.0
 *
 * Headers, as curl hands them over line by line: those of the final answer are kept, one per line,
 * "Name: value\n". Interim answers and trailers are dropped but count against the limits, so that
 * neither an endless header nor endless 1xx answers get anywhere.
 */
#include <string.h>

#include "base/text.h"
#include "net/internal.h"

int img__header_fail_limit(struct transfer *transfer)
{
    struct buf url auto_(buf) = BUF_INIT(URL_MAX);
    img__url_for_message(transfer->here.data, &url);
    return transfer->code = img__fail(
               &transfer->err, IMG_ELIMIT,
               "%s %s: the answer has more than %zu bytes or %d lines of headers", transfer->method,
               img__buf_text(&url), NET_HEADER_BYTES_MAX, NET_HEADER_LINES_MAX);
}

/* An answer that says it is too large need not be read. */
static int check_length(struct transfer *transfer)
{
    const struct http_response *response = &transfer->answer->response;
    uint64_t size, limit = transfer->answer->response.body.max;
    bool wanted = response->status / 100 == 2 && !transfer->want.sink;
    char *text auto_free = img__header_copy(response, "Content-Length");
    if (!wanted || !text || strcmp(transfer->method, "HEAD") == 0)
        return 0;
    if (!img__text_number(text, UINT64_MAX, &size) || size <= limit)
        return 0;
    struct buf url auto_(buf) = BUF_INIT(URL_MAX);
    img__url_for_message(transfer->here.data, &url);
    return transfer->code =
               img__fail(&transfer->err, IMG_ELIMIT, "%s %s: the answer is larger than %llu bytes",
                         transfer->method, img__buf_text(&url), (unsigned long long)limit);
}

static int fail_framing(struct transfer *transfer, const char *what)
{
    struct buf url auto_(buf) = BUF_INIT(URL_MAX);
    img__url_for_message(transfer->here.data, &url);
    return transfer->code = img__fail(&transfer->err, IMG_EFORMAT, "%s %s: the answer %s",
                                      transfer->method, img__buf_text(&url), what);
}

/* Who reads a length and who reads chunks see different answers in the same bytes: a smuggler's
 * work, or a proxy's mistake. */
static int check_framing(struct transfer *transfer)
{
    const struct http_response *response = &transfer->answer->response;
    size_t len, other_len, nth = 1;
    uint64_t size;
    const char *other, *length = img__http_header(response, "Content-Length", 0, &len);
    if (!length)
        return 0;
    bool twice = img__http_header(response, "Transfer-Encoding", 0, &other_len) != NULL;
    while ((other = img__http_header(response, "Content-Length", nth++, &other_len)))
        twice = twice || other_len != len || memcmp(other, length, len) != 0;
    if (twice)
        return fail_framing(transfer, "says in two ways where it ends");
    char *text auto_free = strndup(length, len);
    if (!text)
        return transfer->code = img__fail_memory(&transfer->err);
    return img__text_number(text, INT64_MAX, &size)
               ? 0
               : fail_framing(transfer, "has a length that is no number");
}

static int begin_block(struct transfer *transfer)
{
    struct http_response *response = &transfer->answer->response;
    long status = 0;
    curl_easy_getinfo(transfer->easy, CURLINFO_RESPONSE_CODE, &status);
    img__buf_clear(&response->headers);
    response->status = (int)status;
    transfer->in_headers = true;
    transfer->continued = transfer->continued || status == 100;
    if (status / 100 == 2)
        response->body.max =
            transfer->want.body_limit ? (size_t)transfer->want.body_limit : NET_BODY_KEPT;
    return 0;
}

static int end_block(struct transfer *transfer)
{
    transfer->in_headers = false;
    transfer->in_body = transfer->answer->response.status >= 200;
    if (!transfer->in_body)
        return 0;
    transfer->answer->response.place = transfer->place;
    transfer->answer->response.retry_after_ms = img__retry_after_ms(&transfer->answer->response);
    if (transfer->answer->response.status == 417 && transfer->expects)
        return -1; /* or curl would send it again by itself; see outcome.c */
    int rc = check_framing(transfer);
    rc = rc ? rc : check_length(transfer);
    return rc == 0 && img__outcome_is_final(transfer) ? img__header_tell(transfer) : rc;
}

int img__header_tell(struct transfer *transfer)
{
    const struct http_request *want = &transfer->want;
    if (transfer->told_headers || !want->on_headers)
        return 0;
    transfer->told_headers = true;
    int rc = want->on_headers(&transfer->answer->response, want->on_bytes_arg, &transfer->err);
    return rc < 0 ? transfer->code = rc : 0;
}

static int add_line(struct transfer *transfer, const char *line, size_t len)
{
    struct buf *headers = &transfer->answer->response.headers;
    bool folded = *line == ' ' || *line == '\t';
    if (folded && headers->len)
        headers->data[headers->len - 1] = ' ';
    else if (folded || !memchr(line, ':', len))
        return 0;
    img__buf_append(headers, line, len);
    img__buf_putc(headers, '\n');
    if (headers->failed)
        transfer->code = img__buf_check(headers, "the answer's header", &transfer->err);
    return transfer->code;
}

static int take_line(struct transfer *transfer, const char *line, size_t len)
{
    if (transfer->in_body)
        return 0;
    if (!transfer->in_headers)
        return begin_block(transfer);
    while (len && (line[len - 1] == '\n' || line[len - 1] == '\r'))
        len--;
    if (len == 0)
        return end_block(transfer);
    return add_line(transfer, line, len);
}

size_t img__header_on_line(char *data, size_t size, size_t count, void *arg)
{
    struct transfer *transfer = arg;
    size_t len = size * count;
    transfer->header_bytes += len;
    transfer->header_lines++;
    img__net_moved(transfer);
    if (transfer->canceled)
        return 0;
    if (transfer->header_bytes > NET_HEADER_BYTES_MAX ||
        transfer->header_lines > NET_HEADER_LINES_MAX)
        return img__header_fail_limit(transfer), 0;
    return take_line(transfer, data, len) == 0 ? len : 0;
}

static bool line_has_name(const char *line, size_t line_len, const char *name, size_t name_len)
{
    if (line_len <= name_len || line[name_len] != ':')
        return false;
    for (size_t i = 0; i < name_len; i++)
        if (img__to_lower(line[i]) != img__to_lower(name[i]))
            return false;
    return true;
}

static bool is_blank(char c)
{
    return c == ' ' || c == '\t';
}

const char *img__http_header(const struct http_response *response, const char *name, size_t nth,
                             size_t *len)
{
    const char *line = img__buf_text(&response->headers), *end;
    size_t name_len = strlen(name);
    for (; (end = strchr(line, '\n')); line = end + 1) {
        if (!line_has_name(line, (size_t)(end - line), name, name_len) || nth-- > 0)
            continue;
        const char *value = line + name_len + 1;
        while (value < end && is_blank(*value))
            value++;
        while (end > value && is_blank(end[-1]))
            end--;
        *len = (size_t)(end - value);
        return value;
    }
    return NULL;
}

/* The first of that name as a string; NULL if there is none, or no memory. */
char *img__header_copy(const struct http_response *response, const char *name)
{
    size_t len;
    const char *value = img__http_header(response, name, 0, &len);
    return value ? strndup(value, len) : NULL;
}
