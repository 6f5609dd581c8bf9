/* From the clerk's first line to the hand-over, against a real signer and escrow: honest, resumed, repeated. */
#include "base/file.h"
#include "base/secret.h"
#include "base/text.h"
#include "pki/cert.h"
#include "server/cert/cert_service.h"
#include "server/covered/covered.h"
#include "side.h"
#include <ftw.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include <cmocka.h>

#define MUST(expr) assert_int_equal((expr), ERR_OK)
enum { DAY = 86400 };

struct scene {
	char dir[200];
	struct clock *clock;
	struct store *store;
	struct field_keys *keys;
	struct signer_client *signer;
	struct desk desk;
	struct cert_service t01;
	struct services *services;
};

static int remove_one(const char *path, const struct stat *st, int flag, struct FTW *ftw)
{
	(void)st, (void)flag, (void)ftw;
	return remove(path);
}

static int setup(void **state)
{
	static struct scene s;
	char db[240];
	AUTO(secret) key = NULL;
	const char *tmp = getenv("TMPDIR");
	memset(&s, 0, sizeof(s));
	side_start();
	(void)snprintf(s.dir, sizeof(s.dir), "%s/yx-issue-XXXXXX", tmp != NULL ? tmp : "/tmp");
	assert_non_null(mkdtemp(s.dir));
	(void)snprintf(db, sizeof(db), "%s/yinxin.db", s.dir);
	MUST(clock_open(side_clock(), &s.clock));
	log_tables_use(covered_tables);
	MUST(store_open(db, SQL_DIR, 2, &s.store));
	MUST(secret_from(SPAN_LIT("0123456789abcdef0123456789abcdef"), &key));
	MUST(field_keys_new(key, &s.keys));
	MUST(signer_client_new(side_socket(), &s.signer));
	s.desk = (struct desk){.store = s.store, .keys = s.keys, .clock = s.clock, .signer = s.signer};
	(void)snprintf(s.desk.bureau, sizeof(s.desk.bureau), "%s", side_bureau());
	MUST(cert_service_open(&s.t01, SHARE_DIR "/services", &s.desk, &(struct terms){NULL, NULL, NULL}, &s.services));
	s.desk.rules = &s.t01.rules;
	const struct unit u = {.unit_no = "10000016",
	                       .uscc = "91430100MAYYYY016Y",
	                       .name = "长沙测试一号科技有限公司",
	                       .type = "10",
	                       .region = "430104",
	                       .address = "长沙市岳麓区测试路1号"};
	MUST(unit_put(&s.desk, &u));
	*state = &s;
	return 0;
}

static int teardown(void **state)
{
	struct scene *s = *state;
	services_free(s->services);
	store_close(s->store);
	field_keys_free(s->keys);
	signer_client_free(s->signer);
	clock_free(s->clock);
	side_stop();
	return nftw(s->dir, remove_one, 16, FTW_DEPTH | FTW_PHYS);
}

static struct officer officer_of(enum side_who who)
{
	static const char *const roles[] = {"clerk", "reviewer", "maker"};
	return (struct officer){side_person(who), "测试人员", roles[who], side_serial(who)};
}

static void step(struct scene *s, const char *no, enum side_who who, const char *name)
{
	uint8_t sig[64];
	struct officer by = officer_of(who);
	AUTO_BUF(t, 65536);
	MUST(case_step_text(&s->desk, no, name, &by, NULL, &t));
	side_sign(who, buf_span(&t), sig);
	const struct act_parts parts = {buf_span(&t), SPAN_ARR(sig), side_cert(who)};
	MUST(case_step_sign(&s->desk, no, name, &by, &parts));
}

static void birth(struct scene *s, const char *no)
{
	char approval[65], card[17], key_hex[131];
	struct officer by = officer_of(SIDE_MAKER);
	AUTO_BUF(raw, 32);
	AUTO_BUF(csr, 4096);
	AUTO_BUF(attest, 512);
	MUST(case_approval(&s->desk, no, approval));
	MUST(text_unhex(span_str(approval), &raw));
	side_birth(buf_span(&raw), card, key_hex, &csr, &attest);
	MUST(case_make_begin(&s->desk, no, &by, card, key_hex, buf_span(&csr), buf_span(&attest)));
}

/* Up to the maker's signature. */
static void ready(struct scene *s, const char *profile, char no[CASE_NO_MAX + 1])
{
	int64_t now = clock_now(s->clock);
	bool person = strcmp(profile, "person") == 0;
	struct officer clerk = officer_of(SIDE_CLERK);
	const struct case_new in = {.profile = profile,
	                            .unit_no = person ? "" : "10000016",
	                            .uscc = "",
	                            .holder = "测试经办人甲",
	                            .id_number = "430102199003079914",
	                            .mobile = "13000000001",
	                            .letter_no = person ? "" : "测委〔2026〕1号",
	                            .letter_from = person ? 0 : now - DAY,
	                            .letter_to = person ? 0 : now + 90 * DAY,
	                            .days = 365};
	MUST(case_open(&s->desk, &in, &clerk, no));
	step(s, no, SIDE_CLERK, "accept");
	step(s, no, SIDE_REVIEWER, "approve");
	birth(s, no);
	step(s, no, SIDE_MAKER, "make");
}

static void check_issued(struct scene *s, const char *no)
{
	struct cert_case c;
	struct cert_row row;
	struct account a;
	struct issued parcel;
	AUTO(cert) sign = NULL;
	AUTO(cert) enc = NULL;
	MUST(case_get(&s->desk, no, &c));
	assert_int_equal(c.state, CASE_ISSUED);
	MUST(cert_row_of(&s->desk, c.subject, &row));
	assert_string_equal(row.serial, c.cert_serial);
	MUST(account_get(&s->desk, c.subject, &a));
	assert_string_equal(a.holder, c.holder);
	MUST(case_parcel(&s->desk, no, &parcel));
	MUST(cert_parse(buf_span(&parcel.sign_cert), &sign));
	MUST(cert_parse(buf_span(&parcel.enc_cert), &enc));
	assert_string_equal(cert_serial(sign), c.cert_serial);
	assert_string_equal(cert_serial(enc), c.enc_serial);
	assert_string_equal(cert_subject_id(sign), c.subject);
	assert_true(parcel.enveloped.len > 200);
	issued_done(&parcel);
}

static int status_is(void *ctx, const char *serial)
{
	(void)serial;
	return *(int *)ctx;
}

static void test_unit(void **state)
{
	struct scene *s = *state;
	char no[CASE_NO_MAX + 1];
	struct cert_case c;
	struct officer maker = officer_of(SIDE_MAKER), clerk = officer_of(SIDE_CLERK);
	ready(s, "unit", no);
	MUST(case_issue(&s->desk, no));
	check_issued(s, no);
	uint64_t count = side_journal_count();
	for (int i = 0; i < 3; i++)
		MUST(case_issue(&s->desk, no));
	assert_int_equal(side_journal_count(), count);
	assert_int_equal(case_installed(&s->desk, no, &maker, "00FF"), ERR_CARD_WRONG);
	MUST(case_get(&s->desk, no, &c));
	MUST(case_installed(&s->desk, no, &maker, c.cert_serial));
	MUST(case_installed(&s->desk, no, &maker, c.cert_serial));
	MUST(case_get(&s->desk, no, &c));
	assert_int_equal(c.state, CASE_DONE);
	const struct case_new again = {.profile = "unit-member",
	                               .unit_no = "10000016",
	                               .uscc = "",
	                               .holder = "测试经办人甲",
	                               .id_number = "430102199003079914",
	                               .mobile = "13000000001",
	                               .letter_no = "测委〔2026〕1号",
	                               .letter_from = c.letter_from,
	                               .letter_to = c.letter_to,
	                               .days = 365};
	char other[CASE_NO_MAX + 1];
	assert_int_equal(case_open(&s->desk, &again, &clerk, other), ERR_HOLDER_HAS);
	struct desk told = s->desk; /* the list says that the first one is revoked */
	int revoked = 1, suspended = 2;
	s->t01.desk = &told; /* whose register the definition's preconditions ask */
	told.cert_status = status_is;
	told.cert_status_ctx = &suspended;
	assert_int_equal(case_open(&told, &again, &clerk, other), ERR_HOLDER_HAS);
	told.cert_status_ctx = &revoked;
	MUST(case_open(&told, &again, &clerk, other));
}

/* A question never acts: whoever reads what he would sign to send the case back has not had it issued. Signing does
 * ask. */
static void test_question(void **state)
{
	struct scene *s = *state;
	char no[CASE_NO_MAX + 1];
	uint8_t sig[64];
	struct cert_case c;
	struct officer by = officer_of(SIDE_REVIEWER);
	AUTO_BUF(t, 65536);
	ready(s, "unit", no);
	uint64_t count = side_journal_count();
	MUST(case_step_text(&s->desk, no, "return", &by, "介质损坏", &t));
	assert_int_equal(side_journal_count(), count);
	MUST(case_get(&s->desk, no, &c));
	assert_int_equal(c.state, CASE_MAKING);
	side_sign(SIDE_REVIEWER, buf_span(&t), sig);
	const struct act_parts parts = {buf_span(&t), SPAN_ARR(sig), side_cert(SIDE_REVIEWER)};
	assert_int_equal(case_step_sign(&s->desk, no, "return", &by, &parts), ERR_STATE);
	check_issued(s, no);
}

static enum err freeze_tx(struct tx *tx, void *arg)
{
	const struct account *a = arg;
	return tx_exec(tx, "account_set_frozen", SQL_ARGS(A_TEXT(a->subject), A_INT(a->frozen)), NULL);
}

/* The account is there already, and somebody edits it in the database: issuing does not take that for good. */
static void edited_account(struct scene *s, const char *no)
{
	struct cert_case c;
	struct account a = {.kind = "person"};
	MUST(case_get(&s->desk, no, &c));
	(void)snprintf(a.subject, sizeof(a.subject), "%s", c.subject);
	(void)snprintf(a.person_no, sizeof(a.person_no), "%s", c.person_no);
	(void)snprintf(a.holder, sizeof(a.holder), "%s", c.holder);
	MUST(account_put(&s->desk, &a));
	a.frozen = true;
	MUST(store_write(s->store, freeze_tx, &a));
	assert_int_equal(case_issue(&s->desk, no), ERR_LOG_DAMAGED);
	err_clear();
	a.frozen = false;
	MUST(store_write(s->store, freeze_tx, &a));
}

static void test_person(void **state)
{
	struct scene *s = *state;
	char no[CASE_NO_MAX + 1];
	ready(s, "person", no);
	edited_account(s, no);
	MUST(case_issue(&s->desk, no));
	check_issued(s, no);
}

/* The signer dies before it is asked, and after it has answered but before the desk has written: no second certificate.
 */
static void test_resume(void **state)
{
	struct scene *s = *state;
	char no[CASE_NO_MAX + 1];
	struct cert_case c;
	ready(s, "unit", no);
	side_signer_dies();
	assert_int_equal(case_issue(&s->desk, no), ERR_UNAVAILABLE);
	MUST(case_get(&s->desk, no, &c));
	assert_int_equal(c.state, CASE_MAKING);
	side_signer_returns();
	store_close(s->store); /* the desk dies with the answer in its hand: its write fails */
	char db[240], copy[260];
	(void)snprintf(db, sizeof(db), "%s/yinxin.db", s->dir);
	(void)snprintf(copy, sizeof(copy), "%s/before.db", s->dir);
	AUTO_BUF(bytes, 64 << 20);
	MUST(file_read(db, &bytes));
	MUST(store_open(db, SQL_DIR, 2, &s->store));
	s->desk.store = s->store;
	MUST(case_issue(&s->desk, no));
	MUST(case_get(&s->desk, no, &c));
	uint64_t count = side_journal_count();
	store_close(s->store);
	MUST(file_replace(copy, buf_span(&bytes), 0600)); /* the database as it was before the write */
	MUST(store_open(copy, SQL_DIR, 2, &s->store));
	s->desk.store = s->store;
	MUST(case_issue(&s->desk, no));
	struct cert_case again;
	MUST(case_get(&s->desk, no, &again));
	assert_string_equal(again.cert_serial, c.cert_serial);
	assert_string_equal(again.enc_serial, c.enc_serial);
	assert_int_equal(side_journal_count(), count);
	check_issued(s, no);
}

int main(void)
{
#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
	const struct CMUnitTest tests[] = {T(test_unit), T(test_question), T(test_person), T(test_resume)};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
