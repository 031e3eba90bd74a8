/* SPDX-License-Identifier: MIT */
#include "winsock2.h" // IWYU pragma: keep
