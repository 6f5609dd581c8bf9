#include "evidence/verify.h"
#include "base/text.h"
#include "evidence/act.h"
#include "evidence/describe.h"
#include "evidence/head.h"
#include "evidence/tree.h"
#include "gm/sm3.h"
#include "pki/ocsp.h"
#include "pki/path.h"
#include "pki/tsp.h"
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { SHOWN_MAX = 2000 };
struct heads {
	struct head head;
	int64_t stamped;
};
struct verify {
	const struct verify_plan *plan;
	const struct receipt *r;
	struct cert *root, *ca, *log;
	struct path_trust *trust;               /* of root and CA: their links are verified once */
	struct known_leaf responder, authority; /* of status answers, of time stamps */
	struct heads *heads;
	uint8_t (*signed_sm3)[SM3_LEN]; /* of the statements of the acts found good so far */
	size_t n_signed;
	char bureau[65], subject[LEAF_TEXT_MAX + 1];
};

/* --- what is shown --- */

static void show(const struct verify *v, bool good, const char *title, const char *fmt, ...) PRINTF_LIKE(4, 5);
static void show(const struct verify *v, bool good, const char *title, const char *fmt, ...)
{
	char text[2048];
	va_list ap;

	va_start(ap, fmt);
	(void)vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	if (v->plan->step != NULL)
		v->plan->step(&(struct verify_step){title, text, "", good}, v->plan->ctx);
}

static enum err fault(const struct verify *v, const char *title, enum err e)
{
	char text[512];

	(void)snprintf(text, sizeof(text), "%s(%s)", err_zh(e), err_code(e));
	if (v->plan->step != NULL)
		v->plan->step(&(struct verify_step){title, text, err_detail(), false}, v->plan->ctx);
	return e;
}

struct title {
	char s[96];
};

static struct title title_of(const char *what, size_t n, const char *part)
{
	struct title t;

	(void)snprintf(t.s, sizeof(t.s), "第%zu%s %s", n + 1, what, part);
	return t;
}

struct when {
	char s[40];
};

static struct when when_of(int64_t t)
{
	struct when w;
	AUTO_BUF(text, sizeof(w.s));

	text_time_cn(&text, t);
	(void)snprintf(w.s, sizeof(w.s), "%s", buf_cstr(&text));
	return w;
}

/* --- root and chain --- */

static enum err check_root(struct verify *v)
{
	uint8_t digest[SM3_LEN];
	AUTO_BUF(hex, 65);

	TRY(cert_parse(v->r->root, &v->root));
	TRY(cert_sm3(v->root, digest));
	text_hex(&hex, SPAN_ARR(digest));
	(void)snprintf(v->bureau, sizeof(v->bureau), "%s", buf_cstr(&hex));
	if (v->plan->root_sm3 == NULL)
		return ERR_OK;
	if (!span_eq(SPAN_ARR(digest), span_of(v->plan->root_sm3, SM3_LEN)))
		return ERR(CERT_CHAIN, "root %s is not the pinned one", v->bureau);
	return ERR_OK;
}

static enum err check_chain(struct verify *v, int64_t now)
{
	TRY(cert_parse(v->r->ca, &v->ca));
	TRY(cert_parse(v->r->log, &v->log));
	TRY(path_trust_new(v->root, v->ca, &v->trust));
	TRY(path_check_ca(v->trust, now));
	return path_check(v->trust, v->log, KU_SIGN, now);
}

/* That a certificate has ended since then changes nothing, but the reader will see it and wonder. */
static void show_chain(const struct verify *v, int64_t at)
{
	const struct {
		const char *zh;
		const struct cert *c;
	} all[] = {{"根证书", v->root}, {"签发机构证书", v->ca}, {"日志签名证书", v->log}};
	AUTO_BUF(ended, SHOWN_MAX);

	for (size_t i = 0; i < COUNT_OF(all); i++)
		if (v->plan->now > cert_not_after(all[i].c))
			buf_printf(&ended, "；%s已于 %s 到期，回执形成时在有效期内，不影响结论", all[i].zh,
			           when_of(cert_not_after(all[i].c)).s);
	show(v, true, "证书链", "根证书、签发机构、日志签名证书在 %s 依次有效%s", when_of(at).s, buf_cstr(&ended));
}

/* --- heads --- */

static enum err check_head_sig(struct verify *v, size_t n)
{
	const struct receipt_head *h = &v->r->heads[n];
	struct head *got = &v->heads[n].head;

	TRY(head_verify(h->text, h->sig, v->log, got));
	if (strcmp(got->bureau, v->bureau) != 0)
		return ERR(BUREAU, "head");
	if (n > 0 && (got->epoch != v->heads[0].head.epoch || got->size <= v->heads[n - 1].head.size))
		return ERR(RECEIPT, "heads do not ascend");
	return ERR_OK;
}

static enum err check_stamp(struct verify *v, size_t n)
{
	const struct receipt_head *h = &v->r->heads[n];
	struct heads *got = &v->heads[n];
	struct tsp_info info;
	uint8_t imprint[SM3_LEN];

	TRY(sm3_digest(h->text, imprint));
	const struct tsp_want want = {.ca = v->ca, .sm3 = imprint, .known = &v->authority};
	TRY(tsp_token_verify(h->stamp, &want, &info));
	if (info.time < got->head.time || info.time - got->head.time > VERIFY_FRESH_SEC)
		return ERR(STALE, "stamp and head are of different times");
	if (v->plan->now > 0 && info.time > v->plan->now + VERIFY_SKEW_SEC)
		return ERR(STALE, "stamp is dated ahead");
	got->stamped = info.time;
	return ERR_OK;
}

static enum err check_consistency(const struct verify *v, size_t n)
{
	const struct head *h = &v->heads[n].head, *last = &v->heads[v->r->n_heads - 1].head;
	struct span proof = v->r->heads[n].proof;

	return tree_verify_consistency(h->size, h->root, last->size, last->root, (const uint8_t(*)[32])proof.ptr,
	                               proof.len / 32);
}

static enum err check_heads(struct verify *v)
{
	enum err e;

	for (size_t i = 0; i < v->r->n_heads; i++) {
		if ((e = check_head_sig(v, i)) != ERR_OK)
			return fault(v, title_of("个日志头", i, "签名").s, e);
		if ((e = check_stamp(v, i)) != ERR_OK)
			return fault(v, title_of("个日志头", i, "时间戳").s, e);
		show(v, true, title_of("个日志头", i, "签名与时间戳").s, "日志共 %llu 项，%s 签名并加盖时间戳",
		     (unsigned long long)v->heads[i].head.size, when_of(v->heads[i].stamped).s);
	}
	for (size_t i = 0; i < v->r->n_heads; i++)
		if ((e = check_consistency(v, i)) != ERR_OK)
			return fault(v, title_of("个日志头", i, "一致性").s, e);
	show(v, true, "日志一致性", "各日志头出自同一部只增不改的日志");
	return ERR_OK;
}

/* --- acts --- */

/* Whether the text speaks of this case: one of the keys that name it does, or its type has no such key. */
static bool names_subject(const struct statement *s, const char *subject)
{
	static const char *const keys[] = {"case", "filing"};
	size_t len = strlen(subject), items = statement_count(s, "item");
	bool has_key = items > 0;

	for (size_t i = 0; i < COUNT_OF(keys); i++) {
		const char *value = statement_get(s, keys[i]);
		if (strcmp(value, subject) == 0)
			return true;
		has_key = has_key || value[0] != '\0';
	}
	for (size_t i = 0; i < items; i++) {
		const char *item = statement_get_n(s, "item", i);
		if (strncmp(item, subject, len) == 0 && (item[len] == ' ' || item[len] == '\0'))
			return true;
	}
	return !has_key;
}

static bool was_signed(const struct verify *v, struct span hex)
{
	AUTO_BUF(digest, SM3_LEN);

	if (text_unhex(hex, &digest) != ERR_OK)
		err_clear();
	for (size_t i = 0; i < v->n_signed; i++)
		if (span_eq(buf_span(&digest), SPAN_ARR(v->signed_sm3[i])))
			return true;
	return false;
}

/* "NUMBER VERSION DIGEST ...": the digest when it is about this subject, else empty. */
static struct span item_digest(const char *item, const char *subject)
{
	struct span rest = span_str(item), part;

	if (!span_take_until(&rest, ' ', &part) || !span_eq_str(part, subject) || !span_take_until(&rest, ' ', &part) ||
	    !span_take_until(&rest, ' ', &part))
		return SPAN_EMPTY;
	return part;
}

/* What a decision names by its digest is an earlier act of this receipt: who leaves that one out is found. */
static enum err check_refers(const struct verify *v, const struct statement *s)
{
	static const char *const keys[] = {"accept", "approve", "submit"};

	for (size_t i = 0; i < COUNT_OF(keys); i++) {
		const char *hex = statement_get(s, keys[i]);
		if (hex[0] && !was_signed(v, span_str(hex)))
			return ERR(STATEMENT, "%s names an act that is not in the receipt before", keys[i]);
	}
	for (size_t i = 0; i < statement_count(s, "item"); i++) {
		struct span hex = item_digest(statement_get_n(s, "item", i), v->subject);
		if (hex.len > 0 && !was_signed(v, hex))
			return ERR(STATEMENT, "item names an act that is not in the receipt before");
	}
	return ERR_OK;
}

static enum err check_act_sig(const struct verify *v, const struct receipt_act *a, struct act *ret_act)
{
	char kind[LEAF_TEXT_MAX + 1];

	(void)snprintf(kind, sizeof(kind), "%.*s", (int)a->kind.len, (const char *)a->kind.ptr);
	TRY(act_open(a->statement, a->sig, a->cert, kind, v->bureau, ret_act));
	if (!names_subject(ret_act->statement, v->subject))
		return ERR(STATEMENT, "statement is about another case than %s", v->subject);
	int64_t signed_at = statement_time(ret_act->statement);
	if (signed_at > a->time + VERIFY_SKEW_SEC || signed_at < a->time - VERIFY_SHOWN_SEC - VERIFY_SKEW_SEC)
		return ERR(STALE, "statement and arrival are of different times");
	return ERR_OK;
}

static enum err check_status(struct verify *v, const struct receipt_act *a, const struct cert *c, int64_t stamped,
                             struct verify_act *ret_act)
{
	struct standing s;
	const struct standing_ask ask = {.answers = a->ocsp,
	                                 .ca = v->ca,
	                                 .about = c,
	                                 .arrived = a->time,
	                                 .stamped = stamped,
	                                 .known = &v->responder};

	TRY(standing_check(&ask, &s));
	ret_act->status = s.status;
	ret_act->status_time = s.time;
	return ERR_OK;
}

static enum err check_leaf(const struct verify *v, const struct receipt_act *a)
{
	const struct head *h = &v->heads[a->head].head;
	struct leaf l = {.epoch = h->epoch, .index = a->index, .seq = a->seq, .time = a->time};
	uint8_t hash[32];

	(void)snprintf(l.kind, sizeof(l.kind), "%.*s", (int)a->kind.len, (const char *)a->kind.ptr);
	(void)snprintf(l.rule, sizeof(l.rule), "%.*s", (int)a->rule.len,
	               a->rule.len > 0 ? (const char *)a->rule.ptr : "");
	(void)snprintf(l.subject, sizeof(l.subject), "%s", v->subject);
	memcpy(l.covers, a->covers, sizeof(l.covers));
	memcpy(l.stored, a->stored, sizeof(l.stored));
	memcpy(l.salt, a->salt, sizeof(l.salt));
	TRY(leaf_part(a->statement, l.statement));
	TRY(leaf_part(a->sig, l.sig));
	TRY(leaf_part(a->cert, l.cert));
	TRY(leaf_part(a->ocsp, l.ocsp));
	enum err e = leaf_hash(&l, hash);
	if (e != ERR_OK)
		return e == ERR_SYNTAX ? err_note(ERR_RECEIPT, "leaf") : e;
	TRY(tree_verify_inclusion(hash, a->index, h->size, h->root, (const uint8_t(*)[32])a->path.ptr,
	                          a->path.len / 32));
	return a->time > h->time ? ERR(STALE, "act is younger than its head") : ERR_OK;
}

static struct verify_act proved(const struct verify *v, size_t n, const struct receipt_act *a)
{
	const struct heads *h = &v->heads[a->head];

	return (struct verify_act){.number = n + 1,
	                           .subject = v->subject,
	                           .raw = a,
	                           .head = &h->head,
	                           .head_number = (size_t)a->head + 1,
	                           .stamped = h->stamped};
}

static void show_act(const struct verify *v, const struct verify_act *a)
{
	AUTO_BUF(text, SHOWN_MAX);

	if (v->plan->act != NULL)
		v->plan->act(a, v->plan->ctx);
	describe_step(a, &text);
	show(v, true, title_of("项", a->number - 1, describe_title(a)).s, "%s", buf_cstr(&text));
}

/* Parts of a person's act in their order; *ret_part names the one that failed. */
static enum err person_steps(struct verify *v, const struct receipt_act *a, struct act *act, struct verify_act *found,
                             const char **ret_part)
{
	*ret_part = "签名";
	TRY(check_act_sig(v, a, act));
	*ret_part = "前后衔接";
	TRY(check_refers(v, act->statement));
	*ret_part = "证书";
	TRY(path_check(v->trust, act->cert, KU_SIGN, a->time));
	*ret_part = "证书状态";
	TRY(check_status(v, a, act->cert, v->heads[a->head].stamped, found));
	*ret_part = "日志证明";
	return check_leaf(v, a);
}

static enum err check_person(struct verify *v, size_t n, const struct receipt_act *a)
{
	struct act act = {0};
	struct verify_act found = proved(v, n, a);
	const char *part = "";
	enum err e = person_steps(v, a, &act, &found, &part);

	found.statement = act.statement;
	found.cert = act.cert;
	if (e == ERR_OK)
		e = statement_sm3(act.statement, v->signed_sm3[v->n_signed++]);
	if (e != ERR_OK)
		e = fault(v, title_of("项", n, part).s, e);
	else
		show_act(v, &found);
	act_done(&act);
	return e;
}

static enum err check_rule(const struct verify *v, size_t n, const struct receipt_act *a)
{
	const struct verify_act found = proved(v, n, a);
	enum err e = check_leaf(v, a);

	if (e != ERR_OK)
		return fault(v, title_of("项", n, "日志证明").s, e);
	show_act(v, &found);
	return ERR_OK;
}

static enum err check_acts(struct verify *v)
{
	for (size_t i = 0; i < v->r->n_acts; i++) {
		const struct receipt_act *a = &v->r->acts[i];
		/* The first head that held it: the head before must not. */
		if (a->head > 0 && a->index < v->heads[a->head - 1].head.size)
			return fault(v, title_of("项", i, "日志证明").s,
			             ERR(RECEIPT, "an earlier head holds this act"));
		TRY(a->rule.len > 0 ? check_rule(v, i, a) : check_person(v, i, a));
	}
	return ERR_OK;
}

/* --- in order --- */

static enum err steps(struct verify *v)
{
	struct head last;
	const struct receipt *r = v->r;
	enum err e;

	(void)snprintf(v->subject, sizeof(v->subject), "%.*s", (int)r->subject.len, (const char *)r->subject.ptr);
	show(v, true, "格式", "回执编号 %s，共 %zu 项", v->subject, r->n_acts);
	if ((e = check_root(v)) != ERR_OK)
		return fault(v, "根证书", e);
	if (v->plan->root_sm3 != NULL)
		show(v, true, "根证书", "与确认的指纹一致：%s", v->bureau);
	else
		show(v, false, "根证书", "根证书未确认：%s", v->bureau);
	if ((e = head_parse(r->heads[r->n_heads - 1].text, &last)) != ERR_OK)
		return fault(v, "日志头", e);
	if ((e = check_chain(v, last.time)) != ERR_OK)
		return fault(v, "证书链", e);
	show_chain(v, last.time);
	TRY(check_heads(v));
	return check_acts(v);
}

enum err verify_receipt(struct span file, const struct verify_plan *plan)
{
	AUTO(receipt) r = NULL;
	struct verify v = {.plan = plan, .responder = known_leaf_none(), .authority = known_leaf_none()};

	err_clear();
	enum err e = receipt_parse(file, &r);
	if (e != ERR_OK)
		return fault(&v, "格式", e);
	v.r = r;
	v.heads = calloc(r->n_heads, sizeof(*v.heads));
	v.signed_sm3 = calloc(r->n_acts, sizeof(*v.signed_sm3));
	e = v.heads != NULL && v.signed_sm3 != NULL ? steps(&v) : ERR(NOMEM, "heads and acts");
	path_trust_free(v.trust);
	known_leaf_done(&v.responder);
	known_leaf_done(&v.authority);
	cert_free(v.root);
	cert_free(v.ca);
	cert_free(v.log);
	free(v.heads);
	free(v.signed_sm3);
	if (e != ERR_OK || plan->root_sm3 != NULL)
		return e;
	return ERR(ROOT_UNKNOWN, "no root is pinned");
}
