/* SPDX-License-Identifier: Apache-2.0
 *
 * What docker before 1.10 saved, and what skopeo and docker before 25 still put beside
 * manifest.json: "repositories" with an id for each tag, and for each id a directory with "json",
 * which names the parent, and "layer.tar".
 *
 * There was no config, so one is made, as docker does when it loads such an archive (moby,
 * image/v1/imagev1.go): the json of the uppermost layer without what was about ids, with rootfs and
 * history of all. The layers are read once for their diffIDs.
 */
#include <string.h>

#include "archive/reader_internal.h"
#include "core/manifest.h"
#include "core/verify.h"

#define TAGS_MAX (2 * IMAGES_MAX)
#define CHAIN_BYTES_MAX ((size_t)32 << 20) /* of the json of all layers */

/* ---- repositories ---- */

static int take_tag(struct archive_reader *reader, const char *what, const char *repository,
                    const char *tag, const struct json *value, img_error *err)
{
    struct archived *image = NULL;
    const char *id = img__json_text(value);
    auto_free char *name = NULL;
    if (reader->tag_count++ >= TAGS_MAX)
        return img__fail(err, IMG_ELIMIT, "%s: has more than %zu tags", what, TAGS_MAX);
    if (!id || !*id)
        return img__fail(err, IMG_EFORMAT, "%s: '%.200s' has a tag without an id", what,
                         repository);
    for (size_t i = 0; !image && i < reader->count; i++)
        if (strcmp(reader->images[i].config, id) == 0)
            image = &reader->images[i];
    if (!image) {
        char *own = strdup(id);
        int rc = own ? img__archive_add(reader, &image, err) : img__fail_memory(err);
        if (rc) {
            free(own);
            return rc;
        }
        image->config = own;
    }
    if (asprintf(&name, "%s:%s", repository, tag) < 0) {
        name = NULL;
        return img__fail_memory(err);
    }
    return img__strv_add(&image->names, name, err);
}

static int take_repository(struct archive_reader *reader, const char *what, const char *repository,
                           const struct json *tags, img_error *err)
{
    const struct json *id;
    const char *tag;
    int rc = 0;
    if (img__json_kind(tags) != JSON_OBJECT)
        return img__fail(err, IMG_EFORMAT, "%s: '%.200s' has no tags", what, repository);
    for (void *at = NULL; rc == 0 && img__json_next(tags, &at, &tag, &id);)
        rc = take_tag(reader, what, repository, tag, id, err);
    return rc;
}

int img__archive_read_legacy(struct archive_reader *reader, img_error *err)
{
    auto_free char *what = NULL;
    auto_(json) struct json *json = NULL;
    const struct json *tags;
    const char *repository;
    int rc = img__archive_load_json(reader, DOCKER_REPOSITORIES, &what, &json, err);
    if (rc == 0 && img__json_kind(json) != JSON_OBJECT)
        rc = img__fail(err, IMG_EFORMAT, "%s: is not an object", what);
    for (void *at = NULL; rc == 0 && img__json_next(json, &at, &repository, &tags);)
        rc = take_repository(reader, what, repository, tags, err);
    return rc;
}

/* ---- from a layer down to the lowest ---- */

struct chain {
    const struct archive_reader *reader;
    struct strv ids; /* the uppermost first */
    struct json *top;
    struct json *rows[MANIFEST_LAYERS_MAX]; /* of history, in the same order */
    size_t bytes;
};

static void free_chain(struct chain *chain)
{
    for (size_t i = 0; i < chain->ids.count; i++)
        img__json_free(chain->rows[i]);
    img__strv_free(&chain->ids);
    img__json_free(chain->top);
    free(chain);
}

IMG_AUTO_POINTER(chain, struct chain, free_chain)

static int append_word(struct buf *line, const char *word, img_error *err)
{
    img__buf_printf(line, "%s%s", line->len ? " " : "", word);
    return img__buf_check(line, "a command", err);
}

/* The words of container_config.Cmd, with blanks between. */
static int created_by(const struct json *json, struct buf *line, img_error *err)
{
    const struct json *words = img__json_get(img__json_get(json, "container_config"), "Cmd");
    int rc = 0;
    for (size_t i = 0; rc == 0 && i < img__json_count(words); i++) {
        const char *word = img__json_text(img__json_at(words, i));
        if (word)
            rc = append_word(line, word, err);
    }
    return rc;
}

static bool set_text(struct json *row, const char *key, const char *text)
{
    return !text || !*text || img__json_set(row, key, img__json_string(text));
}

static int make_row(const struct json *json, struct json **out, img_error *err)
{
    auto_(buf) struct buf line = BUF_INIT(CHAIN_BYTES_MAX);
    auto_(json) struct json *row = img__json_object();
    int rc = row ? created_by(json, &line, err) : img__fail_memory(err);
    if (rc)
        return rc;
    bool ok = set_text(row, "created", img__json_text(img__json_get(json, "created"))) &&
              set_text(row, "author", img__json_text(img__json_get(json, "author"))) &&
              set_text(row, "created_by", img__buf_text(&line)) &&
              set_text(row, "comment", img__json_text(img__json_get(json, "comment")));
    *out = ok ? steal(row) : NULL;
    return *out ? 0 : img__fail_memory(err);
}

static int load_layer_json(struct chain *chain, const char *id, struct json **out, img_error *err)
{
    auto_(buf) struct buf text = BUF_INIT(CHAIN_BYTES_MAX);
    auto_free char *path = NULL;
    if (asprintf(&path, "%s/json", id) < 0) {
        path = NULL;
        return img__fail_memory(err);
    }
    int rc = img__archive_load(chain->reader, path, CHAIN_BYTES_MAX - chain->bytes, &text, err);
    if (rc)
        return rc;
    chain->bytes += text.len;
    rc = img__json_parse(path, img__buf_text(&text), text.len, out, err);
    if (rc == 0 && img__json_kind(*out) != JSON_OBJECT)
        rc = img__fail(err, IMG_EFORMAT, "%s: is not an object", path);
    return rc ? img__prefix(err, rc, "%s", chain->reader->spool.name) : 0;
}

/* *parent is a copy, or NULL at the lowest layer. */
static int follow(struct chain *chain, const char *id, char **parent, img_error *err)
{
    auto_(json) struct json *json = NULL;
    if (chain->ids.count >= MANIFEST_LAYERS_MAX || img__strv_has(&chain->ids, id))
        return img__fail(err, IMG_EFORMAT, "%s: '%.100s' has too many layers, or is its own parent",
                         chain->reader->spool.name, id);
    int rc = load_layer_json(chain, id, &json, err);
    if (rc == 0)
        rc = img__strv_add(&chain->ids, id, err);
    if (rc == 0)
        rc = make_row(json, &chain->rows[chain->ids.count - 1], err);
    if (rc)
        return rc;
    const char *text = img__json_text(img__json_get(json, "parent"));
    *parent = text && *text ? strdup(text) : NULL;
    if (!chain->top)
        chain->top = steal(json);
    return text && *text && !*parent ? img__fail_memory(err) : 0;
}

static int follow_all(struct chain *chain, const char *top, img_error *err)
{
    auto_free char *id = strdup(top);
    if (!id)
        return img__fail_memory(err);
    while (id) {
        char *parent = NULL;
        int rc = follow(chain, id, &parent, err);
        free(id);
        id = parent;
        if (rc)
            return rc;
    }
    return 0;
}

/* ---- what it amounts to ---- */

static int hash_layer(const struct archive_reader *reader, struct docker_layer *layer,
                      img_error *err)
{
    auto_(source) struct source *source = NULL;
    auto_(sink) struct sink *sink = NULL;
    uint64_t size;
    if (layer->compression != DOCKER_PLAIN)
        return img__fail(err, IMG_EUNSUPPORTED,
                         "%s: '%.300s' is compressed, which docker before 1.10 did not do",
                         reader->spool.name, layer->path);
    int rc = img__archive_source(reader, layer->path, &source, &size, err);
    if (rc == 0)
        rc = img__sink_digest(&layer->diff_id, &size, NULL, &sink, err);
    if (rc == 0)
        rc = img__io_copy(source, sink, err);
    return rc ? rc : img__sink_close(sink, err);
}

static int take_layers(const struct chain *chain, struct docker_image *out, img_error *err)
{
    size_t count = chain->ids.count;
    out->layers = calloc(count, sizeof(*out->layers));
    if (!out->layers)
        return img__fail_memory(err);
    for (size_t i = 0; i < count; i++) {
        struct docker_layer *layer = &out->layers[out->layer_count++];
        auto_free char *path = NULL;
        if (asprintf(&path, "%s/layer.tar", chain->ids.items[count - 1 - i]) < 0) {
            path = NULL;
            return img__fail_memory(err);
        }
        int rc = img__docker_layer_look(chain->reader, path, layer, err);
        if (rc == 0)
            rc = hash_layer(chain->reader, layer, err);
        if (rc)
            return rc;
    }
    return 0;
}

static struct json *rootfs_json(const struct docker_image *image)
{
    auto_(json) struct json *rootfs = img__json_object();
    auto_(json) struct json *list = img__json_array();
    for (size_t i = 0; list && i < image->layer_count; i++)
        if (!img__json_append(list, img__json_string(image->layers[i].diff_id.text)))
            return NULL;
    bool ok = rootfs && img__json_set(rootfs, "type", img__json_string("layers")) &&
              img__json_set(rootfs, "diff_ids", steal(list));
    return ok ? steal(rootfs) : NULL;
}

static struct json *history_json(struct chain *chain)
{
    auto_(json) struct json *list = img__json_array();
    for (size_t i = chain->ids.count; list && i > 0; i--)
        if (!img__json_append(list, steal(chain->rows[i - 1])))
            return NULL;
    return steal(list);
}

static int make_config(struct chain *chain, struct docker_image *out, img_error *err)
{
    static const char *const ids[] = {"id",       "parent",    "Size", "parent_id",
                                      "layer_id", "throwaway", NULL};
    struct json *config = chain->top;
    for (const char *const *key = ids; *key; key++)
        img__json_unset(config, *key);
    bool ok = img__json_set(config, "rootfs", rootfs_json(out)) &&
              img__json_set(config, "history", history_json(chain)) && img__json_sort(config);
    return ok ? img__document_from_json(MEDIA_OCI_CONFIG, config, &out->config, err)
              : img__fail_memory(err);
}

int img__archive_legacy_image(const struct archive_reader *reader, const struct archived *image,
                              struct docker_image *out, img_error *err)
{
    auto_(chain) struct chain *chain = calloc(1, sizeof(*chain));
    if (!chain)
        return img__fail_memory(err);
    chain->reader = reader;
    int rc = follow_all(chain, image->config, err);
    if (rc == 0)
        rc = take_layers(chain, out, err);
    return rc ? rc : make_config(chain, out, err);
}
