#include "server/signer/roster.h"
#include "base/text.h"
#include "gm/sm3.h"
#include <stdlib.h>
#include <string.h>

enum { PERSON_ID_MIN = 4, DISTRICT_LEN = 6 };

struct roster {
	uint64_t number;
	uint8_t sm3[SM3_LEN];
	struct buf text;
	struct roster_entry *entries;
	size_t count;
};

static const struct {
	const char *name;
	unsigned role;
} role_names[] = {
	{"clerk", ROLE_CLERK},     {"reviewer", ROLE_REVIEWER}, {"maker", ROLE_MAKER},
	{"auditor", ROLE_AUDITOR}, {"security", ROLE_SECURITY}, {"system", ROLE_SYSTEM},
};

bool person_id_is_good(const char *id)
{
	size_t n = strlen(id);
	for (size_t i = 0; i < n; i++)
		if (!((id[i] >= 'A' && id[i] <= 'Z') || (id[i] >= '0' && id[i] <= '9')))
			return false;
	return n >= PERSON_ID_MIN && n <= PERSON_ID_MAX;
}

/* --- one entry --- */

static enum err role_read(struct span name, unsigned *roles)
{
	for (size_t i = 0; i < COUNT_OF(role_names); i++) {
		if (!span_eq_str(name, role_names[i].name))
			continue;
		if ((*roles & role_names[i].role) != 0)
			return ERR(SYNTAX, "role given twice");
		*roles |= role_names[i].role;
		return ERR_OK;
	}
	return ERR(SYNTAX, "unknown role");
}

static enum err roles_read(struct span list, unsigned *ret_roles)
{
	unsigned roles = 0;
	struct span name;
	while (span_take_until(&list, ',', &name))
		TRY(role_read(name, &roles));
	TRY(role_read(list, &roles));
	*ret_roles = roles;
	return ERR_OK;
}

static bool district_is_good(struct span s)
{
	for (size_t i = 0; i < s.len; i++)
		if (s.ptr[i] < '0' || s.ptr[i] > '9')
			return false;
	return s.len == DISTRICT_LEN;
}

static enum err entry_read(const char *line, struct roster_entry *ret_e)
{
	struct roster_entry e = {0};
	struct span rest = span_str(line), person, roles;
	if (!span_take_until(&rest, ' ', &person) || !span_take_until(&rest, ' ', &roles) || person.len > PERSON_ID_MAX)
		return ERR(SYNTAX, "roster entry wants person, roles, district");
	memcpy(e.person, person.ptr, person.len);
	if (!person_id_is_good(e.person) || !district_is_good(rest))
		return ERR(SYNTAX, "roster entry: person or district");
	TRY(roles_read(roles, &e.roles));
	memcpy(e.district, rest.ptr, rest.len);
	*ret_e = e;
	return ERR_OK;
}

/* --- the whole --- */

static const struct roster_entry *find(const struct roster *r, const char *person)
{
	for (size_t i = 0; i < r->count; i++)
		if (strcmp(r->entries[i].person, person) == 0)
			return &r->entries[i];
	return NULL;
}

static enum err entries_read(const struct statement *s, struct roster *r)
{
	size_t n = statement_count(s, "entry"), security = 0;
	r->entries = calloc(n == 0 ? 1 : n, sizeof(*r->entries));
	if (r->entries == NULL)
		return ERR(NOMEM, "roster");
	for (size_t i = 0; i < n; i++) {
		struct roster_entry e;
		enum err err = entry_read(statement_get_n(s, "entry", i), &e);
		if (err != ERR_OK)
			return err_note(err, "entry %zu", i + 1);
		if (find(r, e.person) != NULL)
			return ERR(SYNTAX, "entry %zu: person listed twice", i + 1);
		security += (e.roles & ROLE_SECURITY) != 0;
		r->entries[r->count++] = e;
	}
	if (security < ROSTER_SECURITY_MIN)
		return ERR(ROLE, "roster leaves %zu security administrators, wants %d", security, ROSTER_SECURITY_MIN);
	return ERR_OK;
}

enum err roster_read(const struct statement *s, struct roster **ret_r)
{
	int64_t number = 0;
	AUTO(roster) r = calloc(1, sizeof(*r));
	if (r == NULL)
		return ERR(NOMEM, "roster");
	buf_init(&r->text, STATEMENT_MAX);
	TRY(text_i64(span_str(statement_get(s, "number")), 0, INT64_MAX - 1, &number));
	r->number = (uint64_t)number;
	TRY(statement_sm3(s, r->sm3));
	buf_put(&r->text, statement_text(s));
	TRY(buf_err(&r->text));
	TRY(entries_read(s, r));
	*ret_r = STEAL(r);
	return ERR_OK;
}

void roster_free(struct roster *r)
{
	if (r == NULL)
		return;
	buf_done(&r->text);
	free(r->entries);
	free(r);
}

uint64_t roster_number(const struct roster *r)
{
	return r->number;
}

struct span roster_text(const struct roster *r)
{
	return buf_span(&r->text);
}

const uint8_t *roster_sm3(const struct roster *r)
{
	return r->sm3;
}

size_t roster_count(const struct roster *r)
{
	return r->count;
}

const struct roster_entry *roster_at(const struct roster *r, size_t i)
{
	INVARIANT(i < r->count);
	return &r->entries[i];
}

bool roster_has(const struct roster *r, const char *person, unsigned roles)
{
	const struct roster_entry *e = find(r, person);
	return e != NULL && (e->roles & roles) != 0;
}

enum err roster_follows(const struct statement *s, const struct roster *before)
{
	int64_t number = -1;
	char previous[SM3_HEX_LEN + 1] = "-";
	TRY(text_i64(span_str(statement_get(s, "number")), 0, INT64_MAX - 1, &number));
	if (before != NULL)
		text_hex_str(span_of(before->sm3, SM3_LEN), previous);
	uint64_t want = before == NULL ? 0 : before->number + 1;
	if ((uint64_t)number != want)
		return ERR(ROSTER_OLD, "roster %lld, wants %llu", (long long)number, (unsigned long long)want);
	const char *given = statement_get(s, "previous");
	if (strcmp(previous, *given == '\0' ? "-" : given) != 0)
		return ERR(ROSTER_OLD, "roster does not follow the one in force");
	return ERR_OK;
}
