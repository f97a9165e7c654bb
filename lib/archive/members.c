/* SPDX-License-Identifier: Apache-2.0
 *
 * The table of the outer tar, as libarchive reads it. It tells where data begins by how much it has
 * taken of the file behind each header, and skips the data itself by seeking.
 *
 * Links occur: docker before 25 has "ID/layer.tar" once and links to it where a layer comes twice.
 * Some builders put the same file in twice; as long as its bytes are the same that is one file, and
 * else readers disagree about which of them counts.
 */
#include "archive/members.h"

#include <archive.h>
#include <archive_entry.h>
#include <errno.h>
#include <search.h>
#include <string.h>

#define MEMBERS_MAX ((size_t)64 * 1024)
#define PATH_LEN_MAX ((size_t)4096)
#define PATH_BYTES_MAX ((size_t)16 << 20)
#define LINKS_MAX 8
#define READ_BLOCK ((size_t)64 * 1024)

static int compare_members(const void *a, const void *b)
{
    return strcmp(((const struct member *)a)->path, ((const struct member *)b)->path);
}

static void free_member(void *node)
{
    struct member *member = node;
    if (!member)
        return;
    free(member->path);
    free(member->link);
    free(member);
}

static void img__auto_member(struct member **member)
{
    free_member(*member);
}

void img__members_free(struct members *members)
{
    tdestroy(members->tree, free_member);
    *members = (struct members)MEMBERS_INIT;
}

static const struct member *find_exact(const struct members *members, const char *path)
{
    union {
        const char *borrowed;
        char *path;
    } key = {path};
    const struct member wanted = {.path = key.path};
    struct member *const *found = tfind(&wanted, &members->tree, compare_members);
    return found ? *found : NULL;
}

bool img__members_has(const struct members *members, const char *path)
{
    return find_exact(members, path);
}

int img__members_find(const struct members *members, const char *path, const struct member **out,
                      img_error *err)
{
    auto_free char *plain = NULL;
    int rc = img__member_path(NULL, path, false, &plain, err);
    if (rc)
        return rc;
    const struct member *member = plain ? find_exact(members, plain) : NULL;
    for (int i = 0; member && member->link; i++)
        member = i < LINKS_MAX ? find_exact(members, member->link) : NULL;
    *out = member;
    return 0;
}

/* ---- a name that comes twice ---- */

static int read_at(const struct spool *spool, uint64_t offset, char *data, size_t len,
                   img_error *err)
{
    for (size_t done = 0; done < len;) {
        ssize_t got = pread(spool->fd, data + done, len - done, (off_t)(offset + done));
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            return img__fail_errno(err, "cannot read %s", spool->name);
        if (got == 0)
            return img__fail(err, IMG_EIO, "%s: became shorter while it was read", spool->name);
        done += (size_t)got;
    }
    return 0;
}

static int compare_data(const struct spool *spool, const struct member *a, const struct member *b,
                        bool *same, img_error *err)
{
    auto_free char *chunks = malloc(2 * READ_BLOCK);
    if (!chunks)
        return img__fail_memory(err);
    *same = true;
    for (uint64_t at = 0; *same && at < a->size_bytes; at += READ_BLOCK) {
        uint64_t left = a->size_bytes - at;
        size_t len = left < READ_BLOCK ? (size_t)left : READ_BLOCK;
        int rc = read_at(spool, a->offset + at, chunks, len, err);
        if (rc == 0)
            rc = read_at(spool, b->offset + at, chunks + READ_BLOCK, len, err);
        if (rc)
            return rc;
        *same = memcmp(chunks, chunks + READ_BLOCK, len) == 0;
    }
    return 0;
}

static int check_twin(const struct spool *spool, const struct member *first,
                      const struct member *again, img_error *err)
{
    bool same = false;
    int rc = 0;
    if (first->link || again->link)
        same = first->link && again->link && strcmp(first->link, again->link) == 0;
    else if (first->size_bytes == again->size_bytes)
        rc = compare_data(spool, first, again, &same, err);
    if (rc || same)
        return rc;
    return img__fail(err, IMG_EFORMAT, "%s: '%.512s' is in it twice, and not the same", spool->name,
                     first->path);
}

/* ---- entries ---- */

struct table {
    const struct spool *spool;
    struct archive *archive;
    struct members members;
};

static void img__auto_table(struct table *table)
{
    if (table->archive)
        archive_read_free(table->archive);
    img__members_free(&table->members);
}

/* Takes member over. */
static int add_member(struct table *table, struct member *member, img_error *err)
{
    auto_(member) struct member *owned = member;
    struct members *members = &table->members;
    struct member *const *found = tsearch(member, &members->tree, compare_members);
    if (!found)
        return img__fail_memory(err);
    if (*found != member)
        return check_twin(table->spool, *found, member, err);
    (void)steal(owned);
    members->count++;
    members->path_bytes += strlen(member->path) + (member->link ? strlen(member->link) : 0);
    if (members->count > MEMBERS_MAX || members->path_bytes > PATH_BYTES_MAX)
        return img__fail(err, IMG_ELIMIT, "%s: has more than %zu entries, or too long names",
                         table->spool->name, MEMBERS_MAX);
    return 0;
}

/* What a link leads to, from the top; "" if that is nowhere. */
static int take_link(struct archive_entry *entry, struct member *member, img_error *err)
{
    const char *hard = archive_entry_hardlink(entry);
    const char *soft = archive_entry_symlink(entry);
    const char *slash = strrchr(member->path, '/');
    auto_free char *directory = strndup(member->path, slash ? (size_t)(slash - member->path) : 0);
    if (!directory)
        return img__fail_memory(err);
    int rc = hard   ? img__member_path(NULL, hard, false, &member->link, err)
             : soft ? img__member_path(directory, soft, true, &member->link, err)
                    : 0;
    if (rc == 0 && !member->link && !(member->link = strdup("")))
        return img__fail_memory(err);
    return rc;
}

static int take_file(const struct table *table, struct archive_entry *entry, struct member *member,
                     img_error *err)
{
    const struct spool *spool = table->spool;
    la_int64_t size = archive_entry_size(entry);
    la_int64_t offset = archive_filter_bytes(table->archive, 0);
    if (size < 0 || offset < 0 || archive_entry_sparse_count(entry) > 0)
        return img__fail(err, IMG_EFORMAT, "%s: '%.512s' is sparse, or has no size", spool->name,
                         member->path);
    member->size_bytes = (uint64_t)size;
    member->offset = (uint64_t)offset;
    if (member->offset > spool->size_bytes ||
        member->size_bytes > spool->size_bytes - member->offset)
        return img__fail(err, IMG_EFORMAT, "%s: ends in the middle of '%.512s'", spool->name,
                         member->path);
    return 0;
}

static int take_path(const struct table *table, const char *text, char **out, img_error *err)
{
    if (strlen(text) > PATH_LEN_MAX)
        return img__fail(err, IMG_ELIMIT, "%s: a name in it is longer than %zu bytes",
                         table->spool->name, PATH_LEN_MAX);
    int rc = img__member_path(NULL, text, false, out, err);
    if (rc || *out)
        return rc;
    return img__fail(err, IMG_EFORMAT, "%s: '%.512s' is no name for a file in an archive",
                     table->spool->name, text);
}

static int take_entry(struct table *table, struct archive_entry *entry, img_error *err)
{
    const char *text = archive_entry_pathname(entry);
    bool link = archive_entry_hardlink(entry) || archive_entry_filetype(entry) == AE_IFLNK;
    /* Directories say nothing, and what is neither file nor link, or has a name that is no text,
     * nothing will ask for. */
    if (!text || (!link && archive_entry_filetype(entry) != AE_IFREG))
        return 0;
    auto_(member) struct member *member = calloc(1, sizeof(*member));
    if (!member)
        return img__fail_memory(err);
    int rc = take_path(table, text, &member->path, err);
    if (rc == 0)
        rc = link ? take_link(entry, member, err) : take_file(table, entry, member, err);
    return rc ? rc : add_member(table, steal(member), err);
}

static int fail_table(const struct table *table, img_error *err)
{
    const char *text = archive_error_string(table->archive);
    if (archive_errno(table->archive) == ENOMEM)
        return img__fail_memory(err);
    return img__fail(err, IMG_EFORMAT, "%s: is not a tar, or it is damaged: %s", table->spool->name,
                     text ? text : "no reason given");
}

int img__members_read(const struct spool *spool, struct members *out, img_error *err)
{
    auto_(table) struct table table = {spool, archive_read_new(), MEMBERS_INIT};
    struct archive_entry *entry;
    if (!table.archive || archive_read_support_format_tar(table.archive) != ARCHIVE_OK)
        return img__fail_memory(err);
    if (lseek(spool->fd, 0, SEEK_SET) != 0)
        return img__fail_errno(err, "cannot read %s", spool->name);
    if (archive_read_open_fd(table.archive, spool->fd, READ_BLOCK) != ARCHIVE_OK)
        return fail_table(&table, err);
    for (;;) {
        int status = archive_read_next_header(table.archive, &entry);
        if (status == ARCHIVE_EOF)
            break;
        /* A warning is about a name that is no text. */
        if (status != ARCHIVE_OK && status != ARCHIVE_WARN)
            return fail_table(&table, err);
        int rc = take_entry(&table, entry, err);
        if (rc)
            return rc;
    }
    *out = table.members;
    table.members = (struct members)MEMBERS_INIT;
    return 0;
}
