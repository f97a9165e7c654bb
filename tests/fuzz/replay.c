/* SPDX-License-Identifier: Apache-2.0
 *
 * Stands in for libFuzzer: replay FOLDER runs each file in it as it is, cut short, and with single
 * bytes changed.
 */
#include <dirent.h>

#include "fuzz.h"

#define LEN_MAX ((size_t)1 << 20)
#define CHANGES 3000u /* of a file, at most, in even steps */

/* In memory of its own, so that a sanitizer sees what is read beyond it. */
static void run(const uint8_t *data, size_t len)
{
    uint8_t *copy = malloc(len + (len == 0));
    must(copy);
    memcpy(copy, data, len);
    LLVMFuzzerTestOneInput(copy, len);
    free(copy);
}

static void run_changed(uint8_t *data, size_t len)
{
    static const uint8_t changes[] = {0x01, 0x80, 0xff};
    const size_t step = 1 + len * sizeof(changes) / CHANGES;

    for (size_t at = 0; at < len; at += step) {
        run(data, at);
        for (size_t i = 0; i < sizeof(changes); i++) {
            data[at] ^= changes[i];
            run(data, len);
            data[at] ^= changes[i];
        }
    }
}

static void run_file(const char *folder, const char *name)
{
    static uint8_t data[LEN_MAX];
    char *path = NULL;
    must(asprintf(&path, "%s/%s", folder, name) > 0);
    FILE *file = fopen(path, "rb");
    must(file);
    size_t len = fread(data, 1, sizeof(data), file);
    must(!ferror(file) && feof(file));
    fclose(file);
    free(path);
    run(data, len);
    run_changed(data, len);
}

int main(int argc, char **argv)
{
    unsigned files = 0;
    must(argc == 2);
    DIR *dir = opendir(argv[1]);
    must(dir);
    for (const struct dirent *entry; (entry = readdir(dir));)
        if (entry->d_name[0] != '.') {
            run_file(argv[1], entry->d_name);
            files++;
        }
    closedir(dir);
    printf("%u files\n", files);
    return files ? 0 : 1;
}
