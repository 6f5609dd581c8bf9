/* /filings/:no/sheet: the page, the upload, its progress, the list of faults. */
#include "server/portal/filing_sheet.h"
#include "base/text.h"
#include "server/filing/filing_sheet.h"
#include "server/form/sheet.h"
#include "server/insurance/calendar.h"
#include "server/insurance/joined.h"
#include "server/portal/run/converting.h"
#include "server/portal/run/progress.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { WHY_MAX = 2000, PROGRESS_STEP = 20, CSV_MAX = 4 << 20 };

struct sheet_page {
	const struct portal *p;
	const struct filing_desk *d;
	struct filing_who who;
	struct filing f;
	const struct service *s;
	json_t *content; /* owned */
};

static void page_done(struct sheet_page *w)
{
	json_decref(w->content);
}
#define AUTO_PAGE __attribute__((cleanup(page_done))) struct sheet_page

static enum err page_open(struct web_req *rq, struct sheet_page *w)
{
	w->p = portal_of(rq);
	TRY(filing_desk_of(rq, &w->d));
	filer_of(rq, &w->who);
	TRY(filing_get(w->d, web_param(rq, "no"), &w->who, &w->f));
	TRY(filing_service(w->d, &w->f, &w->s));
	return filing_content(w->d, &w->f, &w->content);
}

bool filing_takes_sheet(const struct portal *p, const struct service *s)
{
	return p->converting != NULL && p->insurance != NULL && s->rows_max > 0;
}

void filing_period(const struct portal *p, char ret_month[12])
{
	ret_month[0] = 0;
	if (p->insurance != NULL)
		(void)snprintf(ret_month, 12, "%d",
		               calendar_window(&p->insurance->filing, clock_now(p->desk.clock)).period);
}

/* "b03-template.xlsx": made from the definition at build. */
static void put_template(struct mo *m, const struct service *s)
{
	char name[SERVICE_CODE_MAX + 16];
	size_t n = 0;
	for (const char *c = s->code; *c != 0 && n < SERVICE_CODE_MAX; c++)
		name[n++] = (char)(*c >= 'A' && *c <= 'Z' ? *c - 'A' + 'a' : *c);
	(void)snprintf(name + n, sizeof(name) - n, "-template.xlsx");
	mo_str(m, "template", name);
}

static enum err put_page(struct web_req *rq, const struct sheet_page *w)
{
	struct mo m = mo_of(web_model(rq));
	char now[12];
	const char *stored = json_str_or(json_object_get(w->content, "form"), "period", ""),
		   *given = web_value(rq, "period");
	filing_period(w->p, now);
	mo_str(&m, "title", "上传表格");
	TRY(filing_put_head(rq, &m, w->d, &w->f));
	TRY(filing_put_steps(&m, 1));
	mo_str(&m, "period", given[0] != 0 ? given : stored[0] != 0 ? stored : now);
	mo_int(&m, "rows_max", (int64_t)w->s->rows_max);
	mo_int(&m, "mib_max", SHEET_FILE_MAX >> 20);
	mo_bool(&m, "replaces", w->f.rows > 0);
	put_template(&m, w->s);
	return mo_err(&m);
}

static enum err may_upload(const struct sheet_page *w)
{
	TRY(filing_may(w->d, &w->f, FACT_SAVE, &w->who));
	return filing_takes_sheet(w->p, w->s) ? ERR_OK : ERR(UNAVAILABLE, "no reader for sheets of %s", w->s->code);
}

enum err page_filing_sheet(struct web_req *rq)
{
	AUTO_PAGE w = {0};
	TRY(page_open(rq, &w));
	TRY(may_upload(&w));
	return put_page(rq, &w);
}

/* --- reading --- */

struct reading {
	const struct sheet_page *w;
	struct sheet_columns columns;
	struct sheet_rules rules;
	struct sheet_named named[2];
	char ins[SERVICE_VALUE_MAX + 1]; /* of "unit-insurances" */
	json_t *rows;                    /* owned */
	int64_t *numbers;                /* owned; of the sheet */
	struct buf why;                  /* Chinese: what is wrong with the headings */
};

static void reading_done(struct reading *r)
{
	json_decref(r->rows);
	free(r->numbers);
	buf_done(&r->why);
}

static enum err on_head(void *ctx, int64_t row, const struct cell *cells, size_t n)
{
	struct reading *r = ctx;
	(void)row;
	return sheet_head(r->w->s, cells, n, &r->columns, &r->why);
}

static enum err on_row(void *ctx, int64_t no, const struct cell *cells, size_t n)
{
	struct reading *r = ctx;
	size_t at = json_array_size(r->rows);
	json_t *row = NULL;
	if (at >= r->w->s->rows_max)
		return ERR(XLSX_LIMIT, "more than %zu rows", r->w->s->rows_max);
	TRY(sheet_row(&r->rules, no, cells, n, &row));
	if (json_array_append_new(r->rows, row) != 0)
		return ERR(NOMEM, "rows");
	r->numbers[at] = no;
	if (at % PROGRESS_STEP == 0)
		progress_put(r->w->p->progress, r->w->f.no, r->w->who.person_id, PROGRESS_READING, (int64_t)at + 1);
	return ERR_OK;
}

static enum err convert(struct reading *r, struct span file)
{
	struct convert_limits limits = CONVERT_LIMITS_DEFAULT;
	const struct xlsx_sink sink = {on_head, on_row, r};
	struct xlsx_summary summary;
	limits.xlsx.rows = (unsigned)r->w->s->rows_max;
	TRY(converting_xlsx(r->w->p->converting, file, &limits, &sink, &summary));
	return json_array_size(r->rows) > 0 ? ERR_OK : ERR(XLSX_HEAD, "no rows");
}

/* "110,210,410": what the unit joined and is proposed. */
static enum err put_ins(const struct tables *t, unsigned mask, char ret[SERVICE_VALUE_MAX + 1])
{
	AUTO_BUF(out, SERVICE_VALUE_MAX);
	for (size_t i = 0; i < t->n_ins; i++)
		if (mask & 1u << i)
			buf_printf(&out, "%s%s", out.len > 0 ? "," : "", t->ins[i].code);
	TRY(buf_err(&out));
	(void)snprintf(ret, SERVICE_VALUE_MAX + 1, "%s", buf_cstr(&out));
	return ERR_OK;
}

static enum err reading_init(struct reading *r, const struct sheet_page *w, const char *period)
{
	const struct portal *p = w->p;
	struct unit_joined joined = {0};
	char now[12];
	int month = 0;
	*r = (struct reading){.w = w,
	                      .rows = json_array(),
	                      .numbers = calloc(w->s->rows_max, sizeof(*r->numbers)),
	                      .why = buf_make(WHY_MAX)};
	if (r->rows == NULL || r->numbers == NULL)
		return ERR(NOMEM, "rows");
	filing_period(p, now);
	if (month_parse(span_str(period), &month) != ERR_OK) {
		err_clear(); /* the check names the fault of the period */
		TRY(month_parse(span_str(now), &month));
	}
	TRY(unit_joined_at(&p->desk, p->insurance, w->who.unit_no, month, &joined));
	TRY(put_ins(p->insurance, joined.ins & tables_standard(p->insurance), r->ins));
	r->named[0] = (struct sheet_named){"unit-insurances", r->ins};
	r->named[1] = (struct sheet_named){NULL, NULL};
	r->rules = (struct sheet_rules){w->s, &r->columns, w->who.unit_no, r->named, clock_now(p->desk.clock)};
	return ERR_OK;
}

/* --- the upload --- */

/* What makes the whole file unusable is told on the page it came from. */
static bool is_refusal(enum err e)
{
	return (e >= ERR_XLSX_NOT && e <= ERR_XLSX_HEAD) || e == ERR_CONVERT || e == ERR_LIMIT;
}

static void say_refusal(struct web_req *rq, const struct reading *r, enum err e)
{
	struct span why = buf_span(&r->why);
	const char *text = err_zh(e), *more = NULL;
	if (e == ERR_XLSX_HEAD && why.len > 0)
		more = arena_printf(web_arena(rq), "%s：%.*s", text, (int)why.len, (const char *)why.ptr);
	else if (e == ERR_XLSX_HEAD && json_array_size(r->rows) == 0 && r->columns.n > 0)
		more = "表格中没有人员，表头以下没有内容";
	else if (e == ERR_LIMIT)
		more = "表格的文字合计过多，请分成几个文件分次申报";
	else if (e == ERR_XLSX_LIMIT)
		more = arena_printf(web_arena(rq), "%s。一次申报最多 %zu 人", text, r->w->s->rows_max);
	web_field_error(rq, "sheet", e, more != NULL ? more : text);
	err_clear();
}

static enum err save_period(const struct sheet_page *w, const char *period, int64_t *version)
{
	const json_t *old = json_object_get(w->content, "form");
	AUTO_JSON form = json_deep_copy(old);
	if (strcmp(period, json_str_or(old, "period", "")) == 0)
		return ERR_OK;
	if (form == NULL)
		return ERR(NOMEM, "form");
	TRY(json_put_str(form, "period", span_str(period)));
	return filing_draft_save(w->d, w->f.no, *version, &w->who, form, version);
}

/* The numbers go with the rows as the draft holds them, normalised. The rows first: they may be too large, and then
 * nothing has changed, not even the version on the page. */
static enum err save_rows(struct sheet_page *w, const struct reading *r, const char *period)
{
	int64_t version = w->f.version;
	AUTO_JSON content = NULL;
	TRY(filing_rows_set(w->d, w->f.no, version, &w->who, r->rows, &version));
	TRY(save_period(w, period, &version));
	TRY(filing_get(w->d, w->f.no, &w->who, &w->f));
	TRY(filing_content(w->d, &w->f, &content));
	const json_t *rows = json_object_get(content, "rows");
	return json_array_size(rows) == json_array_size(r->rows) ? filing_sheet_put(w->d, w->f.no, rows, r->numbers)
	                                                         : ERR(CONFLICT, "draft changed meanwhile");
}

static enum err take_sheet(struct sheet_page *w, struct reading *r, struct span file, const char *period)
{
	progress_put(w->p->progress, w->f.no, w->who.person_id, PROGRESS_READING, 0);
	enum err e = convert(r, file);
	int64_t n = (int64_t)json_array_size(r->rows);
	if (e == ERR_OK) {
		progress_put(w->p->progress, w->f.no, w->who.person_id, PROGRESS_SAVING, n);
		e = save_rows(w, r, period);
	}
	progress_put(w->p->progress, w->f.no, w->who.person_id, e == ERR_OK ? PROGRESS_DONE : PROGRESS_FAILED, n);
	return e;
}

static enum err go_on(struct web_req *rq, const struct sheet_page *w)
{
	const char *path = arena_printf(web_arena(rq), "/filings/%s/check", w->f.no);
	AUTO_JSON model = json_object();
	struct mo m = mo_of(model);
	AUTO_BUF(out, 1024);
	if (path == NULL || model == NULL)
		return ERR(NOMEM, "path");
	if (!web_wants_json(rq))
		return web_redirect(rq, path);
	mo_str(&m, "next", path);
	mo_int(&m, "rows", w->f.rows);
	TRY(mo_err(&m));
	TRY(json_print(model, &out));
	return web_bytes(rq, "application/json", buf_span(&out));
}

static enum err upload(struct web_req *rq, struct sheet_page *w)
{
	__attribute__((cleanup(reading_done))) struct reading r = {0};
	char now[12];
	const char *period = web_value(rq, "period"),
		   *stored = json_str_or(json_object_get(w->content, "form"), "period", "");
	filing_period(w->p, now);
	period = period[0] != 0 ? period : stored[0] != 0 ? stored : now;
	TRY(reading_init(&r, w, period));
	enum err e = take_sheet(w, &r, web_file(rq, "sheet")->body, period);
	if (e == ERR_OK)
		return go_on(rq, w);
	if (!is_refusal(e))
		return e;
	say_refusal(rq, &r, e);
	return put_page(rq, w);
}

enum err page_filing_sheet_post(struct web_req *rq)
{
	AUTO_PAGE w = {0};
	int64_t version;
	TRY(page_open(rq, &w));
	TRY(may_upload(&w));
	if (web_field_errors(rq))
		return put_page(rq, &w);
	TRY(text_i64(span_str(web_value(rq, "version")), 1, INT64_MAX, &version));
	if (version != w.f.version)
		return ERR(CONFLICT, "filing %s is version %lld", w.f.no, (long long)w.f.version);
	return upload(rq, &w);
}

enum err page_filing_progress(struct web_req *rq)
{
	const struct filing_desk *d;
	struct filing_who who;
	struct filing f;
	int64_t rows;
	AUTO_BUF(out, 256);
	TRY(filing_desk_of(rq, &d));
	filer_of(rq, &who);
	TRY(filing_get(d, web_param(rq, "no"), &who, &f));
	enum progress_phase phase = progress_get(portal_of(rq)->progress, f.no, who.person_id, &rows);
	buf_printf(&out, "{\"phase\":\"%s\",\"rows\":%lld}", progress_name(phase), (long long)rows);
	TRY(buf_err(&out));
	return web_bytes(rq, "application/json", buf_span(&out));
}

/* --- the list of faults --- */

static void csv_cell(struct buf *out, const char *value, const char *then)
{
	csv_quoted(out, value);
	buf_str(out, then);
}

static void csv_line(struct buf *out, const json_t *line)
{
	char number[24] = "";
	if (json_int_or(line, "number", 0) > 0)
		(void)snprintf(number, sizeof(number), "%lld", (long long)json_int_or(line, "number", 0));
	csv_cell(out, number, ",");
	csv_cell(out, json_str_or(line, "name", ""), ",");
	csv_cell(out, json_str_or(line, "label", ""), ",");
	csv_cell(out, json_str_or(line, "reason", ""), ",");
	csv_cell(out, json_str_or(line, "remedy", ""), ",");
	csv_cell(out, json_str_or(line, "code", ""), "\r\n");
}

enum err page_filing_faults_csv(struct web_req *rq)
{
	AUTO_PAGE w = {0};
	struct fault_lines lines = {0};
	AUTO_BUF(out, CSV_MAX);
	TRY(page_open(rq, &w));
	TRY(filing_may(w.d, &w.f, FACT_SAVE, &w.who));
	TRY(filing_fault_lines(&(struct fault_view){w.d, &w.f, w.s, w.content, &w.who}, &lines));
	AUTO_JSON list = lines.list;
	buf_str(&out, "\xef\xbb\xbf\"行号\",\"姓名\",\"项目\",\"原因\",\"怎么改\",\"代码\"\r\n");
	for (size_t i = 0; i < json_array_size(list); i++)
		csv_line(&out, json_array_get(list, i));
	TRY(buf_err(&out));
	const char *disposition = arena_printf(web_arena(rq), "attachment; filename=\"%s-faults.csv\"", w.f.no);
	if (disposition == NULL)
		return ERR(NOMEM, "header");
	web_header(rq, "Content-Disposition", disposition);
	return web_bytes(rq, "text/csv; charset=utf-8", buf_span(&out));
}
