/* SPDX-License-Identifier: Apache-2.0
 *
 * Addresses that are near: of this machine, or of its link alone, as metadata services have.
 */
#ifndef IMG_NET_ADDRESS_H
#define IMG_NET_ADDRESS_H

#include <stdbool.h>
#include <stdint.h>

enum address_place {
    ADDRESS_ELSEWHERE,
    ADDRESS_LOOPBACK, /* also 0.0.0.0 and ::, which lead there */
    ADDRESS_LINK,
};

/* text without brackets; what is no address is elsewhere. */
enum address_place img__address_place(const char *text);

/* Is it an address, IPv6 perhaps in brackets? */
bool img__address_is(const char *text);

#endif
