/* SPDX-License-Identifier: Apache-2.0
 *
 * Threads with handles of their own, at work at the same time:
 *
 *     threads REGISTRY DIRECTORY TREE
 *
 * Each builds images of TREE in one store, pushes them, and pulls them into another store; both
 * stores are those of all threads. Meant to be run under ThreadSanitizer, too.
 */
#include <libimg/libimg.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>

#define THREADS 4
#define ROUNDS 3

struct worker {
    pthread_t thread;
    int number;
    char **argv;
    unsigned events;
    int code;
    img_error err;
};

struct handles {
    img_store *from, *to;
    img_client *client;
};

static int count_event(const img_event *event, void *arg)
{
    struct worker *worker = arg;

    worker->events += event->kind == IMG_EVENT_DONE;
    return 0;
}

static int open_store(const char *directory, const char *name, img_store **out, img_error *err)
{
    img_store_options options = IMG_STORE_OPTIONS_INIT;
    char path[512];

    snprintf(path, sizeof(path), "%s/%s", directory, name);
    options.path = path;
    return img_store_open(&options, out, err);
}

static int build(img_store *store, const char *tree, const char *name, img_descriptor *image,
                 img_error *err)
{
    img_build_options options = IMG_BUILD_OPTIONS_INIT;
    img_build *build = NULL;
    const char *names[] = {name, NULL};
    char label[300];

    snprintf(label, sizeof(label), "name=%s", name); /* no image is like another */
    int code = img_build_new(store, &options, &build, err);
    if (code == 0)
        code = img_build_add_path(build, tree, "/", NULL, err);
    if (code == 0)
        code = img_build_put(build, "label", label, err);
    if (code == 0)
        code = img_build_commit(build, names, image, NULL, err);
    img_build_free(build);
    return code;
}

static int there_and_back(struct worker *worker, const struct handles *handles, int round)
{
    img_push_options push = IMG_PUSH_OPTIONS_INIT;
    img_pull_options pull = IMG_PULL_OPTIONS_INIT;
    img_descriptor built, pulled;
    char name[256];

    push.on_event = pull.on_event = count_event;
    push.on_event_arg = pull.on_event_arg = worker;
    snprintf(name, sizeof(name), "%s/thread%d:%d", worker->argv[1], worker->number, round);
    int code = build(handles->from, worker->argv[3], name, &built, &worker->err);
    if (code == 0)
        code = img_push(handles->client, handles->from, name, NULL, &push, NULL, &worker->err);
    if (code == 0)
        code = img_pull(handles->client, handles->to, name, &pull, &pulled, &worker->err);
    if (code == 0 && strcmp(built.digest.text, pulled.digest.text) != 0) {
        snprintf(worker->err.message, sizeof(worker->err.message), "%s: another digest", name);
        code = IMG_EDIGEST;
    }
    return code;
}

static void *work(void *arg)
{
    struct worker *worker = arg;
    struct handles handles = {NULL, NULL, NULL};

    worker->code = open_store(worker->argv[2], "from", &handles.from, &worker->err);
    if (worker->code == 0)
        worker->code = open_store(worker->argv[2], "to", &handles.to, &worker->err);
    for (int round = 0; worker->code == 0 && round < ROUNDS; round++) {
        worker->code = img_client_new(NULL, &handles.client, &worker->err);
        if (worker->code == 0)
            worker->code = there_and_back(worker, &handles, round);
        img_client_free(handles.client);
        handles.client = NULL;
    }
    img_store_free(handles.from);
    img_store_free(handles.to);
    return NULL;
}

int main(int argc, char **argv)
{
    struct worker workers[THREADS];
    int failed = 0;

    if (argc != 4)
        return 2;
    memset(workers, 0, sizeof(workers));
    for (int i = 0; i < THREADS; i++) {
        workers[i].number = i;
        workers[i].argv = argv;
        if (pthread_create(&workers[i].thread, NULL, work, &workers[i]) != 0)
            return 9;
    }
    for (int i = 0; i < THREADS; i++) {
        pthread_join(workers[i].thread, NULL);
        if (workers[i].code)
            fprintf(stderr, "thread %d: %s\n", i, workers[i].err.message);
        else if (workers[i].events == 0)
            fprintf(stderr, "thread %d: no event\n", i);
        failed += workers[i].code || workers[i].events == 0;
    }
    return failed ? 1 : 0;
}
