/* SPDX-License-Identifier: Apache-2.0
 *
 * A depfile is a piece of a makefile of which ninja reads a part, in its own way. What is here was
 * measured with GNU make 4.3 and ninja 1.11: both take a backslash before ' ', '#' and ':', and
 * "$$". Of other characters ninja takes those below and skips the rest as if it were white space;
 * make reads some of them as functions, patterns or variables. tests/integration/depfile.sh holds
 * both against it.
 */
#include "depfile_name.h"

#include <glob.h>
#include <limits.h>
#include <string.h>

#include "memory.h"

#define NINJA_PARTS_MAX 60u /* ninja 1.11 ends at a path of more */

static bool is_word(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
}

/* A backslash stays as it is, unless what stands behind it could be meant. */
static bool fits_character(const char *at)
{
    if (*at == '\\')
        return is_word(at[1]);
    return is_word(*at) || (unsigned char)*at >= 0x80 || strchr(" #$:+,/.~{}%=@[]!-()", *at);
}

static size_t count_parts(const char *name)
{
    size_t parts = name[0] != '/';

    for (; *name; name++)
        parts += *name == '/';
    return parts;
}

/* To make "[id]" is a pattern, which counts as it stands only if nothing matches it. */
static bool is_other_file(const char *name)
{
    glob_t found;
    bool other = false;

    if (!strchr(name, '['))
        return false;
    if (strchr(name, '\\'))
        return true;
    if (glob(name, GLOB_NOSORT, NULL, &found) != 0)
        return false;
    for (size_t i = 0; i < found.gl_pathc; i++)
        other |= strcmp(found.gl_pathv[i], name) != 0;
    globfree(&found);
    return other;
}

bool depfile_name_fits(const char *name)
{
    size_t len = strlen(name);
    char last = len ? name[len - 1] : ' ';

    for (const char *at = name; *at; at++)
        if (!fits_character(at))
            return false;
    /* Where the name ends make does not see the backslash of a blank, ninja takes the colon for one
     * that separates, and to make "a(b)" and "a(b c)" are members of an archive. "~" is somebody's
     * home. */
    if (last == ' ' || last == ':' || last == ')' || name[0] == '~')
        return false;
    return len < PATH_MAX && count_parts(name) <= NINJA_PARTS_MAX && !is_other_file(name);
}

bool depfile_name_fits_target(const char *name)
{
    return depfile_name_fits(name) && !strpbrk(name, "=%[");
}

void depfile_name_write(FILE *stream, const char *name)
{
    for (; *name; name++) {
        if (*name == '$')
            putc('$', stream);
        else if (*name == ' ' || *name == '#' || *name == ':')
            putc('\\', stream);
        putc(*name, stream);
    }
}

/* A rule with '%' is one for all names that match; it counts for this one only if it has a recipe,
 * which may be empty. The other names should be few. */
static bool is_narrow(const char *name)
{
    const char *percent = strchr(name, '%');

    return percent > name && percent[-1] != '/' && percent[1] && percent[1] != '/' &&
           strchr(name, '/');
}

/* ".PHONY" and its kin are orders to make. */
static bool is_order(const char *name)
{
    return name[0] == '.' && name[1] >= 'A' && name[1] <= 'Z' && !strchr(name, '/');
}

void depfile_name_write_rule(FILE *stream, const char *name)
{
    bool pattern = strchr(name, '%');

    /* With '=' it would be a variable that is set. */
    if (strchr(name, '=') || is_order(name) || (pattern && !is_narrow(name)))
        return;
    depfile_name_write(stream, name);
    fputs(pattern ? ":\n\t\n" : ":\n", stream);
}

char *depfile_name_clean(const char *path)
{
    char *name = xcalloc(strlen(path) + 2, 1), *out = name;

    if (*path == '/')
        *out++ = '/';
    for (size_t len; *path; path += len) {
        path += strspn(path, "/");
        len = strcspn(path, "/");
        if (len == 0 || (len == 1 && *path == '.'))
            continue;
        if (out > name && out[-1] != '/')
            *out++ = '/';
        memcpy(out, path, len);
        out += len;
    }
    if (out == name)
        *out++ = '.';
    *out = '\0';
    return name;
}

void depfile_name_cut(char *name)
{
    char *slash = strrchr(name, '/');

    if (!slash)
        strcpy(name, ".");
    else
        slash[slash == name] = '\0';
}
