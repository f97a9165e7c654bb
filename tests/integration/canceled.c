/* SPDX-License-Identifier: Apache-2.0
 *
 * Eight threads that build, push, pull and unpack at once, half of them stopped midway by their
 * callbacks, and then all of them again to the end:
 *
 *     canceled REGISTRY DIRECTORY TREE
 *
 * Every second thread shares its stores with the others, the rest have their own. What the process
 * had before it must have afterwards: descriptors, children, signals, umask, folder, locale,
 * environment; and not a byte may have gone to its output. Says what is wrong on descriptor 3.
 */
#include <libimg/libimg.h>

#include <errno.h>
#include <locale.h>
#include <pthread.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <dirent.h>

#define THREADS 8
#define ROUNDS 3

extern char **environ;

struct worker {
    pthread_t thread;
    int number, round, again;
    char **argv;
    unsigned left; /* events until it is stopped; 0: never */
    int code, stopped;
    img_error err;
};

/* ---- what a host program has ---- */

struct host {
    size_t descriptors;
    struct sigaction actions[65];
    sigset_t mask;
    mode_t mask_of_files;
    char folder[4096], locale[256];
    size_t environment;
};

static size_t count_descriptors(void)
{
    DIR *dir = opendir("/proc/self/fd");
    size_t count = 0;
    while (dir && readdir(dir))
        count++;
    closedir(dir);
    return count;
}

/* The sum of all bytes tells whether a variable changed. */
static size_t sum_environment(void)
{
    size_t sum = 0;
    for (char **line = environ; *line; line++)
        for (const char *c = *line; *c; c++)
            sum = sum * 31 + (unsigned char)*c;
    return sum;
}

static void look(struct host *host)
{
    memset(host, 0, sizeof(*host));
    host->descriptors = count_descriptors();
    for (int i = 1; i < 65; i++)
        sigaction(i, NULL, &host->actions[i]);
    pthread_sigmask(SIG_SETMASK, NULL, &host->mask);
    host->mask_of_files = umask(0);
    umask(host->mask_of_files);
    if (!getcwd(host->folder, sizeof(host->folder)))
        host->folder[0] = '\0';
    snprintf(host->locale, sizeof(host->locale), "%s", setlocale(LC_ALL, NULL));
    host->environment = sum_environment();
}

static int complain(int wrong, const char *what)
{
    if (wrong)
        dprintf(3, "changed: %s\n", what);
    return wrong != 0;
}

static int compare(const struct host *before)
{
    struct host after;
    int wrong = 0;
    look(&after);
    if (after.descriptors != before->descriptors)
        dprintf(3, "%zu descriptors before, %zu after\n", before->descriptors, after.descriptors);
    wrong += after.descriptors != before->descriptors;
    wrong += complain(waitpid(-1, NULL, WNOHANG) != -1 || errno != ECHILD, "children");
    for (int i = 1; i < 65; i++)
        wrong += complain(before->actions[i].sa_handler != after.actions[i].sa_handler, "signals");
    wrong += complain(memcmp(&before->mask, &after.mask, sizeof(after.mask)), "signal mask");
    wrong += complain(before->mask_of_files != after.mask_of_files, "umask");
    wrong += complain(strcmp(before->folder, after.folder), "folder");
    wrong += complain(strcmp(before->locale, after.locale), "locale");
    wrong += complain(before->environment != after.environment, "environment");
    return wrong;
}

/* ---- the work ---- */

static int on_event(const img_event *event, void *arg)
{
    struct worker *worker = arg;
    (void)event;
    if (worker->left == 0 || --worker->left)
        return 0;
    worker->stopped = 1;
    return 1;
}

static int open_store(const struct worker *worker, const char *name, img_store **out,
                      img_error *err)
{
    img_store_options options = IMG_STORE_OPTIONS_INIT;
    char path[512];
    if (worker->number % 2)
        snprintf(path, sizeof(path), "%s/%s", worker->argv[2], name);
    else
        snprintf(path, sizeof(path), "%s/%s%d", worker->argv[2], name, worker->number);
    options.path = path;
    return img_store_open(&options, out, err);
}

static int build(struct worker *worker, img_store *store, const char *name)
{
    img_build_options options = IMG_BUILD_OPTIONS_INIT;
    const char *const names[] = {name, NULL};
    img_build *made = NULL;
    char label[300];
    snprintf(label, sizeof(label), "name=%s", name);
    options.on_event = on_event;
    options.on_event_arg = worker;
    options.no_cache = (uint32_t)worker->round % 2;
    int code = img_build_new(store, &options, &made, &worker->err);
    if (code == 0)
        code = img_build_add_path(made, worker->argv[3], "/", NULL, &worker->err);
    if (code == 0)
        code = img_build_put(made, "label", label, &worker->err);
    if (code == 0)
        code = img_build_commit(made, names, NULL, NULL, &worker->err);
    img_build_free(made);
    return code;
}

static int unpack(struct worker *worker, img_store *store, const char *name)
{
    img_unpack_options options = IMG_UNPACK_OPTIONS_INIT;
    char path[512];
    snprintf(path, sizeof(path), "%s/unpacked/%d-%d-%d", worker->argv[2], worker->number,
             worker->round, worker->again);
    options.on_event = on_event;
    options.on_event_arg = worker;
    options.flags = IMG_UNPACK_ROOTLESS | IMG_UNPACK_NO_SYNC;
    options.threads = 2;
    return img_unpack(store, name, path, &options, NULL, &worker->err);
}

static int copy(struct worker *worker, img_client *client, const char *name)
{
    img_copy_options options = IMG_COPY_OPTIONS_INIT;
    char destination[600];
    snprintf(destination, sizeof(destination), "oci:%s/layout%d:%d", worker->argv[2],
             worker->number, worker->round);
    options.on_event = on_event;
    options.on_event_arg = worker;
    return img_copy(client, name, destination, &options, NULL, &worker->err);
}

static int all_of_it(struct worker *worker, img_client *client, img_store *from, img_store *to)
{
    img_push_options push = IMG_PUSH_OPTIONS_INIT;
    img_pull_options pull = IMG_PULL_OPTIONS_INIT;
    char name[256];
    push.on_event = pull.on_event = on_event;
    push.on_event_arg = pull.on_event_arg = worker;
    snprintf(name, sizeof(name), "%s/t%d:%d", worker->argv[1], worker->number, worker->round);
    int code = build(worker, from, name);
    if (code == 0)
        code = img_push(client, from, name, NULL, &push, NULL, &worker->err);
    if (code == 0)
        code = img_pull(client, to, name, &pull, NULL, &worker->err);
    if (code == 0)
        code = copy(worker, client, name);
    if (code == 0)
        code = unpack(worker, to, name);
    return code;
}

static void *work(void *arg)
{
    struct worker *worker = arg;
    img_store *from = NULL, *to = NULL;
    img_client *client = NULL;
    worker->code = open_store(worker, "from", &from, &worker->err);
    if (worker->code == 0)
        worker->code = open_store(worker, "to", &to, &worker->err);
    if (worker->code == 0)
        worker->code = img_client_new(NULL, &client, &worker->err);
    if (worker->code == 0)
        worker->code = all_of_it(worker, client, from, to);
    img_client_free(client);
    img_store_free(to);
    img_store_free(from);
    return NULL;
}

/* One of all threads; those that have a number of events are stopped by it. */
static int together(struct worker *workers)
{
    int wrong = 0;
    for (int i = 0; i < THREADS; i++)
        if (pthread_create(&workers[i].thread, NULL, work, &workers[i]) != 0)
            abort();
    for (int i = 0; i < THREADS; i++) {
        struct worker *worker = &workers[i];
        pthread_join(worker->thread, NULL);
        int expected = worker->stopped ? IMG_ECANCELED : 0;
        if (worker->code != expected)
            dprintf(3, "thread %d, round %d: %d instead of %d: %s\n", i, worker->round,
                    worker->code, expected, worker->err.message);
        wrong += worker->code != expected;
    }
    return wrong;
}

int main(int argc, char **argv)
{
    struct worker workers[THREADS];
    struct host before;
    int wrong = 0, stopped = 0;
    if (argc != 4)
        return 2;
    memset(workers, 0, sizeof(workers));
    look(&before);
    for (int round = 0; round < 2 * ROUNDS; round++) {
        bool again = round % 2;
        for (int i = 0; i < THREADS; i++) {
            unsigned at = (unsigned)(round * 7 + i * 11) * 2654435761u >> 16;
            workers[i] =
                (struct worker){.number = i, .round = round / 2, .again = again, .argv = argv};
            workers[i].left = again || i < THREADS / 2 ? 0 : 1 + at % 40;
        }
        wrong += together(workers);
        for (int i = 0; i < THREADS; i++)
            stopped += workers[i].stopped;
        wrong += compare(&before);
        for (int i = 0; again && i < THREADS; i++)
            wrong += workers[i].stopped;
    }
    if (stopped < THREADS)
        dprintf(3, "only %d were stopped\n", stopped);
    return wrong || stopped < THREADS;
}
