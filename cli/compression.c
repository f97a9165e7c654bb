/* SPDX-License-Identifier: Apache-2.0
 *
 * How layers are compressed: a word, and a level by its number or by what it is for. Which levels
 * fast and small are was measured on a Debian root file system and a node_modules tree: beyond
 * small, time grows much faster than size falls.
 */
#include "compression.h"

#include <stdlib.h>
#include <string.h>

#include "fail.h"
#include "text.h"

#define THREADS_MAX 1024

struct compression {
    const char *word;
    int32_t compression;
    int32_t fast;
    int32_t small;
    int32_t max; /* 0: it has no level */
};

static const struct compression compressions[] = {
    {"gzip", IMG_COMPRESSION_GZIP, 1, 6, 12},
    {"zstd:chunked", IMG_COMPRESSION_ZSTD_CHUNKED, 1, 6, 19}, /* before zstd, how it begins */
    {"zstd", IMG_COMPRESSION_ZSTD, 1, 6, 19},
    {"estargz", IMG_COMPRESSION_ESTARGZ, 1, 6, 12},
    {"none", IMG_COMPRESSION_NONE, 0, 0, 0},
};

/* level is what follows the word and a colon. */
static int parse_level(const struct compression *found, const char *text, const char *level,
                       int32_t *out, img_error *err)
{
    char *end = NULL;
    long number = strtol(level, &end, 10);

    if (found->max == 0)
        return cli_fail(err, IMG_EINVAL, "--compression %s: none has no level", text);
    if (text_is(level, "fast"))
        number = found->fast;
    else if (text_is(level, "small"))
        number = found->small;
    else if (*level < '0' || *level > '9' || *end || number < 1 || number > found->max)
        return cli_fail(err, IMG_EINVAL,
                        "--compression %s: the level is fast, small or a number from 1 to %d", text,
                        (int)found->max);
    *out = (int32_t)number;
    return 0;
}

int compression_parse(const char *text, img_build_options *out, img_error *err)
{
    if (!text)
        return 0;
    for (size_t i = 0; i < sizeof(compressions) / sizeof(compressions[0]); i++) {
        const struct compression *found = &compressions[i];
        size_t len = strlen(found->word);

        if (strncmp(text, found->word, len) != 0 || (text[len] && text[len] != ':'))
            continue;
        out->compression = found->compression;
        return text[len] ? parse_level(found, text, text + len + 1, &out->level, err) : 0;
    }
    return cli_fail(err, IMG_EINVAL,
                    "--compression %s: there are gzip, zstd, estargz, zstd:chunked and none, with "
                    ":LEVEL",
                    text);
}

int threads_parse(const char *text, img_build_options *out, img_error *err)
{
    char *end = NULL;

    if (!text)
        return 0;
    long number = strtol(text, &end, 10);
    if (*text < '0' || *text > '9' || *end || number < 1 || number > THREADS_MAX)
        return cli_fail(err, IMG_EINVAL, "--threads %s: it is a number from 1 to %d", text,
                        THREADS_MAX);
    out->threads = (uint32_t)number;
    return 0;
}
