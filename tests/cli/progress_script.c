/* SPDX-License-Identifier: Apache-2.0
 *
 * Feeds the display with events and a clock from a script on stdin, and lets it write to stdout:
 *
 *   at MS                              sets the clock
 *   size 80x24                         sets the size of the terminal
 *   KIND ID DONE TOTAL DIGEST WHAT     an event; mounted is "mounted:REPOSITORY", no digest is "-"
 *   line LEVEL TEXT
 *   end
 *   show                               writes a form feed, on which screen.py shows the screen
 */
#include <string.h>

#include "progress.h"
#include "text.h"

static int64_t now_ms;

static int64_t script_clock(void)
{
    return now_ms;
}

static int kind_of(char *word, const char **from)
{
    static const char *const words[] = {"",       "started", "progress", "done",
                                        "exists", "mounted", "cached"};

    *from = NULL;
    if (strchr(word, ':')) {
        *from = strchr(word, ':') + 1;
        *strchr(word, ':') = '\0';
    }
    for (int kind = 1; kind < 7; kind++)
        if (text_is(word, words[kind]))
            return kind;
    fprintf(stderr, "unknown word %s\n", word);
    exit(1);
}

static void event(struct progress *p, const char *line)
{
    char word[64], digest[128], what[128];
    unsigned long long done, total;
    img_event e = {0};

    if (sscanf(line, "%63s %u %llu %llu %127s %127[^\n]", word, &e.id, &done, &total, digest,
               what) != 6)
        exit(1);
    e.kind = kind_of(word, &e.from);
    e.what = what;
    e.digest = text_is(digest, "-") ? "" : digest;
    e.done_bytes = done;
    e.total_bytes = total;
    progress_event(p, &e);
}

int main(int argc, char **argv)
{
    struct progress_options options = {.stream = stdout, .now_ms = script_clock};
    auto_(progress) struct progress *p = NULL;
    char line[512], rest[256];
    img_error err;
    int level;

    if (argc != 2 || progress_choose(argv[1], &options.mode, &err) < 0)
        return 1;
    p = progress_new(&options);
    while (fgets(line, sizeof(line), stdin)) {
        if (sscanf(line, "size %255s", rest) == 1) {
            setenv("IMGTOOL_TEST_TTY", rest, 1);
            printf("\033[8;%st", rest);
        } else if (strncmp(line, "at ", 3) == 0)
            now_ms = strtoll(line + 3, NULL, 10);
        else if (sscanf(line, "line %d %255[^\n]", &level, rest) == 2)
            progress_line(p, level, rest);
        else if (text_is(line, "end\n"))
            progress_end(p);
        else if (text_is(line, "show\n"))
            putchar('\f');
        else if (line[0] != '\n' && line[0] != '#')
            event(p, line);
    }
    return 0;
}
