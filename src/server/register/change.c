/* What is wanted, and what follows from it. */
#include "server/register/change_i.h"
#include <stdio.h>
#include <string.h>

enum { PLAIN_MAX = 8192 };

/* --- what is wanted --- */

static enum err add_to(struct change *c, struct change_add ***end, const struct sql_arg *value, bool stored)
{
	struct change_add *a = arena_alloc(c->arena, sizeof(*a));

	if (a == NULL)
		return ERR(LIMIT, "rows of a change");
	a->value = value;
	a->stored = stored;
	**end = a;
	*end = &a->next;
	return ERR_OK;
}

enum err change_say(struct change *c, struct change_key *k, const struct sql_arg *value)
{
	const struct sql_arg *copy;

	k->named = KEY_NAMED;
	TRY(change_copy(c, value, k->reg->values, &copy));
	return add_to(c, &k->wanted_end, copy, false);
}

void change_replaces(struct change_key *k, const struct change_row *row)
{
	k->named = KEY_NAMED;
	for (struct change_held *h = k->rows; h != NULL; h = change_next_held(h))
		h->replaced = h->replaced || (h->r.before && (row == NULL || row == &h->r));
}

void change_keep(struct change_key *k)
{
	k->named = KEY_KEPT;
}

void change_taken(struct change_key *k)
{
	k->named = KEY_NAMED;
	k->taken = true;
}

void change_forget(struct change_person *p)
{
	for (struct change_key *k = p->keys; k != NULL; k = k->next) {
		k->named = KEY_UNNAMED;
		k->taken = false;
		k->wanted = NULL;
		k->wanted_end = &k->wanted;
		for (struct change_held *h = k->rows; h != NULL; h = change_next_held(h))
			h->replaced = false;
	}
}

bool change_named(const struct change_person *p)
{
	const struct change_key *k = p->keys;

	while (k != NULL && k->named == KEY_UNNAMED)
		k = k->next;
	return k != NULL;
}

/* --- comparing --- */

void change_column_label(const struct register_table *r, size_t value, char ret_label[64])
{
	const char *column = r->rows->columns[register_value(r) + value].name;
	size_t len = strlen(column), tail = strlen("_sealed");

	INVARIANT(len > tail && strcmp(column + len - tail, "_sealed") == 0);
	(void)snprintf(ret_label, 64, "%s.%.*s", r->rows->name, (int)(len - tail), column);
}

static bool is_sealed(const struct register_table *r, size_t value)
{
	return (r->rows->columns[register_value(r) + value].is & LOG_SEALED) != 0;
}

static enum err open_value(const struct change *c, const struct change_key *k, size_t at, const struct sql_arg *v,
                           bool stored, struct buf *out)
{
	char label[64];

	if (!stored) {
		buf_put(out, v->s);
		return buf_err(out);
	}
	change_column_label(k->reg, at, label);
	return field_open(c->desk->keys, label, span_str(k->person->no), v->s, out);
}

static enum err sealed_eq(const struct change *c, const struct change_key *k, size_t at, const struct change_held *h,
                          const struct change_add *a, bool *ret_eq)
{
	AUTO_BUF(have, PLAIN_MAX);
	AUTO_BUF(want, PLAIN_MAX);

	TRY(open_value(c, k, at, &h->r.value[at], true, &have));
	TRY(open_value(c, k, at, &a->value[at], a->stored, &want));
	*ret_eq = span_eq(buf_span(&have), buf_span(&want));
	return ERR_OK;
}

static enum err row_eq(const struct change *c, const struct change_key *k, const struct change_held *h,
                       const struct change_add *a, bool *ret_eq)
{
	*ret_eq = true;
	for (size_t i = 0; i < k->reg->values && *ret_eq; i++) {
		if (is_sealed(k->reg, i))
			TRY(sealed_eq(c, k, i, h, a, ret_eq));
		else
			*ret_eq = sql_arg_eq(&h->r.value[i], &a->value[i]);
	}
	return ERR_OK;
}

/* --- from one to the other --- */

/* Stands already, written by the chain; else it is to be added. */
static enum err place(struct change *c, struct change_key *k, const struct sql_arg *value, bool stored)
{
	const struct change_add a = {.value = value, .stored = stored};
	bool eq = false;

	for (struct change_held *h = k->rows; h != NULL; h = change_next_held(h)) {
		if (!h->mine || h->says)
			continue;
		TRY(row_eq(c, k, h, &a, &eq));
		h->says = eq;
		if (eq)
			return ERR_OK;
	}
	return add_to(c, &k->adds_end, value, stored);
}

static enum err no_row(struct change *c, const struct register_table *r, const struct sql_arg **ret_v)
{
	struct sql_arg none[REGISTER_VALUES_MAX];

	for (size_t i = 0; i < r->values; i++)
		none[i] = r->rows->columns[register_value(r) + i].kind == SQL_INT ? A_INT(0) : A_TEXT("");
	return change_copy(c, none, r->values, ret_v);
}

/* What stood before and is not replaced: it stands, or the chain ended it and it is put back. */
static enum err place_before(struct change *c, struct change_key *k)
{
	const struct sql_arg *none;
	bool any = false;

	for (struct change_held *h = k->rows; h != NULL; h = change_next_held(h)) {
		any = any || h->r.before;
		if (h->r.before && !h->replaced && (h->r.to != 0 || !k->reg->ends))
			TRY(place(c, k, h->r.value, true));
	}
	if (any || k->reg->ends)
		return ERR_OK;
	TRY(no_row(c, k->reg, &none));
	return place(c, k, none, true);
}

static bool built_on(const struct change_key *k)
{
	bool ours = false;

	for (const struct change_held *h = k->rows; h != NULL; h = change_next_held(h)) {
		if (ours && !h->r.ours)
			return true;
		ours = ours || h->r.ours;
	}
	return false;
}

static int month_of_row(const struct change_key *k, const struct sql_arg *value)
{
	return k->reg->month != NULL ? k->reg->month(k->part, value) : 0;
}

static void reaches(struct change_key *k, int month)
{
	if (month != 0 && (k->month == 0 || month < k->month))
		k->month = month;
}

/* A row that ends and one that comes, from the same month on: up to where the shorter one goes, nothing changes. */
static int differ_from(const struct change_key *k, const struct sql_arg *was, const struct sql_arg *is)
{
	int a = k->reg->after != NULL ? k->reg->after(was) : 0, b = k->reg->after != NULL ? k->reg->after(is) : 0;

	if (a == b)
		return month_of_row(k, is);
	return a == 0 || (b != 0 && b < a) ? b : a;
}

static const struct change_held *ends_with_month(const struct change_key *k, int month)
{
	for (const struct change_held *h = k->rows; h != NULL; h = change_next_held(h))
		if (h->ends && month_of_row(k, h->r.value) == month)
			return h;
	return NULL;
}

static bool adds_with_month(const struct change_key *k, int month)
{
	for (const struct change_add *a = k->adds; a != NULL; a = a->next)
		if (month_of_row(k, a->value) == month)
			return true;
	return false;
}

/* The first month for which it makes a difference. */
static void weigh_months(struct change_key *k)
{
	for (const struct change_add *a = k->adds; a != NULL; a = a->next) {
		int month = month_of_row(k, a->value);
		const struct change_held *h = month != 0 ? ends_with_month(k, month) : NULL;
		reaches(k, h != NULL ? differ_from(k, h->r.value, a->value) : month);
	}
	for (const struct change_held *h = k->rows; h != NULL; h = change_next_held(h))
		if (h->ends && !adds_with_month(k, month_of_row(k, h->r.value)))
			reaches(k, month_of_row(k, h->r.value));
}

/* Rows that end; one that somebody else has ended already cannot be. */
static void weigh_ends(struct change_key *k)
{
	for (struct change_held *h = k->rows; h != NULL && k->reg->ends; h = change_next_held(h)) {
		h->ends = (h->mine && !h->says) || (h->r.before && h->replaced && h->r.to == 0);
		if (!h->ends)
			continue;
		k->n_ends++;
		k->later = k->later || h->r.to != 0;
	}
}

static enum err weigh_adds(struct change *c, struct change_key *k)
{
	for (const struct change_add *w = k->wanted; w != NULL; w = w->next)
		TRY(place(c, k, w->value, false));
	return k->reg->ends || k->named == KEY_UNNAMED ? place_before(c, k) : ERR_OK;
}

enum err change_key_weigh(struct change *c, struct change_key *k)
{
	k->adds = NULL;
	k->adds_end = &k->adds;
	k->n_ends = 0;
	k->later = false;
	k->month = 0;
	for (struct change_held *h = k->rows; h != NULL; h = change_next_held(h))
		h->says = h->ends = false;
	if (k->named == KEY_KEPT || (k->named == KEY_UNNAMED && !k->ours))
		return ERR_OK;
	TRY(weigh_adds(c, k));
	weigh_ends(k);
	weigh_months(k);
	if (k->adds != NULL || k->n_ends > 0 || k->taken)
		k->later = k->later || k->taken || built_on(k);
	return ERR_OK;
}

/* --- judging --- */

bool change_is_closed(const struct change *c, int month)
{
	return month != 0 && month <= c->closed_month;
}

enum err change_judge(struct change *c, struct change_person *p, struct change_verdict *ret_v)
{
	struct change_verdict v = {false, false, false, 0};

	for (struct change_key *k = p->keys; k != NULL; k = k->next) {
		TRY(change_key_weigh(c, k));
		v.any = v.any || k->adds != NULL || k->n_ends > 0;
		v.later = v.later || k->later;
		if (k->month != 0 && (v.month == 0 || k->month < v.month))
			v.month = k->month;
	}
	v.closed = change_is_closed(c, v.month);
	p->changes = v.any;
	p->month = v.any ? v.month : 0;
	*ret_v = v;
	return ERR_OK;
}

/* --- what it is of --- */

const char *change_filing_no(const struct change *c)
{
	return c->filing_no;
}

const char *change_unit_no(const struct change *c)
{
	return c->unit_no;
}

bool change_is_correction(const struct change *c)
{
	return c->n_chain > 0;
}

enum err change_each(const struct change *c, change_each_fn *fn, void *ctx)
{
	for (size_t i = 0; i < c->n; i++)
		if (c->v[i]->month != 0)
			TRY(fn(c->v[i]->no, c->v[i]->month, ctx));
	return ERR_OK;
}
