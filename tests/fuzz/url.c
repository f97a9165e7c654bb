/* SPDX-License-Identifier: Apache-2.0
 *
 * URLs: the first line is a list as NO_PROXY has, the second a URL, the third what is relative to
 * it. What comes out is a URL in which curl finds the same host as we do, and stays what it is.
 */
#include "fuzz.h"

#include <arpa/inet.h>
#include <curl/curl.h>

#include "net/noproxy.h"
#include "net/url.h"

/* curl writes an address in another way than it stands there. */
static bool is_address(const char *host)
{
    struct in_addr four;
    return *host == '[' || inet_aton(host, &four);
}

static void same_as_curl(const char *url, const struct url_origin *origin)
{
    CURLU *parts = curl_url();
    char *host = NULL, *port = NULL;
    must(parts);
    if (curl_url_set(parts, CURLUPART_URL, url, CURLU_PATH_AS_IS) == CURLUE_OK) {
        must(curl_url_get(parts, CURLUPART_HOST, &host, 0) == CURLUE_OK);
        must(curl_url_get(parts, CURLUPART_PORT, &port, CURLU_DEFAULT_PORT) == CURLUE_OK);
        must(atoi(port) == origin->port);
        if (!is_address(host))
            must(strlen(host) == origin->host_len &&
                 strncasecmp(host, origin->host, origin->host_len) == 0);
    }
    curl_free(host);
    curl_free(port);
    curl_url_cleanup(parts);
}

static void check(const char *url, const char *list)
{
    struct buf again auto_(buf) = BUF_INIT(URL_MAX), shown auto_(buf) = BUF_INIT(2 * URL_MAX);
    struct no_proxy_entry entry = {list, 0};
    struct url_origin origin;
    must(strncmp(url, "http://", 7) == 0 || strncmp(url, "https://", 8) == 0);
    for (const char *c = url; *c; c++)
        must((unsigned char)*c > ' ' && (unsigned char)*c < 0x7f && *c != '#');
    must(img__url_origin(url, &origin, NULL) == 0);
    must(origin.port != 0 && origin.host_len != 0 && !memchr(origin.host, '@', origin.host_len));
    must(img__url_same_origin(url, url));
    must(img__url_resolve(NULL, url, &again, NULL) == 0 && strcmp(again.data, url) == 0);
    img__url_for_message(url, &shown);
    must(!strchr(img__buf_text(&shown), '?'));
    if (img__no_proxy_match(list, &origin, &entry))
        must(entry.len && entry.text >= list && entry.text + entry.len <= list + strlen(list));
    same_as_curl(url, &origin);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
    struct buf url auto_(buf) = BUF_INIT(URL_MAX);
    char text[2048], *list = text, *base, *target;
    if (len >= sizeof(text))
        return 0;
    memcpy(text, data, len);
    text[len] = '\0';
    base = strchr(list, '\n');
    target = base ? strchr(base + 1, '\n') : NULL;
    if (!target)
        return 0;
    *base++ = *target++ = '\0';
    if (img__url_resolve(NULL, base, &url, NULL) < 0)
        return 0;
    check(url.data, list);
    if (img__url_resolve(base, target, &url, NULL) == 0)
        check(url.data, list);
    return 0;
}
