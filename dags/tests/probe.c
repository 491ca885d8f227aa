/* Replaces the program of a job's container: prints its command and RUN_ID, then behaves as the environment configures for
   this command. EXIT_<command> is the exit code, SECONDS_<command> the duration. */
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static const char *setting(const char *kind, const char *command) {
    char name[64];
    snprintf(name, sizeof name, "%s_%s", kind, command);
    const char *value = getenv(name);
    return value ? value : "0";
}

int main(int count, char **arguments) {
    const char *command = count > 1 ? arguments[1] : "none";
    const char *run = getenv("RUN_ID");
    int code = atoi(setting("EXIT", command));
    setvbuf(stdout, NULL, _IONBF, 0);
    printf("probe: %s with %d more arguments, run %s\n", command, count > 2 ? count - 2 : 0, run ? run : "unknown");
    sleep(atoi(setting("SECONDS", command)));
    if (code != 0)
        printf("ERROR probe: configured to fail\nERROR hint: there is none\n");
    return code;
}
