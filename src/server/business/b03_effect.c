/* What an approved B03 does to the registers. Numbers and seals first, then one transaction of plain rows. */
#include "server/business/b03_effect.h"
#include "base/json.h"
#include "server/business/b03_i.h"
#include <stdlib.h>
#include <string.h>

enum { SEALED_MAX = 8192 };

struct effect_row {
	struct b03 b;
	bool is_new;
	uint8_t digest[32];
	struct buf id, mobile, detail; /* sealed */
};
struct b03_effect {
	const struct tables *t;
	char unit_no[UNIT_NO_LEN + 1], filing_no[32];
	int64_t now;
	struct effect_row *v;
	size_t n;
};

/* --- prepare --- */

struct numbers {
	int64_t want, last;
};

static enum err numbers_row(const struct row *row, void *ctx)
{
	((struct numbers *)ctx)->last = row_int(row, 0);
	return ERR_OK;
}

/* Numbers of an effect that never comes are lost, as those of the desk are. */
static enum err numbers_tx(struct tx *tx, void *arg)
{
	struct numbers *j = arg;
	TRY(tx_exec(tx, "person_numbers_take", SQL_ARGS(A_INT(j->want)), NULL));
	return tx_one(tx, "counter_get", SQL_ARGS(A_TEXT("person")), numbers_row, j);
}

static enum err number_new(const struct desk *d, struct b03_effect *e)
{
	struct numbers j = {0, 0};
	for (size_t i = 0; i < e->n; i++)
		j.want += e->v[i].is_new;
	if (j.want == 0)
		return ERR_OK;
	TRY(store_write(d->store, numbers_tx, &j));
	int64_t next = j.last - j.want + 1;
	for (size_t i = 0; i < e->n; i++)
		if (e->v[i].is_new)
			TRY(ident_person_no_make(next++, e->v[i].b.person_no));
	return ERR_OK;
}

enum err b03_detail_text(const struct b03 *b, struct buf *out)
{
	AUTO_JSON v = json_object();
	const struct {
		const char *key, *value;
	} texts[] = {{"id_type", b->id_type},       {"gender", b->gender},         {"ethnic", b->ethnic},
	             {"hukou_type", b->hukou_type}, {"hukou_addr", b->hukou_addr}, {"live_addr", b->live_addr},
	             {"remark", b->remark}};
	for (size_t i = 0; i < COUNT_OF(texts); i++)
		TRY(json_put_str(v, texts[i].key, span_str(texts[i].value)));
	TRY(json_put_int(v, "birth", b->birth));
	return json_print(v, out);
}

static enum err seal_row(const struct desk *d, struct effect_row *r)
{
	AUTO_BUF(detail, SEALED_MAX);
	struct span key = span_str(r->b.person_no);
	TRY(b03_detail_text(&r->b, &detail));
	TRY(field_digest(d->keys, PERSON_ID_COLUMN, span_str(r->b.id_number), r->digest));
	TRY(field_seal(d->keys, "person_detail.detail", key, buf_span(&detail), &r->detail));
	if (!r->is_new)
		return ERR_OK;
	TRY(field_seal(d->keys, PERSON_ID_COLUMN, key, span_str(r->b.id_number), &r->id));
	return field_seal(d->keys, PERSON_MOBILE_COLUMN, key, span_str(r->b.mobile), &r->mobile);
}

enum err b03_prepare(const struct desk *d, const struct tables *t, const char *unit_no, const char *filing_no,
                     const struct b03 *rows, size_t n, struct b03_effect **ret_e)
{
	AUTO(b03_effect) e = calloc(1, sizeof(*e));
	if (e == NULL || (e->v = calloc(n > 0 ? n : 1, sizeof(*e->v))) == NULL)
		return ERR(NOMEM, "effect of %zu rows", n);
	if (strlen(unit_no) >= sizeof(e->unit_no) || strlen(filing_no) >= sizeof(e->filing_no))
		return ERR(LIMIT, "unit or filing number");
	e->t = t;
	e->now = clock_now(d->clock);
	memcpy(e->unit_no, unit_no, strlen(unit_no) + 1);
	memcpy(e->filing_no, filing_no, strlen(filing_no) + 1);
	for (e->n = 0; e->n < n; e->n++) {
		struct effect_row *r = &e->v[e->n];
		*r = (struct effect_row){.b = rows[e->n],
		                         .is_new = rows[e->n].person_no[0] == 0,
		                         .id = buf_make(256),
		                         .mobile = buf_make(256),
		                         .detail = buf_make(SEALED_MAX + 256)};
	}
	TRY(number_new(d, e));
	for (size_t i = 0; i < n; i++)
		TRY(seal_row(d, &e->v[i]));
	*ret_e = STEAL(e);
	return ERR_OK;
}

void b03_effect_free(struct b03_effect *e)
{
	if (e == NULL)
		return;
	for (size_t i = 0; i < e->n; i++) {
		buf_done(&e->v[i].id);
		buf_done(&e->v[i].mobile);
		buf_done(&e->v[i].detail);
	}
	if (e->v != NULL)
		wipe(e->v, e->n * sizeof(*e->v));
	free(e->v);
	free(e);
}

/* --- apply --- */

static enum err put_person(struct tx *tx, const struct b03_effect *e, const struct effect_row *r)
{
	const struct b03 *b = &r->b;
	if (r->is_new)
		TRY(tx_exec(tx, "person_insert",
		            SQL_ARGS(A_TEXT(b->person_no), A_TEXT(b->name), A_BLOB(buf_span(&r->id)),
		                     A_BLOB(SPAN_ARR(r->digest)), A_BLOB(buf_span(&r->mobile)), A_INT(e->now)),
		            NULL));
	/* A known person's data are not edited here (2.3): written only where there were none. */
	return tx_exec(tx, "person_detail_first",
	               SQL_ARGS(A_TEXT(b->person_no), A_BLOB(buf_span(&r->detail)), A_TEXT(e->filing_no),
	                        A_INT(e->now)),
	               NULL);
}

static enum err put_employment(struct tx *tx, const struct b03_effect *e, const struct b03 *b)
{
	TRY(tx_exec(tx, "employment_close",
	            SQL_ARGS(A_TEXT(e->unit_no), A_TEXT(b->person_no), A_INT(e->now), A_TEXT(e->filing_no)), NULL));
	TRY(tx_exec(tx, "employment_add",
	            SQL_ARGS(A_TEXT(e->unit_no), A_TEXT(b->person_no), A_INT(b->hire_date), A_TEXT(b->employ_form),
	                     A_TEXT(b->contract_type), A_INT(b->contract_from), A_INT(b->contract_to), A_TEXT(b->post),
	                     A_INT(b->retire_class), A_INT(b->special_job), A_TEXT(e->filing_no), A_INT(e->now)),
	            NULL));
	return tx_exec(tx, "wage_add",
	               SQL_ARGS(A_TEXT(e->unit_no), A_TEXT(b->person_no), A_INT(b->start_month), A_INT(b->wage_fen),
	                        A_TEXT(e->filing_no), A_INT(e->now)),
	               NULL);
}

struct open_state {
	int status, from_month;
	char enrol_type[2];
	int rows;
};

static enum err open_state_row(const struct row *row, void *ctx)
{
	struct open_state *o = ctx;
	const char *type = row_text(row, 2);
	o->status = (int)row_int(row, 0);
	o->from_month = (int)row_int(row, 1);
	o->enrol_type[0] = type[0];
	o->rows++;
	return ERR_OK;
}

static enum err add_interval(struct tx *tx, const struct b03_effect *e, const struct b03 *b, const char *ins,
                             int status, int from, int to, const char *type)
{
	return tx_exec(tx, "enrolment_add",
	               SQL_ARGS(A_TEXT(b->person_no), A_TEXT(e->unit_no), A_TEXT(ins), A_INT(status), A_INT(from),
	                        A_INT(to), A_TEXT(type), A_TEXT(e->filing_no), A_INT(e->now)),
	               NULL);
}

/* A pause that stands open ends with the month before; what is paid already cannot be begun again. */
static enum err put_enrolment(struct tx *tx, const struct b03_effect *e, const struct b03 *b, const char *ins)
{
	struct open_state o = {0};
	TRY(tx_query(tx, "enrolment_paused", SQL_ARGS(A_TEXT(b->person_no), A_TEXT(e->unit_no), A_TEXT(ins)),
	             open_state_row, &o));
	if (o.rows > 0 && o.status == 1)
		return ERR(CONFLICT, "enrolled here meanwhile");
	if (o.rows > 0) {
		TRY(tx_exec(tx, "enrolment_close",
		            SQL_ARGS(A_TEXT(b->person_no), A_TEXT(e->unit_no), A_TEXT(ins), A_INT(e->now),
		                     A_TEXT(e->filing_no)),
		            NULL));
		if (o.from_month < b->start_month)
			TRY(add_interval(tx, e, b, ins, o.status, o.from_month, month_add(b->start_month, -1),
			                 o.enrol_type));
	}
	return add_interval(tx, e, b, ins, 1, b->start_month, 0, b->enrol_type);
}

static enum err apply_row(struct tx *tx, const struct b03_effect *e, const struct effect_row *r)
{
	TRY(put_person(tx, e, r));
	TRY(put_employment(tx, e, &r->b));
	for (size_t i = 0; i < e->t->n_ins; i++)
		if (r->b.ins & 1u << i)
			TRY(put_enrolment(tx, e, &r->b, e->t->ins[i].code));
	return ERR_OK;
}

enum err b03_apply_tx(struct tx *tx, const struct b03_effect *e)
{
	for (size_t i = 0; i < e->n; i++) {
		enum err why = apply_row(tx, e, &e->v[i]);
		if (why == ERR_EXISTS) {
			err_clear();
			return ERR(CONFLICT, "row %lld: person or enrolment came into being meanwhile",
			           (long long)e->v[i].b.no);
		}
		TRY(why);
	}
	return tx_exec(tx, "register_touch", SQL_ARGS(A_TEXT(e->unit_no)), NULL);
}

static enum err apply_fn(struct tx *tx, void *arg)
{
	return b03_apply_tx(tx, arg);
}

enum err b03_apply(const struct desk *d, const struct b03_effect *e)
{
	return store_write(d->store, apply_fn, (void *)(uintptr_t)e);
}
