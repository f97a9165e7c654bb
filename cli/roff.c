/* SPDX-License-Identifier: Apache-2.0
 *
 * Manual pages. Every hyphen is written as the one of ASCII, since what is in these pages gets
 * copied into shells; the same goes for quotes, tildes and the like.
 */
#include "roff.h"

#include <ctype.h>
#include <string.h>

#include "memory.h"
#include "name.h"
#include <libimg/libimg.h>

#ifndef LIBIMG_MANUAL_DATE
#define LIBIMG_MANUAL_DATE "1970-01-01"
#endif

static void put_character(FILE *stream, char c)
{
    static const struct {
        char c;
        const char *written;
    } special[] = {
        {'\\', "\\e"},   {'-', "\\-"},   {'~', "\\(ti"}, {'^', "\\(ha"},
        {'\'', "\\(aq"}, {'`', "\\(ga"}, {'"', "\\(dq"},
    };

    for (size_t i = 0; i < sizeof(special) / sizeof(special[0]); i++) {
        if (special[i].c == c) {
            fputs(special[i].written, stream);
            return;
        }
    }
    putc(c, stream);
}

/* A line of its own, which must not be taken for a macro. */
static void put_line(FILE *stream, const char *text, size_t len)
{
    if (len > 0 && text[0] == '.')
        fputs("\\&", stream);
    for (size_t i = 0; i < len; i++)
        put_character(stream, text[i]);
    putc('\n', stream);
}

void roff_words(struct roff *roff, const char *text)
{
    auto_free char *named = name_text(text);

    for (const char *p = named; *p; p++)
        put_character(roff->stream, *p);
}

void roff_begin(struct roff *roff, const char *name, int section, const char *summary)
{
    fputs(".TH \"", roff->stream);
    for (const char *p = name; *p; p++)
        put_character(roff->stream, (char)toupper((unsigned char)*p));
    fprintf(roff->stream, "\" \"%d\" \"%s\" \"libimg %s\" \"libimg manual\"\n.nh\n.ad l\n", section,
            LIBIMG_MANUAL_DATE, img_version_string());
    roff_heading(roff, "NAME");
    roff_words(roff, name);
    fputs(" \\- ", roff->stream);
    roff_words(roff, summary);
    putc('\n', roff->stream);
}

void roff_heading(struct roff *roff, const char *heading)
{
    fprintf(roff->stream, ".SH \"%s\"\n", heading);
    roff->begun = false;
}

void roff_subheading(struct roff *roff, const char *heading)
{
    fprintf(roff->stream, ".SS \"%s\"\n", heading);
    roff->begun = false;
}

static void begin_paragraph(struct roff *roff)
{
    if (roff->begun)
        fputs(".PP\n", roff->stream);
    roff->begun = true;
}

/* Lines from text on that begin with a blank, or are empty and have such a one behind them. */
static const char *put_literal(struct roff *roff, const char *text)
{
    begin_paragraph(roff);
    fputs(".RS 2\n.nf\n", roff->stream);
    while (*text == ' ' || (*text == '\n' && text[1] == ' ')) {
        size_t len = strcspn(text, "\n");
        size_t indent = strspn(text, " ") < 2 ? strspn(text, " ") : 2;

        put_line(roff->stream, text + indent, len - indent);
        text += len + (text[len] == '\n');
    }
    fputs(".fi\n.RE\n", roff->stream);
    return text;
}

static const char *put_paragraph(struct roff *roff, const char *text)
{
    begin_paragraph(roff);
    while (*text && *text != ' ' && *text != '\n') {
        size_t len = strcspn(text, "\n");

        put_line(roff->stream, text, len);
        text += len + (text[len] == '\n');
    }
    return text;
}

void roff_text(struct roff *roff, const char *text)
{
    auto_free char *named = name_text(text);

    for (const char *p = named; *p;) {
        if (*p == '\n')
            p++;
        else
            p = *p == ' ' ? put_literal(roff, p) : put_paragraph(roff, p);
    }
}

/* Whether a word of a synopsis stands for something, and is not typed as it is. */
static bool is_variable(const char *word, size_t len)
{
    for (size_t i = 0; i < len; i++)
        if (!isupper((unsigned char)word[i]) && !isdigit((unsigned char)word[i]))
            return false;
    return isupper((unsigned char)word[0]);
}

void roff_usage(struct roff *roff, const char *text)
{
    auto_free char *named = name_text(text);

    for (const char *p = named; *p;) {
        size_t len = 0;

        while (isalnum((unsigned char)p[len]) || p[len] == '-')
            len++;
        if (len == 0) {
            put_character(roff->stream, *p++);
            continue;
        }
        fputs(is_variable(p, len) ? "\\fI" : "\\fB", roff->stream);
        for (; len > 0; len--)
            put_character(roff->stream, *p++);
        fputs("\\fR", roff->stream);
    }
}

void roff_item(struct roff *roff)
{
    fputs(".TP\n", roff->stream);
}

void roff_item_text(struct roff *roff)
{
    putc('\n', roff->stream);
    roff->begun = false;
}

void roff_reference(struct roff *roff, const char *name, int section)
{
    if (roff->begun)
        fputs(",\n", roff->stream);
    roff->begun = true;
    fputs("\\fB", roff->stream);
    roff_words(roff, name);
    fprintf(roff->stream, "\\fR(%d)", section);
}
