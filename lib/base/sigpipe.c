/* SPDX-License-Identifier: Apache-2.0
 *
 * Holding SIGPIPE back on this thread. A write to a broken socket or pipe raises it for the writing
 * thread only, so what is pending afterwards and was not before is ours to swallow.
 */
#include "base/sigpipe.h"

#include <stddef.h>
#include <time.h>

static bool is_pending(void)
{
    sigset_t pending;
    sigemptyset(&pending);
    sigpending(&pending);
    return sigismember(&pending, SIGPIPE) == 1;
}

static void only_sigpipe(sigset_t *set)
{
    sigemptyset(set);
    sigaddset(set, SIGPIPE);
}

void img__sigpipe_hold(struct sigpipe *hold)
{
    sigset_t set;
    only_sigpipe(&set);
    hold->was_pending = is_pending();
    pthread_sigmask(SIG_BLOCK, &set, &hold->before);
}

void img__sigpipe_release(const struct sigpipe *hold)
{
    const struct timespec now = {0, 0};
    sigset_t set;
    only_sigpipe(&set);
    if (!hold->was_pending && is_pending())
        sigtimedwait(&set, NULL, &now);
    pthread_sigmask(SIG_SETMASK, &hold->before, NULL);
}
