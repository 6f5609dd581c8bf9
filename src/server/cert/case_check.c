/* The preconditions of a desk case that need the register, the clock or other cases: they look and change nothing. */
#include "server/cert/case_i.h"
#include "base/text.h"
#include <stdio.h>
#include <string.h>

enum { LETTER_DAYS_MAX = 5 * 366, DAY = 86400 };

static bool is_person(const struct case_form *f)
{
	return strcmp(f->profile, "person") == 0;
}

enum err case_check_unit(const struct desk *d, const struct case_form *f, struct unit *ret_u)
{
	struct unit u;
	if (f->unit_no[0] == 0 && f->uscc[0] == 0)
		return ERR(FIELD_MISSING, "unit number or USCC");
	TRY(f->unit_no[0] != 0 ? unit_get(d, f->unit_no, &u) : unit_by_uscc(d, f->uscc, &u));
	if (f->uscc[0] != 0 && strcmp(f->uscc, u.uscc) != 0)
		return ERR(UNIT_MISMATCH, "unit number and USCC name two units");
	if (u.frozen)
		return ERR(L_FROZEN, "unit is frozen");
	*ret_u = u;
	return ERR_OK;
}

enum err case_check_letter(const struct case_form *f, int64_t now)
{
	if (f->letter_no[0] == 0 || f->letter_from == 0 || f->letter_to == 0)
		return ERR(LETTER, "letter is not whole");
	if (f->letter_from > f->letter_to || f->letter_to - f->letter_from > (int64_t)LETTER_DAYS_MAX * DAY)
		return ERR(LETTER, "letter's period is not one");
	if (now < f->letter_from || now >= f->letter_to + DAY)
		return ERR(LETTER, "letter does not cover today");
	return ERR_OK;
}

/* --- the person, by the digest of his number --- */

struct known {
	uint8_t digest[32];
	char no[PERSON_NO_LEN + 1], name[NAME_MAX_BYTES + 1];
};

static enum err known_row(const struct row *row, void *ctx)
{
	struct known *k = ctx;
	(void)snprintf(k->no, sizeof(k->no), "%s", row_text(row, 0));
	(void)snprintf(k->name, sizeof(k->name), "%s", row_text(row, 1));
	return ERR_OK;
}

static enum err known_fn(struct tx *tx, void *arg)
{
	struct known *k = arg;
	return tx_one(tx, "person_by_digest", SQL_ARGS(A_BLOB(SPAN_ARR(k->digest))), known_row, k);
}

enum err case_check_person(const struct desk *d, const struct case_form *f, char ret_no[PERSON_NO_LEN + 1])
{
	struct known k = {.no = ""};
	TRY(field_digest(d->keys, PERSON_ID_COLUMN, span_str(f->id_number), k.digest));
	enum err e = store_read(d->store, known_fn, &k);
	if (e == ERR_ABSENT) {
		err_clear();
		ret_no[0] = 0;
		return ERR_OK;
	}
	TRY(e);
	if (!person_name_is(k.name, f->holder))
		return ERR(UNIT_MISMATCH, "identity number is registered under another name");
	memcpy(ret_no, k.no, sizeof(k.no));
	return ERR_OK;
}

/* "" when unit or person is not known yet: nothing can be bound to it. */
static enum err subject_of(const struct desk *d, const struct case_form *f, char ret_subject[SUBJECT_MAX_LEN + 1])
{
	char person[PERSON_NO_LEN + 1];
	struct unit u = {.unit_no = ""};
	ret_subject[0] = 0;
	TRY(case_check_person(d, f, person));
	if (!is_person(f))
		TRY(case_check_unit(d, f, &u));
	if (person[0] != 0)
		(void)snprintf(ret_subject, SUBJECT_MAX_LEN + 1, "%s%s%s", u.unit_no, is_person(f) ? "" : "-", person);
	return ERR_OK;
}

enum err case_check_holder(const struct desk *d, const struct case_form *f, int64_t now)
{
	char subject[SUBJECT_MAX_LEN + 1];
	struct cert_row cert;
	TRY(subject_of(d, f, subject));
	if (subject[0] == 0)
		return ERR_OK;
	enum err e = cert_row_of(d, subject, &cert);
	if (e == ERR_ABSENT) {
		err_clear();
		return ERR_OK;
	}
	TRY(e);
	if (cert.status != 1 && cert.not_after > now)
		return ERR(HOLDER_HAS, "certificate %s", cert.serial);
	return ERR_OK;
}

struct running {
	char subject[SUBJECT_MAX_LEN + 1];
	const char *own_no;
	bool found;
};

static enum err running_row(const struct row *row, void *ctx)
{
	struct running *r = ctx;
	if (strcmp(row_text(row, 0), r->own_no) != 0)
		r->found = true;
	return ERR_OK;
}

static enum err running_fn(struct tx *tx, void *arg)
{
	struct running *r = arg;
	r->found = false;
	return tx_query(tx, "case_running", SQL_ARGS(A_TEXT(r->subject)), running_row, r);
}

enum err case_check_running(const struct desk *d, const struct case_form *f, const char *own_no)
{
	struct running r = {.own_no = own_no};
	TRY(subject_of(d, f, r.subject));
	if (r.subject[0] != 0)
		TRY(store_read(d->store, running_fn, &r));
	return r.found ? ERR(CASE_RUNNING, "subject %s", r.subject) : ERR_OK;
}
