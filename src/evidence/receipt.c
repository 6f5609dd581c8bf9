#include "evidence/receipt.h"
#include "base/text.h"
#include "gm/sm2.h"
#include "gm/sm3.h"
#include <stdlib.h>
#include <string.h>

#define MAGIC "YXR1"
enum {
	T_ROOT = 0x01,
	T_CA,
	T_LOG,
	T_SUBJECT,
	T_HEAD,
	T_ACT,
	T_HEAD_TEXT = 0x11,
	T_HEAD_SIG,
	T_HEAD_STAMP,
	T_HEAD_PROOF,
	T_PLACE = 0x21,
	T_KIND,
	T_RULE,
	T_STATEMENT,
	T_SIG,
	T_CERT,
	T_OCSP,
	T_PATH,
	T_CHECK = 0x7F
};
enum {
	PLACE_LEN = 2 + 3 * 8 + 3 * 32,
	PATH_HASHES_MAX = 126,
	CERT_MAX = 8192,
	STATEMENT_OCTETS_MAX = LIMIT_STATEMENT,
	OCSP_OCTETS_MAX = 32768,
	STAMP_MAX = 32768,
	HEAD_OCTETS_MAX = 1024
};

enum err receipt_new(struct receipt **ret_r)
{
	struct receipt *r = calloc(1, sizeof(*r));

	if (r == NULL)
		return ERR(NOMEM, "receipt");
	*ret_r = r;
	return ERR_OK;
}

void receipt_free(struct receipt *r)
{
	if (r == NULL)
		return;
	free(r->heads);
	free(r->acts);
	free(r);
}

enum err receipt_add_head(struct receipt *r, const struct receipt_head *h)
{
	if (r->n_heads == RECEIPT_HEADS_MAX)
		return ERR(LIMIT, "receipt of more than %d heads", RECEIPT_HEADS_MAX);
	struct receipt_head *grown = reallocarray(r->heads, r->n_heads + 1, sizeof(*grown));
	if (grown == NULL)
		return ERR(NOMEM, "receipt");
	r->heads = grown;
	grown[r->n_heads++] = *h;
	return ERR_OK;
}

enum err receipt_add_act(struct receipt *r, const struct receipt_act *a)
{
	if (r->n_acts == RECEIPT_ACTS_MAX)
		return ERR(LIMIT, "receipt of more than %d acts", RECEIPT_ACTS_MAX);
	struct receipt_act *grown = reallocarray(r->acts, r->n_acts + 1, sizeof(*grown));
	if (grown == NULL)
		return ERR(NOMEM, "receipt");
	r->acts = grown;
	grown[r->n_acts++] = *a;
	return ERR_OK;
}

/* --- rules of the parts, the same for reading and writing --- */

static enum err bad(const char *what)
{
	return ERR(RECEIPT, "%s", what);
}

static bool is_path(struct span s)
{
	return s.len % 32 == 0 && s.len / 32 <= PATH_HASHES_MAX;
}

static bool is_line(struct span s)
{
	if (s.len <= LEAF_TEXT_MAX && text_line_check(s) == ERR_OK)
		return true;
	err_clear();
	return false;
}

static enum err head_rules(const struct receipt_head *h)
{
	if (h->text.len == 0 || h->text.len > HEAD_OCTETS_MAX || h->sig.len != SM2_SIG_LEN)
		return bad("head's text or signature");
	if (h->stamp.len == 0 || h->stamp.len > STAMP_MAX || !is_path(h->proof))
		return bad("head's stamp or proof");
	return ERR_OK;
}

static enum err act_rules(const struct receipt_act *a)
{
	bool by_rule = a->rule.len > 0;

	if (a->kind.len == 0 || !is_line(a->kind) || !is_line(a->rule))
		return bad("act's kind or rule");
	if (a->statement.len > STATEMENT_OCTETS_MAX || a->cert.len > CERT_MAX || a->ocsp.len > OCSP_OCTETS_MAX ||
	    !is_path(a->path))
		return bad("length of an act's part");
	/* A rule signs nothing; a person's act is whole. */
	if (by_rule && (a->sig.len > 0 || a->cert.len > 0 || a->ocsp.len > 0))
		return bad("act by a rule with a signature");
	if (!by_rule && (a->sig.len != SM2_SIG_LEN || a->cert.len == 0 || a->ocsp.len == 0 || a->statement.len == 0))
		return bad("act without signature, certificate or status");
	return a->time < 0 || a->seq > INT64_MAX || a->index > INT64_MAX ? bad("act's numbers") : ERR_OK;
}

static enum err order_rules(const struct receipt *r)
{
	uint16_t last = 0;

	for (size_t i = 0; i < r->n_acts; i++) {
		const struct receipt_act *a = &r->acts[i];
		if (i > 0 && a->index <= r->acts[i - 1].index)
			return bad("acts out of order");
		/* Every head is the first of some act, in order, so that none is idle. */
		if (a->head != last && a->head != last + 1)
			return bad("heads out of order");
		if (i == 0 && a->head != 0)
			return bad("idle head");
		last = a->head;
	}
	return r->n_acts == 0 || (size_t)last + 1 != r->n_heads ? bad("idle head") : ERR_OK;
}

static enum err receipt_rules(const struct receipt *r)
{
	if (r->root.len == 0 || r->root.len > CERT_MAX || r->ca.len == 0 || r->ca.len > CERT_MAX || r->log.len == 0 ||
	    r->log.len > CERT_MAX)
		return bad("certificates");
	if (r->subject.len == 0 || !is_line(r->subject))
		return bad("subject");
	for (size_t i = 0; i < r->n_heads; i++)
		TRY(head_rules(&r->heads[i]));
	for (size_t i = 0; i < r->n_acts; i++)
		TRY(act_rules(&r->acts[i]));
	return order_rules(r);
}

/* --- writing --- */

static void put(struct buf *out, uint8_t tag, struct span value)
{
	buf_u8(out, tag);
	buf_u32(out, (uint32_t)value.len);
	buf_put(out, value);
}

static size_t parts_len(const struct span *parts, size_t n)
{
	size_t len = 0;

	for (size_t i = 0; i < n; i++)
		len += 5 + parts[i].len;
	return len;
}

static void put_parts(struct buf *out, uint8_t tag, uint8_t first, const struct span *parts, size_t n)
{
	buf_u8(out, tag);
	buf_u32(out, (uint32_t)parts_len(parts, n));
	for (size_t i = 0; i < n; i++)
		put(out, (uint8_t)(first + i), parts[i]);
}

static void put_head(struct buf *out, const struct receipt_head *h)
{
	const struct span parts[] = {h->text, h->sig, h->stamp, h->proof};

	put_parts(out, T_HEAD, T_HEAD_TEXT, parts, COUNT_OF(parts));
}

static enum err put_act(struct buf *out, const struct receipt_act *a)
{
	AUTO_BUF(place, PLACE_LEN);

	buf_u16(&place, a->head);
	buf_u64(&place, a->index);
	buf_u64(&place, a->seq);
	buf_u64(&place, (uint64_t)a->time);
	buf_put(&place, SPAN_ARR(a->covers));
	buf_put(&place, SPAN_ARR(a->stored));
	buf_put(&place, SPAN_ARR(a->salt));
	TRY(buf_err(&place));
	const struct span parts[] = {buf_span(&place), a->kind, a->rule, a->statement,
	                             a->sig,           a->cert, a->ocsp, a->path};
	put_parts(out, T_ACT, T_PLACE, parts, COUNT_OF(parts));
	return ERR_OK;
}

enum err receipt_encode(const struct receipt *r, struct buf *out)
{
	uint8_t check[SM3_LEN];
	size_t from = out->len;

	TRY(receipt_rules(r));
	buf_str(out, MAGIC);
	put(out, T_ROOT, r->root);
	put(out, T_CA, r->ca);
	put(out, T_LOG, r->log);
	put(out, T_SUBJECT, r->subject);
	for (size_t i = 0; i < r->n_heads; i++)
		put_head(out, &r->heads[i]);
	for (size_t i = 0; i < r->n_acts; i++)
		TRY(put_act(out, &r->acts[i]));
	TRY(buf_err(out));
	TRY(sm3_digest(span_sub(buf_span(out), from, out->len - from), check));
	put(out, T_CHECK, SPAN_ARR(check));
	return buf_err(out);
}

/* --- reading --- */

static bool take(struct span *in, uint8_t tag, struct span *ret_value)
{
	struct span s = *in, value;
	uint8_t got;
	uint32_t len;

	if (!span_take_u8(&s, &got) || got != tag || !span_take_u32(&s, &len) || !span_take(&s, len, &value))
		return false;
	*in = s;
	*ret_value = value;
	return true;
}

static bool take_parts(struct span in, uint8_t first, struct span *const *ret_parts, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (!take(&in, (uint8_t)(first + i), ret_parts[i]))
			return false;
	return in.len == 0;
}

static enum err take_head(struct receipt *r, struct span in)
{
	struct receipt_head h;
	struct span *const parts[] = {&h.text, &h.sig, &h.stamp, &h.proof};

	if (!take_parts(in, T_HEAD_TEXT, parts, COUNT_OF(parts)))
		return bad("elements of a head");
	return receipt_add_head(r, &h);
}

static bool take_digest(struct span *in, uint8_t ret_digest[32])
{
	struct span s;

	if (!span_take(in, 32, &s))
		return false;
	memcpy(ret_digest, s.ptr, 32);
	return true;
}

static enum err take_act(struct receipt *r, struct span in)
{
	struct receipt_act a = {0};
	struct span place;
	uint64_t time;
	struct span *const parts[] = {&place, &a.kind, &a.rule, &a.statement, &a.sig, &a.cert, &a.ocsp, &a.path};

	if (!take_parts(in, T_PLACE, parts, COUNT_OF(parts)) || place.len != PLACE_LEN)
		return bad("elements of an act");
	if (!span_take_u16(&place, &a.head) || !span_take_u64(&place, &a.index) || !span_take_u64(&place, &a.seq) ||
	    !span_take_u64(&place, &time) || !take_digest(&place, a.covers) || !take_digest(&place, a.stored) ||
	    !take_digest(&place, a.salt))
		return bad("place of an act");
	if (time > INT64_MAX)
		return bad("time of an act");
	a.time = (int64_t)time;
	return receipt_add_act(r, &a);
}

static enum err take_all(struct span in, struct receipt *r, struct span *ret_check)
{
	struct span magic, part;

	if (!span_take(&in, 4, &magic) || !span_eq_str(magic, MAGIC))
		return bad("not a receipt");
	if (!take(&in, T_ROOT, &r->root) || !take(&in, T_CA, &r->ca) || !take(&in, T_LOG, &r->log) ||
	    !take(&in, T_SUBJECT, &r->subject))
		return bad("elements of the receipt");
	while (take(&in, T_HEAD, &part))
		TRY(take_head(r, part));
	while (take(&in, T_ACT, &part))
		TRY(take_act(r, part));
	if (!take(&in, T_CHECK, ret_check) || ret_check->len != SM3_LEN || in.len != 0)
		return bad("end of the receipt");
	return ERR_OK;
}

enum err receipt_parse(struct span file, struct receipt **ret_r)
{
	AUTO(receipt) r = NULL;
	struct span check;

	if (file.len > RECEIPT_MAX)
		return bad("longer than a receipt can be");
	TRY(receipt_new(&r));
	enum err e = take_all(file, r, &check);
	if (e == ERR_LIMIT)
		return bad("more heads or acts than a receipt can have");
	TRY(e);
	TRY(receipt_rules(r));
	AUTO_BUF(again, RECEIPT_MAX);
	TRY(receipt_encode(r, &again));
	if (!span_eq(buf_span(&again), file))
		return bad("damaged: the check at the end does not fit");
	*ret_r = STEAL(r);
	return ERR_OK;
}
