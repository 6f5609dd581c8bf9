/* Functions that are compile errors in this project: they overflow, share hidden state between threads, pass through a
 * shell, or are not random. Force-included before everything else; the headers that declare these names come first, for
 * a poisoned name may not even be declared. memcmp() stays usable: on secrets the rule is ct_equal() (base/secret.h).
 */
#pragma once
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <time.h>
#include <unistd.h>
#include <wchar.h>

#ifndef __clang__ /* the second build, for sanitizers and fuzzing; there the fortified names are macros already */
#pragma GCC poison strcpy stpcpy strcat sprintf vsprintf gets strtok
#pragma GCC poison gmtime localtime asctime ctime
#pragma GCC poison atoi atol atoll atof
#pragma GCC poison system popen
#pragma GCC poison srand rand_r drand48 lrand48 mrand48
#pragma GCC poison tmpnam mktemp

/* OpenSSL's headers call parameters "rand": here only a call is refused. */
int rand(void) __attribute__((error("banned: use gm/rand.h")));
#endif
