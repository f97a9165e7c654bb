/* SPDX-License-Identifier: Apache-2.0
 *
 * TLS settings of one origin: they serve it, and nobody else.
 */
#include "certificates.h"

static struct server one, other, asking;

static int setup(void **state)
{
    char mode[256];
    (void)state;
    certificates_begin();
    make_certificate("one", 2, "IP:127.0.0.1");
    make_certificate("other", 2, "IP:127.0.0.1");
    make_certificate("client", 2, "DNS:client");
    start_tls(&one, "one", NULL);
    start_tls(&other, "other", NULL);
    snprintf(mode, sizeof(mode), "client:%s", file("client.pem"));
    start_tls(&asking, "one", mode);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    server_stop(&one);
    server_stop(&other);
    server_stop(&asking);
    certificates_end();
    return 0;
}

static char *read_text(const char *name, char *out, size_t size)
{
    FILE *stream = fopen(file(name), "re");
    assert_non_null(stream);
    out[fread(out, 1, size - 1, stream)] = '\0';
    fclose(stream);
    return out;
}

static int fetch(struct http *http, const char *url, const struct http_tls *tls, img_error *err)
{
    const struct http_request request = {.method = "GET", .url = url, .tls = tls};
    struct http_response *response = NULL;
    int rc = img__http_perform(http, &request, &response, err);
    if (rc == 0)
        rc = response->status;
    if (rc > 0)
        img__http_response_free(response);
    return rc;
}

static const char *redirect(const struct server *from, const struct server *to)
{
    char path[128];
    snprintf(path, sizeof(path), "/redirect/307?%s/echo", to->url);
    return server_at(from, path);
}

static void test_insecure(void **state)
{
    (void)state;
    static const struct http_tls insecure = {.insecure = true};
    struct http *http auto_(http) = client_new(1);
    img_error err;
    const char *url = server_at(&one, "/echo");
    assert_int_equal(fetch(http, url, &insecure, &err), 200);
    /* the connection that stands is not for who wants the certificate checked */
    assert_fails(fetch(http, url, NULL, &err), IMG_ETLS, "unknown authority");
    assert_fails(fetch(http, redirect(&one, &other), &insecure, &err), IMG_ETLS,
                 "unknown authority");
}

static void test_authority(void **state)
{
    (void)state;
    char pem[8192];
    const struct http_tls tls = {.ca_pem = read_text("one.pem", pem, sizeof(pem))};
    struct http *http auto_(http) = client_new(1);
    img_error err;
    assert_int_equal(fetch(http, server_at(&one, "/echo"), &tls, &err), 200);
    assert_int_equal(fetch(http, server_at(&one, "/redirect/307?/echo"), &tls, &err), 200);
    assert_fails(fetch(http, server_at(&one, "/echo"), NULL, &err), IMG_ETLS, "unknown authority");
    assert_fails(fetch(http, redirect(&one, &other), &tls, &err), IMG_ETLS, "unknown authority");

    /* beside those that count otherwise */
    struct http *with_file auto_(http) = tls_client(file("other.pem"));
    assert_int_equal(fetch(with_file, redirect(&one, &other), &tls, &err), 200);
    assert_int_equal(fetch(with_file, server_at(&other, "/echo"), &tls, &err), 200);
    const struct http_tls bad = {.ca_pem = "no certificate"};
    assert_int_equal(fetch(with_file, server_at(&other, "/echo"), &bad, &err), 200);
    assert_true(fetch(http, server_at(&one, "/echo"), &bad, &err) == IMG_ETLS);
}

static struct http_response *echo(struct http *http, const char *url, const struct http_tls *tls)
{
    const struct http_request request = {.method = "GET", .url = url, .tls = tls};
    struct http_response *response = NULL;
    img_error err;
    assert_ok(img__http_perform(http, &request, &response, &err));
    return response;
}

static void test_client_certificate(void **state)
{
    (void)state;
    char mode[256];
    struct server second;
    const struct http_tls tls = {.cert_file = file("client.pem"), .key_file = file("client.key")};
    struct http *http auto_(http) = tls_client(file("one.pem"));
    snprintf(mode, sizeof(mode), "client:%s", tls.cert_file);
    start_tls(&second, "one", mode);
    struct http_response *shown auto_(http_response) =
        echo(http, server_at(&asking, "/redirect/307?/echo"), &tls);
    assert_true(response_has(shown, "Client: client\n"));
    /* not over the same connection to who did not ask for it */
    struct http_response *plain auto_(http_response) =
        echo(http, server_at(&asking, "/echo"), NULL);
    assert_true(response_has(plain, "Client: none\n"));
    struct http_response *gone auto_(http_response) = echo(http, redirect(&asking, &second), &tls);
    assert_string_equal(gone->url, server_at(&second, "/echo"));
    assert_true(response_has(gone, "Client: none\n"));
    server_stop(&second);
}

static void test_bad_client_certificate(void **state)
{
    (void)state;
    struct http *http auto_(http) = tls_client(file("one.pem"));
    struct http_tls tls = {.cert_file = file("client.pem"), .key_file = file("one.key")};
    img_error err;
    assert_fails(fetch(http, server_at(&asking, "/echo"), &tls, &err), IMG_ETLS, "one.key");
    tls.key_file = file("none.key");
    assert_fails(fetch(http, server_at(&asking, "/echo"), &tls, &err), IMG_ETLS, "none.key");
    /* a key with a passphrase is refused, not asked for */
    shell("openssl ec -aes128 -passout pass:secret -in %s -out %s 2>/dev/null", file("client.key"),
          file("locked.key"));
    tls.key_file = file("locked.key");
    assert_fails(fetch(http, server_at(&asking, "/echo"), &tls, &err), IMG_ETLS, "locked.key");
}

static void test_roots_explained(void **state)
{
    (void)state;
    struct buf text auto_(buf) = BUF_INIT(4096);
    char expected[256];
    struct http *option auto_(http) = tls_client(file("one.pem"));
    img__http_roots_explain(option, &text);
    snprintf(expected, sizeof(expected), "%s (the CA file option)", file("one.pem"));
    assert_string_equal(text.data, expected);
    setenv("SSL_CERT_FILE", "/a.pem", 1);
    setenv("SSL_CERT_DIR", "/b", 1);
    struct http *both auto_(http) = tls_client(NULL);
    img__buf_clear(&text);
    img__http_roots_explain(both, &text);
    assert_string_equal(text.data, "/a.pem (SSL_CERT_FILE), /b (SSL_CERT_DIR)");
    setenv("CURL_CA_BUNDLE", "/c.pem", 1);
    struct http *bundle auto_(http) = tls_client(NULL);
    img__buf_clear(&text);
    img__http_roots_explain(bundle, &text);
    assert_int_equal(strncmp(text.data, "/c.pem (CURL_CA_BUNDLE)", 23), 0);
    server_clean_environment();
    struct http *system auto_(http) = tls_client(NULL);
    img__buf_clear(&text);
    img__http_roots_explain(system, &text);
    assert_true(text.len > 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_insecure),           cmocka_unit_test(test_authority),
        cmocka_unit_test(test_client_certificate), cmocka_unit_test(test_bad_client_certificate),
        cmocka_unit_test(test_roots_explained),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
