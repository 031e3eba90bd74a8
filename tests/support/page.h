/* SPDX-License-Identifier: MIT
 * Code in a page of documentation, for tests that compile and run it. */
#ifndef PAGE_H
#define PAGE_H

#include <stddef.h>

/* The text behind the first place where this part stands; fails the test when it does not. */
const char *page_behind(const char *page, const char *part);

/* The first fenced block behind it, of that language ("c", "sh"), for free(). */
char *page_block(const char *from, const char *language);

/* How many blocks of that language the page has. */
size_t page_count_blocks(const char *page, const char *language);

#endif
