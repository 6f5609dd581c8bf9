/* Limits of attempts in fixed windows, kept in the database so that a restart forgives nothing. What is counted (an
 * account at the password page, an address at the login) is stored as a digest. */
#pragma once
#include "base/clock.h"
#include "store/store.h"

/* Counts one attempt; ERR_L_RATE when more than max have been made in this window. */
enum err rate_hit(struct store *store, const struct clock *clock, const char *what, const char *who, int64_t max,
                  int64_t window_sec) MUST_CHECK;
enum err rate_clear(struct store *store, const char *what, const char *who) MUST_CHECK; /* after a success */
