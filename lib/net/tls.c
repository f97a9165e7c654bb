/* SPDX-License-Identifier: Apache-2.0
 *
 * TLS: 1.2 or newer, always verified. Which certificate authorities count (libcurl reads none of
 * the usual variables by itself), and why a handshake failed, in words with a remedy.
 */
#include <errno.h>
#include <string.h>

#include "net/internal.h"

/* Where systems keep their bundle; for a libcurl that was built for another one. */
static const char *const bundles[] = {"/etc/ssl/certs/ca-certificates.crt",
                                      "/etc/pki/tls/certs/ca-bundle.crt", "/etc/ssl/ca-bundle.pem",
                                      "/etc/ssl/cert.pem"};

static const char *variable(const char *name)
{
    const char *value = secure_getenv(name);
    return value && *value ? value : NULL;
}

/* Is the file there that curl was built for? */
static bool has_own_bundle(void)
{
    const curl_version_info_data *curl = curl_version_info(CURLVERSION_NOW);
    return curl->age >= CURLVERSION_SEVENTH && curl->cainfo && access(curl->cainfo, R_OK) == 0;
}

static const char *probe_bundles(void)
{
    for (size_t i = 0; i < sizeof(bundles) / sizeof(bundles[0]); i++)
        if (access(bundles[i], R_OK) == 0)
            return bundles[i];
    return NULL;
}

int img__tls_find_roots(const char *ca_file, struct tls_roots *out, img_error *err)
{
    const char *file = ca_file, *directory = NULL;
    out->from = "the CA file option";
    out->alone = ca_file != NULL;
    if (!file && (file = variable("CURL_CA_BUNDLE")))
        out->from = "CURL_CA_BUNDLE";
    if (!file) {
        directory = variable("SSL_CERT_DIR");
        file = variable("SSL_CERT_FILE");
        out->from = "SSL_CERT_FILE";
    }
    if (!file && !has_own_bundle()) {
        file = probe_bundles();
        out->from = "the system";
        out->none = !file && !directory;
    }
    out->file = file ? strdup(file) : NULL;
    out->directory = directory ? strdup(directory) : NULL;
    if ((file && !out->file) || (directory && !out->directory))
        return img__fail_memory(err);
    return 0;
}

void img__tls_roots_free(struct tls_roots *roots)
{
    free(roots->file);
    free(roots->directory);
}

CURLcode img__tls_setup(CURL *easy, const struct tls_roots *roots)
{
    CURLcode rc = curl_easy_setopt(easy, CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2);
    /* A file that is not there would end every connection before it is known whether TLS is spoken.
     */
    if (roots->none) {
        rc = curl_easy_setopt(easy, CURLOPT_CAINFO, NULL);
        curl_easy_setopt(easy, CURLOPT_PROXY_CAINFO, NULL);
    }
    if (rc == CURLE_OK && roots->file) {
        rc = curl_easy_setopt(easy, CURLOPT_CAINFO, roots->file);
        curl_easy_setopt(easy, CURLOPT_PROXY_CAINFO, roots->file);
    }
    /* Whom the caller names are trusted alone: not beside the directory that libcurl was built for.
     */
    if (rc == CURLE_OK && roots->alone) {
        rc = curl_easy_setopt(easy, CURLOPT_CAPATH, NULL);
        curl_easy_setopt(easy, CURLOPT_PROXY_CAPATH, NULL);
    }
    if (rc == CURLE_OK && roots->directory) {
        rc = curl_easy_setopt(easy, CURLOPT_CAPATH, roots->directory);
        curl_easy_setopt(easy, CURLOPT_PROXY_CAPATH, roots->directory);
    }
    return rc;
}

#define UNKNOWN_ISSUER                                                                             \
    "the server's certificate comes from an unknown authority: if it is yours, name the file "     \
    "with "                                                                                        \
    "its certificate in SSL_CERT_FILE"

/* OpenSSL's numbers, X509_V_ERR_*. */
static const struct verify_row {
    long number;
    const char *text;
} verify_rows[] = {
    {2, UNKNOWN_ISSUER},
    {9, "the server's certificate is not valid yet: is the clock of this machine right?"},
    {10, "the server's certificate has expired: its administrator must renew it (or the clock of "
         "this machine is wrong)"},
    {18, UNKNOWN_ISSUER},
    {19, UNKNOWN_ISSUER},
    {20, UNKNOWN_ISSUER},
    {21, UNKNOWN_ISSUER},
    {23, "the server's certificate was revoked: its administrator must replace it"},
};

static void describe_certificate(struct transfer *transfer, const char *peer)
{
    long number = 0;
    curl_easy_getinfo(transfer->easy, CURLINFO_SSL_VERIFYRESULT, &number);
    if (transfer->http->roots.none && number >= 18 && number <= 21)
        return (void)img__fail(&transfer->err, IMG_ETLS,
                               "%s: this machine has no certificate authorities: install "
                               "ca-certificates, or name a file with them in SSL_CERT_FILE",
                               peer);
    for (size_t i = 0; i < sizeof(verify_rows) / sizeof(verify_rows[0]); i++)
        if (verify_rows[i].number == number)
            return (void)img__fail(&transfer->err, IMG_ETLS, "%s: %s", peer, verify_rows[i].text);
    if (strstr(transfer->detail, "subject name"))
        img__fail(&transfer->err, IMG_ETLS,
                  "%s: the server's certificate is for another host name: use the name that it was "
                  "made for",
                  peer);
    else
        img__fail(&transfer->err, IMG_ETLS, "%s: the server's certificate can't be verified: %s",
                  peer, transfer->detail);
}

/* What TLS libraries say of an answer that is no TLS. */
static bool speaks_no_tls(const char *detail)
{
    static const char *const signs[] = {"wrong version number", "packet length too long",
                                        "http request", "unexpected TLS packet", "record overflow"};
    for (size_t i = 0; i < sizeof(signs) / sizeof(signs[0]); i++)
        if (strstr(detail, signs[i]))
            return true;
    return false;
}

/* The connection went down under the handshake, as a server does that was sent what it can't read.
 */
static bool was_broken_off(const struct transfer *transfer)
{
    static const char *const signs[] = {"SSL_ERROR_SYSCALL", "unexpected eof"};
    long number = 0;
    curl_easy_getinfo(transfer->easy, CURLINFO_OS_ERRNO, &number);
    for (size_t i = 0; i < sizeof(signs) / sizeof(signs[0]); i++)
        if (strstr(transfer->detail, signs[i]))
            return true;
    return number == ECONNRESET || number == EPIPE;
}

static enum again describe_handshake(struct transfer *transfer, const char *peer)
{
    const char *detail = transfer->detail;
    if (speaks_no_tls(detail)) {
        img__fail(&transfer->err, IMG_ETLS,
                  "%s: the server does not speak TLS: ask for plain HTTP if that is meant", peer);
        transfer->err.sys_errno = EPROTO;
        return AGAIN_NEVER;
    }
    if (!was_broken_off(transfer)) {
        img__fail(&transfer->err, IMG_ETLS,
                  "%s: the TLS handshake failed (TLS 1.2 or newer is needed): %s", peer, detail);
        return AGAIN_NEVER;
    }
    img__fail(&transfer->err, IMG_ETLS,
              "%s: the server broke the TLS handshake off: does it speak TLS at all? (%s)", peer,
              detail);
    transfer->err.sys_errno = EPROTO;
    return AGAIN_BRIEFLY;
}

enum again img__tls_describe(struct transfer *transfer, CURLcode result, const char *peer)
{
    const struct tls_roots *roots = &transfer->http->roots;
    switch (result) {
    case CURLE_SSL_CONNECT_ERROR:
        return describe_handshake(transfer, peer);
    case CURLE_SSL_CACERT_BADFILE:
        img__fail(&transfer->err, IMG_ETLS,
                  "%s: no certificate authorities can be read from '%s', which %s names", peer,
                  roots->file ? roots->file : "its file", roots->from);
        return AGAIN_NEVER;
    default:
        describe_certificate(transfer, peer);
        return AGAIN_NEVER;
    }
}
