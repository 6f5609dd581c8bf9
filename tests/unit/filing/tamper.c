#include "tamper.h"
#include "server/insurance/month_run.h"
#include "server/register/entry.h"
#include "server/filing/attach.h"
#include "server/filing/definitions.h"

static struct tamper the_hall;

#define JIA  "430102199003079914", "测试经办人甲", "1"
#define YI   "430104198506159922", "测试职工乙", "2"
#define DING "430102199102039934", "测试职工戊", "1"
#define WU   "430102199202039931", "测试职工己", "1"
#define BING "430103198802283358", "测试职工丙", "1"

/* --- the check --- */

static void note(const struct log_fault *f, void *ctx)
{
	struct tamper *h = ctx;
	size_t at = strlen(h->found);
	(void)snprintf(h->found + at, sizeof(h->found) - at, "%s|%s|%s\n", f->table, f->row, f->column);
	h->faults++;
}

static enum err check_fn(struct tx *tx, void *arg)
{
	struct tamper *h = arg;
	struct log_sum sum;
	const struct log_check c = {.bureau = h->b->w.o.desk.bureau, .fault = note, .ctx = h};
	return log_check(tx, &c, &sum);
}

size_t tamper_check(struct tamper *h)
{
	h->found[0] = 0;
	h->faults = 0;
	enum err e = store_read(h->b->w.o.store, check_fn, h);
	if ((e != ERR_OK) != (h->faults > 0))
		fail_msg("%s with %zu faults: %s", err_name(e), h->faults, err_detail());
	err_clear();
	return h->faults;
}

static void sequence(struct tamper *h)
{
	const struct log_service v = {.bureau = h->b->w.o.desk.bureau, .clock = h->b->w.o.clock};
	struct log_done d;
	OK(log_sequence(h->b->w.o.store, &v, &d));
}

/* In order after every act, ordered or not yet. */
static void whole(struct tamper *h, const char *after)
{
	if (tamper_check(h) > 0)
		fail_msg("after %s: %s", after, h->found);
	sequence(h);
	if (tamper_check(h) > 0)
		fail_msg("after %s, ordered: %s", after, h->found);
}

void tamper_edit(struct tamper *h, const char *sql)
{
	char *why = NULL;
	if (sqlite3_exec(h->db, sql, NULL, NULL, &why) != SQLITE_OK)
		fail_msg("%s: %s", sql, why);
}

/* --- a database with something in every table --- */

static void draft(struct tamper *h, json_t *rows, char no[FILING_NO_MAX + 1])
{
	struct world *w = &h->b->w;
	int64_t version = 1;
	AUTO_JSON form = json_pack("{s:s}", "period", h->b->month);
	OK(filing_draft_new(&w->d, "B03", &w->operator.who, no));
	whole(h, "opening");
	OK(filing_draft_save(&w->d, no, version, &w->operator.who, form, &version));
	whole(h, "saving");
	b03_world_fill(h->b, no, rows);
	whole(h, "rows");
}

static void approve(struct tamper *h, const char *no)
{
	struct world *w = &h->b->w;
	OK(world_submit(w, no, &w->operator));
	whole(h, "submission");
	OK(world_bulk(w, FACT_APPROVE, no, &w->reviewer));
	whole(h, "first review");
	if (world_get(w, no).state == FILING_REVIEW2)
		OK(world_bulk(w, FACT_APPROVE, no, &w->reviewer2));
	assert_int_equal(world_get(w, no).state, FILING_DONE);
	whole(h, "approval");
}

static int64_t attach(struct tamper *h, const char *no, const char *octets)
{
	struct world *w = &h->b->w;
	int64_t version = world_get(w, no).version;
	struct rendering drawn = {.head = {MEDIA_PDF, 0, 0, 1}, .bytes = buf_make(100), .n = 1};
	const struct attach_new a = {"contract", "合同.pdf", span_str(octets), &drawn};
	buf_str(&drawn.bytes, "preview");
	drawn.v[0].number = 1;
	drawn.v[0].len = drawn.bytes.len;
	OK(attach_add(&w->d, no, version, &w->operator.who, &a, &version));
	buf_done(&drawn.bytes);
	whole(h, "an attachment");
	return version;
}

static enum err last_id(const struct attachment *a, void *ctx)
{
	*(int64_t *)ctx = a->id;
	return ERR_OK;
}

static void attachments(struct tamper *h, const char *no)
{
	struct world *w = &h->b->w;
	int64_t id = 0, version;
	(void)attach(h, no, "one");
	(void)attach(h, no, "two");
	version = attach(h, no, "three");
	struct filing f = world_get(w, no);
	OK(attach_list(&w->d, &f, last_id, &id));
	OK(attach_remove(&w->d, no, version, &w->operator.who, id, &version));
	whole(h, "an attachment removed");
}

static void definitions(struct tamper *h)
{
	struct world *w = &h->b->w;
	OK(definitions_keep(w->o.store, h->b->services, &h->b->known.registry, clock_now(w->o.clock)));
	OK(definitions_keep(w->o.store, w->services, &test_registry, clock_now(w->o.clock)));
	whole(h, "definitions");
	OK(definitions_keep(w->o.store, h->b->services, &h->b->known.registry, clock_now(w->o.clock) + 60));
	whole(h, "the same definitions again");
}

/* The first one is approved, then corrected; one is returned and saved again; one is a draft that is left. */
static void filings(struct tamper *h)
{
	struct world *w = &h->b->w;
	char no[FILING_NO_MAX + 1], corrected[FILING_NO_MAX + 1], returned[FILING_NO_MAX + 1];
	int64_t version;
	AUTO_JSON form = json_pack("{s:s}", "period", h->b->month);
	draft(h, json_pack("[o, o]", b03_world_row(h->b, JIA), b03_world_row(h->b, YI)), no);
	attachments(h, no);
	approve(h, no);
	OK(filing_correct(&w->d, no, &w->operator.who, corrected));
	whole(h, "opening a correction");
	b03_world_fill(h->b, corrected,
	               json_pack("[o, o]", b03_world_with(b03_world_row(h->b, JIA), "wage", "9000"),
	                         b03_world_row(h->b, YI)));
	approve(h, corrected);
	assert_int_equal(world_get(w, no).state, FILING_CORRECTED);
	draft(h, json_pack("[o]", b03_world_row(h->b, BING)), returned);
	OK(world_submit(w, returned, &w->operator));
	OK(world_return(w, returned, &w->reviewer));
	whole(h, "return");
	version = world_get(w, returned).version;
	OK(filing_draft_save(&w->d, returned, version, &w->operator.who, form, &version));
	whole(h, "saving what was returned");
	draft(h, json_array(), no);
}

static enum err cert_tx(struct tx *tx, void *arg)
{
	return tx_exec(tx, "cert_insert",
	               SQL_ARGS(A_TEXT(arg), A_TEXT("10000016-430100000016"), A_TEXT("sign"), A_TEXT("case"),
	                        A_TEXT("YX26000010"), A_INT(1), A_INT(2), A_BLOB(SPAN_LIT("der")), A_INT(3)),
	               NULL);
}

static void cert_cover(struct log_act *a, void *arg)
{
	log_act_cover(a, "cert", arg, 0);
}

/* Certificates come from the signer, who is not here: their rows are written as the desk writes them. */
static void certificates(struct tamper *h)
{
	char serial[2][8] = {"01AA", "01AB"};
	for (size_t i = 0; i < 2; i++) {
		const struct entry entry = {"CERT-ISSUE", serial[i], "service:test", cert_cover};
		OK(entry_write(&h->b->w.o.desk, &entry, cert_tx, serial[i]));
	}
	whole(h, "certificates");
}

static void cases(struct tamper *h)
{
	struct office *o = &h->b->w.o;
	struct case_new in = office_application(o);
	char no[CASE_NO_MAX + 1];
	OK(case_open(&o->desk, &in, &o->clerk.officer, no));
	whole(h, "opening a case");
	OK(office_step(o, no, &o->clerk, "accept"));
	OK(office_step(o, no, &o->reviewer, "approve"));
	whole(h, "approving a case");
	in.holder = "测试职工丁";
	in.id_number = "43010219880229996X";
	in.letter_no = "测委〔2026〕1/2号";
	in.mobile = "13000000003";
	OK(case_open(&o->desk, &in, &o->clerk.officer, no));
	whole(h, "another case");
}

static void registers(struct tamper *h)
{
	struct desk *d = &h->b->w.o.desk;
	const struct account a = {.subject = "10000016-430100000016",
	                          .kind = "unit",
	                          .unit_no = "10000016",
	                          .person_no = "430100000016",
	                          .holder = "测试经办人甲"};
	const struct account b = {.subject = "430100000024",
	                          .kind = "person",
	                          .person_no = "430100000024",
	                          .holder = "测试职工乙"};
	whole(h, "units");
	OK(account_put(d, &a));
	OK(account_put(d, &b));
	OK(account_set_password(d, a.subject, "Right-2026"));
	OK(account_set_password(d, b.subject, "Right-2026"));
	assert_int_equal(account_check_password(d, a.subject, "Wrong-2026"), ERR_L_PASSWORD);
	OK(account_set_frozen(d, b.subject, true));
	OK(unit_set_name(d, "43010024", "芙蓉区测试餐饮一店"));
	OK(unit_set_frozen(d, "43010024", true));
	whole(h, "accounts");
}

static void months(struct tamper *h)
{
	struct desk *d = &h->b->w.o.desk;
	int month = h->b->period;
	struct bill b;
	char no[FILING_NO_MAX + 1];
	OK(month_run(d, h->b->tables, "10000016", month, &b));
	assert_int_equal(b.persons, 2);
	whole(h, "a month");
	OK(month_run(d, h->b->tables, "43010024", month, &b));
	OK(month_run(d, h->b->tables, "10000016", month, &b)); /* its lines are written anew */
	whole(h, "a month again");
	OK(month_approve(d, "10000016", month, -1));
	whole(h, "a month approved");
	/* too late for it */
	draft(h, json_pack("[o, o]", b03_world_row(h->b, DING), b03_world_row(h->b, WU)), no);
	approve(h, no);
}

int tamper_open(void **state)
{
	struct tamper *h = &the_hall;
	char path[300];
	void *world = NULL;
	if (b03_world_open(&world) != 0)
		return 1;
	h->b = world;
	(void)snprintf(path, sizeof(path), "%.*s/yinxin.db", (int)sizeof(h->b->w.o.dir), h->b->w.o.dir);
	assert_int_equal(sqlite3_open(path, &h->db), SQLITE_OK);
	sqlite3_busy_timeout(h->db, 5000);
	tamper_edit(h, "PRAGMA ignore_check_constraints = ON");
	OK(log_adopt(h->b->w.o.store, h->b->w.o.clock));
	definitions(h);
	registers(h);
	cases(h);
	certificates(h);
	filings(h);
	months(h);
	*state = h;
	return 0;
}

int tamper_close(void **state)
{
	struct tamper *h = *state;
	void *world = h->b;
	(void)sqlite3_close(h->db);
	return b03_world_close(&world);
}
