#include "server/business/b03_i.h"
#include "server/business/b03_effect.h"
#include "server/business/b03_undo_i.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { DETAIL_MAX = 8192 };

enum fate { FATE_DROPPED, FATE_SAME, FATE_CHANGED };
struct undo_person {
	char no[PERSON_NO_LEN + 1], name[NAME_MAX_BYTES + 1];
	int64_t detail_version;   /* that stands, 0 none */
	bool detail_ours, others; /* others: enrolled by another filing too, here or elsewhere */
	struct buf detail;        /* as stored, sealed */
	enum fate fate;
	const struct b03 *want;
	bool detail_change;
	struct buf sealed; /* the new one */
};
struct b03_undo {
	const struct desk *desk;
	const struct tables *tables;
	char unit_no[UNIT_NO_LEN + 1], corrects[32];
	struct undo_person *v;
	size_t n, cap;
	struct undo_rows rows;
	const struct b03_lookup *base;
};

/* --- reading --- */

static enum err person_row(const struct row *row, void *ctx)
{
	struct b03_undo *u = ctx;
	if (u->n == u->cap) {
		size_t cap = u->cap > 0 ? u->cap * 2 : 64;
		struct undo_person *v = realloc(u->v, cap * sizeof(*v));
		if (v == NULL)
			return ERR(NOMEM, "persons of a correction");
		u->v = v;
		u->cap = cap;
	}
	struct undo_person *p = &u->v[u->n++];
	*p = (struct undo_person){.detail_version = row_int(row, 2),
	                          .detail_ours = row_int(row, 3) != 0,
	                          .others = row_int(row, 5) > 0,
	                          .detail = buf_make(DETAIL_MAX + 256),
	                          .sealed = buf_make(DETAIL_MAX + 256)};
	(void)snprintf(p->no, sizeof(p->no), "%s", row_text(row, 0));
	(void)snprintf(p->name, sizeof(p->name), "%s", row_text(row, 1));
	buf_put(&p->detail, row_blob(row, 4));
	return buf_err(&p->detail);
}

static enum err read_fn(struct tx *tx, void *arg)
{
	struct b03_undo *u = arg;
	TRY(tx_query(tx, "undo_persons", SQL_ARGS(A_TEXT(u->unit_no), A_TEXT(u->corrects)), person_row, u));
	return undo_rows_read(tx, u->unit_no, u->corrects, &u->rows);
}

enum err b03_undo_new(const struct desk *d, const struct tables *t, const char *unit_no, const char *corrects,
                      struct b03_undo **ret_u)
{
	AUTO(b03_undo) u = calloc(1, sizeof(*u));
	if (u == NULL)
		return ERR(NOMEM, "correction");
	if (strlen(unit_no) >= sizeof(u->unit_no) || strlen(corrects) >= sizeof(u->corrects))
		return ERR(LIMIT, "unit or filing number");
	u->desk = d;
	u->tables = t;
	memcpy(u->unit_no, unit_no, strlen(unit_no) + 1);
	memcpy(u->corrects, corrects, strlen(corrects) + 1);
	TRY(store_read(d->store, read_fn, u));
	*ret_u = STEAL(u);
	return ERR_OK;
}

void b03_undo_free(struct b03_undo *u)
{
	if (u == NULL)
		return;
	for (size_t i = 0; i < u->n; i++) {
		buf_done(&u->v[i].detail);
		buf_done(&u->v[i].sealed);
	}
	free(u->v);
	undo_rows_done(&u->rows);
	free(u);
}

static int by_no(const void *key, const void *p)
{
	return strcmp(key, ((const struct undo_person *)p)->no);
}

static struct undo_person *person_of(const struct b03_undo *u, const char *no)
{
	return u->n > 0 ? bsearch(no, u->v, u->n, sizeof(*u->v), by_no) : NULL;
}

/* --- the rules' view: before the chain --- */

static enum err look_unit(void *ctx, const char *unit_no, int month, struct b03_unit *ret_u)
{
	const struct b03_undo *u = ctx;
	return u->base->unit(u->base->ctx, unit_no, month, ret_u);
}

struct before {
	struct b03_person *p;
	const struct tables *t;
};

/* The chain's rows taken away from what the register says; a pause that it ended is open again. */
static enum err before_row(const struct undo_change *c, void *ctx)
{
	struct b03_person *p = ((struct before *)ctx)->p;
	int ins = c->kind == UNDO_ENROLMENT ? tables_ins(((struct before *)ctx)->t, c->key) : -1;
	for (size_t i = 0; ins >= 0 && i < c->n_close; i++)
		if (c->close[i]->v.n[0] == 1 && c->close[i]->valid_to == 0)
			p->here &= ~(1u << ins);
	for (size_t i = 0; ins >= 0 && i < c->n_add; i++) {
		p->paused_here = p->paused_here || c->add[i].n[0] == 2;
		p->history = true;
	}
	return ERR_OK;
}

static enum err look_person(void *ctx, const char *unit_no, const char *id_number, struct b03_person *ret_p)
{
	const struct b03_undo *u = ctx;
	struct b03_person p;
	TRY(u->base->person(u->base->ctx, unit_no, id_number, &p));
	const struct undo_person *ours = p.person_no[0] != 0 ? person_of(u, p.person_no) : NULL;
	if (ours != NULL) {
		struct before w = {&p, u->tables};
		p.history = ours->others || p.paused_here;
		TRY(undo_changes(&u->rows, u->tables, ours->no, NULL, before_row, &w));
	}
	*ret_p = p;
	return ERR_OK;
}

static int64_t look_earlier(void *ctx, const char *id_number, int64_t row)
{
	const struct b03_undo *u = ctx;
	return u->base->earlier(u->base->ctx, id_number, row);
}

static int look_police(void *ctx, const char *id_number, const char *name)
{
	const struct b03_undo *u = ctx;
	return u->base->police(u->base->ctx, id_number, name);
}

void b03_undo_look(struct b03_undo *u, const struct b03_lookup *base, struct b03_lookup *ret_look)
{
	u->base = base;
	*ret_look = (struct b03_lookup){u, look_unit, look_person, base->earlier != NULL ? look_earlier : NULL,
	                                base->police != NULL ? look_police : NULL};
}

/* --- judging --- */

struct verdict {
	bool any, later;
	int first_month;
};

static enum err judge_change(const struct undo_change *c, void *ctx)
{
	struct verdict *v = ctx;
	v->any = true;
	v->later = v->later || c->later;
	if (c->first_month != 0 && (v->first_month == 0 || c->first_month < v->first_month))
		v->first_month = c->first_month;
	return ERR_OK;
}

static bool billed(const struct undo_rows *r, int first_month)
{
	return first_month != 0 && first_month <= r->approved;
}

/* Details are compared where the chain wrote them, or where none stand. */
static enum err detail_changes(const struct b03_undo *u, const struct undo_person *p, const struct b03 *b,
                               bool *ret_change)
{
	AUTO_BUF(have, DETAIL_MAX);
	AUTO_BUF(want, DETAIL_MAX);
	if (p->detail_version == 0 || !p->detail_ours) {
		*ret_change = p->detail_version == 0;
		return ERR_OK;
	}
	TRY(b03_detail_text(b, &want));
	TRY(field_open(u->desk->keys, "person_detail.detail", span_str(p->no), buf_span(&p->detail), &have));
	*ret_change = !span_eq(buf_span(&have), buf_span(&want));
	wipe(have.ptr, have.len);
	wipe(want.ptr, want.len);
	return ERR_OK;
}

static void put_faults(const struct b03_undo *u, const struct verdict *v, int64_t row, const char *name,
                       struct b03_faults *f)
{
	if (v->later)
		fault_add(f, row, B03_NAME, B03_CORRECT_LATER, "%s", name);
	if (billed(&u->rows, v->first_month))
		fault_add(f, row, B03_START_MONTH, B03_CORRECT_BILL, "%s%s%d年%d月起", name,
		          name[0] != 0 ? "，自" : "自", v->first_month / 100, v->first_month % 100);
}

enum err b03_undo_row(struct b03_undo *u, const struct b03 *b, bool *ret_same, struct b03_faults *f)
{
	struct undo_person *p = b->person_no[0] != 0 ? person_of(u, b->person_no) : NULL;
	struct verdict v = {.any = true, .first_month = b->start_month};
	bool detail = false;
	if (p != NULL) {
		v = (struct verdict){0};
		TRY(undo_changes(&u->rows, u->tables, p->no, b, judge_change, &v));
		TRY(detail_changes(u, p, b, &detail));
		p->detail_change = detail;
		p->fate = v.any || detail ? FATE_CHANGED : FATE_SAME;
	}
	*ret_same = p != NULL && p->fate == FATE_SAME;
	put_faults(u, &v, b->no, "", f);
	return ERR_OK;
}

/* Rows are judged with their unit; taking somebody out needs it too. */
static enum err judge_unit(const struct b03_undo *u, struct b03_faults *f)
{
	struct unit unit;
	TRY(unit_get(u->desk, u->unit_no, &unit));
	if (unit.frozen)
		fault_add(f, 0, B03_UNIT_NO, B03_UNIT_STATE, "%s", "");
	return ERR_OK;
}

enum err b03_undo_rest(const struct b03_undo *u, struct b03_faults *f)
{
	bool dropped = false;
	for (size_t i = 0; i < u->n; i++) {
		struct verdict v = {0};
		if (u->v[i].fate != FATE_DROPPED)
			continue;
		TRY(undo_changes(&u->rows, u->tables, u->v[i].no, NULL, judge_change, &v));
		put_faults(u, &v, 0, u->v[i].name, f);
		dropped = dropped || v.any;
	}
	return dropped ? judge_unit(u, f) : ERR_OK;
}

/* --- preparing --- */

struct b03_correction {
	struct b03_undo *u;
	struct b03 *rows;         /* of persons of the chain */
	struct b03_effect *fresh; /* of everybody else, as in any B03 */
	size_t n;
	int first_fresh; /* month, 0 none */
	char filing_no[32];
	int64_t now;
};

static enum err seal_detail(const struct b03_undo *u, struct undo_person *p)
{
	AUTO_BUF(plain, DETAIL_MAX);
	TRY(b03_detail_text(p->want, &plain));
	enum err e = field_seal(u->desk->keys, "person_detail.detail", span_str(p->no), buf_span(&plain), &p->sealed);
	wipe(plain.ptr, plain.len);
	return e;
}

static enum err split(struct b03_correction *c, const struct b03 *rows, size_t n)
{
	struct b03 *fresh = calloc(n + 1, sizeof(*fresh));
	size_t n_fresh = 0;
	enum err e = ERR_OK;
	if (fresh == NULL || (c->rows = calloc(n + 1, sizeof(*c->rows))) == NULL)
		e = ERR(NOMEM, "correction of %zu rows", n);
	for (size_t i = 0; i < n && e == ERR_OK; i++) {
		struct undo_person *p = rows[i].person_no[0] != 0 ? person_of(c->u, rows[i].person_no) : NULL;
		if (p == NULL) {
			fresh[n_fresh++] = rows[i];
			if (c->first_fresh == 0 || rows[i].start_month < c->first_fresh)
				c->first_fresh = rows[i].start_month;
			continue;
		}
		c->rows[c->n] = rows[i];
		p->want = &c->rows[c->n++];
		if (p->detail_change)
			e = seal_detail(c->u, p);
	}
	if (e == ERR_OK)
		e = b03_prepare(c->u->desk, c->u->tables, c->u->unit_no, c->filing_no, fresh, n_fresh, &c->fresh);
	if (fresh != NULL)
		wipe(fresh, (n + 1) * sizeof(*fresh));
	free(fresh);
	return e;
}

enum err b03_correction_prepare(struct b03_undo *u, const char *filing_no, const struct b03 *rows, size_t n,
                                struct b03_correction **ret_c)
{
	AUTO(b03_correction) c = calloc(1, sizeof(*c));
	if (c == NULL) {
		b03_undo_free(u);
		return ERR(NOMEM, "correction");
	}
	c->u = u;
	c->now = clock_now(u->desk->clock);
	if (strlen(filing_no) >= sizeof(c->filing_no))
		return ERR(LIMIT, "filing number");
	memcpy(c->filing_no, filing_no, strlen(filing_no) + 1);
	TRY(split(c, rows, n));
	*ret_c = STEAL(c);
	return ERR_OK;
}

void b03_correction_free(struct b03_correction *c)
{
	if (c == NULL)
		return;
	b03_effect_free(c->fresh);
	b03_undo_free(c->u);
	if (c->rows != NULL)
		wipe(c->rows, c->n * sizeof(*c->rows));
	free(c->rows);
	free(c);
}

/* --- in the transaction --- */

struct applying {
	struct tx *tx;
	const struct b03_correction *c;
	const struct undo_person *p;
};

static enum err close_row(const struct applying *a, const struct undo_change *ch, const struct undo_row *r)
{
	int64_t changed = 0;
	const struct b03_correction *c = a->c;
	if (ch->kind == UNDO_WAGE)
		return ERR_OK; /* the next version takes its place */
	if (ch->kind == UNDO_EMPLOYMENT)
		TRY(tx_exec(a->tx, "undo_employment_close",
		            SQL_ARGS(A_TEXT(c->u->unit_no), A_TEXT(a->p->no), A_INT(r->version), A_INT(c->now),
		                     A_TEXT(c->filing_no)),
		            &changed));
	else
		TRY(tx_exec(a->tx, "undo_enrolment_close",
		            SQL_ARGS(A_TEXT(c->u->unit_no), A_TEXT(a->p->no), A_TEXT(ch->key), A_INT(r->version),
		                     A_INT(c->now), A_TEXT(c->filing_no)),
		            &changed));
	return changed == 1 ? ERR_OK : ERR(CONFLICT, "a row of %s was closed meanwhile", a->p->no);
}

static enum err add_row(const struct applying *a, const struct undo_change *ch, const struct undo_val *v)
{
	const struct b03_correction *c = a->c;
	const struct sql_arg unit = A_TEXT(c->u->unit_no), person = A_TEXT(a->p->no), no = A_TEXT(c->filing_no),
			     now = A_INT(c->now);
	if (ch->kind == UNDO_EMPLOYMENT)
		return tx_exec(a->tx, "employment_add",
		               SQL_ARGS(unit, person, A_INT(v->n[0]), A_TEXT(v->s[0]), A_TEXT(v->s[1]), A_INT(v->n[1]),
		                        A_INT(v->n[2]), A_TEXT(v->s[2]), A_INT(v->n[3]), A_INT(v->n[4]), no, now),
		               NULL);
	if (ch->kind == UNDO_WAGE)
		return tx_exec(a->tx, "wage_add",
		               SQL_ARGS(unit, person, A_INT(strtol(ch->key, NULL, 10)), A_INT(v->n[0]), no, now), NULL);
	return tx_exec(a->tx, "enrolment_add",
	               SQL_ARGS(person, unit, A_TEXT(ch->key), A_INT(v->n[0]), A_INT(v->n[1]), A_INT(v->n[2]),
	                        A_TEXT(v->s[0]), no, now),
	               NULL);
}

static enum err apply_change(const struct undo_change *ch, void *ctx)
{
	const struct applying *a = ctx;
	if (ch->later || billed(&a->c->u->rows, ch->first_month))
		return ERR(CONFLICT, "%s has changed since, or its bill is approved", a->p->no);
	for (size_t i = 0; i < ch->n_close; i++)
		TRY(close_row(a, ch, ch->close[i]));
	for (size_t i = 0; i < ch->n_add; i++)
		TRY(add_row(a, ch, &ch->add[i]));
	return ERR_OK;
}

static enum err apply_detail(const struct applying *a)
{
	int64_t changed = 0;
	const struct undo_person *p = a->p;
	const struct b03_correction *c = a->c;
	const struct sql_arg person = A_TEXT(p->no), version = A_INT(p->detail_version), now = A_INT(c->now),
			     no = A_TEXT(c->filing_no);
	if (p->want == NULL)
		return p->detail_ours ? tx_exec(a->tx, "undo_detail_drop", SQL_ARGS(person, version, now, no), NULL)
		                      : ERR_OK;
	if (!p->detail_change)
		return ERR_OK;
	if (p->detail_version > 0) {
		TRY(tx_exec(a->tx, "undo_detail_close", SQL_ARGS(person, version, now, no), &changed));
		if (changed != 1)
			return ERR(CONFLICT, "details of %s changed meanwhile", p->no);
	}
	return tx_exec(a->tx, "person_detail_first", SQL_ARGS(person, A_BLOB(buf_span(&p->sealed)), no, now), NULL);
}

static enum err apply_all(struct tx *tx, struct b03_correction *c)
{
	TRY(undo_rows_read(tx, c->u->unit_no, c->u->corrects, &c->u->rows));
	if (billed(&c->u->rows, c->first_fresh))
		return ERR(CONFLICT, "bill of month %d approved meanwhile", c->u->rows.approved);
	for (size_t i = 0; i < c->u->n; i++) {
		struct applying a = {tx, c, &c->u->v[i]};
		if (a.p->fate == FATE_SAME)
			continue;
		TRY(undo_changes(&c->u->rows, c->u->tables, a.p->no, a.p->want, apply_change, &a));
		TRY(apply_detail(&a));
	}
	return b03_apply_tx(tx, c->fresh);
}

enum err b03_correction_apply_tx(struct tx *tx, struct b03_correction *c)
{
	enum err e = apply_all(tx, c);
	if (e != ERR_EXISTS)
		return e;
	err_clear();
	return ERR(CONFLICT, "an enrolment came into being meanwhile");
}
