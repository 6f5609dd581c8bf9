/* The log for machines: head and proofs, as JSON; and receipts. */
#include "server/portal/pages.h"
#include "base/text.h"
#include "evidence/log.h"
#include "evidence/receipt_make.h"
#include "server/notary/client.h"
#include <stdio.h>
#include <string.h>

enum { ANSWER_MAX = 65536 };

static enum err answer(struct web_req *rq, const json_t *top)
{
	AUTO_BUF(out, ANSWER_MAX);
	TRY(json_print(top, &out));
	web_header(rq, "Cache-Control", "no-store");
	return web_bytes(rq, "application/json", buf_span(&out));
}

static void put_hex(struct mo *m, const char *key, struct span s)
{
	AUTO_BUF(hex, 2 * TREE_HASH_LEN + 1);
	text_hex(&hex, s);
	mo_str(m, key, buf_cstr(&hex));
}

static void put_b64(struct mo *m, const char *key, struct span s)
{
	AUTO_BUF(b64, 2 * LOG_STAMP_MAX);
	text_b64(&b64, s);
	mo_str(m, key, buf_cstr(&b64));
}

static void put_proof(struct mo *m, const struct tree_proof *p)
{
	json_t *list = mo_list(m, "proof");
	for (size_t i = 0; i < p->n; i++) {
		AUTO_BUF(hex, 2 * TREE_HASH_LEN + 1);
		text_hex(&hex, SPAN_ARR(p->hash[i]));
		if (json_array_append_new(list, json_string(buf_cstr(&hex))) != 0)
			m->e = ERR_NOMEM;
	}
}

/* --- head --- */

struct head_job {
	struct log_head h;
	uint64_t epoch, size;
	uint8_t root[32];
	bool has_head;
};

static enum err head_read(struct tx *tx, void *arg)
{
	struct head_job *j = arg;
	enum err e = log_head_last(tx, &j->h);
	j->has_head = e == ERR_OK;
	if (e == ERR_OK) {
		j->epoch = j->h.head.epoch;
		j->size = j->h.head.size;
		memcpy(j->root, j->h.head.root, sizeof(j->root));
		return ERR_OK;
	}
	if (e != ERR_ABSENT)
		return e;
	err_clear();
	j->size = 0; /* before the first head there is nothing to speak for */
	j->epoch = 1;
	return log_root(tx, 1, 0, j->root);
}

static void put_head(struct mo *m, const struct head_job *j)
{
	mo_int(m, "tree_size", (int64_t)j->size);
	mo_int(m, "epoch", (int64_t)j->epoch);
	put_hex(m, "root", SPAN_ARR(j->root));
	mo_bool(m, "signed", j->h.sig.len > 0);
	if (j->has_head) {
		char text[HEAD_TEXT_MAX + 1];
		(void)snprintf(text, sizeof(text), "%.*s", (int)j->h.text.len, (const char *)j->h.text.ptr);
		mo_str(m, "head", text);
		mo_int(m, "time", j->h.head.time);
	}
	if (j->h.sig.len > 0)
		put_b64(m, "signature", buf_span(&j->h.sig));
	else
		mo_str(m, "note", "此日志头尚未由公证服务签名");
	if (j->h.stamp.len > 0)
		put_b64(m, "stamp", buf_span(&j->h.stamp));
}

enum err page_log_head(struct web_req *rq)
{
	AUTO_JSON top = json_object();
	struct mo m = mo_of(top);
	struct head_job j = {.size = 0};
	log_head_init(&j.h);
	enum err e = store_read(portal_of(rq)->desk.store, head_read, &j);
	if (e == ERR_OK)
		put_head(&m, &j);
	log_head_done(&j.h);
	TRY(e);
	TRY(mo_err(&m));
	return answer(rq, top);
}

/* --- proofs --- */

struct proof_job {
	int64_t a, b; /* index and size, or from and to */
	bool inclusion;
	uint64_t epoch, size;
	uint8_t root[32], old_root[32], leaf[32];
	struct tree_proof proof;
};

/* What no head covers yet may be taken back and placed anew (evidence/log_recall.c): nobody is told of it. */
static enum err final_size(struct tx *tx, struct proof_job *j)
{
	struct head_job last = {.size = 0};
	log_head_init(&last.h);
	enum err e = head_read(tx, &last);
	log_head_done(&last.h);
	TRY(e);
	j->epoch = last.epoch;
	j->size = last.size;
	return ERR_OK;
}

static enum err proof_read(struct tx *tx, void *arg)
{
	struct proof_job *j = arg;
	uint64_t a = (uint64_t)j->a, b;
	TRY(final_size(tx, j));
	b = j->b > 0 ? (uint64_t)j->b : j->size;
	if (b > j->size)
		return ERR(ABSENT, "the last head is over %llu entries", (unsigned long long)j->size);
	j->b = (int64_t)b;
	TRY(log_root(tx, j->epoch, b, j->root));
	if (!j->inclusion) {
		TRY(log_consistency(tx, j->epoch, a, b, &j->proof));
		return log_root(tx, j->epoch, a, j->old_root);
	}
	TRY(log_inclusion(tx, j->epoch, a, b, &j->proof));
	return log_leaf_hash(tx, j->epoch, a, j->leaf);
}

static enum err number(struct web_req *rq, const char *field, int64_t *ret_n)
{
	if (!web_has(rq, field) || web_value(rq, field)[0] == 0)
		return ERR_OK;
	if (text_i64(span_str(web_value(rq, field)), 0, HEAD_SIZE_MAX, ret_n) != ERR_OK)
		return ERR(FIELD_VALUE, "%s", field);
	return ERR_OK;
}

static bool given(struct web_req *rq, const char *field)
{
	return web_has(rq, field) && web_value(rq, field)[0] != 0;
}

static enum err proof_of(struct web_req *rq, struct proof_job *j)
{
	bool index = given(rq, "index"), from = given(rq, "from");
	if (index == from || (index && given(rq, "to")) || (from && given(rq, "size")))
		return ERR(FIELD_MISSING, "either index and size, or from and to");
	j->inclusion = index;
	TRY(number(rq, index ? "index" : "from", &j->a));
	TRY(number(rq, index ? "size" : "to", &j->b));
	return store_read(portal_of(rq)->desk.store, proof_read, j);
}

enum err page_log_proof(struct web_req *rq)
{
	AUTO_JSON top = json_object();
	struct mo m = mo_of(top);
	struct proof_job j = {.a = 0};
	TRY(proof_of(rq, &j));
	mo_int(&m, "epoch", (int64_t)j.epoch);
	mo_int(&m, j.inclusion ? "index" : "from", j.a);
	mo_int(&m, j.inclusion ? "size" : "to", j.b);
	put_hex(&m, j.inclusion ? "leaf" : "from_root", j.inclusion ? SPAN_ARR(j.leaf) : SPAN_ARR(j.old_root));
	put_hex(&m, "root", SPAN_ARR(j.root));
	put_proof(&m, &j.proof);
	TRY(mo_err(&m));
	return answer(rq, top);
}

/* --- receipts --- */

static enum err make_receipt(struct portal *p, const char *subject, struct buf *out)
{
	struct notary_hello h = {0};
	if (p->notary == NULL)
		return ERR(NOT_YET, "no notary signs heads");
	TRY(notary_hello(p->notary, &h));
	const struct receipt_of what = {.subject = subject,
	                                .keys = p->desk.keys,
	                                .root = cert_der(trust_root(p->trust)),
	                                .ca = cert_der(trust_ca(p->trust)),
	                                .log = h.log != NULL ? cert_der(h.log) : SPAN_EMPTY};
	enum err e = receipt_make(p->desk.store, &what, out);
	notary_hello_done(&h);
	return e;
}

enum err receipt_answer(struct web_req *rq, const char *subject)
{
	char disposition[LEAF_TEXT_MAX + 64];
	AUTO_BUF(file, RECEIPT_MAX);
	TRY(make_receipt(portal_of(rq), subject, &file));
	(void)snprintf(disposition, sizeof(disposition), "attachment; filename=\"%s.yxr\"", subject);
	web_header(rq, "Content-Disposition", disposition);
	web_header(rq, "Cache-Control", "no-store");
	return web_bytes(rq, "application/octet-stream", buf_span(&file));
}

enum err page_case_receipt(struct web_req *rq)
{
	struct cert_case c;
	TRY(case_open_here(rq, &c));
	return receipt_answer(rq, c.no);
}
