/* SPDX-License-Identifier: MIT
 * Finds the code in a page of documentation, for tests that compile and run it. */
#ifndef PAGE_H
#define PAGE_H

#include <stddef.h>

/* The text after the first occurrence of this part. Fails the test if there is none. */
const char *page_behind(const char *page, const char *part);

/* The first fenced block of that language ("c", "sh") after `from`; for free(). */
char *page_block(const char *from, const char *language);

/* How many blocks of that language the page has. */
size_t page_count_blocks(const char *page, const char *language);

#endif
