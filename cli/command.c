/* SPDX-License-Identifier: Apache-2.0
 *
 * The table of the commands, and finding one: by its name alone. Two other programs are called
 * imgtool; who meant one of them is told so, and not given a riddle.
 */
#include "command.h"

#include <string.h>

#include "fail.h"
#include "name.h"
#include "suggest.h"
#include "text.h"

const struct command *const commands[] = {
    &command_build,      &command_tag,
    &command_push,       &command_pull,
    &command_copy,       &command_mutate,
    &command_append,     &command_rebase,
    &command_flatten,    &command_save,
    &command_load,       &command_unpack,
    &command_index,      &command_images,
    &command_inspect,    &command_files,
    &command_cat,        &command_rm,
    &command_prune,      &command_ls,
    &command_catalog,    &command_digest,
    &command_manifest,   &command_referrers,
    &command_attach,     &command_delete,
    &command_login,      &command_logout,
    &command_auth,       &command_doctor,
    &command_completion, &command_version,
    &command_help,       NULL,
};

/* Words of other tools for what we have. */
static const struct {
    const char *word;
    const char *ours;
} synonyms[] = {
    {"list", "images"},    {"image", "images"},
    {"tags", "ls"},        {"rmi", "rm"},
    {"remove", "rm"},      {"erase", "rm"},
    {"untag", "rm"},       {"show", "inspect"},
    {"info", "version"},   {"config", "mutate"},
    {"fetch", "pull"},     {"upload", "push"},
    {"extract", "unpack"}, {"export", "unpack --to-tar"},
    {"mount", "unpack"},   {"tree", "files"},
    {"gc", "prune"},       {"clean", "prune"},
    {"cp", "copy"},        {"list-tags", "ls"},
    {"sync", "copy"},      {"discover", "referrers"},
    {"attest", "attach"},
};

/* The commands of the two other programs, as far as they are not ours. */
static const struct {
    const char *whose;
    const char *words[16];
} foreign[] = {
    {"MCUboot's imgtool, which signs firmware (imgtool of PyPI)",
     {"sign", "keygen", "getpub", "getpubhash", "getpriv", "dumpinfo", "verify"}},
    {"MAME's imgtool, which reads disk images (mame-tools of Debian)",
     {"dir", "get", "put", "getall", "del", "mkdir", "rmdir", "readsector", "writesector",
      "identify", "listformats", "listfilters", "listdriveroptions"}},
    {"the imgtool of MCUboot (firmware) and of MAME (disk images); what makes a container image "
     "is " LIBIMG_TOOL_NAME " build",
     {"create"}},
};

static int fail_foreign(const char *name, img_error *err)
{
    for (size_t i = 0; i < sizeof(foreign) / sizeof(foreign[0]); i++)
        for (const char *const *word = foreign[i].words; *word; word++)
            if (text_is(name, *word))
                return cli_fail(err, IMG_EINVAL,
                                "this is " LIBIMG_TOOL_NAME
                                " of libimg, for container images; '%s' is a command of %s",
                                name, foreign[i].whose);
    return 0;
}

int command_find(const char *name, const struct command **out, img_error *err)
{
    struct suggestion best;

    suggestion_start(&best, name, strlen(name));
    for (const struct command *const *c = commands; *c; c++) {
        if (text_is(name, (*c)->name)) {
            *out = *c;
            return 0;
        }
        suggestion_offer(&best, (*c)->name);
    }
    if (fail_foreign(name, err) < 0)
        return err->code;
    for (size_t i = 0; i < sizeof(synonyms) / sizeof(synonyms[0]); i++)
        if (text_is(name, synonyms[i].word))
            best.word = synonyms[i].ours;
    if (best.word)
        return cli_fail(err, IMG_EINVAL, "unknown command '%s'; did you mean '%s'?", name,
                        best.word);
    return cli_fail(err, IMG_EINVAL, "unknown command '%s'", name);
}
