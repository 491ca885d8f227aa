/* What stands in for a job's container: tells its command and its RUN_ID, then does what the environment says for this
   command. EXIT_<command> is the exit code, SECONDS_<command> how long it takes. */
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static const char *asked(const char *what, const char *command) {
    char name[64];
    snprintf(name, sizeof name, "%s_%s", what, command);
    const char *value = getenv(name);
    return value ? value : "0";
}

int main(int count, char **words) {
    const char *command = count > 1 ? words[1] : "none";
    const char *run = getenv("RUN_ID");
    int code = atoi(asked("EXIT", command));
    setvbuf(stdout, NULL, _IONBF, 0);
    printf("probe: %s with %d more words, run %s\n", command, count > 2 ? count - 2 : 0, run ? run : "unknown");
    sleep(atoi(asked("SECONDS", command)));
    if (code != 0)
        printf("ERROR probe: told to fail\nERROR hint: there is none\n");
    return code;
}
