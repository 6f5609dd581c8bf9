/* What the effects of all businesses share: the change of registers (register/change.h) that a filing makes. Its scope
 * is the filing's unit and the chain of filings that it corrects; months with an approved bill are closed. The job of
 * such an effect is the struct change itself. */
#pragma once
#include "server/filing/filing.h"
#include "server/register/change.h"

/* persons: the known ones that its rows name. */
enum err effect_change_new(const struct desk *d, const struct filing_view *v, const char *const *persons, size_t n,
                           struct change **ret_c) MUST_CHECK;
/* For struct service_effect; prepare gives the change, prepared. */
enum err effect_apply(struct tx *tx, void *job) MUST_CHECK;
void effect_cover(struct log_act *a, void *job);
void effect_done(void *job);
