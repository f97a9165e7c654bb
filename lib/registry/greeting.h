/* SPDX-License-Identifier: Apache-2.0
 *
 * The first call to a host goes alone (registry.md A11): what it is answered tells in which scheme
 * the host speaks and whom it lets in. Calls that begin meanwhile wait for that; else each of them
 * would bring its own 401 back, and send what it carries twice.
 */
#ifndef IMG_REGISTRY_GREETING_H
#define IMG_REGISTRY_GREETING_H

#include "registry/call.h"

/* True: the call waits, and is resumed later. */
bool img__greeting_wait(struct call *call);

/* The call is on its way: it may be the first. */
void img__greeting_sent(struct call *call);

/* The first call to host was answered (code 0), or will never be. */
void img__greeting_over(struct host *host, int code, const img_error *err);

#endif
