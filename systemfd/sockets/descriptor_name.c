/* SPDX-License-Identifier: MIT */
#include "descriptor_name.h"

int is_of_name_characters(const char *name, size_t length)
{
    for (size_t i = 0; i < length; i++)
        if (name[i] < ' ' || name[i] > '~')
            return 0;
    return 1;
}
