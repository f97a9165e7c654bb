/* SPDX-License-Identifier: Apache-2.0
 *
 * The words of TOML: white space, comments, line ends, strings and keys. A line end is LF or CR LF;
 * in strings of many lines both count as LF.
 */
#include <string.h>

#include "base/text.h"
#include "core/toml_read.h"

#define KEY_PARTS_MAX 16

void img__toml_skip_blanks(struct toml_reader *r)
{
    while (img__toml_is_blank(*r->at))
        r->at++;
}

/* 0: it is none. */
static size_t line_end(const struct toml_reader *r)
{
    if (*r->at == '\n')
        return 1;
    return r->at[0] == '\r' && r->at[1] == '\n' ? 2 : 0;
}

/* One character of a string or a comment: how many bytes; 0 if it may not stand there. */
static size_t text_char(const struct toml_reader *r)
{
    unsigned char c = (unsigned char)*r->at;
    if ((c < 0x20 && c != '\t') || c == 0x7f)
        return 0;
    return img__text_utf8(r->at);
}

static int fail_char(struct toml_reader *r)
{
    if (r->at == r->end)
        return img__toml_fail(r, "the file ends in the middle of a string");
    if (line_end(r))
        return img__toml_fail(r, "the line ends in the middle of a string");
    return img__toml_fail(r, "the byte 0x%02x can't stand here", (unsigned char)*r->at);
}

static int skip_comment(struct toml_reader *r)
{
    if (*r->at != '#')
        return 0;
    while (r->at < r->end && !line_end(r)) {
        size_t len = text_char(r);
        if (len == 0)
            return fail_char(r);
        r->at += len;
    }
    return 0;
}

int img__toml_end_line(struct toml_reader *r)
{
    img__toml_skip_blanks(r);
    int result = skip_comment(r);
    if (result || r->at == r->end)
        return result;
    size_t len = line_end(r);
    if (len == 0)
        return img__toml_fail(r, "there is more on the line than belongs there, from \"%.10s\"",
                              r->at);
    r->at += len;
    r->line++;
    return 0;
}

int img__toml_skip_lines(struct toml_reader *r)
{
    for (;;) {
        img__toml_skip_blanks(r);
        if (*r->at != '#' && !line_end(r))
            return 0;
        int result = img__toml_end_line(r);
        if (result)
            return result;
    }
}

static int hex_digit(char c)
{
    if (img__is_digit(c))
        return c - '0';
    char lower = img__to_lower(c);
    return lower >= 'a' && lower <= 'f' ? lower - 'a' + 10 : -1;
}

static void put_utf8(struct buf *out, uint32_t code)
{
    if (code < 0x80) {
        img__buf_putc(out, (char)code);
        return;
    }
    unsigned more = code < 0x800 ? 1 : code < 0x10000 ? 2 : 3;
    img__buf_putc(out, (char)((0xf00u >> (more + 1) & 0xf0u) | code >> 6 * more));
    while (more-- > 0)
        img__buf_putc(out, (char)(0x80u | (code >> 6 * more & 0x3fu)));
}

/* Behind \u and \U: as many digits as are due. */
static int take_code(struct toml_reader *r, unsigned digits, struct buf *out)
{
    uint32_t code = 0;
    for (unsigned i = 0; i < digits; i++) {
        int digit = hex_digit(*r->at);
        if (digit < 0)
            return img__toml_fail(r, "an escape of a string needs %u hexadecimal digits", digits);
        code = code << 4 | (uint32_t)digit;
        r->at++;
    }
    if (code == 0)
        return img__toml_fail(r, "a string can't hold a NUL here");
    if (code > 0x10ffff || (code >= 0xd800 && code < 0xe000))
        return img__toml_fail(r, "an escape of a string is no character");
    put_utf8(out, code);
    return 0;
}

/* At a backslash. */
static int take_escape(struct toml_reader *r, struct buf *out)
{
    static const char names[] = "btnfr\"\\";
    static const char values[] = "\b\t\n\f\r\"\\";
    char name = r->at[1];
    if (r->at + 1 >= r->end)
        return img__toml_fail(r, "the file ends in the middle of a string");
    r->at += 2;
    if (name == 'u' || name == 'U')
        return take_code(r, name == 'u' ? 4 : 8, out);
    const char *found = name ? strchr(names, name) : NULL;
    if (!found)
        return img__toml_fail(r, "a string has an unknown escape");
    img__buf_putc(out, values[found - names]);
    return 0;
}

static int take_char(struct toml_reader *r, struct buf *out)
{
    size_t len = text_char(r);
    if (len == 0)
        return fail_char(r);
    img__buf_append(out, r->at, len);
    r->at += len;
    return 0;
}

static int take_line_string(struct toml_reader *r, char quote, struct buf *out)
{
    int result = 0;
    r->at++;
    while (result == 0 && *r->at != quote)
        result = *r->at == '\\' && quote == '"' ? take_escape(r, out) : take_char(r, out);
    if (result == 0)
        r->at++;
    return result;
}

/* A backslash at the end of a line swallows all white space behind it. False: it is none. */
static bool skip_folded(struct toml_reader *r)
{
    struct toml_reader ahead = *r;
    ahead.at++;
    img__toml_skip_blanks(&ahead);
    if (!line_end(&ahead))
        return false;
    for (size_t len = line_end(&ahead); len; len = line_end(&ahead)) {
        ahead.at += len;
        ahead.line++;
        img__toml_skip_blanks(&ahead);
    }
    *r = ahead;
    return true;
}

/* At quotes in a string of many lines, which ends at three; one or two may stand before those. */
static bool take_quotes(struct toml_reader *r, char quote, struct buf *out)
{
    size_t count = 0;
    while (count < 5 && r->at[count] == quote)
        count++;
    r->at += count;
    for (size_t i = count >= 3 ? 3 : 0; i < count; i++)
        img__buf_putc(out, quote);
    return count >= 3;
}

static int take_piece(struct toml_reader *r, char quote, struct buf *out)
{
    size_t len = line_end(r);
    if (len) {
        img__buf_putc(out, '\n');
        r->at += len;
        r->line++;
        return 0;
    }
    if (*r->at != '\\' || quote == '\'')
        return take_char(r, out);
    return skip_folded(r) ? 0 : take_escape(r, out);
}

static int take_long_string(struct toml_reader *r, char quote, struct buf *out)
{
    r->at += 3;
    size_t len = line_end(r);
    r->at += len;
    r->line += len ? 1 : 0;
    for (;;) {
        if (*r->at == quote && take_quotes(r, quote, out))
            return 0;
        if (*r->at == quote)
            continue;
        int result = take_piece(r, quote, out);
        if (result)
            return result;
    }
}

int img__toml_string(struct toml_reader *r, char **out)
{
    auto_(buf) struct buf text = BUF_INIT(TOML_BYTES_MAX);
    char quote = *r->at;
    bool is_long = r->at[1] == quote && r->at[2] == quote;
    int result = is_long ? take_long_string(r, quote, &text) : take_line_string(r, quote, &text);
    if (result == 0)
        result = img__buf_check(&text, "a string", r->err);
    if (result)
        return result;
    *out = img__buf_steal(&text);
    return *out ? 0 : img__fail_memory(r->err);
}

static bool is_bare(char c)
{
    return img__is_alnum(c) || c == '_' || c == '-';
}

static int take_part(struct toml_reader *r, struct strv *out)
{
    auto_free char *part = NULL;
    const char *start = r->at;
    if (*r->at == '"' || *r->at == '\'') {
        if (r->at[1] == *r->at && r->at[2] == *r->at)
            return img__toml_fail(r, "a key can't have many lines");
        int result = img__toml_string(r, &part);
        return result ? result : img__strv_add(out, part, r->err);
    }
    while (is_bare(*r->at))
        r->at++;
    if (r->at == start)
        return img__toml_fail(r, "a key is due where \"%.10s\" stands", r->at);
    part = strndup(start, (size_t)(r->at - start));
    return part ? img__strv_add(out, part, r->err) : img__fail_memory(r->err);
}

int img__toml_key(struct toml_reader *r, struct strv *out)
{
    for (;;) {
        int result = take_part(r, out);
        if (result)
            return result;
        img__toml_skip_blanks(r);
        if (*r->at != '.')
            return 0;
        if (out->count == KEY_PARTS_MAX)
            return img__toml_fail(r, "a key has more than %d parts", KEY_PARTS_MAX);
        r->at++;
        img__toml_skip_blanks(r);
    }
}
