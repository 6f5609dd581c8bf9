/* Entries and the tree over them. */
#include "evidence/log_check_i.h"
#include "gm/sm3.h"
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

enum { PAGE = 512 };

void fault_(struct checking *k, const char *table, const char *column, const char *what, const char *row_fmt, ...)
{
	struct log_fault f = {.table = table, .column = column != NULL ? column : "", .what = what};
	va_list ap;

	va_start(ap, row_fmt);
	(void)vsnprintf(f.row, sizeof(f.row), row_fmt, ap);
	va_end(ap);
	err_clear();
	k->sum.faults++;
	k->c->fault(&f, k->c->ctx);
}

static unsigned long long u(uint64_t v)
{
	return v;
}

/* --- nodes --- */

static enum err hash_row(const struct row *row, void *ctx)
{
	struct span s = row_blob(row, 0);

	memset(ctx, 0, TREE_HASH_LEN); /* of a wrong length: equal to no hash */
	if (s.len == TREE_HASH_LEN)
		memcpy(ctx, s.ptr, TREE_HASH_LEN);
	return ERR_OK;
}

static enum err stored_node(struct checking *k, unsigned level, uint64_t index, uint8_t ret_hash[32], bool *ret_there)
{
	enum err e = tx_one(k->tx, "log_node_get",
	                    SQL_ARGS(A_INT(LOG_EPOCH_FIRST), A_INT(level), A_INT((int64_t)index)), hash_row, ret_hash);

	*ret_there = e == ERR_OK;
	if (e == ERR_ABSENT) {
		err_clear();
		return ERR_OK;
	}
	return e;
}

static bool same(const uint8_t a[32], const uint8_t b[32])
{
	return span_eq(span_of(a, 32), span_of(b, 32));
}

/* Level 0 is compared with its entry; here what stands above. */
static enum err check_node(void *ctx, unsigned level, uint64_t index, const uint8_t hash[32])
{
	struct checking *k = ctx;
	uint8_t stored[TREE_HASH_LEN];
	bool there;

	if (level == 0)
		return ERR_OK;
	TRY(stored_node(k, level, index, stored, &there));
	if (!there)
		fault_(k, "log_node", NULL, "行被删除", "%u/%llu", level, u(index));
	else if (!same(stored, hash))
		fault_(k, "log_node", "hash", "与下层节点不符", "%u/%llu", level, u(index));
	return ERR_OK;
}

/* --- heads in passing --- */

/* All heads up to the present size of the tree; one of a size that was passed already is of another tree. */
static enum err pass_heads(struct checking *k)
{
	enum err e;

	do {
		e = tx_one(k->tx, "log_head_between",
		           SQL_ARGS(A_INT(LOG_EPOCH_FIRST), A_INT((int64_t)k->head_size),
		                    A_INT((int64_t)k->front.size)),
		           check_head_row, k);
	} while (e == ERR_OK);
	if (e != ERR_ABSENT)
		return e;
	err_clear();
	return ERR_OK;
}

/* --- one entry --- */

static enum err grow(struct checking *k, const uint8_t hash[32])
{
	TRY(tree_append(&k->front, hash, check_node, k));
	return pass_heads(k);
}

/* Entries that should stand before this one are gone: the stored nodes stand in, so that the rest can be checked. */
static enum err skip_to(struct checking *k, uint64_t index, uint64_t seq)
{
	uint8_t stored[TREE_HASH_LEN];
	bool there;

	while (k->front.size < index) {
		TRY(stored_node(k, 0, k->front.size, stored, &there));
		if (!there) {
			fault_(k, "log_entry", "idx", "序号超出日志树", "%llu", u(seq));
			return ERR_OK;
		}
		fault_(k, "log_entry", NULL, "行被删除", "idx %llu", u(k->front.size));
		TRY(grow(k, stored));
	}
	return ERR_OK;
}

struct entry_look {
	struct log_entry e;
	const char *column; /* whose mark is wrong */
	uint8_t hash[32], stored[32];
	bool has_node;
	bool state_fits, serial_fits; /* the two columns that are not in the leaf but follow from others */
};

static void name_entry(struct checking *k, const struct entry_look *x)
{
	bool leaf_ok = x->e.leaf.len == 32 && same(x->e.leaf.ptr, x->hash);
	bool all_marks = x->column != NULL && strcmp(x->column, "marks") == 0;

	/* With the leaf in order only the marks can be wrong; when all marks are, and the leaf too, it was their salt.
	 */
	if (x->column != NULL && leaf_ok && x->has_node && same(x->hash, x->stored) && x->state_fits &&
	    x->serial_fits && x->e.epoch == LOG_EPOCH_FIRST)
		fault_(k, "log_entry", "marks", "内容被改动", "%llu", u(x->e.seq));
	else if (x->column != NULL)
		fault_(k, "log_entry", all_marks && !leaf_ok ? "salt" : x->column, "内容被改动", "%llu", u(x->e.seq));
	else if (!x->has_node)
		fault_(k, "log_node", NULL, "行被删除", "0/%llu", u(x->e.index));
	else if (leaf_ok)
		fault_(k, "log_node", "hash", "与日志条目不符", "0/%llu", u(x->e.index));
	else if (same(x->hash, x->stored))
		fault_(k, "log_entry", "leaf", "内容被改动", "%llu", u(x->e.seq));
	else if (k->n_bad_covers < BAD_COVERS_MAX)
		k->bad_covers[k->n_bad_covers++] = x->e.seq; /* named by row and column in check_covered() */
	else
		fault_(k, "log_cover", NULL, "所覆盖的行清单被改动", "seq %llu", u(x->e.seq));
}

static enum err check_place(struct checking *k, struct entry_look *x)
{
	struct leaf l;

	if (k->pending_seen)
		fault_(k, "log_entry", NULL, "插入了行或次序被改动", "%llu", u(x->e.seq));
	TRY(skip_to(k, x->e.index, x->e.seq));
	if (x->e.index != k->front.size) {
		fault_(k, "log_entry", x->column != NULL ? x->column : "idx", "次序被改动", "%llu", u(x->e.seq));
		return ERR_OK;
	}
	TRY(log_leaf_of(k->tx, &x->e, &l));
	enum err e = leaf_hash(&l, x->hash);
	if (e == ERR_SYNTAX)
		memset(x->hash, 0, sizeof(x->hash));
	else
		TRY(e);
	TRY(stored_node(k, 0, x->e.index, x->stored, &x->has_node));
	if (x->column == NULL && !x->serial_fits)
		x->column = "cert_serial"; /* with its mark made new */
	bool good = x->has_node && x->column == NULL && x->e.epoch == LOG_EPOCH_FIRST && x->e.leaf.len == 32 &&
	            same(x->e.leaf.ptr, x->hash) && same(x->stored, x->hash);
	if (!good)
		name_entry(k, x);
	if (!x->has_node && x->column != NULL)
		return ERR_OK; /* it never was in the tree */
	/* A named entry stands by its node, so that it does not make every later head wrong. */
	bool by_node = !good && x->has_node && !(x->e.leaf.len == 32 && same(x->e.leaf.ptr, x->hash));
	return grow(k, by_node ? x->stored : x->hash);
}

/* From the certificate itself; one that cannot be read is named by check_certs(). */
static enum err serial_row(const struct row *row, void *ctx)
{
	AUTO(cert) c = NULL;

	if (cert_parse(row_blob(row, 2), &c) == ERR_OK)
		(void)snprintf(ctx, 64, "%s", cert_serial(c));
	err_clear();
	return ERR_OK;
}

static enum err check_reference(struct checking *k, const struct log_entry *e, bool *ret_serial_fits)
{
	char serial[64] = "";

	*ret_serial_fits = e->serial[0] == '\0';
	if (e->cert_sm3.len == 0)
		return ERR_OK;
	enum err r = tx_one(k->tx, "log_cert_get", SQL_ARGS(A_BLOB(e->cert_sm3)), serial_row, serial);
	if (r == ERR_ABSENT)
		fault_(k, "log_cert", NULL, "签名证书被删除或改动", "%s", e->serial);
	else
		TRY(r);
	*ret_serial_fits = serial[0] == '\0' || strcmp(serial, e->serial) == 0;
	return ERR_OK;
}

/* Once, or rows that were inserted since would be taken for good: who hides the first entry and brings it back is found
 * here. */
static void check_adoption(struct checking *k, const struct log_entry *e)
{
	if (strcmp(e->kind, LOG_ADOPT_KIND) != 0)
		return;
	if (k->adopted || strcmp(e->subject, LOG_ADOPTED) != 0)
		fault_(k, "log_entry", NULL, "原有数据只能纳入日志一次:此条目所覆盖的行可能是插入的", "%llu",
		       u(e->seq));
	k->adopted = true;
}

static enum err check_entry(const struct row *row, void *ctx)
{
	struct checking *k = ctx;
	struct entry_look x = {0};
	struct log_value v[LOG_COLUMNS_MAX];
	size_t n = log_row_values(row, 0, log_entry_columns, v);
	struct span salt = row_blob(row, 14), marks = row_blob(row, 16);

	k->sum.entries++;
	k->next_seq = (uint64_t)row_int(row, 0);
	TRY(log_marks_name(salt, v, n, marks, &x.column));
	if (x.column != NULL && strcmp(x.column, "marks") == 0 && salt.len != LEAF_DIGEST_LEN)
		x.column = "salt";
	if (log_entry_read(row, &x.e) != ERR_OK) {
		fault_(k, "log_entry", x.column, "内容被改动", "%lld", (long long)row_int(row, 0));
		return ERR_OK;
	}
	x.state_fits = row_int(row, 1) == 1;
	TRY(check_reference(k, &x.e, &x.serial_fits));
	if (x.column == NULL)
		check_adoption(k, &x.e);
	if (!x.e.pending)
		return check_place(k, &x);
	k->pending_seen = true;
	k->sum.pending++;
	if (x.column != NULL)
		fault_(k, "log_entry", x.column, "内容被改动", "%llu", u(x.e.seq));
	return ERR_OK;
}

static enum err check_entries(struct checking *k)
{
	uint64_t before;

	do {
		before = k->sum.entries;
		TRY(tx_query(k->tx, "log_entry_all", SQL_ARGS(A_INT((int64_t)k->next_seq), A_INT(PAGE)), check_entry,
		             k));
		if (k->c->progress != NULL)
			k->c->progress(k->sum.entries, k->total, k->c->ctx);
	} while (k->sum.entries - before == PAGE);
	return ERR_OK;
}

/* --- what stands behind the end --- */

static enum err stray_node(const struct row *row, void *ctx)
{
	struct checking *k = ctx;

	/* Leaf nodes tell of entries that were cut off; what stands above them says the same again. */
	if (row_int(row, 0) == LOG_EPOCH_FIRST && row_int(row, 1) == 0)
		fault_(k, "log_entry", NULL, "行被删除", "idx %lld", (long long)row_int(row, 2));
	else if (row_int(row, 0) != LOG_EPOCH_FIRST || row_int(row, 1) < 0)
		fault_(k, "log_node", NULL, "多出的行", "%lld/%lld/%lld", (long long)row_int(row, 0),
		       (long long)row_int(row, 1), (long long)row_int(row, 2));
	return ERR_OK;
}

static enum err late_head(const struct row *row, void *ctx)
{
	struct checking *k = ctx;

	if (row_int(row, 0) != LOG_EPOCH_FIRST)
		fault_(k, "log_head", "epoch", "内容被改动", "%lld", (long long)row_int(row, 1));
	else if (row_int(row, 1) > (int64_t)k->front.size || row_int(row, 1) < 1)
		fault_(k, "log_head", "size", "日志头大于日志树:条目被删除或日志头被改动", "%lld",
		       (long long)row_int(row, 1));
	return ERR_OK;
}

static enum err check_end(struct checking *k)
{
	TRY(tx_query(k->tx, "log_node_strays", SQL_ARGS(A_INT(LOG_EPOCH_FIRST), A_INT((int64_t)k->front.size)),
	             stray_node, k));
	return tx_query(k->tx, "log_head_all", NULL, 0, late_head, k);
}

static enum err count_row(const struct row *row, void *ctx)
{
	*(uint64_t *)ctx = (uint64_t)row_int(row, 0);
	return ERR_OK;
}

enum err log_check(struct tx *tx, const struct log_check *c, struct log_sum *ret_s)
{
	struct checking k = {.c = c, .tx = tx};
	uint64_t covers = 0;

	TRY(tx_one(tx, "log_entry_count", NULL, 0, count_row, &k.total));
	TRY(tx_one(tx, "log_cover_count", NULL, 0, count_row, &covers));
	k.total += covers;
	TRY(check_entries(&k));
	k.done = k.sum.entries;
	TRY(check_end(&k));
	TRY(check_certs(&k));
	TRY(check_covered(&k));
	k.sum.size = k.front.size;
	TRY(tree_front_root(&k.front, k.sum.root));
	*ret_s = k.sum;
	return k.sum.faults == 0 ? ERR_OK : ERR(LOG_DAMAGED, "%llu faults", u(k.sum.faults));
}
