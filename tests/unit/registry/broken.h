/* SPDX-License-Identifier: Apache-2.0
 *
 * A registry that has some blobs and gives them away badly, and a client that wants them.
 */
#ifndef TESTS_REGISTRY_BROKEN_H
#define TESTS_REGISTRY_BROKEN_H

#include "registry/peer.h"

#define SIZE 300000
#define TRIES 4
#define BLOB "\"method\":\"GET\",\"path\":\"/v2/.*/blobs/.*\""
#define CDN "\"method\":\"GET\",\"path\":\"/cdn/.*\""

struct scene {
    struct peer peer;
    struct registry *registry;
    struct endpoint *endpoint;
    struct memory memory;
    struct blob_job jobs[PEER_BLOBS_MAX];
    size_t count;
    struct events events;
};

static inline void use(struct scene *scene, enum registry_access access, uint32_t tries)
{
    img_client_options options = IMG_CLIENT_OPTIONS_INIT;
    options.tries = tries;
    options.stall_timeout_ms = 1000;
    img__endpoint_free(scene->endpoint);
    img__registry_free(scene->registry);
    scene->registry = peer_client(&scene->peer, options);
    scene->endpoint = peer_endpoint(scene->registry, &scene->peer, "a:1", access);
    events_init(&scene->events);
}

/* A registry that has count blobs of SIZE and a little more, and misbehaves. */
static inline void open_scene(struct scene *scene, const char *rules, size_t count)
{
    img_error err;
    char script[2048];
    *scene = (struct scene){0};
    snprintf(script, sizeof(script), "{\"rules\":[%s]}", rules);
    peer_fake(&scene->peer, script);
    memory_init(&scene->memory);
    for (size_t i = 0; i < count; i++)
        memory_add(&scene->memory, SIZE + i, (unsigned)i);
    scene->count = memory_jobs(&scene->memory, NULL, scene->jobs);
    use(scene, REGISTRY_PUSH, 2);
    assert_ok(scene->endpoint->ops->send(scene->endpoint, scene->jobs, count, NULL, &err));
    use(scene, REGISTRY_PULL, TRIES);
}

static inline int pull(struct scene *scene, img_error *err)
{
    return scene->endpoint->ops->fetch(scene->endpoint, scene->jobs, scene->count,
                                       &scene->events.observer, err);
}

static inline void close_scene(struct scene *scene)
{
    img__endpoint_free(scene->endpoint);
    img__registry_free(scene->registry);
    memory_clear(&scene->memory);
    peer_stop(&scene->peer);
}

#endif
