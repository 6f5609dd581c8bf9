/* /unit/bill: the months of a unit, one month's 缴费通知单 with its persons, and their lines as a file for
 * spreadsheets. */
#include "server/insurance/bill_read.h"
#include "server/insurance/calendar.h"
#include "server/insurance/month_turn.h"
#include "server/portal/pages.h"
#include "base/text.h"
#include <stdio.h>
#include <string.h>

enum {
	MONTHS_SHOWN = 24,
	PERSONS_SHOWN = 50,
	CSV_PERSONS = 50000,
	CSV_MAX = 6 << 20 /* what an answer takes: some 40,000 persons */,
	PAGE_LAST = 9999
};

/* --- values --- */

static void put_money(struct mo *m, const char *key, int64_t fen)
{
	AUTO_BUF(s, 64);
	money_print(&s, fen);
	mo_str(m, key, buf_cstr(&s));
}

/* 160,000 ppm are 16 %, 7,000 are 0.7 %; an insurance that a side does not pay has no rate. */
static void rate_text(int64_t ppm, char ret[48])
{
	int n = snprintf(ret, 48, "%lld.%04lld", (long long)(ppm / 10000), (long long)(ppm % 10000));
	while (n > 0 && ret[n - 1] == '0')
		n--;
	if (n > 0 && ret[n - 1] == '.')
		n--;
	(void)snprintf(ret + n, 48 - (size_t)n, "%%");
}

static void put_month(struct mo *m, const char *key, int month)
{
	char zh[40];
	(void)snprintf(zh, sizeof(zh), "%d年%d月", month / 100, month % 100);
	mo_str(m, key, zh);
}

static void put_state(struct mo *m, const struct bill_head *h)
{
	mo_str(m, "state", h == NULL ? "none" : h->approved ? "approved" : "open");
	mo_str(m, "state_zh", h == NULL ? "未生成" : h->approved ? "已核定" : "待核定");
	mo_str(m, "class", h == NULL ? "yx-grey" : h->approved ? "yx-green" : "yx-blue");
}

static enum err page_of(struct web_req *rq, int64_t *ret_page)
{
	*ret_page = 1;
	if (web_value(rq, "page")[0] != 0)
		TRY(text_i64(span_str(web_value(rq, "page")), 1, PAGE_LAST, ret_page));
	return ERR_OK;
}

/* What the pages show is up to date: the rule has its turn first. */
static enum err open_bills(struct web_req *rq, const struct tables **ret_t)
{
	const struct portal *p = portal_of(rq);
	if (p->insurance == NULL)
		return ERR(NOT_YET, "no register of insurance is kept");
	*ret_t = p->insurance;
	return month_turn_unit(&p->desk, p->insurance, web_session_of(rq)->unit_no);
}

/* --- the months --- */

struct months {
	json_t *list;
	int period, n;
	bool newest; /* the page begins with the newest month */
};

static enum err month_item(struct months *w, int month, const struct bill_head *h)
{
	struct mo o = mo_item(w->list);
	mo_int(&o, "month", month);
	put_month(&o, "month_zh", month);
	put_state(&o, h);
	mo_bool(&o, "made", h != NULL);
	mo_bool(&o, "verify", h != NULL && h->verify);
	mo_int(&o, "persons", h != NULL ? h->persons : 0);
	mo_int(&o, "total_fen", h != NULL ? h->total_fen : 0);
	put_money(&o, "total", h != NULL ? h->total_fen : 0);
	if (h != NULL)
		mo_date(&o, "due", h->due_day);
	else
		mo_str(&o, "due", "");
	return mo_err(&o);
}

static enum err month_row(const struct bill_head *h, void *ctx)
{
	struct months *w = ctx;
	if (w->n++ == MONTHS_SHOWN)
		return ERR_OK;
	if (w->n == 1 && w->newest && h->month < w->period)
		TRY(month_item(w, w->period, NULL));
	return month_item(w, h->month, h);
}

enum err page_bills(struct web_req *rq)
{
	const struct tables *t;
	const struct desk *d = &portal_of(rq)->desk;
	struct mo m = mo_of(web_model(rq));
	int64_t page, staff;
	TRY(page_of(rq, &page));
	TRY(open_bills(rq, &t));
	struct filing_window win = calendar_window(&t->filing, clock_now(d->clock));
	struct months w = {.list = mo_list(&m, "bills"), .period = win.period, .newest = page == 1};
	TRY(staff_count(d, web_session_of(rq)->unit_no, &staff));
	TRY(bill_list(d, web_session_of(rq)->unit_no, MONTHS_SHOWN + 1, ((int)page - 1) * MONTHS_SHOWN, month_row, &w));
	if (w.n == 0 && page == 1)
		TRY(month_item(&w, w.period, NULL));
	mo_str(&m, "title", "缴费通知单");
	mo_int(&m, "staff_total", staff);
	put_month(&m, "period_zh", win.period);
	mo_bool(&m, "next", win.next);
	mo_date(&m, "closes", win.closes - 1);
	mo_int(&m, "previous", page - 1);
	mo_int(&m, "following", w.n > MONTHS_SHOWN ? page + 1 : 0);
	return mo_err(&m);
}

/* --- one month --- */

struct paper {
	struct web_req *rq;
	const struct tables *t;
	struct mo m;
	struct bill_head head;
	json_t *sums, *columns, *lines;
	unsigned ins;   /* of the columns */
	int64_t number; /* of the last line */
};

/* Whether a row of the rates that this sum was computed with waits to be confirmed. */
static bool rate_unverified(const struct paper *w, const struct bill_sum *s)
{
	for (size_t i = 0; i < w->t->n_rates; i++) {
		const struct rate *r = &w->t->rates[i];
		bool now = w->head.month >= r->from && (r->to == 0 || w->head.month <= r->to);
		if (now && r->ins == s->ins && r->verify)
			return true;
	}
	return false;
}

static void put_side(struct mo *o, const char *rate_key, const char *money_key, int64_t ppm, int64_t fen)
{
	char rate[48];
	rate_text(ppm, rate);
	mo_str(o, rate_key, ppm > 0 ? rate : "—");
	put_money(o, money_key, fen);
}

static enum err put_column(struct paper *w, const char *brief, const char *side)
{
	char label[48];
	struct mo o = mo_item(w->columns);
	(void)snprintf(label, sizeof(label), "%s%s", brief, side);
	mo_str(&o, "label", label);
	return mo_err(&o);
}

static enum err put_columns(struct paper *w)
{
	for (size_t i = 0; i < w->t->n_ins; i++) {
		if ((w->ins & 1u << i) == 0)
			continue;
		TRY(put_column(w, w->t->ins[i].brief, "单位"));
		if (w->t->ins[i].person_pays)
			TRY(put_column(w, w->t->ins[i].brief, "个人"));
	}
	return ERR_OK;
}

static enum err paper_sum(const struct bill_sum *s, void *ctx)
{
	struct paper *w = ctx;
	struct mo o = mo_item(w->sums);
	mo_str(&o, "code", s->ins >= 0 ? w->t->ins[s->ins].code : "");
	mo_str(&o, "ins", s->ins >= 0 ? w->t->ins[s->ins].zh : "其他");
	mo_bool(&o, "verify", rate_unverified(w, s));
	mo_int(&o, "persons", s->persons);
	put_money(&o, "base", s->base_fen);
	put_side(&o, "unit_rate", "unit", s->unit_ppm, s->unit_fen);
	put_side(&o, "person_rate", "person", s->person_ppm, s->person_fen);
	put_money(&o, "subtotal", s->unit_fen + s->person_fen);
	mo_int(&o, "unit_fen", s->unit_fen);
	mo_int(&o, "person_fen", s->person_fen);
	if (s->ins >= 0)
		w->ins |= 1u << s->ins;
	return mo_err(&o);
}

static enum err put_cell(json_t *cells, bool has, int64_t fen)
{
	struct mo o = mo_item(cells);
	if (has)
		put_money(&o, "text", fen);
	else
		mo_str(&o, "text", "—");
	mo_int(&o, "fen", has ? fen : 0);
	return mo_err(&o);
}

static enum err paper_person(const struct bill_person *p, void *ctx)
{
	struct paper *w = ctx;
	struct mo o = mo_item(w->lines);
	mo_int(&o, "number", ++w->number);
	mo_str(&o, "person_no", p->person_no);
	mo_str(&o, "name", p->name);
	mo_str(&o, "id", p->id_masked);
	put_money(&o, "wage", p->wage_fen);
	put_money(&o, "base", p->base_fen);
	put_money(&o, "sum", p->total_fen);
	mo_int(&o, "sum_fen", p->total_fen);
	json_t *cells = mo_list(&o, "cells");
	for (size_t i = 0; i < w->t->n_ins; i++) {
		if ((w->ins & 1u << i) == 0)
			continue;
		TRY(put_cell(cells, (p->ins & 1u << i) != 0, p->unit_fen[i]));
		if (w->t->ins[i].person_pays)
			TRY(put_cell(cells, (p->ins & 1u << i) != 0, p->person_fen[i]));
	}
	return mo_err(&o);
}

static void put_facts(struct paper *w, const struct unit *u)
{
	const struct bill_head *h = &w->head;
	json_t *facts = mo_list(&w->m, "facts");
	char text[160];
	AUTO_BUF(day, 32);
	/* 2.7: JF, unit, month, batch; supplementary batches are not open yet. */
	(void)snprintf(text, sizeof(text), "JF%s%06d01", u->unit_no, h->month);
	mo_fact(facts, "通知单号", text);
	AUTO_BUF(bureau, 512);
	words_put(&bureau, portal_of(w->rq)->bureau_name);
	mo_fact(facts, "社保机构名称", buf_cstr(&bureau));
	mo_fact(facts, "单位编号", u->unit_no);
	mo_fact(facts, "单位名称", u->name);
	mo_fact(facts, "统一社会信用代码", u->uscc);
	(void)snprintf(text, sizeof(text), "%06d", h->month);
	mo_fact(facts, "费款所属期", text);
	if (h->approved_at > 0)
		text_date_cn(&day, h->approved_at);
	mo_fact(facts, "核定日期", h->approved_at > 0 ? buf_cstr(&day) : "—");
	buf_clear(&day);
	text_date_cn(&day, h->due_day);
	mo_fact(facts, "缴费截止日期", buf_cstr(&day));
	(void)snprintf(text, sizeof(text), "%lld 人（比上月增加 %lld 人，减少 %lld 人）", (long long)h->persons,
	               (long long)h->plus, (long long)h->minus);
	mo_fact(facts, "参保人数", text);
}

static void put_base(struct paper *w)
{
	const struct base_limit *b = NULL;
	enum err e = tables_base(w->t, w->head.month, &b);
	if (e != ERR_OK)
		err_clear();
	mo_bool(&w->m, "base_verify", b != NULL && b->verify);
	mo_words(&w->m, "base_src", b != NULL ? b->src : "");
}

static void put_total(struct paper *w)
{
	const struct bill_head *h = &w->head;
	AUTO_BUF(words, 256);
	money_words(&words, h->total_fen);
	mo_str(&w->m, "words", buf_cstr(&words));
	put_money(&w->m, "total", h->total_fen);
	put_money(&w->m, "unit_total", h->unit_fen);
	put_money(&w->m, "person_total", h->person_fen);
	mo_int(&w->m, "total_fen", h->total_fen);
	mo_int(&w->m, "unit_fen", h->unit_fen);
	mo_int(&w->m, "person_fen", h->person_fen);
	mo_int(&w->m, "persons", h->persons);
	mo_bool(&w->m, "verify", h->verify);
}

static enum err paper_head(const struct bill_head *h, void *ctx)
{
	struct paper *w = ctx;
	const struct portal *p = portal_of(w->rq);
	w->head = *h;
	mo_int(&w->m, "month", h->month);
	put_month(&w->m, "month_zh", h->month);
	put_state(&w->m, h);
	mo_bool(&w->m, "open", !h->approved);
	mo_date(&w->m, "approves", month_first(h->month) + (int64_t)w->t->filing.close_day * DAY_SEC);
	mo_date(&w->m, "due", h->due_day);
	mo_bool(&w->m, "overdue", clock_now(p->desk.clock) >= h->due_day + DAY_SEC);
	mo_int(&w->m, "missing", h->missing);
	put_base(w);
	put_total(w);
	return mo_err(&w->m);
}

static void put_pages(struct mo *m, int64_t page, int64_t persons)
{
	int64_t pages = persons > 0 ? (persons + PERSONS_SHOWN - 1) / PERSONS_SHOWN : 1;
	mo_int(m, "page", page);
	mo_int(m, "pages", pages);
	mo_int(m, "previous", page - 1);
	mo_int(m, "following", page < pages ? page + 1 : 0);
}

/* Six digits as the list's links have them; anything else is no page. */
static enum err month_param(struct web_req *rq, int *ret_month)
{
	int64_t v = 0;
	enum err e = text_i64(span_str(web_param(rq, "month")), MONTH_MIN, MONTH_MAX, &v);
	if (e != ERR_OK || !month_is(v)) {
		err_clear();
		return ERR(ABSENT, "no such month");
	}
	*ret_month = (int)v;
	return ERR_OK;
}

enum err page_bill(struct web_req *rq)
{
	const struct desk *d = &portal_of(rq)->desk;
	const char *unit_no = web_session_of(rq)->unit_no;
	struct paper w = {.rq = rq, .m = mo_of(web_model(rq))};
	struct unit u;
	int64_t page;
	int month;
	TRY(month_param(rq, &month));
	TRY(page_of(rq, &page));
	TRY(open_bills(rq, &w.t));
	w.sums = mo_list(&w.m, "sums");
	w.columns = mo_list(&w.m, "columns");
	w.lines = mo_list(&w.m, "lines");
	w.number = (page - 1) * PERSONS_SHOWN;
	const struct bill_ask ask = {unit_no,    month,     PERSONS_SHOWN, (int)w.number,
	                             paper_head, paper_sum, paper_person,  &w};
	TRY(bill_read(d, w.t, &ask));
	TRY(put_columns(&w));
	TRY(unit_get(d, unit_no, &u));
	put_facts(&w, &u);
	put_pages(&w.m, page, w.head.persons);
	mo_str(&w.m, "title", "缴费通知单");
	return mo_err(&w.m);
}

/* --- the lines as a file --- */

struct sheet {
	const struct tables *t;
	struct buf *out;
	unsigned ins;
	int64_t number;
};

static void csv_text(struct buf *out, const char *s)
{
	buf_str(out, ",");
	csv_quoted(out, s);
}

static void csv_money(struct buf *out, int64_t fen)
{
	buf_str(out, ",");
	money_plain(out, fen);
}

static enum err csv_sum(const struct bill_sum *s, void *ctx)
{
	struct sheet *w = ctx;
	if (s->ins >= 0)
		w->ins |= 1u << s->ins;
	return ERR_OK;
}

static void csv_head(const struct sheet *w)
{
	buf_str(w->out, "\xef\xbb\xbf序号,姓名,证件号码,个人编号,申报工资,缴费基数");
	for (size_t i = 0; i < w->t->n_ins; i++) {
		if ((w->ins & 1u << i) == 0)
			continue;
		buf_printf(w->out, ",%s单位", w->t->ins[i].brief);
		if (w->t->ins[i].person_pays)
			buf_printf(w->out, ",%s个人", w->t->ins[i].brief);
	}
	buf_str(w->out, ",合计\r\n");
}

static enum err csv_person(const struct bill_person *p, void *ctx)
{
	struct sheet *w = ctx;
	if (w->number == 0)
		csv_head(w);
	buf_printf(w->out, "%lld", (long long)++w->number);
	csv_text(w->out, p->name);
	csv_text(w->out, p->id_masked);
	/* The tab keeps a number of twelve digits from being shown as 4.3E+11. */
	buf_printf(w->out, ",\"%s\t\"", p->person_no);
	csv_money(w->out, p->wage_fen);
	csv_money(w->out, p->base_fen);
	for (size_t i = 0; i < w->t->n_ins; i++) {
		if ((w->ins & 1u << i) == 0)
			continue;
		csv_money(w->out, p->unit_fen[i]);
		if (w->t->ins[i].person_pays)
			csv_money(w->out, p->person_fen[i]);
	}
	csv_money(w->out, p->total_fen);
	buf_str(w->out, "\r\n");
	return buf_err(w->out);
}

enum err page_bill_csv(struct web_req *rq)
{
	const char *unit_no = web_session_of(rq)->unit_no;
	char disposition[96];
	AUTO_BUF(text, CSV_MAX);
	struct sheet w = {.out = &text};
	int month;
	TRY(month_param(rq, &month));
	TRY(open_bills(rq, &w.t));
	const struct bill_ask ask = {unit_no, month, CSV_PERSONS, 0, NULL, csv_sum, csv_person, &w};
	TRY(bill_read(&portal_of(rq)->desk, w.t, &ask));
	if (w.number == 0)
		csv_head(&w);
	TRY(buf_err(&text));
	(void)snprintf(disposition, sizeof(disposition), "attachment; filename=\"bill-%s-%06d.csv\"", unit_no, month);
	web_header(rq, "Content-Disposition", disposition);
	web_header(rq, "Cache-Control", "no-store");
	return web_bytes(rq, "text/csv; charset=utf-8", buf_span(&text));
}
