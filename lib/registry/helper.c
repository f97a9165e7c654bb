/* SPDX-License-Identifier: Apache-2.0
 *
 * Credential helpers (registry.md A16). The protocol is docker's: the verb is the argument, the key
 * of the registry goes to stdin, a JSON object comes from stdout. A helper that has nothing exits
 * with an error and says so in words, which are many; any other error is one. Secrets go through
 * pipes alone, and what a helper says is quoted only where it failed.
 */
#include "registry/helper.h"

#include <stdio.h>
#include <string.h>

#include "base/process.h"
#include "base/text.h"
#include "core/json.h"
#include "core/reference_host.h"
#include "registry/secret.h"

#define OUTPUT_MAX ((size_t)1024 * 1024)
#define INPUT_MAX ((size_t)64 * 1024)
#define NAME_MAX_BYTES ((size_t)200)
#define HUB_KEY "https://index.docker.io/v1/"

/* One run of a helper. */
struct run {
    const struct helper *helper;
    const char *verb;
    char program[256]; /* "docker-credential-pass" */
    struct buf output;
    int status;
};

static bool is_name(const char *name)
{
    size_t len = strlen(name);
    if (len == 0 || len > NAME_MAX_BYTES || *name == '.')
        return false;
    for (size_t i = 0; i < len; i++) {
        if (!img__is_alnum(name[i]) && !strchr("-._", name[i]))
            return false;
    }
    return true;
}

static int run_init(struct run *run, const struct helper *helper, const char *verb, img_error *err)
{
    *run = (struct run){.helper = helper, .verb = verb, .output = BUF_INIT(OUTPUT_MAX)};
    if (!is_name(helper->name))
        return img__fail(err, IMG_EFORMAT, "%s: \"%.80s\" is not the name of a credential helper",
                         helper->origin, helper->name);
    snprintf(run->program, sizeof(run->program), "docker-credential-%s", helper->name);
    /* All at once, or what is moved when it grows would not be wiped. */
    return img__buf_reserve(&run->output, OUTPUT_MAX) ? 0 : img__fail_memory(err);
}

static void img__auto_run(struct run *run)
{
    img__secret_buf_free(&run->output);
}

static int fail(const struct run *run, const char *why, img_error *err)
{
    return img__fail(err, IMG_EAUTH, "%s %s (%s): %s", run->program, run->verb, run->helper->origin,
                     why);
}

/* *missing: there is no such program. */
static int run_it(struct run *run, const char *input, bool *missing, img_error *err)
{
    const char *const argv[] = {run->program, run->verb, NULL};
    auto_free char *path = NULL;
    img_error local;
    img__buf_clear(&run->output);
    int result = img__process_find(run->program, &path, err);
    *missing = result == 0 && !path;
    if (result || *missing)
        return result;
    const struct process process = {
        .path = path,
        .argv = argv,
        .input = input,
        .input_len = strlen(input),
        .timeout_ms = run->helper->timeout_ms,
        .output = &run->output,
    };
    result = img__process_run(&process, &run->status, &local);
    if (result == 0 || result == IMG_ENOMEM)
        return result ? img__fail_memory(err) : 0;
    return fail(run, local.message, err);
}

bool img__helper_has_none(const char *text)
{
    static const char *const words[] = {
        "credentials not found", "credential not found",  "no credentials found",
        "no credential",         "could not be found in", "element not found",
        "item not found",        "not found in keyring",  "not found in the keychain",
        "no matching",           "secret not found",
    };
    for (; *text; text++) {
        for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
            if (img__text_starts_nocase(text, words[i]))
                return true;
        }
    }
    return false;
}

int img__helper_parse(const char *what, const char *text, size_t len, struct account *out,
                      bool *has, img_error *err)
{
    auto_(json) struct json *json = NULL;
    const char *user = NULL, *secret = NULL;
    *has = false;
    int result = img__json_parse_secret(what, text, len, &json, NULL);
    if (result == 0 && img__json_kind(json) != JSON_OBJECT)
        result = IMG_EFORMAT;
    if (result == 0)
        result = img__json_get_text(json, what, "Username", false, &user, NULL);
    if (result == 0)
        result = img__json_get_text(json, what, "Secret", false, &secret, NULL);
    if (result == IMG_ENOMEM)
        return img__fail_memory(err);
    if (result)
        return img__fail(err, IMG_EAUTH, "%s: the answer is not what a helper says", what);
    if (!secret || !*secret)
        return 0;
    if (!user || !*user)
        return img__fail(err, IMG_EAUTH, "%s: the answer has a Secret, but no Username", what);
    *has = true;
    return img__account_set(out, user, secret, err);
}

/* The first words that it said, for a message. */
static int fail_status(const struct run *run, img_error *err)
{
    const char *text = img__buf_text(&run->output);
    text += strspn(text, " \t\r\n");
    char why[400];
    size_t len = strcspn(text, "\r\n");
    if (len)
        snprintf(why, sizeof(why), "it failed: %.*s", (int)(len < 300 ? len : 300), text);
    else
        snprintf(why, sizeof(why), "it exits with %d and says nothing", run->status);
    return fail(run, why, err);
}

/* Status -1 is not known, which leaves what was said. */
static int take_answer(const struct run *run, struct account *out, enum helper_answer *answer,
                       img_error *err)
{
    const char *text = img__buf_text(&run->output);
    bool is_object = text[strspn(text, " \t\r\n")] == '{';
    bool has;
    *answer = HELPER_HAS_NOT;
    if (run->status != 0 && !(run->status < 0 && is_object))
        return img__helper_has_none(text) ? 0 : fail_status(run, err);
    auto_(buf) struct buf what = BUF_INIT((size_t)8192);
    img__buf_printf(&what, "%s %s (%s)", run->program, run->verb, run->helper->origin);
    int result = img__buf_check(&what, "the name of a file", err);
    if (result == 0)
        result = img__helper_parse(what.data, text, run->output.len, out, &has, err);
    if (result == 0 && has)
        *answer = HELPER_HAS;
    return result;
}

static const char *key_of(const char *host)
{
    return strcmp(host, IMG_DOCKER_HUB) == 0 ? HUB_KEY : host;
}

static int ask(struct run *run, const char *key, struct account *out, enum helper_answer *answer,
               img_error *err)
{
    bool missing;
    int result = run_it(run, key, &missing, err);
    *answer = HELPER_MISSING;
    return result || missing ? result : take_answer(run, out, answer, err);
}

int img__helper_get(const struct helper *helper, const char *host, struct account *out,
                    enum helper_answer *answer, img_error *err)
{
    auto_(run) struct run run;
    int result = run_init(&run, helper, "get", err);
    if (result == 0)
        result = ask(&run, key_of(host), out, answer, err);
    /* Docker's key is a URL, but others keep the plain name. */
    if (result == 0 && *answer == HELPER_HAS_NOT && key_of(host) != host)
        result = ask(&run, host, out, answer, err);
    return result;
}

static int tell(const struct helper *helper, const char *verb, const char *input, img_error *err)
{
    auto_(run) struct run run;
    bool missing;
    int result = run_init(&run, helper, verb, err);
    if (result == 0)
        result = run_it(&run, input, &missing, err);
    if (result)
        return result;
    if (missing)
        return fail(&run, "there is no such program in $PATH: install it, or take its name out",
                    err);
    return run.status > 0 ? fail_status(&run, err) : 0;
}

int img__helper_store(const struct helper *helper, const char *host,
                      const img_credential *credential, img_error *err)
{
    auto_(secret_buf) struct buf input = BUF_INIT(INPUT_MAX);
    auto_(json) struct json *json = img__json_object();
    bool made = json && img__buf_reserve(&input, INPUT_MAX) &&
                img__json_set(json, "ServerURL", img__json_string(key_of(host))) &&
                img__json_set(json, "Username", img__json_string(credential->username)) &&
                img__json_set(json, "Secret", img__json_string(credential->password));
    if (!made)
        return img__fail_memory(err);
    img__json_write(json, &input);
    int result = img__buf_check(&input, "the credential", err);
    return result ? result : tell(helper, "store", input.data, err);
}

int img__helper_erase(const struct helper *helper, const char *host, img_error *err)
{
    return tell(helper, "erase", key_of(host), err);
}
