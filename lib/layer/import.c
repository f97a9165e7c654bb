/* SPDX-License-Identifier: Apache-2.0
 *
 * What kind of archive it is, and everything that libarchive does: to undo the compressions that
 * decompress.h does not know, and to read what is no tar. Any tar goes to the strict reader,
 * however it is compressed. One compression is undone, not two (layers.md Z13, C27).
 */
#include "layer/import.h"

#include <archive.h>
#include <archive_entry.h>
#include <errno.h>
#include <fcntl.h>
#include <locale.h>
#include <string.h>
#include <sys/stat.h>

#include "layer/decompress.h"
#include "layer/import_emit.h"
#include "layer/import_late.h"
#include "layer/peek.h"
#include "layer/tar_parse.h"

static const char *reason_of(struct archive *archive)
{
    const char *text = archive_error_string(archive);
    return text ? text : "no reason given";
}

/* A file system of a CD begins with 32 KiB of zeros, as an empty tar archive may. */
static bool is_iso9660(const uint8_t *start, size_t len)
{
    return len >= 32774 && memcmp(start + 32769, "CD001", 5) == 0;
}

static bool is_tar(const uint8_t *start, size_t len)
{
    if (len < TAR_BLOCK)
        return false;
    if (img__tar_is_zero(start, TAR_BLOCK))
        return !is_iso9660(start, len);
    return img__tar_checksum_matches(start) || memcmp(start + 257, "ustar", 5) == 0;
}

/* ---- libarchive on a source ---- */

struct feed {
    struct source *source; /* borrowed */
    img_error error;       /* of the source, which comes before what libarchive says */
    uint8_t chunk[65536];
};

static la_ssize_t feed_read(struct archive *archive, void *arg, const void **data)
{
    struct feed *feed = arg;
    *data = feed->chunk;
    ssize_t got = img__source_read(feed->source, feed->chunk, sizeof(feed->chunk), &feed->error);
    if (got < 0)
        archive_set_error(archive, EIO, "%s", feed->error.message);
    return got < 0 ? ARCHIVE_FATAL : got;
}

static int fail_archive(const char *name, struct archive *archive, const struct feed *feed,
                        img_error *err)
{
    if (archive_errno(archive) == ENOMEM)
        return img__fail_memory(err);
    if (!feed->error.code)
        return img__fail(err, IMG_EFORMAT, "%s: %s", name, reason_of(archive));
    if (err)
        *err = feed->error;
    return feed->error.code;
}

/* ---- compressions ---- */

static const struct filter_row {
    const char *magic;
    size_t len;
    int (*support)(struct archive *archive);
} filters[] = {
    {"BZh", 3, archive_read_support_filter_bzip2},
    {"\xfd"
     "7zXZ",
     6, archive_read_support_filter_xz},
    {"LZIP", 4, archive_read_support_filter_lzip},
    {"\x5d\0\0", 3, archive_read_support_filter_lzma},
    {"\x1f\x9d", 2, archive_read_support_filter_compress},
    {"\x04\x22\x4d\x18", 4, archive_read_support_filter_lz4},
};

static const struct filter_row *find_filter(const uint8_t *start, size_t len)
{
    for (size_t i = 0; i < sizeof(filters) / sizeof(filters[0]); i++)
        if (len >= filters[i].len && memcmp(start, filters[i].magic, filters[i].len) == 0)
            return &filters[i];
    return NULL;
}

struct unfilter {
    struct source base;
    struct source *next;
    const char *name;
    struct archive *archive;
    struct feed feed;
};

static ssize_t unfilter_read(struct source *source, void *data, size_t len, img_error *err)
{
    struct unfilter *self = (struct unfilter *)source;
    la_ssize_t got = archive_read_data(self->archive, data, len);
    return got < 0 ? fail_archive(self->name, self->archive, &self->feed, err) : got;
}

static void unfilter_free(struct source *source)
{
    struct unfilter *self = (struct unfilter *)source;
    if (self->archive)
        archive_read_free(self->archive);
    img__source_free(self->next);
    free(self);
}

static const struct source_ops unfilter_ops = {.read = unfilter_read, .free = unfilter_free};

/* The bytes behind a compression; takes next over, also on failure. A filter that is not built into
 * libarchive would run a program, so it is refused. */
static int unfilter_open(const char *name, const struct filter_row *row, struct source *next,
                         struct source **out, img_error *err)
{
    auto_(source) struct source *owned = next;
    struct unfilter *self = calloc(1, sizeof(*self));
    if (!self)
        return img__fail_memory(err);
    self->base.ops = &unfilter_ops;
    self->next = steal(owned);
    owned = &self->base;
    self->name = name;
    self->feed.source = self->next;
    self->archive = archive_read_new();
    if (!self->archive)
        return img__fail_memory(err);
    if (row->support(self->archive) != ARCHIVE_OK)
        return img__fail(err, IMG_EUNSUPPORTED,
                         "%s: is compressed in a way that this libarchive was not built for", name);

    struct archive_entry *entry;
    archive_read_support_format_raw(self->archive);
    if (archive_read_open(self->archive, &self->feed, NULL, feed_read, NULL) != ARCHIVE_OK ||
        archive_read_next_header(self->archive, &entry) != ARCHIVE_OK)
        return fail_archive(name, self->archive, &self->feed, err);
    if (archive_filter_count(self->archive) > 2) /* the filter, and the source */
        return img__fail(err, IMG_EFORMAT, "%s: is compressed more than once", name);
    *out = steal(owned);
    return 0;
}

/* ---- entries of libarchive ---- */

struct foreign {
    struct import *import;
    struct archive *archive;
    struct feed feed;
    locale_t utf8; /* 0: there is none */
    struct late_links late;
};

static int fail_entry(const struct foreign *foreign, int code, struct archive_entry *entry,
                      const char *reason, img_error *err)
{
    const char *path = archive_entry_pathname(entry);
    return img__fail(err, code, "%s: entry '%.512s': %s", foreign->import->name, path ? path : "?",
                     reason);
}

struct foreign_data {
    struct source base;
    struct foreign *foreign;
    const char *path;
    uint64_t left;
};

static ssize_t foreign_data_read(struct source *source, void *data, size_t len, img_error *err)
{
    struct foreign_data *self = (struct foreign_data *)source;
    struct foreign *foreign = self->foreign;
    char more;
    bool at_end = self->left == 0;
    if (len == 0)
        return 0;
    if (len > self->left)
        len = (size_t)self->left;
    la_ssize_t got = at_end ? archive_read_data(foreign->archive, &more, 1)
                            : archive_read_data(foreign->archive, data, len);
    if (got < 0)
        return fail_archive(foreign->import->name, foreign->archive, &foreign->feed, err);
    if (at_end != (got == 0))
        return img__fail(err, IMG_EFORMAT, "%s: entry '%.512s': its data does not have its size",
                         foreign->import->name, self->path);
    self->left -= at_end ? 0 : (uint64_t)got;
    return got;
}

static const struct source_ops foreign_data_ops = {.read = foreign_data_read};

/* false: a socket, or nothing that is known. */
static bool take_type(struct archive_entry *from, struct entry *to)
{
    static const struct {
        unsigned mode;
        enum entry_type is;
    } rows[] = {
        {AE_IFREG, ENTRY_FILE},      {AE_IFDIR, ENTRY_DIRECTORY}, {AE_IFLNK, ENTRY_SYMLINK},
        {AE_IFCHR, ENTRY_CHARACTER}, {AE_IFBLK, ENTRY_BLOCK},     {AE_IFIFO, ENTRY_FIFO},
    };
    unsigned type = archive_entry_filetype(from);
    if (archive_entry_hardlink(from) && type != AE_IFDIR) {
        to->type = ENTRY_HARDLINK;
        return true;
    }
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
        if (rows[i].mode == type) {
            to->type = rows[i].is;
            return true;
        }
    return false;
}

static int normal_path(const struct foreign *foreign, struct archive_entry *from, const char *text,
                       char **out, img_error *err)
{
    if (!text || !text[0])
        return fail_entry(foreign, IMG_EFORMAT, from, "its name is empty, or is no text", err);
    int rc = img__entry_normal_path(text, out, err);
    if (rc != IMG_EINVAL)
        return rc;
    if (err)
        err->code = IMG_EFORMAT;
    img__prefix(err, IMG_EFORMAT, "%s", foreign->import->name);
    return IMG_EFORMAT;
}

static int take_names(const struct foreign *foreign, struct archive_entry *from, struct entry *to,
                      img_error *err)
{
    int rc = normal_path(foreign, from, archive_entry_pathname(from), &to->path, err);
    if (rc)
        return rc;
    if (to->type == ENTRY_HARDLINK)
        return normal_path(foreign, from, archive_entry_hardlink(from), &to->link, err);
    if (to->type != ENTRY_SYMLINK)
        return 0;
    const char *target = archive_entry_symlink(from);
    if (!target)
        return fail_entry(foreign, IMG_EFORMAT, from, "a link without a target", err);
    to->link = strdup(target);
    return to->link ? 0 : img__fail_memory(err);
}

static int take_numbers(const struct foreign *foreign, struct archive_entry *from, struct entry *to,
                        img_error *err)
{
    int64_t uid = archive_entry_uid(from);
    int64_t gid = archive_entry_gid(from);
    if (uid < 0 || uid > (int64_t)ENTRY_ID_MAX || gid < 0 || gid > (int64_t)ENTRY_ID_MAX)
        return fail_entry(foreign, IMG_EFORMAT, from, "its owner or group is out of range", err);
    to->uid = (uint32_t)uid;
    to->gid = (uint32_t)gid;
    to->mode = (uint32_t)archive_entry_perm(from) & 07777;
    to->mtime = archive_entry_mtime(from);
    long ns = archive_entry_mtime_nsec(from);
    to->mtime_ns = ns > 0 && ns < 1000000000 ? (uint32_t)ns : 0;
    if (to->type == ENTRY_CHARACTER || to->type == ENTRY_BLOCK) {
        to->device_major = (uint32_t)archive_entry_rdevmajor(from);
        to->device_minor = (uint32_t)archive_entry_rdevminor(from);
    }
    if (to->type != ENTRY_FILE)
        return 0;
    int64_t size = archive_entry_size(from);
    if (!archive_entry_size_is_set(from) || size < 0)
        return fail_entry(foreign, IMG_EUNSUPPORTED, from,
                          "its size is only known behind its data: give the archive as a file, "
                          "not as a stream, or unpack it first",
                          err);
    to->size = (uint64_t)size;
    return 0;
}

static int take_xattrs(const struct foreign *foreign, struct archive_entry *from, struct entry *to,
                       img_error *err)
{
    const char *name;
    const void *value;
    size_t len;
    archive_entry_xattr_reset(from);
    while (archive_entry_xattr_next(from, &name, &value, &len) == ARCHIVE_OK) {
        int rc = name && img__entry_xattr_kept(name, foreign->import->options->keep)
                     ? img__entry_add_xattr(to, name, value, len, err)
                     : 0;
        if (rc)
            return rc;
    }
    return 0;
}

/* 1: it is nothing that a layer has. */
static int translate(const struct foreign *foreign, struct archive_entry *from, struct entry *to,
                     img_error *err)
{
    bool known = take_type(from, to);
    int rc = take_names(foreign, from, to, err);
    if (!rc && !known)
        return 1;
    if (!rc)
        rc = take_numbers(foreign, from, to, err);
    return rc ? rc : take_xattrs(foreign, from, to, err);
}

/* ---- an archive of libarchive ---- */

static bool has_late_data(const struct foreign *foreign, struct archive_entry *entry)
{
    int format = archive_format(foreign->archive);
    return (format == ARCHIVE_FORMAT_CPIO_SVR4_NOCRC || format == ARCHIVE_FORMAT_CPIO_SVR4_CRC) &&
           archive_entry_filetype(entry) == AE_IFREG && archive_entry_nlink(entry) > 1;
}

static int emit(struct foreign *foreign, struct archive_entry *from, struct entry *entry,
                img_error *err)
{
    const struct file_id id = {(uint64_t)archive_entry_dev(from),
                               (uint64_t)archive_entry_ino64(from)};
    bool late = has_late_data(foreign, from);
    bool awaited = late && img__late_links_has(&foreign->late, &id);
    bool empty = archive_entry_size(from) == 0;
    if (late && empty && (awaited || entry->type == ENTRY_FILE))
        return img__late_links_add(&foreign->late, &id, entry, err);
    if (awaited) {
        free(steal(entry->link));
        entry->type = ENTRY_FILE;
        entry->size = (uint64_t)archive_entry_size(from);
    }
    struct foreign_data data = {{&foreign_data_ops}, foreign, entry->path, entry->size};
    int rc = img__import_emit(foreign->import, entry, &data.base, err);
    if (!rc && awaited)
        rc = img__late_links_emit(&foreign->late, foreign->import, &id, entry->path, err);
    return rc;
}

/* Names in UTF-16 and the like become text of the locale: this makes that UTF-8, for this thread
 * and between the two calls. */
static locale_t enter_locale(const struct foreign *foreign)
{
    return foreign->utf8 ? uselocale(foreign->utf8) : (locale_t)0;
}

static void leave_locale(locale_t before)
{
    if (before)
        uselocale(before);
}

static int take_entry(struct foreign *foreign, struct archive_entry *from, img_error *err)
{
    auto_(entry) struct entry entry = {0};
    locale_t before = enter_locale(foreign);
    int rc = translate(foreign, from, &entry, err);
    leave_locale(before);
    if (rc == 0)
        return emit(foreign, from, &entry, err);
    if (rc < 0)
        return rc;
    img__log(foreign->import->options->observer, IMG_LOG_WARNING,
             "%s: entry '%.512s' is left out: a layer can't have a socket", foreign->import->name,
             entry.path);
    return 0;
}

/* 1: an entry; 0: the end. */
static int next_entry(struct foreign *foreign, struct archive_entry **entry, img_error *err)
{
    locale_t before = enter_locale(foreign);
    int status = archive_read_next_header(foreign->archive, entry);
    leave_locale(before);
    if (status == ARCHIVE_OK)
        return 1;
    if (status == ARCHIVE_EOF)
        return 0;
    return fail_archive(foreign->import->name, foreign->archive, &foreign->feed, err);
}

static int read_entries(struct foreign *foreign, img_error *err)
{
    for (;;) {
        struct archive_entry *entry;
        int rc = next_entry(foreign, &entry, err);
        if (rc == 0)
            return img__late_links_end(&foreign->late, foreign->import, err);
        if (rc == 1)
            rc = take_entry(foreign, entry, err);
        if (rc)
            return rc;
    }
}

/* All formats that hold files, but for tar, and for those that anything would pass for. */
static void support_formats(struct archive *archive, bool seekable)
{
    archive_read_support_format_cpio(archive);
    archive_read_support_format_ar(archive);
    archive_read_support_format_xar(archive);
    archive_read_support_format_7zip(archive);
    archive_read_support_format_cab(archive);
    archive_read_support_format_lha(archive);
    archive_read_support_format_rar(archive);
    archive_read_support_format_rar5(archive);
    archive_read_support_format_iso9660(archive);
    /* What can seek has the directory at its end, or is damaged. */
    if (seekable)
        archive_read_support_format_zip_seekable(archive);
    else
        archive_read_support_format_zip_streamable(archive);
}

static int open_foreign(struct foreign *foreign, int fd, img_error *err)
{
    int status = fd >= 0
                     ? archive_read_open_fd(foreign->archive, fd, IMG_IO_CHUNK)
                     : archive_read_open(foreign->archive, &foreign->feed, NULL, feed_read, NULL);
    if (status == ARCHIVE_OK)
        return 0;
    if (foreign->feed.error.code)
        return fail_archive(foreign->import->name, foreign->archive, &foreign->feed, err);
    return img__fail(
        err, IMG_EFORMAT,
        "%s: is not an archive that libimg can read (tar, cpio, zip, 7z and the like), or "
        "it is damaged",
        foreign->import->name);
}

static void img__auto_foreign(struct foreign **foreign)
{
    struct foreign *self = *foreign;
    if (!self)
        return;
    img__late_links_free(&self->late);
    if (self->archive)
        archive_read_free(self->archive);
    if (self->utf8)
        freelocale(self->utf8);
    free(self);
}

/* From fd, which can seek, or from source if it is -1. */
static int import_foreign(struct import *import, struct source *source, int fd, img_error *err)
{
    auto_(foreign) struct foreign *foreign = calloc(1, sizeof(*foreign));
    if (!foreign || !(foreign->archive = archive_read_new()))
        return img__fail_memory(err);
    foreign->import = import;
    foreign->feed.source = source;
    foreign->utf8 = newlocale(LC_CTYPE_MASK, "C.UTF-8", (locale_t)0);
    support_formats(foreign->archive, fd >= 0);
    int rc = open_foreign(foreign, fd, err);
    return rc ? rc : read_entries(foreign, err);
}

/* ---- any archive ---- */

static int open_input(const char *path, const char *name, struct source **out, int *fd,
                      img_error *err)
{
    bool input = strcmp(path, "-") == 0;
    *fd = input ? fcntl(STDIN_FILENO, F_DUPFD_CLOEXEC, 3) : open(path, O_RDONLY | O_CLOEXEC);
    if (*fd < 0)
        return img__fail_errno(err, "cannot open %s", name);
    struct stat st;
    bool known = fstat(*fd, &st) == 0;
    if (known && S_ISDIR(st.st_mode)) {
        close(*fd);
        return img__fail(err, IMG_EINVAL, "%s is a directory, not an archive", name);
    }
    bool seekable = known && S_ISREG(st.st_mode) && lseek(*fd, 0, SEEK_CUR) == 0;
    int rc = img__source_fd(*fd, name, out, err);
    if (!seekable)
        *fd = -1;
    return rc;
}

/* Undoes the compression of *source, if it has one. */
static int decompress(const char *name, struct source **source, const uint8_t *start, size_t len,
                      bool *changed, img_error *err)
{
    enum compression compression = img__decompress_detect(start, len);
    const struct filter_row *filter = find_filter(start, len);
    *changed = compression != COMPRESSION_NONE || filter;
    if (compression != COMPRESSION_NONE)
        return img__source_decompress(compression, name, steal(*source), source, err);
    return filter ? unfilter_open(name, filter, steal(*source), source, err) : 0;
}

int img__import_decompress(const char *name, struct source *next, struct source **out,
                           img_error *err)
{
    auto_(source) struct source *source = NULL;
    const uint8_t *start;
    bool changed;
    ssize_t len = img__peek_open(next, &source, &start, err);
    int rc = len < 0 ? (int)len : 0;
    if (rc == 0)
        rc = decompress(name, &source, start, (size_t)len, &changed, err);
    if (rc == 0)
        *out = steal(source);
    return rc;
}

static int import_source(struct import *import, struct source *input, int fd, img_error *err)
{
    auto_(source) struct source *source = NULL;
    const uint8_t *start;
    bool changed = false;
    ssize_t len = img__peek_open(input, &source, &start, err);
    if (len == 0)
        return img__fail(err, IMG_EFORMAT, "%s: is empty, not an archive", import->name);
    int rc = len < 0 ? (int)len : 0;
    if (!rc && !is_tar(start, (size_t)len))
        rc = decompress(import->name, &source, start, (size_t)len, &changed, err);
    if (!rc && changed) {
        fd = -1;
        len = img__peek_open(steal(source), &source, &start, err);
        rc = len < 0 ? (int)len : 0;
    }
    if (rc)
        return rc;
    if (is_tar(start, (size_t)len))
        return img__import_tar(import, source, err);
    if (import->copy)
        return img__fail(err, IMG_EINVAL, "%s: is no tar, so its bytes can't be a layer",
                         import->name);
    if (fd >= 0 && lseek(fd, 0, SEEK_SET) != 0)
        return img__fail_errno(err, "cannot read %s", import->name);
    return import_foreign(import, source, fd, err);
}

static int import_path(struct import *import, const char *path, img_error *err)
{
    struct source *source = NULL;
    int fd;
    import->name = strcmp(path, "-") == 0 ? "standard input" : path;
    int rc = open_input(path, import->name, &source, &fd, err);
    if (!rc)
        rc = import_source(import, source, fd, err);
    img__path_set_free(&import->files);
    img__path_set_free(&import->seen);
    img__import_held_free(&import->held);
    return rc;
}

int img__import(const char *path, const struct scan_options *options, scan_fn fn, void *arg,
                img_error *err)
{
    struct import import = {.options = options, .fn = fn, .arg = arg};
    return import_path(&import, path, err);
}

int img__import_verbatim(const char *path, const struct scan_options *options, struct sink *copy,
                         scan_fn fn, void *arg, img_error *err)
{
    struct import import = {.options = options, .fn = fn, .arg = arg, .copy = copy};
    return import_path(&import, path, err);
}

const char *img__import_libarchive_version(void)
{
    const char *text = archive_version_string(); /* "libarchive 3.6.2" */
    const char *space = strchr(text, ' ');
    return space ? space + 1 : text;
}
