/* SPDX-License-Identifier: Apache-2.0
 *
 * imgtool doctor: how an image would be read, from where and why, and whether it can be.
 */
#include "command.h"

#include <string.h>

#include "fail.h"
#include "memory.h"
#include "name.h"
#include "text.h"

struct report {
    bool json;
    struct json_out out;
};

/* What begins a group stands at the left, what belongs to it is indented. */
static bool begins_group(const char *topic)
{
    return !strchr(topic, '.') || text_is(topic, "check.place") ||
           text_is(topic, "credential.host");
}

static void print_line(const char *topic, const char *text)
{
    auto_free char *named = name_text(text);
    auto_free char *shown = text_escape(named);
    const char *dot = strchr(topic, '.');

    if (begins_group(topic))
        printf("%-14.*s%s\n", (int)(dot ? (size_t)(dot - topic) : strlen(topic)), topic, shown);
    else
        printf("  %-12s%s\n", dot + 1, shown);
}

static int take_fact(const char *topic, const char *text, void *arg)
{
    struct report *report = arg;

    if (cli_interrupted())
        return 1;
    if (!report->json) {
        print_line(topic, text);
        return 0;
    }

    auto_free char *named = name_text(text);
    json_begin_object(&report->out, NULL);
    json_put_string(&report->out, "topic", topic);
    json_put_string(&report->out, "text", named);
    json_end_object(&report->out);
    return 0;
}

static int examine(img_client *client, const char *reference, bool offline, struct report *report,
                   img_error *err)
{
    int rc = img_client_explain(client, reference, take_fact, report, err);

    if (rc == 0 && !offline)
        rc = img_client_check(client, reference, take_fact, report, err);
    return rc;
}

static int doctor_run(struct cli *cli, const struct arguments *args, img_error *err)
{
    auto_(client) img_client *client = NULL;
    struct report report = {cli->json, {.stream = stdout}};
    bool offline = option_count(args, "offline") > 0;
    int rc = cli_new_client(cli, args, &client, err);

    if (rc < 0)
        return rc;
    if (report.json) {
        json_begin_object(&report.out, NULL);
        json_put_string(&report.out, "image", args->operands[0]);
        json_begin_array(&report.out, "facts");
    }
    rc = examine(client, args->operands[0], offline, &report, err);
    if (report.json) {
        json_end_array(&report.out);
        if (!offline)
            json_put_bool(&report.out, "found", rc == 0);
        json_end_object(&report.out);
    } else if (rc == 0 && !offline) {
        printf("%-14s%s\n", "result", "it can be pulled");
    }
    return rc;
}

static const struct option options[] = {
    {"offline", 0, false, NULL, "connect to nothing", NULL},
    {0},
};

const struct command command_doctor = {
    .name = "doctor",
    .synopsis = "IMAGE",
    .summary = "Tell from where an image is read and why, and whether it can be",
    .example = "  imgtool doctor debian:12\n"
               "  imgtool doctor --offline registry.example:5000/team/app",
    .notes = "Shows what the name means, the settings that were read, the mirrors in their\n"
             "order, the certificates, proxies and credentials used there, and who says so.\n"
             "Then each place is asked: the connection, what the registry says, the manifest.\n"
             "Nothing is changed, no content is fetched, nothing secret is shown.\n"
             "\n"
             "The exit status is 0 if the image can be pulled.",
    .options = options,
    .more_options = registry_options,
    .min_operands = 1,
    .max_operands = 1,
    .run = doctor_run,
};
