/* SPDX-License-Identifier: Apache-2.0
 *
 * TLS: 1.2 or newer, and verified unless the settings of this origin say otherwise; and why a
 * handshake failed, in words with a remedy. curl compares all that is set here before it uses a
 * connection or a session again, so that nothing of one origin's settings serves another request.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "net/internal.h"

#define ROOTS_BYTES_MAX ((size_t)16 * 1024 * 1024)

#define SET(option, value) (rc = rc ? rc : curl_easy_setopt(easy, option, value))

static CURLcode set_roots(CURL *easy, const struct tls_roots *roots)
{
    CURLcode rc = CURLE_OK;
    /* A file that is not there would end every connection before it is known whether TLS is spoken.
     */
    if (roots->none) {
        SET(CURLOPT_CAINFO, NULL);
        curl_easy_setopt(easy, CURLOPT_PROXY_CAINFO, NULL);
    }
    if (roots->file) {
        SET(CURLOPT_CAINFO, roots->file);
        curl_easy_setopt(easy, CURLOPT_PROXY_CAINFO, roots->file);
    }
    /* Whom the caller names are trusted alone: not beside the directory that libcurl was built for.
     */
    if (roots->alone) {
        SET(CURLOPT_CAPATH, NULL);
        curl_easy_setopt(easy, CURLOPT_PROXY_CAPATH, NULL);
    }
    if (roots->directory) {
        SET(CURLOPT_CAPATH, roots->directory);
        curl_easy_setopt(easy, CURLOPT_PROXY_CAPATH, roots->directory);
    }
    return rc;
}

static CURLcode add_roots(CURL *easy, const struct tls_roots *roots, const char *ca_pem)
{
    struct buf text auto_(buf) = BUF_INIT(ROOTS_BYTES_MAX);
    img__tls_roots_read(roots, &text);
    img__buf_putc(&text, '\n');
    img__buf_puts(&text, ca_pem);
    if (text.failed)
        return CURLE_OUT_OF_MEMORY;
    struct curl_blob blob = {text.data, text.len, CURL_BLOB_COPY};
    return curl_easy_setopt(easy, CURLOPT_CAINFO_BLOB, &blob);
}

static CURLcode set_own(CURL *easy, const struct tls_roots *roots, const struct http_tls *tls)
{
    CURLcode rc = CURLE_OK;
    if (tls->insecure) {
        SET(CURLOPT_SSL_VERIFYPEER, 0L);
        SET(CURLOPT_SSL_VERIFYHOST, 0L);
    }
    if (tls->cert_file) {
        SET(CURLOPT_SSLCERT, tls->cert_file);
        SET(CURLOPT_SSLKEY, tls->key_file);
        SET(CURLOPT_KEYPASSWD, ""); /* or OpenSSL asks on the terminal */
    }
    if (tls->ca_pem && !tls->insecure)
        rc = rc ? rc : add_roots(easy, roots, tls->ca_pem);
    return rc;
}

CURLcode img__tls_setup(CURL *easy, const struct tls_roots *roots, const struct http_tls *tls)
{
    CURLcode rc = curl_easy_setopt(easy, CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2);
    rc = rc ? rc : set_roots(easy, roots);
    return rc || !tls ? rc : set_own(easy, roots, tls);
}

static int copy_text(char **out, const char *text, img_error *err)
{
    *out = text ? strdup(text) : NULL;
    return text && !*out ? img__fail_memory(err) : 0;
}

int img__tls_copy(const struct http_tls *tls, struct tls_own *out, img_error *err)
{
    int rc = copy_text(&out->ca_pem, tls->ca_pem, err);
    rc = rc ? rc : copy_text(&out->cert_file, tls->cert_file, err);
    rc = rc ? rc : copy_text(&out->key_file, tls->key_file, err);
    out->tls = (struct http_tls){out->ca_pem, out->cert_file, out->key_file, tls->insecure};
    out->set = tls->insecure || tls->ca_pem || tls->cert_file;
    return rc;
}

void img__tls_own_free(struct tls_own *own)
{
    free(own->ca_pem);
    free(own->cert_file);
    free(own->key_file);
}

#define UNKNOWN_ISSUER                                                                             \
    "the server's certificate comes from an unknown authority: if it is yours, name the file "     \
    "with its certificate in SSL_CERT_FILE, or put it into certs.d"

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
    case CURLE_SSL_CERTPROBLEM:
        img__fail(&transfer->err, IMG_ETLS,
                  "%s: the client certificate '%s' with the key '%s' can't be used: %s", peer,
                  transfer->tls.cert_file ? transfer->tls.cert_file : "",
                  transfer->tls.key_file ? transfer->tls.key_file : "", transfer->detail);
        return AGAIN_NEVER;
    default:
        describe_certificate(transfer, peer);
        return AGAIN_NEVER;
    }
}
