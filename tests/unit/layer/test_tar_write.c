/* SPDX-License-Identifier: Apache-2.0
 *
 * The canonical tar: its bytes pinned, and read by GNU tar and by Python's tarfile.
 */
#include "layer/tar_write.h"

#include "judge.h"
#include "layer/tar_header.h"
#include "layer/tar_read.h"

#define LONG_NAME                                                                                  \
    "0123456789/0123456789/0123456789/0123456789/0123456789/0123456789/0123456789/0123456789/"     \
    "0123456789/"

static char text_of[][160] = {
    "usr",     "usr/bin",  "usr/bin/tool",           "usr/link",         "usr/hard",    "dev/null",
    "dev/sda", "run/pipe", LONG_NAME "end",          "caf\xc3\xa9",      "latin\xe9/x", "big/owner",
    "old",     "attr",     "exactly/" LONG_NAME "4", LONG_NAME "\xff/d",
};
static char target_of[][160] = {"../bin/tool", "usr/bin/tool", LONG_NAME "tt", "\xc3\xbc"};

/* Every feature once. */
static void fill(struct entry *entries, struct entry_xattr *xattrs)
{
    static char key[][32] = {"security.capability", "user.a", "user.empty", "user.z"};
    static char value[][32] = {"\x01\x00\x00\x02\x00\n=\xff", "b", "", "line\nbreak 7 a=b\n"};
    static const size_t lens[] = {8, 1, 0, 17};
    const struct entry rows[] = {
        {.type = ENTRY_DIRECTORY, .path = text_of[0], .mode = 0755, .mtime = 1500000000},
        {.type = ENTRY_DIRECTORY, .path = text_of[1], .mode = 01777, .mtime = 1},
        {.type = ENTRY_FILE, .path = text_of[2], .mode = 06755, .size = 5, .uid = 1, .gid = 2},
        {.type = ENTRY_SYMLINK, .path = text_of[3], .link = target_of[0], .mode = 0777},
        {.type = ENTRY_HARDLINK, .path = text_of[4], .link = target_of[1], .mode = 0755},
        {.type = ENTRY_CHARACTER, .path = text_of[5], .device_major = 1, .device_minor = 3},
        {.type = ENTRY_BLOCK, .path = text_of[6], .device_major = 4095, .device_minor = 1048575},
        {.type = ENTRY_FIFO, .path = text_of[7], .mode = 0600},
        {.type = ENTRY_FILE, .path = text_of[8], .mode = 0644, .size = 512},
        {.type = ENTRY_SYMLINK, .path = text_of[9], .link = target_of[2], .mode = 0777},
        {.type = ENTRY_SYMLINK, .path = text_of[10], .link = target_of[3], .mode = 0777},
        {.type = ENTRY_FILE, .path = text_of[11], .uid = 2097152, .gid = ENTRY_ID_MAX},
        {.type = ENTRY_FILE,
         .path = text_of[12],
         .mtime = -5,
         .mtime_ns = 500000000,
         .uid = 2097151},
        {.type = ENTRY_FILE,
         .path = text_of[13],
         .mtime = 8589934592,
         .size = 513,
         .xattrs = xattrs,
         .xattr_count = 4},
        {.type = ENTRY_FILE, .path = text_of[14], .mtime = 8589934591},
        {.type = ENTRY_DIRECTORY, .path = text_of[15], .mode = 0700},
    };
    for (size_t i = 0; i < 4; i++)
        xattrs[i] = (struct entry_xattr){key[i], value[i], lens[i]};
    memcpy(entries, rows, sizeof(rows));
}
#define ENTRIES 16

static void write_tar(struct tar_writer *writer, const struct entry *entries, size_t count)
{
    img_error err;
    char data[513];
    memset(data, 'x', sizeof(data));
    for (size_t i = 0; i < count; i++) {
        assert_ok(img__tar_writer_entry(writer, &entries[i], &err));
        assert_ok(img__tar_writer_data(writer, data, (size_t)entries[i].size / 2, &err));
        assert_ok(img__tar_writer_data(writer, data,
                                       (size_t)(entries[i].size - entries[i].size / 2), &err));
    }
    assert_ok(img__tar_writer_end(writer, &err));
}

static void make(struct buf *out, const struct entry *entries, size_t count)
{
    img_error err;
    auto_(sink) struct sink *sink = NULL;
    auto_(tar_writer) struct tar_writer *writer = NULL;
    assert_ok(img__sink_buf(out, "a tar", &sink, &err));
    assert_ok(img__tar_writer_new(sink, &writer, &err));
    write_tar(writer, entries, count);
}

static void empty(void **state)
{
    auto_(buf) struct buf tar = BUF_INIT((size_t)1 << 20);
    (void)state;
    make(&tar, NULL, 0);
    assert_int_equal(tar.len, 1024);
    judge_digest(tar.data, tar.len,
                 "sha256:5f70bf18a086007016e948b04aed3b82103a36bea41755b6cddfaf10ace3c6ef");
}

static void header_bytes(void **state)
{
    struct entry entries[ENTRIES];
    struct entry_xattr xattrs[4];
    auto_(buf) struct buf tar = BUF_INIT((size_t)1 << 20);
    (void)state;
    fill(entries, xattrs);
    make(&tar, &entries[2], 1);

    assert_int_equal(tar.len, 512 + 512 + 1024);
    assert_string_equal(tar.data, "usr/bin/tool");
    assert_memory_equal(tar.data + 100, "0006755\0000000001\0000000002\0", 24);
    assert_memory_equal(tar.data + 124, "00000000005\00000000000000\0", 24);
    assert_memory_equal(tar.data + 148, "011475\0 0", 9);
    assert_memory_equal(tar.data + 257, "ustar\00000", 8);
    assert_memory_equal(tar.data + 329, "0000000\0000000000\0", 16);
    assert_memory_equal(tar.data + 512, "xxxxx\0\0\0", 8);
}

/* The records of one entry, which follow its first block. */
static void pax_bytes(void **state)
{
    static const struct {
        size_t entry;
        const char *name;
        const char *records;
    } rows[] = {
        {8,
         "0123456789/0123456789/0123456789/0123456789/0123456789/0123456789/0123456789/"
         "0123456789/0123456789/P",
         "112 path=" LONG_NAME "end\n"},
        {9, "PaxHeaders.0/caf", "115 linkpath=" LONG_NAME "tt\n14 path=caf\xc3\xa9\n"},
        {10, "latin/PaxHeaders.0/x", "15 linkpath=\xc3\xbc\n17 path=latin\xe9/x\n"},
        {11, "big/PaxHeaders.0/owner", "18 gid=4294967294\n15 uid=2097152\n"},
        {12, "PaxHeaders.0/old", "14 mtime=-4.5\n"},
        {15,
         "0123456789/0123456789/0123456789/0123456789/0123456789/0123456789/0123456789/"
         "0123456789/0123456789",
         "113 path=" LONG_NAME "\xff/d/\n"},
    };
    struct entry entries[ENTRIES];
    struct entry_xattr xattrs[4];
    (void)state;
    fill(entries, xattrs);

    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        img_error err;
        auto_(buf) struct buf head = BUF_INIT(TAR_HEADER_MAX);
        assert_ok(img__tar_header(&entries[rows[i].entry], &head, &err));
        assert_int_equal(head.len, 3 * 512);
        assert_int_equal(head.data[156], 'x');
        assert_int_equal(strncmp(head.data, rows[i].name, 100), 0);
        assert_memory_equal(head.data + 512, rows[i].records, strlen(rows[i].records));
        assert_int_equal(head.data[512 + strlen(rows[i].records)], 0);
        assert_memory_equal(head.data + 329, "\0\0\0\0\0\0\0\0", 8);
    }
}

/* C10: sub-second times, as Go writes them; the other field has the whole seconds before. */
static void fractions(void **state)
{
    static const struct {
        int64_t mtime;
        uint32_t ns;
        const char *record;
        const char *field;
    } rows[] = {
        {1500000000, 123456789, "30 mtime=1500000000.123456789\n", "13132027400"},
        {1500000000, 500000000, "22 mtime=1500000000.5\n", "13132027400"},
        {0, 1, "21 mtime=0.000000001\n", "00000000000"},
        {-1, 500000000, "14 mtime=-0.5\n", "00000000000"},
        {-1, 999999999, "22 mtime=-0.000000001\n", "00000000000"},
        {-5, 1, "22 mtime=-4.999999999\n", "00000000000"},
        {INT64_MIN, 1, "40 mtime=-9223372036854775807.999999999\n", "00000000000"},
        {8589934592, 250000000, "23 mtime=8589934592.25\n", "00000000000"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        img_error err;
        auto_(buf) struct buf head = BUF_INIT(TAR_HEADER_MAX);
        struct entry entry = {
            .type = ENTRY_FILE, .path = text_of[0], .mtime = rows[i].mtime, .mtime_ns = rows[i].ns};
        assert_ok(img__tar_header(&entry, &head, &err));
        assert_int_equal(head.len, 3 * 512);
        assert_string_equal(head.data + 512, rows[i].record);
        assert_string_equal(head.data + 1024 + 136, rows[i].field);
    }
}

/* C10: by others. */
static void fractions_read(void **state)
{
    struct entry entries[] = {
        {.type = ENTRY_FILE, .path = text_of[12], .mtime = -5, .mtime_ns = 500000000},
        {.type = ENTRY_FILE, .path = text_of[2], .mtime = 1500000000, .mtime_ns = 250000000},
    };
    img_error err;
    auto_(buf) struct buf tar = BUF_INIT((size_t)1 << 20);
    auto_(sink) struct sink *sink = NULL;
    auto_(tar_writer) struct tar_writer *writer = NULL;
    (void)state;
    assert_ok(img__sink_buf(&tar, "a tar", &sink, &err));
    assert_ok(img__tar_writer_new(sink, &writer, &err));
    img__tar_writer_nanoseconds(writer);
    write_tar(writer, entries, 2);
    judge_write("fractions.tar", tar.data, tar.len);
    judge_says("python3 -c 'import tarfile\n"
               "print([e.mtime for e in tarfile.open(\"fractions.tar\")])'",
               "[-4.5, 1500000000.25]\n");
    judge_says("tar -xf fractions.tar 2>/dev/null; stat -c %.9Y old usr/bin/tool",
               "-4.500000000\n1500000000.250000000\n");

    auto_(source) struct source *source = NULL;
    auto_(tar_reader) struct tar_reader *reader = NULL;
    assert_ok(img__source_memory(tar.data, tar.len, &source, &err));
    assert_ok(img__tar_reader_new(source, "it", &reader, &err));
    for (size_t i = 0; i < 2; i++) {
        const struct entry *found;
        assert_int_equal(img__tar_reader_next(reader, &found, &err), 1);
        assert_int_equal(found->mtime, entries[i].mtime);
        assert_int_equal(found->mtime_ns, entries[i].mtime_ns);
    }
}

/* C9: a file of 8 GiB and more, without its data. */
static void big_size(void **state)
{
    struct entry entry = {.type = ENTRY_FILE, .path = text_of[0], .size = 8589934591};
    img_error err;
    auto_(buf) struct buf head = BUF_INIT(TAR_HEADER_MAX);
    (void)state;
    assert_ok(img__tar_header(&entry, &head, &err));
    assert_int_equal(head.len, 512);
    assert_memory_equal(head.data + 124, "77777777777", 12);

    entry.size++;
    assert_ok(img__tar_header(&entry, &head, &err));
    assert_int_equal(head.len, 3 * 512);
    assert_string_equal(head.data + 512, "19 size=8589934592\n");
    assert_memory_equal(head.data + 1024 + 124, "00000000000", 12);

    entry.size = (uint64_t)INT64_MAX + 1;
    assert_fails(img__entry_check(&entry, &err), IMG_EINVAL, "larger");
}

/* A sink that only counts. */
struct counter {
    struct sink sink;
    uint64_t bytes;
};

static int count(struct sink *sink, const void *data, size_t len, img_error *err)
{
    (void)data, (void)err;
    ((struct counter *)sink)->bytes += len;
    return 0;
}

/* C9: the whole of a file above 8 GiB, with an odd size. */
static void big_file(void **state)
{
    static const struct sink_ops ops = {.write = count};
    struct counter counter = {{&ops}, 0};
    uint64_t size = ((uint64_t)9 << 30) + 3, piece = (uint64_t)1 << 20;
    struct entry entry = {.type = ENTRY_FILE, .path = text_of[0], .size = size};
    img_error err;
    auto_free char *zeros = calloc(1, (size_t)piece);
    auto_(tar_writer) struct tar_writer *writer = NULL;
    (void)state;
    assert_non_null(zeros);
    assert_ok(img__tar_writer_new(&counter.sink, &writer, &err));
    assert_ok(img__tar_writer_entry(writer, &entry, &err));
    for (uint64_t left = size; left > 0; left -= left < piece ? left : piece)
        assert_ok(img__tar_writer_data(writer, zeros, (size_t)(left < piece ? left : piece), &err));
    assert_ok(img__tar_writer_end(writer, &err));
    assert_int_equal(counter.bytes, 3 * 512 + size + 509 + 1024);
}

/* A record whose length takes one more digit because of its own digits. */
static void record_lengths(void **state)
{
    (void)state;
    for (size_t len = 80; len < 1200; len++) {
        img_error err;
        auto_free char *target = calloc(1, len + 1);
        assert_non_null(target);
        memset(target, 't', len);
        target[0] = '\x80';
        struct entry entry = {.type = ENTRY_SYMLINK, .path = text_of[0], .link = target};
        auto_(buf) struct buf head = BUF_INIT(TAR_HEADER_MAX);
        assert_ok(img__tar_header(&entry, &head, &err));
        const char *record = head.data + 512;
        size_t said = strtoul(record, NULL, 10);
        assert_ptr_equal(record + said - 1, strchr(record, '\n'));
        assert_int_equal(head.len, 1024 + (said + 511) / 512 * 512);
    }
}

static void golden(void **state)
{
    struct entry entries[ENTRIES];
    struct entry_xattr xattrs[4];
    auto_(buf) struct buf tar = BUF_INIT((size_t)1 << 20);
    (void)state;
    fill(entries, xattrs);
    make(&tar, entries, ENTRIES);
    judge_digest(tar.data, tar.len,
                 "sha256:9045edc1e5e56068d006741af59aa3dd9a888b3a35bd88bffd14f9921aaacec2");
}

static const char *const python_reads =
    "cat > read.py <<'END'\n"
    "import sys, tarfile\n"
    "for e in tarfile.open('all.tar', errors='surrogateescape'):\n"
    "    x = {k: v.encode('utf-8', 'surrogateescape') for k, v in sorted(e.pax_headers.items())\n"
    "         if k.startswith('SCHILY')}\n"
    "    print(e.type.decode(), ascii(e.name[-12:]), len(e.name), ascii(e.linkname[-12:]), "
    "oct(e.mode), e.uid, e.gid, e.size, int(e.mtime), e.devmajor, e.devminor, e.uname + e.gname, "
    "x or '')\n"
    "END\n"
    "python3 read.py";

static void python(void **state)
{
    struct entry entries[ENTRIES];
    struct entry_xattr xattrs[4];
    auto_(buf) struct buf tar = BUF_INIT((size_t)1 << 20);
    (void)state;
    fill(entries, xattrs);
    make(&tar, entries, ENTRIES);
    judge_write("all.tar", tar.data, tar.len);
    judge_says(python_reads,
               "5 'usr' 3 '' 0o755 0 0 0 1500000000 0 0  \n"
               "5 'usr/bin' 7 '' 0o1777 0 0 0 1 0 0  \n"
               "0 'usr/bin/tool' 12 '' 0o6755 1 2 5 0 0 0  \n"
               "2 'usr/link' 8 '../bin/tool' 0o777 0 0 0 0 0 0  \n"
               "1 'usr/hard' 8 'usr/bin/tool' 0o755 0 0 0 0 0 0  \n"
               "3 'dev/null' 8 '' 0o0 0 0 0 0 1 3  \n"
               "4 'dev/sda' 7 '' 0o0 0 0 0 0 4095 1048575  \n"
               "6 'run/pipe' 8 '' 0o600 0 0 0 0 0 0  \n"
               "0 '23456789/end' 102 '' 0o644 0 0 512 0 0 0  \n"
               "2 'caf\\xe9' 4 '123456789/tt' 0o777 0 0 0 0 0 0  \n"
               "2 'latin\\udce9/x' 8 '\\xfc' 0o777 0 0 0 0 0 0  \n"
               "0 'big/owner' 9 '' 0o0 2097152 4294967294 0 0 0 0  \n"
               "0 'old' 3 '' 0o0 2097151 0 0 -5 0 0  \n"
               "0 'attr' 4 '' 0o0 0 0 513 8589934592 0 0  {'SCHILY.xattr.security.capability': "
               "b'\\x01\\x00\\x00\\x02\\x00\\n=\\xff', 'SCHILY.xattr.user.a': b'b', "
               "'SCHILY.xattr.user.z': b'line\\nbreak 7 a=b\\n'}\n"
               "0 '0123456789/4' 108 '' 0o0 0 0 0 8589934591 0 0  \n"
               "5 '23456789/\\udcff/d' 102 '' 0o700 0 0 0 0 0 0  \n");
}

static void gnu_tar(void **state)
{
    struct entry entries[ENTRIES];
    struct entry_xattr xattrs[4];
    auto_(buf) struct buf tar = BUF_INIT((size_t)1 << 20);
    (void)state;
    fill(entries, xattrs);
    make(&tar, entries, ENTRIES);
    judge_write("all.tar", tar.data, tar.len);
    judge_says("LC_ALL=C TZ=UTC tar --xattrs --numeric-owner --full-time -tvf all.tar 2>&1",
               "drwxr-xr-x  0/0               0 2017-07-14 02:40:00 usr/\n"
               "drwxrwxrwt  0/0               0 1970-01-01 00:00:01 usr/bin/\n"
               "-rwsr-sr-x  1/2               5 1970-01-01 00:00:00 usr/bin/tool\n"
               "lrwxrwxrwx  0/0               0 1970-01-01 00:00:00 usr/link -> ../bin/tool\n"
               "hrwxr-xr-x  0/0               0 1970-01-01 00:00:00 usr/hard link to usr/bin/tool\n"
               "c---------  0/0             1,3 1970-01-01 00:00:00 dev/null\n"
               "b---------  0/0    4095,1048575 1970-01-01 00:00:00 dev/sda\n"
               "prw-------  0/0               0 1970-01-01 00:00:00 run/pipe\n"
               "-rw-r--r--  0/0             512 1970-01-01 00:00:00 " LONG_NAME "end\n"
               "lrwxrwxrwx  0/0               0 1970-01-01 00:00:00 caf\\303\\251 -> " LONG_NAME
               "tt\n"
               "lrwxrwxrwx  0/0               0 1970-01-01 00:00:00 latin\\351/x -> \\303\\274\n"
               "----------  2097152/4294967294 0 1970-01-01 00:00:00 big/owner\n"
               "----------  2097151/0          0 1969-12-31 23:59:55 old\n"
               "----------* 0/0              513 2242-03-16 12:56:32 attr\n"
               "----------  0/0                0 2242-03-16 12:56:31 exactly/" LONG_NAME "4\n"
               "drwx------  0/0                0 1970-01-01 00:00:00 " LONG_NAME "\\377/d/\n");
}

static void same_entry(const struct entry *a, const struct entry *b)
{
    assert_int_equal(a->type, b->type);
    assert_string_equal(a->path, b->path);
    assert_string_equal(a->link ? a->link : "", b->link ? b->link : "");
    assert_int_equal(a->mode, b->mode);
    assert_int_equal(a->uid, b->uid);
    assert_int_equal(a->gid, b->gid);
    assert_int_equal(a->device_major, b->device_major);
    assert_int_equal(a->device_minor, b->device_minor);
    assert_int_equal(a->mtime, b->mtime);
    assert_int_equal(a->size, b->size);
    assert_int_equal(a->xattr_count, b->xattr_count);
    for (size_t i = 0; i < a->xattr_count; i++) {
        assert_string_equal(a->xattrs[i].name, b->xattrs[i].name);
        assert_int_equal(a->xattrs[i].len, b->xattrs[i].len);
        assert_memory_equal(a->xattrs[i].value, b->xattrs[i].value, a->xattrs[i].len);
    }
}

static void strict_reader(void **state)
{
    struct entry entries[ENTRIES];
    struct entry_xattr xattrs[4];
    auto_(buf) struct buf tar = BUF_INIT((size_t)1 << 20);
    auto_(source) struct source *source = NULL;
    auto_(tar_reader) struct tar_reader *reader = NULL;
    const struct entry *entry;
    img_error err;
    (void)state;
    fill(entries, xattrs);
    make(&tar, entries, ENTRIES);
    xattrs[2] = xattrs[3]; /* the empty one is left out */
    entries[13].xattr_count = 3;

    assert_ok(img__source_memory(tar.data, tar.len, &source, &err));
    assert_ok(img__tar_reader_new(source, "all.tar", &reader, &err));
    for (size_t i = 0; i < ENTRIES; i++) {
        int rc = img__tar_reader_next(reader, &entry, &err);
        if (rc != 1)
            fail_msg("%s: %d %s", entries[i].path, rc, err.message);
        same_entry(entry, &entries[i]);
    }
    assert_int_equal(img__tar_reader_next(reader, &entry, &err), 0);
}

static void refuses(void **state)
{
    static char root[] = "", up[] = "a/../b", twice[] = "usr";
    const struct entry rows[] = {
        {.type = ENTRY_DIRECTORY, .path = root},
        {.type = ENTRY_DIRECTORY, .path = up},
        {.type = ENTRY_FILE, .path = twice, .uid = UINT32_MAX},
        {.type = ENTRY_CHARACTER, .path = twice, .device_major = 4096},
    };
    img_error err;
    auto_(buf) struct buf tar = BUF_INIT((size_t)1 << 20);
    auto_(sink) struct sink *sink = NULL;
    auto_(tar_writer) struct tar_writer *writer = NULL;
    (void)state;

    assert_ok(img__sink_buf(&tar, "a tar", &sink, &err));
    assert_ok(img__tar_writer_new(sink, &writer, &err));
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
        assert_int_equal(img__tar_writer_entry(writer, &rows[i], &err), IMG_EINVAL);
    assert_int_equal(tar.len, 0);
}

static void large_xattrs(void **state)
{
    img_error err;
    auto_(entry) struct entry entry = {.type = ENTRY_FILE};
    auto_free char *value = malloc(ENTRY_XATTR_MAX);
    auto_(buf) struct buf head = BUF_INIT(TAR_HEADER_MAX);
    (void)state;
    assert_non_null(value);
    memset(value, 0, ENTRY_XATTR_MAX);
    entry.path = strdup("f");
    for (char name[] = "user.a"; name[5] <= 'p'; name[5]++) {
        if (name[5] == 'p') {
            assert_ok(img__tar_header(&entry, &head, &err));
            assert_true(head.len > 15 * ENTRY_XATTR_MAX);
        }
        assert_ok(img__entry_add_xattr(&entry, name, value, ENTRY_XATTR_MAX, &err));
    }
    assert_fails(img__tar_header(&entry, &head, &err), IMG_ELIMIT, "f: its extended attributes");
}

static int add(struct tar_writer *writer, const char *path, img_error *err)
{
    auto_(entry) struct entry entry = {.type = ENTRY_FILE, .path = strdup(path)};
    return img__tar_writer_entry(writer, &entry, err);
}

static void duplicates(void **state)
{
    img_error err;
    auto_(buf) struct buf tar = BUF_INIT((size_t)16 << 20);
    auto_(sink) struct sink *sink = NULL;
    auto_(tar_writer) struct tar_writer *writer = NULL;
    (void)state;
    assert_ok(img__sink_buf(&tar, "a tar", &sink, &err));
    assert_ok(img__tar_writer_new(sink, &writer, &err));

    char path[32];
    for (unsigned i = 0; i < 5000; i++) {
        snprintf(path, sizeof(path), "d%u/f%u", i % 7, (i * 7919) % 5000);
        assert_ok(add(writer, path, &err));
    }
    for (unsigned i = 0; i < 5000; i++) {
        snprintf(path, sizeof(path), "d%u/f%u", i % 7, (i * 7919) % 5000);
        assert_fails(add(writer, path, &err), IMG_EFORMAT, "twice");
    }
    assert_ok(add(writer, "d", &err));
}

static void sorted(void **state)
{
    static const char *const rising[] = {
        "a",   "a/.wh..wh..opq", "a/.wh.-",  "a/.wh.x", "a/!", "a/-", "a/-/.wh.q", "a/-/b",
        "a/b", "a/b/c/d",        "a/b.",     "a/b0",    "a-",  "a.b", "a.b/.wh.c", "a0",
        "b",   "\x7f",           "\xc3\xa9",
    };
    enum { COUNT = sizeof(rising) / sizeof(rising[0]) };
    img_error err;
    auto_(buf) struct buf tar = BUF_INIT((size_t)1 << 20);
    auto_(sink) struct sink *sink = NULL;
    auto_(tar_writer) struct tar_writer *writer = NULL;
    (void)state;

    for (int i = 0; i < COUNT; i++)
        for (int j = 0; j < COUNT; j++) {
            int order = img__tar_order(rising[i], rising[j]);
            if ((order > 0) != (i > j) || (order < 0) != (i < j))
                fail_msg("%s and %s", rising[i], rising[j]);
        }

    assert_ok(img__sink_buf(&tar, "a tar", &sink, &err));
    assert_ok(img__tar_writer_new(sink, &writer, &err));
    img__tar_writer_sorted(writer);
    for (int i = 0; i < COUNT; i++)
        assert_ok(add(writer, rising[i], &err));
    assert_fails(add(writer, rising[COUNT - 1], &err), IMG_EFORMAT, "twice");
    assert_fails(add(writer, "a/b", &err), IMG_EFORMAT, "out of order");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(empty),      cmocka_unit_test(header_bytes),
        cmocka_unit_test(pax_bytes),  cmocka_unit_test(big_size),
        cmocka_unit_test(fractions),  cmocka_unit_test(fractions_read),
        cmocka_unit_test(big_file),   cmocka_unit_test(record_lengths),
        cmocka_unit_test(golden),     cmocka_unit_test(python),
        cmocka_unit_test(gnu_tar),    cmocka_unit_test(strict_reader),
        cmocka_unit_test(refuses),    cmocka_unit_test(large_xattrs),
        cmocka_unit_test(duplicates), cmocka_unit_test(sorted),
    };
    return cmocka_run_group_tests(tests, judge_setup, judge_teardown);
}
