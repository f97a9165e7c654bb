/* SPDX-License-Identifier: Apache-2.0
 *
 * The name of the program, put where texts have "imgtool".
 */
#include "name.h"

#include <stdbool.h>
#include <string.h>

#include "memory.h"

static const char word[] = "imgtool";

static bool is_command(const char *text, const char *found)
{
    char before = found > text ? found[-1] : ' ';
    char behind = found[sizeof(word) - 1];

    return strchr(" \n'\"(;|`", before) && (behind == ' ' || behind == '\n');
}

/* Writes text with all words, or those that begin commands, replaced. */
static void replace(FILE *out, const char *text, bool all)
{
    const char *from = text;

    for (const char *found = text; (found = strstr(found, word)); found += sizeof(word) - 1) {
        if (!all && !is_command(text, found))
            continue;
        fwrite(from, 1, (size_t)(found - from), out);
        fputs(LIBIMG_TOOL_NAME, out);
        from = found + sizeof(word) - 1;
    }
    fputs(from, out);
}

char *name_text(const char *text)
{
    char *replaced = NULL;
    size_t size;
    FILE *out = open_memstream(&replaced, &size);

    if (!out)
        return xstrdup(text);
    replace(out, text, false);
    if (fclose(out) == 0)
        return replaced;
    free(replaced);
    return xstrdup(text);
}

void name_print(FILE *stream, const char *text)
{
    replace(stream, text, false);
}

void name_print_script(FILE *stream, const char *script)
{
    replace(stream, script, true);
}
