/* SPDX-License-Identifier: MIT
 * The floor: what the program costs without a library. */
#include "receiver.h"

size_t receive_all(void)
{
    return 1;
}
