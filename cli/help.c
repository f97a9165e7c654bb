/* SPDX-License-Identifier: Apache-2.0
 *
 * Help, made from the tables: an example first, then what each option does. "imgtool help" is also
 * a command, with topics beyond the commands.
 */
#include "command.h"

#include <stdlib.h>
#include <string.h>

#include "fail.h"
#include "man.h"
#include "memory.h"
#include "name.h"
#include "suggest.h"
#include "text.h"
#include "topics.h"

#define HELP_COLUMN 28

const char help_about[] =
    "Builds OCI container images, keeps them in a store and moves them to and from\n"
    "registries.\n";
const char help_example[] =
    "  imgtool build -t localhost:5000/app:1 --add ./out:/app --entrypoint /app/run\n"
    "  imgtool push localhost:5000/app:1\n";

static void print_option(FILE *stream, const struct option *option)
{
    char letter[] = {'-', option->letter, ',', ' ', '\0'};
    auto_free char *named = name_text(option->help);
    const char *help = named;
    int len = fprintf(stream, "  %s--%s%s%s%s", option->letter ? letter : "    ", option->name,
                      option->value ? " " : "", option->value ? option->value : "",
                      option->many && option->value ? " ..." : "");

    if (len >= HELP_COLUMN)
        putc('\n', stream);
    fprintf(stream, "%*s", len >= HELP_COLUMN ? HELP_COLUMN : HELP_COLUMN - len, "");
    for (size_t line; *help; help += line + (help[line] == '\n')) {
        line = strcspn(help, "\n");
        fprintf(stream, "%.*s\n", (int)line, help);
        if (help[line])
            fprintf(stream, "%*s", HELP_COLUMN, "");
    }
}

static void print_options(FILE *stream, const struct option *options)
{
    for (; options && options->name; options++)
        print_option(stream, options);
}

void help_print_usage(FILE *stream, const struct command *command)
{
    if (command)
        fprintf(stream,
                "usage: " LIBIMG_TOOL_NAME " %s%s%s   (" LIBIMG_TOOL_NAME
                " %s --help tells more)\n",
                command->name, *command->synopsis ? " " : "", command->synopsis, command->name);
    else
        name_print(stream,
                   "usage: imgtool [OPTION]... COMMAND ...   (imgtool --help tells more)\n");
}

/* Words from a column on, in lines of at most 79 letters. */
static void print_wrapped(FILE *stream, const char *text, size_t column)
{
    size_t used = column;

    while (*text) {
        size_t len = strcspn(text, " ");

        if (used > column && used + 1 + len > 79) {
            fprintf(stream, "\n%*s", (int)column, "");
            used = column;
        }
        used += (size_t)fprintf(stream, "%s%.*s", used > column ? " " : "", (int)len, text);
        text += len + strspn(text + len, " ");
    }
    putc('\n', stream);
}

/* "a, b, c"; to be freed. */
static char *topic_names(void)
{
    char *names = NULL;

    for (const struct topic *t = topics; t->name; t++) {
        char *longer = xasprintf("%s%s%s", names ? names : "", names ? ", " : "", t->name);

        free(names);
        names = longer;
    }
    return names;
}

static void print_overview(FILE *stream)
{
    auto_free char *names = topic_names();

    fputs("Example:\n", stream);
    name_print(stream, help_example);
    name_print(stream, "\nUsage: imgtool [OPTION]... COMMAND ...\n\n");
    fputs(help_about, stream);
    fputs("\nCommands:\n", stream);
    for (const struct command *const *c = commands; *c; c++)
        fprintf(stream, "  %-12s%s\n", (*c)->name, (*c)->summary);
    name_print(stream, "\nTopics, for 'imgtool help TOPIC':\n  ");
    print_wrapped(stream, names, 2);
    fputs("\nOptions, before the command or after it:\n", stream);
    print_options(stream, global_options);
}

void help_print(FILE *stream, const struct command *command)
{
    if (!command) {
        print_overview(stream);
        return;
    }
    fputs("Example:\n", stream);
    name_print(stream, command->example);
    fprintf(stream, "\n\nUsage: " LIBIMG_TOOL_NAME " %s%s%s\n\n%s.\n", command->name,
            *command->synopsis ? " " : "", command->synopsis, command->summary);
    if (command->options)
        fputs("\nOptions:\n", stream);
    print_options(stream, command->options);
    if (command->notes) {
        putc('\n', stream);
        name_print(stream, command->notes);
        putc('\n', stream);
    }
    putc('\n', stream);
    if (command->more_options)
        name_print(stream, "Options for registries: imgtool help registry-options\n");
    name_print(stream, "The options of all commands: imgtool --help\n");
}

static void write_options(struct json_out *j, const struct option *options)
{
    for (; options && options->name; options++) {
        char letter[] = {options->letter, '\0'};
        auto_free char *help = name_text(options->help);

        json_begin_object(j, NULL);
        json_put_string(j, "name", options->name);
        json_put_string(j, "letter", options->letter ? letter : NULL);
        json_put_string(j, "value", options->value);
        json_put_bool(j, "repeatable", options->many);
        json_put_string(j, "help", help);
        json_end_object(j);
    }
}

/* All of the command line, for who makes completions or a front end. */
static void write_commands(struct json_out *j)
{
    json_begin_object(j, NULL);
    json_begin_array(j, "options");
    write_options(j, global_options);
    json_end_array(j);
    json_begin_array(j, "commands");
    for (const struct command *const *c = commands; *c; c++) {
        json_begin_object(j, NULL);
        json_put_string(j, "name", (*c)->name);
        json_put_string(j, "synopsis", (*c)->synopsis);
        json_put_string(j, "summary", (*c)->summary);
        json_begin_array(j, "options");
        write_options(j, (*c)->options);
        write_options(j, (*c)->more_options);
        json_end_array(j);
        json_end_object(j);
    }
    json_end_array(j);
    json_begin_array(j, "topics");
    for (const struct topic *t = topics; t->name; t++)
        json_put_string(j, NULL, t->name);
    json_end_array(j);
    json_end_object(j);
}

static void write_exit_statuses(struct json_out *j)
{
    json_begin_array(j, NULL);
    for (const img_exit_status *s = img_exit_statuses(); s->name; s++) {
        json_begin_object(j, NULL);
        json_put_int(j, "status", s->status);
        json_put_string(j, "name", s->name);
        json_put_string(j, "meaning", s->meaning);
        json_end_object(j);
    }
    json_end_array(j);
}

static void write_registry_options(struct json_out *j)
{
    json_begin_array(j, NULL);
    write_options(j, registry_options);
    json_end_array(j);
}

static void write_topic(struct json_out *j, const struct topic *topic)
{
    if (topic->print == help_print_exit_statuses)
        return write_exit_statuses(j);
    if (topic->print)
        return write_registry_options(j);

    auto_free char *text = name_text(topic->text);
    json_begin_object(j, NULL);
    json_put_string(j, "topic", topic->name);
    json_put_string(j, "text", text);
    json_end_object(j);
}

void help_print_exit_statuses(FILE *stream)
{
    for (const img_exit_status *s = img_exit_statuses(); s->name; s++) {
        fprintf(stream, "%4d  %-16s", s->status, s->name);
        print_wrapped(stream, s->meaning, 22);
    }
}

void help_print_registry_options(FILE *stream)
{
    fputs("Options of all commands that talk to a registry:\n\n", stream);
    print_options(stream, registry_options);
}

static void print_topic(FILE *stream, const struct topic *topic)
{
    if (topic->print)
        topic->print(stream);
    else
        name_print(stream, topic->text);
}

static int fail_topic(const char *name, img_error *err)
{
    auto_free char *names = topic_names();
    struct suggestion best;

    suggestion_start(&best, name, strlen(name));
    for (const struct topic *t = topics; t->name; t++)
        suggestion_offer(&best, t->name);
    for (const struct command *const *c = commands; *c; c++)
        suggestion_offer(&best, (*c)->name);
    if (best.word)
        return cli_fail(err, IMG_EINVAL, "there is no help on '%s'; did you mean '%s'?", name,
                        best.word);
    return cli_fail(err, IMG_EINVAL,
                    "there is no help on '%s'; there is on each command and on: %s", name, names);
}

static const struct topic *find_topic(const char *name)
{
    for (const struct topic *t = topics; t->name; t++)
        if (text_is(name, t->name))
            return t;
    return NULL;
}

static const struct command *find_command(const char *name)
{
    for (const struct command *const *c = commands; *c; c++)
        if (text_is(name, (*c)->name))
            return *c;
    return NULL;
}

static void print_page(const struct command *command, const struct topic *topic)
{
    if (topic)
        man_print_topic(stdout, topic);
    else if (command)
        man_print_command(stdout, command);
    else
        man_print_overview(stdout);
}

/* "help index create" asks for the page of index: what may stand behind a command is the first word
 * of its synopsis. */
static int check_second(const struct command *command, const char *word, img_error *err)
{
    const char *synopsis = command ? command->synopsis : "";

    if (*synopsis >= 'a' && *synopsis <= 'z' && strlen(word) == strcspn(synopsis, " ") &&
        strncmp(synopsis, word, strlen(word)) == 0)
        return 0;
    return cli_fail(err, IMG_EINVAL, "help: unexpected argument '%s'", word);
}

static int help_run(struct cli *cli, const struct arguments *args, img_error *err)
{
    const char *name = args->operands ? args->operands[0] : NULL;
    const struct topic *topic = name ? find_topic(name) : NULL;
    const struct command *command = name && !topic ? find_command(name) : NULL;
    struct json_out j = {.stream = stdout};

    if (name && !topic && !command)
        return fail_topic(name, err);
    if (args->operand_count > 1 && check_second(command, args->operands[1], err) < 0)
        return err->code;
    if (cli->format)
        print_page(command, topic);
    else if (topic && cli->json)
        write_topic(&j, topic);
    else if (topic)
        print_topic(stdout, topic);
    else if (cli->json)
        write_commands(&j);
    else
        help_print(stdout, command);
    return 0;
}

static const char *const help_formats[] = {"man", NULL};

const struct command command_help = {
    .name = "help",
    .synopsis = "[COMMAND|TOPIC]",
    .summary = "Tell about a command or a topic",
    .example = "  imgtool help exit-codes",
    .notes = "--format json tells all commands and options; --format man is the manual page.",
    .formats = help_formats,
    .max_operands = 2,
    .run = help_run,
};
