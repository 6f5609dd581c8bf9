/* The roster in force, for the requests of officers' sessions: fetched anew when the signer's journal has moved, as word.h knows it.
 * Roles that a session got at its login hold only as long as the roster gives them. */
#pragma once
#include "base/buf.h"

struct portal;
struct staff;
enum err staff_new(struct staff **ret_r) MUST_CHECK;
void staff_free(struct staff *r);
/* Bits of that person's roles by the roster's text; ERR_L_UNBOUND when it gives none. */
enum err staff_roles_in(struct span text, const char *person, unsigned *ret_roles) MUST_CHECK;
/* The same by the roster in force, by a word at most WORD_MS old. */
enum err staff_roles_now(const struct portal *p, const char *person, unsigned *ret_roles) MUST_CHECK;
