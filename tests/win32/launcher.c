/* SPDX-License-Identifier: MIT
 * The parts of the launcher that can be tested alone: command lines, secrets and patterns. */
#include "test.h"

#include "command_line.h"
#include "devserver/glob.h"
#include "secret.h"

#include <windows.h>

#include <shellapi.h>
#include <stdlib.h>
#include <string.h>

/* What CommandLineToArgvW, the system's own reading, makes of it is what went in. */
static void check_arguments(const char *const *arguments)
{
    wchar_t *line = join_arguments((char **)(uintptr_t)arguments), **wide;
    char text[256];
    int count, i;

    wide = CommandLineToArgvW(line, &count);
    assert_non_null(wide);
    for (i = 0; arguments[i]; i++) {
        assert_true(i < count);
        WideCharToMultiByte(CP_UTF8, 0, wide[i], -1, text, sizeof text, NULL, NULL);
        assert_string_equal(text, arguments[i]);
    }
    assert_int_equal(count, i);
    LocalFree(wide);
    free(line);
}

static void test_arguments(void **state)
{
    static const char *const rows[][6] = {
        {"server"},
        {"C:\\Program Files\\server.exe", "a"},
        {"server", "", "a b", "a\tb", "\t"},
        {"server", "a\"b", "\"", "\"\"", "\"a b\""},
        {"server", "\\", "a\\", "a b\\", "a b\\\\"},
        {"server", "\\\"", "a\\\"b", "a\\\\\"b c", "\\\\\\\""},
        {"server", "\\\\host\\share\\", "a\\b c\\d", "c:\\"},
        {"server", "%PATH%", "&|<>^", "'a b'", "*"},
        {"server", "\xc3\xa4 \xe2\x82\xac", "\xf0\x9f\x98\x80"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        check_arguments(rows[i]);
}

/* Every string of up to five of these, in two neighbouring arguments. */
static void test_all_short_arguments(void **state)
{
    static const char letters[] = "a \"\\";
    char argument[6];

    (void)state;
    for (int n = 0; n < 4 * 4 * 4 * 4 * 4; n++) {
        for (int i = 0, rest = n; i < 5; i++, rest /= 4)
            argument[i] = letters[rest % 4];
        for (int length = 0; length <= 5; length++) {
            char shorter[6] = "";
            memcpy(shorter, argument, (size_t)length);
            check_arguments((const char *const[]){"server", shorter, shorter, NULL});
        }
    }
}

static void test_secret(void **state)
{
    char secret[SECRET_LENGTH + 1], other[SECRET_LENGTH + 1];

    (void)state;
    for (int n = 0; n < 100; n++) {
        secret_create(secret);
        secret_create(other);
        assert_int_equal(strlen(secret), SECRET_LENGTH);
        assert_int_equal(strspn(secret, "0123456789abcdef-"), SECRET_LENGTH);
        for (int i = 0; i < SECRET_LENGTH; i++)
            assert_int_equal(secret[i] == '-', i == 8 || i == 13 || i == 18 || i == 23);
        assert_int_equal(secret[14], '4');
        assert_non_null(strchr("89ab", secret[19]));
        assert_string_not_equal(secret, other);
    }
}

static void test_comparing(void **state)
{
    char secret[SECRET_LENGTH + 1], given[SECRET_LENGTH + 1];

    (void)state;
    secret_create(secret);
    memcpy(given, secret, sizeof given);
    assert_true(secret_equals(secret, given));
    for (int i = 0; i < SECRET_LENGTH; i++) {
        given[i] ^= 1;
        assert_false(secret_equals(secret, given));
        given[i] ^= 1;
    }
}

static void test_patterns(void **state)
{
    static const struct {
        const char *pattern, *text;
        int matches;
    } rows[] = {
        {"", "", 1},
        {"", "a", 0},
        {"a", "", 0},
        {"*", "", 1},
        {"*", "anything/at all", 1},
        {"*.obj", "Main.OBJ", 1},
        {"*.obj", "main.objx", 0},
        {"*.so.*", "libx.so.1", 1},
        {"*.so.*", "libx.so", 0},
        {".*.sw?", ".file.c.swp", 1},
        {"#*#", "#file#", 1},
        {"*a*b", "xaybazb", 1},
        {"*a*b", "xaybaz", 0},
        {"a**c", "abc", 1},
        {"?", "", 0},
        {"?", "/", 1},
        {"[abc]x", "Bx", 1},
        {"[a-c]x", "dx", 0},
        {"[!a-c]x", "dx", 1},
        {"[^a-c]x", "ax", 0},
        {"[]a]", "]", 1},
        {"[a-]", "-", 1},
        {"*[0-9]", "version 7", 1},
        {"[", "[", 1},
        {"[ab", "[ab", 1},
        {"[ab", "a", 0},
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        if (glob_matches(rows[i].pattern, rows[i].text) != rows[i].matches)
            print_message("'%s' '%s'\n", rows[i].pattern, rows[i].text);
        assert_int_equal(glob_matches(rows[i].pattern, rows[i].text), rows[i].matches);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_arguments), cmocka_unit_test(test_all_short_arguments),
        cmocka_unit_test(test_secret),    cmocka_unit_test(test_comparing),
        cmocka_unit_test(test_patterns),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
