/* SPDX-License-Identifier: Apache-2.0
 *
 * What a refusal says: request, status, the registry's code, words and detail, attempts, the id
 * that its people ask for, and what may help; in one line, and nothing in it obeyed by a terminal.
 */
#include "peer.h"

static img_client_options options = IMG_CLIENT_OPTIONS_INIT;

struct row {
    const char *rule;  /* for the manifest */
    const char *auth;  /* of the fake; "" for none */
    const char *entry; /* of the auth file; "" for none */
    int code;
    const char *texts[4]; /* all in the message */
    const char * not ;    /* not in it; NULL: nothing */
};

#define BEARER                                                                                     \
    "\"auth\":{\"scheme\":\"bearer\",\"users\":{\"u\":\"s3cret\"},"                                \
    "\"grant\":{\"\":{\"*\":[\"pull\"]},\"u\":{\"*\":[\"pull\"]}}},"
#define GOOD "{\"auth\":\"dTpzM2NyZXQ=\"}" /* u:s3cret */

static const struct row rows[] = {
    {"\"status\":503,\"body\":\"{\\\"errors\\\":[{\\\"code\\\":\\\"UNAVAILABLE\\\",\\\"message\\\":"
     "\\\"later\\\",\\\"detail\\\":{\\\"zone\\\":1}},{},{}]}\",\"headers\":{\"X-Request-Id\":\"abc-"
     "1\"}",
     "",
     "",
     IMG_EREFUSED,
     {"GET http://127.0.0.1:",
      "/v2/a/manifests/1: 503 UNAVAILABLE: later, {\"zone\":1}, and 2 more", "(2 attempts)",
      "[X-Request-Id abc-1]"},
     NULL},
    {"\"status\":422,\"body\":\"\\u001b[31mred\\nmore\",\"headers\":{\"CF-Ray\":\"7\"}",
     "",
     "",
     IMG_EREFUSED,
     {": 422: \\x1B[31mred", "[CF-Ray 7]", "", ""},
     "more"},
    {"\"status\":422,\"body\":\"{\\\"errors\\\":[{\\\"code\\\":\\\"A\\\",\\\"message\\\":"
     "\\\"x\\\\u009b31m\\\\u0007\\\",\\\"detail\\\":\\\"\\\\u001b]0;t\\\"}]}\"",
     "",
     "",
     IMG_EREFUSED,
     {": 422 A: x\\xC2\\x9B31m\\x07, \\x1B]0;t", "", "", ""},
     NULL},
    {"\"status\":403,\"body\":\"{\\\"errors\\\":[{\\\"code\\\":\\\"DENIED\\\"}]}\"",
     "",
     "",
     IMG_EAUTH,
     {": 403 DENIED", "did not ask for a credential", "", ""},
     NULL},
    {"\"status\":403,\"skip\":1,\"body\":\"no\"",
     BEARER,
     GOOD,
     IMG_EAUTH,
     {": 403: no", "(user \"u\" of auths[\"127.0.0.1:", "auth.json may not do this)", ""},
     NULL},
    {"\"status\":404,\"skip\":1,\"body\":\"{\\\"errors\\\":[{\\\"code\\\":\\\"NAME_UNKNOWN\\\"}]}"
     "\"",
     BEARER,
     GOOD,
     IMG_ENOTFOUND,
     {": 404 NAME_UNKNOWN (or it is there, but not for user \"u\" of auths[", "auth.json)", "", ""},
     NULL},
    {"\"status\":404,\"skip\":1,\"body\":\"{\\\"errors\\\":[{\\\"code\\\":\\\"NAME_UNKNOWN\\\"}]}"
     "\"",
     BEARER,
     "",
     IMG_ENOTFOUND,
     {"or it is there, but not for everybody: no credential for 127.0.0.1:", "; log in first)", "",
      ""},
     NULL},
    {"\"status\":404,\"skip\":1,\"body\":\"{\\\"errors\\\":[{\\\"code\\\":\\\"MANIFEST_UNKNOWN\\\"}"
     "]}\"",
     BEARER,
     GOOD,
     IMG_ENOTFOUND,
     {": 404 MANIFEST_UNKNOWN", "", "", ""},
     "or it is there"},
    {"\"status\":429,\"times\":9,\"body\":\"x\"",
     "",
     "",
     IMG_ERATELIMIT,
     {": 429: x (2 attempts)", "(too many requests; try again later)", "", ""},
     NULL},
};

static void refuse(const struct row *row)
{
    img_error err;
    struct peer peer;
    auto_(document) struct document got = DOCUMENT_INIT;
    char script[2048];
    snprintf(script, sizeof(script), "{%s\"rules\":[{\"path\":\"/v2/a/manifests/1\",%s}]}",
             row->auth, row->rule);
    peer_fake(&peer, script);
    if (*row->entry) {
        snprintf(script, sizeof(script), "{\"auths\":{\"%s\":%s}}", peer.host, row->entry);
        peer_write(peer.auth_file, script);
    }
    struct registry *registry = peer_client(&peer, options);
    struct endpoint *endpoint = peer_endpoint(registry, &peer, "a:1", REGISTRY_PULL);
    int code = endpoint->ops->resolve(endpoint, &got, &err);
    if (code != row->code)
        fail_msg("%s: %d, %s", row->rule, code, code ? err.message : "");
    for (size_t i = 0; i < 4; i++) {
        if (!strcasestr(err.message, row->texts[i]))
            fail_msg("'%s' is not in '%s'", row->texts[i], err.message);
    }
    if (row->not &&strstr(err.message, row->not ))
        fail_msg("'%s' is in '%s'", row->not, err.message);
    for (const char *c = err.message; *c; c++)
        assert_true((unsigned char)*c >= ' ' && *c != 0x7f);
    assert_null(strstr(err.message, "s3cret"));
    img__endpoint_free(endpoint);
    img__registry_free(registry);
    peer_stop(&peer);
}

static void refusals(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
        refuse(&rows[i]);
}

/* However much a server says, the hint behind it is there. */
static void long_refusals(void **state)
{
    (void)state;
    static char rule[1600];
    char words[700];
    memset(words, 'w', sizeof(words) - 1);
    words[sizeof(words) - 1] = '\0';
    snprintf(
        rule, sizeof(rule),
        "\"status\":401,\"skip\":1,\"body\":\"{\\\"errors\\\":[{\\\"code\\\":\\\"UNAUTHORIZED\\\","
        "\\\"message\\\":\\\"%s\\\",\\\"detail\\\":\\\"d%s\\\"}]}\",\"headers\":{\"WWW-"
        "Authenticate\":"
        "\"Basic\"}",
        words, words);
    const struct row row = {
        rule, BEARER, GOOD, IMG_EAUTH, {"user \"u\" of auths[", "log in again)", "wwww", ", dwww"},
        NULL};
    refuse(&row);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(refusals),
        cmocka_unit_test(long_refusals),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
