/* One clock for all processes. Real time plus an offset in seconds that lives in a file of 8 bytes (int64, host order)
 * shared by mmap; only a demonstration bureau has that file, and no file means no offset. */
#pragma once
#include "base/err.h"
#include <stdint.h>

struct clock;
enum err clock_open(const char *path, struct clock **ret_c) MUST_CHECK; /* NULL or missing file: real time */
void clock_free(struct clock *c);
DEFINE_AUTO(clock)
int64_t clock_now(const struct clock *c);                                   /* UTC seconds; NULL clock is real time */
int64_t clock_mono_ms(void);                                                /* for time-outs and durations only */
enum err clock_set_offset(const char *path, int64_t offset_sec) MUST_CHECK; /* creates the file 0644 */
