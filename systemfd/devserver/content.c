/* SPDX-License-Identifier: MIT */
#include "content.h"

#include "files.h"

#include <stdio.h>
#include <string.h>

/* FNV-1a */
static const uint64_t no_bytes = 0xcbf29ce484222325U;

static uint64_t add_bytes(uint64_t hash, const unsigned char *bytes, size_t count)
{
    for (size_t i = 0; i < count; i++)
        hash = (hash ^ bytes[i]) * 0x100000001b3U;
    return hash;
}

/* ---- Programs, objects and archives ---- */

static int ends_with(const char *text, const char *end)
{
    size_t length = strlen(text), end_length = strlen(end);

    return length >= end_length && strcmp(text + length - end_length, end) == 0;
}

/* The bytes that artifacts have at offset `at`. They count only in files whose names end in
 * name_end. */
static const struct {
    const char *bytes;
    size_t count, at;
    const char *name_end;
} beginnings[] = {
    {"\177ELF", 4, 0, ""},
    {"MZ", 2, 0, ".exe"},
    {"MZ", 2, 0, ".dll"},
    {"!<arch>\n", 8, 0, ""},
    {"!<thin>\n", 8, 0, ""},
    {"\0asm", 4, 0, ""},
    {"\xca\xfe\xba\xbe", 4, 0, ""}, /* Java classes, and Mach-O for several machines */
    {"\xcf\xfa\xed\xfe", 4, 0, ""}, /* Mach-O */
    {"\xce\xfa\xed\xfe", 4, 0, ""},
    {"BC\xc0\xde", 4, 0, ""}, /* LLVM bitcode */
    {"gpch", 4, 0, ""},       /* precompiled headers of gcc */
    {"oncg", 4, 0, ""},       /* notes and data of gcov */
    {"adcg", 4, 0, ""},
    {"\r\n", 2, 2, ".pyc"},
    {"\x64\x86", 2, 0, ".obj"}, /* COFF for x86-64, x86 and ARM64 */
    {"\x4c\x01", 2, 0, ".obj"},
    {"\x64\xaa", 2, 0, ".obj"},
    {"PK\3\4", 4, 0, ".jar"},
    {"PK\3\4", 4, 0, ".war"},
    {"PK\3\4", 4, 0, ".whl"},
};

static int is_artifact(const char *path, const unsigned char *bytes, size_t count)
{
    for (size_t i = 0; i < sizeof beginnings / sizeof beginnings[0]; i++) {
        size_t at = beginnings[i].at, length = beginnings[i].count;
        if (count >= at + length && memcmp(bytes + at, beginnings[i].bytes, length) == 0 &&
            ends_with(path, beginnings[i].name_end))
            return 1;
    }
    return 0;
}

/* Compilers write such a list for make, beside the object: "x.o: x.c x.h"; libtool's has "x.lo". */
static int is_dependency_list(const char *path, const unsigned char *bytes, size_t count)
{
    const unsigned char *colon = memchr(bytes, ':', count);

    return ends_with(path, ".d") && colon && colon - bytes > 2 &&
           (memcmp(colon - 2, ".o", 2) == 0 || memcmp(colon - 2, "lo", 2) == 0);
}

/* ---- Reading ---- */

/* Reads only the beginning of an artifact, or of a file that is too long. */
static struct content read_file(const char *path, FILE *file, int to_its_end)
{
    struct content content = {.state = PRESENT, .hash = no_bytes};
    unsigned char bytes[16384];
    size_t got;

    while ((got = fread(bytes, 1, sizeof bytes, file)) > 0) {
        if (content.length == 0) {
            content.is_text = !memchr(bytes, '\0', got);
            content.is_artifact =
                is_artifact(path, bytes, got) || is_dependency_list(path, bytes, got);
        }
        content.hash = add_bytes(content.hash, bytes, got);
        content.length += (long long)got;
        if (content.is_artifact || !to_its_end)
            break;
    }
    if (ferror(file) || content.is_artifact || !to_its_end)
        content.state = UNKNOWN;
    return content;
}

struct content content_read(const char *path, long long longest)
{
    struct content content = {.state = UNKNOWN, .hash = no_bytes};
    struct look look = file_look(path);
    FILE *file;

    if (look.kind == NOTHING) {
        content.state = ABSENT;
    } else if (look.kind == FOLDER_KIND) { /* a link may lead to another folder now */
        content.state = PRESENT;
        content.hash = file_is_link(path) ? look.identity : no_bytes;
    } else if (look.size == 0) {
        content.state = PRESENT;
    } else if ((file = file_open(path)) != NULL) {
        content = read_file(path, file, look.size <= longest);
        fclose(file);
    }
    return content;
}

int content_is_same(const struct content *a, const struct content *b)
{
    return a->state != UNKNOWN && a->state == b->state &&
           (a->state == ABSENT || (a->hash == b->hash && a->length == b->length));
}
