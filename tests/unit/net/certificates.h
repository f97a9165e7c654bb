/* SPDX-License-Identifier: Apache-2.0
 *
 * Certificates that the openssl command makes for a test, in a directory that goes with it, and
 * servers that show them.
 */
#ifndef TESTS_UNIT_NET_CERTIFICATES_H
#define TESTS_UNIT_NET_CERTIFICATES_H

#include "server.h"

static char directory[] = "/tmp/libimg-net-XXXXXX";

static inline void shell(const char *format, ...)
{
    char command[2048];
    va_list args;
    va_start(args, format);
    vsnprintf(command, sizeof(command), format, args);
    va_end(args);
    if (system(command) != 0)
        fail_msg("%s", command);
}

static inline const char *file(const char *name)
{
    static char texts[8][128];
    static unsigned next;
    char *text = texts[next++ % 8];
    snprintf(text, sizeof(texts[0]), "%s/%s", directory, name);
    return text;
}

/* A key and a certificate that signs itself; days may be negative. */
static inline void make_certificate(const char *name, int days, const char *subject_name)
{
    shell("cd %s && echo subjectAltName=%s >ext && (openssl req -newkey ec -nodes -batch "
          "-pkeyopt ec_paramgen_curve:prime256v1 -subj /CN=%s -keyout %s.key -out csr && "
          "openssl x509 -req -days %d -in csr -signkey %s.key -extfile ext -out %s.pem) >log 2>&1",
          directory, subject_name, name, name, days, name, name);
}

static inline void start_tls(struct server *server, const char *name, const char *mode)
{
    char certificate[32], key[32];
    snprintf(certificate, sizeof(certificate), "%s.pem", name);
    snprintf(key, sizeof(key), "%s.key", name);
    server_start(server, file(certificate), file(key), mode);
}

static inline struct http *tls_client(const char *ca_file)
{
    const struct http_options options = {.ca_file = ca_file,
                                         .connect_timeout_ms = 10000,
                                         .stall_timeout_ms = 10000,
                                         .tries = 3,
                                         .connections = 6};
    struct http *http = NULL;
    img_error err;
    assert_ok(img__http_new(&options, &http, &err));
    return http;
}

static inline void certificates_begin(void)
{
    assert_non_null(mkdtemp(directory));
}

static inline void certificates_end(void)
{
    shell("rm -r %s", directory);
}

#endif
