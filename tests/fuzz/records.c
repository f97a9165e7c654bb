/* SPDX-License-Identifier: Apache-2.0
 *
 * What is remembered of layers. The digest at the end is made right first, or nothing would get
 * past it; what parses is written and parsed to the same.
 */
#include "fuzz.h"

#include "ops/reuse_record.h"

static void check(const char *text, size_t len)
{
    auto_(records) struct records records = {0}, again = {0};
    auto_(buf) struct buf out = BUF_INIT(2 * RECORDS_BYTES_MAX);

    if (img__records_parse(text, len, &records, NULL) != 0 || records.count == 0)
        return;
    must(records.count <= RECORDS_MAX);
    const struct record *first = &records.items[0];
    must(img__records_find_chain(&records, first->key.whole, first->key.chain) == first);
    must(img__records_find_facts(&records, first->key.whole, first->key.facts) == first);
    if (img__records_format(&records, &first->key, &first->made, &out, NULL) != 0)
        return;
    must(img__records_parse(out.data, out.len, &again, NULL) == 0);
    must(again.count <= records.count);
    must(again.items[0].made.newest_mtime == first->made.newest_mtime);
    must(strcmp(again.items[0].made.what, first->made.what) == 0);
    must(again.items[0].annotations.count == first->annotations.count);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
    auto_(buf) struct buf text = BUF_INIT(len + 256);
    img_digest digest;

    check((const char *)data, len);
    img__buf_append(&text, data, len);
    must(img__digest_of(img__buf_text(&text), text.len, &digest, NULL) == 0);
    img__buf_printf(&text, "end %s\n", digest.text);
    check(text.data, text.len);
    return 0;
}
