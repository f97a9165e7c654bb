/* SPDX-License-Identifier: Apache-2.0
 *
 * From what an image says to what a runtime does: program, environment, directory, user, volumes
 * and annotations, by image-spec's conversion.md. The root may be written to, as umoci has it.
 * Volumes are file systems in memory, as umoci's, so that nothing goes into the root; the image's
 * content below them is hidden, not copied. What a config says of its health check or shell has no
 * place here.
 */
#include "core/runtime_config.h"

#include <stdio.h>
#include <string.h>

#include "base/strv.h"
#include "core/runtime_defaults.h"
#include "core/setting.h"

#define TEXT_MAX ((size_t)32 << 20) /* of a list that becomes one string */
#define PREFIX "org.opencontainers.image."
#define PATH_DEFAULT "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"

/* What there is to work with. */
struct conversion {
    const struct config *config;
    const struct user *user;
    const struct runtime_options *options;
    struct strv env, args, ports, volumes;
};

static void conversion_free(struct conversion *c)
{
    img__strv_free(&c->env);
    img__strv_free(&c->args);
    img__strv_free(&c->ports);
    img__strv_free(&c->volumes);
}

static void img__auto_conversion(struct conversion *c)
{
    conversion_free(c);
}

static int collect_args(struct conversion *c, img_error *err)
{
    auto_(strv) struct strv cmd = STRV_INIT;
    int rc = img__config_list(c->config, "entrypoint", &c->args, err);
    if (rc == 0)
        rc = img__config_list(c->config, "cmd", &cmd, err);
    for (size_t i = 0; rc == 0 && c->options->cmd && c->options->cmd[i]; i++)
        rc = img__setting_check_utf8("cmd", c->options->cmd[i], err);
    if (rc == 0)
        rc = img__strv_add_list(&c->args, c->options->cmd ? c->options->cmd : img__strv_list(&cmd),
                                err);
    if (rc == 0 && c->args.count == 0)
        return img__fail(err, IMG_EINVAL,
                         "the image has neither an entrypoint nor a cmd; say what is to run");
    return rc;
}

static bool has_variable(const struct strv *env, const char *name)
{
    size_t len = strlen(name);
    for (size_t i = 0; i < env->count; i++)
        if (strncmp(env->items[i], name, len) == 0 && env->items[i][len] == '=')
            return true;
    return false;
}

static int check_env(const struct strv *env, img_error *err)
{
    for (size_t i = 0; i < env->count; i++)
        if (!strchr(env->items[i], '=') || env->items[i][0] == '=')
            return img__fail(err, IMG_EFORMAT, "the config's env has '%.100s', which is not K=V",
                             env->items[i]);
    return 0;
}

/* The runtime looks HOME up itself if it is not set. */
static int add_home(struct conversion *c, img_error *err)
{
    const char *home = c->user->home;
    auto_free char *text = NULL;
    if (!home || has_variable(&c->env, "HOME"))
        return 0;
    if (img__setting_check_utf8("home", home, NULL))
        return img__fail(err, IMG_EFORMAT, "the home '%.100s' of the user is not UTF-8", home);
    if (asprintf(&text, "HOME=%s", home) < 0) {
        text = NULL;
        return img__fail_memory(err);
    }
    return img__strv_add(&c->env, text, err);
}

static int collect_env(struct conversion *c, img_error *err)
{
    auto_(strv) struct strv own = STRV_INIT;
    int rc = img__config_list(c->config, "env", &own, err);
    if (rc == 0)
        rc = check_env(&own, err);
    if (rc == 0 && !has_variable(&own, "PATH"))
        rc = img__strv_add(&c->env, PATH_DEFAULT, err);
    if (rc == 0 && c->options->terminal && !has_variable(&own, "TERM"))
        rc = img__strv_add(&c->env, "TERM=xterm", err);
    if (rc == 0)
        rc = img__strv_add_list(&c->env, img__strv_list(&own), err);
    return rc ? rc : add_home(c, err);
}

static int check_volumes(const struct strv *volumes, img_error *err)
{
    for (size_t i = 0; i < volumes->count; i++) {
        const char *path = volumes->items[i];
        if (path[0] != '/' || strspn(path, "/") == strlen(path))
            return img__fail(err, IMG_EFORMAT,
                             "the config's volume '%.200s' is not an absolute path below /", path);
    }
    return 0;
}

static int collect(struct conversion *c, img_error *err)
{
    const char *hostname = c->options->hostname;
    int rc = hostname ? img__setting_check_line("hostname", hostname, err) : 0;
    if (rc == 0)
        rc = collect_args(c, err);
    if (rc == 0)
        rc = collect_env(c, err);
    if (rc == 0)
        rc = img__config_list(c->config, "expose", &c->ports, err);
    if (rc == 0)
        rc = img__config_list(c->config, "volume", &c->volumes, err);
    return rc ? rc : check_volumes(&c->volumes, err);
}

static struct json *list_of(const struct strv *strv)
{
    auto_(json) struct json *list = img__json_array();
    for (size_t i = 0; i < strv->count; i++)
        if (!img__json_append(list, img__json_string(strv->items[i])))
            return NULL;
    return steal(list);
}

static struct json *make_user(const struct user *user)
{
    auto_(json) struct json *made = img__json_object(), *groups = img__json_array();
    for (size_t i = 0; i < user->group_count; i++)
        if (!img__json_append(groups, img__json_size(user->groups[i])))
            return NULL;
    bool ok = img__json_set(made, "uid", img__json_size(user->uid)) &&
              img__json_set(made, "gid", img__json_size(user->gid)) &&
              (user->group_count == 0 || img__json_set(made, "additionalGids", steal(groups)));
    return ok ? steal(made) : NULL;
}

/* One that is not absolute begins at the root, as in Docker. */
static struct json *make_cwd(const char *workdir)
{
    auto_free char *path = NULL;
    if (asprintf(&path, "%s%s", *workdir == '/' ? "" : "/", workdir) < 0) {
        path = NULL;
        return NULL;
    }
    return img__json_string(path);
}

static struct json *make_process(const struct conversion *c)
{
    auto_(json) struct json *made = img__json_object();
    const char *workdir = img__config_field(c->config, "workdir");
    bool ok = img__json_set(made, "terminal", img__json_bool(c->options->terminal)) &&
              img__json_set(made, "user", make_user(c->user)) &&
              img__json_set(made, "args", list_of(&c->args)) &&
              img__json_set(made, "env", list_of(&c->env)) &&
              img__json_set(made, "cwd", make_cwd(workdir)) &&
              img__json_set(made, "capabilities", img__runtime_capabilities()) &&
              img__json_set(made, "rlimits", img__runtime_rlimits()) &&
              img__json_set(made, "noNewPrivileges", img__json_bool(true));
    return ok ? steal(made) : NULL;
}

static struct json *make_root(void)
{
    auto_(json) struct json *made = img__json_object();
    bool ok = img__json_set(made, "path", img__json_string("rootfs")) &&
              img__json_set(made, "readonly", img__json_bool(false));
    return ok ? steal(made) : NULL;
}

struct volume {
    const char *path;
    const struct runtime_volume *as; /* may be NULL */
};

static struct json *make_volume(const struct volume *volume)
{
    const struct runtime_volume *as = volume->as;
    char options[160];
    int len = snprintf(options, sizeof(options), "rw,nosuid,nodev,noexec,relatime");
    if (as && as->known)
        snprintf(options + len, sizeof(options) - (size_t)len, ",mode=%04o,uid=%u,gid=%u",
                 as->mode & 07777u, as->uid, as->gid);
    return img__runtime_mount(volume->path, "tmpfs", "none", options);
}

static int compare_volumes(const void *a, const void *b)
{
    return strcmp(((const struct volume *)a)->path, ((const struct volume *)b)->path);
}

/* The default mounts, then the volumes, outer ones before inner ones. */
static struct json *make_mounts(const struct conversion *c)
{
    auto_(json) struct json *mounts = img__runtime_mounts(c->options);
    size_t count = c->volumes.count;
    auto_free struct volume *volumes = calloc(count + 1, sizeof(*volumes));
    if (!volumes)
        return NULL;
    for (size_t i = 0; i < count; i++)
        volumes[i] = (struct volume){c->volumes.items[i],
                                     c->options->volumes ? &c->options->volumes[i] : NULL};
    qsort(volumes, count, sizeof(*volumes), compare_volumes);
    for (size_t i = 0; i < count; i++)
        if (!img__json_append(mounts, make_volume(&volumes[i])))
            return NULL;
    return steal(mounts);
}

static int compare_texts(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

/* "53/udp,80/tcp". */
static char *join_ports(struct strv *ports)
{
    auto_(buf) struct buf text = BUF_INIT(TEXT_MAX);
    if (ports->count)
        qsort(ports->items, ports->count, sizeof(*ports->items), compare_texts);
    for (size_t i = 0; i < ports->count; i++) {
        img__buf_puts(&text, i ? "," : "");
        img__buf_puts(&text, ports->items[i]);
    }
    return img__buf_steal(&text);
}

/* The strings of "os.features", as one. */
static char *join_features(const struct config *config)
{
    const struct json *features = img__json_get(config->json, "os.features");
    auto_(buf) struct buf text = BUF_INIT(TEXT_MAX);
    for (size_t i = 0, count = img__json_count(features); i < count; i++) {
        const char *word = img__json_text(img__json_at(features, i));
        if (text.len && word)
            img__buf_putc(&text, ',');
        img__buf_puts(&text, word ? word : "");
    }
    return img__buf_steal(&text);
}

static bool annotate(struct json *made, const char *key, const char *value)
{
    return value && (!*value || img__json_set(made, key, img__json_string(value)));
}

/* What the image says of itself. */
static bool put_implicit(struct json *made, struct conversion *c)
{
    const struct config *config = c->config;
    auto_free char *ports = join_ports(&c->ports), *features = join_features(config);
    const img_platform *platform = &config->platform;
    return annotate(made, PREFIX "os", platform->os) &&
           annotate(made, PREFIX "architecture", platform->architecture) &&
           annotate(made, PREFIX "variant", platform->variant) &&
           annotate(made, PREFIX "os.version", platform->os_version) &&
           annotate(made, PREFIX "os.features", features) &&
           annotate(made, PREFIX "author", img__config_field(config, "author")) &&
           annotate(made, PREFIX "created", img__config_field(config, "created")) &&
           annotate(made, PREFIX "stopSignal", img__config_field(config, "stop-signal")) &&
           annotate(made, PREFIX "exposedPorts", ports);
}

/* Labels come last and win. One with an empty key, which annotations can't have, is left out. */
static struct json *make_annotations(struct conversion *c)
{
    auto_(json) struct json *made = img__json_object();
    const struct json *config = img__json_get(c->config->json, "config"), *value;
    const struct json *labels = img__json_get(config, "Labels");
    const char *key;
    if (!made || !put_implicit(made, c))
        return NULL;
    for (void *at = NULL; img__json_next(labels, &at, &key, &value);)
        if (*key && !img__json_set(made, key, img__json_string(img__json_text(value))))
            return NULL;
    return img__json_sort(made) ? steal(made) : NULL;
}

static struct json *make_document(struct conversion *c)
{
    auto_(json) struct json *made = img__json_object();
    const char *hostname = c->options->hostname;
    bool ok =
        img__json_set(made, "ociVersion", img__json_string("1.0.2")) &&
        img__json_set(made, "process", make_process(c)) &&
        img__json_set(made, "root", make_root()) &&
        img__json_set(made, "hostname", img__json_string(hostname ? hostname : "container")) &&
        img__json_set(made, "mounts", make_mounts(c)) &&
        img__json_set(made, "annotations", make_annotations(c)) &&
        img__json_set(made, "linux", img__runtime_linux(c->options));
    return ok ? steal(made) : NULL;
}

int img__runtime_config_write(const struct config *config, const struct user *user,
                              const struct runtime_options *options, struct buf *out,
                              img_error *err)
{
    auto_(conversion) struct conversion c = {.config = config, .user = user, .options = options};
    if (strcmp(config->platform.os, "linux") != 0)
        return img__fail(err, IMG_EUNSUPPORTED, "the image is for %s; bundles are made for linux",
                         config->platform.os);
    int rc = collect(&c, err);
    if (rc)
        return rc;
    auto_(json) struct json *document = make_document(&c);
    if (!document)
        return img__fail_memory(err);
    img__json_write(document, out);
    return img__buf_check(out, "config.json", err);
}
