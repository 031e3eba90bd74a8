/* SPDX-License-Identifier: MIT */
#include "winsock2.h"

#define BCRYPT_USE_SYSTEM_PREFERRED_RNG 2

LONG BCryptGenRandom(void *algorithm, UCHAR *bytes, ULONG size, ULONG flags);
