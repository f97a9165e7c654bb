/* SPDX-License-Identifier: Apache-2.0
 *
 * Where a user's settings are: the XDG base directory specification, which takes absolute paths
 * alone.
 */
#include "registry/user_dir.h"

#include "base/buf.h"

int img__user_config(const char *name, char **out, img_error *err)
{
    const char *config = getenv("XDG_CONFIG_HOME");
    const char *home = getenv("HOME");
    auto_(buf) struct buf path = BUF_INIT(USER_PATH_MAX);
    *out = NULL;
    if (config && *config == '/')
        img__buf_printf(&path, "%s/%s", config, name);
    else if (home && *home)
        img__buf_printf(&path, "%s/.config/%s", home, name);
    else
        return 0;
    int result = img__buf_check(&path, "a path", err);
    if (result)
        return result;
    *out = img__buf_steal(&path);
    return *out ? 0 : img__fail_memory(err);
}
