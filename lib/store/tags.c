/* SPDX-License-Identifier: Apache-2.0
 *
 * Names: resolving, setting, removing and listing them (layers.md L2, L4; registry.md P8).
 *
 * What a text names is, in this order:
 * 1. the entry whose label is the full form of the text as a reference, without the tag if it has a
 *    digest: docker.io/library/app:1.0, docker.io/library/app@sha256:...
 * 2. if the text has a digest, an entry of that repository with that digest, under whatever tag;
 * 3. the entry whose label is the text itself: what other tools named "latest" or "1.0+git", or did
 *    not name at all, so that its label is its digest.
 * 4. if the text is a digest and nothing else: the manifest or index that has it, which may have no
 *    name at all.
 * Of several entries with one label the first counts; to set or to remove that label ends them all.
 *
 * Readers take no lock, since index.json is replaced as a whole. Writers hold it from before they
 * read until after they have written.
 */
#include <string.h>
#include <sys/file.h>

#include "base/text.h"
#include "core/reference.h"
#include "store/internal.h"
#include "store/names.h"

struct wanted {
    const char *text;
    int parsed; /* 0, or why it is no reference: the error below */
    img_error error;
    img_reference reference;
    char name[IMG_REFERENCE_TEXT_MAX];
};

static void parse_wanted(const char *text, struct wanted *out)
{
    out->text = text;
    out->parsed = img_reference_parse(text, &out->reference, &out->error);
    if (!out->parsed)
        img__reference_store_name(&out->reference, out->name);
}

static int fail_unknown(const img_store *store, const struct wanted *wanted, img_error *err)
{
    if (!wanted->parsed)
        return img__fail(err, IMG_ENOTFOUND, "no image %s in the store %s", wanted->name,
                         store->path);
    if (err)
        *err = wanted->error;
    return wanted->parsed;
}

static bool is_same_repository(const char *label, const img_reference *reference)
{
    img_reference other;

    return img_reference_parse(label, &other, NULL) == 0 &&
           strcmp(other.domain, reference->domain) == 0 && strcmp(other.path, reference->path) == 0;
}

static int find_digest(const struct names *names, const img_reference *reference,
                       struct name_entry *entry, img_error *err)
{
    img_descriptor descriptor;
    int r;

    img__name_entry_free(entry);
    while (!(r = img__names_search(names, reference->digest.text, entry, err))) {
        if (!is_same_repository(entry->label, reference))
            continue;
        r = img__names_descriptor(names, entry, &descriptor, err);
        if (r || img__digest_equal(&descriptor.digest, &reference->digest))
            return r;
    }
    return r;
}

static int find_wanted(const struct names *names, const struct wanted *wanted,
                       struct name_entry *entry, img_error *err)
{
    int r = IMG_ENOTFOUND;

    if (!wanted->parsed)
        r = img__names_find(names, wanted->name, entry, err);
    if (r == IMG_ENOTFOUND && !wanted->parsed && wanted->reference.digest.text[0])
        r = find_digest(names, &wanted->reference, entry, err);
    if (r == IMG_ENOTFOUND)
        r = img__names_find(names, wanted->text, entry, err);
    return r;
}

/* IMG_ENOTFOUND comes without a message. */
static int find_unnamed(img_store *store, const char *text, img_descriptor *out, img_error *err)
{
    img_digest digest;

    if (img_digest_parse(text, &digest, NULL))
        return IMG_ENOTFOUND;
    return img__store_find_document(store, &digest, out, err);
}

int img_store_resolve(img_store *store, const char *reference, img_descriptor *out, img_error *err)
{
    auto_(names) struct names names = NAMES_INIT;
    auto_(name_entry) struct name_entry entry = NAME_ENTRY_INIT;
    struct wanted wanted;

    parse_wanted(reference, &wanted);
    int r = img__names_read(store, &names, err);
    if (r)
        return r;
    r = find_wanted(&names, &wanted, &entry, err);
    if (!r)
        return img__names_descriptor(&names, &entry, out, err);
    if (r == IMG_ENOTFOUND)
        r = find_unnamed(store, reference, out, err);
    return r == IMG_ENOTFOUND ? fail_unknown(store, &wanted, err) : r;
}

int img__store_label(img_store *store, const char *reference, char **out, img_error *err)
{
    auto_(names) struct names names = NAMES_INIT;
    auto_(name_entry) struct name_entry entry = NAME_ENTRY_INIT;
    struct wanted wanted;

    parse_wanted(reference, &wanted);
    int r = img__names_read(store, &names, err);
    if (r)
        return r;
    r = find_wanted(&names, &wanted, &entry, err);
    if (r)
        return r == IMG_ENOTFOUND ? fail_unknown(store, &wanted, err) : r;
    *out = strdup(entry.label);
    return *out ? 0 : img__fail_memory(err);
}

/* What the image-spec lets other tools write, "1.0+git". */
static bool is_ref_name(const char *name)
{
    for (const char *c = name; *c; c++)
        if (!img__is_alnum(*c) && !strchr("-._:@+/", *c))
            return false;
    return *name != '\0';
}

/* A name with a digest must not stand for anything else. */
static int check_name(const char *name, const img_descriptor *descriptor, img_error *err)
{
    img_reference reference;

    int r = img_reference_parse(name, &reference, err);
    if (r && !strpbrk(name, "@/") && is_ref_name(name))
        return 0;
    if (!r && reference.digest.text[0] &&
        !img__digest_equal(&reference.digest, &descriptor->digest))
        r = img__fail(err, IMG_EINVAL, "%s cannot be the name of an image with the digest %s", name,
                      descriptor->digest.text);
    return r;
}

static int set_locked(img_store *store, const char *const *list, const img_descriptor *descriptor,
                      img_error *err)
{
    auto_(names) struct names names = NAMES_INIT;

    /* Under the lock, which the collector holds too: the name will not stand for nothing. */
    if (!img__store_has(store, descriptor))
        return img__fail(err, IMG_ENOTFOUND, "%s can't be set: the store %s does not have %s",
                         list[0], store->path, descriptor->digest.text);
    int r = img__names_read(store, &names, err);
    for (; !r && *list; list++)
        r = img__names_set(&names, *list, descriptor, err);
    return r ? r : img__names_write(store, &names, err);
}

int img__store_set_names(img_store *store, const char *const *names,
                         const img_descriptor *descriptor, img_error *err)
{
    auto_fd int lock = -1;
    int r = 0;

    if (!names[0])
        return 0;
    for (size_t i = 0; !r && names[i]; i++)
        r = check_name(names[i], descriptor, err);
    if (!r)
        r = img__store_lock(store, STORE_LOCK, LOCK_EX, &lock, err);
    return r ? r : set_locked(store, names, descriptor, err);
}

static int full_names(const char *const *names, struct strv *out, img_error *err)
{
    for (; *names; names++) {
        img_reference reference;
        char text[IMG_REFERENCE_TEXT_MAX];
        int r = img_reference_parse(*names, &reference, err);
        if (r)
            return r;
        img__reference_store_name(&reference, text);
        r = img__strv_add(out, text, err);
        if (r)
            return r;
    }
    return 0;
}

int img_store_tag(img_store *store, const char *source, const char *const *names, img_error *err)
{
    auto_(strv) struct strv full = STRV_INIT;
    auto_(lease) struct lease *lease = NULL;
    img_descriptor descriptor;

    int r = full_names(names, &full, err);
    /* Between resolving and setting, another process may remove source and collect. */
    if (!r)
        r = img__lease_take(store, &lease, err);
    if (!r)
        r = img_store_resolve(store, source, &descriptor, err);
    return r ? r : img__store_set_names(store, img__strv_list(&full), &descriptor, err);
}

static int remove_name(const img_store *store, struct names *names, const char *text,
                       img_error *err)
{
    struct wanted wanted;
    int r = IMG_ENOTFOUND;

    parse_wanted(text, &wanted);
    if (!wanted.parsed)
        r = img__names_remove(names, wanted.name, err);
    if (r == IMG_ENOTFOUND)
        r = img__names_remove(names, text, err);
    return r == IMG_ENOTFOUND ? fail_unknown(store, &wanted, err) : r;
}

int img_store_untag(img_store *store, const char *const *names, img_error *err)
{
    auto_(names) struct names index = NAMES_INIT;
    auto_fd int lock = -1;

    if (!names[0])
        return 0;
    int r = img__store_lock(store, STORE_LOCK, LOCK_EX, &lock, err);
    if (!r)
        r = img__names_read(store, &index, err);
    for (; !r && *names; names++)
        r = remove_name(store, &index, *names, err);
    return r ? r : img__names_write(store, &index, err);
}

struct listed {
    char *label;
    img_descriptor descriptor;
};

struct list {
    struct listed *items;
    size_t count;
    size_t cap;
};

static void img__auto_list(struct list *list)
{
    for (size_t i = 0; i < list->count; i++)
        free(list->items[i].label);
    free(list->items);
}

static int list_add(struct list *list, const struct names *names, const struct name_entry *entry,
                    img_error *err)
{
    if (list->count == list->cap) {
        size_t cap = list->cap ? list->cap * 2 : 64;
        struct listed *items = reallocarray(list->items, cap, sizeof(*items));
        if (!items)
            return img__fail_memory(err);
        list->items = items;
        list->cap = cap;
    }
    struct listed *item = &list->items[list->count];
    int r = img__names_descriptor(names, entry, &item->descriptor, err);
    if (r)
        return r;
    item->label = strdup(entry->label);
    if (!item->label)
        return img__fail_memory(err);
    list->count++;
    return 0;
}

static int compare_listed(const void *left, const void *right)
{
    const struct listed *a = left, *b = right;

    return strcmp(a->label, b->label);
}

static int read_list(const img_store *store, struct list *list, img_error *err)
{
    auto_(names) struct names names = NAMES_INIT;
    auto_(name_entry) struct name_entry entry = NAME_ENTRY_INIT;

    int r = img__names_read(store, &names, err);
    if (r)
        return r;
    while (!(r = img__names_next(&names, &entry, err))) {
        r = list_add(list, &names, &entry, err);
        if (r)
            return r;
    }
    /* Another tool may have written our shape in another order. */
    if (list->count > 0)
        qsort(list->items, list->count, sizeof(*list->items), compare_listed);
    return r == IMG_ENOTFOUND ? 0 : r;
}

int img_store_list(img_store *store, img_store_list_fn fn, void *arg, img_error *err)
{
    auto_(list) struct list list = {NULL, 0, 0};

    int r = read_list(store, &list, err);
    for (size_t i = 0; !r && i < list.count; i++)
        if (fn(list.items[i].label, &list.items[i].descriptor, arg))
            r = img__fail(err, IMG_ECANCELED, "the list was ended by its caller");
    return r;
}
