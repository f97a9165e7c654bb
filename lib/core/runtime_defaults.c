/* SPDX-License-Identifier: Apache-2.0
 *
 * Mounts, capabilities, limits, namespaces and hidden paths are those of "runc spec", and of
 * "runc spec --rootless" (runc, libcontainer/specconv/example.go), so that what is known of runc's
 * default container is true of a bundle. Two things differ from one runc to the other: ambient
 * capabilities, which its later versions leave out, and a cgroup namespace, which it adds on
 * machines with cgroup v2 alone. Neither is here, since a bundle does not depend on the machine it
 * was made on.
 */
#include "core/runtime_defaults.h"

#include <string.h>

/* A list of strings divided by commas. */
static struct json *list_of(const char *text)
{
    auto_(json) struct json *list = img__json_array();
    while (*text) {
        size_t len = strcspn(text, ",");
        auto_free char *word = strndup(text, len);
        if (!word || !img__json_append(list, img__json_string(word)))
            return NULL;
        text += len + (text[len] == ',');
    }
    return steal(list);
}

struct json *img__runtime_capabilities(void)
{
    static const char *const sets[] = {"bounding", "effective", "permitted"};
    auto_(json) struct json *made = img__json_object();
    for (size_t i = 0; i < sizeof(sets) / sizeof(sets[0]); i++)
        if (!img__json_set(made, sets[i], list_of("CAP_AUDIT_WRITE,CAP_KILL,CAP_NET_BIND_SERVICE")))
            return NULL;
    return steal(made);
}

struct json *img__runtime_rlimits(void)
{
    auto_(json) struct json *list = img__json_array();
    struct json *limit = img__json_object();
    bool ok = img__json_append(list, limit) &&
              img__json_set(limit, "type", img__json_string("RLIMIT_NOFILE")) &&
              img__json_set(limit, "hard", img__json_size(1024)) &&
              img__json_set(limit, "soft", img__json_size(1024));
    return ok ? steal(list) : NULL;
}

struct json *img__runtime_mount(const char *destination, const char *type, const char *source,
                                const char *options)
{
    auto_(json) struct json *mount = img__json_object();
    bool ok = img__json_set(mount, "destination", img__json_string(destination)) &&
              img__json_set(mount, "type", img__json_string(type)) &&
              img__json_set(mount, "source", img__json_string(source)) &&
              (!options || img__json_set(mount, "options", list_of(options)));
    return ok ? steal(mount) : NULL;
}

/* Where a user who is not root gets something else, that follows. */
static const struct {
    const char *destination, *type, *source, *options;
    const char *rootless_type, *rootless_source, *rootless_options;
} mounts[] = {
    {"/proc", "proc", "proc", NULL, NULL, NULL, NULL},
    {"/dev", "tmpfs", "tmpfs", "nosuid,strictatime,mode=755,size=65536k", NULL, NULL, NULL},
    {"/dev/pts", "devpts", "devpts", "nosuid,noexec,newinstance,ptmxmode=0666,mode=0620,gid=5",
     "devpts", "devpts", "nosuid,noexec,newinstance,ptmxmode=0666,mode=0620"},
    {"/dev/shm", "tmpfs", "shm", "nosuid,noexec,nodev,mode=1777,size=65536k", NULL, NULL, NULL},
    {"/dev/mqueue", "mqueue", "mqueue", "nosuid,noexec,nodev", NULL, NULL, NULL},
    {"/sys", "sysfs", "sysfs", "nosuid,noexec,nodev,ro", "none", "/sys",
     "rbind,nosuid,noexec,nodev,ro"},
    {"/sys/fs/cgroup", "cgroup", "cgroup", "nosuid,noexec,nodev,relatime,ro", NULL, NULL, NULL},
};

struct json *img__runtime_mounts(const struct runtime_options *options)
{
    auto_(json) struct json *list = img__json_array();
    for (size_t i = 0; i < sizeof(mounts) / sizeof(mounts[0]); i++) {
        bool other = options->rootless && mounts[i].rootless_type;
        struct json *mount = img__runtime_mount(
            mounts[i].destination, other ? mounts[i].rootless_type : mounts[i].type,
            other ? mounts[i].rootless_source : mounts[i].source,
            other ? mounts[i].rootless_options : mounts[i].options);
        if (!img__json_append(list, mount))
            return NULL;
    }
    return steal(list);
}

/* No device but those that the runtime makes. */
static struct json *resources(void)
{
    auto_(json) struct json *made = img__json_object();
    struct json *devices = img__json_open(made, "devices", JSON_ARRAY);
    struct json *rule = img__json_object();
    bool ok = img__json_append(devices, rule) &&
              img__json_set(rule, "allow", img__json_bool(false)) &&
              img__json_set(rule, "access", img__json_string("rwm"));
    return ok ? steal(made) : NULL;
}

static struct json *mappings(const struct runtime_mapping *map, size_t count)
{
    auto_(json) struct json *list = img__json_array();
    for (size_t i = 0; i < count; i++) {
        struct json *made = img__json_object();
        if (!img__json_append(list, made) ||
            !img__json_set(made, "containerID", img__json_size(map[i].inside)) ||
            !img__json_set(made, "hostID", img__json_size(map[i].outside)) ||
            !img__json_set(made, "size", img__json_size(map[i].size)))
            return NULL;
    }
    return steal(list);
}

static struct json *namespaces(const char *types)
{
    auto_(json) struct json *names = list_of(types), *list = img__json_array();
    for (size_t i = 0, count = img__json_count(names); i < count; i++) {
        const char *type = img__json_text(img__json_at(names, i));
        struct json *made = img__json_object();
        if (!img__json_append(list, made) || !img__json_set(made, "type", img__json_string(type)))
            return NULL;
    }
    return names ? steal(list) : NULL;
}

static bool put_mappings(struct json *made, const struct runtime_options *options)
{
    return img__json_set(made, "uidMappings", mappings(options->uids, options->uid_count)) &&
           img__json_set(made, "gidMappings", mappings(options->gids, options->gid_count));
}

struct json *img__runtime_linux(const struct runtime_options *options)
{
    auto_(json) struct json *made = img__json_object();
    bool mapped = options->uid_count || options->gid_count;
    const char *types = options->rootless ? "pid,ipc,uts,mount,user"
                        : mapped          ? "pid,network,ipc,uts,mount,user"
                                          : "pid,network,ipc,uts,mount";
    bool ok = (!mapped || put_mappings(made, options)) &&
              (options->rootless || img__json_set(made, "resources", resources())) &&
              img__json_set(made, "namespaces", namespaces(types));
    ok = ok &&
         img__json_set(made, "maskedPaths",
                       list_of("/proc/acpi,/proc/asound,/proc/kcore,/proc/keys,/proc/latency_stats,"
                               "/proc/timer_list,/proc/timer_stats,/proc/sched_debug,/sys/firmware,"
                               "/proc/scsi")) &&
         img__json_set(made, "readonlyPaths",
                       list_of("/proc/bus,/proc/fs,/proc/irq,/proc/sys,/proc/sysrq-trigger"));
    return ok ? steal(made) : NULL;
}
