#include "site.h"
#include "evidence/statement.h"

/* --- the site --- */

/* Officers of the office and their colleagues next door (same districts), and those of another district. */
static enum err roster(void *ctx, struct buf *out)
{
	const struct site *s = ctx;
	AUTO(statement) st = NULL;
	static const char hex[] = "00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff";
	const struct statement_kv kv[] = {{"bureau", s->o.desk.bureau},
	                                  {"nonce", hex},
	                                  {"time", "2026-11-22T03:04:05Z"},
	                                  {"number", "1"},
	                                  {"previous", "-"},
	                                  {"entry", "P000003 clerk 430104"},
	                                  {"entry", "P000004 reviewer 430100"},
	                                  {"entry", "P000005 maker 430104"},
	                                  {"entry", "P000013 clerk,reviewer 430104"},
	                                  {"entry", "P000014 reviewer 430104"},
	                                  {"entry", "P000015 maker 430104"},
	                                  {"entry", "P000023 clerk 430102"},
	                                  {"entry", "P000024 reviewer 430102"},
	                                  {"entry", "P000025 maker 430102"}};
	TRY(statement_build("ROSTER", kv, COUNT_OF(kv), &st));
	buf_put(out, statement_text(st));
	return buf_err(out);
}

static enum err common(struct web_req *rq, json_t *model)
{
	return page_common(rq, model);
}

static void trust_of(struct site *s)
{
	struct cert *root = NULL, *ca = NULL;
	AUTO(crl) crl = NULL;
	int64_t now = clock_now(s->o.clock);
	OK(cert_parse(cert_der(s->o.root), &root));
	OK(cert_parse(cert_der(s->o.ca), &ca));
	OK(trust_new(root, ca, s->o.desk.bureau, now, &s->app.trust));
	OK(crl_build(s->o.ca, s->o.ca_key, 1, now - 60, now + 7 * DAY, NULL, 0, &crl));
	OK(trust_set_crl(s->app.trust, crl_der(crl)));
}

int site_setup(void **state)
{
	static struct site s;
	memset(&s, 0, sizeof(s));
	s.b.web = &s.web;
	office_open(&s.o);
	office_unit(&s.o);
	buf_init(&s.b.answer, 8 << 20);
	OK(signer_client_new("/nonexistent/signer.sock", &s.app.signer));
	s.o.desk.signer = s.app.signer;
	s.app.desk = s.o.desk;
	s.app.roster = roster;
	s.app.roster_ctx = &s;
	s.app.origin = ORIGIN;
	s.app.agent_origin = "http://127.0.0.1:8610";
	s.app.bureau_name = "长沙市人力资源和社会保障局(测试)";
	s.app.idle_sec = 1800;
	trust_of(&s);
	OK(model_tables_load(SHARE_DIR "/tables", &s.app.tables));
	OK(views_load(SHARE_DIR "/templates", &s.views));
	OK(sessions_new(s.o.store, s.o.clock, 1800, 43200, &s.app.sessions));
	s.web = (struct web_config){.origin = ORIGIN,
	                            .agent_origin = s.app.agent_origin,
	                            .answer_max = LIMIT_RECEIPT,
	                            .bureau_name = s.app.bureau_name,
	                            .workers = 1,
	                            .routes = portal_routes,
	                            .common = common,
	                            .sessions = s.app.sessions,
	                            .views = s.views,
	                            .app = &s.app,
	                            .clock = s.o.clock};
	*state = &s;
	return 0;
}

int site_teardown(void **state)
{
	struct site *s = *state;
	sessions_free(s->app.sessions);
	views_free(s->views);
	json_decref(s->app.tables);
	trust_free(s->app.trust);
	signer_client_free(s->app.signer);
	buf_done(&s->b.answer);
	office_close(&s->o);
	return 0;
}

/* --- logging in as a page would --- */

int site_answer_login(struct site *s, const struct desk_person *p, const char *uri, const char *more_key,
                      const char *more)
{
	AUTO(statement) st = NULL;
	AUTO_BUF(time, 32);
	AUTO_BUF(sig64, 256);
	AUTO_BUF(cert64, 16384);
	struct sm2_sig sig;
	json_t *in = json_object();
	assert_int_equal(browser_post_json(&s->b, "/login/challenge", json_object()), 200);
	AUTO_JSON challenge = browser_json(&s->b);
	text_time(&time, clock_now(s->o.clock));
	const struct statement_kv kv[] = {{"bureau", json_str_or(challenge, "bureau", "")},
	                                  {"nonce", json_str_or(challenge, "nonce", "")},
	                                  {"time", buf_cstr(&time)},
	                                  {"origin", ORIGIN}};
	OK(statement_build("LOGIN", kv, COUNT_OF(kv), &st));
	OK(gm_sign(p->key, statement_text(st), &sig));
	text_b64(&sig64, SPAN_ARR(sig.b));
	text_b64(&cert64, cert_der(p->cert));
	OK(json_put_str(in, "statement", statement_text(st)));
	OK(json_put_str(in, "signature", buf_span(&sig64)));
	OK(json_put_str(in, "cert", buf_span(&cert64)));
	if (more_key != NULL)
		OK(json_put_str(in, more_key, span_str(more)));
	return browser_post_json(&s->b, uri, in);
}

void site_take_csrf(struct site *s)
{
	AUTO_JSON v = browser_json(&s->b);
	(void)snprintf(s->b.csrf, sizeof(s->b.csrf), "%s", json_str_or(v, "csrf", ""));
}

/* Staff need the roster, which needs a signer: the test makes the session that the login would make. */
struct as {
	const struct desk_person *p;
	unsigned roles;
};
static struct as next_staff;

static enum err open_session(struct web_req *rq)
{
	struct web_session w = {.roles = next_staff.roles};
	(void)snprintf(w.subject, sizeof(w.subject), "%s", next_staff.p->id);
	(void)snprintf(w.person_id, sizeof(w.person_id), "%s", next_staff.p->id);
	(void)snprintf(w.holder, sizeof(w.holder), "%s", next_staff.p->name);
	(void)snprintf(w.cert_serial, sizeof(w.cert_serial), "%s", cert_serial(next_staff.p->cert));
	TRY(session_start(portal_of(rq)->sessions, rq, &w));
	return web_bytes(rq, "text/plain; charset=utf-8", SPAN_LIT("in\n"));
}

void site_log_in_staff(struct site *s, const struct desk_person *p, unsigned roles, const char *home)
{
	site_session(s, p, roles);
	assert_int_equal(browser_get(&s->b, home), 200);
}

void site_session(struct site *s, const struct desk_person *p, unsigned roles)
{
	static const struct web_route door[] = {{"GET", "/door", WEB_PUBLIC, WEB_FORM, NULL, open_session, NULL},
	                                        {NULL}};
	next_staff = (struct as){p, roles};
	s->b.session[0] = 0;
	s->web.routes = door;
	assert_int_equal(browser_ask(&s->b, "GET", "/door", "", "", "text/html"), 200);
	s->web.routes = portal_routes;
}

void site_holder(struct site *s, struct desk_person *p)
{
	int64_t now = clock_now(s->o.clock);
	char no[PERSON_NO_LEN + 1], subject[32];
	OK(person_ensure(&s->o.desk, "测试经办人甲", "430102199003079914", "13000000001", no));
	(void)snprintf(subject, sizeof(subject), "10000016-%s", no);
	*p = (struct desk_person){.name = "测试经办人甲"};
	OK(sm2_key_new(&p->key));
	p->cert = office_cert(&s->o, "unit-sign", sm2_key_pub(p->key), "长沙测试一号科技有限公司", "91430100MAYYYY016Y",
	                      "测试经办人甲", subject, now - 60, now + 100 * DAY);
	struct account a = {.kind = "unit", .unit_no = "10000016", .holder = "测试经办人甲"};
	(void)snprintf(a.subject, sizeof(a.subject), "%s", subject);
	(void)snprintf(a.person_no, sizeof(a.person_no), "%s", no);
	OK(account_put(&s->o.desk, &a));
}

void site_holder_done(struct desk_person *p)
{
	cert_free(p->cert);
	sm2_key_free(p->key);
}
