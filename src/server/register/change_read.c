/* What the registers hold for a change, and the keys under which it stands. */
#include "server/register/change_i.h"
#include <stdlib.h>
#include <string.h>

enum { CHANGE_BYTES_MAX = 256 << 20 };

/* --- values --- */

bool sql_arg_eq(const struct sql_arg *a, const struct sql_arg *b)
{
	if (a->kind != b->kind)
		return false;
	return a->kind == SQL_INT ? a->i == b->i : span_eq(a->s, b->s);
}

enum err change_copy(struct change *c, const struct sql_arg *v, size_t n, const struct sql_arg **ret_v)
{
	struct sql_arg *to = arena_alloc(c->arena, n * sizeof(*to));

	if (to == NULL)
		return ERR(LIMIT, "values of a change");
	for (size_t i = 0; i < n; i++) {
		to[i] = v[i];
		if (v[i].s.len == 0)
			continue;
		char *s = arena_str(c->arena, v[i].s);
		if (s == NULL)
			return ERR(LIMIT, "values of a change");
		to[i].s = span_of(s, v[i].s.len);
	}
	*ret_v = to;
	return ERR_OK;
}

static struct sql_arg column_of(const struct row *row, int at, enum sql_kind kind)
{
	if (kind == SQL_INT)
		return A_INT(row_int(row, at));
	return (struct sql_arg){kind, 0, row_blob(row, at)};
}

/* --- persons and keys --- */

enum err change_person_make(struct change *c, const char *no, struct change_person **ret_p)
{
	struct change_person *p = arena_alloc(c->arena, sizeof(*p));

	if (c->n == c->cap) {
		size_t cap = c->cap > 0 ? c->cap * 2 : 64;
		struct change_person **v = reallocarray(c->v, cap, sizeof(*v));
		if (v == NULL)
			return ERR(NOMEM, "persons of a change");
		c->v = v;
		c->cap = cap;
	}
	if (p == NULL || strlen(no) >= sizeof(p->no))
		return ERR(LIMIT, "persons of a change");
	memcpy(p->no, no, strlen(no) + 1);
	p->keys_end = &p->keys;
	c->v[c->n++] = p;
	*ret_p = p;
	return ERR_OK;
}

struct change_key *change_key_find(const struct change_person *p, const struct register_table *r,
                                   const struct sql_arg *part)
{
	for (struct change_key *k = p->keys; k != NULL; k = k->next) {
		size_t i = 0;
		while (k->reg == r && i < r->keys && ((int)i == r->person || sql_arg_eq(&k->part[i], &part[i])))
			i++;
		if (k->reg == r && i == r->keys)
			return k;
	}
	return NULL;
}

enum err change_key_make(struct change *c, struct change_person *p, const struct register_table *r,
                         const struct sql_arg *part, struct change_key **ret_k)
{
	struct change_key *k = arena_alloc(c->arena, sizeof(*k));
	const struct sql_arg *copy;

	if (k == NULL)
		return ERR(LIMIT, "keys of a change");
	TRY(change_copy(c, part, r->keys, &copy));
	memcpy(k->part, copy, r->keys * sizeof(*copy));
	k->part[r->person] = A_TEXT(p->no);
	k->reg = r;
	k->person = p;
	k->wanted_end = &k->wanted;
	*p->keys_end = k;
	p->keys_end = &k->next;
	*ret_k = k;
	return ERR_OK;
}

/* --- reading --- */

struct reading {
	struct change *c;
	struct tx *tx;
	const struct register_table *reg;
	struct change_key *key; /* of the row at hand */
};

static bool in_chain(const struct change *c, const char *no)
{
	for (size_t i = 0; i < c->n_chain; i++)
		if (strcmp(c->chain[i], no) == 0)
			return true;
	return false;
}

static enum err read_key(struct reading *w, const struct row *row)
{
	struct sql_arg part[REGISTER_KEYS_MAX];
	const struct register_table *r = w->reg;

	for (size_t i = 0; i < r->keys; i++)
		part[i] = column_of(row, (int)i, r->rows->columns[i].kind);
	struct change_person *p = change_person(w->c, row_text(row, r->person));
	if (p == NULL)
		return ERR(INTERNAL, "a person who was not asked for");
	w->key = change_key_find(p, r, part);
	return w->key != NULL ? ERR_OK : change_key_make(w->c, p, r, part, &w->key);
}

static enum err read_row(const struct row *row, void *ctx)
{
	struct reading *w = ctx;
	const struct register_table *r = w->reg;
	struct sql_arg value[REGISTER_VALUES_MAX];
	struct change_held *h = arena_alloc(w->c->arena, sizeof(*h));
	int writer = (int)register_writer(r);

	TRY(read_key(w, row));
	for (size_t i = 0; i < r->values; i++) {
		size_t at = register_value(r) + i;
		value[i] = column_of(row, (int)at, r->rows->columns[at].kind);
	}
	if (h == NULL || (h->r.writer = arena_str(w->c->arena, span_str(row_text(row, writer)))) == NULL)
		return ERR(LIMIT, "rows of a change");
	TRY(change_copy(w->c, value, r->values, &h->r.value));
	h->r.version = row_int(row, (int)register_version(r));
	h->r.from = row_int(row, writer + 1);
	h->r.to = r->ends ? row_int(row, writer + 2) : 0;
	h->r.ours = in_chain(w->c, h->r.writer);
	const char *closer = r->ends ? row_text(row, writer + 3) : "";
	h->closer = closer[0] == 0 ? CLOSER_UNKNOWN : in_chain(w->c, closer) ? CLOSER_CHAIN : CLOSER_OTHER;
	if (w->key->last == NULL)
		w->key->rows = h;
	else
		w->key->last->r.next = &h->r;
	w->key->last = h;
	return ERR_OK;
}

size_t change_read_args(const struct change *c, const struct register_table *r, struct change_person *const *p,
                        size_t n, struct sql_arg args[LOG_MANY + 1])
{
	size_t at = 0;

	if (!r->at_all_units)
		args[at++] = A_TEXT(c->unit_no);
	for (size_t i = 0; i < LOG_MANY; i++)
		args[at++] = A_TEXT(p[i < n ? i : n - 1]->no);
	return at;
}

static enum err read_register(struct reading *w)
{
	struct sql_arg args[LOG_MANY + 1];
	struct change *c = w->c;

	for (size_t at = 0; w->reg->versions && at < c->n_read; at += LOG_MANY) {
		size_t n = c->n_read - at < LOG_MANY ? c->n_read - at : LOG_MANY;
		size_t n_args = change_read_args(c, w->reg, c->v + at, n, args);
		TRY(tx_query(w->tx, w->reg->read, args, n_args, read_row, w));
	}
	return ERR_OK;
}

/* --- what stood before, what the chain left --- */

/* Who ends a row adds the next version in the same moment, except the chain itself when it takes back. */
static bool ended_by_others(const struct change_held *h)
{
	const struct change_row *next = h->r.next;

	if (h->r.to == 0 || h->closer == CLOSER_CHAIN)
		return false;
	return h->closer == CLOSER_OTHER || (next != NULL && !next->ours && next->from == h->r.to);
}

/* ours: the chain's first version, NULL: none. What somebody else has ended since is not what stood before. */
static bool stood_before(const struct change_held *h, const struct change_held *ours)
{
	if (h->r.to == 0)
		return true;
	return ours != NULL && (h->closer == CLOSER_CHAIN || (h->closer == CLOSER_UNKNOWN && h->r.to == ours->r.from));
}

static void classify(struct change_key *k)
{
	const struct change_held *ours = NULL;
	struct change_held *before = NULL, *mine = NULL;

	for (const struct change_held *h = k->rows; h != NULL && ours == NULL; h = change_next_held(h))
		ours = h->r.ours ? h : NULL;
	k->ours = ours != NULL;
	bool first = true;
	for (struct change_held *h = k->rows; h != NULL; h = change_next_held(h)) {
		first = first && h != ours;
		h->r.before = first && stood_before(h, ours);
		h->mine = h->r.ours && (h->r.to == 0 || ended_by_others(h));
		before = h->r.before ? h : before;
		mine = h->mine ? h : mine;
	}
	/* The newest version is the one that counts. */
	for (struct change_held *h = k->rows; h != NULL && !k->reg->ends; h = change_next_held(h)) {
		h->r.before = h == before;
		h->mine = h == mine;
	}
}

/* --- the scope --- */

static enum err chain_person(const struct row *row, void *ctx)
{
	struct change *c = ctx;
	struct change_person *p;

	TRY(change_person_make(c, row_text(row, 0), &p));
	p->ours = true;
	return ERR_OK;
}

static enum err read_chain(struct change *c, struct tx *tx)
{
	for (const struct register_table *const *r = c->registers; *r != NULL; r++)
		for (size_t i = 0; (*r)->written != NULL && i < c->n_chain; i++)
			TRY(tx_query(tx, (*r)->written, SQL_ARGS(A_TEXT(c->unit_no), A_TEXT(c->chain[i])), chain_person,
			             c));
	return ERR_OK;
}

static int by_no(const void *a, const void *b)
{
	const struct change_person *const *p = a, *const *q = b;

	return strcmp((*p)->no, (*q)->no);
}

/* Each once. */
static void sort_persons(struct change *c)
{
	size_t n = 0;

	if (c->n > 0)
		qsort(c->v, c->n, sizeof(struct change_person *), by_no);
	for (size_t i = 0; i < c->n; i++) {
		if (n > 0 && strcmp(c->v[n - 1]->no, c->v[i]->no) == 0)
			c->v[n - 1]->ours = c->v[n - 1]->ours || c->v[i]->ours;
		else
			c->v[n++] = c->v[i];
	}
	c->n = c->n_read = n;
	for (size_t i = 0; i < n; i++)
		c->v[i]->at = i;
}

struct scope_job {
	struct change *c;
	const struct change_scope *s;
};

static enum err read_fn(struct tx *tx, void *arg)
{
	const struct scope_job *j = arg;
	struct change *c = j->c;
	struct change_person *p;

	TRY(read_chain(c, tx));
	for (size_t i = 0; i < j->s->n_persons; i++)
		TRY(change_person_make(c, j->s->persons[i], &p));
	sort_persons(c);
	for (const struct register_table *const *r = c->registers; *r != NULL; r++)
		TRY(read_register(&(struct reading){.c = c, .tx = tx, .reg = *r}));
	for (size_t i = 0; i < c->n; i++)
		for (struct change_key *k = c->v[i]->keys; k != NULL; k = k->next)
			classify(k);
	return c->closed != NULL && c->n_chain > 0 ? c->closed(tx, c->unit_no, &c->closed_month) : ERR_OK;
}

static enum err copy_scope(struct change *c, const struct change_scope *s)
{
	const char **chain = arena_alloc(c->arena, (s->n_chain + 1) * sizeof(*chain));

	for (size_t i = 0; chain != NULL && i < s->n_chain; i++)
		if ((chain[i] = arena_str(c->arena, span_str(s->chain[i]))) == NULL)
			return ERR(LIMIT, "scope of a change");
	c->chain = chain;
	c->n_chain = s->n_chain;
	c->unit_no = arena_str(c->arena, span_str(s->unit_no));
	c->filing_no = arena_str(c->arena, span_str(s->filing_no));
	c->registers = s->registers;
	c->closed = s->closed;
	return chain != NULL && c->unit_no != NULL && c->filing_no != NULL ? ERR_OK : ERR(LIMIT, "scope of a change");
}

enum err change_new(const struct desk *d, const struct change_scope *s, struct change **ret_c)
{
	AUTO(change) c = calloc(1, sizeof(*c));

	if (c == NULL || (c->arena = arena_new(CHANGE_BYTES_MAX)) == NULL)
		return ERR(NOMEM, "change of registers");
	c->desk = d;
	c->now = clock_now(d->clock);
	TRY(copy_scope(c, s));
	TRY(store_read(d->store, read_fn, &(struct scope_job){c, s}));
	*ret_c = STEAL(c);
	return ERR_OK;
}

void change_free(struct change *c)
{
	if (c == NULL)
		return;
	free(c->v);
	arena_free(c->arena);
	free(c);
}

/* --- looking --- */

static int by_key(const void *key, const void *p)
{
	return strcmp(key, (*(struct change_person *const *)p)->no);
}

struct change_person *change_person(const struct change *c, const char *person_no)
{
	if (c->n_read == 0)
		return NULL;
	struct change_person **p = bsearch(person_no, c->v, c->n_read, sizeof(struct change_person *), by_key);
	return p != NULL ? *p : NULL;
}

enum err change_person_new(struct change *c, struct change_person **ret_p)
{
	TRY(change_person_make(c, "", ret_p));
	(*ret_p)->is_new = true;
	c->n_new++;
	return ERR_OK;
}

struct change_person *change_next_of_chain(const struct change *c, const struct change_person *p)
{
	for (size_t i = p != NULL ? p->at + 1 : 0; i < c->n_read; i++)
		if (c->v[i]->ours)
			return c->v[i];
	return NULL;
}

const char *change_person_no(const struct change_person *p)
{
	return p->no;
}

enum err change_key(struct change *c, struct change_person *p, const struct register_table *r,
                    const struct sql_arg *rest, struct change_key **ret_k)
{
	struct sql_arg part[REGISTER_KEYS_MAX];

	for (size_t i = 0, at = 0; i < r->keys; i++)
		part[i] = (int)i == r->unit ? A_TEXT(c->unit_no) : (int)i == r->person ? A_TEXT(p->no) : rest[at++];
	*ret_k = change_key_find(p, r, part);
	return *ret_k != NULL ? ERR_OK : change_key_make(c, p, r, part, ret_k);
}

const struct change_key *change_next_key(const struct change_person *p, const struct change_key *k)
{
	return k == NULL ? p->keys : k->next;
}

const struct register_table *change_key_register(const struct change_key *k)
{
	return k->reg;
}

const struct sql_arg *change_key_part(const struct change_key *k, size_t i)
{
	return &k->part[i];
}

const struct change_row *change_rows(const struct change_key *k)
{
	return k->rows != NULL ? &k->rows->r : NULL;
}

bool change_of_chain(const struct change_key *k)
{
	return k->ours;
}
