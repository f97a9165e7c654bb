/* SPDX-License-Identifier: Apache-2.0
 *
 * A thread inherits the mask of its creator, so all signals are blocked around its creation: they
 * belong to the program's own threads.
 */
#include "base/thread.h"

#include <signal.h>

bool img__thread_start(pthread_t *out, void *(*run)(void *arg), void *arg)
{
    sigset_t all, before;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    bool started = pthread_create(out, NULL, run, arg) == 0;
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    return started;
}
