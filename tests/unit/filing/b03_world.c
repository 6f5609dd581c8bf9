#include "b03_world.h"
#include "server/filing/filing_log.h"
#include <sqlite3.h>

static bool works(void *ctx, int64_t day)
{
	return calendar_works(ctx, day);
}

static void join(struct b03_world *b)
{
	for (size_t i = 0; i < b->tables->n_ins; i++) {
		const struct unit_insurance u = {"10000016", (int)i, 202001, 2, PPM};
		if (b->tables->ins[i].enabled)
			OK(unit_insurance_put(&b->w.o.desk, b->tables, &u));
	}
}

int b03_world_open(void **state)
{
	static struct b03_world b;
	AUTO_BUF(day, 16);
	memset(&b, 0, sizeof(b));
	world_open(&b.w);
	OK(tables_load(SHARE_DIR "/tables", &b.tables));
	businesses_init(&b.known, &b.w.o.desk, b.tables);
	OK(lists_new(b.tables, &b.lists));
	b.known.registry.next = lists_registry(b.lists);
	lists_registry(b.lists)->next = &b.w.o.t01.registry;
	if (services_load(SHARE_DIR "/services", &b.known.registry, &b.services) != ERR_OK)
		fail_msg("%s", err_detail());
	b.w.d.services = b.services;
	b.w.d.is_working_day = works;
	b.w.d.calendar_ctx = b.tables->calendar;
	filing_log_connect(&b.w.d);
	join(&b);
	int64_t now = clock_now(NULL), day1 = month_first(month_add(month_of(now), 1));
	office_move_clock(&b.w.o, day1 + 9 * DAY + 36000 - now);
	b.period = calendar_window(&b.tables->filing, clock_now(b.w.o.clock)).period;
	(void)snprintf(b.month, sizeof(b.month), "%d", b.period);
	text_date_cn(&day, day1);
	(void)snprintf(b.hired, sizeof(b.hired), "%s", buf_cstr(&day));
	*state = &b;
	return 0;
}

int b03_world_close(void **state)
{
	struct b03_world *b = *state;
	services_free(b->services);
	lists_free(b->lists);
	tables_free(b->tables);
	world_close(&b->w);
	return 0;
}

json_t *b03_world_row(const struct b03_world *b, const char *id, const char *name, const char *sex)
{
	json_t *row =
		json_pack("{s:s, s:s, s:s, s:s, s:s, s:s, s:s, s:s, s:s, s:s, s:s, s:s, s:s, s:s}", "id_type", "01",
	                  "id_no", id, "name", name, "gender", sex, "enrol_type", "A", "ins", "110,210,410",
	                  "start_month", b->month, "hire_date", b->hired, "contract_type", "2", "contract_from",
	                  b->hired, "employ_form", "01", "wage", "8000", "mobile", "13000000002", "post_class", "1");
	assert_non_null(row);
	return row;
}

json_t *b03_world_with(json_t *row, const char *key, const char *value)
{
	OK(json_put_str(row, key, span_str(value)));
	return row;
}

void b03_world_fill(struct b03_world *b, const char *no, json_t *rows)
{
	int64_t version = world_get(&b->w, no).version;
	assert_non_null(rows);
	OK(filing_rows_set(&b->w.d, no, version, &b->w.operator.who, rows, &version));
	json_decref(rows);
}

void b03_world_draft(struct b03_world *b, json_t *rows, char no[FILING_NO_MAX + 1])
{
	int64_t version = 1;
	AUTO_JSON form = json_pack("{s:s}", "period", b->month);
	OK(filing_draft_new(&b->w.d, "B03", &b->w.operator.who, no));
	OK(filing_draft_save(&b->w.d, no, version, &b->w.operator.who, form, &version));
	b03_world_fill(b, no, rows);
}

enum err b03_world_approve(struct b03_world *b, const char *no)
{
	TRY(world_bulk(&b->w, FACT_APPROVE, no, &b->w.reviewer));
	return world_get(&b->w, no).state == FILING_REVIEW2 ? world_bulk(&b->w, FACT_APPROVE, no, &b->w.reviewer2)
	                                                    : ERR_OK;
}

void b03_world_sql(struct b03_world *b, const char *sql, struct buf *out)
{
	char path[260];
	sqlite3 *db = NULL;
	sqlite3_stmt *st = NULL;
	(void)snprintf(path, sizeof(path), "%s/yinxin.db", b->w.o.dir);
	assert_int_equal(sqlite3_open_v2(path, &db, SQLITE_OPEN_READWRITE, NULL), SQLITE_OK);
	(void)sqlite3_busy_timeout(db, 5000);
	if (sqlite3_prepare_v2(db, sql, -1, &st, NULL) != SQLITE_OK)
		fail_msg("%s", sqlite3_errmsg(db));
	int rc;
	while ((rc = sqlite3_step(st)) == SQLITE_ROW)
		for (int i = 0; i < sqlite3_column_count(st); i++) {
			const char *text = (const char *)sqlite3_column_text(st, i);
			buf_printf(out, "%s%s", i > 0 ? "|" : out->len > 0 ? " " : "", text != NULL ? text : "");
		}
	if (rc != SQLITE_DONE)
		fail_msg("%s", sqlite3_errmsg(db));
	(void)sqlite3_finalize(st);
	(void)sqlite3_close(db);
	OK(buf_err(out));
}
