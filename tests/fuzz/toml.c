/* SPDX-License-Identifier: Apache-2.0
 *
 * TOML: what is read is a tree that can be walked, in which each key is found once.
 */
#include "fuzz.h"

#include "core/toml.h"

static unsigned walk(const struct toml *value, unsigned depth)
{
    unsigned count = 1;

    /* Inline values may begin at the end of a header of many parts. */
    must(depth <= 4 * TOML_DEPTH_MAX + 64);
    must(value->line > 0);
    must((value->type == TOML_STRING || value->type == TOML_TIME) == (value->text != NULL));
    for (size_t i = 0; i < value->count; i++) {
        const struct toml *item = value->items[i];
        must((value->type == TOML_TABLE) == (item->key != NULL));
        must(!item->key || img__toml_get(value, item->key) == item);
        count += walk(item, depth + 1);
    }
    return count;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
    auto_(toml) struct toml *toml = NULL;

    if (img__toml_parse("x", (const char *)data, len, &toml, NULL))
        return 0;
    must(toml->type == TOML_TABLE);
    must(walk(toml, 0) <= TOML_VALUES_MAX);
    return 0;
}
