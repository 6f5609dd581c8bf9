/* The roster in force, for the requests of officers' sessions: fetched anew when the signer's journal has moved, as
 * word.h knows it. Roles that a session got at its login hold only as long as the roster gives them. */
#pragma once
#include "base/buf.h"

struct portal;
struct staff;
enum err staff_new(struct staff **ret_r) MUST_CHECK;
void staff_free(struct staff *r);
struct staff_entry {
	unsigned roles;    /* bits; never 0 */
	char district[16]; /* "430104" */
};
/* That person's line of the roster's text; ERR_L_UNBOUND when it gives no role. */
enum err staff_entry_in(struct span text, const char *person, struct staff_entry *ret_e) MUST_CHECK;
/* The same by the roster in force, by a word at most WORD_MS old; asked for each time where the portal keeps none. */
enum err staff_entry_now(const struct portal *p, const char *person, struct staff_entry *ret_e) MUST_CHECK;
