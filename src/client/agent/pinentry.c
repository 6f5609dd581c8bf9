/* The same questions as the window's, asked by pinentry: what is signed, with which key, the PIN. */
#include "base/clock.h"
#include "base/json.h"
#include "client/agent/assuan.h"
#include "client/agent/dialogue_i.h"
#include "evidence/limits.h"
#include <locale.h>
#include <stdio.h>
#include <string.h>

/* The longest statement, a label to each of its values; and how many dialogues a person may want to skip. */
enum { DESC_MAX = 2 * LIMIT_STATEMENT, PARTS_PATIENT = 4 };

static enum err still_wanted(void *ctx)
{
	struct dialogue *d = ctx;

	if (dialogue_is_closed(d))
		return ERR(PIN_CLOSED, "closed from another page");
	if (dialogue_peer_left(d->client_fd))
		return ERR(CANCELLED, "the page's connection closed");
	if (clock_mono_ms() - d->asked_ms > d->conf.idle_ms)
		return ERR(CANCELLED, "no answer in %d s", d->conf.idle_ms / 1000);
	bool gone = dialogue_keys_gone(d);
	/* When the agent ends, its keys are gone first. */
	if (*d->conf.stop)
		return ERR(CANCELLED, "agent is ending");
	return gone ? ERR(CARD_GONE, "every key offered was removed") : ERR_OK;
}

static void describe_key(struct buf *out, const struct key *k)
{
	size_t len = strlen(k->serial);

	buf_printf(out, "证书：%s %s（介质尾号 %s）\n", k->unit, k->holder, k->serial + (len > 4 ? len - 4 : 0));
}

/* In words first where there are some; the octets that are signed stand behind them. */
static void describe_row(struct buf *out, const json_t *row)
{
	const char *shown = json_str_or(row, "shown", ""), *value = json_str_or(row, "value", "");

	if (shown[0] && strcmp(value, "-") != 0)
		buf_printf(out, "%s：%s（原文 %s）\n", json_str_or(row, "label", ""), shown, value);
	else
		buf_printf(out, "%s：%s\n", json_str_or(row, "label", ""), shown[0] ? shown : value);
}

static void describe(struct buf *out, const struct dialogue *d, const struct key *k)
{
	size_t i;
	json_t *row;

	buf_printf(out, "%s\n网站：%s\n", d->title, d->origin);
	if (k->cert_len > 0)
		describe_key(out, k);
	json_array_foreach(d->rows, i, row)
		describe_row(out, row);
}

static size_t count_parts(struct span text)
{
	size_t n = 0;

	for (; text.len > 0; n++)
		text = span_sub(text, assuan_part(text), text.len);
	return n;
}

/* Whether he wants the next part; in a long text he may go to its end. */
static enum err go_on(struct assuan *a, size_t left, bool *ret_skip)
{
	char label[64];

	*ret_skip = false;
	snprintf(label, sizeof(label), "继续（还有 %zu 段）", left);
	TRY(assuan_do(a, "SETOK", label));
	if (left > PARTS_PATIENT)
		TRY(assuan_do(a, "SETNOTOK", "跳到末尾"));
	enum err e = assuan_do(a, "CONFIRM", NULL);
	if (e == ERR_STATE && left > PARTS_PATIENT) {
		err_clear();
		*ret_skip = true;
		return ERR_OK;
	}
	return e;
}

/* Shows text in as many dialogues as its length needs; the last part stays set for the question that follows. */
static enum err show(struct assuan *a, struct span text)
{
	bool skip = false;

	for (size_t left = count_parts(text); left > 0; left--) {
		AUTO_BUF(part, ASSUAN_LINE_MAX);
		size_t len = assuan_part(text);
		buf_put(&part, span_sub(text, 0, len));
		text = span_sub(text, len, text.len);
		if (skip && left > 1)
			continue;
		TRY(assuan_do(a, "SETDESC", buf_cstr(&part)));
		if (left > 1)
			TRY(go_on(a, left - 1, &skip));
	}
	return ERR_OK;
}

static enum err complain(struct assuan *a, enum err why, int tries)
{
	char text[400];

	if (why == ERR_OK)
		return ERR_OK;
	if (tries >= 0)
		snprintf(text, sizeof(text), "%s %s，还可输入 %d 次", err_code(why), err_zh(why), tries);
	else
		snprintf(text, sizeof(text), "%s %s。%s", err_code(why), err_zh(why), err_remedy(why));
	return assuan_do(a, "SETERROR", text);
}

/* One key after the other until the person takes one; past the last it begins again. */
static enum err choose(struct dialogue *d, struct assuan *a, const struct key **ret_k)
{
	for (size_t i = 0;; i = (i + 1) % d->n_keys) {
		AUTO_BUF(text, ASSUAN_LINE_MAX);
		describe_key(&text, &d->keys[i]);
		TRY(assuan_do(a, "SETDESC", buf_cstr(&text)));
		TRY(assuan_do(a, "SETOK", "使用此证书"));
		TRY(assuan_do(a, "SETNOTOK", "下一个"));
		enum err e = assuan_do(a, "CONFIRM", NULL);
		if (e == ERR_OK) {
			*ret_k = &d->keys[i];
			return ERR_OK;
		}
		if (e != ERR_STATE)
			return e;
		err_clear();
	}
}

static enum err get_pin(struct dialogue *d, struct assuan *a, const struct key *k, const char *prompt,
                        struct secret **ret_pin)
{
	AUTO(secret) pin = NULL;

	TRY(assuan_do(a, "SETPROMPT", prompt));
	TRY(assuan_get_pin(a, &pin));
	TRY(dialogue_check_pin(d, k, secret_span(pin)));
	*ret_pin = STEAL(pin);
	return ERR_OK;
}

static enum err get_answer(struct dialogue *d, struct assuan *a, const struct key *k, struct secret **ret_pin)
{
	AUTO(secret) pin = NULL;
	AUTO(secret) again = NULL;

	TRY(assuan_do(a, "SETOK", "确定"));
	if (d->need == NEED_NONE)
		return assuan_do(a, "CONFIRM", NULL);
	TRY(get_pin(d, a, k, d->need == NEED_NEW_PIN ? "设置证书密码：" : "证书密码：", &pin));
	if (d->need == NEED_NEW_PIN) {
		TRY(get_pin(d, a, k, "再输入一次：", &again));
		if (!ct_equal(secret_span(pin), secret_span(again)))
			return ERR(PIN_DIFFER, "second entry differs");
	}
	*ret_pin = STEAL(pin);
	return ERR_OK;
}

/* pinentry-curses says OK to a locale that this computer lacks, and then draws no dialogue. */
static const char *charset_option(void)
{
	locale_t zh = newlocale(LC_CTYPE_MASK, "zh_CN.UTF-8", (locale_t)0);

	if (zh == (locale_t)0)
		return "lc-ctype=C.UTF-8";
	freelocale(zh);
	return "lc-ctype=zh_CN.UTF-8";
}

static enum err ask_once(struct dialogue *d, enum err why, int tries, struct dialogue_answer *ret_a)
{
	AUTO(assuan) a = NULL;
	AUTO(secret) pin = NULL;
	AUTO_BUF(text, DESC_MAX);
	char seconds[16];
	const struct key *k = &d->keys[0];

	TRY(assuan_start(d->conf.pinentry, still_wanted, d, &a));
	/* Not every pinentry knows every option; without these it is only plainer. */
	if (assuan_do(a, "OPTION", charset_option()) == ERR_UNAVAILABLE)
		err_clear();
	snprintf(seconds, sizeof(seconds), "%d", d->conf.idle_ms / 1000);
	TRY(assuan_do(a, "SETTIMEOUT", seconds));
	TRY(assuan_do(a, "SETTITLE", "印信证书助手"));
	TRY(assuan_do(a, "SETCANCEL", "取消"));
	if (d->n_keys > 1)
		TRY(choose(d, a, &k));
	describe(&text, d, k);
	TRY(buf_err(&text));
	TRY(show(a, buf_span(&text)));
	TRY(complain(a, why, tries));
	TRY(get_answer(d, a, k, &pin));
	ret_a->key = *k;
	ret_a->pin = STEAL(pin);
	return ERR_OK;
}

static bool may_ask_again(enum err e)
{
	return e == ERR_PIN_RANGE || e == ERR_PIN_DIFFER;
}

enum err pinentry_ask(struct dialogue *d, enum err why, int tries, struct dialogue_answer *ret_a)
{
	enum err e;

	d->asked_ms = clock_mono_ms();
	while (may_ask_again(e = ask_once(d, why, tries, ret_a))) {
		err_clear();
		why = e;
		tries = -1;
	}
	/* Whatever ails it, the person sees no window. */
	return e == ERR_UNAVAILABLE ? err_raise(ERR_L_NO_WINDOW, __FILE__, __LINE__, "%s", err_detail()) : e;
}
