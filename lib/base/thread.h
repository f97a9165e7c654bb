/* SPDX-License-Identifier: Apache-2.0
 *
 * Starting a thread that the program does not notice: no signal is ever delivered to it.
 */
#ifndef IMG_BASE_THREAD_H
#define IMG_BASE_THREAD_H

#include <pthread.h>
#include <stdbool.h>

/* False: the system refuses a thread, and *out is unset. */
bool img__thread_start(pthread_t *out, void *(*run)(void *arg), void *arg);

#endif
