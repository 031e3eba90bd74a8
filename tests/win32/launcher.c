/* SPDX-License-Identifier: MIT
 * The parts of the launcher that can be tested alone: command lines, secrets and patterns. */
#include "test.h"

#include "command_line.h"
#include "devserver/files.h"
#include "devserver/glob.h"
#include "exit_code.h"
#include "program.h"
#include "secret.h"
#include "start_error.h"
#include "wide.h"

#include <windows.h>

#include <direct.h>
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

/* ---- Programs ---- */

static char *folder; /* the test's own, and the current one */

static int enter_folder(void **state)
{
    char temp[MAX_PATH], secret[SECRET_LENGTH + 1];

    (void)state;
    secret_create(secret);
    GetTempPathA(sizeof temp, temp);
    folder = malloc(2 * MAX_PATH);
    snprintf(folder, 2 * MAX_PATH, "%ssystemfd-%s", temp, secret);
    return CreateDirectoryA(folder, NULL) && SetCurrentDirectoryA(folder) ? 0 : -1;
}

static int leave_folder(void **state)
{
    char command[2 * MAX_PATH + 32];

    (void)state;
    SetCurrentDirectoryA("..");
    snprintf(command, sizeof command, "rmdir /s /q \"%s\"", folder);
    free(folder);
    return system(command);
}

static void put(const char *name, const char *content)
{
    FILE *file = fopen(name, "wb");

    assert_non_null(file);
    fputs(content, file);
    fclose(file);
}

/* What is found for a command of that name, in UTF-8; "" when there is nothing. */
static char *found(const char *name, char *line, size_t size)
{
    char *command[] = {(char *)(uintptr_t)name, "a b", NULL}, *path;
    struct program program = {0};
    wchar_t *nothing = L"";

    path = to_utf8(program_find(command, &program) ? program.path : nothing);
    if (line)
        snprintf(line, size, "%ls", program.line ? program.line : nothing);
    program_free(&program);
    return path;
}

static void assert_found(const char *name, const char *expected)
{
    char *path = found(name, NULL, 0);

    assert_string_equal(path, expected);
    free(path);
}

static void test_finding(void **state)
{
    char *path;

    (void)state;
    assert_int_equal(_mkdir("bin"), 0);
    assert_int_equal(_mkdir("folder.exe"), 0);
    put("bin/tool.cmd", "");
    put("bin/both.exe", "");
    put("bin/both.cmd", "");
    put("here.exe", "");
    put("two.dots.exe", "");
    put("plain", "");
    SetEnvironmentVariableA("PATH", "nowhere;;\"bin\"");
    SetEnvironmentVariableA("PATHEXT", ".EXE;.CMD");
    assert_found("here", ".\\here.EXE");
    assert_found("here.exe", ".\\here.exe");
    assert_found("two.dots", ".\\two.dots.EXE");
    assert_found("plain", ".\\plain");
    assert_found("both", "bin\\both.EXE");
    assert_found("bin/both", "bin/both.EXE");
    assert_found("both.exe.exe", "");
    assert_found("folder", "");
    assert_found("folder.exe", "");
    assert_found("missing", "");
    assert_int_equal(GetLastError(), ERROR_FILE_NOT_FOUND);
    path = found("tool", NULL, 0); /* as npm is npm.cmd */
    assert_non_null(strstr(path, "\\cmd.exe"));
    free(path);
}

/* What reads a batch file's command line has other rules (CVE-2024-24576). */
static void test_batch_files(void **state)
{
    static const struct {
        const char *argument, *passed;
    } rows[] = {
        {"", "\"\""},
        {"a b", "\"a b\""},
        {"x\"&echo injected&rem ", "\"x\"\"&echo injected&rem \""},
        {"c\\", "\"c\\\\\""},
        {"c\\d\\\"e", "\"c\\d\\\\\"\"e\""},
        {"%PATH%", "\"%%cd:~,%PATH%%cd:~,%\""},
        {"^!&|<>()", "\"^!&|<>()\""},
    };
    static const char *const names[] = {"b.bat", "B.CMD", "b.bat. ."};
    char expected[256];

    (void)state;
    put("b.bat", "");
    put("b.cmd", "");
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        for (size_t j = 0; j < 2; j++) {
            char *command[] = {(char *)(uintptr_t)names[j], (char *)(uintptr_t)rows[i].argument,
                               NULL};
            struct program program;
            char *line;
            assert_int_equal(program_find(command, &program), 1);
            line = to_utf8(program.line);
            snprintf(expected, sizeof expected, "cmd.exe /d /e:ON /v:OFF /s /c \"\".\\%s\" %s\"",
                     names[j], rows[i].passed);
            assert_string_equal(line, expected);
            free(line);
            program_free(&program);
        }
}

static void test_new_line_for_a_batch_file(void **state)
{
    char *command[] = {"b.bat", "a\nb", NULL}, message[256];
    struct program program;

    (void)state;
    put("b.bat", "");
    assert_int_equal(program_find(command, &program), 0);
    assert_int_equal(describe_start_error("b.bat", GetLastError(), message, sizeof message), 126);
    assert_string_equal(message,
                        "cannot execute 'b.bat': an argument of a batch file cannot hold a "
                        "new line");
}

static void test_start_errors(void **state)
{
    char message[256];

    (void)state;
    assert_int_equal(describe_start_error("x", ERROR_FILE_NOT_FOUND, message, sizeof message), 127);
    assert_string_equal(message, "cannot find the command 'x'");
    assert_int_equal(describe_start_error("x", 216, message, sizeof message), 126);
    assert_non_null(strstr(message, "another kind of machine"));
    assert_int_equal(describe_start_error("x", ERROR_BAD_EXE_FORMAT, message, sizeof message), 126);
    assert_null(strstr(message, "%1"));
    assert_true(may_pass_by(ERROR_NOT_ENOUGH_MEMORY));
    assert_true(may_pass_by(ERROR_SHARING_VIOLATION));
    assert_true(may_pass_by(ERROR_ACCESS_DENIED));
    assert_false(may_pass_by(ERROR_BAD_EXE_FORMAT));
}

static void test_exit_codes(void **state)
{
    static const struct {
        DWORD code;
        const char *text;
    } rows[] = {
        {0, "exit status 0"},
        {255, "exit status 255"},
        {0xffffffff, "exit status -1"},
        {0xfffffffe, "exit status -2"},
        {0xc0000005, "0xc0000005, access violation"},
        {0xc00000aa, "0xc00000aa, an exception"},
        {0xe06d7363, "0xe06d7363, a C++ exception"},
        {0xe0000001, "exit status -536870911"},
    };
    struct exit_status how;

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        describe_exit(rows[i].code, &how);
        assert_string_equal(how.text, rows[i].text);
        assert_int_equal(how.code, (int)rows[i].code);
    }
}

/* ---- Files ---- */

/* A compiler or editor may replace or remove it while we read. */
static void test_file_is_shared(void **state)
{
    FILE *file;

    (void)state;
    put("a.txt", "old");
    put("b.txt", "new");
    file = file_open("a.txt");
    assert_non_null(file);
    assert_true(MoveFileExA("a.txt", "c.txt", 0));
    assert_true(MoveFileExA("b.txt", "a.txt", 0));
    assert_true(DeleteFileA("c.txt"));
    fclose(file);
    assert_int_equal(file_look("a.txt").kind, FILE_KIND);
    assert_int_equal(file_look("a.txt").size, 3);
    assert_int_equal(file_look(".").kind, FOLDER_KIND);
    assert_int_equal(file_look("NUL").kind, NOTHING);
    assert_int_equal(file_look("missing").kind, NOTHING);
}

#define LONG_NAME "a-name-of-fifty-characters-that-makes-the-path-longer"

static void test_long_paths(void **state)
{
    char path[600] = ".";
    struct folder *listing;
    struct look look;
    wchar_t *wide;

    (void)state;
    for (int i = 0; i < 8; i++) {
        strcat(path, "/" LONG_NAME);
        wide = to_wide_path(path);
        assert_true(CreateDirectoryW(wide, NULL));
        free(wide);
    }
    assert_true(strlen(path) > MAX_PATH);
    assert_int_equal(file_look(path).kind, FOLDER_KIND);
    assert_true(file_exists(path));
    *strrchr(path, '/') = '\0';
    listing = folder_open(path);
    assert_string_equal(folder_next(listing, &look), LONG_NAME);
    assert_int_equal(look.kind, FOLDER_KIND);
    assert_null(folder_next(listing, &look));
    folder_close(listing);
    strcat(path, "/" LONG_NAME);
    for (int i = 0; i < 8; i++) {
        wide = to_wide_path(path);
        assert_true(RemoveDirectoryW(wide));
        free(wide);
        *strrchr(path, '/') = '\0';
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

#define IN_FOLDER(function) cmocka_unit_test_setup_teardown(function, enter_folder, leave_folder)

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_arguments),    cmocka_unit_test(test_all_short_arguments),
        cmocka_unit_test(test_secret),       cmocka_unit_test(test_comparing),
        cmocka_unit_test(test_patterns),     IN_FOLDER(test_finding),
        IN_FOLDER(test_batch_files),         IN_FOLDER(test_new_line_for_a_batch_file),
        cmocka_unit_test(test_start_errors), cmocka_unit_test(test_exit_codes),
        IN_FOLDER(test_file_is_shared),      IN_FOLDER(test_long_paths),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
