/* SPDX-License-Identifier: Apache-2.0
 *
 * Beginning a build: options, the base, settings.
 */
#include "ops/build.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

#include <libimg/image.h>

#include "base/options.h"
#include "base/text.h"
#include "core/platform.h"
#include "core/reference.h"
#include "core/setting.h"
#include "ops/build_base.h"
#include "ops/image.h"

#define ANNOTATION_BASE_NAME "org.opencontainers.image.base.name"
#define ANNOTATION_BASE_DIGEST "org.opencontainers.image.base.digest"
#define EPOCH_MAX ((uint64_t)253402300799) /* the end of the year 9999 */

_Static_assert(sizeof(img_build_options) ==
                   offsetof(img_build_options, on_input_arg) + sizeof(void *),
               "no tail padding: a new field could hide in it");

static void format_time(int64_t seconds, char *text)
{
    if (seconds < 0)
        seconds = 0;
    if ((uint64_t)seconds > EPOCH_MAX)
        seconds = (int64_t)EPOCH_MAX;
    time_t when = (time_t)seconds;
    struct tm tm;
    gmtime_r(&when, &tm);
    snprintf(text, BUILD_TIME_SIZE, "%04d-%02d-%02dT%02d:%02d:%02dZ", tm.tm_year + 1900,
             tm.tm_mon + 1, tm.tm_mday, tm.tm_hour, tm.tm_min, tm.tm_sec);
}

const char *img__build_time(const img_build *build, int64_t newest_mtime, char *text)
{
    const char *base = img__config_field(&build->config, "created");
    int64_t seconds = newest_mtime != BUILD_TIME_NONE ? newest_mtime : build->newest_mtime;
    if (build->options.has_epoch)
        seconds = build->options.epoch;
    else if (seconds == BUILD_TIME_NONE && base && *base)
        return base;
    format_time(seconds, text);
    return text;
}

void img__build_clamp(const img_build *build, struct entry *entry)
{
    if (!build->options.has_epoch || entry->mtime < build->options.epoch)
        return;
    entry->mtime = build->options.epoch;
    entry->mtime_ns = 0;
}

static int read_epoch(img_build_options *options, img_error *err)
{
    const char *text = options->ignore_environment ? NULL : getenv("SOURCE_DATE_EPOCH");
    if (options->has_epoch && (options->epoch < 0 || (uint64_t)options->epoch > EPOCH_MAX))
        return img__fail(err, IMG_EINVAL, "the epoch must lie between 1970 and 9999");
    if (options->has_epoch || !text)
        return 0;
    uint64_t epoch;
    if (!img__text_number(text, EPOCH_MAX, &epoch))
        return img__fail(err, IMG_EINVAL, "SOURCE_DATE_EPOCH is \"%s\", not seconds since 1970",
                         text);
    options->epoch = (int64_t)epoch;
    options->has_epoch = 1;
    return 0;
}

static int check_platform(img_platform *platform, img_error *err)
{
    char text[IMG_PLATFORM_TEXT_MAX];
    img_platform parsed;
    if (!platform->os[0] && !platform->architecture[0])
        return 0;
    if (strchr(platform->os, '/') || strchr(platform->architecture, '/'))
        return img__fail(err, IMG_EINVAL, "a name in a platform can't hold a slash");
    img__platform_format(platform, text);
    int rc = img_platform_parse(text, &parsed, err);
    if (rc == 0)
        rc = img__setting_check_line("os_version", platform->os_version, err);
    if (rc)
        return rc;
    memcpy(parsed.os_version, platform->os_version, sizeof(parsed.os_version));
    *platform = parsed;
    return 0;
}

static int check_options(img_build_options *options, img_error *err)
{
    static const int level_max[] = {[IMG_COMPRESSION_GZIP] = 12,
                                    [IMG_COMPRESSION_ZSTD] = 19,
                                    [IMG_COMPRESSION_NONE] = 0,
                                    [IMG_COMPRESSION_ESTARGZ] = 12,
                                    [IMG_COMPRESSION_ZSTD_CHUNKED] = 19};
    if (options->compression < IMG_COMPRESSION_GZIP ||
        options->compression > IMG_COMPRESSION_ZSTD_CHUNKED)
        return img__fail(err, IMG_EINVAL, "there is no compression %d", options->compression);
    int max = level_max[options->compression];
    if (options->level < 0 || options->level > max)
        return img__fail(err, IMG_EINVAL, "compression level %d is out of range: 1 to %d, or 0",
                         options->level, max);
    if (options->has_epoch > 1 || options->ignore_environment > 1 || options->no_cache > 1)
        return img__fail(err, IMG_EINVAL, "has_epoch, ignore_environment and no_cache are 0 or 1");
    int rc = check_platform(&options->platform, err);
    return rc ? rc : read_epoch(options, err);
}

IMG_AUTO_POINTER(build, img_build, img_build_free)

static int begin(img_build *build, const img_build_options *options, img_error *err)
{
    build->options = (img_build_options)IMG_BUILD_OPTIONS_INIT;
    int rc = img__options_copy(&build->options, sizeof(build->options), options,
                               "img_build_options", err);
    if (rc == 0)
        rc = check_options(&build->options, err);
    if (rc)
        return rc;
    build->observer = (struct observer){build->options.on_event, build->options.on_event_arg,
                                        build->options.on_log, build->options.on_log_arg, 0};
    build->inputs = (struct inputs){build->options.on_input, build->options.on_input_arg};
    build->newest_mtime = BUILD_TIME_NONE;
    img_platform platform = build->options.platform;
    if (!platform.os[0])
        img_platform_host(&platform);
    rc = img__config_new(&platform, &build->config, err);
    return rc ? rc : img__lease_take(build->store, &build->lease, err);
}

int img_build_new(img_store *store, const img_build_options *options, img_build **out,
                  img_error *err)
{
    auto_(build) img_build *build = calloc(1, sizeof(*build));
    if (!build)
        return img__fail_memory(err);
    build->store = store;
    int rc = begin(build, options, err);
    if (rc)
        return rc;
    *out = steal(build);
    return 0;
}

void img_build_free(img_build *build)
{
    if (!build)
        return;
    img__config_free(&build->config);
    img__strv_free(&build->annotations);
    img__view_free(build->view);
    img__lease_free(build->lease);
    for (size_t i = 0; i < build->layer_count; i++)
        img__strv_free(&build->layer_annotations[i]);
    free(build->layer_annotations);
    free(build->layers);
    free(build);
}

/* An entry "KEY=..." of list that is there already, or list->count. */
static size_t find_key(const struct strv *list, const char *key, size_t len)
{
    size_t i = 0;
    while (i < list->count &&
           !(strncmp(list->items[i], key, len) == 0 && list->items[i][len] == '='))
        i++;
    return i;
}

static int put_annotation(img_build *build, const char *key, const char *value, img_error *err)
{
    auto_free char *pair = NULL;
    if (asprintf(&pair, "%s=%s", key, value) < 0) {
        pair = NULL;
        return img__fail_memory(err);
    }
    size_t at = find_key(&build->annotations, key, strlen(key));
    if (at == build->annotations.count)
        return img__strv_add(&build->annotations, pair, err);
    free(build->annotations.items[at]);
    build->annotations.items[at] = steal(pair);
    return 0;
}

/* reference NULL: it has no name that would mean anything elsewhere. */
static int annotate_base(img_build *build, const img_image *base, const char *reference,
                         img_error *err)
{
    img_reference parsed;
    img_digest digest;
    char name[IMG_REFERENCE_TEXT_MAX];
    bool named = reference && img_digest_parse(reference, &digest, NULL) != 0;
    bool known = named && img_reference_parse(reference, &parsed, NULL) == 0;
    int rc = 0;
    if (known)
        img_reference_format(&parsed, name);
    if (named)
        rc = put_annotation(build, ANNOTATION_BASE_NAME, known ? name : reference, err);
    if (rc == 0)
        rc = put_annotation(build, ANNOTATION_BASE_DIGEST, img_image_manifest(base)->digest.text,
                            err);
    if (rc)
        img__strv_free(&build->annotations);
    return rc;
}

static int take_base(img_build *build, const img_image *base, const char *reference, img_error *err)
{
    auto_(config) struct config config = CONFIG_INIT;
    size_t len, count = img_image_layer_count(base);
    const char *bytes = img_image_config_bytes(base, &len);
    auto_free img_descriptor *layers = calloc(count + 1, sizeof(*layers));
    auto_free struct strv *layer_annotations = calloc(count + 1, sizeof(*layer_annotations));
    if (!layers || !layer_annotations)
        return img__fail_memory(err);
    for (size_t i = 0; i < count; i++)
        layers[i] = *img_image_layer(base, i);
    int rc = img__config_parse("the base's config", bytes, len, &config, err);
    if (rc == 0)
        rc = annotate_base(build, base, reference, err);
    if (rc == 0)
        rc = img__image_layer_annotations(base, layer_annotations, err);
    if (rc)
        return rc;
    img__config_free(&build->config);
    build->config = config;
    config = (struct config)CONFIG_INIT;
    build->layers = steal(layers);
    build->layer_annotations = steal(layer_annotations);
    build->layer_count = count;
    return 0;
}

int img_build_from(img_build *build, img_client *client, const char *reference, img_error *err)
{
    if (build->begun)
        return img__fail(err, IMG_EINVAL,
                         "from %s: the base must come first, before layers and settings",
                         reference);
    auto_(build_base) struct build_base base = {NULL, NULL};
    int rc = 0;
    if (strcmp(reference, "scratch") != 0) {
        rc = img__build_base_open(build, client, reference, &base, err);
        if (rc == 0)
            rc = take_base(build, base.image, base.name, err);
    }
    build->begun = rc == 0;
    return rc ? img__prefix(err, rc, "from %s", reference) : 0;
}

static int put_annotation_pair(img_build *build, const char *pair, img_error *err)
{
    int rc = img__setting_check_pair("annotation", pair, err);
    if (rc)
        return rc;
    size_t len = strcspn(pair, "=");
    auto_free char *key = strndup(pair, len);
    return key ? put_annotation(build, key, pair + len + 1, err) : img__fail_memory(err);
}

/* After a step that succeeded it is too late for a base. */
static int begun(img_build *build, int rc)
{
    build->begun |= rc == 0;
    return rc;
}

int img_build_set(img_build *build, const char *field, const char *value, img_error *err)
{
    if (strcmp(field, "created") == 0)
        return img__fail(err, IMG_EINVAL, "created follows from the files or the epoch");
    return begun(build, img__config_set(&build->config, field, value, err));
}

int img_build_put(img_build *build, const char *set, const char *value, img_error *err)
{
    if (strcmp(set, "annotation") == 0)
        return begun(build, put_annotation_pair(build, value, err));
    return begun(build, img__config_put(&build->config, set, value, err));
}

int img_build_set_argv(img_build *build, const char *list, const char *const *argv, img_error *err)
{
    return begun(build, img__config_set_argv(&build->config, list, argv, err));
}
