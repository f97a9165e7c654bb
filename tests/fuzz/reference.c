/* SPDX-License-Identifier: Apache-2.0
 *
 * References: whatever is accepted is what both of its forms are parsed to again, and holds nothing
 * that a URL or a file's name could be led astray by.
 */
#include "fuzz.h"

#include "core/reference.h"
#include "core/reference_host.h"

#define TEXT_MAX 2048

static void check_again(const img_reference *reference, const char *text)
{
    img_reference again;
    must(strlen(text) < IMG_REFERENCE_TEXT_MAX);
    must(img_reference_parse(text, &again, NULL) == 0);
    must(memcmp(reference, &again, sizeof(again)) == 0);
}

static void check_safe(const img_reference *reference)
{
    must(reference->domain[0] && reference->path[0]);
    must(reference->tag[0] || reference->digest.text[0]);
    must(strspn(reference->path, "abcdefghijklmnopqrstuvwxyz0123456789._-/") ==
         strlen(reference->path));
    must(!strstr(reference->path, "..") && !strstr(reference->path, "//"));
    must(reference->path[0] != '/' && reference->path[0] != '.');
    must(!strpbrk(reference->domain, "/@?#%\\ ") && !strpbrk(reference->tag, "/:@?#% "));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
    char text[TEXT_MAX], host[sizeof(((img_reference *)NULL)->domain)];
    img_reference reference;

    if (len >= sizeof(text))
        return 0;
    memcpy(text, data, len);
    text[len] = '\0';
    if (img_reference_parse(text, &reference, NULL))
        return 0;
    check_safe(&reference);
    img_reference_format(&reference, text);
    check_again(&reference, text);
    img_reference_familiar(&reference, text);
    check_again(&reference, text);
    img__reference_host_normal(reference.domain, host, sizeof(host));
    must(img__reference_check_host(host, NULL) == 0);
    return 0;
}
