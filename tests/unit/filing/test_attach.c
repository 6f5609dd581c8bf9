/* Attachments: who may add what and when, what the statement says, what a changed octet in the database does, and where
 * they go with a correction and with 自动作废. */
#include "world.h"
#include "base/text.h"
#include "base/clock.h"
#include "base/file.h"
#include "evidence/statement.h"
#include "gm/sm3.h"
#include "server/convert/convert.h"
#include "server/filing/attach_i.h"
#include <sqlite3.h>

#define DATABASE "yinxin.db"
enum { SLOT_MAX = 3 << 20 };
#define SLOTS                                                                                                                                         \
	"\"attachments\":[{\"name\":\"contract\",\"label\":\"劳动合同复印件\",\"label_en\":\"contract\",\"required\":true,"                    \
	"\"max_bytes\":3145728,\"max_count\":2},"                                                                                                     \
	"{\"name\":\"identity\",\"label\":\"证件复印件\",\"label_en\":\"identity\",\"required\":false,\"max_bytes\":5242880,\"max_count\":20}]," \
	"\"promise_days\":10,"

struct room {
	struct world w;
	struct services *services;
	struct filing_desk d;
	sqlite3 *db;
};

static int setup(void **state)
{
	static struct room r;
	AUTO_BUF(text, 1 << 16);
	char path[300];
	const char *cut = strstr(test_q01, "\"promise_days\":10,");
	memset(&r, 0, sizeof(r));
	world_open(&r.w);
	assert_non_null(cut);
	buf_put(&text, span_of(test_q01, (size_t)(cut - test_q01)));
	buf_str(&text, SLOTS);
	buf_str(&text, cut + strlen("\"promise_days\":10,"));
	OK(services_parse("Q01.json", buf_span(&text), &test_registry, &r.services));
	r.w.d.services = r.services;
	r.d = r.w.d;
	(void)snprintf(path, sizeof(path), "%s/" DATABASE, r.w.o.dir);
	assert_int_equal(sqlite3_open_v2(path, &r.db, SQLITE_OPEN_READWRITE, NULL), SQLITE_OK);
	(void)sqlite3_busy_timeout(r.db, 5000);
	*state = &r;
	return 0;
}

static int teardown(void **state)
{
	struct room *r = *state;
	(void)sqlite3_close(r->db);
	services_free(r->services);
	world_close(&r->w);
	return 0;
}

/* --- adding --- */

static int64_t version_of(struct room *r, const char *no)
{
	return world_get(&r->w, no).version;
}

/* The pictures are of no matter here: any octets. */
static enum err add_as(struct room *r, const char *no, int64_t version, const struct member *m, const char *slot,
                       const char *name, struct span file)
{
	struct rendering drawn = {.head = {MEDIA_PNG, 10, 10, 1}, .n = 2, .bytes = buf_make(64)};
	buf_str(&drawn.bytes, "largepreview");
	drawn.v[0].number = 0, drawn.v[0].at = 0, drawn.v[0].len = 5;
	drawn.v[1].number = 1, drawn.v[1].at = 5, drawn.v[1].len = 7;
	const struct attach_new a = {slot, name, file, &drawn};
	enum err e = attach_may_add(&r->d, no, version, &m->who, slot, file.len);
	enum err real = attach_add(&r->d, no, version, &m->who, &a, &version);
	if (real != ERR_ATTACH_SAME)
		assert_int_equal(e, real);
	rendering_done(&drawn);
	return real;
}

static enum err add(struct room *r, const char *no, const char *slot, const char *name, struct span file)
{
	return add_as(r, no, version_of(r, no), &r->w.operator, slot, name, file);
}

struct found {
	struct attachment v[30];
	size_t n;
};

static enum err note(const struct attachment *a, void *ctx)
{
	struct found *f = ctx;
	f->v[f->n++] = *a;
	return ERR_OK;
}

static struct found list(struct room *r, const char *no)
{
	struct found found = {.n = 0};
	struct filing f = world_get(&r->w, no);
	OK(attach_list(&r->d, &f, note, &found));
	return found;
}

static void hex_of(struct span s, char ret[65])
{
	uint8_t d[SM3_LEN];
	AUTO_BUF(hex, 65);
	OK(sm3_digest(s, d));
	text_hex(&hex, SPAN_ARR(d));
	(void)snprintf(ret, 65, "%s", buf_cstr(&hex));
}

static int64_t sql_int(struct room *r, const char *sql)
{
	sqlite3_stmt *st;
	assert_int_equal(sqlite3_prepare_v2(r->db, sql, -1, &st, NULL), SQLITE_OK);
	assert_int_equal(sqlite3_step(st), SQLITE_ROW);
	int64_t v = sqlite3_column_int64(st, 0);
	(void)sqlite3_finalize(st);
	return v;
}

static void sql(struct room *r, const char *text)
{
	char *why = NULL;
	if (sqlite3_exec(r->db, text, NULL, NULL, &why) != SQLITE_OK)
		fail_msg("%s: %s", text, why);
}

static void test_rules(void **state)
{
	struct room *r = *state;
	char no[FILING_NO_MAX + 1];
	AUTO_BUF(large, SLOT_MAX + 1);
	memset(buf_room(&large, SLOT_MAX + 1), 'x', SLOT_MAX + 1);
	world_draft(&r->w, "Q01", 1, no);
	int64_t before = version_of(r, no);
	const struct {
		const char *slot;
		struct span file;
		int64_t version;
		const struct member *m;
		enum err want;
	} rows[] = {{"other", SPAN_LIT("x"), before, &r->w.operator, ERR_FIELD_VALUE },
	             {"", SPAN_LIT("x"), before, &r->w.operator, ERR_FIELD_VALUE },
	              {"contract", SPAN_EMPTY, before, &r->w.operator, ERR_ATTACH_SIZE },
	               {"contract", buf_span(&large), before, &r->w.operator, ERR_ATTACH_SIZE },
	                {"contract", SPAN_LIT("x"), before - 1, &r->w.operator, ERR_CONFLICT },
	                 {
				 "contract",
				 SPAN_LIT("x"),
				 before + 1,
				 &r->w.operator,
				 ERR_CONFLICT },
				 {"contract", SPAN_LIT("x"), before, &r->w.stranger, ERR_FILING_ABSENT},
				 {"contract", SPAN_LIT("x"), before, &r->w.reviewer, ERR_FILING_ABSENT},
	                };
	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		assert_int_equal(add_as(r, no, rows[i].version, rows[i].m, rows[i].slot, "a.png", rows[i].file),
		                 rows[i].want);
		err_clear();
	}
	assert_int_equal(version_of(r, no), before);
	assert_int_equal(sql_int(r, "SELECT COUNT(*) FROM attachment_file"), 0);
	OK(add(r, no, "contract", "甲.png", SPAN_LIT("first")));
	OK(add_as(r, no, before + 1, &r->w.colleague, "contract", "乙.png", SPAN_LIT("second")));
	assert_int_equal(add(r, no, "contract", "丙.png", SPAN_LIT("third")), ERR_ATTACH_COUNT);
	assert_int_equal(add(r, no, "identity", "丁.png", SPAN_LIT("first")), ERR_OK); /* another place */
	assert_int_equal(add(r, no, "identity", "戊.png", SPAN_LIT("first")), ERR_ATTACH_SAME);
	assert_int_equal(version_of(r, no), before + 3);
	struct found f = list(r, no);
	assert_int_equal(f.n, 3);
	assert_string_equal(f.v[1].name, "乙.png");
	assert_string_equal(f.v[1].slot, "contract");
	assert_int_equal(f.v[1].octets, 6);
}

static void test_total(void **state)
{
	struct room *r = *state;
	char no[FILING_NO_MAX + 1];
	AUTO_BUF(file, 5 << 20);
	uint8_t *p = buf_room(&file, 5 << 20);
	memset(p, 7, 5 << 20);
	world_draft(&r->w, "Q01", 1, no);
	int64_t from = clock_mono_ms();
	for (uint8_t i = 0; i < 8; i++) {
		p[0] = i;
		OK(add(r, no, "identity", "大.png", buf_span(&file)));
	}
	print_message("# 5 MiB sealed and stored in %d ms\n", (int)((clock_mono_ms() - from) / 8));
	assert_int_equal(add(r, no, "contract", "小.png", SPAN_LIT("x")), ERR_ATTACH_TOTAL);
	err_clear();
	struct found f = list(r, no);
	struct filing fl = world_get(&r->w, no);
	AUTO_BUF(back, ATTACH_FILE_MAX);
	from = clock_mono_ms();
	OK(attach_bytes(&r->d, &f.v[7], ATTACH_ORIGINAL, &back));
	print_message("# and read in %d ms\n", (int)(clock_mono_ms() - from));
	assert_true(span_eq(buf_span(&back), buf_span(&file)));
	int64_t version = fl.version;
	OK(attach_remove(&r->d, no, version, &r->w.operator.who, f.v[0].id, &version));
	OK(add(r, no, "contract", "小.png", SPAN_LIT("x")));
}

/* Over all open filings of the unit, whoever of it added them; what was filed no longer counts, nor do other units. */
static void test_holder(void **state)
{
	struct room *r = *state;
	char first[FILING_NO_MAX + 1], second[FILING_NO_MAX + 1], text[200];
	world_draft(&r->w, "Q01", 1, first);
	world_draft(&r->w, "Q01", 1, second);
	OK(add(r, first, "contract", "a.png", SPAN_LIT("a")));
	(void)snprintf(text, sizeof(text), "UPDATE attachment_file SET octets = %d", ATTACH_HOLDER_MAX - 3);
	sql(r, text);
	OK(add(r, second, "contract", "b.png", SPAN_LIT("bbb")));
	assert_int_equal(add(r, second, "contract", "c.png", SPAN_LIT("c")), ERR_ATTACH_HOLDER);
	assert_int_equal(add_as(r, second, version_of(r, second), &r->w.colleague, "contract", "c.png", SPAN_LIT("c")),
	                 ERR_ATTACH_HOLDER);
	err_clear();
	sql(r, "UPDATE filing SET unit_no = '43010099' WHERE no = (SELECT MIN(no) FROM filing)");
	OK(add(r, second, "contract", "c.png", SPAN_LIT("c")));
}

static void test_octets(void **state)
{
	struct room *r = *state;
	char no[FILING_NO_MAX + 1], other[FILING_NO_MAX + 1], hex[65];
	struct attachment a;
	AUTO_BUF(bytes, 64);
	world_draft(&r->w, "Q01", 1, no);
	world_draft(&r->w, "Q01", 1, other);
	OK(add(r, no, "contract", "a.png", SPAN_LIT("octets")));
	struct filing f = world_get(&r->w, no), g = world_get(&r->w, other);
	int64_t id = list(r, no).v[0].id;
	OK(attach_get(&r->d, &f, id, &a));
	hex_of(SPAN_LIT("octets"), hex);
	assert_string_equal(a.sm3, hex);
	OK(attach_bytes(&r->d, &a, ATTACH_CLEAN, &bytes));
	OK(attach_bytes(&r->d, &a, 1, &bytes));
	assert_string_equal(buf_cstr(&bytes), "largepreview");
	assert_int_equal(attach_bytes(&r->d, &a, 2, &bytes), ERR_ABSENT);
	assert_int_equal(attach_get(&r->d, &g, id, &a), ERR_ABSENT); /* by another filing's address */
	assert_int_equal(attach_get(&r->d, &f, id + 1, &a), ERR_ABSENT);
	err_clear();
}

static void test_remove(void **state)
{
	struct room *r = *state;
	char no[FILING_NO_MAX + 1];
	world_draft(&r->w, "Q01", 1, no);
	OK(add(r, no, "contract", "a.png", SPAN_LIT("a")));
	int64_t id = list(r, no).v[0].id, version = version_of(r, no), after = 0;
	assert_int_equal(attach_remove(&r->d, no, version - 1, &r->w.operator.who, id, &after), ERR_CONFLICT);
	assert_int_equal(attach_remove(&r->d, no, version, &r->w.stranger.who, id, &after), ERR_FILING_ABSENT);
	assert_int_equal(attach_remove(&r->d, no, version, &r->w.operator.who, id + 1, &after), ERR_ABSENT);
	assert_int_equal(version_of(r, no), version);
	OK(attach_remove(&r->d, no, version, &r->w.operator.who, id, &after));
	assert_int_equal(after, version + 1);
	assert_int_equal(list(r, no).n, 0);
	assert_int_equal(
		sql_int(r, "SELECT (SELECT COUNT(*) FROM attachment_file) + (SELECT COUNT(*) FROM attachment_part)"),
		0);
	err_clear();
}

static void test_names(void **state)
{
	(void)state;
	static const struct {
		const char *in, *out;
	} rows[] = {
		{"合同.pdf", "合同.pdf"},
		{"a b.png", "a b.png"},
		{"", "附件.png"},
		{"C:\\Users\\x\\证.png", "证.png"},
		{"../../etc/passwd", "passwd"},
		{"a;b=c|d.png", "a_b_c_d.png"},
		{"a\nb\"c.png", "a_b_c.png"},
		{"\xff\xfe.png", "__.png"},
		{"a\xe2\x80\xae"
	         "gnp.exe",
	         "a_gnp.exe"},
		{"e\xcc\x81.png", "附件.png"},
		{" ", "附件.png"},
		{"%2e%2e", "_2e_2e"},
	};
	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		char out[ATTACH_NAME_MAX + 1];
		attach_name(rows[i].in, MEDIA_PNG, out);
		assert_string_equal(out, rows[i].out);
		OK(text_line_check(span_str(out)));
	}
	char longer[400], out[ATTACH_NAME_MAX + 1];
	for (size_t i = 0; i + 3 < sizeof(longer); i += 3)
		memcpy(longer + i, "证", 4);
	attach_name(longer, MEDIA_PDF, out);
	assert_int_equal(strlen(out), ATTACH_NAME_MAX);
	assert_true(text_is_utf8(span_str(out)));
}

/* --- check and statement --- */

struct told {
	size_t n;
	char code[20];
};

static enum err tell(const struct fault *f, void *ctx)
{
	struct told *t = ctx;
	t->n++;
	(void)snprintf(t->code, sizeof(t->code), "%s", f->code);
	return ERR_OK;
}

static void test_required(void **state)
{
	struct room *r = *state;
	char no[FILING_NO_MAX + 1];
	struct told t = {0};
	size_t n = 0;
	world_draft(&r->w, "Q01", 1, no);
	OK(add(r, no, "identity", "a.png", SPAN_LIT("a")));
	OK(filing_check(&r->d, no, &r->w.operator.who, tell, &t, &n));
	assert_int_equal(n, 1);
	assert_string_equal(t.code, "E-31");
	assert_int_equal(world_submit(&r->w, no, &r->w.operator), ERR_FAULTS);
	err_clear();
	OK(add(r, no, "contract", "b.png", SPAN_LIT("b")));
	OK(filing_check(&r->d, no, &r->w.operator.who, tell, &t, &n));
	assert_int_equal(n, 0);
	OK(world_submit(&r->w, no, &r->w.operator));
	/* Filed: closed. */
	assert_int_equal(add(r, no, "identity", "c.png", SPAN_LIT("c")), ERR_STATE);
	int64_t version = version_of(r, no);
	assert_int_equal(attach_remove(&r->d, no, version, &r->w.operator.who, list(r, no).v[0].id, &version),
	                 ERR_STATE);
	err_clear();
}

static void test_statement(void **state)
{
	struct room *r = *state;
	char no[FILING_NO_MAX + 1], hex[65], want[300];
	AUTO_BUF(text, STATEMENT_LONG_MAX);
	AUTO_BUF(again, STATEMENT_LONG_MAX);
	AUTO(statement) st = NULL;
	world_draft(&r->w, "Q01", 1, no);
	OK(add(r, no, "contract", "合同 一.pdf", SPAN_LIT("contract")));
	OK(filing_submit_text(&r->d, no, &r->w.operator.who, &text));
	OK(statement_parse(buf_span(&text), &st));
	hex_of(SPAN_LIT("contract"), hex);
	(void)snprintf(want, sizeof(want), "材料=劳动合同复印件(contract);文件=合同 一.pdf;字节=8;SM3=%s", hex);
	assert_int_equal(statement_count(st, "attach"), 1);
	assert_string_equal(statement_get(st, "attach"), want);
	/* What was shown before an attachment came is void. */
	OK(add(r, no, "identity", "b.png", SPAN_LIT("b")));
	assert_int_equal(world_text_sign(&r->w, &r->w.operator, & text), ERR_CONFLICT);
	err_clear();
	OK(world_submit(&r->w, no, &r->w.operator));
	struct filing f = world_get(&r->w, no);
	OK(attach_agrees(&r->d, &f, services_find(r->services, "Q01"), NULL, NULL));
}

/* --- the database changed behind our back --- */

static void filed(struct room *r, char no[FILING_NO_MAX + 1])
{
	world_draft(&r->w, "Q01", 1, no);
	OK(add(r, no, "contract", "合同.pdf", SPAN_LIT("contract")));
	OK(add(r, no, "identity", "证件.png", SPAN_LIT("identity")));
	OK(world_submit(&r->w, no, &r->w.operator));
}

/* in_rows: told without reading the files too. */
static void refuses(struct room *r, const char *no, const char *named, bool in_rows)
{
	struct found bad = {.n = 0}, rows = {.n = 0};
	struct filing f = world_get(&r->w, no);
	enum err e = attach_rows_agree(&r->d, &f, services_find(r->services, "Q01"), note, &rows);
	assert_int_equal(e, in_rows ? ERR_ATTACH_CHANGED : ERR_OK);
	assert_int_equal(rows.n, in_rows ? 1 : 0);
	err_clear();
	assert_int_equal(attach_agrees(&r->d, &f, services_find(r->services, "Q01"), note, &bad), ERR_ATTACH_CHANGED);
	assert_int_equal(bad.n, 1);
	if (strstr(bad.v[0].name, named) == NULL)
		fail_msg("named is %s", bad.v[0].name);
	assert_int_equal(world_bulk(&r->w, FACT_APPROVE, no, &r->w.reviewer), ERR_ATTACH_CHANGED);
	assert_int_equal(world_get(&r->w, no).state, FILING_SUBMITTED);
	err_clear();
}

/* As somebody would who has the keys too. */
static void put_sealed(struct room *r, int64_t id, struct span bytes)
{
	AUTO_BUF(sealed, 1 << 16);
	char key[64];
	sqlite3_stmt *st;
	attach_part_key(id, ATTACH_ORIGINAL, 0, key);
	OK(field_seal(r->w.o.desk.keys, "attachment_part.sealed", span_str(key), bytes, &sealed));
	assert_int_equal(sqlite3_prepare_v2(r->db,
	                                    "UPDATE attachment_part SET sealed = ?2 WHERE file = ?1 AND page = -1", -1,
	                                    &st, NULL),
	                 SQLITE_OK);
	(void)sqlite3_bind_int64(st, 1, id);
	(void)sqlite3_bind_blob(st, 2, sealed.ptr, (int)sealed.len, SQLITE_STATIC);
	assert_int_equal(sqlite3_step(st), SQLITE_DONE);
	(void)sqlite3_finalize(st);
}

static void test_changed(void **state)
{
	struct room *r = *state;
	static const struct {
		const char *sql, *named;
		bool in_rows;
	} rows[] = {
		{"UPDATE attachment_part SET sealed = zeroblob(60) WHERE page = -1 AND file = (SELECT MAX(file) FROM attachment_file)",
	         "证件"},
		{"DELETE FROM attachment_part WHERE page = -1 AND file = (SELECT MIN(file) FROM attachment_file)",
	         "合同"},
		{"UPDATE attachment SET slot = 'identity' WHERE file = (SELECT MIN(file) FROM attachment_file)", "合同",
	         true},
		{"UPDATE attachment_file SET octets = octets + 1 WHERE file = (SELECT MAX(file) FROM attachment_file)",
	         "证件", true},
		{"DELETE FROM attachment WHERE file = (SELECT MAX(file) FROM attachment_file)", "现有 1 个", true},
		{"DELETE FROM attachment", "现有 0 个", true},
	};
	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		char no[FILING_NO_MAX + 1];
		sql(r, "DELETE FROM attachment; DELETE FROM attachment_part; DELETE FROM attachment_file");
		filed(r, no);
		sql(r, rows[i].sql);
		refuses(r, no, rows[i].named, rows[i].in_rows);
	}
	char no[FILING_NO_MAX + 1], hex[65], text[300];
	filed(r, no);
	struct found f = list(r, no);
	put_sealed(r, f.v[1].id, SPAN_LIT("idENTity"));
	refuses(r, no, "证件", false);
	/* And the digest beside it. */
	hex_of(SPAN_LIT("idENTity"), hex);
	(void)snprintf(text, sizeof(text), "UPDATE attachment SET sm3 = '%s' WHERE file = %lld", hex,
	               (long long)f.v[1].id);
	sql(r, text);
	refuses(r, no, "证件", true);
	put_sealed(r, f.v[1].id, SPAN_LIT("identity"));
	OK(world_bulk(&r->w, FACT_APPROVE, no, &r->w.reviewer));
}

/* --- with the filing --- */

static void test_correction(void **state)
{
	struct room *r = *state;
	char no[FILING_NO_MAX + 1], next[FILING_NO_MAX + 1];
	AUTO_BUF(bytes, 64);
	filed(r, no);
	OK(world_bulk(&r->w, FACT_APPROVE, no, &r->w.reviewer));
	OK(filing_correct(&r->d, no, &r->w.operator.who, next));
	struct found old = list(r, no), taken = list(r, next);
	assert_int_equal(taken.n, 2);
	assert_int_equal(taken.v[0].id, old.v[0].id);
	assert_string_equal(taken.v[1].name, old.v[1].name);
	int64_t version = version_of(r, next);
	OK(attach_remove(&r->d, next, version, &r->w.operator.who, taken.v[0].id, &version));
	OK(attach_bytes(&r->d, &old.v[0], ATTACH_ORIGINAL, &bytes)); /* the old one keeps its file */
	assert_int_equal(list(r, no).n, 2);
	OK(add(r, next, "contract", "新合同.pdf", SPAN_LIT("new")));
	OK(world_submit(&r->w, next, &r->w.operator));
	OK(world_bulk(&r->w, FACT_APPROVE, next, &r->w.reviewer));
	struct filing f = world_get(&r->w, no);
	OK(attach_agrees(&r->d, &f, services_find(r->services, "Q01"), NULL, NULL));
}

static void test_void(void **state)
{
	struct room *r = *state;
	char draft[FILING_NO_MAX + 1], returned[FILING_NO_MAX + 1];
	size_t done = 0;
	world_draft(&r->w, "Q01", 1, draft);
	OK(add(r, draft, "contract", "a.png", SPAN_LIT("a")));
	filed(r, returned);
	OK(world_return(&r->w, returned, &r->w.reviewer));
	office_move_clock(&r->w.o, 60 * DAY);
	OK(filing_tick(&r->d, &done));
	assert_int_equal(done, 2);
	assert_int_equal(world_get(&r->w, draft).state, FILING_VOID);
	assert_int_equal(list(r, draft).n, 0);
	assert_int_equal(list(r, returned).n, 2);
	assert_int_equal(sql_int(r, "SELECT COUNT(*) FROM attachment_file"), 2);
	assert_int_equal(sql_int(r, "SELECT COUNT(*) FROM attachment_part"), 6);
}

/* Nothing of the file or its name is readable in the database. */
static void test_sealed(void **state)
{
	struct room *r = *state;
	char no[FILING_NO_MAX + 1], path[300];
	world_draft(&r->w, "Q01", 1, no);
	OK(add(r, no, "contract", "机密名称甲乙丙.pdf", SPAN_LIT("octets-that-nobody-may-read")));
	static const char *const files[] = {DATABASE, DATABASE "-wal"};
	for (size_t i = 0; i < COUNT_OF(files); i++) {
		AUTO_BUF(all, 64 << 20);
		(void)snprintf(path, sizeof(path), "%s/%s", r->w.o.dir, files[i]);
		if (file_exists(path))
			OK(file_read(path, &all));
		assert_null(memmem(all.ptr, all.len, "octets-that-nobody", 18));
		assert_null(memmem(all.ptr, all.len, "机密名称", strlen("机密名称")));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_rules, setup, teardown),
		cmocka_unit_test_setup_teardown(test_total, setup, teardown),
		cmocka_unit_test_setup_teardown(test_holder, setup, teardown),
		cmocka_unit_test_setup_teardown(test_octets, setup, teardown),
		cmocka_unit_test_setup_teardown(test_remove, setup, teardown),
		cmocka_unit_test(test_names),
		cmocka_unit_test_setup_teardown(test_required, setup, teardown),
		cmocka_unit_test_setup_teardown(test_statement, setup, teardown),
		cmocka_unit_test_setup_teardown(test_changed, setup, teardown),
		cmocka_unit_test_setup_teardown(test_correction, setup, teardown),
		cmocka_unit_test_setup_teardown(test_void, setup, teardown),
		cmocka_unit_test_setup_teardown(test_sealed, setup, teardown),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
