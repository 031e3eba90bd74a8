/* SPDX-License-Identifier: MIT
 * The code in README.md, docs/install.md and examples/README.md, as a reader copies it, and the
 * picture. */
#include "folder.h"
#include "page.h"
#include "process.h"
#include "sockets.h"
#include "test.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static char *folder, *page, *install, *examples;

static int prepare(void **state)
{
    (void)state;
    page = shell("cat README.md");
    install = shell("cat docs/install.md");
    examples = shell("cat examples/README.md");
    folder = folder_create();
    free(shell("cp listenfd.h listenfd.c '%s'", folder));
    return 0;
}

static int clean_up(void **state)
{
    (void)state;
    folder_remove(folder);
    free(examples);
    free(install);
    free(page);
    return 0;
}

static void write_source(const char *name, const char *before, const char *code, const char *after)
{
    char *path = path_in(folder, name), *text;

    assert_true(asprintf(&text, "%s%s%s", before, code, after) > 0);
    write_file(path, text);
    free(text);
    free(path);
}

static void compile(const char *command)
{
    free(shell("cd '%s' && %s", folder, command));
}

static void assert_says_hello(const char *program)
{
    const int listener[] = {internet_socket(SOCK_STREAM, "127.0.0.1")};
    const char *argv[] = {program, NULL}, *variables[] = {"LISTEN_FDS=1", "LISTEN_PID=$PID", NULL};
    const struct launch launch = {
        .argv = argv, .environ_ = variables, .descriptors = listener, .count = 1, .folder = folder};
    struct process server;
    char *answer;

    process_start(&server, &launch);
    answer = exchange(connect_port(port_of_socket(listener[0])), "");
    assert_non_null(strstr(answer, "\r\n\r\nhello\n"));
    free(answer);
    process_discard(&server);
    close(listener[0]);
}

/* With the first of the commands below it. */
static void test_the_server_on_the_first_screen(void **state)
{
    const char *section = page_behind(page, "A server takes its socket in one call");
    char *code = page_block(section, "c"), *commands = page_block(section, "sh");

    (void)state;
    write_source("server.c", "", code, "");
    commands[strcspn(commands, "\n")] = '\0';
    compile(commands);
    assert_says_hello("./server");
    compile("${CC:-cc} -Wall -Wextra -Werror -o server server.c listenfd.c");
    free(code);
    free(commands);
}

static void test_embedding(void **state)
{
    char *code = page_block(page_behind(install, "with no visible symbol:"), "c");

    (void)state;
    write_source("embedded.c", "", code, "int main(void) { return 0; }\n");
    compile("${CC:-cc} -Wall -Wextra -Werror -O2 -o embedded embedded.c");
    free(code);
}

static void test_several_sockets(void **state)
{
    char *code = page_block(page_behind(examples, "A server with several sockets"), "c");

    (void)state;
    write_source("several.c",
                 "#include \"listenfd.h\"\n"
                 "int start(struct listenfd *passed, int (*complain)(const char *));\n"
                 "int start(struct listenfd *passed, int (*complain)(const char *))\n"
                 "{\n"
                 "listenfd_socket web_fd, admin_fd;\n",
                 code, "return 0;\n}\n");
    compile("${CC:-cc} -Wall -Wextra -Werror -c several.c");
    free(code);
}

/* It shows what systemfd says today. */
static void test_the_picture(void **state)
{
    char *build = build_folder(), *text;
    int status =
        shell_status(&text, "python3 -B docs/demo.py '%s/systemfd' --check docs/demo.svg", build);

    (void)state;
    if (status == 77 || status == 127)
        skip_because("%s", text);
    if (status != 0)
        fail_msg("%s", text);
    free(text);
    free(build);
}

static void test_all_of_them(void **state)
{
    char *code = page_block(page_behind(examples, "One that takes all there are"), "c");

    (void)state;
    write_source(
        "all.c",
        "#include \"listenfd.h\"\n"
        "int start(struct listenfd *passed, int (*complain)(const char *), int (*serve)(int));\n"
        "int start(struct listenfd *passed, int (*complain)(const char *), int (*serve)(int))\n"
        "{\n"
        "listenfd_socket fd;\n",
        code, "return 0;\n}\n");
    compile("${CC:-cc} -Wall -Wextra -Werror -c all.c");
    free(code);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_the_server_on_the_first_screen),
        cmocka_unit_test(test_embedding),
        cmocka_unit_test(test_several_sockets),
        cmocka_unit_test(test_all_of_them),
        cmocka_unit_test(test_the_picture),
    };

    return cmocka_run_group_tests(tests, prepare, clean_up);
}
