/* SPDX-License-Identifier: MIT
 * Chromium, by way of chromedriver (W3C WebDriver): one at a time, beside devserver.h. */
#ifndef BROWSER_H
#define BROWSER_H

/* Skips the test where there is none. */
void skip_without_chromium(void);

void start_chromium(void);
void stop_chromium(void);

/* In the place of remove_project. */
int end_chromium(void **state);

/* That path of systemfd's first socket, by that name or address of this machine; does not wait
 * until it is loaded. */
void open_page(const char *host, const char *path);

/* Does this expression of JavaScript hold in the page? A page that is just being loaded gives no
 * answer, and so it does not. */
int holds(const char *expression);

/* SCREENSHOT=FILE keeps the picture, for somebody to look at. */
void take_screenshot(void);

#endif
