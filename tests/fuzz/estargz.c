/* SPDX-License-Identifier: Apache-2.0
 *
 * The table of contents of an eStargz. Input that begins with '{' is the table itself and is put
 * into a tar and a member first; all other is the end of a blob. A table that is taken says only
 * what can be.
 */
#include "fuzz.h"

#include "base/buf.h"
#include "layer/block.h"
#include "layer/estargz.h"
#include "layer/estargz_read.h"
#include "layer/tar_header.h"

#define OFFSET 100000u /* where in the blob the table is said to be */

static void check_file(const struct estargz_file *file, uint64_t toc_offset)
{
    uint64_t at = 0;
    must(img__entry_check(&file->entry, NULL) == 0);
    must(file->entry.type == ENTRY_FILE || file->chunk_count == 0);
    for (size_t i = 0; i < file->chunk_count; i++) {
        const struct estargz_chunk *chunk = &file->chunks[i];
        must(chunk->begin == at && chunk->size > 0);
        must(chunk->offset > 0 && chunk->offset < toc_offset);
        at += chunk->size;
    }
    must(at == file->entry.size);
}

static void parse(const void *member, size_t len, uint64_t offset)
{
    struct estargz_toc toc = {0};
    int rc = img__estargz_parse("blob", member, len, offset, &toc, NULL);
    must(rc == 0 || !toc.files);
    for (size_t i = 0; i < toc.count; i++)
        check_file(&toc.files[i], toc.toc_offset);
    img__estargz_toc_free(&toc);
}

static void wrap(const uint8_t *data, size_t len, struct buf *tar)
{
    static const char zeros[2 * TAR_BLOCK];
    char path[] = ESTARGZ_TOC;
    const struct entry entry = {.type = ENTRY_FILE, .path = path, .size = len};
    auto_(buf) struct buf header = BUF_INIT(TAR_HEADER_MAX);
    must(img__tar_header(&entry, &header, NULL) == 0);
    img__buf_append(tar, header.data, header.len);
    img__buf_append(tar, data, len);
    img__buf_append(tar, zeros, img__tar_padding(len));
    img__buf_append(tar, zeros, sizeof(zeros));
    must(!tar->failed);
}

static void parse_json(const uint8_t *data, size_t len)
{
    auto_(buf) struct buf tar = BUF_INIT(len + TAR_HEADER_MAX);
    wrap(data, len, &tar);
    void *codec = img__block_gzip.open(1);
    size_t bound = img__block_gzip.bound(tar.len);
    auto_free char *member = malloc(bound);
    must(codec && member);
    ssize_t n = img__block_gzip.compress(codec, tar.data, tar.len, member, bound, NULL);
    img__block_gzip.close(codec);
    must(n > 0);
    parse(member, (size_t)n, OFFSET);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
    if (len > 0 && data[0] == '{') {
        parse_json(data, len);
        return 0;
    }
    size_t footer = len < ESTARGZ_FOOTER_BYTES ? len : ESTARGZ_FOOTER_BYTES;
    const uint8_t *end = len ? data + len - footer : (const uint8_t *)"";
    uint64_t toc_begin, toc_end;
    if (img__estargz_footer("blob", end, len, &toc_begin, &toc_end, NULL) == 0) {
        must(toc_begin < toc_end && toc_end < len);
        parse(data + toc_begin, (size_t)(toc_end - toc_begin), toc_begin);
    }
    return 0;
}
