/* What more than one business wants of the registers. */
#include "base/json.h"
#include "server/business/business.h"

enum { DETAIL_MAX = 8192 };

enum err want_person(const struct staff_wants *w, const char *name, const char *id_number, const char *mobile)
{
	uint8_t digest[32];
	struct change_key *k;
	TRY(field_digest(w->desk->keys, PERSON_ID_COLUMN, span_str(id_number), digest));
	const struct sql_arg v[] = {A_TEXT(name), A_TEXT(id_number), A_BLOB(SPAN_ARR(digest)), A_TEXT(mobile),
	                            A_INT(clock_now(w->desk->clock))};
	TRY(change_key(w->change, w->person, &register_person, NULL, &k));
	return change_say(w->change, k, v);
}

static bool stands_by_others(const struct change_key *k)
{
	for (const struct change_row *r = change_rows(k); r != NULL; r = r->next)
		if (r->to == 0 && !r->ours)
			return true;
	return false;
}

enum err want_details(const struct staff_wants *w, const json_t *v)
{
	AUTO_BUF(text, DETAIL_MAX);
	struct change_key *k;
	TRY(change_key(w->change, w->person, &register_detail, NULL, &k));
	if (stands_by_others(k)) {
		change_keep(k);
		return ERR_OK;
	}
	TRY(json_print(v, &text));
	change_replaces(k, NULL);
	return change_say(w->change, k, &A_BLOB(buf_span(&text)));
}

enum err want_enrolment(const struct staff_wants *w, struct change_key *k, int64_t status, int from, int to,
                        struct sql_arg type)
{
	const struct sql_arg v[] = {[ENROLMENT_STATUS] = A_INT(status),
	                            [ENROLMENT_FROM] = A_INT(from),
	                            [ENROLMENT_TO] = A_INT(to),
	                            [ENROLMENT_TYPE] = type};
	return change_say(w->change, k, v);
}
