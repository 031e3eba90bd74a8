/* SPDX-License-Identifier: MIT
 * Makes one call of the system fail. The objects under test call faulty_bind instead of bind,
 * and so on for all of calls.h (faults.mk renames them); the tests' own calls are left alone. */
#ifndef INJECTOR_H
#define INJECTOR_H

/* A row of calls.h. */
struct call {
    const char *name;
    int errors[20]; /* ended by 0 */
};

extern const struct call calls[]; /* ended by a name of NULL */

/* ---- In this process ---- */

/* The nth of these calls fails, once, with this error: of those that are made between fault_begin
 * and fault_end. */
void fault_arm(const char *call, unsigned nth, int error);
void fault_begin(void);
void fault_end(void);

/* Did it, since fault_arm? */
int fault_struck(void);

/* ---- In another program, linked with the injector ---- */

/* Variables of its environment:
 *   FAULT=CALL:NTH:ERRNO  as fault_arm; what it forks is counted with it
 *   FAULT=*               none fails, all are logged
 *   FAULT_LOG=PATH        where the names of those that failed are appended, as lines */

#endif
