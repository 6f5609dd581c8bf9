/* The roster (岗位名册): who may do what, signed by two security administrators, chained to the ceremony
 * (architecture.md 4; docs/protocol/statement.md, ROSTER). Entry: "P000001 clerk,reviewer 430100": person id, roles,
 * district. Certificates carry the person's id only; what he may do is read here at the moment of his act. */
#pragma once
#include "evidence/statement.h"

enum roster_role {
	ROLE_CLERK = 1,
	ROLE_REVIEWER = 2,
	ROLE_MAKER = 4,
	ROLE_AUDITOR = 8,
	ROLE_SECURITY = 16,
	ROLE_SYSTEM = 32,
};
enum { ROSTER_PERSONS_MAX = STATEMENT_REPEAT_MAX, ROSTER_SECURITY_MIN = 2, PERSON_ID_MAX = 20 };
struct roster_entry {
	char person[PERSON_ID_MAX + 1];
	unsigned roles;
	char district[7];
};
struct roster;
/* Takes nothing from the statement but copies. ERR_SYNTAX names the entry; ERR_ROLE when fewer than two security
 * administrators would remain. */
enum err roster_read(const struct statement *s, struct roster **ret_r) MUST_CHECK;
void roster_free(struct roster *r);
DEFINE_AUTO(roster)
uint64_t roster_number(const struct roster *r);
struct span roster_text(const struct roster *r);
const uint8_t *roster_sm3(const struct roster *r); /* 32 octets, of the text */
size_t roster_count(const struct roster *r);
const struct roster_entry *roster_at(const struct roster *r, size_t i);
/* Any of the roles; false when the person is not listed. */
bool roster_has(const struct roster *r, const char *person, unsigned roles);
/* May follow `before`: number + 1 and its SM3 (ERR_ROSTER_OLD); before NULL: number 0, previous "-". */
enum err roster_follows(const struct statement *s, const struct roster *before) MUST_CHECK;
/* [A-Z0-9]{4,20}: what may stand in a subject id. */
bool person_id_is_good(const char *id);
