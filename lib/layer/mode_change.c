/* SPDX-License-Identifier: Apache-2.0
 *
 * Modes by words. The rules are those of GNU chmod, with two differences that keep the umask of
 * who builds out of a layer: a clause that names nobody is for all, and a number is the whole mode,
 * of a directory too (layers.md C28).
 */
#include "layer/mode_change.h"

#include <string.h>

#define ALL 07777u
#define EXECUTE 0111u
#define SET_IDS 06000u

static int fail_text(const char *text, img_error *err)
{
    return img__fail(err, IMG_EINVAL,
                     "'%s' is no mode: it is a number from 0 to 7777 in octal, or words as chmod "
                     "takes them, like u=rwX,go=rX",
                     text);
}

static struct mode_step *add_step(struct mode_change *change)
{
    if (change->count == MODE_STEPS_MAX)
        return NULL;
    struct mode_step *step = &change->steps[change->count++];
    *step = (struct mode_step){0};
    return step;
}

static int parse_octal(const char *text, struct mode_change *out, img_error *err)
{
    uint32_t mode = 0;
    for (const char *at = text; *at; at++) {
        if (*at < '0' || *at > '7' || mode > ALL / 8)
            return fail_text(text, err);
        mode = mode * 8 + (uint32_t)(*at - '0');
    }
    *add_step(out) = (struct mode_step){.op = '=', .value = mode};
    out->mentioned = ALL;
    return 0;
}

static const char *parse_who(const char *at, uint32_t *who)
{
    for (*who = 0;; at++) {
        switch (*at) {
        case 'u':
            *who |= 04700;
            break;
        case 'g':
            *who |= 02070;
            break;
        case 'o':
            *who |= 01007;
            break;
        case 'a':
            *who |= ALL;
            break;
        default:
            return at;
        }
    }
}

/* One letter of "rwxst"; 0 for any other. */
static uint32_t value_of(char letter)
{
    switch (letter) {
    case 'r':
        return 0444;
    case 'w':
        return 0222;
    case 'x':
        return EXECUTE;
    case 's':
        return SET_IDS;
    case 't':
        return 01000;
    default:
        return 0;
    }
}

/* What follows the sign. */
static const char *parse_permissions(const char *at, struct mode_step *step)
{
    if (*at == 'u' || *at == 'g' || *at == 'o') {
        step->copy = *at;
        return at + 1;
    }
    for (;; at++) {
        uint32_t value = value_of(*at);
        if (*at == 'X')
            step->if_execute = true;
        else if (value)
            step->value |= value;
        else
            return at;
    }
}

/* "go=rX-w"; NULL if it is none. */
static const char *parse_clause(const char *at, struct mode_change *out)
{
    uint32_t who;
    at = parse_who(at, &who);
    if (*at != '+' && *at != '-' && *at != '=')
        return NULL;
    while (*at == '+' || *at == '-' || *at == '=') {
        struct mode_step *step = add_step(out);
        if (!step)
            return NULL;
        step->op = *at;
        step->who = who;
        at = parse_permissions(at + 1, step);
        out->mentioned |= step->value & (who ? who : ALL);
    }
    return at;
}

int img__mode_change_parse(const char *text, struct mode_change *out, img_error *err)
{
    *out = (struct mode_change){0};
    if (*text >= '0' && *text <= '9')
        return parse_octal(text, out, err);
    for (const char *at = text;; at++) {
        at = parse_clause(at, out);
        if (!at || (*at && *at != ','))
            return fail_text(text, err);
        if (!*at)
            return 0;
    }
}

/* The three bits of one of them, for all three. */
static uint32_t copied(uint32_t mode, char from)
{
    uint32_t bits = from == 'u' ? mode >> 6 : from == 'g' ? mode >> 3 : mode;
    return (bits & 7) * EXECUTE;
}

static uint32_t apply_step(const struct mode_step *step, uint32_t mode, bool directory,
                           uint32_t kept)
{
    uint32_t who = step->who ? step->who : ALL;
    uint32_t value = step->copy ? copied(mode, step->copy) : step->value;
    if (step->if_execute && (directory || (mode & EXECUTE)))
        value |= EXECUTE;
    value &= who & ~kept;
    if (step->op == '+')
        return mode | value;
    if (step->op == '-')
        return mode & ~value;
    return (mode & (~who | kept)) | value;
}

uint32_t img__mode_change_apply(const struct mode_change *change, uint32_t mode, bool directory)
{
    uint32_t kept = directory ? SET_IDS & ~change->mentioned : 0;
    for (size_t i = 0; i < change->count; i++)
        mode = apply_step(&change->steps[i], mode, directory, kept);
    return mode & ALL;
}
