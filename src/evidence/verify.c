#include "evidence/verify.h"
#include "base/text.h"
#include "evidence/act.h"
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

struct heads {
	struct head head;
	int64_t stamped;
};
struct verify {
	const struct verify_plan *plan;
	const struct receipt *r;
	struct cert *root, *ca, *log;
	struct heads *heads;
	char bureau[65], subject[LEAF_TEXT_MAX + 1];
};

/* --- what is shown --- */

static void show(const struct verify *v, bool good, const char *title, const char *fmt, ...) PRINTF_LIKE(4, 5);
static void show(const struct verify *v, bool good, const char *title, const char *fmt, ...)
{
	char text[1024];
	va_list ap;

	va_start(ap, fmt);
	(void)vsnprintf(text, sizeof text, fmt, ap);
	va_end(ap);
	if (v->plan->step)
		v->plan->step(&(struct verify_step){title, text, good}, v->plan->ctx);
}

static enum err fault(const struct verify *v, const char *title, enum err e)
{
	const char *detail = err_detail();

	show(v, false, title, "%s(%s)%s%s", err_zh(e), err_code(e), detail[0] ? ": " : "", detail);
	return e;
}

struct title {
	char s[96];
};

static struct title title_of(const char *what, size_t n, const char *part)
{
	struct title t;

	(void)snprintf(t.s, sizeof t.s, "第%zu%s %s", n + 1, what, part);
	return t;
}

struct when {
	char s[40];
};

static struct when when_of(int64_t t)
{
	struct when w;
	AUTO_BUF(text, sizeof w.s);

	text_time_cn(&text, t);
	(void)snprintf(w.s, sizeof w.s, "%s", buf_cstr(&text));
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
	(void)snprintf(v->bureau, sizeof v->bureau, "%s", buf_cstr(&hex));
	if (!v->plan->root_sm3)
		return ERR_OK;
	if (!span_eq(SPAN_ARR(digest), span_of(v->plan->root_sm3, SM3_LEN)))
		return ERR(CERT_CHAIN, "root %s is not the pinned one", v->bureau);
	return ERR_OK;
}

static enum err check_chain(struct verify *v, int64_t now)
{
	TRY(cert_parse(v->r->ca, &v->ca));
	TRY(cert_parse(v->r->log, &v->log));
	TRY(path_check_ca(v->root, v->ca, now));
	return path_check(&(struct path_trust){v->root, v->ca, NULL}, v->log, KU_SIGN, now);
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
	const struct tsp_want want = {.ca = v->ca, .sm3 = imprint};
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

	return tree_verify_consistency(h->size, h->root, last->size, last->root, (const uint8_t (*)[32])proof.ptr, proof.len / 32);
}

static enum err check_heads(struct verify *v)
{
	enum err e;

	for (size_t i = 0; i < v->r->n_heads; i++) {
		if ((e = check_head_sig(v, i)) != ERR_OK)
			return fault(v, title_of("个日志头", i, "签名").s, e);
		if ((e = check_stamp(v, i)) != ERR_OK)
			return fault(v, title_of("个日志头", i, "时间戳").s, e);
		show(v, true, title_of("个日志头", i, "签名与时间戳").s, "日志共 %llu 项,%s 签名并加盖时间戳",
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

static enum err check_act_sig(const struct verify *v, const struct receipt_act *a, struct act *ret_act)
{
	char kind[LEAF_TEXT_MAX + 1];

	(void)snprintf(kind, sizeof kind, "%.*s", (int)a->kind.len, (const char *)a->kind.ptr);
	TRY(act_open(a->statement, a->sig, a->cert, kind, v->bureau, ret_act));
	if (!names_subject(ret_act->statement, v->subject))
		return ERR(STATEMENT, "statement is about another case than %s", v->subject);
	int64_t signed_at = statement_time(ret_act->statement);
	if (signed_at > a->time + VERIFY_SKEW_SEC || signed_at < a->time - VERIFY_SHOWN_SEC - VERIFY_SKEW_SEC)
		return ERR(STALE, "statement and arrival are of different times");
	return ERR_OK;
}

static enum err check_status(const struct verify *v, const struct receipt_act *a, const struct cert *c, int64_t stamped)
{
	struct ocsp_status st;
	int64_t produced = 0;

	TRY(ocsp_check(a->ocsp, v->ca, c, &st, &produced));
	if (produced < a->time)
		return ERR(STALE, "status answer was made before the act arrived");
	if (produced > stamped + 1 || stamped - produced > VERIFY_FRESH_SEC)
		return ERR(STALE, "status answer is older than five minutes at the stamp, or younger than it");
	if (st.state == OCSP_UNKNOWN)
		return ERR(SERIAL_UNKNOWN, "status of the certificate");
	if (st.state == OCSP_REVOKED && st.revoked_at <= a->time)
		return st.reason == CRL_HOLD ? ERR(CERT_SUSPENDED, "when the act arrived") : ERR(CERT_REVOKED, "when the act arrived");
	return ERR_OK;
}

static enum err check_leaf(const struct verify *v, const struct receipt_act *a)
{
	const struct head *h = &v->heads[a->head].head;
	struct leaf l = {.epoch = h->epoch, .index = a->index, .seq = a->seq, .time = a->time};
	uint8_t hash[32];

	(void)snprintf(l.kind, sizeof l.kind, "%.*s", (int)a->kind.len, (const char *)a->kind.ptr);
	(void)snprintf(l.rule, sizeof l.rule, "%.*s", (int)a->rule.len, a->rule.len > 0 ? (const char *)a->rule.ptr : "");
	(void)snprintf(l.subject, sizeof l.subject, "%s", v->subject);
	memcpy(l.covers, a->covers, sizeof l.covers);
	memcpy(l.stored, a->stored, sizeof l.stored);
	memcpy(l.salt, a->salt, sizeof l.salt);
	TRY(leaf_part(a->statement, l.statement));
	TRY(leaf_part(a->sig, l.sig));
	TRY(leaf_part(a->cert, l.cert));
	TRY(leaf_part(a->ocsp, l.ocsp));
	enum err e = leaf_hash(&l, hash);
	if (e != ERR_OK)
		return e == ERR_SYNTAX ? err_note(ERR_RECEIPT, "leaf") : e;
	TRY(tree_verify_inclusion(hash, a->index, h->size, h->root, (const uint8_t (*)[32])a->path.ptr, a->path.len / 32));
	return a->time > h->time ? ERR(STALE, "act is younger than its head") : ERR_OK;
}

/* Parts of a person's act in their order; *ret_part names the one that failed. */
static enum err person_steps(const struct verify *v, const struct receipt_act *a, struct act *act, const char **ret_part)
{
	*ret_part = "签名";
	TRY(check_act_sig(v, a, act));
	*ret_part = "证书";
	TRY(path_check(&(struct path_trust){v->root, v->ca, NULL}, act->cert, KU_SIGN, a->time));
	*ret_part = "证书状态";
	TRY(check_status(v, a, act->cert, v->heads[a->head].stamped));
	*ret_part = "日志证明";
	return check_leaf(v, a);
}

static enum err check_person(const struct verify *v, size_t n, const struct receipt_act *a)
{
	struct act act = {0};
	const char *part = "";
	enum err e = person_steps(v, a, &act, &part);

	if (e != ERR_OK)
		e = fault(v, title_of("项", n, part).s, e);
	else
		show(v, true, title_of("项", n, statement_type_zh(statement_type(act.statement))).s,
		     "%s(%s%s%s)于 %s 签名,证书 %s 当时有效;日志第 %llu 项", cert_common_name(act.cert), cert_org(act.cert),
		     cert_org(act.cert)[0] ? "," : "", cert_person_id(act.cert), when_of(a->time).s, cert_serial(act.cert),
		     (unsigned long long)a->index);
	act_done(&act);
	return e;
}

static enum err check_rule(const struct verify *v, size_t n, const struct receipt_act *a)
{
	enum err e = check_leaf(v, a);

	if (e != ERR_OK)
		return fault(v, title_of("项", n, "日志证明").s, e);
	show(v, true, title_of("项", n, "系统记录").s, "%.*s,由 %.*s 于 %s 记录;日志第 %llu 项", (int)a->kind.len,
	     (const char *)a->kind.ptr, (int)a->rule.len, (const char *)a->rule.ptr, when_of(a->time).s, (unsigned long long)a->index);
	return ERR_OK;
}

static enum err check_acts(const struct verify *v)
{
	for (size_t i = 0; i < v->r->n_acts; i++) {
		const struct receipt_act *a = &v->r->acts[i];
		/* The first head that held it: the head before must not. */
		if (a->head > 0 && a->index < v->heads[a->head - 1].head.size)
			return fault(v, title_of("项", i, "日志证明").s, ERR(RECEIPT, "an earlier head holds this act"));
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

	(void)snprintf(v->subject, sizeof v->subject, "%.*s", (int)r->subject.len, (const char *)r->subject.ptr);
	show(v, true, "格式", "回执编号 %s,共 %zu 项", v->subject, r->n_acts);
	if ((e = check_root(v)) != ERR_OK)
		return fault(v, "根证书", e);
	if (v->plan->root_sm3)
		show(v, true, "根证书", "与确认的指纹一致:%s", v->bureau);
	else
		show(v, false, "根证书", "根证书未确认:%s", v->bureau);
	if ((e = head_parse(r->heads[r->n_heads - 1].text, &last)) != ERR_OK)
		return fault(v, "日志头", e);
	if ((e = check_chain(v, last.time)) != ERR_OK)
		return fault(v, "证书链", e);
	show(v, true, "证书链", "根证书、签发机构、日志签名证书依次有效");
	TRY(check_heads(v));
	return check_acts(v);
}

enum err verify_receipt(struct span file, const struct verify_plan *plan)
{
	AUTO(receipt) r = NULL;
	struct verify v = {.plan = plan};

	err_clear();
	enum err e = receipt_parse(file, &r);
	if (e != ERR_OK)
		return fault(&v, "格式", e);
	v.r = r;
	v.heads = calloc(r->n_heads, sizeof(*v.heads));
	e = v.heads ? steps(&v) : ERR(NOMEM, "heads");
	cert_free(v.root);
	cert_free(v.ca);
	cert_free(v.log);
	free(v.heads);
	if (e != ERR_OK || plan->root_sm3)
		return e;
	return ERR(ROOT_UNKNOWN, "no root is pinned");
}
