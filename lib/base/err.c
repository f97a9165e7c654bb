/* SPDX-License-Identifier: Apache-2.0
 *
 * Errors: the codes' table, and filling an img_error. Every message passes through clean_text(), so
 * whatever a registry or an archive puts into one, it stays a single line of UTF-8 without control
 * characters.
 */
#include "base/err.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/text.h"

struct code_row {
    int code;
    int exit_status;
    const char *name;
};

static const struct code_row code_rows[] = {
    {IMG_OK, 0, "ok"},
    {IMG_EFAIL, 1, "failure"},
    {IMG_EINVAL, 2, "invalid argument"},
    {IMG_ENOTFOUND, 3, "not found"},
    {IMG_EAUTH, 4, "authentication"},
    {IMG_ENETWORK, 5, "network"},
    {IMG_ETLS, 5, "TLS"},
    {IMG_EREFUSED, 6, "refused by the registry"},
    {IMG_ERATELIMIT, 6, "rate limit"},
    {IMG_EDIGEST, 7, "digest mismatch"},
    {IMG_EFORMAT, 7, "malformed"},
    {IMG_ELIMIT, 7, "limit exceeded"},
    {IMG_EFINDINGS, 8, "findings"},
    {IMG_EIO, 9, "local resource"},
    {IMG_ENOMEM, 9, "memory"},
    {IMG_ECANCELED, 130, "interrupted"},
    {IMG_EUNSUPPORTED, 1, "unsupported"},
};

static const img_exit_status exit_rows[] = {
    {0, "ok", "the command did what it was asked"},
    {1, "failure", "a failure that no other status describes, or something unsupported"},
    {2, "usage", "the command line or a reference makes no sense"},
    {3, "not found", "an image, tag, blob or input file is not there"},
    {4, "authentication", "credentials are missing, wrong or not enough"},
    {5, "network", "no connection, a broken one, or a TLS failure"},
    {6, "refused", "the registry understood and said no, or asked to come back later"},
    {7, "integrity",
     "bytes do not match their digest or size, or a document or archive is malformed"},
    {8, "findings", "a check ran to its end and found something"},
    {9, "local resource", "a local file, disk, permission or memory"},
    {130, "interrupted", "SIGINT, SIGTERM, SIGHUP or a callback ended it"},
    {0, NULL, NULL},
};

static const struct code_row *find_row(int code)
{
    for (size_t i = 0; i < sizeof(code_rows) / sizeof(code_rows[0]); i++)
        if (code_rows[i].code == code)
            return &code_rows[i];
    return &code_rows[1];
}

const char *img_code_name(int code)
{
    return find_row(code)->name;
}

int img_code_exit_status(int code)
{
    return find_row(code)->exit_status;
}

const img_exit_status *img_exit_statuses(void)
{
    return exit_rows;
}

/* The end of text that fits into room bytes, from a whole character on. */
static const char *end_of(const char *text, size_t room)
{
    size_t len = strlen(text);
    if (len < room)
        return text;
    text += len - room + 1;
    while (((unsigned char)*text & 0xc0) == 0x80)
        text++;
    return text;
}

/* Formats into err->message, cleaned. tail, if not NULL, comes behind ": ". Where both are too long
 * the middle is cut: what is wrong stands at the end. */
static void set_message(img_error *err, const char *tail, const char *format, va_list args)
{
    char raw[sizeof(err->message)], clean[sizeof(err->message)];
    size_t room = sizeof(err->message);
    if (vsnprintf(raw, sizeof(raw), format, args) < 0)
        raw[0] = '\0';
    if (!tail) {
        img__text_clean(raw, err->message, room);
        return;
    }
    img__text_clean(tail, clean, sizeof(clean));
    const char *end = end_of(clean, room * 3 / 4);
    size_t end_len = strlen(end) + 1;
    img__text_clean(raw, err->message, room - end_len - 2);
    char *at = err->message + strlen(err->message);
    memcpy(at, ": ", 2);
    memcpy(at + 2, end, end_len);
}

int img__fail(img_error *err, int code, const char *format, ...)
{
    if (!err)
        return code;
    img_error fresh = {.code = code};
    va_list args;
    va_start(args, format);
    set_message(&fresh, NULL, format, args);
    va_end(args);
    *err = fresh;
    return code;
}

static int code_of_errno(int number)
{
    switch (number) {
    case ENOENT:
    case ENOTDIR:
        return IMG_ENOTFOUND;
    case ENOMEM:
        return IMG_ENOMEM;
    default:
        return IMG_EIO;
    }
}

int img__fail_errno(img_error *err, const char *format, ...)
{
    int number = errno;
    int code = code_of_errno(number);
    if (!err)
        return code;
    img_error fresh = {.code = code, .sys_errno = number};
    /* Not strerror(), which speaks the language of the locale. */
    const char *reason = strerrordesc_np(number);
    va_list args;
    va_start(args, format);
    set_message(&fresh, reason ? reason : "unknown error", format, args);
    va_end(args);
    *err = fresh;
    return code;
}

int img__fail_memory(img_error *err)
{
    return img__fail(err, IMG_ENOMEM, "out of memory");
}

/* "push X" needs no "'X': " behind it. */
static const char *behind_subject(const char *prefix, const char *message)
{
    const char *end = *message == '\'' ? strstr(message + 1, "': ") : NULL;
    size_t prefix_len = strlen(prefix), len = end ? (size_t)(end - message) - 1 : 0;
    if (len == 0 || len > prefix_len || memcmp(prefix + prefix_len - len, message + 1, len) != 0)
        return message;
    bool whole = len == prefix_len || prefix[prefix_len - len - 1] == ' ';
    return whole ? end + strlen("': ") : message;
}

int img__prefix(img_error *err, int code, const char *format, ...)
{
    if (!err)
        return code;
    char old[sizeof(err->message)];
    memcpy(old, err->message, sizeof(old));
    va_list args;
    va_start(args, format);
    set_message(err, NULL, format, args);
    va_end(args);
    const char *rest = behind_subject(err->message, old);
    va_start(args, format);
    set_message(err, rest, format, args);
    va_end(args);
    return err->code;
}
