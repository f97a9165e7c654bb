/* SPDX-License-Identifier: Apache-2.0
 *
 * Parsing references by hand, with Docker's grammar and defaults (registry.md 1.1):
 *
 *   reference = name [":" tag] ["@" digest]
 *   name      = [domain "/"] component *("/" component)
 *   component = alnum *(("." | "_" | "__" | 1*"-") alnum), lower case
 *
 * The first component is a domain if it is localhost, or has a dot, a colon or an upper-case
 * letter. Whatever passes is safe in a URL and in a file's name.
 */
#include "core/reference.h"

#include <stdio.h>
#include <string.h>

#include "base/err.h"
#include "base/text.h"
#include "core/digest.h"
#include "core/reference_host.h"

#define PATH_LEN_MAX 255u
#define TAG_LEN_MAX 128u
#define DOCKER_LIBRARY "library/"

_Static_assert(sizeof(((img_reference *)NULL)->path) == PATH_LEN_MAX + 1, "a path fits");
_Static_assert(sizeof(((img_reference *)NULL)->tag) == TAG_LEN_MAX + 1, "a tag fits");

/* A piece of the text that is parsed. */
struct piece {
    const char *text;
    size_t len;
};

static const char *find_char(struct piece piece, char c)
{
    return memchr(piece.text, c, piece.len);
}

/* Cuts piece at the first c and returns what is behind it; NULL text if there is no c. */
static struct piece cut(struct piece *piece, char c)
{
    struct piece rest = {NULL, 0};
    const char *at = find_char(*piece, c);
    if (at) {
        size_t before = (size_t)(at - piece->text);
        rest = (struct piece){at + 1, piece->len - before - 1};
        piece->len = before;
    }
    return rest;
}

/* P4. */
static bool is_domain(struct piece piece)
{
    bool upper = false;
    for (size_t i = 0; i < piece.len; i++)
        upper = upper || img__is_upper(piece.text[i]);
    return upper || find_char(piece, '.') || find_char(piece, ':') ||
           (piece.len == 9 && memcmp(piece.text, "localhost", 9) == 0);
}

static bool is_name_char(char c)
{
    return img__is_lower(c) || img__is_digit(c) || (c && strchr("._-/", c));
}

/* How long the separator at text is: ".", "_", "__" or any number of "-". */
static size_t separator_len(const char *text, size_t len)
{
    size_t n = 0;
    if (len > 0 && text[0] == '.')
        return 1;
    if (len > 0 && text[0] == '_')
        return len > 1 && text[1] == '_' ? 2 : 1;
    while (n < len && text[n] == '-')
        n++;
    return n;
}

static bool is_component(struct piece piece)
{
    size_t at = 0;
    for (;;) {
        size_t start = at;
        while (at < piece.len && (img__is_lower(piece.text[at]) || img__is_digit(piece.text[at])))
            at++;
        if (at == start)
            return false;
        if (at == piece.len)
            return true;
        at += separator_len(piece.text + at, piece.len - at);
    }
}

static int check_chars(struct piece path, img_error *err)
{
    for (size_t i = 0; i < path.len; i++)
        if (img__is_upper(path.text[i]))
            return img__fail(err, IMG_EINVAL, "repository name must be lowercase");
    for (size_t i = 0; i < path.len; i++)
        if (!is_name_char(path.text[i]))
            return img__fail(err, IMG_EINVAL,
                             "repository name must not contain '%c': a-z, 0-9, '.', '_', '-' and "
                             "'/' may be in it",
                             path.text[i]);
    return 0;
}

static int check_path(struct piece path, img_error *err)
{
    int rc = check_chars(path, err);
    if (rc)
        return rc;
    if (path.len == 0)
        return img__fail(err, IMG_EINVAL, "repository name is empty");
    for (struct piece component = path, rest; component.text; component = rest) {
        rest = cut(&component, '/');
        if (component.len == 0)
            return img__fail(err, IMG_EINVAL,
                             "repository name has an empty part: nothing before, after or between "
                             "slashes");
        if (!is_component(component))
            return img__fail(err, IMG_EINVAL,
                             "repository name has the part '%.*s': '.', '_', '__' and dashes must "
                             "stand between letters or digits, one kind at a time",
                             (int)component.len, component.text);
    }
    return 0;
}

static int parse_tag(struct piece tag, img_reference *out, img_error *err)
{
    if (tag.len == 0)
        return img__fail(err, IMG_EINVAL, "tag is empty: leave the colon away or name a tag");
    for (size_t i = 0; i < tag.len; i++) {
        char c = tag.text[i];
        if (!img__is_alnum(c) && c != '_' && (i == 0 || (c != '.' && c != '-')))
            return img__fail(err, IMG_EINVAL,
                             i == 0 ? "tag must not begin with '%c'" : "tag must not contain '%c'",
                             c);
    }
    if (tag.len > TAG_LEN_MAX)
        return img__fail(err, IMG_EINVAL, "tag is longer than %u characters", TAG_LEN_MAX);
    memcpy(out->tag, tag.text, tag.len);
    return 0;
}

/* Clears the rest, so that equal references are equal bytes. */
static void set_docker_hub(img_reference *out)
{
    memset(out->domain, 0, sizeof(out->domain));
    strcpy(out->domain, IMG_DOCKER_HUB);
}

static int parse_domain(struct piece domain, img_reference *out, img_error *err)
{
    if (domain.len >= sizeof(out->domain))
        return img__fail(err, IMG_EINVAL, "registry name is longer than %zu characters",
                         sizeof(out->domain) - 1);
    memcpy(out->domain, domain.text, domain.len);
    int rc = img__reference_check_host(out->domain, err);
    if (!rc && img__reference_is_docker_hub(out->domain))
        set_docker_hub(out);
    return rc;
}

/* P5, P9: path is put into out with what Docker's own registry wants in front. */
static int set_path(struct piece path, img_reference *out, img_error *err)
{
    bool official = strcmp(out->domain, IMG_DOCKER_HUB) == 0 && !find_char(path, '/');
    const char *prefix = official ? DOCKER_LIBRARY : "";
    if (strlen(prefix) + path.len > PATH_LEN_MAX)
        return img__fail(err, IMG_EINVAL, "repository name is longer than %u characters",
                         PATH_LEN_MAX);
    snprintf(out->path, sizeof(out->path), "%s%.*s", prefix, (int)path.len, path.text);
    return 0;
}

static int parse_name(struct piece name, img_reference *out, img_error *err)
{
    struct piece path = name, first = name;
    struct piece rest = cut(&first, '/'), tag;
    int rc = 0;

    if (rest.text && is_domain(first)) {
        rc = parse_domain(first, out, err);
        path = rest;
    } else {
        set_docker_hub(out);
    }
    tag = cut(&path, ':');
    if (!rc)
        rc = check_path(path, err);
    if (!rc && tag.text)
        rc = parse_tag(tag, out, err);
    if (!rc)
        rc = set_path(path, out, err);
    return rc;
}

/* P10, P12: what is wrong as a whole. */
static int check_text(const char *text, img_error *err)
{
    size_t len = strlen(text);
    if (len == 0)
        return img__fail(err, IMG_EINVAL, "a reference must not be empty");
    for (size_t i = 0; i < len; i++)
        if (text[i] <= ' ' || text[i] > '~')
            return img__fail(err, IMG_EINVAL,
                             "a reference has no blanks, control characters or other characters "
                             "outside of ASCII");
    if (strstr(text, "://"))
        return img__fail(err, IMG_EINVAL, "a reference has no scheme: leave '%.*s' away",
                         (int)(strstr(text, "://") - text) + 3, text);
    if (len == 64 && strspn(text, "0123456789abcdef") == 64)
        return img__fail(err, IMG_EINVAL,
                         "64 hexadecimal digits are no repository name, since they look like an "
                         "image's id: write NAME@sha256:... for a digest");
    return 0;
}

static int parse(const char *text, img_reference *out, img_error *err)
{
    struct piece name = {text, strlen(text)};
    int rc = check_text(text, err);
    if (rc)
        return rc;
    struct piece digest = cut(&name, '@');
    rc = parse_name(name, out, err);
    if (rc || !digest.text) {
        if (!rc && !out->tag[0])
            strcpy(out->tag, "latest");
        return rc;
    }
    if (digest.len == 0)
        return img__fail(err, IMG_EINVAL, "digest is empty");
    return img_digest_parse(digest.text, &out->digest, err);
}

int img_reference_parse(const char *text, img_reference *out, img_error *err)
{
    img_reference parsed;
    memset(&parsed, 0, sizeof(parsed));
    int rc = parse(text, &parsed, err);
    if (rc) {
        /* A URL may hold a password before its '@'. */
        bool secret = strstr(text, "://") && strchr(text, '@');
        return img__prefix(err, rc, "'%.300s'", secret ? "URL" : text);
    }
    *out = parsed;
    return 0;
}

static void put_version(const img_reference *reference, const char *name, char *text)
{
    snprintf(text, IMG_REFERENCE_TEXT_MAX, "%s%s%s%s%s", name, *reference->tag ? ":" : "",
             reference->tag, *reference->digest.text ? "@" : "", reference->digest.text);
}

void img_reference_format(const img_reference *reference, char *text)
{
    char name[sizeof(reference->domain) + sizeof(reference->path)];
    snprintf(name, sizeof(name), "%s/%s", reference->domain, reference->path);
    put_version(reference, name, text);
}

void img_reference_familiar(const img_reference *reference, char *text)
{
    const char *path = reference->path;
    struct piece first = {path, strlen(path)};
    bool several = cut(&first, '/').text;

    if (strcmp(reference->domain, IMG_DOCKER_HUB) != 0) {
        img_reference_format(reference, text);
        return;
    }
    if (img__text_starts(path, DOCKER_LIBRARY) && !strchr(path + sizeof(DOCKER_LIBRARY) - 1, '/')) {
        put_version(reference, path + sizeof(DOCKER_LIBRARY) - 1, text);
        return;
    }
    /* What would be taken for a domain needs one before it. */
    if (several && is_domain(first))
        img_reference_format(reference, text);
    else
        put_version(reference, path, text);
}

void img__reference_store_name(const img_reference *reference, char *text)
{
    img_reference decided = *reference;
    if (*decided.digest.text)
        decided.tag[0] = '\0';
    img_reference_format(&decided, text);
}

bool img__reference_is_tag(const char *text)
{
    img_reference parsed;
    return parse_tag((struct piece){text, strlen(text)}, &parsed, NULL) == 0;
}

bool img__reference_is_path(const char *text)
{
    size_t len = strlen(text);
    return len <= PATH_LEN_MAX && check_path((struct piece){text, len}, NULL) == 0;
}
