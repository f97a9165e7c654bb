/* SPDX-License-Identifier: Apache-2.0
 *
 * What token services, refusing registries and credential helpers say; the first byte tells which.
 * A token that is taken can stand in a header line, and what becomes a message is one line.
 */
#include "fuzz.h"

#include "registry/errors.h"
#include "registry/helper.h"
#include "registry/secret.h"
#include "registry/token.h"

static void read_token(const char *text, size_t len)
{
    struct token_answer answer;

    if (img__token_parse("x", text, len, &answer, NULL) != 0)
        return;
    must(answer.token && img__token_is_sendable(answer.token));
    must(answer.life_sec >= 60);
    img__token_answer_free(&answer);
}

static void check_line(const char *text)
{
    for (; *text; text++)
        must((unsigned char)*text >= 0x20 && *text != 0x7f);
}

static void read_complaint(const char *text, size_t len)
{
    struct complaint complaint;

    img__complaint_parse(text, len, &complaint);
    check_line(complaint.code);
    check_line(complaint.text);
    check_line(complaint.detail);
}

static void read_helper(const char *text, size_t len)
{
    auto_(account) struct account account = {.known = false};
    bool has;
    int rc = img__helper_parse("x", text, len, &account, &has, NULL);

    must(rc == 0 || rc == IMG_EAUTH);
    must(has || img__account_is_anonymous(&account));
    must(!has || rc || !img__account_is_anonymous(&account));
    img__helper_has_none(text);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
    if (len < 1)
        return 0;
    auto_free char *text = malloc(len);
    must(text);
    memcpy(text, data + 1, --len);
    text[len] = '\0';
    switch (data[0] % 3) {
    case 0:
        read_token(text, len);
        break;
    case 1:
        read_complaint(text, len);
        break;
    default:
        read_helper(text, len);
        break;
    }
    return 0;
}
