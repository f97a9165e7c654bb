/* SPDX-License-Identifier: Apache-2.0
 *
 * registries.conf and hosts.toml. What a table leads to is a reference again, with the same tag and
 * digest; what hosts.toml has are hosts and headers on one line.
 */
#include "fuzz.h"

#include "registry/hosts_toml.h"
#include "registry/registries_conf.h"

#define BY_DIGEST                                                                                  \
    "a.example/b/c@sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"

static const char *const names[] = {"a.example/b:1", BY_DIGEST, "x.w.example:5/y", "debian",
                                    "localhost:5000/a/b/c:d"};

static void rewrite(const struct conf_registry *found, const struct conf_endpoint *endpoint,
                    const img_reference *from)
{
    char text[IMG_REFERENCE_TEXT_MAX];
    img_reference there, again;

    if (img__registries_conf_rewrite(found, endpoint, from, &there, NULL))
        return;
    img_reference_format(&there, text);
    must(img_reference_parse(text, &again, NULL) == 0);
    must(strcmp(again.tag, from->tag) == 0);
    must(strcmp(again.digest.text, from->digest.text) == 0);
}

static void use(const struct registries_conf *conf)
{
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        img_reference reference;
        must(img_reference_parse(names[i], &reference, NULL) == 0);
        const struct conf_registry *found = img__registries_conf_find(conf, &reference);
        if (!found)
            continue;
        rewrite(found, &found->own, &reference);
        for (size_t k = 0; k < found->mirror_count; k++)
            rewrite(found, &found->mirrors[k], &reference);
    }
}

static void use_hosts(const struct hosts_toml *hosts)
{
    for (size_t i = 0; i < hosts->mirror_count; i++) {
        const struct hosts_entry *entry = &hosts->mirrors[i];
        must(*entry->host && !strpbrk(entry->host, "/?#@ "));
        must(!strpbrk(entry->base, "?# "));
        for (size_t k = 0; k < entry->headers.count; k++)
            must(!strpbrk(entry->headers.items[k], "\r\n"));
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
    auto_(toml) struct toml *toml = NULL;
    auto_(hosts_toml) struct hosts_toml *hosts = NULL;
    struct registries_conf *conf = calloc(1, sizeof(*conf));

    must(conf);
    if (img__toml_parse("x", (const char *)data, len, &toml, NULL) == 0) {
        if (img__registries_conf_add(conf, "x", toml, NULL, NULL) == 0)
            use(conf);
        if (img__hosts_toml_read("/nowhere/x", toml, NULL, &hosts, NULL) == 0)
            use_hosts(hosts);
    }
    img__registries_conf_free(conf);
    return 0;
}
