/* /verify: anybody's receipt, checked and explained. Nothing of it is kept, written to a log or put into an address.
 *
 * What a receipt says is shown only when all of it was proved: a page of the bureau that shows a forger's words beside
 * the word "invalid" would still be a page of the bureau that shows them. */
#include "server/portal/pages.h"
#include "base/text.h"
#include "evidence/describe.h"
#include "gm/sm3.h"
#include <stdio.h>
#include <string.h>

/* Of the signed texts: of one act, and of all; an answer is at most 4 MiB and a mark may become six octets in it. */
enum { TEXT_MAX = 64 * 1024, TEXTS_MAX = 256 * 1024 };
struct explaining {
	struct mo *m;
	json_t *acts, *steps;
	size_t text_left;
	const char *matter;
	char subject[LEAF_TEXT_MAX + 1], last_title[128], last_text[2048], last_detail[512];
	enum err e; /* of the model */
};

/* --- what verify.h tells on the way --- */

static void put_words(struct mo *m, const char *key, const struct verify_act *a,
                      void (*words)(const struct verify_act *, struct buf *))
{
	AUTO_BUF(text, DESCRIBE_MAX);
	words(a, &text);
	mo_str(m, key, buf_cstr(&text));
}

static void put_text(struct explaining *x, struct mo *m, const struct verify_act *a)
{
	AUTO_BUF(text, TEXT_MAX + 64);
	bool cut = false;
	describe_text(a, x->text_left < TEXT_MAX ? x->text_left : TEXT_MAX, &text, &cut);
	x->text_left -= text.len < x->text_left ? text.len : x->text_left;
	mo_str(m, "statement", buf_cstr(&text));
	mo_bool(m, "has_statement", a->raw->statement.len > 0);
	mo_bool(m, "cut", cut);
}

static void put_place(struct mo *m, const struct verify_act *a)
{
	mo_int(m, "index", (int64_t)a->raw->index);
	mo_int(m, "head", (int64_t)a->head_number);
	mo_int(m, "head_size", (int64_t)a->head->size);
	mo_time(m, "stamped", a->stamped);
}

static void take_act(const struct verify_act *a, void *ctx)
{
	struct explaining *x = ctx;
	struct mo m = mo_item(x->acts);
	if (a->number == 1) {
		x->matter = describe_matter(a);
		(void)snprintf(x->subject, sizeof(x->subject), "%s", a->subject);
	}
	mo_int(&m, "number", (int64_t)a->number);
	mo_str(&m, "title", describe_title(a));
	mo_str(&m, "role", describe_role(a));
	put_words(&m, "who", a, describe_who);
	put_words(&m, "what", a, describe_what);
	mo_time(&m, "when", a->raw->time);
	mo_bool(&m, "signed", a->cert != NULL);
	mo_str(&m, "serial", a->cert != NULL ? cert_serial(a->cert) : "");
	put_words(&m, "status", a, describe_status);
	mo_time(&m, "status_time", a->cert != NULL ? a->status_time : a->raw->time);
	put_place(&m, a);
	put_text(x, &m, a);
	x->e = x->e == ERR_OK ? mo_err(&m) : x->e;
}

static void take_step(const struct verify_step *s, void *ctx)
{
	struct explaining *x = ctx;
	struct mo m = mo_item(x->steps);
	mo_bool(&m, "good", s->good);
	mo_str(&m, "title", s->title);
	mo_str(&m, "text", s->text);
	x->e = x->e == ERR_OK ? mo_err(&m) : x->e;
	(void)snprintf(x->last_title, sizeof(x->last_title), "%s", s->title);
	(void)snprintf(x->last_text, sizeof(x->last_text), "%s", s->text);
	(void)snprintf(x->last_detail, sizeof(x->last_detail), "%s", s->detail);
}

/* --- the answer --- */

/* What evidence/receipt.c says of a file that it cannot read, for the page; the program says it in English. */
static const char *detail_zh(const char *detail)
{
	static const struct {
		const char *en, *zh;
	} words[] = {
		{"damaged: the check at the end does not fit", "文件有损坏：末尾的校验值与内容不符"},
		{"not a receipt", "这不是回执文件：开头没有回执的标记"},
		{"longer than a receipt can be", "文件超过回执的最大长度"},
		{"more heads or acts than a receipt can have", "日志头或记录的项数超过回执的上限"},
		{"end of the receipt", "文件不完整：结尾缺失或有多余内容"},
		{"elements of the receipt", "文件不完整：缺少回执的组成部分"},
	};
	for (size_t i = 0; i < COUNT_OF(words); i++)
		if (strstr(detail, words[i].en) != NULL)
			return words[i].zh;
	return detail[0] != 0 ? "回执的内容或结构不符合格式规定" : "";
}

static void put_verdict(struct explaining *x, enum err verdict)
{
	bool good = verdict == ERR_OK;
	mo_str(x->m, "matter", good ? x->matter : "");
	mo_str(x->m, "subject", good ? x->subject : "");
	mo_bool(x->m, "valid", good);
	mo_str(x->m, "verdict", good ? "回执有效" : "回执无效");
	mo_str(x->m, "code", good ? "" : err_code(verdict));
	mo_str(x->m, "fault", good ? "" : x->last_title);
	mo_str(x->m, "fault_text", good ? "" : x->last_text);
	mo_str(x->m, "detail", good ? "" : detail_zh(x->last_detail));
	mo_str(x->m, "remedy", good ? "" : err_remedy(verdict));
	if (!good)
		(void)json_array_clear(x->acts);
	mo_bool(x->m, "has_acts", json_array_size(x->acts) > 0);
}

static enum err explain(const struct portal *p, struct span file, struct mo *m)
{
	uint8_t root[SM3_LEN];
	struct explaining x = {
		.m = m, .acts = mo_list(m, "acts"), .steps = mo_list(m, "steps"), .text_left = TEXTS_MAX, .matter = ""};
	TRY(mo_err(m));
	TRY(cert_sm3(trust_root(p->trust), root));
	const struct verify_plan plan = {
		.root_sm3 = root, .now = clock_now(p->desk.clock), .step = take_step, .act = take_act, .ctx = &x};
	enum err verdict = verify_receipt(file, &plan);
	err_clear();
	put_verdict(&x, verdict);
	return x.e == ERR_OK ? mo_err(m) : x.e;
}

static enum err page_base(struct web_req *rq, struct mo *m)
{
	char digest[96];
	root_fingerprint(portal_of(rq), digest);
	mo_str(m, "title", "回执核验");
	mo_str(m, "root_sm3", digest);
	mo_int(m, "max_mib", VERIFY_UPLOAD_MAX >> 20);
	mo_int(m, "format_max_mib", RECEIPT_MAX >> 20);
	return mo_err(m);
}

enum err page_verify(struct web_req *rq)
{
	struct mo m = mo_of(web_model(rq));
	TRY(page_base(rq, &m));
	(void)mo_list(&m, "results");
	return mo_err(&m);
}

enum err page_verify_post(struct web_req *rq)
{
	struct mo m = mo_of(web_model(rq));
	TRY(page_base(rq, &m));
	json_t *results = mo_list(&m, "results");
	TRY(mo_err(&m));
	const struct web_file *file = web_file(rq, "receipt");
	if (web_field_errors(rq) || file == NULL)
		return ERR_OK;
	struct mo one = mo_item(results);
	TRY(mo_err(&one));
	return explain(portal_of(rq), file->body, &one);
}
