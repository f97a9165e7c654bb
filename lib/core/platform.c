/* SPDX-License-Identifier: Apache-2.0
 *
 * Platforms: names and aliases, this machine's, and which of an index's entries serves one.
 *
 * Variants are levels: a machine of a level runs what was made for the same and for lower ones. The
 * levels are containerd's: arm v7 is the default of arm, v8 that of arm64, where v9.N includes
 * v8.(N+5), and v1 that of amd64. Only variants fall back, never architectures: 386 does not serve
 * amd64 (layers.md M8).
 */
#include "core/platform.h"

#include <stdio.h>
#include <string.h>
#include <sys/utsname.h>

#include "base/err.h"
#include "base/text.h"
#include "core/media.h"

struct alias {
    const char *name, *architecture, *variant; /* variant "": as given */
};

static const struct alias aliases[] = {
    {"x86_64", "amd64", ""},  {"x86-64", "amd64", ""},
    {"aarch64", "arm64", ""}, {"arm64e", "arm64", ""},
    {"i386", "386", ""},      {"i486", "386", ""},
    {"i586", "386", ""},      {"i686", "386", ""},
    {"armhf", "arm", "v7"},   {"armel", "arm", "v6"},
    {"armv5l", "arm", "v5"},  {"armv5tel", "arm", "v5"},
    {"armv6l", "arm", "v6"},  {"armv7l", "arm", "v7"},
    {"armv8l", "arm", "v8"},  {"loongarch64", "loong64", ""},
};

static const char *const systems[] = {"linux",   "windows", "darwin", "freebsd", "netbsd",
                                      "openbsd", "solaris", "aix",    "plan9",   "wasi"};

/* What stands for itself without a system; with one, any name does. */
static const char *const architectures[] = {"386",     "amd64",   "arm",      "arm64",   "loong64",
                                            "mips",    "mips64",  "mips64le", "mipsle",  "ppc64",
                                            "ppc64le", "riscv64", "s390x",    "sparc64", "wasm"};

/* 0.0 for what has no levels: there variants are compared as they are. */
struct level {
    unsigned major, minor;
};

static void set(char *out, size_t size, const char *text)
{
    snprintf(out, size, "%s", text);
}

/* Aliases and defaults. */
static void normalise(img_platform *p)
{
    for (size_t i = 0; i < sizeof(aliases) / sizeof(aliases[0]); i++) {
        if (strcmp(p->architecture, aliases[i].name) != 0)
            continue;
        set(p->architecture, sizeof(p->architecture), aliases[i].architecture);
        if (*aliases[i].variant && !*p->variant)
            set(p->variant, sizeof(p->variant), aliases[i].variant);
        break;
    }
    if (strcmp(p->os, "macos") == 0)
        set(p->os, sizeof(p->os), "darwin");
    if (strcmp(p->architecture, "arm") == 0 && !*p->variant)
        set(p->variant, sizeof(p->variant), "v7");
    if (img__is_digit(p->variant[0]) && strlen(p->variant) + 1 < sizeof(p->variant) &&
        (strcmp(p->architecture, "arm") == 0 || strcmp(p->architecture, "arm64") == 0)) {
        memmove(p->variant + 1, p->variant, strlen(p->variant) + 1);
        p->variant[0] = 'v';
    }
}

static int parse_part(const char *text, size_t len, char *out, size_t size, img_error *err)
{
    if (len == 0 || len >= size)
        return img__fail(err, IMG_EINVAL, "each of its parts must have from 1 to %zu characters",
                         size - 1);
    for (size_t i = 0; i < len; i++) {
        if (!img__is_alnum(text[i]) && !strchr("_.-", text[i]))
            return img__fail(err, IMG_EINVAL, "it must not contain '%c'", text[i]);
        out[i] = img__to_lower(text[i]);
    }
    return 0;
}

static bool is_one_of(const char *text, const char *const *list, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (strcmp(text, list[i]) == 0)
            return true;
    return false;
}

static bool is_system(const char *text)
{
    return is_one_of(text, systems, sizeof(systems) / sizeof(systems[0]));
}

static bool is_architecture(const char *text)
{
    return is_one_of(text, architectures, sizeof(architectures) / sizeof(architectures[0]));
}

static int parse(const char *text, img_platform *out, img_error *err)
{
    const char *first = strchr(text, '/'), *second = first ? strchr(first + 1, '/') : NULL;
    const char *end = text + strlen(text);
    const char *arch = first ? first + 1 : text;
    int rc;

    if (second && strchr(second + 1, '/'))
        return img__fail(err, IMG_EINVAL, "it has more than three parts");
    rc = parse_part(arch, (size_t)((second ? second : end) - arch), out->architecture,
                    sizeof(out->architecture), err);
    if (!rc && first)
        rc = parse_part(text, (size_t)(first - text), out->os, sizeof(out->os), err);
    if (!rc && second)
        rc = parse_part(second + 1, (size_t)(end - second - 1), out->variant, sizeof(out->variant),
                        err);
    if (!rc && !first && is_system(out->architecture))
        return img__fail(err, IMG_EINVAL, "it names no architecture: write %s/amd64 or the like",
                         out->architecture);
    if (!rc && !first)
        set(out->os, sizeof(out->os), "linux");
    return rc;
}

int img_platform_parse(const char *text, img_platform *out, img_error *err)
{
    img_platform parsed = {"", "", "", ""};
    int rc = parse(text, &parsed, err);
    normalise(&parsed);
    if (!rc && !strchr(text, '/') && !is_architecture(parsed.architecture))
        rc =
            img__fail(err, IMG_EINVAL, "no such architecture is known; write linux/%s if it is one",
                      parsed.architecture);
    if (rc)
        return img__prefix(err, rc, "'%.100s' is not a platform like linux/arm64/v8", text);
    *out = parsed;
    return 0;
}

void img_platform_host(img_platform *out)
{
    img_platform host = {"linux", "amd64", "", ""};
    struct utsname name;
    if (uname(&name) == 0)
        snprintf(host.architecture, sizeof(host.architecture), "%.31s", name.machine);
    normalise(&host);
    *out = host;
}

/* "v8.2" is 8.2; false if it is no such thing. */
static bool parse_level(const char *variant, struct level *out)
{
    struct level level = {0, 0};
    if (variant[0] != 'v' || !img__is_digit(variant[1]))
        return false;
    level.major = (unsigned)(variant[1] - '0');
    if (variant[2] == '.' && img__is_digit(variant[3]) && !variant[4])
        level.minor = (unsigned)(variant[3] - '0');
    else if (variant[2])
        return false;
    *out = level;
    return true;
}

static const char *default_variant(const char *architecture)
{
    if (strcmp(architecture, "amd64") == 0)
        return "v1";
    if (strcmp(architecture, "arm64") == 0)
        return "v8";
    return strcmp(architecture, "arm") == 0 ? "v7" : NULL;
}

/* Does a machine of one level run the other's programs? */
static bool runs(struct level machine, struct level program, bool arm64)
{
    if (machine.major == program.major)
        return machine.minor >= program.minor;
    if (arm64 && machine.major == 9 && program.major == 8)
        return machine.minor + 5 >= program.minor;
    return machine.major > program.major;
}

static int match_variant(const img_platform *want, const img_platform *have)
{
    const char *standard = default_variant(want->architecture);
    struct level machine, program;
    if (!standard)
        return strcmp(want->variant, have->variant) == 0 ? 2 : 0;
    if (!parse_level(*want->variant ? want->variant : standard, &machine) ||
        !parse_level(*have->variant ? have->variant : standard, &program))
        return strcmp(want->variant, have->variant) == 0 ? 2 : 0;
    if (!runs(machine, program, strcmp(want->architecture, "arm64") == 0))
        return 0;
    return 2 + (int)(program.major * 10 + program.minor);
}

/* Windows' images fit up to the build: the first three numbers. */
static bool match_version(const char *want, const char *have)
{
    size_t dots = 0, i = 0;
    if (!*want || !*have)
        return true;
    for (; want[i] && want[i] == have[i]; i++)
        if (want[i] == '.' && ++dots == 3)
            return true;
    bool ended = (!want[i] || want[i] == '.') && (!have[i] || have[i] == '.');
    return want[i] == have[i] || (dots == 2 && ended);
}

int img__platform_match(const img_platform *want, const img_platform *have)
{
    img_platform w = *want, h = *have;
    normalise(&w);
    normalise(&h);
    if (strcmp(w.os, h.os) != 0 || strcmp(w.architecture, h.architecture) != 0 ||
        strcmp(h.os, "unknown") == 0 || !match_version(w.os_version, h.os_version))
        return 0;
    return match_variant(&w, &h);
}

/* As a match, but 1 for an entry that does not say what it is for. */
static int rate(const img_platform *want, const img_descriptor *entry)
{
    enum media_kind kind = img__media_kind(entry->media_type);
    if (kind != MEDIA_MANIFEST && kind != MEDIA_INDEX && kind != MEDIA_SCHEMA1)
        return 0;
    if (!*entry->platform.os && !*entry->platform.architecture)
        return 1;
    return img__platform_match(want, &entry->platform);
}

size_t img__platform_select(const img_platform *want, const img_descriptor *entries, size_t count)
{
    size_t best = count;
    int best_rate = 0;
    for (size_t i = 0; i < count; i++) {
        int rated = rate(want, &entries[i]);
        if (rated > best_rate) {
            best = i;
            best_rate = rated;
        }
    }
    return best;
}

void img__platform_format(const img_platform *platform, char *text)
{
    snprintf(text, IMG_PLATFORM_TEXT_MAX, "%s/%s%s%s", platform->os, platform->architecture,
             *platform->variant ? "/" : "", platform->variant);
}
