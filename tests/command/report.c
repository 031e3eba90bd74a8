/* SPDX-License-Identifier: MIT
 * An error may quote any bytes, and none of them may control the terminal. */
#include "process.h"
#include "test.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* The argument is an unknown option, which the error quotes. */
static void check_quoted(const char *argument, const char *printed)
{
    char *text, *expected;
    int status = shell_status(&text, "systemfd '--%s'", argument);

    assert_true(asprintf(&expected, "systemfd: there is no option --%s; see systemfd --help\n",
                         printed) > 0);
    assert_string_equal(text, expected);
    assert_int_equal(status, 2);
    free(expected);
    free(text);
}

static void test_quoted(void **state)
{
    static const char *const rows[][2] = {
        {"\033[2J", "?[2J"}, /* C0 */
        {"a\nsystemfd: b\rc\177", "a?systemfd: b?c?"},
        {"\302\205\302\2332J\302\237", "????2J??"}, /* C1: NEL, CSI, APC */
        {"\2332J\205", "?2J?"},                     /* C1 as single bytes */
        {"\303\2332J", "\303\2332J"},               /* a letter with the second byte of CSI */
        {"\302\240\303\277", "\302\240\303\277"},   /* the first and last letter of Latin-1 */
        {"\342\202\254\360\237\230\200", "\342\202\254\360\237\230\200"},
        {"\340\240\200\355\237\277\364\217\277\277", "\340\240\200\355\237\277\364\217\277\277"},
        {"\300\233\301\277", "????"}, /* overlong */
        {"\340\202\233x", "???x"},    /* overlong, of C1 */
        {"\360\200\202\233x", "????x"},
        {"\355\240\200x", "???x"},                /* a surrogate */
        {"\364\220\200\200\365\377x", "??????x"}, /* above U+10FFFF */
        {"\342\202x\360\237\230x", "??x???x"},    /* cut off */
        {"\342\302\233x", "???x"},                /* cut off by C1 */
        {"\342\202", "??"},                       /* cut off by the end */
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        check_quoted(rows[i][0], rows[i][1]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_quoted),
    };

    return cmocka_run_group_tests(tests, find_programs, NULL);
}
