/* SPDX-License-Identifier: MIT */
#include "clock.h"

#include <windows.h>

long long now_ms(void)
{
    return (long long)GetTickCount64();
}
