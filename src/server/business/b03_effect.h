/* What a B03 wants of the registers: person, details, employment, wage and enrolments of each row, in the words of
 * register/change.h, so that a first filing and its 更正 are one way.
 *
 * A pause that stands open ends with the month before; what is paid already cannot be begun again. A known person's
 * name, number and telephone are not touched (those are key data, changed at the window); details are written where
 * none stand, and rewritten only where the chain wrote them. Of a person whom a correction no longer names everything
 * is as before the chain; his details stay while anybody has enrolled him.
 *
 * A correction's rows are judged as if the chain had never written; a row that changes nothing is not judged again:
 * time may have passed it by. */
#pragma once
#include "server/business/b03_look.h"
#include "server/register/change.h"

struct b03_effect;
/* Of that change of the unit's registers, taken over whatever happens. */
enum err b03_effect_new(const struct desk *d, const struct tables *t, const char *unit_no, struct change *c,
                        struct b03_effect **ret_e) MUST_CHECK;
void b03_effect_free(struct b03_effect *e);
DEFINE_AUTO(b03_effect)
/* The lookups of the rules as if the chain had never written. Borrows both. */
void b03_effect_look(struct b03_effect *e, const struct b03_lookup *base, struct b03_lookup *ret_look);
/* One checked row, each once: *ret_same when the registers hold just that; else faults are added to f: somebody has
 * built on it (B03-25), a correction reaches a month whose bill is approved (B03-24). */
enum err b03_effect_row(struct b03_effect *e, const struct b03 *b, bool *ret_same, struct b03_faults *f) MUST_CHECK;
/* After all rows: the faults of those who are no longer named, as row 0; of their unit too, when it is frozen. */
enum err b03_effect_rest(struct b03_effect *e, struct b03_faults *f) MUST_CHECK;
struct change *b03_effect_take(
	struct b03_effect *e); /* what they say together; the caller's, and nothing else may follow */
