/* Lookups of the B03 rules against the registers. */
#pragma once
#include "server/business/b03.h"
#include "server/insurance/joined.h"

struct look_known { /* what the registers say of whom has this number; no person_no: nobody */
	uint8_t digest[32];
	struct b03_person p;
};
struct register_look {
	const struct desk *desk;
	const struct tables *tables;
	struct b03_seen *seen; /* NULL for a form */
	struct b03_lookup look;
	/* The unit's last answer, for rows of one month ask the same. */
	char unit_no[UNIT_NO_LEN + 1];
	int month;
	struct b03_unit unit;
	/* register_look_load() */
	const char *known_at; /* unit */
	struct look_known *known;
	size_t n_known;
};
void register_look_init(struct register_look *l, const struct desk *d, const struct tables *t, struct b03_seen *seen);
void register_look_done(struct register_look *l);
/* Asks for all of a batch together: normalised identity numbers, as of now; unit_no is borrowed. */
enum err register_look_load(struct register_look *l, const char *unit_no, const char (*ids)[ID_NUMBER_LEN + 1],
                            size_t n) MUST_CHECK;
