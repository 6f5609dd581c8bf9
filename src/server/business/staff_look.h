/* What the registers say of the unit and the persons of a batch. */
#pragma once
#include "server/business/business.h"
#include "server/register/unit.h"

struct look_known { /* of whom has this number; no person_no: nobody */
	uint8_t digest[32];
	struct staff_person p;
};
struct staff_look {
	const struct desk *desk;
	const struct tables *tables;
	const char *unit_no;
	/* The unit's last answer, for rows of one month ask the same. */
	int month;
	struct staff_unit unit;
	struct look_known *known; /* by digest */
	size_t n;
};
/* Asks for all of a batch together, as of now; unit_no is borrowed. *ret_l is to be ended whatever comes. */
enum err staff_look_load(struct staff_look *l, const char (*ids)[ID_NUMBER_LEN + 1], size_t n) MUST_CHECK;
void staff_look_done(struct staff_look *l);
enum err staff_look_unit(void *look, int month, struct staff_unit *ret_u) MUST_CHECK;
/* A number that was not asked for together is asked for alone. */
enum err staff_look_person(const struct staff_look *l, const char *id_number, struct staff_person *ret_p) MUST_CHECK;
