/* Lists, octets, what is missing, and whether what is stored is what was signed. */
#include "server/filing/attach_i.h"
#include "base/text.h"
#include "evidence/statement.h"
#include "gm/sm3.h"
#include <stdio.h>
#include <string.h>

/* --- rows --- */

struct listing {
	const struct filing_desk *d;
	const char *no;
	int64_t id;
	attach_fn *fn;
	void *ctx;
};

static void put(char *ret, size_t cap, const char *s)
{
	(void)snprintf(ret, cap, "%s", s);
}

static enum err one_row(const struct row *row, void *ctx)
{
	const struct listing *w = ctx;
	AUTO_BUF(name, ATTACH_NAME_MAX);
	char key[32];
	struct attachment a = {.id = row_int(row, 0),
	                       .media = (enum media)row_int(row, 3),
	                       .octets = row_int(row, 4),
	                       .pages = row_int(row, 5),
	                       .time = row_int(row, 8)};
	if (a.media < MEDIA_JPEG || a.media > MEDIA_PDF || a.pages < 1 || a.pages > RENDER_PAGES_MAX)
		return ERR(INTERNAL, "stored attachment %lld", (long long)a.id);
	attach_key(a.id, key);
	TRY(field_open(w->d->desk->keys, "attachment.name", span_str(key), row_blob(row, 2), &name));
	put(a.slot, sizeof(a.slot), row_text(row, 1));
	put(a.name, sizeof(a.name), buf_cstr(&name));
	put(a.sm3, sizeof(a.sm3), row_text(row, 6));
	put(a.person_id, sizeof(a.person_id), row_text(row, 7));
	return w->fn(&a, w->ctx);
}

static enum err list_fn(struct tx *tx, void *arg)
{
	struct listing *w = arg;
	return tx_query(tx, "attach_list", SQL_ARGS(A_TEXT(w->no)), one_row, w);
}

static enum err get_fn(struct tx *tx, void *arg)
{
	struct listing *w = arg;
	return tx_one(tx, "attach_one", SQL_ARGS(A_TEXT(w->no), A_INT(w->id)), one_row, w);
}

/* --- of a filing as it was sent: the signed ones that are still there --- */

struct signed_ones {
	const struct service *s;
	const struct statement *st;
	attach_fn *fn;
	void *ctx;
	size_t n;
};

static bool is_signed(const struct statement *st, struct span line)
{
	for (size_t i = 0; i < statement_count(st, "attach"); i++)
		if (span_eq_str(line, statement_get_n(st, "attach", i)))
			return true;
	return false;
}

static enum err signed_one(const struct attachment *a, void *ctx)
{
	struct signed_ones *w = ctx;
	AUTO_BUF(line, ATTACH_LINE_MAX);
	TRY(attach_line(w->s, a, a->sm3, &line));
	if (!is_signed(w->st, buf_span(&line)))
		return ERR_OK;
	w->n++;
	return w->fn(a, w->ctx);
}

static enum err read_signed(struct listing *w, const struct filing *f, store_fn *read, size_t *ret_n)
{
	AUTO(statement) st = NULL;
	struct signed_ones ones = {.fn = w->fn, .ctx = w->ctx};
	TRY(filing_service(w->d, f, &ones.s));
	TRY(filing_sent_statement(w->d, f, &st));
	ones.st = st;
	w->fn = signed_one;
	w->ctx = &ones;
	TRY(store_read(w->d->desk->store, read, w));
	*ret_n = ones.n;
	return ERR_OK;
}

enum err attach_list(const struct filing_desk *d, const struct filing *f, attach_fn *fn, void *ctx)
{
	struct listing w = {d, f->no, 0, fn, ctx};
	size_t n;
	return f->as_sent ? read_signed(&w, f, list_fn, &n) : store_read(d->desk->store, list_fn, &w);
}

static enum err keep(const struct attachment *a, void *ctx)
{
	*(struct attachment *)ctx = *a;
	return ERR_OK;
}

enum err attach_get(const struct filing_desk *d, const struct filing *f, int64_t id, struct attachment *ret_a)
{
	struct listing w = {d, f->no, id, keep, ret_a};
	size_t n = 0;
	if (!f->as_sent)
		return store_read(d->desk->store, get_fn, &w);
	TRY(read_signed(&w, f, get_fn, &n));
	return n > 0 ? ERR_OK : ERR(ABSENT, "attachment %lld was not sent", (long long)id);
}

/* --- octets --- */

struct bytes {
	const struct filing_desk *d;
	int64_t id;
	int page, parts;
	struct buf *out;
};

static enum err part_row(const struct row *row, void *ctx)
{
	struct bytes *w = ctx;
	char key[64];
	attach_part_key(w->id, w->page, w->parts, key);
	if (row_int(row, 0) != w->parts++)
		return ERR(ATTACH_CHANGED, "part %d of attachment %lld", w->parts - 1, (long long)w->id);
	return field_open(w->d->desk->keys, "attachment_part.sealed", span_str(key), row_blob(row, 1), w->out);
}

static enum err bytes_fn(struct tx *tx, void *arg)
{
	struct bytes *w = arg;
	return tx_query(tx, "attach_parts", SQL_ARGS(A_INT(w->id), A_INT(w->page)), part_row, w);
}

static enum err read_page(const struct filing_desk *d, int64_t id, int page, struct buf *out)
{
	struct bytes w = {d, id, page, 0, out};
	TRY(store_read(d->desk->store, bytes_fn, &w));
	return w.parts > 0 ? buf_err(out) : ERR(ABSENT, "page %d of attachment %lld", page, (long long)id);
}

static enum err digest(struct span s, char ret_hex[65])
{
	uint8_t v[SM3_LEN];
	AUTO_BUF(hex, 65);
	TRY(sm3_digest(s, v));
	text_hex(&hex, SPAN_ARR(v));
	memcpy(ret_hex, buf_cstr(&hex), 65);
	return ERR_OK;
}

enum err attach_bytes(const struct filing_desk *d, const struct attachment *a, int page, struct buf *ret_bytes)
{
	char sm3[65];
	size_t before = ret_bytes->len;
	TRY(read_page(d, a->id, page, ret_bytes));
	if (page != ATTACH_ORIGINAL)
		return ERR_OK;
	TRY(digest(span_sub(buf_span(ret_bytes), before, ret_bytes->len), sm3));
	return strcmp(sm3, a->sm3) == 0 ? ERR_OK : ERR(ATTACH_CHANGED, "attachment %lld", (long long)a->id);
}

/* --- what is missing --- */

struct counting {
	const struct service *s;
	size_t n[SERVICE_FIELDS_MAX];
};

static enum err count_one(const struct attachment *a, void *ctx)
{
	struct counting *w = ctx;
	for (size_t i = 0; i < w->s->n_attachments && i < SERVICE_FIELDS_MAX; i++)
		w->n[i] += strcmp(w->s->attachments[i].name, a->slot) == 0;
	return ERR_OK;
}

static enum err put_missing(const struct service_attachment *slot, struct fault_sink *faults)
{
	AUTO_BUF(text, 400);
	buf_printf(&text, "缺少必交的附件：%s", slot->label);
	TRY(buf_err(&text));
	const struct fault f = {0, "", "E-31", buf_cstr(&text), "请返回“上传”一步补交"};
	return fault_put(faults, &f);
}

enum err attach_faults(const struct filing_desk *d, const struct filing_view *v, struct fault_sink *faults)
{
	struct counting w = {.s = v->service};
	if (v->service->n_attachments == 0)
		return ERR_OK;
	TRY(attach_list(d, v->filing, count_one, &w));
	for (size_t i = 0; i < v->service->n_attachments && i < SERVICE_FIELDS_MAX; i++)
		if (v->service->attachments[i].required && w.n[i] == 0)
			TRY(put_missing(&v->service->attachments[i], faults));
	return ERR_OK;
}

/* --- what was signed --- */

enum err attach_line(const struct service *s, const struct attachment *a, const char *sm3, struct buf *out)
{
	const struct service_attachment *slot = attach_slot(s, a->slot);
	buf_printf(out, "材料=%s(%s);文件=%s;字节=%lld;SM3=%s", slot != NULL ? slot->label : "-", a->slot, a->name,
	           (long long)a->octets, sm3);
	return buf_err(out);
}

struct agreeing {
	const struct filing_desk *d;
	const struct service *s;
	const struct statement *st;
	attach_fn *fn;
	void *ctx;
	bool rows_only;
	size_t at, bad;
	int64_t first;
};

static enum err found_bad(struct agreeing *w, const struct attachment *a)
{
	if (w->bad++ == 0)
		w->first = a->id;
	return w->fn != NULL ? w->fn(a, w->ctx) : ERR_OK;
}

static enum err row_agrees(struct agreeing *w, const struct attachment *a, const char *sm3)
{
	AUTO_BUF(line, ATTACH_LINE_MAX);
	TRY(attach_line(w->s, a, sm3, &line));
	return is_signed(w->st, buf_span(&line)) ? ERR_OK : found_bad(w, a);
}

/* By the octets that are stored, not by what the row says of them. */
static enum err octets_agree(struct agreeing *w, const struct attachment *a)
{
	AUTO_BUF(bytes, ATTACH_FILE_MAX);
	char sm3[65];
	enum err e = read_page(w->d, a->id, ATTACH_ORIGINAL, &bytes);
	if (err_class(e) == ERR_CLASS_RESOURCE)
		return e;
	if (e != ERR_OK) {
		err_clear();
		return found_bad(w, a);
	}
	TRY(digest(buf_span(&bytes), sm3));
	return (int64_t)bytes.len == a->octets ? row_agrees(w, a, sm3) : found_bad(w, a);
}

/* Signed and no longer there: named by the signed line's own text. */
static enum err missing(struct agreeing *w)
{
	size_t n = statement_count(w->st, "attach");
	size_t signed_n = n == 1 && strcmp(statement_get(w->st, "attach"), "-") == 0 ? 0 : n;
	if (w->bad > 0 || w->at == signed_n)
		return ERR_OK;
	struct attachment gone = {.media = MEDIA_PDF, .pages = 1};
	(void)snprintf(gone.name, sizeof(gone.name), "签名时有 %zu 个附件，现有 %zu 个", signed_n, w->at);
	return found_bad(w, &gone);
}

struct kept {
	struct attachment v[ATTACH_COUNT_MAX];
	size_t n;
};

static enum err keep_all(const struct attachment *a, void *ctx)
{
	struct kept *k = ctx;
	if (k->n == ATTACH_COUNT_MAX)
		return ERR(INTERNAL, "stored attachments");
	k->v[k->n++] = *a;
	return ERR_OK;
}

static enum err agree_all(struct agreeing *w, const struct filing *f)
{
	struct kept k = {.n = 0};
	/* Not while the list's reader is held: each comparison reads by itself. */
	TRY(attach_list(w->d, f, keep_all, &k));
	for (size_t i = 0; i < k.n; i++) {
		w->at++;
		TRY(w->rows_only ? row_agrees(w, &k.v[i], k.v[i].sm3) : octets_agree(w, &k.v[i]));
	}
	TRY(missing(w));
	return w->bad == 0
	               ? ERR_OK
	               : ERR(ATTACH_CHANGED, "%zu attachments of %s, first %lld", w->bad, f->no, (long long)w->first);
}

enum err attach_agrees_with(const struct filing_desk *d, const struct filing *f, const struct service *s,
                            const struct statement *st, attach_fn *fn, void *ctx)
{
	struct agreeing w = {.d = d, .s = s, .st = st, .fn = fn, .ctx = ctx};
	return agree_all(&w, f);
}

static enum err agree_submitted(struct agreeing *w, const struct filing *f)
{
	AUTO(statement) st = NULL;
	AUTO_BUF(text, STATEMENT_WIDE_MAX);
	TRY(filing_statement(w->d, f->submit_sm3, &text, NULL, NULL));
	TRY(statement_parse(buf_span(&text), &st));
	w->st = st;
	return agree_all(w, f);
}

enum err attach_agrees(const struct filing_desk *d, const struct filing *f, const struct service *s, attach_fn *fn,
                       void *ctx)
{
	struct agreeing w = {.d = d, .s = s, .fn = fn, .ctx = ctx};
	return agree_submitted(&w, f);
}

enum err attach_rows_agree(const struct filing_desk *d, const struct filing *f, const struct service *s, attach_fn *fn,
                           void *ctx)
{
	struct agreeing w = {.d = d, .s = s, .fn = fn, .ctx = ctx, .rows_only = true};
	return agree_submitted(&w, f);
}
