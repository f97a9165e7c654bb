/* SPDX-License-Identifier: Apache-2.0
 *
 * Pages of tags and of repositories: whatever is a tag or a path by our rules is one for the parser
 * of references.
 */
#include "fuzz.h"

#include "core/reference.h"
#include "registry/tags.h"

static int take(const char *name, void *arg, img_error *err)
{
    char text[512];
    img_reference parsed;

    (void)arg;
    (void)err;
    must(*name);
    if (img__reference_is_tag(name)) {
        snprintf(text, sizeof(text), "h.example/a:%s", name);
        must(img_reference_parse(text, &parsed, NULL) == 0 && strcmp(parsed.tag, name) == 0);
    }
    if (img__reference_is_path(name)) {
        snprintf(text, sizeof(text), "h.example/%s", name);
        must(img_reference_parse(text, &parsed, NULL) == 0 && strcmp(parsed.path, name) == 0);
    }
    return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
    const struct names_page tags = {"tags", "x", take, NULL};
    const struct names_page repositories = {"repositories", "x", take, NULL};

    img__names_page_read(&tags, (const char *)data, len, NULL);
    img__names_page_read(&repositories, (const char *)data, len, NULL);
    return 0;
}
