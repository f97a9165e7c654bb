/* SPDX-License-Identifier: Apache-2.0
 *
 * Configs, manifests and indexes. A config that was read can be built upon, and what comes of that
 * can be read; so can what it becomes in a bundle.
 */
#include "fuzz.h"

#include "core/config.h"
#include "core/index.h"
#include "core/manifest.h"
#include "core/runtime_config.h"

#define DIGEST "sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"

static void look(const struct config *config)
{
    static const char *const lists[] = {"entrypoint", "cmd", "env", "label", "expose", "volume"};
    static const char *const fields[] = {"created", "author", "user", "workdir", "stop-signal"};
    auto_(strv) struct strv strv = STRV_INIT;

    for (size_t i = 0; i < sizeof(lists) / sizeof(lists[0]); i++)
        must(img__config_list(config, lists[i], &strv, NULL) == 0);
    for (size_t i = 0; i < sizeof(fields) / sizeof(fields[0]); i++)
        must(img__config_field(config, fields[i]));
}

static void build_upon(struct config *config)
{
    static const char *const argv[] = {"a", NULL};
    const img_digest digest = {DIGEST};
    auto_(document) struct document made = DOCUMENT_INIT;
    auto_(config) struct config again = CONFIG_INIT;

    must(img__config_set_argv(config, "entrypoint", argv, NULL) == 0);
    must(img__config_set(config, "user", "x", NULL) == 0);
    must(img__config_put(config, "env", "A=B", NULL) == 0);
    must(img__config_put(config, "label", "A=B", NULL) == 0);
    must(img__config_put(config, "expose", "80", NULL) == 0);
    must(img__config_put(config, "volume", "/x", NULL) == 0);
    int rc = img__config_add_layer(config, &digest, "2020-01-01T00:00:00Z", "x\xff", NULL);
    must(rc == 0 || rc == IMG_ELIMIT);
    must(img__document_from_json(MEDIA_OCI_CONFIG, config->json, &made, NULL) == 0);
    must(img__config_parse("x", made.bytes, made.len, &again, NULL) == 0);
}

static void make_bundle(const struct config *config)
{
    const struct user user = USER_INIT;
    const struct runtime_options options = {.terminal = true};
    auto_(buf) struct buf out = BUF_INIT((size_t)1 << 26);
    auto_(json) struct json *json = NULL;

    int rc = img__runtime_config_write(config, &user, &options, &out, NULL);
    must(rc == 0 || rc == IMG_EINVAL || rc == IMG_EFORMAT || rc == IMG_EUNSUPPORTED);
    must(rc || img__json_parse("config.json", out.data, out.len, &json, NULL) == 0);
}

static void read_config(const char *bytes, size_t len)
{
    auto_(config) struct config config = CONFIG_INIT;

    if (img__config_parse("x", bytes, len, &config, NULL) == 0) {
        look(&config);
        make_bundle(&config);
        build_upon(&config);
    }
}

/* Takes bytes over. */
static void read_document(const char *type, char *bytes, size_t len)
{
    auto_(document) struct document document = DOCUMENT_INIT;
    auto_(manifest) struct manifest manifest = MANIFEST_INIT;
    auto_(index) struct index index = INDEX_INIT;

    must(img__document_make(type, bytes, len, &document, NULL) == 0);
    if (img__media_kind(type) == MEDIA_INDEX)
        img__index_parse(&document, &index, NULL);
    else
        img__manifest_parse(&document, &manifest, NULL);
}

/* The first byte says which. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
    char type[MEDIA_TYPE_MAX];

    if (len < 1)
        return 0;
    auto_free char *bytes = malloc(len);
    must(bytes);
    memcpy(bytes, data + 1, --len);
    bytes[len] = '\0';
    switch (data[0] & 3) {
    case 0:
        read_config(bytes, len);
        break;
    case 1:
        read_document(MEDIA_OCI_MANIFEST, steal(bytes), len);
        break;
    case 2:
        read_document(MEDIA_OCI_INDEX, steal(bytes), len);
        break;
    default:
        if (img__document_sniff("x", NULL, bytes, len, type, NULL) == 0)
            read_document(type, steal(bytes), len);
        break;
    }
    return 0;
}
