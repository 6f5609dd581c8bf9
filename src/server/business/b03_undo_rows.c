#include "server/business/b03_undo_i.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { ROWS_BYTES_MAX = 64 << 20 };

/* --- reading --- */

struct reading {
	struct undo_rows *r;
	enum undo_kind kind;
};

static struct undo_row *row_room(struct undo_list *l)
{
	if (l->n == l->cap) {
		size_t cap = l->cap > 0 ? l->cap * 2 : 64;
		struct undo_row *v = realloc(l->v, cap * sizeof(*v));
		if (v == NULL)
			return NULL;
		l->v = v;
		l->cap = cap;
	}
	return &l->v[l->n++];
}

/* person, key, version, ours, closer, valid_from, valid_to, five numbers, three texts */
static enum err any_row(const struct row *row, void *ctx)
{
	struct reading *w = ctx;
	struct arena *a = w->r->arena;
	struct undo_row *to = row_room(&w->r->list[w->kind]);
	if (to == NULL)
		return ERR(NOMEM, "register rows");
	*to = (struct undo_row){.person_no = arena_str(a, span_str(row_text(row, 0))),
	                        .key = arena_str(a, span_str(row_text(row, 1))),
	                        .version = row_int(row, 2),
	                        .ours = row_int(row, 3) != 0,
	                        .closer = (enum undo_closer)row_int(row, 4),
	                        .valid_from = row_int(row, 5),
	                        .valid_to = row_int(row, 6)};
	for (int i = 0; i < 5; i++)
		to->v.n[i] = row_int(row, 7 + i);
	for (int i = 0; i < 3; i++)
		if ((to->v.s[i] = arena_str(a, span_str(row_text(row, 12 + i)))) == NULL)
			return ERR(LIMIT, "register rows");
	return to->person_no != NULL && to->key != NULL ? ERR_OK : ERR(LIMIT, "register rows");
}

static enum err month_row(const struct row *row, void *ctx)
{
	((struct undo_rows *)ctx)->approved = (int)row_int(row, 0);
	return ERR_OK;
}

enum err undo_rows_read(struct tx *tx, const char *unit_no, const char *corrects, struct undo_rows *r)
{
	static const char *const names[UNDO_KINDS] = {"undo_employment", "undo_enrolment", "undo_wage"};
	arena_free(r->arena);
	r->approved = 0;
	if ((r->arena = arena_new(ROWS_BYTES_MAX)) == NULL)
		return ERR(NOMEM, "register rows");
	for (enum undo_kind k = 0; k < UNDO_KINDS; k++) {
		struct reading w = {r, k};
		r->list[k].n = 0;
		TRY(tx_query(tx, names[k], SQL_ARGS(A_TEXT(unit_no), A_TEXT(corrects)), any_row, &w));
	}
	return tx_query(tx, "bill_last_approved", SQL_ARGS(A_TEXT(unit_no)), month_row, r);
}

void undo_rows_done(struct undo_rows *r)
{
	for (int k = 0; k < UNDO_KINDS; k++)
		free(r->list[k].v);
	arena_free(r->arena);
	memset(r, 0, sizeof(*r));
}

/* --- one register row in all its versions --- */

struct slot {
	const struct undo_row *v;
	size_t n;
};

static int order(const struct undo_row *r, const char *person_no, const char *key)
{
	int by = strcmp(r->person_no, person_no);
	return by != 0 ? by : strcmp(r->key, key);
}

static struct slot slot_of(const struct undo_list *l, const char *person_no, const char *key)
{
	size_t low = 0, high = l->n, end;
	while (low < high) {
		size_t mid = low + (high - low) / 2;
		if (order(&l->v[mid], person_no, key) < 0)
			low = mid + 1;
		else
			high = mid;
	}
	for (end = low; end < l->n && order(&l->v[end], person_no, key) == 0; end++)
		;
	return (struct slot){l->v + low, end - low};
}

/* Who closes a row adds the next version in the same moment, except the chain itself when it takes back. */
static bool closed_by_others(const struct slot *s, size_t i)
{
	const struct undo_row *r = &s->v[i];
	if (r->valid_to == 0 || r->closer == CLOSED_BY_CHAIN)
		return false;
	return r->closer == CLOSED_BY_OTHER ||
	       (i + 1 < s->n && !s->v[i + 1].ours && s->v[i + 1].valid_from == r->valid_to);
}

static size_t first_ours(const struct slot *s)
{
	size_t i = 0;
	while (i < s->n && !s->v[i].ours)
		i++;
	return i;
}

static bool built_on(const struct slot *s)
{
	for (size_t i = first_ours(s); i < s->n; i++)
		if (!s->v[i].ours)
			return true;
	return false;
}

/* What the chain left standing, even where somebody else has closed it since. */
static enum err standing(const struct slot *s, enum undo_kind kind, const struct undo_row **ret, size_t *ret_n)
{
	size_t n = 0;
	for (size_t i = s->n; i > 0; i--) {
		const struct undo_row *r = &s->v[i - 1];
		if (!r->ours || (r->valid_to != 0 && !closed_by_others(s, i - 1)))
			continue;
		if (n == UNDO_CLOSE_MAX)
			return ERR(INTERNAL, "more open versions than one filing writes");
		ret[n++] = r;
		if (kind == UNDO_WAGE)
			break; /* the last version is the one that counts */
	}
	*ret_n = n;
	return ERR_OK;
}

/* What stood before the chain; without a chain's row, what stands now. NULL: nothing. */
static const struct undo_row *base_of_slot(const struct slot *s, enum undo_kind kind)
{
	size_t k = first_ours(s);
	if (k == 0)
		return NULL;
	const struct undo_row *r = &s->v[k - 1];
	if (kind == UNDO_WAGE)
		return r;
	if (k < s->n)
		return r->valid_to != 0 && r->valid_to == s->v[k].valid_from ? r : NULL;
	for (size_t i = s->n; i > 0; i--)
		if (s->v[i - 1].valid_to == 0 && (kind == UNDO_EMPLOYMENT || s->v[i - 1].v.n[2] == 0))
			return &s->v[i - 1];
	return NULL;
}

static bool val_eq(const struct undo_val *a, const struct undo_val *b)
{
	for (int i = 0; i < 3; i++)
		if (strcmp(a->s[i], b->s[i]) != 0)
			return false;
	return memcmp(a->n, b->n, sizeof(a->n)) == 0;
}

/* --- what is wanted of it --- */

struct wanted {
	struct undo_val v[UNDO_ADD_MAX];
	size_t n;
};

static void want_add(struct wanted *w, struct undo_val v)
{
	INVARIANT(w->n < UNDO_ADD_MAX);
	w->v[w->n++] = v;
}

static struct undo_val employment_val(const struct b03 *b)
{
	return (struct undo_val){{b->hire_date, b->contract_from, b->contract_to, b->retire_class, b->special_job},
	                         {b->employ_form, b->contract_type, b->post}};
}

static struct undo_val enrolment_val(int64_t status, int64_t from, int64_t to, const char *type)
{
	return (struct undo_val){{status, from, to, 0, 0}, {type, "", ""}};
}

/* As b03_apply_tx writes it: a pause ends with the month before. */
static void want_enrolment(struct wanted *w, const struct undo_row *base, const struct b03 *b)
{
	if (base != NULL && base->v.n[1] < b->start_month)
		want_add(w, enrolment_val(base->v.n[0], base->v.n[1], month_add(b->start_month, -1), base->v.s[0]));
	want_add(w, enrolment_val(1, b->start_month, 0, b->enrol_type));
}

static void want_of(struct wanted *w, enum undo_kind kind, const struct slot *s, const struct undo_row *base,
                    const struct b03 *b)
{
	static const struct undo_val none = {{0}, {"", "", ""}};
	bool chain = first_ours(s) < s->n;
	if (b == NULL && !chain)
		return;
	if (b == NULL && kind == UNDO_WAGE)
		want_add(w, base != NULL ? base->v : none);
	else if (b == NULL && base != NULL)
		want_add(w, base->v);
	else if (b == NULL)
		return;
	else if (kind == UNDO_EMPLOYMENT)
		want_add(w, employment_val(b));
	else if (kind == UNDO_WAGE)
		want_add(w, (struct undo_val){{b->wage_fen}, {"", "", ""}});
	else
		want_enrolment(w, base, b);
}

/* --- from one to the other --- */

static bool among(const struct undo_val *v, const struct undo_row *const *rows, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (val_eq(v, &rows[i]->v))
			return true;
	return false;
}

static bool kept(const struct undo_row *r, const struct wanted *w)
{
	for (size_t i = 0; i < w->n; i++)
		if (val_eq(&r->v, &w->v[i]))
			return true;
	return false;
}

static void touch(struct undo_change *c, int64_t month)
{
	if (month > 0 && (c->first_month == 0 || month < c->first_month))
		c->first_month = (int)month;
}

static void touch_val(struct undo_change *c, const struct undo_val *v)
{
	if (c->kind == UNDO_ENROLMENT && v->n[0] == 1)
		touch(c, v->n[1]);
}

static enum err slot_change(enum undo_kind kind, const struct slot *s, const struct b03 *b, struct undo_change *c)
{
	const struct undo_row *have[UNDO_CLOSE_MAX];
	size_t n = 0;
	struct wanted w = {.n = 0};
	const struct undo_row *base = base_of_slot(s, kind);
	TRY(standing(s, kind, have, &n));
	want_of(&w, kind, s, base, b);
	for (size_t i = 0; i < w.n; i++)
		if (!among(&w.v[i], have, n)) {
			c->add[c->n_add++] = w.v[i];
			touch_val(c, &w.v[i]);
		}
	for (size_t i = 0; i < n; i++)
		if (!kept(have[i], &w)) {
			c->close[c->n_close++] = have[i];
			touch_val(c, &have[i]->v);
		}
	if (c->n_add + c->n_close == 0)
		return ERR_OK;
	bool on_others = base != NULL && base->valid_to == 0 && kind != UNDO_WAGE;
	if (on_others && c->n_close < UNDO_CLOSE_MAX)
		c->close[c->n_close++] = base;
	c->later = built_on(s) || (on_others && kind == UNDO_ENROLMENT && base->v.n[0] == 1);
	return ERR_OK;
}

static enum err slot_tell(const struct undo_rows *r, enum undo_kind kind, const char *person_no, const char *key,
                          const struct b03 *b, undo_change_fn *fn, void *ctx)
{
	struct undo_change c = {.kind = kind, .key = key};
	struct slot s = slot_of(&r->list[kind], person_no, key);
	TRY(slot_change(kind, &s, b, &c));
	if (c.n_add + c.n_close == 0)
		return ERR_OK;
	if (kind == UNDO_WAGE)
		touch(&c, strtol(key, NULL, 10));
	return fn(&c, ctx);
}

/* Every month for which a wage was declared, and the wanted one. */
static enum err wages(const struct undo_rows *r, const char *person_no, const struct b03 *b, undo_change_fn *fn,
                      void *ctx)
{
	const struct undo_list *l = &r->list[UNDO_WAGE];
	char start[16] = "";
	bool told = false;
	if (b != NULL)
		(void)snprintf(start, sizeof(start), "%d", b->start_month);
	for (size_t i = (size_t)(slot_of(l, person_no, "").v - l->v);
	     i < l->n && strcmp(l->v[i].person_no, person_no) == 0;) {
		const char *key = l->v[i].key;
		bool wanted = strcmp(key, start) == 0;
		told = told || wanted;
		TRY(slot_tell(r, UNDO_WAGE, person_no, key, wanted ? b : NULL, fn, ctx));
		while (i < l->n && order(&l->v[i], person_no, key) == 0)
			i++;
	}
	return b == NULL || told ? ERR_OK : slot_tell(r, UNDO_WAGE, person_no, start, b, fn, ctx);
}

enum err undo_changes(const struct undo_rows *r, const struct tables *t, const char *person_no, const struct b03 *want,
                      undo_change_fn *fn, void *ctx)
{
	TRY(slot_tell(r, UNDO_EMPLOYMENT, person_no, "", want, fn, ctx));
	for (size_t i = 0; i < t->n_ins; i++) {
		const struct b03 *b = want != NULL && want->ins & 1u << i ? want : NULL;
		TRY(slot_tell(r, UNDO_ENROLMENT, person_no, t->ins[i].code, b, fn, ctx));
	}
	return wages(r, person_no, want, fn, ctx);
}
