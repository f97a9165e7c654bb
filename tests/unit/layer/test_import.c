/* SPDX-License-Identifier: Apache-2.0
 *
 * Archives of many kinds as entries: made by the tools of the system, by libarchive, and by hand.
 */
#include "layer/import.h"

#include <archive.h>
#include <archive_entry.h>
#include <fcntl.h>
#include <inttypes.h>
#include <locale.h>
#include <sys/stat.h>

#include "base/fs.h"
#include "layer/id_map.h"
#include "layer/mode_change.h"
#include "streams.h"
#include "tarball.h"
#include "unit.h"

#define auto_buf auto_(buf) struct buf

static char dir[] = "/tmp/libimg-import-XXXXXX";

/* ---- what comes out, as text ---- */

static void print_entry(struct buf *out, const struct entry *entry)
{
    static const char types[] = "fdlhcbp";
    img__buf_printf(out, "%c %s %o %u:%u @%" PRId64, types[entry->type], entry->path, entry->mode,
                    entry->uid, entry->gid, entry->mtime);
    if (entry->link)
        img__buf_printf(out, " -> %s", entry->link);
    if (entry->device_major || entry->device_minor)
        img__buf_printf(out, " %u,%u", entry->device_major, entry->device_minor);
    for (size_t i = 0; i < entry->xattr_count; i++)
        img__buf_printf(out, " %s=%s", entry->xattrs[i].name, entry->xattrs[i].value);
}

static int print(const struct entry *entry, struct source *data, void *arg, img_error *err)
{
    struct buf *out = arg;
    print_entry(out, entry);
    assert_true((entry->type == ENTRY_FILE) == (data != NULL));
    if (data) {
        img__buf_puts(out, " | ");
        auto_buf bytes = TARBALL_INIT;
        int rc = read_all(data, 5, &bytes, err);
        if (rc)
            return rc;
        assert_true(bytes.len == entry->size);
        if (bytes.len > 100)
            img__buf_printf(out, "%zu bytes", bytes.len);
        else
            img__buf_append(out, img__buf_text(&bytes), bytes.len);
    }
    img__buf_putc(out, '\n');
    return 0;
}

static const struct scan_options plain = {.prefix = ""};

/* Writes an archive and imports it. */
static int import_bytes(const struct buf *bytes, const struct scan_options *options,
                        struct buf *out, img_error *err)
{
    char path[128];
    snprintf(path, sizeof(path), "%s/archive", dir);
    int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    assert_true(fd >= 0);
    assert_int_equal(img__fs_write_all(fd, img__buf_text(bytes), bytes->len, path, err), 0);
    close(fd);
    return img__import(path, options, print, out, err);
}

static void assert_imports(const struct buf *bytes, const struct scan_options *options,
                           const char *expected)
{
    img_error err;
    auto_buf out = TARBALL_INIT;
    assert_ok(import_bytes(bytes, options, &out, &err));
    assert_string_equal(img__buf_text(&out), expected);
}

static void assert_refused(const struct buf *bytes, int code, const char *message)
{
    img_error err;
    auto_buf out = TARBALL_INIT;
    assert_fails(import_bytes(bytes, &plain, &out, &err), code, message);
}

static void run(const char *command)
{
    auto_free char *full = NULL;
    assert_true(asprintf(&full, "cd %s && (%s) >/dev/null", dir, command) > 0);
    if (system(full) != 0)
        fail_msg("%s", full);
}

static void import_file(const char *name, struct buf *out)
{
    img_error err;
    char path[128];
    snprintf(path, sizeof(path), "%s/%s", dir, name);
    img__buf_clear(out);
    assert_ok(img__import(path, &plain, print, out, &err));
}

static bool have(const char *tool)
{
    char command[128];
    snprintf(command, sizeof(command), "command -v %s >/dev/null 2>&1", tool);
    return system(command) == 0;
}

/* ---- tar ---- */

static void tar_entries(void **state)
{
    (void)state;
    auto_buf tar = TARBALL_INIT;
    tarball_add(&tar, '5', "./", "");
    tarball_add(&tar, '5', "d/", "");
    tarball_pax(&tar, 'x', "SCHILY.xattr.user.a", "1", "SCHILY.xattr.trusted.no", "2",
                "SCHILY.xattr.security.selinux", "3", "uname", "me", NULL);
    tarball_add(&tar, '0', "d/f", "data");
    tarball_link(&tar, '1', "d/h", "d/f");
    tarball_link(&tar, '2', "s", "../x");
    size_t at = tarball_link(&tar, '3', "c", "");
    tarball_patch(&tar, at, 329,
                  "0000001\0"
                  "0000003\0",
                  16);
    tarball_add(&tar, '0', "d/.wh.gone", "");
    tarball_end(&tar);
    assert_imports(&tar, &plain,
                   "d d 644 1:2 @3\n"
                   "f d/f 644 1:2 @3 user.a=1 | data\n"
                   "h d/h 644 1:2 @3 -> d/f\n"
                   "l s 777 1:2 @3 -> ../x\n"
                   "c c 644 1:2 @3 1,3\n"
                   "f d/.wh.gone 0 0:0 @0 | \n");
    static const struct scan_options all = {.prefix = "opt/x",
                                            .set_mode = true,
                                            .mode = 0700,
                                            .set_uid = true,
                                            .uid = 7,
                                            .set_gid = true,
                                            .gid = 8,
                                            .has_epoch = true,
                                            .epoch = 2};
    assert_imports(&tar, &all,
                   "d opt/x/d 700 7:8 @2\n"
                   "f opt/x/d/f 700 7:8 @2 user.a=1 | data\n"
                   "h opt/x/d/h 700 7:8 @2 -> opt/x/d/f\n"
                   "l opt/x/s 777 7:8 @2 -> ../x\n"
                   "c opt/x/c 644 7:8 @2 1,3\n"
                   "f opt/x/d/.wh.gone 0 0:0 @0 | \n");
}

/* C20: of a whiteout only the name counts. */
static void whiteouts(void **state)
{
    (void)state;
    auto_buf tar = TARBALL_INIT;
    tarball_pax(&tar, 'x', "SCHILY.xattr.user.a", "1", NULL);
    tarball_add(&tar, '0', "d/.wh..wh..opq", "");
    tarball_add(&tar, '5', "d/.wh.dir/", "");
    tarball_link(&tar, '2', ".wh.link", "x");
    tarball_add(&tar, '0', "d/x.wh.", "no whiteout");
    tarball_end(&tar);
    assert_imports(&tar, &(struct scan_options){.prefix = "p", .set_uid = true, .uid = 5},
                   "f p/d/.wh..wh..opq 0 0:0 @0 | \n"
                   "f p/d/.wh.dir 0 0:0 @0 | \n"
                   "f p/.wh.link 0 0:0 @0 | \n"
                   "f p/d/x.wh. 644 5:2 @3 | no whiteout\n");
    img__buf_clear(&tar);
    tarball_add(&tar, '0', "d/.wh.full", "data");
    tarball_end(&tar);
    assert_refused(&tar, IMG_EFORMAT, "entry 'd/.wh.full': a whiteout, which removes a file");
}

/* C10, C13, C14, C28: what a scan edits, an import edits too. */
static void edits(void **state)
{
    (void)state;
    struct mode_change change;
    img_error err;
    assert_ok(img__mode_change_parse("a=rX", &change, &err));
    auto_buf tar = TARBALL_INIT;
    tarball_pax(&tar, 'x', "mtime", "5.75", "SCHILY.xattr.security.ima", "i",
                "SCHILY.xattr.trusted.t", "t", "SCHILY.xattr.trusted.overlay.opaque", "y",
                "SCHILY.xattr.security.selinux", "s", "SCHILY.xattr.com.apple.x", "x", NULL);
    tarball_add(&tar, '0', "f", "");
    tarball_add(&tar, '5', "d/", "");
    tarball_end(&tar);
    struct scan_options options = {.prefix = "", .chmod = &change, .keep = ENTRY_KEEP_IMA};
    assert_imports(&tar, &options, "f f 444 1:2 @5 security.ima=i | \nd d 555 1:2 @3\n");
    options.keep = ENTRY_KEEP_XATTRS;
    options.set_mtime = true;
    options.mtime = -9;
    assert_imports(&tar, &options,
                   "f f 444 1:2 @-9 security.ima=i trusted.t=t | \nd d 555 1:2 @-9\n");
}

static void attributes(void **state)
{
    (void)state;
    /* Version 3 with its uid becomes version 2; an access list that is the mode goes. */
    static const char capability[24] = {1, 0, 0, 3, 4, [20] = 9};
    static const char acl[28] = {2, 0, 0, 0, 1, 0, 6, 0, [12] = 4, 0, 4, 0, [20] = 0x20, 0, 4, 0};
    auto_buf records = TARBALL_INIT;
    tarball_record_bytes(&records, "SCHILY.xattr.security.capability", capability, 24);
    tarball_record_bytes(&records, "SCHILY.xattr.system.posix_acl_access", acl, 28);
    tarball_record(&records, "SCHILY.xattr.user.z", "z");
    auto_buf tar = TARBALL_INIT;
    tarball_bytes(&tar, 'x', "x", &records);
    tarball_add(&tar, '0', "f", "");
    assert_imports(&tar, &plain, "f f 644 1:2 @3 security.capability=\1 user.z=z | \n");
}

/* C28 */
static void unmapped(void **state)
{
    (void)state;
    img_error err;
    auto_(id_map) struct id_map map = {0};
    assert_ok(img__id_map_add_text(&map, false, "50:1:1", &err));
    assert_ok(img__id_map_add_text(&map, true, "60:2:1", &err));
    auto_buf tar = TARBALL_INIT;
    tarball_add(&tar, '0', "f", "");
    tarball_end(&tar);
    struct scan_options options = {.prefix = "p", .id_map = &map};
    assert_imports(&tar, &options, "f p/f 644 50:60 @3 | \n");
    auto_(id_map) struct id_map other = {0};
    assert_ok(img__id_map_add_text(&other, false, "50:5:1", &err));
    options.id_map = &other;
    auto_buf out = TARBALL_INIT;
    assert_fails(import_bytes(&tar, &options, &out, &err), IMG_EFORMAT,
                 "archive: p/f: its owner 1 is in no range of the uid map");
}

/* C28: the rules are about paths in the archive, in whatever order it has them. */
static void rules(void **state)
{
    (void)state;
    img_error err;
    auto_(ignore) struct ignore *ignore = NULL;
    assert_ok(img__ignore_new(&ignore, &err));
    assert_ok(img__ignore_add(ignore, "a", "here", &err));
    assert_ok(img__ignore_add(ignore, "!a/b/keep", "here", &err));
    assert_ok(img__ignore_add(ignore, "*.o", "here", &err));
    auto_buf tar = TARBALL_INIT;
    tarball_add(&tar, '0', "x.o", "data");
    tarball_add(&tar, '5', "a/b/", "");
    tarball_add(&tar, '0', "a/b/drop", "data");
    tarball_add(&tar, '5', "a/c/", "");
    tarball_add(&tar, '5', "a/", "");
    tarball_add(&tar, '0', "a/b/keep", "data");
    tarball_add(&tar, '0', "f", "f");
    tarball_end(&tar);
    assert_imports(&tar, &(struct scan_options){.prefix = "p", .ignore = ignore},
                   "d p/a 644 1:2 @3\nd p/a/b 644 1:2 @3\nf p/a/b/keep 644 1:2 @3 | data\n"
                   "f p/f 644 1:2 @3 | f\n");
    img__buf_clear(&tar);
    tarball_add(&tar, '0', "x.o", "data");
    tarball_link(&tar, '1', "y", "x.o");
    tarball_end(&tar);
    auto_buf out = TARBALL_INIT;
    assert_fails(
        import_bytes(&tar, &(struct scan_options){.prefix = "", .ignore = ignore}, &out, &err),
        IMG_EFORMAT, "entry 'y': a hard link to what is left out");
}

static void tar_refused(void **state)
{
    (void)state;
    auto_buf tar = TARBALL_INIT;
    tarball_link(&tar, '1', "h", "f");
    tarball_add(&tar, '0', "f", "");
    assert_refused(&tar, IMG_EFORMAT, "entry 'h': a hard link to what is not before it");

    img__buf_clear(&tar);
    tarball_add(&tar, '5', "d", "");
    tarball_link(&tar, '1', "h", "d");
    assert_refused(&tar, IMG_EFORMAT, "entry 'h': a hard link to what is not before it");

    img__buf_clear(&tar);
    tarball_link(&tar, '3', "c", "");
    assert_refused(&tar, IMG_EFORMAT, "entry 'c': the character device 0:0");

    img__buf_clear(&tar);
    tarball_add(&tar, '0', "ok", "");
    tar.data[0] = 'x';
    assert_refused(&tar, IMG_EFORMAT, "checksum");
}

/* One archive, in each compression that there is a tool for. */
static void compressed_tars(void **state)
{
    static const char *const tools[] = {"gzip", "zstd -q", "xz", "bzip2", "lzip", "lz4 -q", "lzma"};
    (void)state;
    run("mkdir -p tree/sub && echo hello > tree/f && ln -s f tree/s && ln tree/f tree/sub/h &&"
        " head -c 300000 /dev/zero > tree/big && touch -d @1000 tree/* tree/sub tree &&"
        " tar --sort=name --owner=5 --group=6 --mode=u=rwX,go= -C tree -cf t.tar .");
    auto_buf expected = TARBALL_INIT;
    import_file("t.tar", &expected);
    assert_non_null(strstr(expected.data, "f f 600 5:6 @1000 | hello\n\n"));
    assert_non_null(strstr(expected.data, "f big 600 5:6 @1000 | 300000 bytes\n"));
    assert_non_null(strstr(expected.data, "h sub/h 600 5:6 @1000 -> f\n"));
    for (size_t i = 0; i < sizeof(tools) / sizeof(tools[0]); i++) {
        char command[64];
        snprintf(command, sizeof(command), "%.*s", (int)strcspn(tools[i], " "), tools[i]);
        if (!have(command))
            continue;
        snprintf(command, sizeof(command), "%s -c t.tar > t.packed", tools[i]);
        run(command);
        auto_buf out = TARBALL_INIT;
        import_file("t.packed", &out);
        assert_string_equal(out.data, expected.data);
        /* Cut short, it is refused. */
        run("head -c -20 t.packed > t.cut");
        img_error err;
        char path[128];
        snprintf(path, sizeof(path), "%s/t.cut", dir);
        img__buf_clear(&out);
        assert_int_equal(img__import(path, &plain, print, &out, &err), IMG_EFORMAT);
    }
}

static void compressed_twice(void **state)
{
    (void)state;
    static const char *const commands[] = {"gzip -c t.tar | gzip -c > archive",
                                           "bzip2 -c t.tar | bzip2 -c > archive",
                                           "xz -c t.tar | gzip -c > archive"};
    if (!have("xz") || !have("bzip2"))
        skip();
    run("mkdir -p tree && echo x > tree/x && tar -C tree -cf t.tar x");
    for (size_t i = 0; i < sizeof(commands) / sizeof(commands[0]); i++) {
        run(commands[i]);
        img_error err;
        char path[128];
        snprintf(path, sizeof(path), "%s/archive", dir);
        auto_buf out = TARBALL_INIT;
        assert_int_equal(img__import(path, &plain, print, &out, &err), IMG_EFORMAT);
    }
}

/* ---- libarchive as the maker ---- */

struct sample {
    const char *path;
    unsigned type;
    const char *text; /* data, or the target of a link */
};

static void write_samples(struct archive *archive, const struct sample *samples, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        struct archive_entry *entry = archive_entry_new();
        archive_entry_set_pathname(entry, samples[i].path);
        archive_entry_set_filetype(entry, samples[i].type);
        archive_entry_set_perm(entry, 0750);
        archive_entry_set_uid(entry, 10);
        archive_entry_set_gid(entry, 11);
        archive_entry_set_mtime(entry, 1000000000, 0);
        archive_entry_set_nlink(entry, 1);
        archive_entry_set_ino(entry, (la_int64_t)i + 1);
        archive_entry_set_size(entry, 0);
        if (samples[i].type == AE_IFREG)
            archive_entry_set_size(entry, (la_int64_t)strlen(samples[i].text));
        if (samples[i].type == AE_IFLNK)
            archive_entry_set_symlink(entry, samples[i].text);
        if (archive_write_header(archive, entry) != ARCHIVE_OK)
            fail_msg("%s", archive_error_string(archive));
        if (samples[i].type == AE_IFREG)
            archive_write_data(archive, samples[i].text, strlen(samples[i].text));
        archive_entry_free(entry);
    }
}

static void make_archive(struct buf *out, int (*format)(struct archive *),
                         const struct sample *samples, size_t count)
{
    size_t used = 0;
    char *room = img__buf_reserve(out, 4 << 20);
    struct archive *archive = archive_write_new();
    assert_int_equal(format(archive), ARCHIVE_OK);
    archive_write_set_bytes_in_last_block(archive, 1);
    assert_int_equal(archive_write_open_memory(archive, room, 4 << 20, &used), ARCHIVE_OK);
    write_samples(archive, samples, count);
    assert_int_equal(archive_write_free(archive), ARCHIVE_OK);
    out->len = used;
}

static const struct sample samples[] = {
    {"d", AE_IFDIR, NULL},
    {"d/f", AE_IFREG, "hello"},
    {"d/empty", AE_IFREG, ""},
    {"d/s", AE_IFLNK, "../x"},
};

static void foreign_formats(void **state)
{
    static const struct {
        int (*format)(struct archive *);
        const char *expected;
    } rows[] = {
        {archive_write_set_format_cpio_newc, "d d 750 10:11 @1000000000\n"
                                             "f d/f 750 10:11 @1000000000 | hello\n"
                                             "f d/empty 750 10:11 @1000000000 | \n"
                                             "l d/s 777 10:11 @1000000000 -> ../x\n"},
        {archive_write_set_format_cpio_odc, "d d 750 10:11 @1000000000\n"
                                            "f d/f 750 10:11 @1000000000 | hello\n"
                                            "f d/empty 750 10:11 @1000000000 | \n"
                                            "l d/s 777 10:11 @1000000000 -> ../x\n"},
        {archive_write_set_format_zip, "d d 750 10:11 @1000000000\n"
                                       "f d/f 750 10:11 @1000000000 | hello\n"
                                       "f d/empty 750 10:11 @1000000000 | \n"
                                       "l d/s 777 10:11 @1000000000 -> ../x\n"},
        {archive_write_set_format_xar, "d d 750 10:11 @1000000000\n"
                                       "f d/f 750 10:11 @1000000000 | hello\n"
                                       "f d/empty 750 10:11 @1000000000 | \n"
                                       "l d/s 777 10:11 @1000000000 -> ../x\n"},
        {archive_write_set_format_7zip, "f d/f 750 0:0 @1000000000 | hello\n"
                                        "l d/s 777 0:0 @1000000000 -> ../x\n"
                                        "f d/empty 750 0:0 @1000000000 | \n"
                                        "d d 750 0:0 @1000000000\n"},
        {archive_write_set_format_iso9660, "d d 555 10:11 @1000000000\n"
                                           "f d/f 555 10:11 @1000000000 | hello\n"
                                           "l d/s 777 10:11 @1000000000 -> ../x\n"
                                           "f d/empty 555 10:11 @1000000000 | \n"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        auto_buf bytes = TARBALL_INIT;
        make_archive(&bytes, rows[i].format, samples, sizeof(samples) / sizeof(samples[0]));
        assert_imports(&bytes, &plain, rows[i].expected);
    }
}

/* cpio in xz: neither of the two is a layer's. */
static void compressed_cpio(void **state)
{
    (void)state;
    auto_buf bytes = TARBALL_INIT;
    make_archive(&bytes, archive_write_set_format_cpio_newc, samples, 2);
    assert_imports(&bytes, &plain,
                   "d d 750 10:11 @1000000000\nf d/f 750 10:11 @1000000000 | hello\n");
    if (!have("xz"))
        skip();
    run("xz -c archive > packed && gzip -c archive > packed.gz");
    auto_buf out = TARBALL_INIT;
    import_file("packed", &out);
    assert_string_equal(out.data,
                        "d d 750 10:11 @1000000000\nf d/f 750 10:11 @1000000000 | hello\n");
    import_file("packed.gz", &out);
    assert_string_equal(out.data,
                        "d d 750 10:11 @1000000000\nf d/f 750 10:11 @1000000000 | hello\n");
}

/* Names are bytes; where an archive says that they are text, they become UTF-8 in any locale. */
static void names(void **state)
{
    static const struct sample cpio[] = {{"\xff\xfe", AE_IFREG, "x"}, {"l\xe9", AE_IFLNK, "\xe8"}};
    (void)state;
    auto_buf bytes = TARBALL_INIT;
    make_archive(&bytes, archive_write_set_format_cpio_newc, cpio, 2);
    assert_imports(&bytes, &plain,
                   "f \xff\xfe 750 10:11 @1000000000 | x\n"
                   "l l\xe9 777 10:11 @1000000000 -> \xe8\n");
    /* 7z has UTF-16. */
    static const struct sample text[] = {{"\xc3\xa9\xe2\x82\xac", AE_IFREG, "x"}};
    if (!setlocale(LC_ALL, "C.UTF-8"))
        skip();
    img__buf_clear(&bytes);
    make_archive(&bytes, archive_write_set_format_7zip, text, 1);
    setlocale(LC_ALL, "C");
    assert_imports(&bytes, &plain, "f \xc3\xa9\xe2\x82\xac 750 0:0 @1000000000 | x\n");
}

static void foreign_refused(void **state)
{
    static const struct sample up[] = {{"../x", AE_IFREG, "x"}};
    (void)state;
    auto_buf bytes = TARBALL_INIT;
    make_archive(&bytes, archive_write_set_format_cpio_newc, up, 1);
    assert_refused(&bytes, IMG_EFORMAT, "'..'");

    img__buf_clear(&bytes);
    assert_refused(&bytes, IMG_EFORMAT, "is empty");
    img__buf_puts(&bytes, "#!/bin/sh\nnot an archive\n");
    assert_refused(&bytes, IMG_EFORMAT, "is not an archive");
    img__buf_clear(&bytes);
    img__buf_puts(&bytes, "#mtree\n./x type=file\n");
    assert_refused(&bytes, IMG_EFORMAT, "is not an archive");
    uint64_t seed = 3;
    img__buf_clear(&bytes);
    while (bytes.len < 5000)
        img__buf_putc(&bytes, (char)next_random(&seed));
    assert_refused(&bytes, IMG_EFORMAT, "is not an archive");

    img_error err;
    assert_fails(img__import("/no/such/file", &plain, print, NULL, &err), IMG_ENOTFOUND,
                 "/no/such/file");
    assert_int_equal(img__import(dir, &plain, print, NULL, &err), IMG_EINVAL);

    img__buf_clear(&bytes);
    make_archive(&bytes, archive_write_set_format_zip, samples, 4);
    bytes.len /= 2;
    auto_buf out = TARBALL_INIT;
    assert_int_equal(import_bytes(&bytes, &plain, &out, &err), IMG_EFORMAT);
}

/* ---- cpio by hand: hard links ---- */

static void cpio_add(struct buf *out, const char *name, unsigned ino, unsigned links,
                     const char *data)
{
    img__buf_printf(out, "070701%08x%08x%08x%08x%08x%08x%08zx%08x%08x%08x%08x%08zx%08x", ino,
                    0100644, 1, 2, links, 3, strlen(data), 0, 0, 0, 0, strlen(name) + 1, 0);
    img__buf_append(out, name, strlen(name) + 1);
    while (out->len % 4)
        img__buf_putc(out, '\0');
    img__buf_puts(out, data);
    while (out->len % 4)
        img__buf_putc(out, '\0');
}

static void cpio_hard_links(void **state)
{
    (void)state;
    auto_buf bytes = TARBALL_INIT;
    cpio_add(&bytes, "a", 7, 3, "");
    cpio_add(&bytes, "e1", 9, 2, "");
    cpio_add(&bytes, "b", 7, 3, "");
    cpio_add(&bytes, "single", 8, 1, "one");
    cpio_add(&bytes, "c", 7, 3, "data");
    cpio_add(&bytes, "e2", 9, 2, "");
    cpio_add(&bytes, "TRAILER!!!", 0, 1, "");
    assert_imports(&bytes, &plain,
                   "f single 644 1:2 @3 | one\n"
                   "f c 644 1:2 @3 | data\n"
                   "h a 644 1:2 @3 -> c\n"
                   "h b 644 1:2 @3 -> c\n"
                   "f e1 644 1:2 @3 | \n"
                   "h e2 644 1:2 @3 -> e1\n");

    /* Data at the first name: as old cpio does. */
    img__buf_clear(&bytes);
    cpio_add(&bytes, "a", 7, 2, "data");
    cpio_add(&bytes, "b", 7, 2, "");
    cpio_add(&bytes, "TRAILER!!!", 0, 1, "");
    assert_imports(&bytes, &plain, "f a 644 1:2 @3 | data\nh b 644 1:2 @3 -> a\n");
}

/* ---- standard input ---- */

static int import_input(const char *command, struct buf *out, img_error *err)
{
    auto_free char *full = NULL;
    assert_true(asprintf(&full, "cd %s && %s", dir, command) > 0);
    FILE *pipe = popen(full, "r");
    assert_non_null(pipe);
    int saved = dup(STDIN_FILENO);
    assert_int_equal(dup2(fileno(pipe), STDIN_FILENO), STDIN_FILENO);
    img__buf_clear(out);
    int rc = img__import("-", &plain, print, out, err);
    dup2(saved, STDIN_FILENO);
    close(saved);
    pclose(pipe);
    return rc;
}

static void standard_input(void **state)
{
    (void)state;
    img_error err;
    auto_buf out = TARBALL_INIT;
    run("rm -rf tree && mkdir tree && echo x > tree/x && touch -d @5 tree/x &&"
        " tar --owner=1 --group=2 --mode=600 -C tree -cf t.tar x");
    assert_ok(import_input("cat t.tar", &out, &err));
    assert_string_equal(out.data, "f x 600 1:2 @5 | x\n\n");
    assert_ok(import_input("gzip -c t.tar", &out, &err));
    assert_string_equal(out.data, "f x 600 1:2 @5 | x\n\n");
    assert_fails(import_input("head -c 513 t.tar", &out, &err), IMG_EFORMAT, "standard input: ");

    /* A zip that was itself written to a pipe has its sizes behind the data. */
    if (!have("zip"))
        return;
    run("cd tree && cat x | zip -q - - | cat > ../t.zip");
    assert_fails(import_input("cat t.zip", &out, &err), IMG_EUNSUPPORTED, "entry '-'");
    import_file("t.zip", &out);
    assert_non_null(strstr(out.data, " | x\n"));
}

/* ---- hostile ---- */

static int swallow(const struct entry *entry, struct source *data, void *arg, img_error *err)
{
    char chunk[4096];
    uint64_t *total = arg;
    assert_true(entry->path[0] && entry->path[0] != '/');
    while (data) {
        ssize_t got = img__source_read(data, chunk, sizeof(chunk), err);
        if (got <= 0)
            return (int)got;
        *total += (uint64_t)got;
        if (*total > 8 << 20)
            return img__fail(err, IMG_ECANCELED, "enough");
    }
    return 0;
}

static void write_and_swallow(const struct buf *bytes)
{
    char path[128];
    snprintf(path, sizeof(path), "%s/archive", dir);
    int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    assert_true(fd >= 0);
    assert_true(write(fd, bytes->data, bytes->len) == (ssize_t)bytes->len);
    close(fd);
    img_error err = {0};
    uint64_t total = 0;
    int rc = img__import(path, &plain, swallow, &total, &err);
    assert_true(rc == 0 || (rc < 0 && err.code == rc && err.message[0]));
}

/* Archives with a few bytes changed: an error or an import, never a crash. */
static void mutations(void **state)
{
    int (*const formats[])(struct archive *) = {
        archive_write_set_format_cpio_newc, archive_write_set_format_zip,
        archive_write_set_format_7zip,      archive_write_set_format_iso9660,
        archive_write_set_format_xar,       archive_write_set_format_pax,
    };
    (void)state;
    uint64_t seed = 11;
    for (size_t i = 0; i < sizeof(formats) / sizeof(formats[0]); i++) {
        auto_buf good = TARBALL_INIT;
        make_archive(&good, formats[i], samples, sizeof(samples) / sizeof(samples[0]));
        for (int round = 0; round < 150; round++) {
            auto_buf bad = TARBALL_INIT;
            img__buf_append(&bad, good.data, good.len);
            for (uint32_t changes = 1 + next_random(&seed) % 4; changes; changes--)
                bad.data[next_random(&seed) % bad.len] = (char)next_random(&seed);
            write_and_swallow(&bad);
        }
    }
}

static int stop(const struct entry *entry, struct source *data, void *arg, img_error *err)
{
    (void)entry;
    (void)data;
    ++*(int *)arg;
    return img__fail(err, IMG_ECANCELED, "stop");
}

static void receiver_stops(void **state)
{
    (void)state;
    img_error err;
    char path[128];
    for (int i = 0; i < 2; i++) {
        auto_buf bytes = TARBALL_INIT;
        auto_buf out = TARBALL_INIT;
        make_archive(&bytes, i ? archive_write_set_format_pax : archive_write_set_format_cpio_newc,
                     samples, 4);
        assert_ok(import_bytes(&bytes, &plain, &out, &err));
        snprintf(path, sizeof(path), "%s/archive", dir);
        int calls = 0;
        assert_fails(img__import(path, &plain, stop, &calls, &err), IMG_ECANCELED, "stop");
        assert_int_equal(calls, 1);
    }
}

static void version(void **state)
{
    (void)state;
    assert_true(strncmp(img__import_libarchive_version(), "3.", 2) == 0);
}

static int make_dir(void **state)
{
    (void)state;
    return mkdtemp(dir) ? 0 : -1;
}

static int remove_dir(void **state)
{
    (void)state;
    char command[128];
    snprintf(command, sizeof(command), "rm -rf %s", dir);
    return system(command);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(whiteouts),
        cmocka_unit_test(unmapped),
        cmocka_unit_test(rules),
        cmocka_unit_test(edits),
        cmocka_unit_test(tar_entries),
        cmocka_unit_test(attributes),
        cmocka_unit_test(tar_refused),
        cmocka_unit_test(compressed_tars),
        cmocka_unit_test(compressed_twice),
        cmocka_unit_test(foreign_formats),
        cmocka_unit_test(compressed_cpio),
        cmocka_unit_test(names),
        cmocka_unit_test(foreign_refused),
        cmocka_unit_test(cpio_hard_links),
        cmocka_unit_test(standard_input),
        cmocka_unit_test(mutations),
        cmocka_unit_test(receiver_stops),
        cmocka_unit_test(version),
    };
    return cmocka_run_group_tests(tests, make_dir, remove_dir);
}
