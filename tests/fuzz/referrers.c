/* SPDX-License-Identifier: Apache-2.0
 *
 * Lists of referrers, and manifests with a subject. What was read can be changed, an entry that was
 * put in is there, and one that was taken out is gone.
 */
#include "fuzz.h"

#include "core/referrer.h"

#define DIGEST "sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"

static int take(const struct json *entry, void *arg, img_error *err)
{
    auto_(referrer) struct referrer referrer = REFERRER_INIT;

    (void)err;
    if (img__referrer_parse(entry, "x", &referrer, NULL) == 0)
        *(bool *)arg = *(bool *)arg || strcmp(referrer.descriptor.digest.text, DIGEST) == 0;
    return 0;
}

static bool has(const struct json *list)
{
    auto_(buf) struct buf text = BUF_INIT((size_t)1 << 26);
    bool found = false;

    img__json_write(list, &text);
    must(img__referrers_read("x", img__buf_text(&text), text.len, take, &found, NULL) == 0);
    return found;
}

static void change(const struct json *list)
{
    static const char own[] = "{\"mediaType\":\"a/b\",\"digest\":\"" DIGEST "\",\"size\":0}";
    auto_(json) struct json *entry = NULL;
    auto_(json) struct json *less = NULL;
    auto_(json) struct json *more = NULL;

    must(img__json_parse("x", own, strlen(own), &entry, NULL) == 0);
    must(img__referrers_change(list, DIGEST, NULL, &less, NULL) == 0);
    must(!less || !has(less));
    must(img__referrers_change(less ? less : list, DIGEST, entry, &more, NULL) == 0);
    must(more && has(more));
}

static void read_manifest(const char *type, const uint8_t *data, size_t len)
{
    auto_(document) struct document document = DOCUMENT_INIT;
    auto_(json) struct json *entry = NULL;
    auto_(referrer) struct referrer referrer = REFERRER_INIT;
    img_descriptor subject;
    char *copy = malloc(len + 1);

    must(copy);
    memcpy(copy, data, len);
    copy[len] = '\0';
    must(img__document_make(type, copy, len, &document, NULL) == 0);
    if (img__referrer_entry(&document, &subject, &entry, NULL) == 0 && entry)
        must(img__referrer_parse(entry, "x", &referrer, NULL) == 0 && *subject.digest.text);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
    auto_(json) struct json *list = NULL;
    bool found = false;

    if (img__referrers_read("x", (const char *)data, len, take, &found, NULL) == 0 &&
        img__json_parse("x", data, len, &list, NULL) == 0)
        change(list);
    read_manifest(MEDIA_OCI_MANIFEST, data, len);
    read_manifest(MEDIA_OCI_INDEX, data, len);
    return 0;
}
