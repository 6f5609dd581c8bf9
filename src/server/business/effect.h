/* What the effects of all businesses share: the change of registers (register/change.h) that a filing makes, and what
 * of it comes too late for its month. Its scope is the filing's unit and the chain of filings that it corrects; months
 * with an approved bill are closed for corrections. What a first filing writes for such a month is recorded as a
 * supplement (补缴), in the same transaction; nothing is charged for it here. */
#pragma once
#include "server/filing/filing.h"
#include "server/register/change.h"

/* persons: the known ones that its rows name; registers: that it writes. */
enum err effect_change_new(const struct desk *d, const struct filing_view *v,
                           const struct register_table *const *registers, const char *const *persons, size_t n,
                           struct change **ret_c) MUST_CHECK;
/* Takes the change over, whatever happens, and prepares it. */
enum err effect_job_new(struct change *c, void **ret_job) MUST_CHECK;
/* For struct service_effect. */
enum err effect_apply(struct tx *tx, void *job) MUST_CHECK;
void effect_cover(struct log_act *a, void *job);
void effect_done(void *job);
