/* SPDX-License-Identifier: Apache-2.0
 *
 * The parser of the command line: --name=value, --name value, --name first second for the few with
 * two values, -nvalue, -n value, -abc for letters without values, "--" before what are all
 * operands. Options and operands may be mixed. Names are not abbreviated, so that a new option
 * never breaks a script; close ones are suggested.
 */
#include "options.h"

#include <assert.h>
#include <stdbool.h>
#include <string.h>

#include "fail.h"
#include "habits.h"
#include "memory.h"
#include "suggest.h"
#include "text.h"

struct cursor {
    struct arguments *args;
    const char *const *next; /* of argv */
    bool before_command;
    img_error *err;
};

static const struct option *find_name(const struct arguments *args, const char *name, size_t len)
{
    for (size_t t = 0; t < OPTION_TABLES; t++) {
        for (const struct option *o = args->tables[t]; o && o->name; o++) {
            if (strncmp(o->name, name, len) == 0 && !o->name[len])
                return o;
            if (o->alias && strncmp(o->alias, name, len) == 0 && !o->alias[len])
                return o;
        }
    }
    return NULL;
}

static const struct option *find_letter(const struct arguments *args, char letter)
{
    for (size_t t = 0; t < OPTION_TABLES; t++)
        for (const struct option *o = args->tables[t]; o && o->name; o++)
            if (o->letter == letter)
                return o;
    return NULL;
}

static void add_use(struct arguments *args, const struct option *option, const char *value)
{
    args->uses = xreallocarray(args->uses, args->use_count + 1, sizeof(*args->uses));
    args->uses[args->use_count++] = (struct option_use){option, value, NULL};
}

static void add_operand(struct arguments *args, const char *operand)
{
    args->operands = xreallocarray(args->operands, args->operand_count + 2, sizeof(char *));
    args->operands[args->operand_count++] = operand;
    args->operands[args->operand_count] = NULL;
}

static const char *behind_command(const struct cursor *c)
{
    return c->before_command ? "; the options of a command stand behind it" : "";
}

static int fail_unknown(const struct cursor *c, const char *name, size_t len)
{
    const char *instead = habit_instead(c->args, name, len);
    struct suggestion best;

    if (instead)
        return cli_fail(c->err, IMG_EINVAL, "unknown option '--%.*s'; %s", (int)len, name, instead);
    suggestion_start(&best, name, len);
    for (size_t t = 0; t < OPTION_TABLES; t++)
        for (const struct option *o = c->args->tables[t]; o && o->name; o++)
            suggestion_offer(&best, o->name);
    if (best.word)
        return cli_fail(c->err, IMG_EINVAL, "unknown option '--%.*s'; did you mean '--%s'?",
                        (int)len, name, best.word);
    return cli_fail(c->err, IMG_EINVAL, "unknown option '--%.*s'%s", (int)len, name,
                    behind_command(c));
}

/* spelled is "-X". */
static int fail_letter(const struct cursor *c, const char *spelled)
{
    const char *instead = habit_instead(c->args, spelled + 1, 1);

    if (instead)
        return cli_fail(c->err, IMG_EINVAL, "unknown option '%s'; %s", spelled, instead);
    return cli_fail(c->err, IMG_EINVAL, "unknown option '%s'%s", spelled, behind_command(c));
}

static bool takes_two(const struct option *option)
{
    return option->value && strchr(option->value, ' ');
}

static int fail_missing(const struct cursor *c, const char *spelled, const struct option *option)
{
    return cli_fail(c->err, IMG_EINVAL, "option '%s' needs %s: %s %s", spelled,
                    takes_two(option) ? "two values" : "a value", spelled, option->value);
}

/* Both values are words of their own. */
static int parse_two(struct cursor *c, const char *value, const struct option *option)
{
    auto_free char *spelled = xasprintf("--%s", option->name);

    if (value || !c->next[0] || !c->next[1])
        return fail_missing(c, spelled, option);
    add_use(c->args, option, c->next[0]);
    c->args->uses[c->args->use_count - 1].second = c->next[1];
    c->next += 2;
    return 0;
}

/* word is what follows "--". */
static int parse_long(struct cursor *c, const char *word)
{
    size_t len = strcspn(word, "=");
    const char *value = word[len] ? word + len + 1 : NULL;
    const struct option *option = find_name(c->args, word, len);

    if (!option)
        return fail_unknown(c, word, len);
    if (!option->value && value)
        return cli_fail(c->err, IMG_EINVAL, "option '--%s' takes no value", option->name);
    if (takes_two(option))
        return parse_two(c, value, option);
    if (option->value && !value) {
        auto_free char *spelled = xasprintf("--%s", option->name);
        if (!*c->next)
            return fail_missing(c, spelled, option);
        value = *c->next++;
    }
    add_use(c->args, option, value);
    return 0;
}

/* letters is what follows "-". */
static int parse_letters(struct cursor *c, const char *letters)
{
    for (; *letters; letters++) {
        const struct option *option = find_letter(c->args, *letters);
        char spelled[] = {'-', *letters, '\0'};

        if (!option)
            return fail_letter(c, spelled);
        assert(!takes_two(option));
        if (!option->value) {
            add_use(c->args, option, NULL);
            continue;
        }
        if (!letters[1] && !*c->next)
            return fail_missing(c, spelled, option);
        add_use(c->args, option, letters[1] ? letters + 1 : *c->next++);
        break;
    }
    return 0;
}

int arguments_parse(struct arguments *args, const char *const *argv, const char *const **rest,
                    img_error *err)
{
    struct cursor c = {args, argv, rest != NULL, err};
    bool operands_only = false;

    while (*c.next) {
        const char *word = *c.next++;
        int rc = 0;

        if (!operands_only && text_is(word, "--"))
            operands_only = true;
        else if (!operands_only && strncmp(word, "--", 2) == 0)
            rc = parse_long(&c, word + 2);
        else if (!operands_only && word[0] == '-' && word[1])
            rc = parse_letters(&c, word + 1);
        else if (rest) {
            c.next--;
            break;
        } else
            add_operand(args, word);
        if (rc < 0)
            return rc;
    }
    if (rest)
        *rest = c.next;
    return 0;
}

void arguments_free(struct arguments *args)
{
    free(args->uses);
    free(args->operands);
}

const char *option_value(const struct arguments *args, const char *name)
{
    const struct option *option = find_name(args, name, strlen(name));

    assert(option && option->value);
    for (size_t i = args->use_count; i > 0; i--)
        if (args->uses[i - 1].option == option)
            return args->uses[i - 1].value;
    return NULL;
}

size_t option_count(const struct arguments *args, const char *name)
{
    const struct option *option = find_name(args, name, strlen(name));
    size_t count = 0;

    assert(option);
    for (size_t i = 0; i < args->use_count; i++)
        count += args->uses[i].option == option;
    return count;
}

const char **option_values(const struct arguments *args, const char *name)
{
    const struct option *option = find_name(args, name, strlen(name));
    const char **values = xcalloc(args->use_count + 1, sizeof(*values));
    size_t count = 0;

    assert(option && option->value);
    for (size_t i = 0; i < args->use_count; i++)
        if (args->uses[i].option == option)
            values[count++] = args->uses[i].value;
    return values;
}
