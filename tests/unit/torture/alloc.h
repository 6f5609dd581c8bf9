/* Each allocation fails in turn. The program's own malloc() stands before libc's: it counts the requests that come from
 * our code, from jansson and from SQLite, refuses the one that was ordered, and remembers what our code got and has not
 * given back. */
#pragma once
#include "base/err.h"
#include <stdbool.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>

#include <cmocka.h>

struct torture {
	const char *name;
	enum err (*op)(void *ctx);            /* what is tried; again and again */
	void (*check)(void *ctx, enum err e); /* after each: nothing half done; NULL: no state */
	void *ctx;
	bool keeps; /* what it allocates may stay (a cache): no word on leaks */
};
/* Runs op with the first, the second, … request refused until none is left to refuse: that run must be ERR_OK. A run
 * that met a refusal may fail with any error, or succeed where somebody can do without; it neither crashes nor leaks.
 * Prints how many were refused. */
void torture(const struct torture *t);
