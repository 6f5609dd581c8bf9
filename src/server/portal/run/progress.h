/* How far an upload has come, for the page that waits for it: counts only, in memory, by filing and person. What is
 * lost with the process is nothing: the upload itself tells its end. Several threads may use it. */
#pragma once
#include "base/err.h"
#include <stdbool.h>
#include <stdint.h>

enum progress_phase { PROGRESS_NONE, PROGRESS_READING, PROGRESS_SAVING, PROGRESS_DONE, PROGRESS_FAILED };
struct progress;
enum err progress_new(struct progress **ret_p) MUST_CHECK;
void progress_free(struct progress *p);
DEFINE_AUTO(progress)
/* The oldest entry goes when there is no room. p may be NULL: nothing is kept. */
void progress_put(struct progress *p, const char *no, const char *person_id, enum progress_phase phase, int64_t rows);
/* NONE, 0 rows */
enum progress_phase progress_get(struct progress *p, const char *no, const char *person_id, int64_t *ret_rows);
const char *progress_name(enum progress_phase phase); /* "reading": for JSON */
