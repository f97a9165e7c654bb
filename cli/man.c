/* SPDX-License-Identifier: Apache-2.0
 *
 * Manual pages: imgtool(1), one for each command in section 1, one for each topic in section 7.
 * "See also" lists what the text of a page names by "imgtool COMMAND" and "imgtool help TOPIC".
 */
#include "man.h"

#include <ctype.h>
#include <string.h>

#include "memory.h"
#include "name.h"
#include "roff.h"
#include "text.h"

#define SECTION_COMMAND 1
#define SECTION_TOPIC 7

static const struct {
    const char *path;
    const char *meaning;
} files[] = {
    {"~/.local/share/libimg/store",
     "The store, an OCI image layout, unless --store or $IMGTOOL_STORE says otherwise."},
    {"~/.docker/config.json", "Credentials. There are more places: imgtool help auth."},
    {"~/.config/containers/registries.conf, /etc/containers/registries.conf",
     "Mirrors and other settings of registries: imgtool help registries."},
    {"~/.config/containers/certs.d, /etc/containers/certs.d, /etc/docker/certs.d",
     "Certificates of single registries."},
    {"/etc/containerd/certs.d", "Mirrors, as containerd has them in hosts.toml."},
};

static void put_options(struct roff *roff, const struct option *options)
{
    for (; options && options->name; options++) {
        auto_free char *spelled = options->letter
                                      ? xasprintf("-%c, --%s", options->letter, options->name)
                                      : xasprintf("--%s", options->name);

        roff_item(roff);
        roff_usage(roff, spelled);
        if (options->value) {
            fputs(" \\fI", roff->stream);
            roff_words(roff, options->value);
            fprintf(roff->stream, "\\fR%s", options->many ? " ..." : "");
        }
        roff_item_text(roff);
        roff_text(roff, options->help);
    }
}

static void put_exit_statuses(struct roff *roff)
{
    for (const img_exit_status *s = img_exit_statuses(); s->name; s++) {
        roff_item(roff);
        fprintf(roff->stream, "\\fB%d\\fR ", s->status);
        roff_words(roff, s->name);
        roff_item_text(roff);
        roff_text(roff, s->meaning);
    }
}

/* Whether a text has "imgtool NAME", or "imgtool help NAME", with nothing of a word behind it. */
static bool mentions(const char *text, const char *before, const char *name)
{
    auto_free char *words = xasprintf("imgtool %s%s", before, name);
    size_t len = strlen(words);

    for (const char *at = text; at && (at = strstr(at, words)); at += len)
        if (!isalnum((unsigned char)at[len]) && at[len] != '-')
            return true;
    return false;
}

/* All that is written about a command, in one string; to be freed. */
static char *text_of(const struct command *command)
{
    char *text = xstrdup(command->notes ? command->notes : "");

    for (int table = 0; table < 2; table++) {
        const struct option *o = table ? command->more_options : command->options;
        for (; o && o->name; o++) {
            char *longer = xasprintf("%s\n%s", text, o->help);
            free(text);
            text = longer;
        }
    }
    return text;
}

static void put_page_reference(struct roff *roff, const char *page, int section)
{
    auto_free char *name = xasprintf(LIBIMG_TOOL_NAME "-%s", page);

    roff_reference(roff, name, section);
}

/* The pages that a text names, besides the one that it is of. */
static void put_see_also(struct roff *roff, const char *text, const char *own)
{
    roff_heading(roff, "SEE ALSO");
    roff_reference(roff, LIBIMG_TOOL_NAME, SECTION_COMMAND);
    for (const struct command *const *c = commands; *c; c++)
        if (!text_is((*c)->name, own) &&
            (mentions(text, "", (*c)->name) || mentions(text, "help ", (*c)->name)))
            put_page_reference(roff, (*c)->name, SECTION_COMMAND);
    for (const struct topic *t = topics; t->name; t++)
        if (!text_is(t->name, own) && mentions(text, "help ", t->name))
            put_page_reference(roff, t->name, SECTION_TOPIC);
    putc('\n', roff->stream);
}

static char *lower_first(const char *text)
{
    char *copy = xstrdup(text);

    copy[0] = (char)tolower((unsigned char)copy[0]);
    return copy;
}

void man_print_command(FILE *stream, const struct command *command)
{
    struct roff roff = {.stream = stream};
    auto_free char *page = xasprintf(LIBIMG_TOOL_NAME "-%s", command->name);
    auto_free char *usage = xasprintf("imgtool %s %s", command->name, command->synopsis);
    auto_free char *sentence = xasprintf("%s.", command->summary);
    auto_free char *summary = lower_first(command->summary);
    auto_free char *text = text_of(command);

    roff_begin(&roff, page, SECTION_COMMAND, summary);
    roff_heading(&roff, "SYNOPSIS");
    roff_usage(&roff, usage);
    putc('\n', stream);
    roff_heading(&roff, "DESCRIPTION");
    roff_text(&roff, sentence);
    if (command->notes)
        roff_text(&roff, command->notes);
    roff_heading(&roff, "OPTIONS");
    put_options(&roff, command->options);
    if (command->more_options) {
        roff_subheading(&roff, "Options for registries");
        put_options(&roff, command->more_options);
    }
    roff_subheading(&roff, "Options of all commands");
    put_options(&roff, global_options);
    roff_heading(&roff, "EXIT STATUS");
    roff_text(&roff, "0 if all went well. The others are the same for all commands:\n"
                     "imgtool help exit-codes.");
    roff_heading(&roff, "EXAMPLES");
    roff_text(&roff, command->example);
    put_see_also(&roff, text, command->name);
}

static void put_commands(struct roff *roff)
{
    roff_heading(roff, "COMMANDS");
    for (const struct command *const *c = commands; *c; c++) {
        roff_item(roff);
        roff->begun = false;
        put_page_reference(roff, (*c)->name, SECTION_COMMAND);
        roff_item_text(roff);
        roff_words(roff, (*c)->summary);
        fputs(".\n", roff->stream);
    }
}

static void put_files(struct roff *roff)
{
    roff_heading(roff, "FILES");
    for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++) {
        roff_item(roff);
        roff_words(roff, files[i].path);
        roff_item_text(roff);
        roff_text(roff, files[i].meaning);
    }
}

static void put_environment(struct roff *roff)
{
    for (const struct topic *t = topics; t->name; t++) {
        if (!text_is(t->name, "environment"))
            continue;
        roff_heading(roff, "ENVIRONMENT");
        roff_text(roff, t->text);
    }
}

static void put_topics(struct roff *roff)
{
    roff_heading(roff, "SEE ALSO");
    for (const struct topic *t = topics; t->name; t++)
        put_page_reference(roff, t->name, SECTION_TOPIC);
    roff_reference(roff, "libimg", 3);
    putc('\n', roff->stream);
}

void man_print_overview(FILE *stream)
{
    struct roff roff = {.stream = stream};

    roff_begin(&roff, LIBIMG_TOOL_NAME, SECTION_COMMAND,
               "build, store, move and unpack container images");
    roff_heading(&roff, "SYNOPSIS");
    roff_usage(&roff, "imgtool [OPTION]... COMMAND ...");
    putc('\n', stream);
    roff_heading(&roff, "DESCRIPTION");
    roff_text(&roff, help_about);
    roff_text(&roff, help_streams);
    put_commands(&roff);
    roff_heading(&roff, "OPTIONS");
    roff_text(&roff, "These may stand before the command or after it.");
    put_options(&roff, global_options);
    roff_heading(&roff, "EXIT STATUS");
    put_exit_statuses(&roff);
    put_environment(&roff);
    put_files(&roff);
    roff_heading(&roff, "EXAMPLES");
    roff_text(&roff, help_example);
    roff_heading(&roff, "NOTES");
    roff_text(&roff, help_namesakes);
    put_topics(&roff);
}

void man_print_topic(FILE *stream, const struct topic *topic)
{
    struct roff roff = {.stream = stream};
    auto_free char *page = xasprintf(LIBIMG_TOOL_NAME "-%s", topic->name);

    roff_begin(&roff, page, SECTION_TOPIC, topic_summary(topic));
    roff_heading(&roff, "DESCRIPTION");
    if (topic->text)
        roff_text(&roff, topic->text);
    else if (topic->print == help_print_exit_statuses)
        put_exit_statuses(&roff);
    else
        put_options(&roff, registry_options);
    put_see_also(&roff, topic->text ? topic->text : "", topic->name);
}
