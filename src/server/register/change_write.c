/* A change brought about: numbers and seals, then one transaction of plain rows. */
#include "server/register/change_i.h"
#include "store/many.h"
#include <string.h>

enum { SEALED_MAX = 8192 + 256 };

/* --- numbers --- */

struct numbers {
	int64_t want, last;
};

static enum err numbers_row(const struct row *row, void *ctx)
{
	((struct numbers *)ctx)->last = row_int(row, 0);
	return ERR_OK;
}

/* Numbers of a change that never comes are lost, as those of the desk are. */
static enum err numbers_tx(struct tx *tx, void *arg)
{
	struct numbers *j = arg;

	TRY(tx_exec(tx, "person_numbers_take", SQL_ARGS(A_INT(j->want)), NULL));
	return tx_one(tx, "counter_get", SQL_ARGS(A_TEXT("person")), numbers_row, j);
}

static enum err number_new(struct change *c)
{
	struct numbers j = {(int64_t)c->n_new, 0};

	if (c->n_new == 0)
		return ERR_OK;
	TRY(store_write(c->desk->store, numbers_tx, &j));
	int64_t next = j.last - j.want + 1;
	for (size_t i = c->n_read; i < c->n; i++) {
		struct change_person *p = c->v[i];
		TRY(ident_person_no_make(next++, p->no));
		for (struct change_key *k = p->keys; k != NULL; k = k->next)
			k->part[k->reg->person] = A_TEXT(p->no);
	}
	c->n_new = 0;
	return ERR_OK;
}

/* --- seals --- */

static enum err seal_value(struct change *c, const struct change_key *k, size_t at, struct sql_arg *v)
{
	char label[64];
	AUTO_BUF(sealed, SEALED_MAX);
	const struct sql_arg *copy;

	change_column_label(k->reg, at, label);
	TRY(field_seal(c->desk->keys, label, span_str(k->person->no), v->s, &sealed));
	TRY(change_copy(c, &A_BLOB(buf_span(&sealed)), 1, &copy));
	*v = *copy;
	return ERR_OK;
}

static enum err seal_add(struct change *c, const struct change_key *k, struct change_add *a)
{
	struct sql_arg value[REGISTER_VALUES_MAX];
	const struct log_column *column = k->reg->rows->columns + register_value(k->reg);

	memcpy(value, a->value, k->reg->values * sizeof(*value));
	for (size_t i = 0; i < k->reg->values && !a->stored; i++)
		if ((column[i].is & LOG_SEALED) != 0)
			TRY(seal_value(c, k, i, &value[i]));
	a->stored = true;
	return change_copy(c, value, k->reg->values, &a->value);
}

static enum err prepare_person(struct change *c, struct change_person *p)
{
	struct change_verdict v;

	TRY(change_judge(c, p, &v));
	if (v.later || v.closed)
		return ERR(CONFLICT, "%s: %s", p->no, v.later ? "somebody has built on it" : "a closed month");
	if (v.month != 0 && (c->month == 0 || v.month < c->month))
		c->month = v.month;
	for (struct change_key *k = p->keys; k != NULL; k = k->next)
		for (struct change_add *a = k->adds; a != NULL; a = a->next)
			TRY(seal_add(c, k, a));
	return ERR_OK;
}

enum err change_prepare(struct change *c)
{
	TRY(number_new(c));
	for (size_t i = 0; i < c->n; i++)
		TRY(prepare_person(c, c->v[i]));
	return ERR_OK;
}

/* --- looking again --- */

struct again {
	const struct register_table *reg;
	struct change_person *p[LOG_MANY];
	size_t n, at; /* the person at hand */
	const struct change_key *key;
	const struct change_held *row; /* the one that must come next */
};

/* The next version of the register as it was read; NULL past the last. */
static const struct change_held *expect_next(struct again *w)
{
	if (w->row != NULL)
		w->row = change_next_held(w->row);
	while (w->row == NULL && w->at < w->n) {
		w->key = w->key == NULL ? w->p[w->at]->keys : w->key->next;
		if (w->key == NULL)
			w->at++;
		else if (w->key->reg == w->reg)
			w->row = w->key->rows;
	}
	return w->row;
}

static enum err again_row(const struct row *row, void *ctx)
{
	struct again *w = ctx;
	const struct register_table *r = w->reg;
	const struct change_held *h = expect_next(w);
	bool same = h != NULL && row_int(row, (int)register_version(r)) == h->r.version &&
	            strcmp(row_text(row, r->person), w->key->person->no) == 0 &&
	            (!r->ends || row_int(row, (int)register_writer(r) + 2) == h->r.to);

	for (size_t i = 0; same && i < r->keys; i++)
		same = w->key->part[i].kind == SQL_INT ? row_int(row, (int)i) == w->key->part[i].i
		                                       : span_eq(row_blob(row, (int)i), w->key->part[i].s);
	return same ? ERR_OK : ERR(CONFLICT, "%s changed since it was read", r->rows->name);
}

static enum err look_again(struct tx *tx, const struct change *c, struct again *w)
{
	struct sql_arg args[LOG_MANY + 1];
	size_t n = change_read_args(c, w->reg, w->p, w->n, args);

	TRY(tx_query(tx, w->reg->read, args, n, again_row, w));
	return expect_next(w) == NULL ? ERR_OK : ERR(CONFLICT, "%s changed since it was read", w->reg->rows->name);
}

/* Those who change; new ones are kept apart by the keys of the database. */
static enum err look_at_all(struct tx *tx, const struct change *c, const struct register_table *r)
{
	struct again w = {.reg = r};

	for (size_t i = 0; i < c->n_read; i++) {
		if (c->v[i]->changes)
			w.p[w.n++] = c->v[i];
		if (w.n == LOG_MANY || (i + 1 == c->n_read && w.n > 0)) {
			TRY(look_again(tx, c, &w));
			w = (struct again){.reg = r};
		}
	}
	return ERR_OK;
}

static enum err check_all(struct tx *tx, const struct change *c)
{
	int closed = 0;

	if (c->closed != NULL && c->n_chain > 0)
		TRY(c->closed(tx, c->unit_no, &closed));
	if (c->month != 0 && c->month <= closed)
		return ERR(CONFLICT, "month %d is closed meanwhile", closed);
	for (const struct register_table *const *r = c->registers; *r != NULL; r++)
		if ((*r)->versions)
			TRY(look_at_all(tx, c, *r));
	return ERR_OK;
}

/* --- writing --- */

typedef enum err each_key_fn(const struct change *c, const struct change_key *k, void *ctx);

static enum err each_key(const struct change *c, const struct register_table *r, each_key_fn *fn, void *ctx)
{
	for (size_t i = 0; i < c->n; i++)
		for (const struct change_key *k = c->v[i]->keys; k != NULL; k = k->next)
			if (k->reg == r && (k->adds != NULL || k->n_ends > 0))
				TRY(fn(c, k, ctx));
	return ERR_OK;
}

struct ending {
	struct tx *tx;
	const struct register_table *reg;
	size_t n;
	struct sql_arg args[2 + LOG_MANY * (REGISTER_KEYS_MAX + 1)];
};

/* All of them stood, or one is not what it was. */
static enum err end_now(struct ending *w)
{
	size_t parts = w->reg->keys + 1;
	int64_t changed = 0;

	if (w->n == 0)
		return ERR_OK;
	for (size_t i = w->n; i < LOG_MANY; i++)
		memcpy(w->args + 2 + i * parts, w->args + 2, parts * sizeof(*w->args));
	TRY(tx_exec(w->tx, w->reg->close, w->args, 2 + LOG_MANY * parts, &changed));
	if (changed != (int64_t)w->n)
		return ERR(CONFLICT, "a row of %s was ended meanwhile", w->reg->rows->name);
	w->n = 0;
	return ERR_OK;
}

static enum err end_rows(const struct change *c, const struct change_key *k, void *ctx)
{
	struct ending *w = ctx;
	size_t parts = k->reg->keys + 1;

	(void)c;
	for (const struct change_held *h = k->rows; h != NULL; h = change_next_held(h)) {
		struct sql_arg *at = w->args + 2 + w->n * parts;
		if (!h->ends)
			continue;
		memcpy(at, k->part, k->reg->keys * sizeof(*at));
		at[k->reg->keys] = A_INT(h->r.version);
		if (++w->n == LOG_MANY)
			TRY(end_now(w));
	}
	return ERR_OK;
}

static int64_t last_version(const struct change_key *k)
{
	return k->last != NULL ? k->last->r.version : 0;
}

static enum err add_rows(const struct change *c, const struct change_key *k, void *ctx)
{
	const struct register_table *r = k->reg;
	struct sql_arg row[REGISTER_COLUMNS_MAX];
	int64_t version = last_version(k);
	size_t at = register_writer(r);

	memcpy(row, k->part, r->keys * sizeof(*row));
	for (const struct change_add *a = k->adds; a != NULL; a = a->next) {
		if (r->versions) {
			row[r->keys] = A_INT(++version);
			row[at] = A_TEXT(c->filing_no);
			row[at + 1] = A_INT(c->now);
			row[at + 2] = A_INT(0);
			row[at + 3] = A_TEXT("");
		}
		memcpy(row + register_value(r), a->value, r->values * sizeof(*row));
		TRY(many_put(ctx, row, NULL));
	}
	return ERR_OK;
}

static enum err write_register(struct tx *tx, const struct change *c, const struct register_table *r)
{
	struct ending ending = {.tx = tx, .reg = r, .args = {A_INT(c->now), A_TEXT(c->filing_no)}};
	struct many many;

	TRY(each_key(c, r, end_rows, &ending));
	TRY(end_now(&ending));
	many_begin(&many, tx, r->put, register_columns(r));
	TRY(each_key(c, r, add_rows, &many));
	return many_end(&many);
}

static enum err apply_all(struct tx *tx, const struct change *c)
{
	TRY(check_all(tx, c));
	for (const struct register_table *const *r = c->registers; *r != NULL; r++)
		TRY(write_register(tx, c, *r));
	return tx_exec(tx, "register_touch", SQL_ARGS(A_TEXT(c->unit_no)), NULL);
}

enum err change_apply(struct tx *tx, const struct change *c)
{
	enum err e = apply_all(tx, c);

	if (e != ERR_EXISTS)
		return e;
	err_clear();
	return ERR(CONFLICT, "a row of the registers came into being meanwhile");
}

/* --- what follows from it --- */

static void cover_row(const struct change_key *k, int64_t version, struct log_act *a)
{
	struct sql_arg part[REGISTER_KEYS_MAX + 1];
	size_t n = k->reg->keys;

	memcpy(part, k->part, n * sizeof(*part));
	if (k->reg->versions)
		part[n++] = A_INT(version);
	log_act_cover_by(a, LOG_COVER_ROW, k->reg->rows->name, NULL, part, n);
}

static enum err cover_key(const struct change *c, const struct change_key *k, void *ctx)
{
	int64_t version = last_version(k);

	(void)c;
	for (const struct change_held *h = k->rows; h != NULL; h = change_next_held(h))
		if (h->ends)
			cover_row(k, h->r.version, ctx);
	for (const struct change_add *w = k->adds; w != NULL; w = w->next)
		cover_row(k, ++version, ctx);
	return ERR_OK;
}

void change_cover(const struct change *c, struct log_act *a)
{
	for (const struct register_table *const *r = c->registers; *r != NULL; r++)
		INVARIANT(each_key(c, *r, cover_key, a) == ERR_OK);
}

/* --- before and after --- */

struct telling {
	change_line_fn *fn;
	void *ctx;
};

static enum err tell_row(const struct telling *t, const struct change_key *k, const struct sql_arg *was,
                         const struct sql_arg *is)
{
	const struct log_column *column = k->reg->rows->columns + register_value(k->reg);

	for (size_t i = 0; i < k->reg->values; i++) {
		const struct change_line l = {.reg = k->reg,
		                              .person_no = k->person->no,
		                              .key = k->part,
		                              .column = &column[i],
		                              .was = was != NULL ? &was[i] : NULL,
		                              .is = is != NULL ? &is[i] : NULL};
		if (was == NULL || is == NULL || !sql_arg_eq(&was[i], &is[i]))
			TRY(t->fn(&l, t->ctx));
	}
	return ERR_OK;
}

static const struct change_held *next_ending(const struct change_held *h)
{
	while (h != NULL && !h->ends)
		h = change_next_held(h);
	return h;
}

/* The n-th row that ends is told with the n-th that comes; where rows do not end, the newest version ends. */
static enum err tell_key(const struct change *c, const struct change_key *k, void *ctx)
{
	const struct change_held *h = k->reg->ends ? next_ending(k->rows) : k->last;
	const struct change_add *a = k->adds;

	(void)c;
	while (h != NULL || a != NULL) {
		TRY(tell_row(ctx, k, h != NULL ? h->r.value : NULL, a != NULL ? a->value : NULL));
		h = h != NULL && k->reg->ends ? next_ending(change_next_held(h)) : NULL;
		a = a != NULL ? a->next : NULL;
	}
	return ERR_OK;
}

enum err change_slip(const struct change *c, change_line_fn *fn, void *ctx)
{
	const struct telling t = {fn, ctx};

	for (size_t i = 0; i < c->n; i++)
		for (const struct change_key *k = c->v[i]->keys; k != NULL; k = k->next)
			if (k->adds != NULL || k->n_ends > 0)
				TRY(tell_key(c, k, (void *)(uintptr_t)&t));
	return ERR_OK;
}
