/* SPDX-License-Identifier: MIT
 * Chromium, controlled through chromedriver (W3C WebDriver): one at a time, beside devserver.h. */
#ifndef BROWSER_H
#define BROWSER_H

/* Skips the test if Chromium is not installed. */
void skip_without_chromium(void);

void start_chromium(void);
void stop_chromium(void);

/* A teardown in place of remove_project. */
int end_chromium(void **state);

/* Opens a path of systemfd's first socket; host is a name or an address of this machine. Does not
 * wait until the page is loaded. */
void open_page(const char *host, const char *path);

/* Does this JavaScript expression hold in the page? 0 also while the page is being loaded, as it
 * gives no answer then. */
int holds(const char *expression);

/* Saves a picture to look at, if SCREENSHOT=FILE is in the environment. */
void take_screenshot(void);

#endif
