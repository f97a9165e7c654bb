/* SPDX-License-Identifier: Apache-2.0
 *
 * They count where a --platform is named. Without one names are as they stand, so a file can be
 * called like them.
 */
#include "placeholders.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "fail.h"
#include "memory.h"

static const char *const words[] = {"{os}", "{arch}", "{variant}"};
#define WORDS (sizeof(words) / sizeof(words[0]))

/* Which of them text begins with; WORDS: none. */
static size_t word_at(const char *text)
{
    size_t i = 0;

    while (i < WORDS && strncmp(text, words[i], strlen(words[i])) != 0)
        i++;
    return i;
}

const char *placeholders_find(const char *text)
{
    while ((text = strchr(text, '{')) && word_at(text) == WORDS)
        text++;
    return text;
}

char *placeholders_fill(const char *text, const img_platform *platform)
{
    const char *const values[WORDS] = {platform ? platform->os : "",
                                       platform ? platform->architecture : "",
                                       platform ? platform->variant : ""};
    char *out = NULL;
    size_t len;
    FILE *stream = open_memstream(&out, &len);

    if (!stream || !platform) {
        if (stream)
            fclose(stream);
        free(out);
        return xstrdup(text);
    }
    while (*text) {
        size_t word = word_at(text);

        if (word < WORDS)
            fputs(values[word], stream);
        else
            fputc(*text, stream);
        text += word < WORDS ? strlen(words[word]) : 1;
    }
    fclose(stream);
    return out;
}

int placeholders_check(const char *text, const char *what, img_error *err)
{
    const char *found = placeholders_find(text);

    if (!found || access(text, F_OK) == 0)
        return 0;
    return cli_fail(err, IMG_EINVAL, "%s %s: %.*s needs a --platform", what, text,
                    (int)strcspn(found, "}") + 1, found);
}
