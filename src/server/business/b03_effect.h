/* The effect of an approved B03: person, employment, enrolment and wage rows. */
#pragma once
#include "server/business/b03.h"
#include "server/register/unit.h"

struct b03_effect;
/* Seals and numbers outside of the transaction; rows are those without refusals. */
enum err b03_prepare(const struct desk *d, const struct tables *t, const char *unit_no, const char *filing_no,
                     const struct b03 *rows, size_t n, struct b03_effect **ret_e) MUST_CHECK;
void b03_effect_free(struct b03_effect *e);
DEFINE_AUTO(b03_effect)
/* All rows or none; may run again. ERR_CONFLICT when a register changed since (somebody else enrolled or created the
 * person): check and prepare anew. */
enum err b03_apply_tx(struct tx *tx, const struct b03_effect *e) MUST_CHECK;
/* the same in a transaction of its own */
enum err b03_apply(const struct desk *d, const struct b03_effect *e) MUST_CHECK;
