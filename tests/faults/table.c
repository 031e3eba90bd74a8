/* SPDX-License-Identifier: MIT
 * That no call is forgotten: whatever listenfd.c and systemfd want from the system either goes
 * through the injector, or stands here among what cannot fail. */
#include "process.h"
#include "test.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char *const cannot_fail[] = {
    /* work on memory that is there already */
    "__ctype_b_loc",
    "__ctype_tolower_loc",
    "__errno_location",
    "bcmp",
    "fnmatch",
    "free",
    "gnu_dev_major",
    "gnu_dev_minor",
    "htonl",
    "htons",
    "ntohs",
    "inet_ntop",
    "inet_pton",
    "memchr",
    "memcmp",
    "memcpy",
    "memmove",
    "memset",
    "qsort",
    "sigaddset",
    "sigemptyset",
    "sigfillset",
    "snprintf",
    "sscanf",
    "strcasecmp",
    "strcpy",
    "strchr",
    "strcmp",
    "strcpy",
    "strcspn",
    "strerror",
    "strlen",
    "strncasecmp",
    "strncmp",
    "strrchr",
    "strspn",
    "strstr",
    "strtok_r",
    "__strtok_r",
    "strtol",
    "strtoll",
    "strtoul",
    "vsnprintf",
    /* data */
    "_GLOBAL_OFFSET_TABLE_",
    "environ",
    "in6addr_loopback",
    "stderr",
    "stdout",
    /* always succeed, says their manual page: atexit the first 32 times */
    "_exit",
    "atexit",
    "alarm",
    "clock_gettime",
    "exit",
    "getenv",
    "getauxval",
    "geteuid",
    "getpgrp",
    "getpid",
    "getppid",
    "umask",
    /* fail only for arguments that nobody makes: a name with '=', no signal, no stream */
    "dirfd",
    "raise",
    "setitimer",
    "sigaction",
    "signal",
    "sigprocmask",
    "unsetenv",
    /* have an answer, not a failure */
    "ferror",
    "isatty",
};

/* What compilers add when they count coverage or look for mistakes; and newer libcs' names. */
static const char *const prefixes[] = {"__asan_", "__ubsan_", "__gcov_", "__sanitizer_", "faulty_"};

static int is_known(const char *name)
{
    for (size_t i = 0; i < sizeof prefixes / sizeof prefixes[0]; i++)
        if (strncmp(name, prefixes[i], strlen(prefixes[i])) == 0)
            return 1;
    if (strncmp(name, "__isoc", 6) == 0) /* __isoc99_sscanf */
        name = strchr(name + 2, '_') + 1;
    for (size_t i = 0; i < sizeof cannot_fail / sizeof cannot_fail[0]; i++)
        if (strcmp(name, cannot_fail[i]) == 0)
            return 1;
    return 0;
}

/* The calls of that object, in which those of calls.h are renamed. */
static void check(const char *object)
{
    const char *build = getenv("BUILD") ? getenv("BUILD") : "build";
    char *names = shell("nm -u %s/tests/faults/%s.o", build, object);
    size_t faulty = 0, unknown = 0;

    for (char *name = strtok(names, " \n"); name; name = strtok(NULL, " \n")) {
        if (strcmp(name, "U") == 0) /* nm's word for undefined */
            continue;
        faulty += strncmp(name, "faulty_", 7) == 0;
        if (!is_known(name)) {
            print_message("%s calls %s: add it to tests/faults/injector/calls.h with the errors "
                          "of its manual page\n",
                          object, name);
            unknown++;
        }
    }
    free(names);
    assert_int_equal(unknown, 0);
    assert_true(faulty > 10); /* nm has listed something, and the renaming worked */
}

static void test_library(void **state)
{
    (void)state;
    check("listenfd");
}

static void test_launcher(void **state)
{
    (void)state;
    check("systemfd");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_library),
        cmocka_unit_test(test_launcher),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
