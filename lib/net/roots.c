/* SPDX-License-Identifier: Apache-2.0
 *
 * Which certificate authorities count, and who named them: the caller, the environment (libcurl
 * reads none of the usual variables by itself), the libcurl that is here, or a place where systems
 * keep them.
 */
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

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

/* What curl falls back to where nothing was named. */
static const char *file_of(const struct tls_roots *roots)
{
    if (roots->file || roots->none)
        return roots->file;
    return curl_version_info(CURLVERSION_NOW)->cainfo;
}

static const char *directory_of(const struct tls_roots *roots)
{
    const curl_version_info_data *curl = curl_version_info(CURLVERSION_NOW);
    if (roots->directory || roots->alone)
        return roots->directory;
    return curl->age >= CURLVERSION_SEVENTH ? curl->capath : NULL;
}

/* The file as text; nothing if it can't be read. */
void img__tls_roots_read(const struct tls_roots *roots, struct buf *out)
{
    const char *name = file_of(roots);
    int fd auto_fd = name ? open(name, O_RDONLY | O_CLOEXEC) : -1;
    char chunk[16384];
    ssize_t got;
    while (fd >= 0 && (got = read(fd, chunk, sizeof(chunk))) > 0)
        img__buf_append(out, chunk, (size_t)got);
}

void img__http_roots_explain(const struct http *http, struct buf *out)
{
    const struct tls_roots *roots = &http->roots;
    const char *file = file_of(roots), *directory = directory_of(roots);
    if (file)
        img__buf_printf(out, "%s (%s)", file, roots->file ? roots->from : "libcurl");
    if (file && directory)
        img__buf_puts(out, ", ");
    if (directory)
        img__buf_printf(out, "%s (%s)", directory, roots->directory ? "SSL_CERT_DIR" : "libcurl");
    if (!file && !directory)
        img__buf_puts(out, "none: install ca-certificates, or set SSL_CERT_FILE");
}
