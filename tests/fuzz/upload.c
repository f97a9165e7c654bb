/* SPDX-License-Identifier: Apache-2.0
 *
 * What registries say of uploads: how far a session is, and how large pieces may be. Whatever it
 * is, a piece has some bytes and no more than there are. The first byte tells which.
 */
#include "fuzz.h"

#include "registry/upload_ways.h"

static void cut_pieces(uint64_t limit, uint64_t rest)
{
    const struct upload_limits rows[] = {{limit, 0}, {0, limit}, {limit, limit}};
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct upload_ways ways = {0};
        do {
            uint64_t piece = img__upload_piece(&ways, &rows[i], rest);
            must(piece > 0 && piece <= rest);
        } while (img__upload_shrink(&ways, ways.refused_bytes ? ways.piece_bytes : rest));
        must(ways.piece_bytes == 0 || ways.piece_bytes >= UPLOAD_PIECE_MIN);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
    uint64_t bytes = 0;
    if (len < 1)
        return 0;
    const char *text = (const char *)data + 1;
    if (data[0] % 2 && img__upload_progress(text, len - 1, &bytes))
        must(bytes != 1 && bytes <= INT64_MAX);
    else
        cut_pieces(img__upload_limit(text, len - 1), (uint64_t)1 << (20 + data[0] % 20));
    return 0;
}
