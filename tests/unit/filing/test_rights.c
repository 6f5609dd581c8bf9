/* Who sees a filing, in every state, by every address: drafts and unsent edits are the filer's alone, and whoever has
 * no part in a filing gets the answer of a number that does not exist, whatever its state. */
#include "pages_site.h"
#include "server/convert/convert.h"
#include "server/filing/attach.h"

#define NOWHERE "430100Q0220260101999"
#define SECRET  "未提交的修改"

static const char q02_with_attachment[] =
	"\"attachments\":[{\"name\":\"contract\",\"label\":\"合同\",\"label_en\":\"c\",\"required\":false,"
	"\"max_bytes\":1000,\"max_count\":5}],";

struct stage {
	const char *name;
	bool sent;   /* signed at least once */
	bool edited; /* since then: what is stored is not what was signed */
	char no[FILING_NO_MAX + 1];
	int64_t attach, fresh; /* signed; added since */
};
enum {
	DRAFT,
	SUBMITTED,
	ACCEPTED,
	REVIEW2,
	DONE,
	RETURNED,
	RETURNED_EDITED,
	WITHDRAWN_EDITED,
	REFUSED,
	VOID_UNSENT,
	VOID_SENT,
	STAGES
};

static struct stage stages[STAGES];

static void with_attachments(struct site *s, struct services **ret_services)
{
	static const char mark[] = "\"promise_days\":10,";
	AUTO_BUF(text, 1 << 16);
	const char *cut = strstr(test_q02, mark);
	buf_printf(&text, "%.*s%s%s", (int)(cut - test_q02), test_q02, q02_with_attachment, cut);
	OK(services_parse("Q02.json", buf_span(&text), &test_registry, ret_services));
	s->w.d.services = *ret_services;
}

static int64_t add_file(struct site *s, const char *no, const char *name, const char *octets)
{
	struct rendering drawn = {.head = {MEDIA_PNG, 1, 1, 1}, .n = 1, .bytes = buf_make(64)};
	int64_t version = world_get(&s->w, no).version, id = 0;
	struct filing f;
	buf_str(&drawn.bytes, octets);
	drawn.v[0].number = 1, drawn.v[0].len = drawn.bytes.len;
	OK(attach_add(&s->w.d, no, version, &s->w.operator.who,
	              &(struct attach_new){"contract", name, span_str(octets), &drawn}, &version));
	rendering_done(&drawn);
	OK(filing_get(&s->w.d, no, &s->w.operator.who, &f));
	for (int64_t i = 1; i < 100; i++) {
		struct attachment a;
		if (attach_get(&s->w.d, &f, i, &a) == ERR_OK)
			id = i;
		err_clear();
	}
	return id;
}

static void edit(struct site *s, struct stage *t)
{
	int64_t version = world_get(&s->w, t->no).version;
	AUTO_JSON form = json_pack("{s:s, s:s}", "period", "203009", "note", SECRET);
	OK(filing_draft_save(&s->w.d, t->no, version, &s->w.operator.who, form, &version));
	world_rows(&s->w, t->no, 5);
	t->fresh = add_file(s, t->no, SECRET ".png", t->no);
	t->edited = true;
}

static void make(struct site *s, enum err (*act)(struct world *, const char *, const struct member *), struct stage *t,
                 const struct member *m)
{
	OK(act(&s->w, t->no, m));
}

static enum err accept_it(struct world *w, const char *no, const struct member *m)
{
	return world_bulk(w, FACT_ACCEPT, no, m);
}

static enum err approve_it(struct world *w, const char *no, const struct member *m)
{
	return world_bulk(w, FACT_APPROVE, no, m);
}

static void stage(struct site *s, int i)
{
	static const char *const names[STAGES] = {
		"draft",   "submitted",        "accepted",         "review2",
		"done",    "returned",         "returned, edited", "withdrawn, edited",
		"refused", "void, never sent", "void, once sent"};
	struct stage *t = &stages[i];
	char octets[8];
	*t = (struct stage){.name = names[i], .sent = i != DRAFT && i != VOID_UNSENT};
	(void)snprintf(octets, sizeof(octets), "f%d", i);
	world_draft(&s->w, "Q02", 2, t->no);
	t->attach = add_file(s, t->no, "合同.png", octets);
	if (t->sent)
		make(s, world_submit, t, &s->w.operator);
	if (i == ACCEPTED || i == REVIEW2 || i == DONE || i == RETURNED || i == RETURNED_EDITED || i == VOID_SENT)
		make(s, accept_it, t, &s->w.reviewer);
	if (i == RETURNED || i == RETURNED_EDITED || i == VOID_SENT)
		make(s, world_return, t, &s->w.reviewer);
	if (i == REVIEW2 || i == DONE)
		make(s, approve_it, t, &s->w.reviewer);
	if (i == DONE)
		make(s, approve_it, t, &s->w.reviewer2);
	if (i == WITHDRAWN_EDITED)
		make(s, world_withdraw, t, &s->w.operator);
	if (i == REFUSED)
		make(s, world_refuse, t, &s->w.reviewer);
	if (i == RETURNED_EDITED || i == WITHDRAWN_EDITED)
		edit(s, t);
}

static void all_stages(struct site *s)
{
	size_t done = 0;
	stage(s, VOID_UNSENT);
	stage(s, VOID_SENT);
	office_move_clock(&s->w.o, 200 * DAY);
	OK(filing_tick(&s->w.d, &done));
	assert_int_equal(done, 2);
	office_move_clock(&s->w.o, 0);
	for (int i = 0; i < STAGES; i++)
		if (i != VOID_UNSENT && i != VOID_SENT)
			stage(s, i);
}

/* --- addresses --- */

static const char *const his[] = {"",
                                  "/form",
                                  "/upload",
                                  "/check",
                                  "/sheet",
                                  "/progress",
                                  "/faults.csv",
                                  "/receipt",
                                  "/documents/result",
                                  "/attachments/@",
                                  "/attachments/@/preview/1",
                                  "/attachments/@/preview/0",
                                  NULL};
static const char *const of_review[] = {
	"", "/receipt", "/attachments/@", "/attachments/@/preview/1", "/attachments/@/preview/0", NULL};

static void address(char uri[200], const char *base, const char *no, const char *tail, int64_t attach)
{
	const char *at = strchr(tail, '@');
	if (at == NULL)
		(void)snprintf(uri, 200, "%s/%s%s", base, no, tail);
	else
		(void)snprintf(uri, 200, "%s/%s%.*s%lld%s", base, no, (int)(at - tail), tail, (long long)attach,
		               at + 1);
}

/* The same answer as for a number that nobody has: status and code, page and JSON. */
static void not_there(struct site *s, const char *who, const char *base, const char *const *tails,
                      const struct stage *t)
{
	char uri[200];
	for (size_t i = 0; tails[i] != NULL; i++) {
		address(uri, base, t->no, tails[i], t->attach);
		int page = browser_get(&s->b, uri), status = browser_get_json(&s->b, uri);
		if (page != 404 || status != 404 || strcmp(browser_error(&s->b), "F-021") != 0)
			fail_msg("%s, %s, %s: %d, %d", who, t->name, uri, page, status);
		address(uri, base, NOWHERE, tails[i], t->attach);
		assert_int_equal(browser_get_json(&s->b, uri), 404);
		assert_string_equal(browser_error(&s->b), "F-021");
	}
}

static void test_strangers(void **state)
{
	struct site *s = *state;
	AUTO(services) services = NULL;
	const struct member *const nobody[] = {&s->w.stranger};
	with_attachments(s, &services);
	all_stages(s);
	for (size_t k = 0; k < COUNT_OF(nobody); k++)
		for (int i = 0; i < STAGES; i++) {
			log_in(s, nobody[k], "/filings");
			not_there(s, "stranger", "/filings", his, &stages[i]);
		}
	for (int i = 0; i < STAGES; i++) {
		log_in(s, &s->w.far, "/review/filings");
		not_there(s, "another district's reviewer", "/review/filings", of_review, &stages[i]);
	}
	/* Roles without any part in filings: the same whether it is there or not. */
	static const unsigned none = 403;
	const struct member *const others[] = {&s->w.clerk, &s->w.operator};
	for (size_t k = 0; k < COUNT_OF(others); k++)
		for (int i = 0; i < STAGES; i++) {
			char uri[200];
			pages_session(s, others[k]);
			address(uri, "/review/filings", stages[i].no, "", 0);
			assert_int_equal(browser_get_json(&s->b, uri), none);
			address(uri, "/review/filings", NOWHERE, "", 0);
			assert_int_equal(browser_get_json(&s->b, uri), none);
		}
}

/* What was signed, and no word of what came after. */
static void sees_only_what_was_sent(struct site *s, const struct stage *t)
{
	char uri[200];
	address(uri, "/review/filings", t->no, "", 0);
	if (browser_get(&s->b, uri) != 200)
		fail_msg("%s: %s", t->name, browser_body(&s->b));
	if (browser_says(&s->b, SECRET) || browser_says(&s->b, "203009") || !browser_says(&s->b, "加急") ||
	    !browser_says(&s->b, "测试职工AB") || browser_says(&s->b, "测试职工AC") || !browser_says(&s->b, "合同.png"))
		fail_msg("%s: %s", t->name, browser_body(&s->b));
	assert_int_equal(browser_get_json(&s->b, uri), 200);
	AUTO_JSON v = browser_json(&s->b);
	assert_int_equal(json_int_or(v, "rows", 0), 2);
	assert_int_equal(json_array_size(json_object_get(v, "people")), 2);
	for (size_t i = 2; i < 4; i++) { /* the drawing has no whole picture */
		address(uri, "/review/filings", t->no, of_review[i], t->attach);
		assert_int_equal(browser_get(&s->b, uri), 200);
		if (t->fresh == 0)
			continue;
		address(uri, "/review/filings", t->no, of_review[i], t->fresh);
		if (browser_get(&s->b, uri) != 404)
			fail_msg("%s: %s", t->name, uri);
	}
}

static void test_reviewers(void **state)
{
	struct site *s = *state;
	AUTO(services) services = NULL;
	with_attachments(s, &services);
	all_stages(s);
	log_in(s, &s->w.reviewer, "/review/filings");
	assert_false(browser_says(&s->b, stages[DRAFT].no) || browser_says(&s->b, stages[RETURNED_EDITED].no));
	assert_true(browser_says(&s->b, stages[SUBMITTED].no));
	for (int i = 0; i < STAGES; i++) {
		log_in(s, &s->w.reviewer, "/review/filings");
		if (stages[i].sent)
			sees_only_what_was_sent(s, &stages[i]);
		else
			not_there(s, "reviewer", "/review/filings", of_review, &stages[i]);
	}
	/* The filer sees what he is writing. */
	char uri[200];
	log_in(s, &s->w.operator, "/filings");
	address(uri, "/filings", stages[RETURNED_EDITED].no, "", 0);
	assert_int_equal(browser_get(&s->b, uri), 200);
	assert_true(browser_says(&s->b, SECRET) && browser_says(&s->b, "测试职工AE"));
}

/* --- acts: may you, then which state --- */

static void refused(struct site *s, const char *who, const struct stage *t, const char *uri, json_t *take, int status,
                    const char *code)
{
	const char *step = json_str_or(take, "step", "");
	char what[40];
	(void)snprintf(what, sizeof(what), "%s", step);
	json_decref(post_json(s, uri, take));
	if (s->b.status != status || strcmp(browser_error(&s->b), code) != 0)
		fail_msg("%s, %s, %s: %s", who, t->name, what, browser_body(&s->b));
}

static void test_acts(void **state)
{
	struct site *s = *state;
	static const char *const steps[] = {"accept", "approve", "return", "refuse"};
	AUTO(services) services = NULL;
	char uri[200], form[100];
	with_attachments(s, &services);
	all_stages(s);
	for (int i = 0; i < STAGES; i++) {
		const struct stage *t = &stages[i];
		log_in(s, &s->w.stranger, "/filings");
		address(uri, "/filings", t->no, "/text", 0);
		refused(s, "stranger", t, uri, json_pack("{s:s}", "step", "submit"), 404, "F-021");
		refused(s, "stranger", t, uri, json_pack("{s:s, s:s}", "step", "withdraw", "reason", "x"), 404,
		        "F-021");
		(void)snprintf(form, sizeof(form), "version=%d", 1);
		static const char *const posts[] = {"/drop", "/correct", "/attachments/1/remove"};
		for (size_t k = 0; k < COUNT_OF(posts); k++) {
			address(uri, "/filings", t->no, posts[k], 0);
			if (browser_post_form(&s->b, uri, k == 1 ? "" : form) != 404)
				fail_msg("stranger, %s, %s: %d", t->name, posts[k], s->b.status);
		}
		for (size_t k = 0; k < COUNT_OF(steps); k++) {
			log_in(s, &s->w.far, "/review/filings");
			json_t *ask = json_pack("{s:s, s:s, s:s, s:s}", "step", steps[k], "no", t->no, "reason", "x",
			                        "defects", "y");
			refused(s, "another district's reviewer", t, "/review/filings/text", ask, 404, "F-021");
		}
		log_in(s, &s->w.reviewer, "/review/filings");
		for (size_t k = 0; k < COUNT_OF(steps) && !t->sent; k++) {
			json_t *ask = json_pack("{s:s, s:s, s:s, s:s}", "step", steps[k], "no", t->no, "reason", "x",
			                        "defects", "y");
			refused(s, "reviewer", t, "/review/filings/text", ask, 404, "F-021");
		}
	}
	/* He who filed it never decides it, whatever its state. */
	struct member both = s->w.reviewer;
	both.who.person_id = s->w.operator.who.person_id;
	for (int i = 0; i < STAGES; i++) {
		struct filing f;
		if (!stages[i].sent)
			continue;
		OK(filing_get(&s->w.d, stages[i].no, &s->w.operator.who, &f));
		assert_int_equal(filing_may(&s->w.d, &f, FACT_APPROVE, &both.who), ERR_SAME_PERSON);
		assert_int_equal(filing_may(&s->w.d, &f, FACT_ACCEPT, &s->w.clerk.who), ERR_ROLE);
		assert_int_equal(filing_may(&s->w.d, &f, FACT_SUBMIT, &s->w.stranger.who), ERR_FILING_ABSENT);
		err_clear();
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {WITH_PAGES(test_strangers), WITH_PAGES(test_reviewers),
	                                   WITH_PAGES(test_acts)};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
