/* Each code that the server gives to a login, by its own cause; the order of the checks; see docs/protocol/login.md. */
#include "../certsrv/office.h"
#include "server/portal/login.h"

#define ORIGIN "http://localhost:8600"

struct scene {
	struct office o;
	struct trust *trust;
	struct desk_person operator_1, person_1;
	char roster[512];
	enum err roster_err;
};

static enum err roster(void *ctx, struct buf *out)
{
	const struct scene *s = ctx;
	if (s->roster_err != ERR_OK)
		return ERR(UNAVAILABLE, "signer is down");
	buf_str(out, s->roster);
	return buf_err(out);
}

static struct login_env env_of(struct scene *s)
{
	return (struct login_env){&s->o.desk, s->trust, ORIGIN, roster, s};
}

static void put_crl(struct scene *s, const struct cert *revoked, enum crl_reason reason)
{
	static uint64_t number;
	struct crl_entry e = {.serial_len = CERT_SERIAL_LEN, .time = clock_now(s->o.clock) - 10, .reason = reason};
	AUTO(crl) crl = NULL;
	int64_t now = clock_now(s->o.clock);
	if (revoked != NULL) {
		AUTO_BUF(raw, 20);
		OK(text_unhex(span_str(cert_serial(revoked)), &raw));
		memcpy(e.serial, raw.ptr, raw.len);
		e.serial_len = raw.len;
	}
	OK(crl_build(s->o.ca, s->o.ca_key, ++number, now - 60, now + 7 * DAY, &e, revoked != NULL ? 1 : 0, &crl));
	OK(trust_set_crl(s->trust, crl_der(crl)));
}

static void put_roster(struct scene *s)
{
	AUTO(statement) st = NULL;
	const char *zero = "0000000000000000000000000000000000000000000000000000000000000000";
	const struct statement_kv kv[] = {{"bureau", s->o.desk.bureau},
	                                  {"nonce", zero},
	                                  {"time", "2026-11-22T00:00:00Z"},
	                                  {"number", "0"},
	                                  {"previous", "-"},
	                                  {"entry", "P000003 clerk,maker 430100"},
	                                  {"entry", "P000009 auditor 430100"}};
	OK(statement_build("ROSTER", kv, COUNT_OF(kv), &st));
	struct span t = statement_text(st);
	(void)snprintf(s->roster, sizeof(s->roster), "%.*s", (int)t.len, (const char *)t.ptr);
}

static void holder(struct scene *s, struct desk_person *p, const char *profile, const char *org, const char *uscc,
                   const char *name, const char *subject, int64_t from, int64_t to)
{
	*p = (struct desk_person){.name = name};
	OK(sm2_key_new(&p->key));
	p->cert = office_cert(&s->o, profile, sm2_key_pub(p->key), org, uscc, name, subject, from, to);
}

static int setup(void **state)
{
	static struct scene s;
	struct cert *root = NULL, *ca = NULL;
	memset(&s, 0, sizeof(s));
	office_open(&s.o);
	office_unit(&s.o);
	int64_t now = clock_now(s.o.clock);
	OK(cert_parse(cert_der(s.o.root), &root));
	OK(cert_parse(cert_der(s.o.ca), &ca));
	OK(trust_new(root, ca, s.o.desk.bureau, now, &s.trust));
	put_crl(&s, NULL, CRL_UNSPECIFIED);
	put_roster(&s);
	holder(&s, &s.operator_1, "unit-sign", "长沙测试一号科技有限公司", "91430100MAYYYY016Y", "测试经办人甲",
	       "10000016-430100000016", now - 60, now + 100 * DAY);
	holder(&s, &s.person_1, "person-sign", NULL, NULL, "测试个人丙", "430100000024", now - 60, now + 100 * DAY);
	const struct account unit = {.subject = "10000016-430100000016",
	                             .kind = "unit",
	                             .unit_no = "10000016",
	                             .person_no = "430100000016",
	                             .holder = "测试经办人甲"};
	const struct account person = {.subject = "430100000024",
	                               .kind = "person",
	                               .person_no = "430100000024",
	                               .holder = "测试个人丙"};
	OK(account_put(&s.o.desk, &unit));
	OK(account_put(&s.o.desk, &person));
	*state = &s;
	return 0;
}

static void person_done(struct desk_person *p)
{
	cert_free(p->cert);
	sm2_key_free(p->key);
}

static int teardown(void **state)
{
	struct scene *s = *state;
	person_done(&s->operator_1);
	person_done(&s->person_1);
	trust_free(s->trust);
	office_close(&s->o);
	return 0;
}

/* --- a login answer, and the ways to spoil it --- */

struct
try {
	const char *bureau, *origin, *type;
	int64_t skew;
	bool broken_sig, foreign_sig, cut_cert;
};

static enum err attempt(struct scene *s, const struct desk_person *p, const struct try *t, struct login_who *ret_who)
{
	AUTO(statement) st = NULL;
	AUTO_BUF(time, 32);
	struct sm2_sig sig;
	struct login_env env = env_of(s);
	const char *nonce = "00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff";
	text_time(&time, clock_now(s->o.clock) + t->skew);
	const struct statement_kv kv[] = {{"bureau", t->bureau != NULL ? t->bureau : s->o.desk.bureau},
	                                  {"nonce", nonce},
	                                  {"time", buf_cstr(&time)},
	                                  {"origin", t->origin != NULL ? t->origin : ORIGIN}};
	OK(statement_build("LOGIN", kv, COUNT_OF(kv), &st));
	OK(gm_sign(t->foreign_sig ? s->o.clerk.key : p->key, statement_text(st), &sig));
	sig.b[40] ^= t->broken_sig ? 4 : 0;
	struct span cert = cert_der(p->cert);
	const struct act_parts in = {statement_text(st), SPAN_ARR(sig.b),
	                             t->cut_cert ? span_sub(cert, 0, cert.len - 1) : cert};
	return login_check(&env, &in, ret_who);
}

static void test_welcome(void **state)
{
	struct scene *s = *state;
	const struct try honest = {0};
	struct login_who w;
	OK(attempt(s, &s->operator_1, &honest, &w));
	assert_int_equal(w.session.roles, ROLE_UNIT);
	assert_string_equal(w.session.unit_no, "10000016");
	assert_string_equal(w.session.subject, "10000016-430100000016");
	assert_string_equal(w.session.cert_serial, cert_serial(s->operator_1.cert));
	assert_false(w.has_password);
	OK(attempt(s, &s->person_1, &honest, &w));
	assert_int_equal(w.session.roles, ROLE_PERSON);
	OK(attempt(s, &s->o.clerk, &honest, &w));
	assert_int_equal(w.session.roles, ROLE_CLERK | ROLE_MAKER);
	OK(account_set_password(&s->o.desk, "430100000024", "Right-2026"));
	OK(attempt(s, &s->person_1, &honest, &w));
	assert_true(w.has_password);
	const struct try late = {.skew = -LOGIN_SKEW_SEC + 5}, early = {.skew = LOGIN_SKEW_SEC - 5};
	OK(attempt(s, &s->person_1, &late, &w));
	OK(attempt(s, &s->person_1, &early, &w));
}

/* The signature of the statement, and the CA's on the certificate; all else does not change from login to login. */
static void test_verifications(void **state)
{
	struct scene *s = *state;
	const struct try honest = {0};
	struct login_who w;
	uint64_t before = gm_verifications();
	for (int i = 0; i < 10; i++)
		OK(attempt(s, &s->operator_1, &honest, &w));
	assert_int_equal(gm_verifications() - before, 20);
}

static void test_answer_table(void **state)
{
	struct scene *s = *state;
	const char *other = "1111111111111111111111111111111111111111111111111111111111111111";
	const struct {
		enum err e;
		struct try t;
	} rows[] = {
		{ERR_BUREAU, {.bureau = other}},
		{ERR_L_ORIGIN, {.origin = "http://localhost:8601"}},
		{ERR_L_ORIGIN, {.origin = "https://localhost:8600"}},
		{ERR_L_CLOCK, {.skew = LOGIN_SKEW_SEC + 5}},
		{ERR_L_CLOCK, {.skew = -LOGIN_SKEW_SEC - 5}},
		/* a foreign site is told before the clock */
		{ERR_L_ORIGIN, {.origin = "http://evil.test", .skew = 9999}},
		{ERR_SIG, {.broken_sig = true}},
		{ERR_SIG, {.foreign_sig = true}},
		{ERR_DER, {.cut_cert = true}},
	};
	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		struct login_who w = {.has_password = true};
		assert_int_equal(attempt(s, &s->operator_1, &rows[i].t, &w), rows[i].e);
		assert_true(w.has_password); /* untouched */
	}
}

static void test_certificates(void **state)
{
	struct scene *s = *state;
	const struct try honest = {0};
	int64_t now = clock_now(s->o.clock);
	struct login_who w;
	struct desk_person p;
	const struct {
		enum err e;
		const char *profile;
		int64_t from, to;
	} rows[] = {
		{ERR_CERT_EXPIRED, "person-sign", now - 100 * DAY, now - DAY},
		{ERR_CERT_NOT_YET, "person-sign", now + DAY, now + 100 * DAY},
		{ERR_CERT_USAGE, "person-enc", now - DAY, now + 100 * DAY},
	};
	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		holder(s, &p, rows[i].profile, NULL, NULL, "测试个人丙", "430100000024", rows[i].from, rows[i].to);
		assert_int_equal(attempt(s, &p, &honest, &w), rows[i].e);
		person_done(&p);
	}
	/* A wrong clock is told before the certificate is blamed. */
	holder(s, &p, "person-sign", NULL, NULL, "测试个人丙", "430100000024", now - 100 * DAY, now - DAY);
	const struct try wrong_clock = {.skew = -2 * DAY};
	assert_int_equal(attempt(s, &p, &wrong_clock, &w), ERR_L_CLOCK);
	person_done(&p);
}

static void test_other_authority(void **state)
{
	struct scene *s = *state;
	static struct office foreign;
	const struct try honest = {0};
	struct login_who w;
	office_open(&foreign);
	assert_int_equal(attempt(s, &foreign.clerk, &honest, &w), ERR_CERT_CHAIN);
	office_close(&foreign);
}

static void test_revocation(void **state)
{
	struct scene *s = *state;
	const struct try honest = {0};
	struct login_who w;
	put_crl(s, s->operator_1.cert, CRL_HOLD);
	assert_int_equal(trust_listed(s->trust, cert_serial(s->operator_1.cert)), 2);
	assert_int_equal(trust_listed(s->trust, cert_serial(s->person_1.cert)), 0);
	assert_int_equal(attempt(s, &s->operator_1, &honest, &w), ERR_CERT_SUSPENDED);
	put_crl(s, NULL, CRL_UNSPECIFIED);
	OK(attempt(s, &s->operator_1, &honest, &w));
	put_crl(s, s->operator_1.cert, CRL_KEY_COMPROMISE);
	assert_int_equal(attempt(s, &s->operator_1, &honest, &w), ERR_CERT_REVOKED);
	OK(attempt(s, &s->person_1, &honest, &w));
	office_move_clock(&s->o, 8 * DAY); /* no fresh list for a week: nobody is let in on an old one */
	assert_int_equal(attempt(s, &s->person_1, &honest, &w), ERR_CRL_STALE);
	office_move_clock(&s->o, 0);
}

/* A replayed older list does not undo a revocation. */
static void test_old_list(void **state)
{
	struct scene *s = *state;
	int64_t now = clock_now(s->o.clock);
	AUTO(crl) old = NULL;
	OK(crl_build(s->o.ca, s->o.ca_key, 0, now - 60, now + 7 * DAY, NULL, 0, &old));
	assert_int_equal(trust_set_crl(s->trust, crl_der(old)), ERR_STATE);
	AUTO(crl) foreign = NULL;
	OK(crl_build(s->o.root, s->o.root_key, 999999, now - 60, now + 7 * DAY, NULL, 0, &foreign));
	assert_int_not_equal(trust_set_crl(s->trust, crl_der(foreign)), ERR_OK);
}

static void test_register(void **state)
{
	struct scene *s = *state;
	const struct desk *d = &s->o.desk;
	const struct try honest = {0};
	struct login_who w;
	struct desk_person p;
	int64_t now = clock_now(s->o.clock);
	OK(account_set_frozen(d, "10000016-430100000016", true));
	assert_int_equal(attempt(s, &s->operator_1, &honest, &w), ERR_L_FROZEN);
	OK(account_set_frozen(d, "10000016-430100000016", false));
	OK(unit_set_frozen(d, "10000016", true));
	assert_int_equal(attempt(s, &s->operator_1, &honest, &w), ERR_L_FROZEN);
	OK(unit_set_frozen(d, "10000016", false));
	OK(unit_set_name(d, "10000016", "长沙测试一号科技集团有限公司"));
	assert_int_equal(attempt(s, &s->operator_1, &honest, &w), ERR_L_DISAGREE);
	OK(unit_set_name(d, "10000016", "长沙测试一号科技有限公司"));
	OK(attempt(s, &s->operator_1, &honest, &w));

	const struct {
		enum err e;
		const char *profile, *org, *uscc, *name, *subject;
	} rows[] = {
		{ERR_L_DISAGREE, "unit-sign", "另一单位", "91430100MAYYYY016Y", "测试经办人甲",
	         "10000016-430100000016"},
		{ERR_L_DISAGREE, "unit-sign", "长沙测试一号科技有限公司", "92430102MAYYYY0409", "测试经办人甲",
	         "10000016-430100000016"},
		{ERR_L_DISAGREE, "unit-sign", "长沙测试一号科技有限公司", "91430100MAYYYY016Y", "别的名字",
	         "10000016-430100000016"},
		{ERR_L_UNBOUND, "unit-sign", "长沙测试一号科技有限公司", "91430100MAYYYY016Y", "测试经办人甲",
	         "10000016-430100000024"},
		{ERR_L_UNBOUND, "person-sign", NULL, NULL, "测试个人丙", "430100000032"},
		{ERR_L_UNBOUND, "staff-sign", NULL, NULL, "离职人员", "P000099"},
	};
	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		holder(s, &p, rows[i].profile, rows[i].org, rows[i].uscc, rows[i].name, rows[i].subject, now - 60,
		       now + DAY);
		assert_int_equal(attempt(s, &p, &honest, &w), rows[i].e);
		person_done(&p);
	}
}

static void test_roster_away(void **state)
{
	struct scene *s = *state;
	const struct try honest = {0};
	struct login_who w;
	s->roster_err = ERR_UNAVAILABLE;
	assert_int_equal(attempt(s, &s->o.clerk, &honest, &w), ERR_UNAVAILABLE);
	OK(attempt(s, &s->operator_1, &honest, &w)); /* holders do not need it */
	s->roster_err = ERR_OK;
	(void)snprintf(s->roster, sizeof(s->roster), "not a roster");
	assert_int_equal(attempt(s, &s->o.clerk, &honest, &w), ERR_STATEMENT);
}

static void test_nonce_of(void **state)
{
	(void)state;
	char nonce[65] = "untouched";
	assert_int_equal(login_nonce_of(SPAN_LIT("YINXIN-1 LOGIN\n"), nonce), ERR_STATEMENT);
	assert_int_equal(login_nonce_of(SPAN_LIT(""), nonce), ERR_STATEMENT);
	assert_string_equal(nonce, "untouched");
}

int main(void)
{
#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
	const struct CMUnitTest tests[] = {T(test_welcome),         T(test_verifications),
	                                   T(test_answer_table),    T(test_certificates),
	                                   T(test_other_authority), T(test_revocation),
	                                   T(test_old_list),        T(test_register),
	                                   T(test_roster_away),     cmocka_unit_test(test_nonce_of)};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
