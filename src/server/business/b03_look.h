/* Lookups of the B03 rules against the registers. */
#pragma once
#include "server/business/b03.h"
#include "server/insurance/joined.h"

struct register_look {
	const struct desk *desk;
	const struct tables *tables;
	struct b03_seen *seen; /* NULL for a form */
	struct b03_lookup look;
	/* The unit's last answer, for rows of one month ask the same. */
	char unit_no[UNIT_NO_LEN + 1];
	int month;
	struct b03_unit unit;
};
void register_look_init(struct register_look *l, const struct desk *d, const struct tables *t, struct b03_seen *seen);
