/* SPDX-License-Identifier: Apache-2.0
 *
 * Who a container runs as, by the rules of docker, runc and umoci: a user that is a number is never
 * taken for a name; the first line that fits counts; a user brings along its group and the groups
 * that list it, unless a group is named; a number needs no line.
 *
 * The files come from the image. Lines that nobody asked for may say anything. Where the others
 * read an id that is no number as 0, and so as root, the line that counts is refused here if it is
 * malformed.
 */
#include "core/user.h"

#include <stdbool.h>
#include <string.h>

#include "base/text.h"

#define FIELDS_MAX 7

/* Bytes of a text, which may hold NUL. */
struct span {
    const char *data;
    size_t len;
};

static struct span span_of(const char *text)
{
    return (struct span){text, text ? strlen(text) : 0};
}

static bool equal(struct span a, struct span b)
{
    return a.len == b.len && (a.len == 0 || memcmp(a.data, b.data, a.len) == 0);
}

/* Cuts the part before a mark off; what is left is behind it. */
static struct span cut(struct span *rest, char mark)
{
    const char *end = rest->len ? memchr(rest->data, mark, rest->len) : NULL;
    struct span part = {rest->data, end ? (size_t)(end - rest->data) : rest->len};
    size_t used = part.len + (end != NULL);
    rest->data = used ? rest->data + used : rest->data;
    rest->len -= used;
    return part;
}

static bool blank(char c)
{
    return c == ' ' || c == '\t' || c == '\r';
}

static struct span trim(struct span text)
{
    while (text.len && blank(text.data[0])) {
        text.data++;
        text.len--;
    }
    while (text.len && blank(text.data[text.len - 1]))
        text.len--;
    return text;
}

/* A file on the way through its lines. */
struct lines {
    const char *file; /* for messages */
    struct span rest;
    size_t number;
    struct span fields[FIELDS_MAX];
    size_t count;
};

/* The next line that has fields. */
static bool next_line(struct lines *lines)
{
    while (lines->rest.len) {
        struct span line = trim(cut(&lines->rest, '\n'));
        lines->number++;
        if (!line.len || line.data[0] == '#')
            continue;
        lines->count = 0;
        while (line.len && lines->count < FIELDS_MAX)
            lines->fields[lines->count++] = cut(&line, ':');
        return true;
    }
    return false;
}

/* Decimal digits and nothing else? */
static bool numeric(struct span text)
{
    for (size_t i = 0; i < text.len; i++)
        if (!img__is_digit(text.data[i]))
            return false;
    return text.len != 0;
}

static bool parse_id(struct span text, uint32_t *out)
{
    uint64_t value = 0;
    if (!numeric(text))
        return false;
    for (size_t i = 0; i < text.len; i++) {
        value = value * 10 + (uint64_t)(text.data[i] - '0');
        if (value > USER_ID_MAX)
            return false;
    }
    *out = (uint32_t)value;
    return true;
}

/* The id in a field of a line that counts. */
static int line_id(const struct lines *lines, size_t field, const char *what, uint32_t *out,
                   img_error *err)
{
    struct span text = field < lines->count ? lines->fields[field] : span_of("");
    if (parse_id(text, out))
        return 0;
    return img__fail(
        err, IMG_EFORMAT,
        "%s of the image: line %zu has '%.*s' for a %s, which is not a number from 0 to "
        "%u",
        lines->file, lines->number, (int)(text.len < 40 ? text.len : 40), text.data, what,
        USER_ID_MAX);
}

/* What was asked for: a number, or a name if it is none. */
struct wanted {
    struct span name;
    bool numeric;
    uint32_t id;
};

static int parse_wanted(struct span text, const char *what, struct wanted *out, img_error *err)
{
    *out = (struct wanted){.name = text, .numeric = numeric(text)};
    if (out->numeric && !parse_id(text, &out->id))
        return img__fail(err, IMG_EINVAL, "the %s '%.*s' is above %u", what,
                         (int)(text.len < 40 ? text.len : 40), text.data, USER_ID_MAX);
    return 0;
}

/* Is this the line of a user (field 2 is the UID) or a group (and here the GID)? */
static bool fits(const struct lines *lines, const struct wanted *wanted)
{
    uint32_t id;
    if (wanted->numeric)
        return lines->count > 2 && parse_id(lines->fields[2], &id) && id == wanted->id;
    return equal(lines->fields[0], wanted->name);
}

static int fail_unknown(const char *what, const struct wanted *wanted, const char *file,
                        img_error *err)
{
    return img__fail(err, IMG_ENOTFOUND, "no %s '%.*s' in %s of the image; a number needs no line",
                     what, (int)(wanted->name.len < 100 ? wanted->name.len : 100),
                     wanted->name.data, file);
}

static int copy_span(struct span text, char **out, img_error *err)
{
    *out = strndup(text.data, text.len);
    return *out ? 0 : img__fail_memory(err);
}

/* Finds the user; name is what its line calls it, empty if it has none. */
static int find_user(const struct wanted *wanted, const struct user_files *files, struct user *out,
                     struct span *name, img_error *err)
{
    struct lines lines = {"/etc/passwd", {files->passwd, files->passwd_len}, 0, {{NULL, 0}}, 0};
    while (next_line(&lines)) {
        if (!fits(&lines, wanted))
            continue;
        int rc = line_id(&lines, 2, "UID", &out->uid, err);
        if (rc == 0)
            rc = line_id(&lines, 3, "GID", &out->gid, err);
        if (rc == 0 && lines.count > 5 && lines.fields[5].len)
            rc = copy_span(lines.fields[5], &out->home, err);
        *name = lines.fields[0];
        return rc;
    }
    if (!wanted->numeric)
        return fail_unknown("user", wanted, lines.file, err);
    out->uid = wanted->id;
    return 0;
}

static int find_group(const struct wanted *wanted, const struct user_files *files, uint32_t *out,
                      img_error *err)
{
    struct lines lines = {"/etc/group", {files->group, files->group_len}, 0, {{NULL, 0}}, 0};
    if (wanted->numeric) {
        *out = wanted->id;
        return 0;
    }
    while (next_line(&lines))
        if (fits(&lines, wanted))
            return line_id(&lines, 2, "GID", out, err);
    return fail_unknown("group", wanted, lines.file, err);
}

static bool lists(struct span members, struct span name)
{
    while (members.len)
        if (equal(cut(&members, ','), name))
            return true;
    return false;
}

static int add_group(struct user *user, uint32_t gid, img_error *err)
{
    size_t count = user->group_count;
    if (count == USER_GROUPS_MAX)
        return img__fail(err, IMG_ELIMIT,
                         "/etc/group of the image lists the user in more than %u groups",
                         USER_GROUPS_MAX);
    if ((count & (count - 1)) == 0) {
        uint32_t *more = reallocarray(user->groups, count ? count * 2 : 1, sizeof(*more));
        if (!more)
            return img__fail_memory(err);
        user->groups = more;
    }
    user->groups[user->group_count++] = gid;
    return 0;
}

/* The groups that list the user. */
static int find_memberships(struct span name, const struct user_files *files, struct user *out,
                            img_error *err)
{
    struct lines lines = {"/etc/group", {files->group, files->group_len}, 0, {{NULL, 0}}, 0};
    while (name.len && next_line(&lines)) {
        uint32_t gid = 0;
        if (lines.count < 4 || !lists(lines.fields[3], name))
            continue;
        int rc = line_id(&lines, 2, "GID", &gid, err);
        if (rc == 0)
            rc = add_group(out, gid, err);
        if (rc)
            return rc;
    }
    return 0;
}

int img__user_find(const char *spec, const struct user_files *files, struct user *out,
                   img_error *err)
{
    auto_(user) struct user found = USER_INIT;
    struct span group = span_of(spec), user = cut(&group, ':'), name = {NULL, 0};
    struct wanted wanted_user, wanted_group;
    int rc = parse_wanted(user.len ? user : span_of("0"), "UID", &wanted_user, err);
    if (rc == 0)
        rc = parse_wanted(group, "GID", &wanted_group, err);
    if (rc == 0)
        rc = find_user(&wanted_user, files, &found, &name, err);
    if (rc == 0)
        rc = group.len ? find_group(&wanted_group, files, &found.gid, err)
                       : find_memberships(name, files, &found, err);
    if (rc)
        return rc;
    img__user_free(out);
    *out = found;
    found = (struct user)USER_INIT;
    return 0;
}

void img__user_free(struct user *user)
{
    free(user->groups);
    free(user->home);
    *user = (struct user)USER_INIT;
}
