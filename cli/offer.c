/* SPDX-License-Identifier: Apache-2.0
 *
 * Words to complete a command line with. Only this machine is asked, never a registry.
 */
#include "offer.h"

#include <dirent.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "command.h"
#include "memory.h"
#include "name.h"
#include "text.h"
#include "topics.h"

/* Places with a path in them, which no shell completes by itself behind a colon. */
struct place {
    const char *prefix;
    enum offer_kind behind;
    const char *meaning;
};

static const struct place places[] = {
    {"docker://", OFFER_NOTHING, "a registry"},
    {"store:", OFFER_IMAGES, "the store"},
    {"oci:", OFFER_DIRS, "an OCI image layout"},
    {"oci-archive:", OFFER_FILES, "a tar of one"},
    {"docker-archive:", OFFER_FILES, "an archive of docker"},
    {0},
};

static const struct place outputs[] = {
    {"oci:", OFFER_DIRS, "an OCI image layout"},
    {"oci-archive:", OFFER_FILES, "a tar of one"},
    {"docker-archive:", OFFER_FILES, "an archive for docker load"},
    {"rootfs:", OFFER_DIRS, "the files"},
    {0},
};

void offer_word(const struct offer *offer, const char *word, const char *meaning)
{
    if (strncmp(word, offer->typed, strlen(offer->typed)) != 0 || strpbrk(word, "\t\n"))
        return;
    printf("%s%s", offer->before, word);
    if (meaning && *meaning) {
        auto_free char *named = name_text(meaning);
        printf("\t%.*s", (int)strcspn(named, "\n"), named);
    }
    putchar('\n');
}

void offer_list(const struct offer *offer, const char *list)
{
    for (size_t len; *list; list += len + strspn(list + len, " ")) {
        len = strcspn(list, " ");
        auto_free char *word = xasprintf("%.*s", (int)len, list);
        offer_word(offer, word, NULL);
    }
}

/* The familiar name, unless a full one is being typed. */
static int offer_image(const char *reference, const img_descriptor *descriptor, void *arg)
{
    const struct offer *offer = arg;
    img_reference parsed;
    char familiar[IMG_REFERENCE_TEXT_MAX];

    (void)descriptor;
    if (img_reference_parse(reference, &parsed, NULL) == 0)
        img_reference_familiar(&parsed, familiar);
    else
        copy_printable(familiar, sizeof(familiar), reference);
    if (strchr(offer->typed, '.') && strncmp(familiar, offer->typed, strlen(offer->typed)) != 0)
        offer_word(offer, reference, NULL);
    else
        offer_word(offer, familiar, NULL);
    return 0;
}

static void offer_images(struct offer *offer)
{
    auto_(store) img_store *store = NULL;
    img_store_options options = IMG_STORE_OPTIONS_INIT;

    options.path = offer->store_dir;
    options.must_exist = 1;
    if (img_store_open(&options, &store, NULL) == 0)
        img_store_list(store, offer_image, offer, NULL);
}

/* An entry of the directory dir, which is as typed, with its slash. */
static void offer_entry(const struct offer *offer, const char *dir, const struct dirent *entry,
                        enum offer_kind kind)
{
    auto_free char *path = xasprintf("%s%s", dir, entry->d_name);
    struct stat st;

    if (stat(path, &st) < 0)
        return;
    if (S_ISDIR(st.st_mode)) {
        auto_free char *with_slash = xasprintf("%s/", path);
        offer_word(offer, with_slash, NULL);
    } else if (kind == OFFER_FILES) {
        offer_word(offer, path, NULL);
    }
}

/* The paths that begin as what is typed. */
static void offer_paths(const struct offer *offer, enum offer_kind kind)
{
    const char *slash = strrchr(offer->typed, '/');
    const char *last = slash ? slash + 1 : offer->typed;
    auto_free char *dir = xasprintf("%.*s", (int)(last - offer->typed), offer->typed);
    DIR *stream = opendir(*dir ? dir : ".");

    if (!stream)
        return;
    for (const struct dirent *entry; (entry = readdir(stream));)
        if (entry->d_name[0] != '.' ||
            (last[0] == '.' && !text_is(entry->d_name, ".") && !text_is(entry->d_name, "..")))
            offer_entry(offer, dir, entry, kind);
    closedir(stream);
}

static void offer_places(const struct offer *offer, const struct place *place)
{
    for (; place->prefix; place++) {
        size_t len = strlen(place->prefix);
        struct offer behind = *offer;

        if (strncmp(offer->typed, place->prefix, len) != 0) {
            offer_word(offer, place->prefix, place->meaning);
            continue;
        }
        auto_free char *before = xasprintf("%s%s", offer->before, place->prefix);
        behind.before = before;
        behind.typed += len;
        if (place->behind == OFFER_IMAGES)
            offer_images(&behind);
        else if (place->behind != OFFER_NOTHING)
            offer_paths(&behind, place->behind);
    }
}

void offer_kind(struct offer *offer, enum offer_kind kind)
{
    switch (kind) {
    case OFFER_NOTHING:
        break;
    case OFFER_FILES:
    case OFFER_DIRS:
        /* What stands behind "--option=" is not a word of its own to the shells. */
        if (*offer->before)
            offer_paths(offer, kind);
        else
            offer->rest = kind == OFFER_DIRS ? "dirs" : "files";
        break;
    case OFFER_IMAGES:
        offer_images(offer);
        break;
    case OFFER_PLACES:
        offer_places(offer, places);
        offer_images(offer);
        break;
    case OFFER_OUTPUTS:
        offer_places(offer, outputs);
        break;
    case OFFER_TOPICS:
        for (const struct topic *t = topics; t->name; t++)
            offer_word(offer, t->name, topic_summary(t));
        /* fall through */
    case OFFER_COMMANDS:
        for (const struct command *const *c = commands; *c; c++)
            offer_word(offer, (*c)->name, (*c)->summary);
        break;
    }
}
