/* Drafts: opening, saving, checking, correcting. */
#include "server/filing/attach_i.h"
#include "base/text.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define CITY "430100"
enum { NUMBER_DAY_MAX = 9999999 };

enum err filing_is_his(const struct filing *f, const struct filing_who *by)
{
	bool his = f->unit_no[0] != 0 ? strcmp(f->unit_no, by->unit_no) == 0
	                              : by->unit_no[0] == 0 && strcmp(f->person_id, by->person_id) == 0;
	return his && by->district[0] == 0 ? ERR_OK : ERR(FILING_ABSENT, "filing of somebody else");
}

/* --- content --- */

enum err filing_content_seal(const struct filing_desk *d, const char *no, int64_t version, const json_t *content,
                             struct buf *out)
{
	AUTO_BUF(text, CONTENT_TEXT_MAX);
	char key[64];
	(void)snprintf(key, sizeof(key), "%s/%lld", no, (long long)version);
	TRY(content_print(content, &text));
	return field_seal(d->desk->keys, "filing.content", span_str(key), buf_span(&text), out);
}

/* A field that already has a fault gets no second one from a precondition: one cause, one line. */
struct once {
	struct fault_sink *to;
	json_t *seen; /* "row/field" */
	bool first;   /* the engine's own checks: noted, never left out */
};

static enum err put_once(const struct fault *f, void *ctx)
{
	struct once *w = ctx;
	char key[SERVICE_NAME_MAX + 32];
	(void)snprintf(key, sizeof(key), "%zu/%.*s", f->row, SERVICE_NAME_MAX, f->field);
	if (!w->first && f->field[0] != 0 && json_object_get(w->seen, key) != NULL)
		return ERR_OK;
	if (w->first && json_object_set_new(w->seen, key, json_true()) != 0)
		return ERR(NOMEM, "faults");
	return fault_put(w->to, f);
}

enum err filing_faults(const struct filing_view *v, struct fault_sink *faults)
{
	const struct service *s = v->service;
	AUTO_JSON seen = json_object();
	struct once once = {faults, seen, true};
	struct fault_sink sink = {put_once, &once, 0};
	if (seen == NULL)
		return ERR(NOMEM, "faults");
	TRY(content_check(s, v->content, v->now, &sink));
	once.first = false;
	for (size_t i = 0; i < s->n_preconditions; i++)
		TRY(s->preconditions[i]->check(s->preconditions[i]->ctx, v, &sink));
	return ERR_OK;
}

enum err filing_faults_all(const struct filing_desk *d, const struct filing_view *v, struct fault_sink *faults)
{
	TRY(filing_faults(v, faults));
	TRY(filing_people_faults(d, v, faults));
	return attach_faults(d, v, faults);
}

/* --- opening --- */

struct draft {
	const struct filing_desk *d;
	const struct filing_who *by;
	const struct service *service;
	const char *corrects; /* NULL none */
	const json_t *content;
	struct filing f;
	char day[16];
	struct buf sealed;
	struct filing_act *log;
};

static enum err int_row(const struct row *row, void *ctx)
{
	*(int64_t *)ctx = row_int(row, 0);
	return ERR_OK;
}

static enum err few_drafts_tx(struct tx *tx, const struct filing *f)
{
	int64_t n = 0;
	if (f->unit_no[0] != 0)
		TRY(tx_one(tx, "filing_drafts_of_unit", SQL_ARGS(A_TEXT(f->unit_no)), int_row, &n));
	else
		TRY(tx_one(tx, "filing_drafts_of_person", SQL_ARGS(A_TEXT(f->person_id)), int_row, &n));
	return n < FILING_DRAFTS_MAX ? ERR_OK : ERR(LIMIT, "%lld drafts already", (long long)n);
}

/* --- number: city, business, day, serial of that day: taken before the content is sealed to it --- */

static enum err number_tx(struct tx *tx, void *arg)
{
	struct draft *w = arg;
	char key[48];
	int64_t n = 0;
	TRY(few_drafts_tx(tx, &w->f));
	(void)snprintf(key, sizeof(key), "filing-%s-%s", w->service->code, w->day);
	TRY(tx_exec(tx, "counter_next", SQL_ARGS(A_TEXT(key)), NULL));
	TRY(tx_one(tx, "counter_get", SQL_ARGS(A_TEXT(key)), int_row, &n));
	if (n > NUMBER_DAY_MAX)
		return ERR(LIMIT, "filing numbers of the day are used up");
	(void)snprintf(w->f.no, sizeof(w->f.no), CITY "%s%.4s%.2s%.2s%03d", w->service->code, w->day, w->day + 5,
	               w->day + 8, (int)n);
	return ERR_OK;
}

static enum err insert_tx(struct tx *tx, void *arg)
{
	struct draft *w = arg;
	const struct filing *f = &w->f;
	const struct filing_move m = {.act = *w->log};
	TRY(tx_exec(tx, "filing_insert",
	            SQL_ARGS(A_TEXT(f->no), A_TEXT(f->business), A_TEXT(f->unit_no), A_TEXT(f->unit_name),
	                     A_TEXT(f->region), A_TEXT(f->person_id), A_TEXT(f->filer), A_BLOB(buf_span(&w->sealed)),
	                     A_INT(f->rows), w->corrects != NULL ? A_TEXT(w->corrects) : A_NULL, A_INT(f->expires),
	                     A_INT(f->created)),
	            NULL));
	TRY(tx_exec(tx, "filing_definition_put", SQL_ARGS(A_TEXT(f->no), A_TEXT(f->definition)), NULL));
	TRY(filing_event_tx(tx, &m));
	if (w->corrects != NULL)
		TRY(attach_copy_tx(tx, w->corrects, f->no));
	return w->d->log_write != NULL ? w->d->log_write(tx, w->log) : ERR_OK;
}

/* A draft is logged too: nothing in a filing's row is ever without an entry. */
static struct filing_act save_act(const struct filing *f, const struct filing_who *by, int64_t now)
{
	return (struct filing_act){.filing = f,
	                           .kind = FACT_SAVE,
	                           .from = f->state,
	                           .to = f->state,
	                           .time = now,
	                           .by = by,
	                           .rule = "",
	                           .statement_sm3 = ""};
}

static enum err draft_insert(struct draft *w)
{
	struct filing_act log = save_act(&w->f, w->by, w->f.created);
	w->log = &log;
	enum err e = filing_log_begin(w->d, &log);
	if (e == ERR_OK)
		e = store_write(w->d->desk->store, insert_tx, w);
	filing_log_end(w->d, &log);
	return e;
}

static enum err filer_fill(struct draft *w)
{
	const struct filing_who *by = w->by;
	unsigned kind = by->unit_no[0] != 0 ? FILER_UNIT : FILER_PERSON;
	struct filing *f = &w->f;
	if (by->district[0] != 0 || (w->service->filers & kind) == 0)
		return ERR(FILER_KIND, "%s is not filed by this person", w->service->code);
	(void)snprintf(f->region, sizeof(f->region), "%s", CITY);
	if (kind == FILER_UNIT) {
		struct unit u;
		TRY(unit_get(w->d->desk, by->unit_no, &u));
		if (u.frozen)
			return ERR(L_FROZEN, "unit is frozen");
		(void)snprintf(f->unit_no, sizeof(f->unit_no), "%s", u.unit_no);
		(void)snprintf(f->unit_name, sizeof(f->unit_name), "%s", u.name);
		(void)snprintf(f->region, sizeof(f->region), "%s", u.region);
	}
	(void)snprintf(f->person_id, sizeof(f->person_id), "%s", by->person_id);
	(void)snprintf(f->filer, sizeof(f->filer), "%s", by->name);
	return ERR_OK;
}

static enum err draft_write(struct draft *w)
{
	AUTO_BUF(date, 16);
	struct filing *f = &w->f;
	if (w->service->own_engine)
		return ERR(NOT_YET, "%s is worked at the certificate desk", w->service->code);
	TRY(filer_fill(w));
	f->state = FILING_DRAFT;
	f->created = clock_now(w->d->desk->clock);
	f->expires = filing_term_end(w->d, f->created, w->service->draft_days);
	f->rows = (int64_t)json_array_size(json_object_get(w->content, "rows"));
	(void)snprintf(f->business, sizeof(f->business), "%s", w->service->code);
	(void)snprintf(f->definition, sizeof(f->definition), "%s", w->service->sm3);
	text_date_cn(&date, f->created);
	(void)snprintf(w->day, sizeof(w->day), "%s", buf_cstr(&date));
	TRY(store_write(w->d->desk->store, number_tx, w));
	TRY(filing_content_seal(w->d, f->no, 1, w->content, &w->sealed));
	return draft_insert(w);
}

static enum err draft_open(struct draft *w, char ret_no[FILING_NO_MAX + 1])
{
	w->sealed = buf_make(FILING_SEALED_MAX);
	enum err e = draft_write(w);
	buf_done(&w->sealed);
	TRY(e);
	memcpy(ret_no, w->f.no, sizeof(w->f.no));
	return ERR_OK;
}

enum err filing_draft_new(const struct filing_desk *d, const char *business, const struct filing_who *by,
                          char ret_no[FILING_NO_MAX + 1])
{
	AUTO_JSON content = NULL;
	const struct service *s = services_find(d->services, business);
	if (s == NULL)
		return ERR(ABSENT, "no such business");
	TRY(content_new(&content));
	struct draft w = {.d = d, .by = by, .service = s, .content = content};
	return draft_open(&w, ret_no);
}

/* A correction is a new filing, under what is in force; a business that is no longer offered has its last word. */
static enum err correcting_service(const struct filing_desk *d, const struct filing *old, const struct service **ret_s)
{
	*ret_s = services_find(d->services, old->business);
	return *ret_s != NULL ? ERR_OK : filing_service(d, old, ret_s);
}

enum err filing_correct(const struct filing_desk *d, const char *no, const struct filing_who *by,
                        char ret_no[FILING_NO_MAX + 1])
{
	AUTO_JSON content = NULL;
	AUTO_JSON stored = NULL;
	struct filing old;
	const struct service *s;
	enum filing_state to;
	enum filing_by who;
	TRY(filing_find(d, no, &old));
	TRY(filing_is_his(&old, by));
	if (!filing_next(old.state, FACT_CORRECT, 0, &to, &who))
		return ERR(STATE, "only what is done is corrected");
	TRY(correcting_service(d, &old, &s));
	for (size_t i = 0; i < s->n_effects; i++)
		if (s->effects[i]->back == EFFECT_FINAL)
			return ERR(FINAL, "effect %s", s->effects[i]->name);
	TRY(filing_content(d, &old, &stored));
	/* the old one may have been taken by an older version, of the program and of the definition */
	TRY(content_retake(s, stored, clock_now(d->desk->clock), &content));
	struct draft w = {.d = d, .by = by, .service = s, .corrects = old.no, .content = content};
	return draft_open(&w, ret_no);
}

/* --- saving --- */

struct save {
	const struct filing_desk *d;
	const char *no;
	int64_t version, rows, now, expires;
	struct buf sealed;
	struct filing_act log;
};

static enum err save_tx(struct tx *tx, void *arg)
{
	const struct save *w = arg;
	int64_t changed = 0;
	TRY(tx_exec(tx, "filing_save",
	            SQL_ARGS(A_TEXT(w->no), A_INT(w->version), A_BLOB(buf_span(&w->sealed)), A_INT(w->rows),
	                     A_INT(w->now), A_INT(w->expires)),
	            &changed));
	if (changed != 1)
		return ERR(CONFLICT, "filing %s changed meanwhile", w->no);
	return w->d->log_write != NULL ? w->d->log_write(tx, &w->log) : ERR_OK;
}

static enum err content_save(const struct filing_desk *d, const struct filing *f, const struct service *s,
                             const struct filing_who *by, const json_t *content, int64_t *ret_version)
{
	int64_t now = clock_now(d->desk->clock);
	struct save w = {d,
	                 f->no,
	                 f->version,
	                 (int64_t)json_array_size(json_object_get(content, "rows")),
	                 now,
	                 filing_term_end(d, now, s->draft_days),
	                 buf_make(FILING_SEALED_MAX),
	                 save_act(f, by, now)};
	enum err e = filing_content_seal(d, f->no, f->version + 1, content, &w.sealed);
	if (e == ERR_OK)
		e = filing_log_begin(d, &w.log);
	if (e == ERR_OK)
		e = store_write(d->desk->store, save_tx, &w);
	filing_log_end(d, &w.log);
	buf_done(&w.sealed);
	TRY(e);
	*ret_version = f->version + 1;
	return ERR_OK;
}

struct editing {
	struct filing f;
	const struct service *service;
	json_t *content; /* owned */
};

static enum err edit_begin(const struct filing_desk *d, const char *no, int64_t version, const struct filing_who *by,
                           struct editing *ret_w)
{
	struct editing w = {0};
	TRY(filing_find(d, no, &w.f));
	TRY(filing_is_his(&w.f, by));
	TRY(filing_may(d, &w.f, FACT_SAVE, by));
	if (w.f.version != version)
		return ERR(CONFLICT, "filing %s is version %lld", no, (long long)w.f.version);
	TRY(filing_service(d, &w.f, &w.service));
	TRY(filing_content(d, &w.f, &w.content));
	*ret_w = w;
	return ERR_OK;
}

enum err filing_draft_save(const struct filing_desk *d, const char *no, int64_t version, const struct filing_who *by,
                           const json_t *form, int64_t *ret_version)
{
	struct editing w;
	TRY(edit_begin(d, no, version, by, &w));
	AUTO_JSON content = w.content;
	json_t *taken = NULL;
	TRY(content_take(&w.service->fields, form, clock_now(d->desk->clock), &taken));
	TRY(json_put(content, "form", taken));
	TRY(filing_people_take(d, w.f.unit_no, &w.service->fields, taken));
	return content_save(d, &w.f, w.service, by, content, ret_version);
}

static enum err take_rows(const struct service *s, const json_t *rows, int64_t now, json_t **ret_rows)
{
	AUTO_JSON out = json_array();
	if (!json_is_array(rows) || out == NULL)
		return ERR(SYNTAX, "rows are not a list");
	if (json_array_size(rows) > s->rows_max)
		return ERR(LIMIT, "%zu rows; at most %zu", json_array_size(rows), s->rows_max);
	for (size_t i = 0; i < json_array_size(rows); i++) {
		json_t *row = NULL;
		enum err e = content_take(&s->row_fields, json_array_get(rows, i), now, &row);
		if (e != ERR_OK)
			return err_note(e, "row %zu", i + 1);
		if (json_array_append_new(out, row) != 0)
			return ERR(NOMEM, "rows");
	}
	*ret_rows = STEAL(out);
	return ERR_OK;
}

enum err filing_rows_set(const struct filing_desk *d, const char *no, int64_t version, const struct filing_who *by,
                         const json_t *rows, int64_t *ret_version)
{
	struct editing w;
	TRY(edit_begin(d, no, version, by, &w));
	AUTO_JSON content = w.content;
	json_t *taken = NULL;
	TRY(take_rows(w.service, rows, clock_now(d->desk->clock), &taken));
	TRY(json_put(content, "rows", taken));
	for (size_t i = 0; i < json_array_size(taken); i++)
		TRY(filing_people_take(d, w.f.unit_no, &w.service->row_fields, json_array_get(taken, i)));
	return content_save(d, &w.f, w.service, by, content, ret_version);
}

/* --- checking --- */

enum err filing_check(const struct filing_desk *d, const char *no, const struct filing_who *by, fault_fn *fn, void *ctx,
                      size_t *ret_count)
{
	struct filing f;
	const struct service *s;
	AUTO_JSON content = NULL;
	struct fault_sink sink = {fn, ctx, 0};
	TRY(filing_get(d, no, by, &f));
	TRY(filing_service(d, &f, &s));
	TRY(filing_content(d, &f, &content));
	const struct filing_view v = filing_view_of(&f, s, content, clock_now(d->desk->clock));
	TRY(filing_faults_all(d, &v, &sink));
	*ret_count = sink.count;
	return ERR_OK;
}

static enum err mark_row(const struct fault *f, void *ctx)
{
	if (f->row > 0)
		((bool *)ctx)[f->row - 1] = true;
	return ERR_OK;
}

/* From the end, so that the numbers before stay. */
static size_t drop_marked(json_t *rows, const bool *bad)
{
	size_t dropped = 0;
	for (size_t i = json_array_size(rows); i > 0; i--)
		if (bad[i - 1]) {
			(void)json_array_remove(rows, i - 1);
			dropped++;
		}
	return dropped;
}

enum err filing_rows_keep_good(const struct filing_desk *d, const char *no, int64_t version,
                               const struct filing_who *by, size_t *ret_dropped, int64_t *ret_version)
{
	struct editing w;
	bool bad[SERVICE_ROWS_MAX] = {false};
	struct fault_sink sink = {mark_row, bad, 0};
	TRY(edit_begin(d, no, version, by, &w));
	AUTO_JSON content = w.content;
	json_t *rows = json_object_get(content, "rows");
	const struct filing_view v = filing_view_of(&w.f, w.service, content, clock_now(d->desk->clock));
	if (json_array_size(rows) > SERVICE_ROWS_MAX)
		return ERR(INTERNAL, "stored rows");
	TRY(filing_faults_all(d, &v, &sink));
	size_t dropped = drop_marked(rows, bad);
	TRY(content_save(d, &w.f, w.service, by, content, ret_version));
	*ret_dropped = dropped;
	return ERR_OK;
}
