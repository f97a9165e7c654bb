/* SPDX-License-Identifier: Apache-2.0
 *
 * imgtool auth: which credential is used for an image, where it comes from, and why it is not one
 * of another place. Never the secret.
 */
#include "command.h"

#include <string.h>

#include "fail.h"
#include "memory.h"
#include "text.h"

#define PREFIX "credential."

/* The facts, in the order in which they came. */
struct facts {
    size_t count;
    struct {
        char *topic; /* without PREFIX */
        char *text;
    } * list;
};

static void auto_facts(struct facts *facts)
{
    for (size_t i = 0; i < facts->count; i++) {
        free(facts->list[i].topic);
        free(facts->list[i].text);
    }
    free(facts->list);
}

static int take_fact(const char *topic, const char *text, void *arg)
{
    struct facts *facts = arg;

    if (strncmp(topic, PREFIX, strlen(PREFIX)) != 0)
        return 0;
    facts->list = xreallocarray(facts->list, facts->count + 1, sizeof(*facts->list));
    facts->list[facts->count].topic = xasprintf("%s", topic + strlen(PREFIX));
    facts->list[facts->count].text = xasprintf("%s", text);
    facts->count++;
    return 0;
}

static void print_text(const struct facts *facts)
{
    for (size_t i = 0; i < facts->count; i++) {
        auto_free char *text = text_escape(facts->list[i].text);
        printf("%-9s%s\n", facts->list[i].topic, text);
    }
}

static void print_json(const struct facts *facts, const char *reference)
{
    struct json_out j = {.stream = stdout};

    json_begin_object(&j, NULL);
    json_put_string(&j, "reference", reference);
    json_begin_object(&j, "credential");
    for (size_t i = 0; i < facts->count; i++)
        if (!text_is(facts->list[i].topic, "skipped"))
            json_put_string(&j, facts->list[i].topic, facts->list[i].text);
    json_end_object(&j);
    json_begin_array(&j, "skipped");
    for (size_t i = 0; i < facts->count; i++)
        if (text_is(facts->list[i].topic, "skipped"))
            json_put_string(&j, NULL, facts->list[i].text);
    json_end_array(&j);
    json_end_object(&j);
}

static int auth_run(struct cli *cli, const struct arguments *args, img_error *err)
{
    auto_(client) img_client *client = NULL;
    auto_(facts) struct facts facts = {0};
    const char *verb = args->operands[0], *reference = args->operands[1];

    if (!text_is(verb, "explain"))
        return cli_fail(err, IMG_EINVAL, "'%s' is unknown; it is: auth explain IMAGE", verb);
    if (cli_new_client(cli, args, &client, err) < 0 ||
        img_client_explain(client, reference, take_fact, &facts, err) < 0)
        return err->code;
    if (cli->json)
        print_json(&facts, reference);
    else
        print_text(&facts);
    return 0;
}

const struct command command_auth = {
    .name = "auth",
    .synopsis = "explain IMAGE",
    .summary = "Tell which credential is used for an image, and why",
    .example = "  imgtool auth explain ghcr.io/team/app:1",
    .notes = "A credential is for a registry, or for a namespace there: of the keys ghcr.io\n"
             "and ghcr.io/team the longer one counts. It comes from the first of these that\n"
             "has one; with --authfile FILE from that file alone:\n"
             "\n"
             "  $DOCKER_AUTH_CONFIG   the content itself\n"
             "  $REGISTRY_AUTH_FILE\n"
             "  $XDG_RUNTIME_DIR/containers/auth.json, else /run/containers/UID/auth.json\n"
             "  $XDG_CONFIG_HOME/containers/auth.json, else ~/.config/containers/auth.json\n"
             "  $DOCKER_CONFIG/config.json\n"
             "  ~/.docker/config.json\n"
             "  ~/.dockercfg\n"
             "\n"
             "Where a file says credHelpers or credsStore, docker-credential-NAME is asked.\n"
             "\n"
             "'imgtool login REGISTRY' has the registry check the credential and keeps it in\n"
             "FILE, else in $REGISTRY_AUTH_FILE, else in config.json, readable for you alone,\n"
             "or with the helper that the file names. 'imgtool logout REGISTRY' takes it away\n"
             "from where it is found first. For scripts:\n"
             "\n"
             "  printenv TOKEN | imgtool login ghcr.io/team -u ci --password-stdin",
    .more_options = registry_options,
    .min_operands = 2,
    .max_operands = 2,
    .run = auth_run,
};
