/* SPDX-License-Identifier: Apache-2.0
 *
 * Completing a command line, from the tables that it is parsed by. An option's value and an
 * operand are what the tables call them: FILE is a file, REF an image. A command and an option that
 * somebody adds are completed without a line here; this file knows only what such names stand for,
 * and the values that are one of a few words.
 */
#include "complete.h"

#include <ctype.h>
#include <stdbool.h>
#include <string.h>

#include "memory.h"
#include "offer.h"
#include "text.h"

/* Options whose values are words; those with a command are of that command alone. */
static const struct {
    const char *command;
    const char *option;
    const char *words;
} value_words[] = {
    {NULL, "progress", "auto tty plain json quiet none"},
    {NULL, "compression", "gzip zstd none estargz zstd:chunked"},
    {NULL, "compat", "duplicates trailing sniff single-zero"},
    {NULL, "preserve", "nanoseconds ima xattrs"},
    {NULL, "workdir", ""}, /* in the image */
    {NULL, "stop-signal", "SIGTERM SIGINT SIGQUIT SIGHUP SIGKILL SIGUSR1"},
    {"mutate", "unset",
     "env= label= annotation= expose= volume= entrypoint cmd user workdir stop-signal author "
     "created healthcheck onbuild shell"},
    {"mutate", "append", "env= entrypoint= cmd="},
    {"mutate", "prepend", "env= entrypoint= cmd="},
    {"pull", "platform", "all"},
    {"copy", "platform", "all"},
    {NULL, "platform",
     "linux/amd64 linux/arm64 linux/arm/v7 linux/arm/v6 linux/386 linux/ppc64le linux/riscv64 "
     "linux/s390x"},
};

/* What the names in the tables stand for; those with a command are of that command alone, and come
 * first. */
static const struct {
    const char *command;
    const char *name;
    enum offer_kind kind;
} kinds[] = {
    {"tag", "SRC", OFFER_IMAGES},
    {"tag", "DST", OFFER_IMAGES},
    {"unpack", "DEST", OFFER_DIRS},
    {"login", "NAME", OFFER_NOTHING},
    {"unpack", "NAME", OFFER_NOTHING},
    {"build", "REF", OFFER_PLACES},
    {"build", "PLACE", OFFER_OUTPUTS},
    {NULL, "FILE", OFFER_FILES},
    {NULL, "FILE[:MEDIATYPE]", OFFER_FILES},
    {NULL, "TAR", OFFER_FILES},
    {NULL, "TAR[:DEST]", OFFER_FILES},
    {NULL, "SRC:DEST", OFFER_FILES},
    {NULL, "PLACE", OFFER_PLACES},
    {NULL, "DIR", OFFER_DIRS},
    {NULL, "OLD NEW", OFFER_DIRS},
    {NULL, "UPPER[:LOWER]", OFFER_DIRS},
    {NULL, "REF", OFFER_IMAGES},
    {NULL, "IMAGE", OFFER_IMAGES},
    {NULL, "NAME", OFFER_IMAGES},
    {NULL, "NAME:TAG|NAME@DIGEST", OFFER_IMAGES},
    {NULL, "BASE", OFFER_IMAGES},
    {NULL, "SRC", OFFER_PLACES},
    {NULL, "DST", OFFER_PLACES},
    {NULL, "SOURCE", OFFER_PLACES},
    {NULL, "DEST", OFFER_IMAGES},
    {NULL, "COMMAND", OFFER_COMMANDS},
    {NULL, "COMMAND|TOPIC", OFFER_TOPICS},
};

struct line {
    const struct command *command; /* NULL: not typed yet */
    const struct option *pending;  /* the option whose value comes next */
    bool pending_second;           /* and behind it a second one */
    bool options_end;              /* "--" was there */
    size_t operands;
    struct offer offer;
};

static bool is_of(const char *whose, const struct command *command)
{
    return !whose || (command && text_is(whose, command->name));
}

/* The table i of those that count; NULL may stand between them. */
static const struct option *table(const struct line *line, int i)
{
    const struct option *tables[] = {line->command ? line->command->options : NULL,
                                     line->command ? line->command->more_options : NULL,
                                     global_options};

    return tables[i];
}

static const struct option *find_option(const struct line *line, const char *name, size_t len)
{
    for (int i = 0; i < OPTION_TABLES; i++)
        for (const struct option *o = table(line, i); o && o->name; o++)
            if (strlen(o->name) == len && strncmp(o->name, name, len) == 0)
                return o;
    return NULL;
}

static const struct option *find_letter(const struct line *line, char letter)
{
    for (int i = 0; i < OPTION_TABLES; i++)
        for (const struct option *o = table(line, i); o && o->name; o++)
            if (o->letter == letter)
                return o;
    return NULL;
}

static enum offer_kind kind_of(const struct line *line, const char *name)
{
    for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++)
        if (is_of(kinds[i].command, line->command) && text_is(kinds[i].name, name))
            return kinds[i].kind;
    return OFFER_NOTHING;
}

static void offer_value(struct line *line, const struct option *option)
{
    bool has_words = false;

    if (text_is(option->name, "format")) {
        offer_word(&line->offer, "json", NULL);
        for (const char *const *f = line->command ? line->command->formats : NULL; f && *f; f++)
            offer_word(&line->offer, *f, NULL);
        return;
    }
    for (size_t i = 0; i < sizeof(value_words) / sizeof(value_words[0]); i++) {
        if (!is_of(value_words[i].command, line->command) ||
            !text_is(value_words[i].option, option->name))
            continue;
        offer_list(&line->offer, value_words[i].words);
        has_words = true;
    }
    if (text_is(option->name, "store"))
        offer_kind(&line->offer, OFFER_DIRS);
    else if (!has_words)
        offer_kind(&line->offer, kind_of(line, option->value));
}

static void offer_options(const struct line *line)
{
    for (int i = 0; i < OPTION_TABLES; i++) {
        for (const struct option *o = table(line, i); o && o->name; o++) {
            auto_free char *spelled = xasprintf("--%s", o->name);
            offer_word(&line->offer, spelled, o->help);
        }
    }
}

/* The operand at word, which has len bytes, without brackets and dots around it; to be freed. */
static char *operand_name(const char *word, size_t len, bool *repeats)
{
    bool bracket = *word == '[';
    size_t name = len;

    while (name > 0 && (word[name - 1] == '.' || (bracket && word[name - 1] == ']')))
        name--;
    *repeats = len - name >= 3;
    return xasprintf("%.*s", (int)(name - bracket), word + bracket);
}

/* Takes the next operand from a synopsis: "REF [DEST] [-o FILE]" has two. NULL: there is none any
 * more. Of one that repeats *repeats is set. */
static char *next_operand(const char **synopsis, bool *repeats)
{
    while (**synopsis && strncmp(*synopsis, "[-- ", 4) != 0) {
        const char *word = *synopsis;
        size_t len = strcspn(word, " ");
        bool bracket = *word == '[';

        *synopsis += len + strspn(word + len, " ");
        if (word[bracket] != '-' && strncmp(word, "[OPTION]", 8) != 0)
            return operand_name(word, len, repeats);
        /* An option, whose value is another word unless the bracket ends here. */
        if (word[bracket] == '-' && !memchr(word, ']', len)) {
            len = strcspn(*synopsis, " ");
            *synopsis += len + strspn(*synopsis + len, " ");
        }
    }
    return NULL;
}

/* A word in small letters is typed as it is: "auth explain IMAGE", "bash|zsh|fish". */
static void offer_operand(struct line *line)
{
    const char *synopsis = line->command->synopsis;
    bool repeats = false;

    for (size_t at = 0; at <= line->operands; at++) {
        auto_free char *name = repeats ? NULL : next_operand(&synopsis, &repeats);

        if (!name)
            return;
        if (at < line->operands && !repeats)
            continue;
        for (char *bar = name; islower((unsigned char)*name) && (bar = strchr(bar, '|'));)
            *bar = ' ';
        if (islower((unsigned char)*name))
            offer_list(&line->offer, name);
        else
            offer_kind(&line->offer, kind_of(line, name));
        return;
    }
}

/* Takes in a word that is there already. */
static void take_word(struct line *line, const char *word)
{
    const struct option *option = NULL;
    size_t len = strlen(word);

    if (line->pending) {
        if (text_is(line->pending->name, "store"))
            line->offer.store_dir = word;
        if (!line->pending_second)
            line->pending = NULL;
        line->pending_second = false;
    } else if (!line->options_end && text_is(word, "--")) {
        line->options_end = true;
    } else if (!line->options_end && word[0] == '-' && len > 1) {
        if (word[1] != '-')
            option = find_letter(line, word[len - 1]);
        else if (strncmp(word, "--store=", 8) == 0)
            line->offer.store_dir = word + 8;
        else
            option = find_option(line, word + 2, len - 2);
        if (option && option->value) {
            line->pending = option;
            line->pending_second = strchr(option->value, ' ') != NULL;
        }
    } else if (!line->command) {
        for (const struct command *const *c = commands; *c; c++)
            if (text_is((*c)->name, word))
                line->command = *c;
        line->operands += !line->command;
    } else {
        line->operands++;
    }
}

static void offer_last(struct line *line, const char *word)
{
    size_t len = strcspn(word, "=");
    const struct option *option = NULL;

    line->offer.typed = word;
    if (line->pending) {
        offer_value(line, line->pending);
    } else if (!line->options_end && strncmp(word, "--", 2) == 0 && word[len]) {
        auto_free char *before = xasprintf("%.*s=", (int)len, word);
        option = find_option(line, word + 2, len - 2);
        line->offer.before = before;
        line->offer.typed = word + len + 1;
        if (option && option->value)
            offer_value(line, option);
    } else if (!line->options_end && word[0] == '-') {
        offer_options(line);
    } else if (line->command) {
        offer_operand(line);
    } else if (line->operands == 0) {
        offer_kind(&line->offer, OFFER_COMMANDS);
    }
}

void complete_print(const char *const *words)
{
    struct line line = {.offer = {.typed = "", .before = ""}};

    for (; *words && words[1]; words++)
        take_word(&line, *words);
    offer_last(&line, *words ? *words : "");
    printf(":%s\n", line.offer.rest ? line.offer.rest : "none");
}
