/* SPDX-License-Identifier: Apache-2.0
 *
 * First the tree is only looked at. If there is a layer of files with those names, modes, times and
 * sizes, the files that are not known are read, and if there is one of those bytes, it is taken.
 * Else the layer is made, and what went into it is digested on the way: so what is remembered is
 * what is in the layer, whatever happened to the tree meanwhile.
 *
 * A tree that was never seen is not read twice: its layer is made at once.
 */
#include "ops/reuse.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

/* Where the tree goes in the passes that make no layer, which know only of the root. */
#define SOMEWHERE "x"

int img__reuse_begin(struct reuse *reuse, img_build *build, const struct reuse_input *input,
                     img_error *err)
{
    reuse->build = build;
    reuse->source = input->source;
    reuse->chown = input->options->given.chown != NULL;
    reuse->scan = input->options->scan;
    reuse->scan.prefix = input->root ? "" : SOMEWHERE;
    reuse->off = build->options.no_cache;
    if (reuse->off)
        return 0;
    /* What is wrong with the path, the scan says better. */
    if (img__reuse_tree_name(input, reuse->tree, NULL) != 0)
        reuse->off = true;
    int rc = img__reuse_recipe(build, input, reuse->recipe, err);
    return rc ? rc : img__reuse_chain(build, reuse->key.chain, err);
}

void img__reuse_free(struct reuse *reuse)
{
    img__records_free(&reuse->records);
    img__memo_free(reuse->memo);
    img__sink_free(reuse->list);
}

/* Only to be interrupted ends a build here. */
static int tolerate(struct reuse *reuse, int rc, img_error *given, img_error *err)
{
    if (rc != IMG_ECANCELED && rc != IMG_ENOMEM) {
        img__log(&reuse->build->observer, IMG_LOG_DEBUG, "cache: %s", given->message);
        return 0;
    }
    if (err)
        *err = *given;
    return rc;
}

static void warn(const struct reuse *reuse, const img_error *why)
{
    img__log(&reuse->build->observer, IMG_LOG_WARNING,
             "%s: the next build will read all of it again, since nothing can be remembered: %s",
             reuse->source, why->message);
}

/* ---- finding ---- */

/* old and fresh as for img__memo_new(). */
static int open_memo(const struct reuse *reuse, enum memo_mode mode, struct source *old,
                     struct sink *fresh, struct memo **out, img_error *err)
{
    int rc = img__memo_new(mode, reuse->source, old, fresh, out, err);
    if (rc == 0 && reuse->chown)
        img__memo_same_owner(*out);
    return rc;
}

/* A pass over the tree without a layer. */
static int survey(struct reuse *reuse, enum memo_mode mode, struct sink *fresh,
                  struct memo_result *out, img_error *err)
{
    struct source *old = NULL;
    auto_(memo) struct memo *memo = NULL;
    struct scan_options scan = reuse->scan;
    img__store_cache_read(reuse->build->store, reuse->tree, &old);
    int rc = open_memo(reuse, mode, old, fresh, &memo, err);
    if (rc)
        return rc;
    scan.memo = memo;
    scan.observer = reuse->told ? NULL : scan.observer;
    rc = img__scan(reuse->source, &scan, NULL, NULL, err);
    if (rc)
        return rc;
    reuse->told = true;
    rc = img__memo_end(memo, out, err);
    reuse->damaged = rc == IMG_EFORMAT;
    return rc;
}

/* Reads what is not known, and remembers it. */
static int survey_all(struct reuse *reuse, struct memo_result *out, img_error *err)
{
    auto_(sink) struct sink *fresh = NULL;
    int rc = img__store_cache_write(reuse->build->store, reuse->tree, &fresh, err);
    if (rc == 0)
        rc = survey(reuse, MEMO_READ, fresh, out, err);
    return rc || !out->changed ? rc : img__sink_close(fresh, err);
}

static void read_records(const struct reuse *reuse, const char *name, struct records *out)
{
    auto_(buf) struct buf text = BUF_INIT(RECORDS_BYTES_MAX);
    auto_(source) struct source *source = NULL;
    auto_(sink) struct sink *sink = NULL;
    img__store_cache_read(reuse->build->store, name, &source);
    if (source && img__sink_buf(&text, name, &sink, NULL) == 0 &&
        img__io_copy(source, sink, NULL) == 0)
        img__records_parse(img__buf_text(&text), text.len, out, NULL);
}

static int write_record(const struct reuse *reuse, const struct memo_result *input,
                        const struct layer_made *made, img_error *err)
{
    auto_(records) struct records others = {0};
    auto_(buf) struct buf text = BUF_INIT(RECORDS_BYTES_MAX);
    auto_(sink) struct sink *sink = NULL;
    struct record_key key = reuse->key;
    char name[REUSE_NAME_MAX];
    int rc = img__reuse_layer_name(reuse->recipe, input, name, err);
    if (rc)
        return rc;
    memcpy(key.whole, input->whole, sizeof(key.whole));
    read_records(reuse, name, &others);
    rc = img__records_format(&others, &key, made, &text, err);
    if (rc == 0)
        rc = img__store_cache_write(reuse->build->store, name, &sink, err);
    if (rc == 0)
        rc = img__sink_write(sink, text.data, text.len, err);
    return rc ? rc : img__sink_close(sink, err);
}

static bool is_there(const struct reuse *reuse, const struct layer_made *made)
{
    img_descriptor descriptor = {.digest = made->digest, .size_bytes = made->size_bytes};
    return img__store_has(reuse->build->store, &descriptor);
}

static int take(struct reuse *reuse, const struct record *record, img_error *err)
{
    struct item item;
    struct observer *observer = &reuse->build->observer;
    int rc = img__item_start(&item, observer, record->made.what, "", 0, err);
    if (rc)
        return rc;
    img__log(observer, IMG_LOG_INFO,
             "%s: layer from the cache: %s, %" PRIu64 " files not read, %" PRIu64 " read",
             record->made.what, record->made.digest.text, reuse->input.known, reuse->input.read);
    return img__layering_append(&item, IMG_EVENT_CACHED, reuse->build, &record->made, err);
}

/* At the tree as it is, as far as that is worth it. */
static int look(struct reuse *reuse, img_error *err)
{
    char name[REUSE_NAME_MAX];
    int rc = survey(reuse, MEMO_LOOK, NULL, &reuse->input, err);
    if (rc == 0)
        rc = img__reuse_layer_name(reuse->recipe, &reuse->input, name, err);
    if (rc)
        return rc;
    read_records(reuse, name, &reuse->records);
    if (reuse->records.count == 0 || reuse->input.unknown == 0)
        return 0;
    struct memo_result before = reuse->input;
    rc = survey_all(reuse, &reuse->input, err);
    if (rc == 0 && memcmp(before.heads, reuse->input.heads, sizeof(before.heads)) != 0)
        img__records_free(&reuse->records);
    return rc;
}

static bool has_list(const struct reuse *reuse)
{
    auto_(source) struct source *source = NULL;
    img__store_cache_read(reuse->build->store, reuse->tree, &source);
    return source != NULL;
}

int img__reuse_find(struct reuse *reuse, bool *found, img_error *err)
{
    img_error error;
    *found = false;
    if (reuse->off || !has_list(reuse))
        return 0;
    int rc = look(reuse, &error);
    if (rc || reuse->input.unknown)
        img__records_free(&reuse->records);
    if (rc)
        return tolerate(reuse, rc, &error, err);
    const struct record *record =
        img__records_find_chain(&reuse->records, reuse->input.whole, reuse->key.chain);
    if (!record || !is_there(reuse, &record->made))
        return 0;
    *found = true;
    return take(reuse, record, err);
}

static int check_entry(const struct entry *entry, struct source *data, void *arg, img_error *err)
{
    (void)data;
    return img__layering_check_below(arg, entry, err);
}

/* Is there no directory in the tree where there is a link below? That would be an error. */
static int check_directories(struct reuse *reuse, struct layering *layering, img_error *err)
{
    auto_(memo) struct memo *memo = NULL;
    struct memo_result result;
    struct scan_options scan = reuse->scan;
    int rc = open_memo(reuse, MEMO_LOOK, NULL, NULL, &memo, err);
    if (rc)
        return rc;
    scan.memo = memo;
    scan.observer = NULL;
    scan.prefix = layering->prefix;
    rc = img__scan(reuse->source, &scan, check_entry, layering, err);
    if (rc == 0)
        rc = img__memo_end(memo, &result, err);
    if (rc == 0 && memcmp(result.heads, reuse->input.heads, sizeof(result.heads)) != 0)
        rc = img__fail(err, IMG_EIO, "%s: changed while it was read", reuse->source);
    return rc;
}

int img__reuse_find_alike(struct reuse *reuse, struct layering *layering,
                          const struct scan_options *scan, bool *found, img_error *err)
{
    img_error error;
    *found = false;
    if (reuse->off)
        return 0;
    int rc = img__reuse_facts(layering, scan, reuse->key.facts, err);
    if (rc)
        return rc;
    const struct record *record =
        img__records_find_facts(&reuse->records, reuse->input.whole, reuse->key.facts);
    if (!record || !is_there(reuse, &record->made))
        return 0;
    rc = layering->view ? check_directories(reuse, layering, &error) : 0;
    if (rc)
        return tolerate(reuse, rc, &error, err);
    *found = true;
    rc = take(reuse, record, err);
    /* The next time it need not be asked what is below. */
    if (rc == 0 && write_record(reuse, &reuse->input, &record->made, &error) != 0)
        warn(reuse, &error);
    return rc;
}

/* ---- remembering ---- */

static int watch(struct reuse *reuse, img_error *err)
{
    struct source *old = NULL;
    int rc = img__store_cache_write(reuse->build->store, reuse->tree, &reuse->list, err);
    if (rc)
        return rc;
    if (!reuse->damaged)
        img__store_cache_read(reuse->build->store, reuse->tree, &old);
    return open_memo(reuse, MEMO_PACK, old, reuse->list, &reuse->memo, err);
}

int img__reuse_watch(struct reuse *reuse, struct scan_options *scan, img_error *err)
{
    img_error error;
    if (reuse->told)
        scan->observer = NULL;
    if (reuse->off)
        return 0;
    int rc = watch(reuse, &error);
    scan->memo = reuse->memo;
    if (rc)
        warn(reuse, &error);
    return rc ? tolerate(reuse, rc, &error, err) : 0;
}

static int keep(struct reuse *reuse, const struct layering *layering, img_error *err)
{
    struct memo_result input;
    int rc = img__memo_end(reuse->memo, &input, err);
    if (rc == 0 && input.changed)
        rc = img__sink_close(reuse->list, err);
    if (rc || input.unknown || layering->warned || !layering->made.what)
        return rc;
    return write_record(reuse, &input, &layering->made, err);
}

void img__reuse_keep(struct reuse *reuse, const struct layering *layering)
{
    img_error error;
    if (reuse->memo && keep(reuse, layering, &error) != 0)
        warn(reuse, &error);
}
