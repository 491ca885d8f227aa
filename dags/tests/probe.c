/* Replaces the program of a job's container: prints its command and RUN_ID, then behaves as the environment configures for
   this command: SECONDS_<command> is the duration, MEMORY_<command> that it uses too much memory, LINES_<command> the end of
   the log, EXIT_<command> the exit code; EXIT_<collections> is one without a delay. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const char *setting(const char *kind, const char *name) {
    char full[64];
    snprintf(full, sizeof full, "%s_%s", kind, name ? name : "");
    return getenv(full);
}

static int number(const char *kind, const char *name) {
    const char *value = setting(kind, name);
    return value ? atoi(value) : 0;
}

int main(int count, char **arguments) {
    const char *command = count > 1 ? arguments[1] : "none";
    const char *run = getenv("RUN_ID"), *lines = setting("LINES", command);
    int code = number("EXIT", command), immediate = number("EXIT", getenv("COLLECTIONS"));
    setvbuf(stdout, NULL, _IONBF, 0);
    printf("probe: %s with %d more arguments, run %s\n", command, count > 2 ? count - 2 : 0, run ? run : "unknown");
    if (immediate)
        return immediate;
    sleep(number("SECONDS", command));
    while (setting("MEMORY", command))
        memset(malloc(1 << 20), 1, 1 << 20);
    if (lines)
        puts(lines);
    return code;
}
