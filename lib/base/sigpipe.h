/* SPDX-License-Identifier: Apache-2.0
 *
 * Keeps SIGPIPE from escaping: OpenSSL writes to sockets without MSG_NOSIGNAL, archives go to
 * pipes, and a library may not change the disposition of a signal. So it is blocked on this thread
 * for the while, and taken back if it came.
 */
#ifndef IMG_BASE_SIGPIPE_H
#define IMG_BASE_SIGPIPE_H

#include <signal.h>
#include <stdbool.h>

struct sigpipe {
    sigset_t before;
    bool was_pending;
};

void img__sigpipe_hold(struct sigpipe *hold);
void img__sigpipe_release(const struct sigpipe *hold);

#endif
