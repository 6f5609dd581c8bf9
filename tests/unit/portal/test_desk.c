/* The desk's pages in every state of a case, forms with bad input, and what the log shows of it. */
#include "site.h"
#include "evidence/log_check.h"
#include "server/portal/run/log_turn.h"

#define GOOD_CASE                                                                                  \
	"profile=unit&unit_no=10000016&uscc=91430100MAYYYY016Y&holder=%E6%B5%8B%E8%AF%95%E7%94%B2" \
	"&id_number=430102199003079914&mobile=13000000001&letter_no=W-1&years=1"

static void dates(struct site *s, char *ret, size_t cap)
{
	AUTO_BUF(from, 16);
	AUTO_BUF(to, 16);
	int64_t now = clock_now(s->o.clock);
	text_date_cn(&from, now - DAY);
	text_date_cn(&to, now + 100 * DAY);
	(void)snprintf(ret, cap, "&letter_from=%s&letter_to=%s", buf_cstr(&from), buf_cstr(&to));
}

static void test_form_errors(void **state)
{
	struct site *s = *state;
	site_log_in_staff(s, &s->o.clerk, ROLE_CLERK, "/desk");
	assert_int_equal(browser_get(&s->b, "/desk/new"), 200);
	assert_int_equal(browser_get(&s->b, "/desk/new?id_number=430102199003079914"), 400);
	assert_true(browser_says(&s->b, "F-003"));
	assert_int_equal(browser_post_form(&s->b, "/desk/new",
	                                   "profile=unit&unit_no=1&uscc=2&holder=&id_number=3&mobile=4&years=1"),
	                 422);
	/* All at once, each with its code, and nothing typed is lost. */
	assert_true(browser_says(&s->b, "E-20") && browser_says(&s->b, "E-21") && browser_says(&s->b, "E-22") &&
	            browser_says(&s->b, "E-23") && browser_says(&s->b, "C-021"));
	assert_true(browser_says(&s->b, "unit_no-error") && browser_says(&s->b, "holder-error") &&
	            browser_says(&s->b, "letter_to-error"));
	assert_true(browser_says(&s->b, "govuk-error-summary") && browser_says(&s->b, "value=\"4\""));
	assert_int_equal(browser_post_form(&s->b, "/desk/new", "profile=unit&nosuch=1"), 400);
	assert_int_equal(browser_post_form(&s->b, "/desk/new", "years=1&years=2"), 400);
	assert_int_equal(browser_post_form(&s->b, "/desk/new", "holder=%FF"), 400);
	(void)snprintf(s->b.csrf, sizeof(s->b.csrf), "0000");
	assert_int_equal(browser_post_form(&s->b, "/desk/new", GOOD_CASE), 403);
	assert_true(browser_says(&s->b, "F-007"));
}

/* The desk's form shows what folding made of a name before anything is kept; the second time there is nothing to
 * change. */
static void test_folded(void **state)
{
	struct site *s = *state;
	char form[700] =
		"profile=unit&unit_no=10000016&uscc=91430100MAYYYY016Y&holder=%E6%B5%8B%E2%80%A2%E8%AF%95%E7%94%B2%EF%BC%88%E5%B0%8F%EF%BC%89"
		"&id_type=01&id_number=430102199003079914&mobile=13000000001&letter_no=W-1&years=1";
	dates(s, form + strlen(form), sizeof(form) - strlen(form));
	site_log_in_staff(s, &s->o.clerk, ROLE_CLERK, "/desk");
	assert_int_equal(browser_post_form(&s->b, "/desk/new", form), 200);
	assert_true(browser_says(&s->b, "写法整理过 1 处"));
	assert_true(browser_says(&s->b, "value=\"测·试甲\""));
	assert_true(browser_says(&s->b, "测•试甲（小）"));
	char again[700] =
		"profile=unit&unit_no=10000016&uscc=91430100MAYYYY016Y&holder=%E6%B5%8B%C2%B7%E8%AF%95%E7%94%B2"
		"&id_type=01&id_number=430102199003079914&mobile=13000000001&letter_no=W-1&years=1";
	dates(s, again + strlen(again), sizeof(again) - strlen(again));
	assert_int_equal(browser_post_form(&s->b, "/desk/new", again), 303);
	assert_int_equal(browser_get(&s->b, browser_head(&s->b, "Location: ")), 200);
	assert_true(browser_says(&s->b, "测·试甲"));
}

/* Each number under another document's type: which type to choose. */
static void test_documents(void **state)
{
	struct site *s = *state;
	static const struct {
		const char *type, *number, *code;
	} rows[] = {
		{"01", "810000199001019910", "F-017"}, {"01", "830000199001019914", "F-018"},
		{"01", "990102199003079913", "F-019"}, {"05", "430102199003079914", "F-016"},
		{"03", "830000199001019914", "F-018"}, {"04", "ABC123456789012", "F-019"},
		{"03", "810000199001019910", ""},      {"05", "ABC123456789012", ""},
	};
	site_log_in_staff(s, &s->o.clerk, ROLE_CLERK, "/desk");
	assert_int_equal(browser_get(&s->b, "/desk/new"), 200);
	assert_true(browser_says(&s->b, "外国人永久居留身份证"));
	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		char form[700];
		(void)snprintf(
			form, sizeof(form),
			"profile=unit&unit_no=10000016&holder=%%E6%%B5%%8B%%E8%%AF%%95%%E7%%94%%B2&id_type=%s&id_number=%s&mobile=13000000001&letter_no=W-9%zu&years=1",
			rows[i].type, rows[i].number, i);
		dates(s, form + strlen(form), sizeof(form) - strlen(form));
		int status = browser_post_form(&s->b, "/desk/new", form);
		if (status != (rows[i].code[0] != 0 ? 422 : 303))
			fail_msg("row %zu: %d %s", i, status,
			         strstr((const char *)s->b.answer.ptr, "govuk-error-summary"));
		if (rows[i].code[0] != 0)
			assert_true(browser_says(&s->b, rows[i].code) && browser_says(&s->b, "证件类型请选"));
	}
}

static void open_case(struct site *s, char ret_path[80])
{
	char form[600] = GOOD_CASE;
	dates(s, form + strlen(form), sizeof(form) - strlen(form));
	site_log_in_staff(s, &s->o.clerk, ROLE_CLERK, "/desk");
	assert_int_equal(browser_post_form(&s->b, "/desk/new", form), 303);
	(void)snprintf(ret_path, 80, "%s", browser_head(&s->b, "Location: "));
}

/* opinion: for the steps that give a reason, else "". */
static int act_because(struct site *s, const char *path, const struct desk_person *p, const char *step,
                       const char *opinion)
{
	char uri[120];
	struct sm2_sig sig;
	AUTO_BUF(sig64, 256);
	AUTO_BUF(cert64, 16384);
	json_t *ask_text = json_object(), *in = json_object();
	(void)snprintf(uri, sizeof(uri), "%s/text", path);
	OK(json_put_str(ask_text, "step", span_str(step)));
	OK(json_put_str(ask_text, "opinion", span_str(opinion)));
	int status = browser_post_json(&s->b, uri, ask_text);
	if (status != 200) {
		json_decref(in);
		return status;
	}
	AUTO_JSON v = browser_json(&s->b);
	const char *text = json_str_or(v, "statement", "");
	OK(gm_sign(p->key, span_str(text), &sig));
	text_b64(&sig64, SPAN_ARR(sig.b));
	text_b64(&cert64, cert_der(p->cert));
	OK(json_put_str(in, "step", span_str(step)));
	OK(json_put_str(in, "statement", span_str(text)));
	OK(json_put_str(in, "signature", buf_span(&sig64)));
	OK(json_put_str(in, "cert", buf_span(&cert64)));
	(void)snprintf(uri, sizeof(uri), "%s/act", path);
	return browser_post_json(&s->b, uri, in);
}

static int act(struct site *s, const char *path, const struct desk_person *p, const char *step)
{
	return act_because(s, path, p, step, "");
}

static void birth(struct site *s, const char *path)
{
	char uri[120];
	struct born b;
	AUTO_BUF(csr64, 8192);
	AUTO_BUF(attest64, 512);
	json_t *in = json_object();
	office_birth(&s->o, strrchr(path, '/') + 1, &b);
	text_b64(&csr64, buf_span(&b.csr));
	text_b64(&attest64, buf_span(&b.attest));
	OK(json_put_str(in, "card", span_str(b.card)));
	OK(json_put_str(in, "key", span_str(b.key_hex)));
	OK(json_put_str(in, "csr", buf_span(&csr64)));
	OK(json_put_str(in, "attestation", buf_span(&attest64)));
	(void)snprintf(uri, sizeof(uri), "%s/born", path);
	assert_int_equal(browser_post_json(&s->b, uri, in), 200);
	office_birth_done(&b);
}

/* The story's first half, and the page of the case in each state as each officer sees it. */
static void test_case_story(void **state)
{
	struct site *s = *state;
	char path[80], uri[120];
	open_case(s, path);
	assert_int_equal(browser_get(&s->b, path), 200);
	assert_true(browser_says(&s->b, "data-state=\"draft\"") && browser_says(&s->b, "id=\"sign\"") &&
	            browser_says(&s->b, "430102********9914"));
	assert_false(browser_says(&s->b, "430102199003079914"));
	(void)snprintf(uri, sizeof(uri), "%s/edit", path);
	assert_int_equal(browser_get(&s->b, uri), 200);
	assert_true(browser_says(&s->b, "value=\"430102199003079914\""));
	assert_int_equal(act(s, path, &s->o.clerk, "approve"), 403); /* not his role */
	assert_string_equal(browser_error(&s->b), "C-013");
	assert_int_equal(act(s, path, &s->o.clerk, "accept"), 200);
	assert_int_equal(browser_get(&s->b, path), 200);
	assert_true(browser_says(&s->b, "data-state=\"accepted\"") && browser_says(&s->b, "id=\"due\"") &&
	            browser_says(&s->b, "id=\"step-due\""));
	assert_false(browser_says(&s->b, "id=\"sign\""));
	site_log_in_staff(s, &s->o.reviewer, ROLE_REVIEWER, "/review");
	assert_true(browser_says(&s->b, path));
	assert_int_equal(browser_get(&s->b, path), 200);
	assert_true(browser_says(&s->b, "id=\"sign\"") && browser_says(&s->b, "id=\"opinion\""));
	assert_int_equal(act(s, path, &s->o.reviewer, "approve"), 200);
	site_log_in_staff(s, &s->o.maker, ROLE_MAKER, "/desk");
	assert_int_equal(browser_get(&s->b, path), 200);
	assert_true(browser_says(&s->b, "id=\"make-born\""));
	birth(s, path);
	assert_int_equal(browser_get(&s->b, path), 200);
	assert_true(browser_says(&s->b, "data-state=\"making\"") && browser_says(&s->b, "id=\"sign\""));
	assert_int_equal(act(s, path, &s->o.maker, "make"), 503); /* the signer is away */
	assert_int_equal(browser_get(&s->b, path), 200);
	assert_true(browser_says(&s->b, "id=\"issue\""));
	(void)snprintf(uri, sizeof(uri), "%s/issue", path);
	assert_int_equal(browser_post_form(&s->b, uri, ""), 503);
	(void)snprintf(uri, sizeof(uri), "%s/slip", path);
	assert_int_equal(browser_get(&s->b, uri), 409);
	assert_int_equal(browser_get(&s->b, "/desk/cases/nosuch"), 404);
	assert_true(browser_says(&s->b, "C-024"));
	assert_int_equal(browser_get(&s->b, "/desk?state=making&page=1"), 200);
	assert_true(browser_says(&s->b, path));
	assert_int_equal(browser_get_json(&s->b, path), 200);
}

/* The promise of five working days is over after forty days, whatever holidays lie between; it is marked, not
 * forgotten. */
static void test_overdue(void **state)
{
	struct site *s = *state;
	char path[80];
	open_case(s, path);
	assert_int_equal(act(s, path, &s->o.clerk, "accept"), 200);
	assert_int_equal(browser_get(&s->b, "/desk"), 200);
	assert_false(browser_says(&s->b, "已超期"));
	office_move_clock(&s->o, 40 * DAY);
	site_log_in_staff(s, &s->o.reviewer, ROLE_REVIEWER, "/review");
	assert_true(browser_says(&s->b, path) && browser_says(&s->b, "已超期"));
	assert_int_equal(browser_get(&s->b, path), 200);
	assert_true(browser_says(&s->b, "id=\"late\"") && browser_says(&s->b, "id=\"sign\""));
	office_move_clock(&s->o, 0);
}

static void test_return(void **state)
{
	struct site *s = *state;
	char path[80];
	open_case(s, path);
	assert_int_equal(act(s, path, &s->o.clerk, "accept"), 200);
	assert_int_equal(act_because(s, path, &s->o.clerk, "return", "自己退回"), 403);
	site_log_in_staff(s, &s->o.reviewer, ROLE_REVIEWER, "/review");
	assert_int_equal(act(s, path, &s->o.reviewer, "return"), 422);
	assert_int_equal(act_because(s, path, &s->o.reviewer, "refuse", "不是受理员"), 403);
	assert_int_equal(act_because(s, path, &s->o.maker, "return", "别人的签名"), 403);
	assert_int_equal(act_because(s, path, &s->o.reviewer, "return", "<b>缺公章"), 200);
	assert_int_equal(act_because(s, path, &s->o.reviewer, "return", "再退一次"), 409);
	assert_int_equal(browser_get(&s->b, path), 200);
	assert_true(browser_says(&s->b, "&lt;b&gt;缺公章") && browser_says(&s->b, "退回补正"));
	site_log_in_staff(s, &s->o.clerk, ROLE_CLERK, "/desk");
	assert_int_equal(browser_get(&s->b, path), 200);
	assert_true(browser_says(&s->b, "id=\"edit\"") && browser_says(&s->b, "id=\"refuse\""));
	assert_int_equal(act_because(s, path, &s->o.clerk, "refuse", "材料不实"), 200);
	assert_int_equal(browser_get(&s->b, path), 200);
	assert_true(browser_says(&s->b, "不予受理"));
}

/* --- the log --- */

static void no_fault(const struct log_fault *f, void *ctx)
{
	(void)ctx;
	print_error("%s %s %s: %s\n", f->table, f->row, f->column, f->what);
}

static enum err log_is_whole(struct tx *tx, void *arg)
{
	const struct log_check c = {.bureau = arg, .fault = no_fault};
	struct log_sum sum;
	OK(log_check(tx, &c, &sum));
	assert_int_equal(sum.pending, 0);
	assert_int_equal(sum.entries, 4); /* unit, person, opened, accepted */
	assert_int_equal(sum.rows, 7);    /* unit, person, letter, the case, two events, one act */
	return ERR_OK;
}

static void unhex32(const char *hex, uint8_t ret[32])
{
	AUTO_BUF(b, 32);
	OK(text_unhex(span_str(hex), &b));
	memcpy(ret, b.ptr, 32);
}

static void proof_of(struct site *s, const char *uri, const char *leaf_key, struct tree_proof *p, uint8_t ret_leaf[32],
                     uint8_t ret_root[32])
{
	assert_int_equal(browser_get(&s->b, uri), 200);
	AUTO_JSON v = browser_json(&s->b);
	const json_t *hash, *list = json_object_get(v, "proof");
	size_t i;
	p->n = json_array_size(list);
	json_array_foreach(list, i, hash)
		unhex32(json_string_value(hash), p->hash[i]);
	unhex32(json_str_or(v, leaf_key, ""), ret_leaf);
	unhex32(json_str_or(v, "root", ""), ret_root);
}

static enum err append_fn(struct tx *tx, void *arg)
{
	return log_append(tx, arg);
}

static enum err no_signature(void *ctx, struct log_head *h, uint64_t from, const struct tree_proof *proof)
{
	(void)ctx, (void)h, (void)from, (void)proof;
	return ERR(UNAVAILABLE, "as ordered");
}

/* A fifth entry has its place, but no head is over it: of that place nothing is told, for it may be another tomorrow.
 */
static void under_the_last_head(struct site *s)
{
	static const struct {
		const char *query;
		int status;
	} rows[] = {
		{"?index=4", 404}, {"?index=4&size=5", 404}, {"?index=0&size=5", 404}, {"?from=1&to=5", 404},
		{"?from=5", 404},  {"?index=3", 200},        {"?from=4", 200},         {"?from=1&to=4", 200},
	};
	const struct log_what w = {.kind = "TEST", .subject = "1", .rule = "test", .time = clock_now(s->o.clock)};
	const struct log_service v = {.bureau = s->o.desk.bureau, .clock = s->o.clock, .sign = no_signature};
	struct log_done d;
	struct tree_proof p;
	uint8_t leaf[32], root[32];
	char uri[120];
	AUTO_LOG_ACT(a);
	OK(log_act_init(&a, s->o.desk.keys, &w));
	OK(store_write(s->o.store, append_fn, &a));
	assert_int_equal(log_sequence(s->o.store, &v, &d), ERR_UNAVAILABLE);
	assert_int_equal(d.entries, 1);
	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		(void)snprintf(uri, sizeof(uri), "/log/proof%s", rows[i].query);
		if (browser_get_json(&s->b, uri) != rows[i].status)
			fail_msg("%s", uri);
	}
	proof_of(s, "/log/proof?index=1", "leaf", &p, leaf, root);
	OK(tree_verify_inclusion(leaf, 1, 4, root, p.hash, p.n));
}

static void test_log(void **state)
{
	struct site *s = *state;
	static const struct {
		const char *query;
		int status;
		const char *code;
	} bad[] = {
		{"", 422, "F-005"},
		{"?index=0&from=1", 422, "F-005"},
		{"?index=x", 422, "F-006"},
		{"?index=-1", 422, "F-006"},
		{"?index=4", 404, "S-008"},
		{"?index=0&size=5", 404, "S-008"},
		{"?from=2&to=1", 404, "S-008"},
		{"?from=1&size=2", 422, "F-005"},
		{"?index=0&leaf=1", 400, "F-003"},
		{"?index=0&index=1", 400, "F-004"},
		{"?from=99999999999999999999", 422, NULL},
	};
	char path[80], uri[120];
	struct tree_proof p;
	uint8_t leaf[32], root[32], old[32];
	assert_int_equal(browser_get(&s->b, "/log/head"), 200);
	assert_true(browser_says(&s->b, "\"tree_size\":0"));
	open_case(s, path);
	assert_int_equal(act(s, path, &s->o.clerk, "accept"), 200);
	s->app.signer = NULL; /* no journal to take */
	OK(portal_log_turn(&s->app));
	s->app.signer = s->o.desk.signer;
	assert_int_equal(browser_get(&s->b, "/log/head"), 200);
	/* unit, person, case opened, case accepted */
	assert_true(browser_says(&s->b, "\"tree_size\":4") && browser_says(&s->b, "\"signed\":false") &&
	            browser_says(&s->b, "尚未由公证服务签名") && !browser_says(&s->b, "\"signature\""));
	proof_of(s, "/log/proof?index=1&size=4", "leaf", &p, leaf, root);
	OK(tree_verify_inclusion(leaf, 1, 4, root, p.hash, p.n));
	proof_of(s, "/log/proof?from=1", "from_root", &p, old, leaf);
	OK(tree_verify_consistency(1, old, 4, root, p.hash, p.n));
	assert_memory_equal(leaf, root, 32);
	for (size_t i = 0; i < COUNT_OF(bad); i++) {
		(void)snprintf(uri, sizeof(uri), "/log/proof%s", bad[i].query);
		assert_int_equal(browser_get_json(&s->b, uri), bad[i].status);
		if (bad[i].code != NULL && strcmp(browser_error(&s->b), bad[i].code) != 0)
			fail_msg("%s: %s", uri, browser_error(&s->b));
	}
	OK(store_read(s->o.store, log_is_whole, s->o.desk.bureau));
	under_the_last_head(s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		WITH_SITE(test_form_errors), WITH_SITE(test_folded),  WITH_SITE(test_documents),
		WITH_SITE(test_case_story),  WITH_SITE(test_overdue), WITH_SITE(test_return),
		WITH_SITE(test_log),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
