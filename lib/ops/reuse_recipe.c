/* SPDX-License-Identifier: Apache-2.0
 *
 * All that a layer depends on besides the files that it is made of. What is in doubt goes in: a
 * recipe that differs for nothing costs a layer that is made once more, one that is the same for
 * two layers would be a wrong image.
 *
 * Layers below matter in little: where paths go through links, what the directories on the way look
 * like, whom names of users stand for. That is a function of their diffIDs; and it may be the same
 * for others, so that a layer stays as it is when one below it changes.
 */
#include <stdio.h>
#include <string.h>

#include <libimg/version.h>

#include "ops/reuse.h"

/* Each field with its length in front, so that no two lists of them run together to the same. */
static void put(struct buf *buf, const void *data, size_t len)
{
    uint64_t count = len;
    img__buf_append(buf, &count, sizeof(count));
    img__buf_append(buf, data, len);
}

static void put_number(struct buf *buf, int64_t number)
{
    put(buf, &number, sizeof(number));
}

static void put_text(struct buf *buf, const char *text)
{
    put_number(buf, text != NULL);
    put(buf, text ? text : "", text ? strlen(text) : 0);
}

static void put_list(struct buf *buf, const char *const *list)
{
    for (; list && *list; list++)
        put_text(buf, *list);
    put_number(buf, -1);
}

/* Of libimg, of the bytes that it writes, and of what it writes and reads them with. */
static void put_versions(struct buf *buf)
{
    img_version_detail detail;
    for (size_t i = 0; img_version_details(i, &detail) == 0; i++) {
        put_text(buf, detail.name);
        put_text(buf, detail.version);
    }
}

static int end(const struct buf *buf, unsigned char out[IMG_SHA256_BYTES], img_error *err)
{
    auto_(hash) struct hash *hash = NULL;
    int rc = img__buf_check(buf, "a recipe", err);
    if (rc == 0)
        rc = img__hash_new(IMG_DIGEST_CANONICAL, &hash, err);
    if (rc == 0)
        rc = img__hash_update(hash, buf->data, buf->len, err);
    return rc ? rc : img__hash_final_raw(hash, out, err);
}

static int end_name(const struct buf *buf, const char *kind, char out[REUSE_NAME_MAX],
                    img_error *err)
{
    unsigned char raw[IMG_SHA256_BYTES];
    int rc = end(buf, raw, err);
    if (rc)
        return rc;
    int at = snprintf(out, REUSE_NAME_MAX, "%s-", kind);
    for (size_t i = 0; i < sizeof(raw); i++)
        at += snprintf(out + at, REUSE_NAME_MAX - (size_t)at, "%02x", raw[i]);
    return 0;
}

static void put_options(struct buf *buf, const struct reuse_input *input)
{
    const img_add_options *given = &input->options->given;
    put_number(buf, given->set);
    put_number(buf, given->mode);
    put_number(buf, given->uid);
    put_number(buf, given->gid);
    put_number(buf, given->mtime);
    put_number(buf, given->preserve);
    put_number(buf, given->flags);
    put_text(buf, given->chown);
    put_text(buf, given->chmod);
    put_list(buf, given->uid_map);
    put_list(buf, given->gid_map);
}

static const char *base_name(const char *path)
{
    const char *slash = strrchr(path, '/');
    return slash ? slash + 1 : path;
}

int img__reuse_recipe(const img_build *build, const struct reuse_input *input,
                      unsigned char out[IMG_SHA256_BYTES], img_error *err)
{
    auto_(buf) struct buf buf = BUF_INIT((size_t)16 << 20);
    put_versions(&buf);
    put_number(&buf, build->options.compression);
    put_number(&buf, build->options.level);
    put_number(&buf, build->options.has_epoch);
    put_number(&buf, build->options.has_epoch ? build->options.epoch : 0);
    put_number(&buf, input->archive);
    put_number(&buf, input->directory);
    put_text(&buf, input->destination);
    put_text(&buf, img__config_field(&build->config, "workdir"));
    /* A file may go into the destination under its own name. */
    put_text(&buf, input->directory ? NULL : base_name(input->source));
    put_options(&buf, input);
    return end(&buf, out, err);
}

int img__reuse_chain(const img_build *build, unsigned char out[IMG_SHA256_BYTES], img_error *err)
{
    auto_(buf) struct buf buf = BUF_INIT((size_t)16 << 20);
    put_number(&buf, (int64_t)build->layer_count);
    for (size_t i = 0; i < build->layer_count; i++)
        put_text(&buf, build->config.diff_ids[i].text);
    return end(&buf, out, err);
}

static void put_below(struct buf *buf, const struct view *view, const char *path)
{
    const struct entry *entry = view ? img__view_find(view, path) : NULL;
    put_text(buf, path);
    put_number(buf, entry ? (int64_t)entry->type : -1);
    if (!entry)
        return;
    put_number(buf, entry->mode);
    put_number(buf, entry->uid);
    put_number(buf, entry->gid);
    put_number(buf, entry->mtime);
    put_number(buf, entry->mtime_ns);
    put_number(buf, (int64_t)entry->xattr_count);
    for (size_t i = 0; i < entry->xattr_count; i++) {
        put_text(buf, entry->xattrs[i].name);
        put(buf, entry->xattrs[i].value, entry->xattrs[i].len);
    }
}

int img__reuse_facts(const struct layering *layering, const struct scan_options *scan,
                     unsigned char out[IMG_SHA256_BYTES], img_error *err)
{
    auto_(buf) struct buf buf = BUF_INIT((size_t)256 << 20);
    auto_free char *way = strdup(layering->prefix);
    if (!way)
        return img__fail_memory(err);
    for (char *slash = strchr(way, '/'); slash; slash = strchr(slash + 1, '/')) {
        *slash = '\0';
        put_below(&buf, layering->view, way);
        *slash = '/';
    }
    put_below(&buf, layering->view, way);
    put_number(&buf, scan->set_uid);
    put_number(&buf, scan->uid);
    put_number(&buf, scan->set_gid);
    put_number(&buf, scan->gid);
    return end(&buf, out, err);
}

int img__reuse_tree_name(const struct reuse_input *input, char out[REUSE_NAME_MAX], img_error *err)
{
    auto_(buf) struct buf buf = BUF_INIT((size_t)16 << 20);
    auto_free char *real = realpath(input->source, NULL);
    if (!real)
        return img__fail_errno(err, "%s", input->source);
    put_versions(&buf);
    put_text(&buf, real);
    /* What goes into the digests of attributes. */
    put_number(&buf, input->options->given.preserve);
    put_list(&buf, input->options->given.uid_map);
    put_list(&buf, input->options->given.gid_map);
    /* What is walked: builds that leave out other things should not spoil each other's list. */
    put_number(&buf, input->root);
    put_text(&buf, input->options->given.ignore_file);
    put_list(&buf, input->options->given.exclude);
    return end_name(&buf, "tree", out, err);
}

int img__reuse_layer_name(const unsigned char recipe[IMG_SHA256_BYTES],
                          const struct memo_result *input, char out[REUSE_NAME_MAX], img_error *err)
{
    auto_(buf) struct buf buf = BUF_INIT((size_t)1024);
    put(&buf, recipe, IMG_SHA256_BYTES);
    put(&buf, input->heads, IMG_SHA256_BYTES);
    return end_name(&buf, "layer", out, err);
}
