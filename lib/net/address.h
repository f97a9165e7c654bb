/* SPDX-License-Identifier: Apache-2.0
 *
 * How near an address is.
 */
#ifndef IMG_NET_ADDRESS_H
#define IMG_NET_ADDRESS_H

#include <stdbool.h>

/* The greater the nearer. */
enum address_place {
    ADDRESS_ELSEWHERE,
    ADDRESS_PRIVATE, /* of a private network, or of a provider's own */
    ADDRESS_LINK,    /* of the link alone, as metadata services have */
    ADDRESS_LOOPBACK /* also 0.0.0.0 and ::, which lead there */
};

/* text without brackets; also in the forms that inet_aton() knows ("127.1"). What is no address is
 * elsewhere. */
enum address_place img__address_place(const char *text);

/* Is it an address, IPv6 perhaps in brackets? */
bool img__address_is(const char *text);

#endif
