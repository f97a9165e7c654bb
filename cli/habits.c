/* SPDX-License-Identifier: Apache-2.0
 *
 * Options of docker, podman, skopeo, crane and oras. They are not accepted, since few of them mean
 * the same: whoever types one is told what does.
 */
#include "habits.h"

#include <string.h>

#include "options.h"

static const char hosts[] = "hosts are named one by one: --insecure HOST, --plain-http HOST";
static const char credentials[] = "log in first: imgtool login REGISTRY -u NAME --password-stdin";
static const char whole[] = "an index is copied with all platforms, unless --platform says others";
static const char quiet[] = "did you mean '--progress quiet'?";
static const char platforms[] = "all platforms: --platform all";

static const char edited[] =
    "what is in a registry is edited there; -t docker://NAME puts it there";
static const char no_dockerfile[] = "Dockerfiles are not read; --add SRC:DEST adds files";
static const char repository[] = "-t NAME says where the result goes, repository and all";

static const struct {
    const char *name;
    const char *beside; /* only where this option is; NULL: everywhere */
    const char *instead;
} habits[] = {
    {"tls-verify", "insecure", hosts},
    {"src-tls-verify", "insecure", hosts},
    {"dest-tls-verify", "insecure", hosts},
    {"creds", "authfile", credentials},
    {"src-creds", "authfile", credentials},
    {"dest-creds", "authfile", credentials},
    {"src-authfile", "authfile", "one file is for both: --authfile FILE"},
    {"dest-authfile", "authfile", "one file is for both: --authfile FILE"},
    {"src-cert-dir", "cert-dir", "one folder is for both: --cert-dir DIR, with DIR/HOST[:PORT]"},
    {"dest-cert-dir", "cert-dir", "one folder is for both: --cert-dir DIR, with DIR/HOST[:PORT]"},
    {"retry-times", "retry", "did you mean '--retry'?"},
    {"multi-arch", "sparse", whole},
    {"all", "sparse", whole},
    {"a", "sparse", whole},
    {"all-platforms", "verify", platforms},
    {"all-tags", "verify", "all tags of a repository: imgtool copy --all-tags"},
    {"a", "verify", "all tags of a repository: imgtool copy --all-tags"},
    {"override-os", "platform", "did you mean '--platform OS/ARCH'?"},
    {"override-arch", "platform", "did you mean '--platform OS/ARCH'?"},
    {"quiet", "authfile", quiet},
    {"quiet", "input", quiet},
    {"quiet", "output", quiet},
    {"q", "authfile", quiet},
    {"q", "input", quiet},
    {"q", "output", quiet},
    {"exposed-ports", "unset", "did you mean '--expose'?"},
    {"repo", "unset", repository},
    {"output", "unset", "a file is a place, too: -t oci-archive:FILE"},
    {"o", "unset", "a file is a place, too: -t oci-archive:FILE"},
    {"unsetlabel", "unset", "did you mean '--unset label=KEY'?"},
    {"unsetenv", "unset", "did you mean '--unset env=NAME'?"},
    {"unsetannotation", "unset", "did you mean '--unset annotation=KEY'?"},
    {"clear", "unset", "did you mean '--unset'?"},
    {"replace", "unset", "without -t the image keeps its name"},
    {"create", "unset", "did you mean '-t NAME'?"},
    {"new_layer", "blind", "did you mean '--layer TAR'?"},
    {"new-layer", "blind", "did you mean '--layer TAR'?"},
    {"f", "blind", "did you mean '--layer TAR'?"},
    {"base", "blind", "the image comes first: imgtool append SRC --layer TAR"},
    {"b", "blind", "the image comes first: imgtool append SRC --layer TAR"},
    {"original", "old-base", "the image comes first: imgtool rebase SRC"},
    {"rebased", "old-base", "did you mean '-t NAME'?"},
    {"push", "unset", edited},
    {"push", "blind", edited},
    {"push", "old-base", edited},
    {"f", "no-cache", no_dockerfile},
    {"file", "no-cache", no_dockerfile},
    {"build-arg", "no-cache", no_dockerfile},
    {"load", "no-cache", "there is a pipe for that: -o docker-archive:- | docker load"},
    {"debug", NULL, "did you mean '-vv'?"},
};

static bool has_option(const struct arguments *args, const char *name)
{
    for (size_t t = 0; t < OPTION_TABLES; t++)
        for (const struct option *o = args->tables[t]; o && o->name; o++)
            if (strcmp(o->name, name) == 0)
                return true;
    return false;
}

const char *habit_instead(const struct arguments *args, const char *name, size_t len)
{
    for (size_t i = 0; i < sizeof(habits) / sizeof(habits[0]); i++)
        if (strncmp(habits[i].name, name, len) == 0 && !habits[i].name[len] &&
            (!habits[i].beside || has_option(args, habits[i].beside)))
            return habits[i].instead;
    return NULL;
}
