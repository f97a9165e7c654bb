/* SPDX-License-Identifier: Apache-2.0
 *
 * Who waits for the first answer of a host, in order. If the first call fails, the next one is the
 * first; only an interruption ends them all.
 */
#include "registry/greeting.h"

bool img__greeting_wait(struct call *call)
{
    struct host *host = call->request.access->host;
    struct call **last = &host->shy;
    if (!call->own || host->greeted || !host->greeter || host->greeter == call)
        return false;
    while (*last)
        last = &(*last)->next_waiter;
    call->next_waiter = NULL;
    *last = call;
    return true;
}

void img__greeting_sent(struct call *call)
{
    struct host *host = call->request.access->host;
    if (call->own && !host->greeted)
        host->greeter = call;
}

void img__greeting_over(struct host *host, int code, const img_error *err)
{
    struct call *call = host->shy, *next;
    host->shy = host->greeter = NULL;
    host->greeted = host->greeted || code == 0;
    for (; call; call = next) {
        next = call->next_waiter;
        img__call_resume(call, code == IMG_ECANCELED ? code : 0, err);
    }
}
