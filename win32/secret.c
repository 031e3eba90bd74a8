/* SPDX-License-Identifier: MIT */
#include "secret.h"

#include "report.h"
#include "system_error.h"

#include <bcrypt.h>
#include <stdio.h>

void secret_create(char secret[SECRET_LENGTH + 1])
{
    unsigned char byte[16];
    char *end = secret;

    if (BCryptGenRandom(NULL, byte, sizeof byte, BCRYPT_USE_SYSTEM_PREFERRED_RNG) != 0)
        die(EXIT_CANNOT_OPEN, "the system's random generator does not work");
    byte[6] = (unsigned char)((byte[6] & 0x0f) | 0x40); /* version 4 */
    byte[8] = (unsigned char)((byte[8] & 0x3f) | 0x80); /* variant 10 */
    for (int i = 0; i < 16; i++)
        end += sprintf(end, "%s%02x", i == 4 || i == 6 || i == 8 || i == 10 ? "-" : "", byte[i]);
}

int secret_equals(const char *secret, const char *given)
{
    unsigned difference = 0;

    for (int i = 0; i < SECRET_LENGTH; i++)
        difference |= (unsigned)(secret[i] ^ given[i]);
    return difference == 0;
}
