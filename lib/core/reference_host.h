/* SPDX-License-Identifier: Apache-2.0
 *
 * The host part of a reference.
 */
#ifndef IMG_CORE_REFERENCE_HOST_H
#define IMG_CORE_REFERENCE_HOST_H

#include <stdbool.h>

#include <libimg/error.h>

#define IMG_DOCKER_HUB "docker.io"

/* Checks "host[:port]": a DNS name, an IPv4 or a bracketed IPv6 address; the port is 1..65535. */
int img__reference_check_host(const char *host, img_error *err);

/* Is it one of Docker Hub's names? */
bool img__reference_is_docker_hub(const char *host);

#endif
