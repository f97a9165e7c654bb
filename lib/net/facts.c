/* SPDX-License-Identifier: Apache-2.0
 *
 * Facts on a connection, for those who look for what is wrong with it: curl tells most of them only
 * to its debug callback, which is set for these requests alone. They get a connection of their own,
 * since of one that is used again there is nothing to tell.
 */
#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "net/internal.h"

#define TLS_LINE "SSL connection using "

/* "SSL connection using TLSv1.3 / TLS_AES_256_GCM_SHA384\n" */
static int on_debug(CURL *easy, curl_infotype type, char *data, size_t size, void *arg)
{
    struct http_facts *facts = arg;
    size_t skip = strlen(TLS_LINE);
    (void)easy;
    if (type != CURLINFO_TEXT || size <= skip || memcmp(data, TLS_LINE, skip) != 0)
        return 0;
    int len = (int)strnlen(data + skip, size - skip);
    snprintf(facts->tls, sizeof(facts->tls), "%.*s", len, data + skip);
    facts->tls[strcspn(facts->tls, "\r\n")] = '\0';
    return 0;
}

CURLcode img__facts_setup(struct transfer *transfer)
{
    CURL *easy = transfer->easy;
    CURLcode rc = curl_easy_setopt(easy, CURLOPT_DEBUGFUNCTION, on_debug);
    rc = rc ? rc : curl_easy_setopt(easy, CURLOPT_DEBUGDATA, transfer->want.facts);
    rc = rc ? rc : curl_easy_setopt(easy, CURLOPT_VERBOSE, 1L);
    return rc ? rc : curl_easy_setopt(easy, CURLOPT_FRESH_CONNECT, 1L);
}

void img__facts_take(struct transfer *transfer)
{
    struct http_facts *facts = transfer->want.facts;
    const char *address = NULL;
    long port = 0, version = 0;
    curl_easy_getinfo(transfer->easy, CURLINFO_PRIMARY_IP, &address);
    curl_easy_getinfo(transfer->easy, CURLINFO_PRIMARY_PORT, &port);
    curl_easy_getinfo(transfer->easy, CURLINFO_HTTP_VERSION, &version);
    bool six = address && strchr(address, ':');
    if (address && *address)
        snprintf(facts->peer, sizeof(facts->peer), "%s%s%s:%ld", six ? "[" : "", address,
                 six ? "]" : "", port);
    facts->protocol = version == CURL_HTTP_VERSION_2_0   ? "HTTP/2"
                      : version == CURL_HTTP_VERSION_1_1 ? "HTTP/1.1"
                                                         : "HTTP";
}
