/* SPDX-License-Identifier: Apache-2.0
 *
 * imgtool files: what is in an image, or in one layer of it. Each file is printed when it is found,
 * so that a million of them take no memory; a document of JSON is printed in the same way.
 */
#include "command.h"

#include <inttypes.h>
#include <stdbool.h>
#include <string.h>
#include <time.h>

#include "contents.h"
#include "fail.h"
#include "memory.h"
#include "text.h"

#define MINUTE 17 /* "2024-01-02 03:04" */

struct listing {
    struct contents *contents;
    struct json_out json;
    bool null; /* behind a name, in place of a newline */
    bool long_lines;
    int width; /* of owner and size together, as in tar; it only grows */
};

static const char letters[] = {
    [IMG_FILE_REGULAR] = '-',  [IMG_FILE_DIRECTORY] = 'd', [IMG_FILE_SYMLINK] = 'l',
    [IMG_FILE_HARDLINK] = 'h', [IMG_FILE_CHARACTER] = 'c', [IMG_FILE_BLOCK] = 'b',
    [IMG_FILE_FIFO] = 'p',     [IMG_FILE_WHITEOUT] = 'w',  [IMG_FILE_OPAQUE] = 'o',
};

static const char *const words[] = {
    [IMG_FILE_REGULAR] = "file",        [IMG_FILE_DIRECTORY] = "directory",
    [IMG_FILE_SYMLINK] = "symlink",     [IMG_FILE_HARDLINK] = "hardlink",
    [IMG_FILE_CHARACTER] = "character", [IMG_FILE_BLOCK] = "block",
    [IMG_FILE_FIFO] = "fifo",           [IMG_FILE_WHITEOUT] = "whiteout",
    [IMG_FILE_OPAQUE] = "opaque",
};

/* ---- for people ---- */

/* "drwxr-sr-t" */
static void format_mode(char out[11], const img_file *file)
{
    static const char bits[] = "rwxrwxrwx";

    out[0] = letters[file->type];
    for (int i = 0; i < 9; i++)
        out[i + 1] = file->mode & (0400u >> i) ? bits[i] : '-';
    if (file->mode & 04000)
        out[3] = out[3] == 'x' ? 's' : 'S';
    if (file->mode & 02000)
        out[6] = out[6] == 'x' ? 's' : 'S';
    if (file->mode & 01000)
        out[9] = out[9] == 'x' ? 't' : 'T';
    out[10] = '\0';
}

/* UTC; what no calendar has is a number. */
static void format_minute(char out[32], int64_t seconds)
{
    struct tm tm;
    time_t time = (time_t)seconds;

    if (seconds < 0 || seconds > INT64_C(253402300799) || !gmtime_r(&time, &tm) ||
        strftime(out, 32, "%Y-%m-%d %H:%M", &tm) != MINUTE - 1)
        snprintf(out, 32, "%*" PRId64, MINUTE - 1, seconds);
}

static void put_attributes(const img_file *file)
{
    const char *name;

    for (size_t i = 0; (name = img_file_xattr(file, i, NULL, NULL)); i++) {
        auto_free char *escaped = text_escape(name);
        printf("%s%s", i ? "," : "  [", escaped);
    }
    if (file->xattr_count)
        putchar(']');
}

/* As tar tv has it. */
static void put_details(struct listing *listing, const img_file *file)
{
    char mode[11], owner[32], size[32], time[32];
    bool device = file->type == IMG_FILE_CHARACTER || file->type == IMG_FILE_BLOCK;
    int owner_len = snprintf(owner, sizeof(owner), "%u/%u", file->uid, file->gid), size_len;

    if (device)
        size_len = snprintf(size, sizeof(size), "%u,%u", file->device_major, file->device_minor);
    else
        size_len = snprintf(size, sizeof(size), "%" PRIu64, file->size_bytes);
    if (owner_len + 1 + size_len > listing->width)
        listing->width = owner_len + 1 + size_len;
    format_mode(mode, file);
    format_minute(time, file->mtime);
    printf("%s %s%*s %s ", mode, owner, listing->width - owner_len, size, time);
}

static void put_line(struct listing *listing, const img_file *file)
{
    auto_free char *path = text_escape(file->path);

    if (listing->long_lines)
        put_details(listing, file);
    fputs(path, stdout);
    if (listing->long_lines && file->link) {
        auto_free char *link = text_escape(file->link);
        printf(" %s %s", file->type == IMG_FILE_HARDLINK ? "link to" : "->", link);
    }
    if (listing->long_lines)
        put_attributes(file);
    putchar('\n');
}

/* ---- for programs ---- */

/* JSON has no bytes: a name that is not UTF-8 is there twice, once so that it can be told. */
static void put_name(struct json_out *j, const char *key, const char *escaped_key, const char *name)
{
    auto_free char *escaped = NULL;

    json_put_string(j, key, name);
    if (text_is_utf8(name))
        return;
    escaped = text_escape(name);
    json_put_string(j, escaped_key, escaped);
}

static void put_object(struct json_out *j, const img_file *file)
{
    const char *name;

    json_begin_object(j, NULL);
    j->compact = true;
    put_name(j, "path", "path_escaped", file->path);
    json_put_string(j, "type", words[file->type]);
    json_put_uint(j, "mode", file->mode);
    json_put_uint(j, "uid", file->uid);
    json_put_uint(j, "gid", file->gid);
    json_put_uint(j, "size_bytes", file->size_bytes);
    json_put_int(j, "mtime", file->mtime);
    json_put_uint(j, "mtime_ns", file->mtime_ns);
    if (file->link)
        put_name(j, "link", "link_escaped", file->link);
    if (file->type == IMG_FILE_CHARACTER || file->type == IMG_FILE_BLOCK) {
        json_put_uint(j, "device_major", file->device_major);
        json_put_uint(j, "device_minor", file->device_minor);
    }
    json_put_uint(j, "layer", file->layer);
    if (file->inode)
        json_put_uint(j, "inode", file->inode);
    json_begin_array(j, "xattrs");
    for (size_t i = 0; (name = img_file_xattr(file, i, NULL, NULL)); i++)
        json_put_string(j, NULL, name);
    json_end_array(j);
    json_end_object(j);
    j->compact = false;
}

/* ---- the command ---- */

static int on_file(const img_file *file, void *arg)
{
    struct listing *listing = arg;

    if (listing->json.depth)
        put_object(&listing->json, file);
    else if (listing->null)
        fwrite(file->path, 1, strlen(file->path) + 1, stdout);
    else
        put_line(listing, file);
    return !contents_go_on(listing->contents);
}

static int files_run(struct cli *cli, const struct arguments *args, img_error *err)
{
    auto_(contents) struct contents contents = {0};
    struct listing listing = {
        .contents = &contents,
        .json = {.stream = stdout},
        .null = option_count(args, "null") > 0,
        .long_lines = option_count(args, "long") > 0,
        .width = 19,
    };
    int rc;

    if ((cli->json || listing.long_lines) && listing.null)
        return cli_fail(err, IMG_EINVAL, "--null is for names alone");
    if (contents_open(cli, args, &contents, err) < 0)
        return err->code;
    if (cli->json)
        json_begin_array(&listing.json, NULL);
    rc = img_image_files(contents.store, contents.image, &contents.options, on_file, &listing, err);
    if (rc == 0 && cli->json)
        json_end_array(&listing.json);
    return contents_end(&contents, rc, err);
}

static const struct option options[] = {
    {"long", 'l', false, NULL, "mode, owner, size, time in UTC, links, attributes", NULL},
    {"null", '0', false, NULL, "names as they are, each ended by a NUL", NULL},
    CONTENTS_OPTIONS,
    {0},
};

const struct command command_files = {
    .name = "files",
    .synopsis = "REF [-l] [-0] [--layer N]",
    .summary = "List the files of an image of the store",
    .example = "  imgtool files debian:12 | grep /etc/",
    .notes = "In names, \\ is written as \\\\, and control characters and what is not UTF-8 as\n"
             "\\xNN. A layer alone has whiteouts, as /dir/.wh.NAME for what it removes. With\n"
             "--format json each file is a line of the document.",
    .options = options,
    .min_operands = 1,
    .max_operands = 1,
    .run = files_run,
};
