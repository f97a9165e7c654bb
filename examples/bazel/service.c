/* SPDX-License-Identifier: Apache-2.0
 *
 * A service of one process: it says what its configuration file says, and ends when it is told to.
 * As process 1 of a container it is sent no signal that it has no handler for.
 */
#include <signal.h>
#include <stdio.h>

static volatile sig_atomic_t stop;

static void on_signal(int number)
{
    (void)number;
    stop = 1;
}

int main(void)
{
    struct sigaction action = {.sa_handler = on_signal};
    sigset_t blocked, waiting;
    char line[256];
    FILE *config = fopen("/etc/service.conf", "r");

    if (!config || !fgets(line, sizeof(line), config)) {
        perror("/etc/service.conf");
        return 1;
    }
    fclose(config);
    sigemptyset(&blocked);
    sigaddset(&blocked, SIGTERM);
    sigprocmask(SIG_BLOCK, &blocked, &waiting);
    sigaction(SIGTERM, &action, NULL);
    fputs(line, stdout);
    fflush(stdout);
    while (!stop)
        sigsuspend(&waiting);
    puts("stopped");
    return 0;
}
