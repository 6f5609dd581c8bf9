/* Certificate profiles as data: share/profiles/profiles.json, checked at load with line-exact messages.
 * Names: root, ca, unit-sign, unit-enc, unit-member-sign, unit-member-enc, person-sign, person-enc, staff-sign,
 * staff-enc, card, ocsp, tsa, log (the notary's three). Each row: usage, ca flag, pathlen, validity in days (default
 * and maximum), subject fields required, policy OIDs, ext key usage, C/ST/L. Process-wide table, loaded once at start.
 */
#pragma once
#include "pki/arc.h"
#include "pki/cert.h"
#include <jansson.h>

struct profile {
	char name[32];
	unsigned usage; /* enum cert_ku */
	bool ca;
	int pathlen; /* -1: none */
	int days_default, days_max;
	bool nocheck; /* id-pkix-ocsp-nocheck */
	bool needs_org, needs_uscc, needs_person;
	char policy[96];                        /* dotted; "": none, or arc_leaf */
	enum arc_leaf arc_leaf;                 /* policy under the bureau's own arc, "arc.1" in the file; 0: none */
	char eku[96];                           /* dotted, "" none */
	char state[64], locality[64], org[128]; /* org: fixed O for CA and staff, "" otherwise */
	char common_name[128];                  /* of root and ca, where the caller gives none; "" otherwise */
};
enum err profile_load(const char *path) MUST_CHECK; /* ERR_CONFIG */
enum err profile_load_json(const json_t *doc) MUST_CHECK;
const struct profile *profile_find(const char *name); /* NULL when absent */
