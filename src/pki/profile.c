#include "pki/profile.h"
#include "base/file.h"
#include "base/json.h"
#include "gm/der.h"
#include "pki/x509.h"
#include <string.h>

enum { PROFILES_MAX = 32, FILE_MAX = 65536, DAYS_MAX = 3653 };

struct table {
	struct profile row[PROFILES_MAX];
	size_t n;
};

/* Filled once at start, before threads. */
static struct table loaded;

/* --- one row --- */
static enum err unknown_check(const json_t *row)
{
	static const char *const known[] = {"name",     "usage", "ca",          "pathlen", "days_default",
	                                    "days_max", "needs", "policy",      "eku",     "state",
	                                    "locality", "org",   "common_name", "note",    "nocheck"};
	const char *key;
	json_t *value;
	json_object_foreach((json_t *)row, key, value) {
		size_t i = 0;
		while (i < COUNT_OF(known) && strcmp(key, known[i]) != 0)
			i++;
		if (i == COUNT_OF(known))
			return ERR(CONFIG, "member %s is not known", key);
	}
	return ERR_OK;
}

static enum err text_get(const json_t *row, const char *key, char *slot, size_t size)
{
	const json_t *v = json_object_get(row, key);
	if (v == NULL)
		return ERR_OK;
	const char *s = json_string_value(v);
	if (s == NULL || strlen(s) != json_string_length(v) || strlen(s) >= size)
		return ERR(CONFIG, "%s is no text or too long", key);
	if (s[0] != '\0' && !x509_text_ok(s))
		return ERR(CONFIG, "%s is not permitted text", key);
	memcpy(slot, s, strlen(s) + 1);
	return ERR_OK;
}

static enum err oid_get(const json_t *row, const char *key, char *slot, size_t size)
{
	TRY(text_get(row, key, slot, size));
	if (slot[0] != '\0' && !der_oid_ok(slot))
		return ERR(CONFIG, "%s is no object identifier", key);
	return ERR_OK;
}

/* "arc.1", "arc.2": under the arc of the bureau, whichever that is; else an identifier as it stands. */
static enum err policy_get(const json_t *row, struct profile *p)
{
	const char *s = json_string_value(json_object_get(row, "policy"));
	bool attested = s != NULL && strcmp(s, "arc.1") == 0;
	if (!attested && (s == NULL || strcmp(s, "arc.2") != 0))
		return oid_get(row, "policy", p->policy, sizeof(p->policy));
	p->arc_leaf = attested ? ARC_ATTESTED : ARC_PLAIN;
	return ERR_OK;
}

static enum err days_get(const json_t *row, const char *key, int *ret_days)
{
	const json_t *v = json_object_get(row, key);
	if (!json_is_integer(v) || json_integer_value(v) < 1 || json_integer_value(v) > DAYS_MAX)
		return ERR(CONFIG, "%s is not a number from 1 to %d", key, DAYS_MAX);
	*ret_days = (int)json_integer_value(v);
	return ERR_OK;
}

static enum err usage_get(const json_t *row, struct profile *p)
{
	const char *usage = json_string_value(json_object_get(row, "usage"));
	static const struct {
		const char *text;
		enum cert_ku ku;
	} known[] = {{"sign", KU_SIGN}, {"enc", KU_ENC}, {"ca", KU_CA}, {"digital", KU_DIGITAL}};
	for (size_t i = 0; usage != NULL && i < COUNT_OF(known); i++) {
		if (strcmp(usage, known[i].text) == 0)
			p->usage = known[i].ku;
	}
	const json_t *ca = json_object_get(row, "ca"), *len = json_object_get(row, "pathlen");
	if (p->usage == 0 || (ca != NULL && !json_is_boolean(ca)) || json_is_true(ca) != (p->usage == KU_CA))
		return ERR(CONFIG, "usage is not sign, enc, digital or ca, or disagrees with ca");
	p->ca = json_is_true(ca);
	p->pathlen = len == NULL ? -1 : (int)json_integer_value(len);
	if (len != NULL &&
	    (!json_is_integer(len) || json_integer_value(len) < 0 || json_integer_value(len) > 4 || !p->ca))
		return ERR(CONFIG, "pathlen is not a number from 0 to 4 of a CA");
	return ERR_OK;
}

static enum err needs_get(const json_t *row, struct profile *p)
{
	const json_t *needs = json_object_get(row, "needs");
	if (needs != NULL && !json_is_array(needs))
		return ERR(CONFIG, "needs is no list");
	for (size_t i = 0; i < json_array_size(needs); i++) {
		const char *s = json_string_value(json_array_get(needs, i));
		bool *slot = s == NULL                  ? NULL
		             : strcmp(s, "org") == 0    ? &p->needs_org
		             : strcmp(s, "uscc") == 0   ? &p->needs_uscc
		             : strcmp(s, "person") == 0 ? &p->needs_person
		                                        : NULL;
		if (slot == NULL || *slot)
			return ERR(CONFIG, "needs has an unknown or repeated word");
		*slot = true;
	}
	return ERR_OK;
}

static enum err name_get(const json_t *row, struct profile *p)
{
	const char *name = json_string_value(json_object_get(row, "name"));
	size_t len = name == NULL ? 0 : strlen(name);
	if (len == 0 || len >= sizeof(p->name) || strspn(name, "abcdefghijklmnopqrstuvwxyz-") != len)
		return ERR(CONFIG, "name is missing or not of a-z and -");
	memcpy(p->name, name, len + 1);
	return ERR_OK;
}

static enum err row_read(const json_t *row, struct profile *p)
{
	if (!json_is_object(row))
		return ERR(CONFIG, "profile is no object");
	TRY(name_get(row, p));
	TRY(unknown_check(row));
	TRY(usage_get(row, p));
	const json_t *nocheck = json_object_get(row, "nocheck");
	if (nocheck != NULL && !json_is_boolean(nocheck))
		return ERR(CONFIG, "nocheck is not true or false");
	p->nocheck = json_is_true(nocheck);
	TRY(needs_get(row, p));
	TRY(days_get(row, "days_default", &p->days_default));
	TRY(days_get(row, "days_max", &p->days_max));
	if (p->days_default > p->days_max)
		return ERR(CONFIG, "days_default is over days_max");
	TRY(policy_get(row, p));
	TRY(oid_get(row, "eku", p->eku, sizeof(p->eku)));
	if (p->ca && p->eku[0] != '\0')
		return ERR(CONFIG, "a CA has no eku");
	TRY(text_get(row, "state", p->state, sizeof(p->state)));
	TRY(text_get(row, "locality", p->locality, sizeof(p->locality)));
	TRY(text_get(row, "org", p->org, sizeof(p->org)));
	return text_get(row, "common_name", p->common_name, sizeof(p->common_name));
}

/* --- the table --- */
static const struct profile *find(const struct table *t, const char *name)
{
	for (size_t i = 0; i < t->n; i++) {
		if (strcmp(t->row[i].name, name) == 0)
			return &t->row[i];
	}
	return NULL;
}

static enum err table_read(const json_t *doc, struct table *t)
{
	static const char *const must[] = {"root",
	                                   "ca",
	                                   "unit-sign",
	                                   "unit-enc",
	                                   "unit-member-sign",
	                                   "unit-member-enc",
	                                   "person-sign",
	                                   "person-enc",
	                                   "staff-sign",
	                                   "staff-enc",
	                                   "card"};
	const json_t *rows = json_object_get(doc, "profiles");
	if (!json_is_array(rows) || json_array_size(rows) > PROFILES_MAX)
		return ERR(CONFIG, "profiles is no list of at most %d", PROFILES_MAX);
	for (size_t i = 0; i < json_array_size(rows); i++, t->n++) {
		struct profile *p = &t->row[t->n];
		TRY(row_read(json_array_get(rows, i), p));
		if (find(t, p->name) != NULL)
			return ERR(CONFIG, "profile %s is there twice", p->name);
	}
	for (size_t i = 0; i < COUNT_OF(must); i++) {
		if (find(t, must[i]) == NULL)
			return ERR(CONFIG, "profile %s is missing", must[i]);
	}
	return ERR_OK;
}

/* Line of the n-th member "name" in the text, which begins a row; 0 when there is none. */
static unsigned row_line(struct span text, size_t n)
{
	unsigned line = 1;
	for (size_t i = 0; i + 6 <= text.len; i++) {
		if (text.ptr[i] == '\n')
			line++;
		if (memcmp(text.ptr + i, "\"name\"", 6) == 0 && n-- == 0)
			return line;
	}
	return 0;
}

static enum err load(const json_t *doc, struct span text)
{
	struct table t = {.n = 0};
	enum err e = table_read(doc, &t);
	if (e == ERR_OK) {
		loaded = t;
		return ERR_OK;
	}
	unsigned line = row_line(text, t.n);
	if (line > 0)
		return err_note(e, "line %u", line);
	return err_note(e, "profile %zu of the list", t.n + 1);
}

enum err profile_load_json(const json_t *doc)
{
	return load(doc, SPAN_EMPTY);
}

enum err profile_load(const char *path)
{
	AUTO_BUF(text, FILE_MAX);
	AUTO_JSON doc = NULL;
	if (file_read(path, &text) != ERR_OK || json_parse(buf_span(&text), &doc) != ERR_OK)
		return ERR(CONFIG, "cannot read profiles from %s", path);
	enum err e = load(doc, buf_span(&text));
	return e == ERR_OK ? ERR_OK : err_note(e, "in %s", path);
}

const struct profile *profile_find(const char *name)
{
	return name == NULL ? NULL : find(&loaded, name);
}
