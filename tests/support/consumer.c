/* SPDX-License-Identifier: MIT */
#include "consumer.h"

#include "process.h"
#include "sockets.h"
#include "test.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct process server;

static char *read_all(FILE *stream)
{
    char *text = NULL;
    size_t size = 0;

    if (getdelim(&text, &size, '\0', stream) < 0) {
        free(text);
        text = strdup("");
    }
    assert_non_null(text);
    return text;
}

char *build_with(const char *format, ...)
{
    char *command, *in_braces, *text;
    va_list arguments;
    FILE *output;

    va_start(arguments, format);
    assert_true(vasprintf(&command, format, arguments) >= 0);
    va_end(arguments);
    assert_true(asprintf(&in_braces, "{ %s\n} 2>&1", command) >= 0);
    fflush(NULL);
    output = popen(in_braces, "re");
    assert_non_null(output);
    text = read_all(output);
    if (pclose(output) != 0) {
        print_message("this failed: %s\n", command);
        show_text(text);
        fail();
    }
    free(in_braces);
    free(command);
    return text;
}

void assert_serves(const char *systemfd, const char *hello, const char *library_path)
{
    const char *const argv[] = {systemfd, "-s", "http::0", "--", hello, NULL};
    char libraries[512], body[64], *answer;
    const char *const environ_[] = {libraries, NULL};
    int port;

    snprintf(libraries, sizeof libraries, "LD_LIBRARY_PATH=%s", library_path ? library_path : "");
    process_start(&server, &(struct launch){.argv = argv, .environ_ = environ_});
    assert_int_equal(sscanf(process_line_with(&server, "~> socket "),
                            "~> socket http://127.0.0.1:%d/ -> fd #3", &port),
                     1);
    snprintf(body, sizeof body, "\r\n\r\nhello from process %ld\n", (long)server.pid);
    answer = exchange(connect_port(port), "GET / HTTP/1.1\r\nHost: localhost\r\n\r\n");
    assert_non_null(strstr(answer, body));
    free(answer);
    process_signal(&server, SIGTERM);
    assert_int_equal(process_wait(&server), 0);
    process_discard(&server);
}

int stop_server(void **state)
{
    (void)state;
    if (server.output > 0)
        process_discard(&server);
    return 0;
}
