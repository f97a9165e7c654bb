/* SPDX-License-Identifier: Apache-2.0
 *
 * The lines of WWW-Authenticate, and the URL of the token service that comes of them: where it
 * leads is an origin of its own, and nothing in it can end a line.
 */
#include "fuzz.h"

#include "registry/token.h"

#define BASE "https://registry.example/"

static void ask(const struct challenges *challenges)
{
    auto_(buf) struct buf realm = BUF_INIT(URL_MAX);
    auto_(buf) struct buf url = BUF_INIT(URL_MAX);
    struct url_origin origin;

    if (img__token_check_realm(BASE, challenges->realm, &realm, NULL) != 0)
        return;
    must(img__url_origin(img__buf_text(&realm), &origin, NULL) == 0);
    must(origin.https);
    if (img__token_url(img__buf_text(&realm), challenges->service,
                       challenges->scope ? challenges->scope : "", "user", &url, NULL) != 0)
        return;
    must(img__url_origin(img__buf_text(&url), &origin, NULL) == 0);
    for (size_t i = 0; i < url.len; i++)
        must(url.data[i] > ' ' && url.data[i] < 0x7f);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
    auto_(challenges) struct challenges challenges = {.basic = false};

    while (len) {
        const uint8_t *end = memchr(data, '\n', len);
        size_t line = end ? (size_t)(end - data) : len;
        must(img__challenges_add(&challenges, (const char *)data, line, NULL) == 0);
        data += line + (end != NULL);
        len -= line + (end != NULL);
    }
    must(challenges.bearer == (challenges.realm != NULL));
    must(strlen(challenges.others) < sizeof(challenges.others));
    if (challenges.bearer)
        ask(&challenges);
    return 0;
}
