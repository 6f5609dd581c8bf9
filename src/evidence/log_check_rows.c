/* Heads, certificates, and the rows of other tables that entries cover. */
#include "evidence/log_check_i.h"
#include "gm/sm3.h"
#include "pki/tsp.h"
#include <stdio.h>
#include <string.h>

/* --- heads --- */

static bool cert_by_ca(const struct checking *k)
{
	return k->c->ca != NULL && k->c->log != NULL && cert_verify(k->c->log, cert_pub(k->c->ca)) == ERR_OK;
}

static const char *signature_fault(struct checking *k, const struct log_head *h, const char **ret_column)
{
	struct head got;
	struct tsp_info info;
	uint8_t imprint[SM3_LEN];

	*ret_column = "sig";
	if (h->sig.len == 0) {
		k->sum.unsigned_heads++;
		return k->c->signed_heads ? "日志头没有签名" : NULL;
	}
	if (k->c->log != NULL &&
	    (!cert_by_ca(k) || head_verify(buf_span(&h->text), buf_span(&h->sig), k->c->log, &got) != ERR_OK))
		return "日志头签名不成立";
	*ret_column = "stamp";
	if (h->stamp.len == 0)
		return k->c->signed_heads ? "日志头没有时间戳" : NULL;
	if (k->c->ca == NULL)
		return NULL;
	if (sm3_digest(buf_span(&h->text), imprint) != ERR_OK)
		return "日志头时间戳不成立";
	const struct tsp_want want = {.ca = k->c->ca, .sm3 = imprint};
	return tsp_token_verify(buf_span(&h->stamp), &want, &info) == ERR_OK ? NULL : "日志头时间戳不成立";
}

static enum err check_root(struct checking *k, const struct log_head *h)
{
	uint8_t root[TREE_HASH_LEN];
	const char *column = NULL;

	TRY(tree_front_root(&k->front, root));
	if (!span_eq(SPAN_ARR(root), SPAN_ARR(h->head.root)))
		fault_(k, "log_head", "root", "与日志树不符:此前的条目被改动或日志头被改动", "%llu",
		       (unsigned long long)h->head.size);
	if (strcmp(h->head.bureau, k->c->bureau) != 0)
		fault_(k, "log_head", "text", "属于其他机构", "%llu", (unsigned long long)h->head.size);
	if (h->head.time < k->head_time)
		fault_(k, "log_head", "time", "早于前一个日志头", "%llu", (unsigned long long)h->head.size);
	k->head_time = h->head.time;
	const char *what = signature_fault(k, h, &column);
	if (what != NULL)
		fault_(k, "log_head", column, what, "%llu", (unsigned long long)h->head.size);
	err_clear();
	return ERR_OK;
}

/* Signed as it stands and over this tree: then nothing but its marks can have been changed. */
static bool head_is_good(struct checking *k, const struct log_head *h)
{
	uint8_t root[TREE_HASH_LEN];
	const char *column = NULL;

	return k->c->log != NULL && h->sig.len > 0 && tree_front_root(&k->front, root) == ERR_OK &&
	       span_eq(SPAN_ARR(root), SPAN_ARR(h->head.root)) && signature_fault(k, h, &column) == NULL;
}

enum err check_head_row(const struct row *row, void *ctx)
{
	struct checking *k = ctx;
	struct log_value v[LOG_COLUMNS_MAX];
	struct log_head h;
	const char *column = NULL;
	int64_t size = row_int(row, 1);

	k->sum.heads++;
	k->head_size = (uint64_t)size;
	size_t n = log_row_values(row, 0, log_head_columns, v);
	TRY(log_marks_name(LOG_HEAD_SALT, v, n, row_blob(row, 7), &column));
	log_head_init(&h);
	enum err e = log_head_read(row, &h);
	if (column != NULL)
		fault_(k, "log_head", e == ERR_OK && head_is_good(k, &h) ? "marks" : column, "内容被改动", "%lld",
		       (long long)size);
	if (e == ERR_OK)
		e = column != NULL ? ERR_OK : check_root(k, &h);
	else if (e == ERR_LOG_DAMAGED || e == ERR_LIMIT) {
		if (column == NULL)
			fault_(k, "log_head", NULL, "内容自相矛盾", "%lld", (long long)size);
		e = ERR_OK;
	}
	log_head_done(&h);
	err_clear();
	return e;
}

/* --- certificates --- */

static enum err check_cert(const struct row *row, void *ctx)
{
	struct checking *k = ctx;
	AUTO(cert) c = NULL;
	uint8_t digest[SM3_LEN];
	struct span der = row_blob(row, 2);
	bool used = row_int(row, 3) != 0;

	TRY(sm3_digest(der, digest));
	if (!span_eq(row_blob(row, 0), SPAN_ARR(digest)))
		fault_(k, "log_cert", used ? "der" : "sm3", "内容被改动", "%s", row_text(row, 1));
	else if (!used)
		fault_(k, "log_cert", NULL, "插入的行:没有条目使用此证书", "%s", row_text(row, 1));
	else if (cert_parse(der, &c) != ERR_OK || strcmp(cert_serial(c), row_text(row, 1)) != 0)
		fault_(k, "log_cert", "serial", "内容被改动", "%s", row_text(row, 1));
	return ERR_OK;
}

enum err check_certs(struct checking *k)
{
	return tx_query(k->tx, "log_cert_all", NULL, 0, check_cert, k);
}

/* --- covered rows --- */

struct newest {
	uint64_t seq;
	uint8_t digest[32];
	uint8_t marks[LOG_MARKS_MAX];
	size_t marks_len;
	uint8_t salt[32];
};

static enum err newest_row(const struct row *row, void *ctx)
{
	struct newest *x = ctx;
	struct span digest = row_blob(row, 1), marks = row_blob(row, 2);

	x->seq = (uint64_t)row_int(row, 0);
	memset(x->digest, 0xFF, sizeof(x->digest));
	if (digest.len == sizeof(x->digest))
		memcpy(x->digest, digest.ptr, sizeof(x->digest));
	x->marks_len = marks.len <= sizeof(x->marks) ? marks.len : 0;
	if (x->marks_len > 0)
		memcpy(x->marks, marks.ptr, x->marks_len);
	return ERR_OK;
}

static enum err salt_row(const struct row *row, void *ctx)
{
	struct newest *x = ctx;
	struct span salt = row_blob(row, 14);

	if (salt.len == sizeof(x->salt))
		memcpy(x->salt, salt.ptr, sizeof(x->salt));
	return ERR_OK;
}

static enum err find_newest(struct checking *k, const char *table, const char *key, struct newest *x, bool *ret_there)
{
	*x = (struct newest){0};
	enum err e = tx_one(k->tx, "log_cover_newest", SQL_ARGS(A_TEXT(table), A_TEXT(key)), newest_row, x);
	*ret_there = e == ERR_OK;
	if (e == ERR_ABSENT) {
		err_clear();
		return ERR_OK;
	}
	return e;
}

/* Rows that no entry covers and covered rows that are gone: one of each may be one row whose key was changed. */
enum { APART_MAX = 32 };
struct apart {
	char key[APART_MAX][LOG_KEY_MAX];
	size_t n;
};
struct row_check {
	struct checking *k;
	const struct log_table *table;
	struct apart stray, lost;
};

static bool keep_apart(struct apart *a, const char *key)
{
	if (a->n == APART_MAX)
		return false;
	(void)snprintf(a->key[a->n++], LOG_KEY_MAX, "%s", key);
	return true;
}

static void one_done(struct checking *k)
{
	k->done++;
	if (k->c->progress != NULL && k->done % 512 == 0)
		k->c->progress(k->done, k->total, k->c->ctx);
}

static void fault_stray(struct row_check *r, const char *key)
{
	fault_(r->k, r->table->name, NULL, "插入的行:没有日志条目", "%s", key);
}

static void fault_lost(struct row_check *r, const char *key)
{
	fault_(r->k, r->table->name, NULL, "行被删除", "%s", key);
}

static enum err find_salt(struct checking *k, struct newest *x, bool *ret_there)
{
	enum err e = tx_one(k->tx, "log_entry_get", SQL_ARGS(A_INT((int64_t)x->seq)), salt_row, x);

	*ret_there = e == ERR_OK;
	if (e != ERR_ABSENT)
		return e;
	err_clear();
	return ERR_OK;
}

static enum err name_column(struct checking *k, struct newest *x, const struct log_value *v, size_t n,
                            const char **ret_column)
{
	bool there;

	*ret_column = NULL;
	TRY(find_salt(k, x, &there));
	if (!there)
		return ERR_OK;
	TRY(log_marks_name(SPAN_ARR(x->salt), v, n, span_of(x->marks, x->marks_len), ret_column));
	if (*ret_column != NULL && strcmp(*ret_column, "marks") == 0)
		*ret_column = NULL;
	return ERR_OK;
}

static enum err check_row(const struct row *row, void *ctx)
{
	struct row_check *r = ctx;
	struct checking *k = r->k;
	struct log_value v[LOG_COLUMNS_MAX];
	struct newest x;
	uint8_t digest[SM3_LEN];
	const char *column = NULL, *key = row_text(row, 0);
	bool there;
	size_t n = log_row_values(row, 1, r->table->columns, v);

	k->sum.rows++;
	TRY(find_newest(k, r->table->name, key, &x, &there));
	if (!there) {
		if (!keep_apart(&r->stray, key))
			fault_stray(r, key);
		return ERR_OK;
	}
	TRY(log_row_sm3(r->table->name, v, n, digest));
	if (span_eq(SPAN_ARR(digest), SPAN_ARR(x.digest)))
		return ERR_OK;
	TRY(name_column(k, &x, v, n, &column));
	fault_(k, r->table->name, column, leaf_is_none(x.digest) ? "插入的行:日志记录其已删除" : "与日志记录不符", "%s",
	       key);
	return ERR_OK;
}

static enum err no_row(const struct row *row, void *ctx)
{
	(void)row, (void)ctx;
	return ERR_OK;
}

static enum err check_key(const struct row *row, void *ctx)
{
	struct row_check *r = ctx;
	struct newest x;
	const char *key = row_text(row, 0);
	bool there;

	one_done(r->k);
	enum err e = log_table_get(r->k->tx, r->table, key, no_row, NULL);
	if (e != ERR_ABSENT)
		return e;
	err_clear();
	TRY(find_newest(r->k, r->table->name, key, &x, &there));
	if (!leaf_is_none(x.digest) && !keep_apart(&r->lost, key))
		fault_lost(r, key);
	return ERR_OK;
}

/* --- a changed key --- */

struct rename_look {
	struct row_check *r;
	const char *lost;
	const char *column; /* of the key, when everything else agrees */
};

static enum err compare_lost(const struct row *row, void *ctx)
{
	struct rename_look *w = ctx;
	struct log_value v[LOG_COLUMNS_MAX];
	struct newest x;
	uint32_t wrong, key = (UINT32_C(1) << strlen(w->r->table->key)) - 1;
	bool there;
	size_t first = 0, n = log_row_values(row, 1, w->r->table->columns, v);

	TRY(find_newest(w->r->k, w->r->table->name, w->lost, &x, &there));
	TRY(find_salt(w->r->k, &x, &there));
	TRY(log_marks_wrong(SPAN_ARR(x.salt), v, n, span_of(x.marks, x.marks_len), &wrong));
	if (!there || wrong == 0 || (wrong & ~key) != 0)
		return ERR_OK;
	while (!(wrong >> first & 1))
		first++;
	w->column = v[first].name;
	return ERR_OK;
}

static enum err check_stray_key(struct row_check *r, const char *stray)
{
	for (size_t i = 0; i < r->lost.n; i++) {
		struct rename_look w = {.r = r, .lost = r->lost.key[i]};
		enum err e = log_table_get(r->k->tx, r->table, stray, compare_lost, &w);
		if (e != ERR_ABSENT)
			TRY(e);
		err_clear();
		if (w.column == NULL)
			continue;
		fault_(r->k, r->table->name, w.column, "行的编号被改动", "%s", stray);
		memmove(r->lost.key[i], r->lost.key[--r->lost.n], LOG_KEY_MAX);
		return ERR_OK;
	}
	fault_stray(r, stray);
	return ERR_OK;
}

static enum err check_table(struct checking *k, const struct log_table *t)
{
	struct row_check r = {.k = k, .table = t};

	TRY(tx_query(k->tx, t->all, NULL, 0, check_row, &r));
	TRY(tx_query(k->tx, "log_cover_keys", SQL_ARGS(A_TEXT(t->name)), check_key, &r));
	for (size_t i = 0; i < r.stray.n; i++)
		TRY(check_stray_key(&r, r.stray.key[i]));
	for (size_t i = 0; i < r.lost.n; i++)
		fault_lost(&r, r.lost.key[i]);
	return ERR_OK;
}

static enum err check_table_name(const struct row *row, void *ctx)
{
	if (log_table_find(row_text(row, 0)) == NULL)
		fault_(ctx, "log_cover", "tbl", "没有这个表", "%s", row_text(row, 0));
	return ERR_OK;
}

static enum err check_stray(const struct row *row, void *ctx)
{
	fault_(ctx, "log_cover", NULL, "插入的行:没有这个条目", "seq %lld", (long long)row_int(row, 0));
	return ERR_OK;
}

/* --- the rows of log_cover themselves --- */

struct own_check {
	struct checking *k;
	bool named[BAD_COVERS_MAX];
};

static bool is_bad(struct own_check *o, uint64_t seq, size_t *ret_at)
{
	for (*ret_at = 0; *ret_at < o->k->n_bad_covers; ++*ret_at)
		if (o->k->bad_covers[*ret_at] == seq)
			return true;
	return false;
}

/* With the leaf in order it is the marks that were changed. With all marks wrong the row is of another entry, or its
 * marks are lost too. */
static enum err check_own(const struct row *row, void *ctx)
{
	struct own_check *o = ctx;
	struct log_value v[LOG_COLUMNS_MAX];
	uint32_t wrong;
	size_t at = 0, first = 0, n = log_row_values(row, 0, log_cover_columns, v);

	TRY(log_marks_wrong(row_blob(row, 7), v, n, row_blob(row, 6), &wrong));
	if (wrong == 0 && row_blob(row, 6).len == n * LOG_MARK_LEN)
		return ERR_OK;
	bool bad = is_bad(o, (uint64_t)row_int(row, 0), &at), all = (size_t)__builtin_popcount(wrong) == n;
	if (bad)
		o->named[at] = true;
	while (first + 1 < n && !(wrong >> first & 1))
		first++;
	fault_(o->k, "log_cover",
	       !bad  ? "own"
	       : all ? "seq"
	             : v[first].name,
	       "内容被改动", "%lld/%lld", (long long)row_int(row, 0), (long long)row_int(row, 1));
	return ERR_OK;
}

static enum err check_cover_rows(struct checking *k)
{
	struct own_check o = {.k = k};

	TRY(tx_query(k->tx, "log_cover_own", NULL, 0, check_own, &o));
	for (size_t i = 0; i < k->n_bad_covers; i++)
		if (!o.named[i])
			fault_(k, "log_cover", NULL, "所覆盖的行清单被改动:行被删除或插入", "seq %llu",
			       (unsigned long long)k->bad_covers[i]);
	return ERR_OK;
}

enum err check_covered(struct checking *k)
{
	TRY(check_cover_rows(k));
	TRY(tx_query(k->tx, "log_cover_strays", NULL, 0, check_stray, k));
	TRY(tx_query(k->tx, "log_cover_tables", NULL, 0, check_table_name, k));
	for (size_t i = 0; log_table_at(i) != NULL; i++)
		TRY(check_table(k, log_table_at(i)));
	return ERR_OK;
}
