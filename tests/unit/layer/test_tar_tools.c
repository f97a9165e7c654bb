/* SPDX-License-Identifier: Apache-2.0
 *
 * The strict tar reader against others: on archives of GNU tar and Python it must see what is on
 * disk, and what libarchive sees; and on damaged ones it must not see anything else than libarchive
 * does, unless it refuses.
 */
#include <archive.h>
#include <archive_entry.h>
#include <dirent.h>
#include <fcntl.h>
#include <inttypes.h>
#include <sys/stat.h>

#include "base/fs.h"
#include "layer/tar_read.h"
#include "streams.h"
#include "tarball.h"
#include "unit.h"

#define LARGE ((uint64_t)1 << 24)
#define auto_buf auto_(buf) struct buf

static char dir[] = "/tmp/libimg-tools-XXXXXX";

static int run(const char *command)
{
    auto_free char *full = NULL;
    assert_true(asprintf(&full, "cd %s && (%s) >/dev/null", dir, command) > 0);
    return system(full);
}

static void load(const char *name, struct buf *out)
{
    img_error err;
    char path[128];
    snprintf(path, sizeof(path), "%s/%s", dir, name);
    img__buf_clear(out);
    assert_ok(img__fs_read(AT_FDCWD, path, out, &err));
}

/* ---- both readers, in the same words ---- */

static uint32_t sum(uint32_t seed, const char *data, size_t len)
{
    for (size_t i = 0; i < len; i++)
        seed = seed * 31 + (unsigned char)data[i];
    return seed;
}

static int print_ours(const struct buf *tar, struct buf *out, img_error *err)
{
    static const char types[] = "fdlhcbp";
    char data[1000];
    auto_(source) struct source *source = pieces_new(tar->data, tar->len, 100000);
    auto_(tar_reader) struct tar_reader *reader = NULL;
    int rc = img__tar_reader_new(source, "x", &reader, err);
    const struct entry *entry;
    while (!rc && (rc = img__tar_reader_next(reader, &entry, err)) == 1) {
        uint32_t seed = 0;
        uint64_t size = 0;
        ssize_t got;
        while ((got = img__tar_reader_data(reader, data, sizeof(data), err)) > 0) {
            seed = sum(seed, data, (size_t)got);
            size += (uint64_t)got;
            if (size > LARGE)
                return img__fail(err, IMG_ELIMIT, "large");
        }
        rc = (int)got;
        img__buf_printf(out, "%c '%s' '%s' %o %u:%u %" PRIu64 " %u @%" PRId64 ".%u\n",
                        types[entry->type], entry->path, entry->link ? entry->link : "",
                        entry->mode, entry->uid, entry->gid, entry->size, seed, entry->mtime,
                        entry->mtime_ns);
    }
    return rc;
}

static char type_of(struct archive_entry *entry)
{
    if (archive_entry_hardlink(entry))
        return 'h';
    switch (archive_entry_filetype(entry)) {
    case AE_IFDIR:
        return 'd';
    case AE_IFLNK:
        return 'l';
    case AE_IFCHR:
        return 'c';
    case AE_IFBLK:
        return 'b';
    case AE_IFIFO:
        return 'p';
    default:
        return 'f';
    }
}

static char *normal(const char *path)
{
    char *out = NULL;
    img_error err;
    if (!path || img__entry_normal_path(path, &out, &err))
        return strdup("?");
    return out;
}

struct dense {
    uint64_t size;
    uint32_t seed;
};

static void add_zeros(struct dense *dense, int64_t end)
{
    for (; (int64_t)dense->size < end && dense->size <= LARGE; dense->size++)
        dense->seed = sum(dense->seed, "", 1);
}

/* By blocks: archive_read_data() of 3.6 forgets the hole at the end of a sparse file. */
static int read_theirs(struct archive *archive, struct archive_entry *entry, struct dense *dense)
{
    const void *block;
    size_t len;
    la_int64_t offset;
    int status;
    while ((status = archive_read_data_block(archive, &block, &len, &offset)) == ARCHIVE_OK &&
           dense->size <= LARGE) {
        add_zeros(dense, offset);
        dense->seed = sum(dense->seed, block, len);
        dense->size += len;
    }
    add_zeros(dense, archive_entry_size(entry));
    return status == ARCHIVE_EOF ? ARCHIVE_OK : status;
}

/* false: it is no archive to libarchive. */
static bool print_theirs(const struct buf *tar, struct buf *out)
{
    struct archive *archive = archive_read_new();
    struct archive_entry *entry;
    archive_read_support_format_tar(archive);
    int status = archive_read_open_memory(archive, tar->data, tar->len);
    while (status == ARCHIVE_OK &&
           ((status = archive_read_next_header(archive, &entry)) == ARCHIVE_OK ||
            status == ARCHIVE_WARN)) {
        struct dense dense = {0};
        status = read_theirs(archive, entry, &dense);
        char type = type_of(entry);
        auto_free char *path = normal(archive_entry_pathname(entry));
        const char *symlink = archive_entry_symlink(entry);
        auto_free char *link = type == 'h'   ? normal(archive_entry_hardlink(entry))
                               : type == 'l' ? strdup(symlink ? symlink : "?")
                                             : strdup("");
        img__buf_printf(
            out, "%c '%s' '%s' %o %" PRId64 ":%" PRId64 " %" PRIu64 " %u @%" PRId64 ".%ld\n", type,
            path, link, (unsigned)archive_entry_perm(entry) & 07777,
            (int64_t)archive_entry_uid(entry), (int64_t)archive_entry_gid(entry), dense.size,
            dense.seed, (int64_t)archive_entry_mtime(entry), archive_entry_mtime_nsec(entry));
    }
    archive_read_free(archive);
    return status == ARCHIVE_EOF;
}

static void assert_same_as_theirs(const struct buf *tar, const char *what)
{
    img_error err;
    auto_buf ours = TARBALL_INIT;
    auto_buf theirs = TARBALL_INIT;
    if (print_ours(tar, &ours, &err))
        fail_msg("%s: %s", what, err.message);
    assert_true(print_theirs(tar, &theirs));
    assert_true(ours.len > 0);
    if (strcmp(ours.data, theirs.data) != 0)
        fail_msg("%s: ours:\n%s\ntheirs:\n%s", what, ours.data, theirs.data);
}

/* ---- against the disk ---- */

static void assert_data(struct tar_reader *reader, const struct entry *entry, const char *path)
{
    char ours[3000];
    char disk[3000];
    img_error err;
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    assert_true(fd >= 0);
    uint64_t total = 0;
    ssize_t got;
    while ((got = img__tar_reader_data(reader, ours, sizeof(ours), &err)) > 0) {
        assert_int_equal(pread(fd, disk, (size_t)got, (off_t)total), got);
        assert_memory_equal(ours, disk, (size_t)got);
        total += (uint64_t)got;
    }
    close(fd);
    assert_int_equal(got, 0);
    assert_true(total == entry->size);
}

static void assert_entry(struct tar_reader *reader, const struct entry *entry)
{
    static const mode_t types[] = {S_IFREG, S_IFDIR, S_IFLNK, 0, S_IFCHR, S_IFBLK, S_IFIFO};
    auto_free char *path = NULL;
    struct stat st;
    assert_true(asprintf(&path, "%s/tree/%s", dir, entry->path) > 0);
    assert_int_equal(lstat(path, &st), 0);
    if (entry->type == ENTRY_HARDLINK) {
        auto_free char *other = NULL;
        struct stat to;
        assert_true(asprintf(&other, "%s/tree/%s", dir, entry->link) > 0);
        assert_int_equal(lstat(other, &to), 0);
        assert_int_equal(st.st_ino, to.st_ino);
        return;
    }
    assert_int_equal(st.st_mode & S_IFMT, types[entry->type]);
    assert_int_equal(st.st_mode & 07777, entry->mode);
    assert_int_equal(st.st_uid, entry->uid);
    assert_int_equal(st.st_mtime, entry->mtime);
    if (entry->type == ENTRY_FILE) {
        assert_true((uint64_t)st.st_size == entry->size);
        assert_data(reader, entry, path);
    }
    if (entry->type == ENTRY_SYMLINK) {
        char target[4096] = "";
        assert_true(readlink(path, target, sizeof(target) - 1) > 0);
        assert_string_equal(target, entry->link);
    }
}

static void assert_same_as_disk(const char *what, int expected)
{
    img_error err;
    auto_buf tar = TARBALL_INIT;
    load("t.tar", &tar);
    auto_(source) struct source *source = pieces_new(tar.data, tar.len, 100000);
    auto_(tar_reader) struct tar_reader *reader = NULL;
    const struct entry *entry;
    assert_ok(img__tar_reader_new(source, what, &reader, &err));
    int count = 0;
    int rc;
    while ((rc = img__tar_reader_next(reader, &entry, &err)) == 1) {
        assert_entry(reader, entry);
        count++;
    }
    if (rc)
        fail_msg("%s: %s", what, err.message);
    if (count != expected)
        fail_msg("%s: %d entries, not %d", what, count, expected);
    assert_same_as_theirs(&tar, what);
}

#define LONG50 "0123456789012345678901234567890123456789012345678_"

static void make_tree(void)
{
    int rc = run("rm -rf tree && mkdir -p tree/dir/empty && cd tree &&"
                 " echo hello > f && ln f dir/hard && ln -s ../f dir/soft && mkfifo pipe &&"
                 " : > nothing && printf 'x%.0s' $(seq 512) > block &&"
                 " mkdir -p dir/" LONG50 "/" LONG50 " &&"
                 " echo deep > dir/" LONG50 "/" LONG50 "/file &&"
                 " touch \"$(printf '\\377\\376')\" && chmod 4755 f && chmod 1777 dir &&"
                 " truncate -s 100000 hole && printf mid | dd of=hole bs=1 seek=50000"
                 " conv=notrunc status=none && truncate -s 70000 allhole &&"
                 " for i in $(seq 40); do printf $i | dd of=many bs=1 seek=$((i*20000))"
                 " conv=notrunc status=none; done &&"
                 " touch -d @1234567 f dir block &&"
                 " touch -d @-5 nothing");
    assert_int_equal(rc, 0);
}

#define TREE_ENTRIES 16 /* with the root */

static void gnu_tar(void **state)
{
    static const char *const options[] = {
        "--format=gnu",
        "--format=gnu --sparse",
        "--format=oldgnu --sparse",
        "--format=pax",
        "--format=pax --sparse --sparse-version=0.0",
        "--format=pax --sparse --sparse-version=0.1",
        "--format=pax --sparse --sparse-version=1.0",
        "--format=pax --pax-option=delete=atime,delete=ctime,exthdr.name=%d/PaxHeaders/%f",
        "--format=gnu --blocking-factor=1",
    };
    (void)state;
    make_tree();
    for (size_t i = 0; i < sizeof(options) / sizeof(options[0]); i++) {
        auto_free char *command = NULL;
        assert_true(asprintf(&command, "tar %s -C tree -cf t.tar .", options[i]) > 0);
        assert_int_equal(run(command), 0);
        assert_same_as_disk(options[i], TREE_ENTRIES);
    }
    /* What the old formats can't hold is left out. */
    static const char *const old[] = {"--format=ustar", "--format=v7"};
    for (size_t i = 0; i < 2; i++) {
        auto_free char *command = NULL;
        assert_true(asprintf(&command,
                             "tar %s --exclude='0123*' --exclude=pipe --exclude=nothing"
                             " -C tree -cf t.tar .",
                             old[i]) > 0);
        assert_int_equal(run(command), 0);
        assert_same_as_disk(old[i], TREE_ENTRIES - 5);
    }
}

static void python(void **state)
{
    static const char *const formats[] = {"GNU", "PAX"};
    (void)state;
    if (system("command -v python3 >/dev/null 2>&1") != 0)
        skip();
    make_tree();
    for (size_t i = 0; i < 2; i++) {
        auto_free char *command = NULL;
        assert_true(asprintf(&command,
                             "LC_ALL=C.UTF-8 python3 -c 'import tarfile\n"
                             "t = tarfile.open(\"t.tar\", \"w\", format=tarfile.%s_FORMAT)\n"
                             "t.add(\"tree\", \".\")\n"
                             "t.close()'",
                             formats[i]) > 0);
        assert_int_equal(run(command), 0);
        assert_same_as_disk(formats[i], TREE_ENTRIES);
    }
}

static void git(void **state)
{
    (void)state;
    if (system("command -v git >/dev/null 2>&1") != 0)
        skip();
    make_tree();
    assert_int_equal(run("cd tree && rm -rf pipe hole many allhole dir/[0]* && git init -q . &&"
                         " git add f && git -c user.name=x -c user.email=x@x commit -qm x &&"
                         " git archive HEAD > ../t.tar && rm -rf .git"),
                     0);
    auto_buf tar = TARBALL_INIT;
    load("t.tar", &tar);
    assert_same_as_theirs(&tar, "git archive");
}

/* ---- damage ---- */

/* One entry of each kind that there is. */
static void make_sample(struct buf *tar)
{
    tarball_add(tar, '5', "d/", "");
    tarball_add(tar, '0', "d/f", "0123456789");
    tarball_pax(tar, 'x', "path", "d/pax", "mtime", "12.5", "uid", "70000", "size", "600", NULL);
    tarball_header(tar, '0', "x", "", 600);
    for (int i = 0; i < 1024; i++)
        img__buf_putc(tar, i < 600 ? (char)('a' + i % 26) : '\0');
    tarball_long(tar, 'L', "d/a/long/name");
    tarball_gnu(tar, tarball_add(tar, '0', "short", "data"));
    tarball_link(tar, '1', "d/hard", "d/f");
    tarball_long(tar, 'K', "a/long/target");
    tarball_gnu(tar, tarball_link(tar, '2', "d/soft", "t"));
    size_t at = tarball_add(tar, 'S', "sparse", "abab");
    tarball_octal(tar->data + at + 386, 12, 3);
    tarball_octal(tar->data + at + 398, 12, 2);
    tarball_octal(tar->data + at + 410, 12, 600);
    tarball_octal(tar->data + at + 422, 12, 2);
    tarball_octal(tar->data + at + 483, 12, 1000);
    tarball_gnu(tar, at);
    tarball_pax(tar, 'x', "GNU.sparse.major", "1", "GNU.sparse.minor", "0", "GNU.sparse.name", "s1",
                "GNU.sparse.realsize", "15", NULL);
    auto_buf data = TARBALL_INIT;
    img__buf_puts(&data, "2\n3\n2\n10\n2\n");
    tarball_pad(&data);
    img__buf_puts(&data, "abab");
    tarball_bytes(tar, '0', "GNUSparseFile.0/s1", &data);
    tarball_add(tar, '0', "last", "end");
    tarball_end(tar);
}

/* A change of a byte or two, mostly to what the formats have there; headers are summed up again
 * mostly, or nothing would come of it. */
static void mutate(struct buf *tar, uint64_t *seed)
{
    static const char likely[] = "\0\0 0123457/LKxgS\xff\x80-+\n=,.";
    for (uint32_t changes = 1 + next_random(seed) % 3; changes; changes--) {
        size_t at = next_random(seed) % tar->len;
        uint32_t choice = next_random(seed);
        tar->data[at] =
            choice % 3 ? likely[choice / 3 % (sizeof(likely) - 1)] : (char)(choice >> 8);
    }
    for (size_t at = 0; at + 512 <= tar->len; at += 512) {
        static const char magic[] = "ustar";
        if (memcmp(tar->data + at + 257, magic, 5) == 0 && next_random(seed) % 16)
            tarball_sum(tar, at);
    }
}

static void mutations(void **state)
{
    (void)state;
    uint64_t seed = 2024;
    int accepted = 0;
    auto_buf good = TARBALL_INIT;
    make_sample(&good);
    assert_same_as_theirs(&good, "sample");
    for (int round = 0; round < 20000; round++) {
        img_error err = {0};
        auto_buf bad = TARBALL_INIT;
        auto_buf ours = TARBALL_INIT;
        auto_buf theirs = TARBALL_INIT;
        img__buf_append(&bad, good.data, good.len);
        if (next_random(&seed) % 8 == 0)
            bad.len = next_random(&seed) % bad.len + 1;
        mutate(&bad, &seed);
        int rc = print_ours(&bad, &ours, &err);
        if (rc) {
            assert_true(rc == IMG_EFORMAT || rc == IMG_ELIMIT);
            assert_true(err.code == rc && err.message[0]);
            continue;
        }
        accepted++;
        bool read = print_theirs(&bad, &theirs);
        if (read && strcmp(img__buf_text(&ours), img__buf_text(&theirs)) != 0)
            fail_msg("round %d: ours:\n%s\ntheirs:\n%s", round, img__buf_text(&ours),
                     img__buf_text(&theirs));
    }
    /* It is not that all was refused. */
    assert_true(accepted > 1000);
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
        cmocka_unit_test(gnu_tar),
        cmocka_unit_test(python),
        cmocka_unit_test(git),
        cmocka_unit_test(mutations),
    };
    return cmocka_run_group_tests(tests, make_dir, remove_dir);
}
