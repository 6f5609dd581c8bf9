/* Reading files from outside, in turn: a job holds a worker as long as it runs, and the other pages must keep theirs.
 *
 * Of the workers at most half (and at least one) read at once, at most half of the others wait for a turn,
 * CONVERTING_WAIT_MS at the most; whoever comes then is refused at once (ERR_CONVERT_BUSY), so that one worker in four
 * is always free. A job that takes too long is ERR_CONVERT, as one that was ended by its limits. */
#pragma once
#include "server/convert/convert.h"

enum { CONVERTING_WAIT_MS = 2000 };
struct converting;
/* convert is borrowed; NULL only where nothing but the turns is asked for. */
enum err converting_new(struct convert *convert, unsigned workers, struct converting **ret_c) MUST_CHECK;
void converting_free(struct converting *c);
/* convert_xlsx() and convert_render() of a file in memory. c NULL: ERR_UNAVAILABLE. */
enum err converting_xlsx(struct converting *c, struct span file, const struct convert_limits *limits,
                         const struct xlsx_sink *sink, struct xlsx_summary *ret_s) MUST_CHECK;
enum err converting_render(struct converting *c, bool pdf, struct span file, const struct convert_limits *limits,
                           struct rendering *ret_r) MUST_CHECK;
enum err converting_check(const struct converting *c) MUST_CHECK; /* convert_check() */
/* The turn alone: each begin that succeeds needs its end. */
enum err converting_begin(struct converting *c, int wait_ms) MUST_CHECK;
void converting_end(struct converting *c);
