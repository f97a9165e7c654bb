/* SPDX-License-Identifier: Apache-2.0
 *
 * Downloads into a store, over pulls that fail and beside others that want the same.
 */
#include "registry/broken.h"

#include "store/store.h"

static struct endpoint *store_in(const struct peer *peer, img_store **store)
{
    img_error err;
    char path[128];
    struct endpoint *endpoint;
    img_store_options options = IMG_STORE_OPTIONS_INIT;
    snprintf(path, sizeof(path), "%s/store", peer->dir);
    options.path = path;
    assert_ok(img_store_open(&options, store, &err));
    assert_ok(img__store_endpoint(*store, NULL, &endpoint, &err));
    return endpoint;
}

static void point_at(struct scene *scene, struct endpoint *local)
{
    for (size_t i = 0; i < scene->count; i++)
        scene->jobs[i].local = local;
}

/* What a pull that failed had is not asked for by the next one. */
static void next_pull_goes_on(void **state)
{
    (void)state;
    img_error err;
    struct scene scene;
    auto_(store) img_store *store = NULL;
    open_scene(&scene, "{" BLOB ",\"truncate\":100000,\"times\":1}", 1);
    struct endpoint *local = store_in(&scene.peer, &store);
    point_at(&scene, local);
    use(&scene, REGISTRY_PULL, 1);
    assert_fails(pull(&scene, &err), IMG_ENETWORK, "layer: ");
    use(&scene, REGISTRY_PULL, 1);
    assert_ok(pull(&scene, &err));
    assert_count(&scene.peer, "GET ", "Range=[bytes=100000-]", 1);
    assert_count(&scene.peer, "GET ", "/blobs/", 2);
    assert_true(img__store_has(store, scene.jobs[0].descriptor));
    img__endpoint_free(local);
    close_scene(&scene);
}

/* A failure ends the others at once, and is what is told; what they had is not lost. */
static void siblings_keep_their_parts(void **state)
{
    (void)state;
    img_error err;
    struct scene scene;
    auto_(store) img_store *store = NULL;
    open_scene(&scene,
               "{" BLOB ",\"hold\":100000,\"times\":1},"
               "{" BLOB ",\"delay\":0.3,\"status\":404,\"times\":1}",
               2);
    struct endpoint *local = store_in(&scene.peer, &store);
    point_at(&scene, local);
    assert_fails(pull(&scene, &err), IMG_ENOTFOUND, "404");
    assert_count(&scene.peer, "GET ", "/blobs/", 2);
    assert_ok(pull(&scene, &err));
    assert_count(&scene.peer, "GET ", "Range=[bytes=100000-]", 1);
    assert_count(&scene.peer, "GET ", "/blobs/", 4);
    img__endpoint_free(local);
    close_scene(&scene);
}

/* One blob twice: it comes once. Another one is on its way elsewhere: it is waited for, and taken
 * over when that ends without it. */
static void once_for_all(void **state)
{
    (void)state;
    img_error err;
    struct scene scene;
    uint64_t have;
    auto_(store) img_store *store = NULL;
    open_scene(&scene, "", 3);
    struct endpoint *local = store_in(&scene.peer, &store);
    struct sink *other = NULL;
    scene.jobs[2] = scene.jobs[0];
    point_at(&scene, local);
    assert_ok(local->ops->open_partial(local, scene.jobs[1].descriptor, &other, &have, &err));
    pid_t child = fork();
    if (child == 0) { /* holds the lock for a while */
        usleep(300000);
        _exit(0);
    }
    img__sink_free(other); /* the child still has the lock */
    assert_ok(pull(&scene, &err));
    assert_int_equal(waitpid(child, NULL, 0), child);
    assert_int_equal(scene.events.kinds[IMG_EVENT_DONE], 2);
    assert_int_equal(scene.events.kinds[IMG_EVENT_CACHED], 1);
    events_assert_ended(&scene.events);
    assert_count(&scene.peer, "GET ", "/blobs/", 2);
    img__endpoint_free(local);
    close_scene(&scene);
}

static int stop_waiting(const img_event *event, void *arg)
{
    int *left = arg;
    return event->kind == IMG_EVENT_PROGRESS && --*left == 0;
}

/* Who waits for another process can be stopped. */
static void waits_only_as_long_as_it_may(void **state)
{
    (void)state;
    img_error err;
    struct scene scene;
    uint64_t have;
    int left = 3;
    auto_(store) img_store *store = NULL;
    open_scene(&scene, "", 1);
    struct endpoint *local = store_in(&scene.peer, &store);
    struct sink *other = NULL;
    point_at(&scene, local);
    assert_ok(local->ops->open_partial(local, scene.jobs[0].descriptor, &other, &have, &err));
    scene.events.observer = (struct observer){.on_event = stop_waiting, .on_event_arg = &left};
    assert_int_equal(pull(&scene, &err), IMG_ECANCELED);
    assert_count(&scene.peer, "GET ", "/blobs/", 0);
    img__sink_free(other);
    img__endpoint_free(local);
    close_scene(&scene);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(next_pull_goes_on),
        cmocka_unit_test(siblings_keep_their_parts),
        cmocka_unit_test(once_for_all),
        cmocka_unit_test(waits_only_as_long_as_it_may),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
