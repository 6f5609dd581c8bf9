/* The statements: built from stored values, shown to one person, remembered by their SM3. */
#include "server/filing/attach_i.h"
#include "base/arena.h"
#include "base/text.h"
#include "gm/rand.h"
#include "gm/sm3.h"
#include <stdio.h>
#include <string.h>

enum { ARENA_MAX = 2 * LIMIT_STATEMENT, KV_MAX = STATEMENT_KEYS_MAX + ATTACH_COUNT_MAX + SERVICE_ROWS_MAX };

const char *filing_act_type(enum filing_act_kind kind, bool corrects)
{
	switch (kind) {
	case FACT_SUBMIT:
		return corrects ? "FILING-CORRECT" : "FILING-SUBMIT";
	case FACT_WITHDRAW:
		return "FILING-WITHDRAW";
	case FACT_ACCEPT:
		return "FILING-ACCEPT";
	case FACT_RETURN:
		return "FILING-RETURN";
	case FACT_APPROVE:
		return "FILING-APPROVE";
	case FACT_REFUSE:
		return "FILING-REFUSE";
	default:
		return NULL;
	}
}

/* The same act, in the form that holds more. */
static const struct {
	const char *type, *wide;
} wide_types[] = {{"FILING-SUBMIT", "FILING-SUBMIT-WIDE"}, {"FILING-CORRECT", "FILING-CORRECT-WIDE"}};

static const char *wide_type(const char *type)
{
	return strcmp(type, wide_types[0].type) == 0 ? wide_types[0].wide : wide_types[1].wide;
}

enum err filing_act_of(const char *type, enum filing_act_kind *ret_kind)
{
	for (size_t i = 0; i < COUNT_OF(wide_types); i++)
		if (strcmp(type, wide_types[i].wide) == 0)
			type = wide_types[i].type;
	for (enum filing_act_kind k = FACT_SUBMIT; k < FACT_COUNT; k++) {
		const char *own = filing_act_type(k, false), *corrects = filing_act_type(k, true);
		if (own != NULL && (strcmp(own, type) == 0 || strcmp(corrects, type) == 0)) {
			*ret_kind = k;
			return ERR_OK;
		}
	}
	return ERR(STATEMENT, "a %s is no act on a filing", type);
}

/* --- keys and values, sticky --- */

struct text {
	struct arena *arena;
	struct statement_kv *kv;
	size_t n;
	enum err e;
};

static void put(struct text *t, const char *key, const char *value)
{
	if (t->e != ERR_OK || t->kv == NULL)
		return;
	if (t->n == KV_MAX)
		t->e = ERR(LIMIT, "more than %d lines", KV_MAX);
	else if (value == NULL)
		t->e = ERR(NOMEM, "statement");
	else
		t->kv[t->n++] = (struct statement_kv){key, value[0] != 0 ? value : "-"};
}

static void put_int(struct text *t, const char *key, int64_t v)
{
	put(t, key, arena_printf(t->arena, "%lld", (long long)v));
}

static void put_row(struct text *t, const char *key, const struct service_fields *fields, const json_t *row)
{
	AUTO_BUF(line, STATEMENT_WIDE_VALUE_MAX);
	if (t->e == ERR_OK)
		t->e = content_row_text(fields, row, &line);
	put(t, key, t->e == ERR_OK ? arena_str(t->arena, buf_span(&line)) : "");
}

static enum err text_begin(struct text *t, const struct filing_desk *d)
{
	uint8_t nonce[32];
	AUTO_BUF(hex, 65);
	AUTO_BUF(time, 32);
	*t = (struct text){.arena = arena_new(ARENA_MAX)};
	t->kv = t->arena != NULL ? arena_alloc(t->arena, KV_MAX * sizeof(*t->kv)) : NULL;
	if (t->kv == NULL)
		return ERR(NOMEM, "statement");
	TRY(rand_bytes(nonce, sizeof(nonce)));
	text_hex(&hex, SPAN_ARR(nonce));
	text_time(&time, clock_now(d->desk->clock));
	put(t, "bureau", d->desk->bureau);
	put(t, "nonce", arena_str(t->arena, buf_span(&hex)));
	put(t, "time", arena_str(t->arena, buf_span(&time)));
	return t->e;
}

static enum err text_show(const struct filing_desk *d, const struct statement *s, const struct filing_who *by,
                          struct buf *ret_text)
{
	AUTO_BUF(hex, 65);
	uint8_t digest[32];
	TRY(statement_sm3(s, digest));
	text_hex(&hex, SPAN_ARR(digest));
	TRY(filing_shown_put(d, buf_cstr(&hex), by, statement_time(s)));
	buf_put(ret_text, statement_text(s));
	return buf_err(ret_text);
}

static enum err text_end(struct text *t, const struct filing_desk *d, const char *type, const struct filing_who *by,
                         struct buf *ret_text)
{
	AUTO(statement) s = NULL;
	TRY(t->e);
	TRY(statement_build(type, t->kv, t->n, &s));
	return text_show(d, s, by, ret_text);
}

/* The old type wherever it holds the content: every agent knows it. */
static enum err text_end_submission(struct text *t, const struct filing_desk *d, const struct filing_view *v,
                                    const struct filing_who *by, struct buf *ret_text)
{
	const char *type = filing_act_type(FACT_SUBMIT, v->filing->corrects[0] != 0);
	AUTO(statement) s = NULL;
	TRY(t->e);
	enum err e = v->service->wide ? ERR_STATEMENT : statement_build(type, t->kv, t->n, &s);
	if (e == ERR_STATEMENT) {
		err_clear();
		e = statement_build(wide_type(type), t->kv, t->n, &s);
	}
	return e == ERR_OK ? text_show(d, s, by, ret_text) : e;
}

/* --- submission --- */

static enum err find_previous(const struct filing_desk *d, const struct filing *f, struct filing *ret_old)
{
	TRY(filing_find(d, f->corrects, ret_old));
	return ret_old->state == FILING_DONE ? ERR_OK
	                                     : ERR(STATE, "what it corrects is %s", filing_state_name(ret_old->state));
}

struct attaching {
	struct text *t;
	const struct service *service;
	size_t n;
};

static enum err put_attachment(const struct attachment *a, void *ctx)
{
	struct attaching *w = ctx;
	AUTO_BUF(line, ATTACH_LINE_MAX);
	TRY(attach_line(w->service, a, a->sm3, &line));
	put(w->t, "attach", arena_str(w->t->arena, buf_span(&line)));
	w->n++;
	return w->t->e;
}

static void put_attachments(struct text *t, const struct filing_desk *d, const struct filing_view *v)
{
	struct attaching w = {t, v->service, 0};
	if (t->e == ERR_OK)
		t->e = attach_list(d, v->filing, put_attachment, &w);
	if (w.n == 0)
		put(t, "attach", "-");
}

static void put_content(struct text *t, const struct filing_desk *d, const struct filing_view *v)
{
	const json_t *rows = json_object_get(v->content, "rows");
	put_row(t, "form", &v->service->fields, json_object_get(v->content, "form"));
	put_attachments(t, d, v);
	for (size_t i = 0; i < json_array_size(rows); i++)
		put_row(t, "row", &v->service->row_fields, json_array_get(rows, i));
	if (json_array_size(rows) == 0)
		put(t, "row", "-");
}

static enum err put_submission(struct text *t, const struct filing_desk *d, const struct filing_view *v,
                               const struct filing_who *by)
{
	const struct filing *f = v->filing;
	if (f->corrects[0] != 0) {
		struct filing old;
		TRY(find_previous(d, f, &old));
		put(t, "corrects", f->corrects);
		put(t, "previous", arena_str(t->arena, span_str(old.submit_sm3)));
	}
	put(t, "business", f->business);
	put(t, "matter", v->service->name);
	put(t, "filing", f->no);
	put_int(t, "version", f->version);
	put(t, "definition", v->service->sm3);
	put(t, "unit-no", f->unit_no);
	put(t, "unit-name", f->unit_name);
	put(t, "person-id", by->person_id);
	put(t, "holder", by->name);
	put_content(t, d, v);
	return t->e;
}

static enum err submit_text(const struct filing_desk *d, struct text *t, const struct filing_view *v,
                            const struct filing_who *by, struct buf *ret_text)
{
	/* By the rules of its business it was checked on its page and is checked when the signature comes. */
	struct fault_sink sink = {0};
	TRY(content_check(v->service, v->content, v->now, &sink));
	TRY(filing_people_faults(d, v, &sink));
	TRY(attach_faults(d, v, &sink));
	if (sink.count > 0)
		return ERR(FAULTS, "%zu faults", sink.count);
	TRY(text_begin(t, d));
	TRY(put_submission(t, d, v, by));
	return text_end_submission(t, d, v, by, ret_text);
}

enum err filing_submit_text(const struct filing_desk *d, const char *no, const struct filing_who *by,
                            struct buf *ret_text)
{
	struct filing f;
	const struct service *s;
	AUTO_JSON content = NULL;
	struct text t = {0};
	TRY(filing_find(d, no, &f));
	TRY(filing_may(d, &f, FACT_SUBMIT, by));
	TRY(filing_service(d, &f, &s));
	TRY(filing_content(d, &f, &content));
	const struct filing_view v = filing_view_of(&f, s, content, clock_now(d->desk->clock));
	enum err e = submit_text(d, &t, &v, by, ret_text);
	arena_free(t.arena);
	return e;
}

/* --- whether what was signed is what is stored --- */

static enum err row_agrees(const struct service_fields *fields, const json_t *row, const char *signed_text)
{
	AUTO_BUF(line, STATEMENT_WIDE_VALUE_MAX);
	TRY(content_row_text(fields, row, &line));
	return span_eq_str(buf_span(&line), signed_text) ? ERR_OK
	                                                 : ERR(CONFLICT, "content is not the one that was signed");
}

static enum err content_agrees(const struct filing_view *v, const struct statement *st)
{
	const json_t *rows = json_object_get(v->content, "rows");
	size_t n = json_array_size(rows);
	if (strcmp(statement_get(st, "filing"), v->filing->no) != 0 || statement_count(st, "row") != (n > 0 ? n : 1))
		return ERR(CONFLICT, "signed submission is of another filing or size");
	if (v->filing->definition[0] != 0 && strcmp(statement_get(st, "definition"), v->service->sm3) != 0)
		return ERR(CONFLICT, "signed under another definition");
	TRY(row_agrees(&v->service->fields, json_object_get(v->content, "form"), statement_get(st, "form")));
	for (size_t i = 0; i < n; i++)
		TRY(row_agrees(&v->service->row_fields, json_array_get(rows, i), statement_get_n(st, "row", i)));
	return ERR_OK;
}

enum err filing_text_agrees(const struct filing_desk *d, const struct filing_view *v)
{
	AUTO(statement) st = NULL;
	AUTO_BUF(text, STATEMENT_WIDE_MAX);
	TRY(filing_statement(d, v->filing->submit_sm3, &text, NULL, NULL));
	TRY(statement_parse(buf_span(&text), &st));
	TRY(content_agrees(v, st));
	return attach_agrees_with(d, v->filing, v->service, st, NULL, NULL);
}

/* --- statements about one filing --- */

static enum err line_check(const char *s)
{
	if (s[0] == 0)
		return ERR(FIELD_MISSING, "reason");
	return strlen(s) <= FILING_REASON_MAX ? text_line_check(span_str(s)) : ERR(LIMIT, "reason");
}

enum err filing_withdraw_text(const struct filing_desk *d, const char *no, const struct filing_who *by,
                              const char *reason, struct buf *ret_text)
{
	struct filing f;
	struct text t = {0};
	if (reason[0] != 0)
		TRY(line_check(reason));
	TRY(filing_find(d, no, &f));
	TRY(filing_may(d, &f, FACT_WITHDRAW, by));
	enum err e = text_begin(&t, d);
	put(&t, "filing", f.no);
	put_int(&t, "version", f.version);
	put(&t, "submit", f.submit_sm3);
	put(&t, "unit-no", f.unit_no);
	put(&t, "person-id", by->person_id);
	put(&t, "reason", reason);
	if (e == ERR_OK)
		e = text_end(&t, d, "FILING-WITHDRAW", by, ret_text);
	arena_free(t.arena);
	return e;
}

static enum err decided_begin(const struct filing_desk *d, const char *no, enum filing_act_kind kind,
                              const struct filing_who *by, struct text *t, const struct service **ret_s)
{
	struct filing f;
	TRY(filing_find(d, no, &f));
	TRY(filing_may(d, &f, kind, by));
	TRY(filing_service(d, &f, ret_s));
	TRY(text_begin(t, d));
	put(t, "filing", arena_str(t->arena, span_str(f.no)));
	put_int(t, "version", f.version);
	put(t, "submit", arena_str(t->arena, span_str(f.submit_sm3)));
	put(t, "matter", (*ret_s)->name);
	put(t, "unit-no", arena_str(t->arena, span_str(f.unit_no)));
	put(t, "unit-name", arena_str(t->arena, span_str(f.unit_name)));
	put(t, "officer", by->person_id);
	return t->e;
}

enum err filing_return_text(const struct filing_desk *d, const char *no, const struct filing_who *by,
                            const char *const *defects, size_t n, struct buf *ret_text)
{
	const struct service *s;
	struct text t = {0};
	AUTO_BUF(until, 16);
	if (n < 1 || n > FILING_DEFECTS_MAX)
		return ERR(FIELD_MISSING, "%zu defects; 1 to %d", n, FILING_DEFECTS_MAX);
	for (size_t i = 0; i < n; i++)
		TRY(line_check(defects[i]));
	enum err e = decided_begin(d, no, FACT_RETURN, by, &t, &s);
	if (e == ERR_OK) {
		text_date_cn(&until, filing_term_end(d, clock_now(d->desk->clock), s->return_days) - 1);
		put(&t, "until", buf_cstr(&until));
		for (size_t i = 0; i < n; i++)
			put(&t, "defect", defects[i]);
		e = text_end(&t, d, "FILING-RETURN", by, ret_text);
	}
	arena_free(t.arena);
	return e;
}

enum err filing_refuse_text(const struct filing_desk *d, const char *no, const struct filing_who *by,
                            const char *reason, struct buf *ret_text)
{
	const struct service *s;
	struct text t = {0};
	TRY(line_check(reason));
	enum err e = decided_begin(d, no, FACT_REFUSE, by, &t, &s);
	put(&t, "reason", reason);
	if (e == ERR_OK)
		e = text_end(&t, d, "FILING-REFUSE", by, ret_text);
	arena_free(t.arena);
	return e;
}

/* --- statements about many --- */

static enum err put_item(struct text *t, const struct filing_desk *d, enum filing_act_kind kind, const char *no,
                         const struct filing_who *by)
{
	struct filing f;
	const struct service *s;
	TRY(filing_find(d, no, &f));
	TRY(filing_may(d, &f, kind, by));
	TRY(filing_service(d, &f, &s));
	put(t, "item",
	    arena_printf(t->arena, "%s %lld %s %lld %s %s", f.no, (long long)f.version, f.submit_sm3, (long long)f.rows,
	                 s->name, f.unit_name[0] != 0 ? f.unit_name : f.filer));
	return t->e;
}

static bool twice(const char *const *nos, size_t n)
{
	for (size_t i = 0; i < n; i++)
		for (size_t k = 0; k < i; k++)
			if (strcmp(nos[i], nos[k]) == 0)
				return true;
	return false;
}

enum err filing_bulk_text(const struct filing_desk *d, enum filing_act_kind kind, const char *const *nos, size_t n,
                          const struct filing_who *by, const char *opinion, struct buf *ret_text)
{
	struct text t = {0};
	if ((kind != FACT_ACCEPT && kind != FACT_APPROVE) || n < 1 || n > FILING_BULK_MAX || twice(nos, n))
		return ERR(FIELD_VALUE, "%zu filings", n);
	if (opinion[0] != 0)
		TRY(line_check(opinion));
	enum err e = text_begin(&t, d);
	put(&t, "officer", by->person_id);
	put(&t, "opinion", opinion);
	for (size_t i = 0; i < n && e == ERR_OK; i++)
		e = put_item(&t, d, kind, nos[i], by);
	if (e == ERR_OK)
		e = text_end(&t, d, filing_act_type(kind, false), by, ret_text);
	arena_free(t.arena);
	return e;
}
