#include "world.h"

struct world *the_world;

#define FORM_FIELDS                                                                                                              \
	"\"fields\":[{\"name\":\"period\",\"label\":\"所属期\",\"label_en\":\"month\",\"type\":\"month\",\"required\":true}," \
	"{\"name\":\"note\",\"label\":\"说明\",\"label_en\":\"note\",\"type\":\"text\",\"max_len\":600}"
#define TEXT_FIELD(name) \
	"{\"name\":\"" name "\",\"label\":\"备注" name "\",\"label_en\":\"remark\",\"type\":\"text\",\"max_len\":600}"
#define ROW_FIELDS                                                                                                                         \
	"{\"name\":\"id_no\",\"label\":\"证件号码\",\"label_en\":\"id\",\"type\":\"text\",\"max_len\":80,\"validator\":\"id_number\"," \
	"\"required\":true},"                                                                                                              \
	"{\"name\":\"name\",\"label\":\"姓名\",\"label_en\":\"name\",\"type\":\"text\",\"max_len\":150,\"validator\":\"name\","          \
	"\"required\":true},"                                                                                                              \
	"{\"name\":\"wage\",\"label\":\"月工资\",\"label_en\":\"wage\",\"type\":\"money\",\"required\":true},"                          \
	"{\"name\":\"enrol_type\",\"label\":\"类型\",\"label_en\":\"kind\",\"type\":\"code\",\"list\":\"kind\"},"                        \
	"{\"name\":\"remark\",\"label\":\"备注\",\"label_en\":\"remark\",\"type\":\"text\",\"max_len\":600}"
#define REST                                                                                                                                    \
	"\"rules\":[{\"rule\":\"unique\",\"field\":\"id_no\",\"code\":\"Q-06\",\"text\":\"重复的人员\",\"remedy\":\"删除重复行\"}]}," \
	"\"lists\":{\"kind\":[{\"code\":\"A\",\"text\":\"首次\"},{\"code\":\"B\",\"text\":\"续保\"}]},"                                     \
	"\"preconditions\":[\"gate\"],\"effects\":[\"count\"],\"promise_days\":10,"
#define FIELDS FORM_FIELDS "],\"rows\":{\"min\":1,\"max\":1000,\"fields\":[" ROW_FIELDS "]," REST
#define ONE_STEP \
	"\"steps\":[{\"name\":\"first\",\"label\":\"初审\",\"role\":\"reviewer\",\"days\":10,\"distinct\":true}]}"

const char *const test_q01 =
	"{\"code\":\"Q01\",\"name\":\"测试业务一\",\"name_en\":\"one\",\"filers\":[\"unit\"],\"accept\":\"rule\"," FIELDS
	"\"documents\":[{\"name\":\"result\",\"label\":\"测试业务办结单\"}],"
	"\"steps\":[{\"name\":\"first\",\"label\":\"初审\",\"role\":\"reviewer\",\"days\":10,\"distinct\":true}]}";
/* As many rows as any definition may have, and rows that can be longer than a line. */
const char *const test_w01 =
	"{\"code\":\"W01\",\"name\":\"测试业务四\",\"name_en\":\"wide\",\"filers\":[\"unit\"],\"accept\":\"rule\"," FORM_FIELDS
	"],\"rows\":{\"min\":1,\"max\":10000,\"fields\":[" ROW_FIELDS
	"," TEXT_FIELD("b") "," TEXT_FIELD("c") "]," REST ONE_STEP;
const char *const test_q02 =
	"{\"code\":\"Q02\",\"name\":\"测试业务二\",\"name_en\":\"two\",\"filers\":[\"unit\"],\"accept\":\"officer\"," FIELDS
	"\"steps\":[{\"name\":\"first\",\"label\":\"初审\",\"role\":\"reviewer\",\"days\":5,\"distinct\":true},"
	"{\"name\":\"second\",\"label\":\"复审\",\"role\":\"reviewer\",\"days\":3,\"distinct\":true,\"when\":\"second-review\"}]}";
const char *const test_p01 =
	"{\"code\":\"P01\",\"name\":\"测试业务三\",\"name_en\":\"three\",\"filers\":[\"person\"],\"accept\":\"rule\","
	"\"fields\":[{\"name\":\"mobile\",\"label\":\"手机号码\",\"label_en\":\"mobile\",\"type\":\"text\",\"max_len\":60,"
	"\"validator\":\"mobile\",\"required\":true}],\"promise_days\":1,"
	"\"steps\":[{\"name\":\"first\",\"label\":\"初审\",\"role\":\"reviewer\",\"days\":1,\"distinct\":true}]}";

/* --- what the definitions name --- */

static enum err gate(void *ctx, const struct filing_view *v, struct fault_sink *faults)
{
	static const struct fault shut = {1, "id_no", "Q-01", "该人员在其他单位正常参保", "请先由原单位办理减员"};
	(void)ctx;
	assert_non_null(v->content);
	the_world->judged++;
	if (v->verdict != NULL)
		*v->verdict = (struct service_verdict){.month = 202611,
		                                       .second_review = json_str_or(json_object_get(v->content, "form"),
		                                                                    "note", "")[0] != 0};
	return the_world->rule_faults ? fault_put(faults, &shut) : ERR_OK;
}

struct effect_job {
	char key[64];
};

static enum err effect_prepare(void *ctx, const struct filing_view *v, void **ret_job)
{
	struct effect_job *j = calloc(1, sizeof(*j));
	(void)ctx;
	assert_non_null(j);
	(void)snprintf(j->key, sizeof(j->key), "effect-%s", v->filing->no);
	*ret_job = j;
	return ERR_OK;
}

/* Counts in the database, so that what was undone does not count. */
static enum err effect_apply(struct tx *tx, void *job)
{
	const struct effect_job *j = job;
	TRY(tx_exec(tx, "counter_next", SQL_ARGS(A_TEXT(j->key)), NULL));
	__atomic_add_fetch(&the_world->effect_runs, 1, __ATOMIC_SEQ_CST);
	if (the_world->effect_fails > 0) {
		the_world->effect_fails--;
		return ERR(IO, "effect");
	}
	return ERR_OK;
}

static void effect_done(void *job)
{
	free(job);
}

static const struct service_precondition preconditions[] = {{"gate", gate, NULL}, {NULL}};
static const struct service_effect effects[] = {{"count", effect_prepare, effect_apply, effect_done, NULL}, {NULL}};
static struct service_code shades[] = {{"A", "浅"}, {"B", "深"}, {"C", "全黑"}};
static const struct service_list lists[] = {{"shade", shades, COUNT_OF(shades)}, {NULL}};
const struct service_registry test_registry = {.preconditions = preconditions, .effects = effects, .lists = lists};

static enum err log_prepare(void *ctx, const struct filing_act *a, void **ret_prepared)
{
	(void)ctx;
	assert_true((a->by != NULL) == (a->rule[0] == 0));
	assert_true((a->by != NULL && a->kind != FACT_SAVE) == (a->statement.len > 0));
	*ret_prepared = malloc(1);
	return ERR_OK;
}

static enum err log_write(struct tx *tx, const struct filing_act *a)
{
	assert_non_null(a->prepared);
	if (a->kind == FACT_SAVE)
		return ERR_OK; /* counted are transitions */
	return tx_exec(tx, "counter_next", SQL_ARGS(A_TEXT("test-log")), NULL);
}

/* --- people --- */

static void put_file(struct world *w, const char *name, const char *text)
{
	char path[300];
	(void)snprintf(path, sizeof(path), "%s/services/%s", w->o.dir, name);
	OK(file_replace(path, span_str(text), 0600));
}

static void member_make(struct world *w, struct member *m, const char *person, const char *name, const char *unit,
                        const char *role, const char *district)
{
	int64_t now = clock_now(w->o.clock);
	char subject[40];
	bool staff = district[0] != 0;
	OK(sm2_key_new(&m->key));
	(void)snprintf(subject, sizeof(subject), "%s%s%s", unit, unit[0] != 0 ? "-" : "", person);
	m->cert = office_cert(&w->o,
	                      staff          ? "staff-sign"
	                      : unit[0] != 0 ? "unit-sign"
	                                     : "person-sign",
	                      sm2_key_pub(m->key), unit[0] != 0 ? "长沙测试一号科技有限公司" : NULL,
	                      unit[0] != 0 ? "91430100MAYYYY016Y" : NULL, name, subject, now - 60, now + 300 * DAY);
	m->who = (struct filing_who){person, name, cert_serial(m->cert), unit, role, district};
}

static void member_done(struct member *m)
{
	cert_free(m->cert);
	sm2_key_free(m->key);
}

void world_open(struct world *w)
{
	char dir[300];
	const struct unit b = {.unit_no = "43010024",
	                       .uscc = "92430102MAYYYY0409",
	                       .name = "芙蓉区测试餐饮店",
	                       .type = "60",
	                       .region = "430102",
	                       .address = "长沙市芙蓉区测试路2号"};
	memset(w, 0, sizeof(*w));
	the_world = w;
	office_open(&w->o);
	office_unit(&w->o);
	OK(unit_put(&w->o.desk, &b));
	(void)snprintf(dir, sizeof(dir), "%s/services", w->o.dir);
	OK(file_mkdir(dir, 0700));
	put_file(w, "Q01.json", test_q01);
	put_file(w, "Q02.json", test_q02);
	put_file(w, "P01.json", test_p01);
	put_file(w, "W01.json", test_w01);
	OK(services_load(dir, &test_registry, &w->services));
	w->d = (struct filing_desk){.desk = &w->o.desk,
	                            .services = w->services,
	                            .log_prepare = log_prepare,
	                            .log_write = log_write,
	                            .log_done = free};
	member_make(w, &w->operator, "430100000016", "测试经办人甲", "10000016", "unit", "");
	member_make(w, &w->colleague, "430100000024", "测试经办人乙", "10000016", "unit", "");
	member_make(w, &w->stranger, "430100987659", "测试经办人丙", "43010024", "unit", "");
	member_make(w, &w->clerk, "P000003", "测试受理员甲", "", "clerk", "430100");
	member_make(w, &w->reviewer, "P000004", "测试审核员甲", "", "reviewer", "430100");
	member_make(w, &w->reviewer2, "P000014", "测试审核员乙", "", "reviewer", "430104");
	member_make(w, &w->far, "P000024", "测试审核员丙", "", "reviewer", "430102");
}

void world_close(struct world *w)
{
	struct member *const all[] = {
		&w->operator, & w->colleague, &w->stranger, &w->clerk, &w->reviewer, &w->reviewer2, &w->far};
	for (size_t i = 0; i < COUNT_OF(all); i++)
		member_done(all[i]);
	services_free(w->services);
	office_close(&w->o);
}

/* --- drafts --- */

/* 430102 19900307 + three digits + check digit (GB 11643). */
void world_id_number(size_t n, char ret[19])
{
	static const int weight[] = {7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2};
	int sum = 0;
	(void)snprintf(ret, 19, "43010219%02zu%02zu%02zu99%zu", 90 - n / 3360 % 30, 1 + n / 280 % 12, 1 + n / 10 % 28,
	               n % 10);
	for (int i = 0; i < 17; i++)
		sum += weight[i] * (ret[i] - '0');
	ret[17] = "10X98765432"[sum % 11];
	ret[18] = 0;
}

json_t *world_rows_of(size_t n)
{
	json_t *rows = json_array();
	for (size_t i = 0; i < n; i++) {
		char id[19], name[64];
		world_id_number(i, id);
		(void)snprintf(name, sizeof(name), "测试职工%c%c", (char)('A' + i / 26 % 26), (char)('A' + i % 26));
		json_t *row =
			json_pack("{s:s, s:s, s:s, s:s, s:s}", "id_no", id, "name", name, "wage", "8000", "enrol_type",
		                  "A", "remark", "劳动合同自二〇二六年十一月一日起,岗位为软件测试,一线班组");
		assert_non_null(row);
		assert_int_equal(json_array_append_new(rows, row), 0);
	}
	return rows;
}

void world_rows(struct world *w, const char *no, size_t n)
{
	int64_t version = world_get(w, no).version;
	json_t *rows = world_rows_of(n);
	OK(filing_rows_set(&w->d, no, version, &w->operator.who, rows, &version));
	json_decref(rows);
}

void world_draft(struct world *w, const char *business, size_t n, char no[FILING_NO_MAX + 1])
{
	int64_t version = 0;
	json_t *form = json_pack("{s:s, s:s}", "period", "202611", "note", "加急");
	OK(filing_draft_new(&w->d, business, &w->operator.who, no));
	OK(filing_draft_save(&w->d, no, 1, &w->operator.who, form, &version));
	json_decref(form);
	world_rows(w, no, n);
}

static char *letters(size_t n)
{
	char *s = malloc(n + 1);
	assert_non_null(s);
	memset(s, 'x', n);
	s[n] = '\0';
	return s;
}

void world_letters(json_t *row, const char *field, size_t n)
{
	char *s = letters(n);
	assert_int_equal(json_object_set_new(row, field, json_string(s)), 0);
	free(s);
}

/* What check and statement count of a row whose text is shorter than a line. */
static size_t octets_of(const struct service *s, const json_t *row)
{
	AUTO_BUF(text, STATEMENT_LINE_MAX);
	OK(content_row_text(&s->row_fields, row, &text));
	assert_true(text.len < STATEMENT_LINE_MAX - 3);
	return text.len + 32;
}

void world_fill(const struct service *s, json_t *rows, size_t all)
{
	enum { LABEL = sizeof(";备注c=") - 1, EACH = 300 };
	size_t i, left = all;
	json_t *row;
	json_array_foreach(rows, i, row) {
		world_letters(row, "b", 400);
		left -= octets_of(s, row);
	}
	assert_true(left > 2 * (LABEL + EACH) && left < LIMIT_ROWS * (size_t)(LABEL + EACH));
	json_array_foreach(rows, i, row) {
		size_t n = left > 2 * (LABEL + EACH) ? EACH : left > LABEL + EACH ? left / 2 - LABEL : left - LABEL;
		world_letters(row, "c", n);
		left -= LABEL + n;
		if (left == 0)
			return;
	}
}

/* --- acts --- */

struct act_parts world_sign(const struct member *m, struct span text, struct sm2_sig *sig)
{
	OK(gm_sign(m->key, text, sig));
	return (struct act_parts){text, SPAN_ARR(sig->b), cert_der(m->cert)};
}

enum err world_text_sign(struct world *w, const struct member *m, struct buf *text)
{
	struct sm2_sig sig;
	const struct act_parts parts = world_sign(m, buf_span(text), &sig);
	return filing_sign(&w->d, &m->who, &parts, NULL, NULL);
}

enum err world_submit(struct world *w, const char *no, const struct member *m)
{
	AUTO_BUF(text, STATEMENT_WIDE_MAX);
	TRY(filing_submit_text(&w->d, no, &m->who, &text));
	return world_text_sign(w, m, &text);
}

enum err world_withdraw(struct world *w, const char *no, const struct member *m)
{
	AUTO_BUF(text, STATEMENT_MAX);
	TRY(filing_withdraw_text(&w->d, no, &m->who, "填错月份", &text));
	return world_text_sign(w, m, &text);
}

enum err world_bulk(struct world *w, enum filing_act_kind kind, const char *no, const struct member *m)
{
	AUTO_BUF(text, STATEMENT_MAX);
	TRY(filing_bulk_text(&w->d, kind, &no, 1, &m->who, "同意", &text));
	return world_text_sign(w, m, &text);
}

enum err world_return(struct world *w, const char *no, const struct member *m)
{
	static const char *const defects[] = {"第1行:缺劳动合同", "第2行:姓名与证件不一致"};
	AUTO_BUF(text, STATEMENT_MAX);
	TRY(filing_return_text(&w->d, no, &m->who, defects, 2, &text));
	return world_text_sign(w, m, &text);
}

enum err world_refuse(struct world *w, const char *no, const struct member *m)
{
	AUTO_BUF(text, STATEMENT_MAX);
	TRY(filing_refuse_text(&w->d, no, &m->who, "不属于本机构受理范围", &text));
	return world_text_sign(w, m, &text);
}

struct filing world_get(struct world *w, const char *no)
{
	struct filing f;
	if (filing_get(&w->d, no, &w->operator.who, &f) != ERR_OK) {
		err_clear();
		OK(filing_get(&w->d, no, &w->reviewer.who, &f));
	}
	return f;
}

struct counter {
	const char *name;
	int64_t value;
};

static enum err counter_row(const struct row *row, void *ctx)
{
	((struct counter *)ctx)->value = row_int(row, 0);
	return ERR_OK;
}

static enum err counter_fn(struct tx *tx, void *arg)
{
	struct counter *c = arg;
	return tx_query(tx, "counter_get", SQL_ARGS(A_TEXT(c->name)), counter_row, c);
}

int64_t world_counter(struct world *w, const char *name)
{
	struct counter c = {name, 0};
	OK(store_read(w->o.store, counter_fn, &c));
	return c.value;
}

int64_t world_effects(struct world *w, const char *no)
{
	AUTO_BUF(key, 64);
	buf_printf(&key, "effect-%s", no);
	return world_counter(w, buf_cstr(&key));
}

int world_setup(void **state)
{
	static struct world w;
	world_open(&w);
	*state = &w;
	return 0;
}

int world_teardown(void **state)
{
	world_close(*state);
	return 0;
}
