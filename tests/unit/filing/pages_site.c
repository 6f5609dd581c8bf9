#include "pages_site.h"
#include "web/session.h"

json_t *post_json(struct site *s, const char *uri, json_t *take)
{
	(void)browser_post_json(&s->b, uri, take);
	return browser_json(&s->b);
}

/* --- the site --- */

static enum err roster(void *ctx, struct buf *out)
{
	struct site *s = ctx;
	AUTO(statement) st = NULL;
	static const char hex[] = "00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff";
	const struct statement_kv kv[] = {{"bureau", s->w.o.desk.bureau},
	                                  {"nonce", hex},
	                                  {"time", "2026-11-22T03:04:05Z"},
	                                  {"number", "1"},
	                                  {"previous", "-"},
	                                  {"entry", "P000003 clerk 430100"},
	                                  {"entry", "P000004 clerk,reviewer 430100"},
	                                  {"entry", "P000024 reviewer 430102"}};
	TRY(statement_build("ROSTER", kv, COUNT_OF(kv), &st));
	buf_put(out, statement_text(st));
	return buf_err(out);
}

int pages_setup(void **state)
{
	static struct site s;
	memset(&s, 0, sizeof(s));
	s.b.web = &s.web;
	world_open(&s.w);
	buf_init(&s.b.answer, LIMIT_RECEIPT);
	s.app.desk = s.w.o.desk;
	s.app.filing = &s.w.d;
	s.app.roster = roster;
	s.app.roster_ctx = &s;
	s.app.origin = ORIGIN;
	s.app.agent_origin = "http://127.0.0.1:8610";
	s.app.bureau_name = "测试机构";
	s.app.idle_sec = 1800;
	OK(model_tables_load(SHARE_DIR "/tables", &s.app.tables));
	OK(views_load(SHARE_DIR "/templates", &s.views));
	OK(sessions_new(s.w.o.store, s.w.o.clock, 1800, 43200, &s.app.sessions));
	s.web = (struct web_config){.origin = ORIGIN,
	                            .agent_origin = s.app.agent_origin,
	                            .answer_max = LIMIT_RECEIPT,
	                            .bureau_name = s.app.bureau_name,
	                            .workers = 1,
	                            .routes = portal_routes,
	                            .common = page_common,
	                            .sessions = s.app.sessions,
	                            .views = s.views,
	                            .app = &s.app,
	                            .clock = s.w.o.clock};
	*state = &s;
	return 0;
}

int pages_teardown(void **state)
{
	struct site *s = *state;
	sessions_free(s->app.sessions);
	views_free(s->views);
	json_decref(s->app.tables);
	buf_done(&s->b.answer);
	world_close(&s->w);
	return 0;
}

static const struct member *next_member;

static enum err open_session(struct web_req *rq)
{
	const struct filing_who *w = &next_member->who;
	struct web_session in = {.roles = role_bits(w->role)};
	(void)snprintf(in.subject, sizeof(in.subject), "%s", w->person_id);
	(void)snprintf(in.person_id, sizeof(in.person_id), "%s", w->person_id);
	(void)snprintf(in.unit_no, sizeof(in.unit_no), "%s", w->unit_no);
	(void)snprintf(in.holder, sizeof(in.holder), "%s", w->name);
	(void)snprintf(in.cert_serial, sizeof(in.cert_serial), "%s", w->cert_serial);
	TRY(session_start(portal_of(rq)->sessions, rq, &in));
	return web_bytes(rq, "text/plain; charset=utf-8", SPAN_LIT("in\n"));
}

void pages_session(struct site *s, const struct member *m)
{
	static const struct web_route door[] = {{"GET", "/door", WEB_PUBLIC, WEB_FORM, NULL, open_session, NULL},
	                                        {NULL}};
	next_member = m;
	s->b.session[0] = 0;
	s->web.routes = door;
	assert_int_equal(browser_ask(&s->b, "GET", "/door", "", "", "text/html"), 200);
	s->web.routes = portal_routes;
}

void log_in(struct site *s, const struct member *m, const char *page)
{
	pages_session(s, m);
	assert_int_equal(browser_get(&s->b, page), 200);
}

/* Asks for the text, signs, brings it back; the answer. */
json_t *bring(struct site *s, const struct member *m, const char *base, json_t *step)
{
	char uri[200];
	struct sm2_sig sig;
	AUTO_BUF(sig64, 256);
	AUTO_BUF(cert64, 16384);
	const char *name = json_str_or(step, "step", "");
	AUTO_JSON act = json_pack("{s:s}", "step", name);
	(void)snprintf(uri, sizeof(uri), "%s/text", base);
	AUTO_JSON text = post_json(s, uri, step);
	const char *statement = json_str_or(text, "statement", "");
	if (s->b.status != 200)
		fail_msg("%s: %s", uri, browser_body(&s->b));
	OK(gm_sign(m->key, span_str(statement), &sig));
	text_b64(&sig64, SPAN_ARR(sig.b));
	text_b64(&cert64, cert_der(m->cert));
	OK(json_put_str(act, "statement", span_str(statement)));
	OK(json_put_str(act, "signature", buf_span(&sig64)));
	OK(json_put_str(act, "cert", buf_span(&cert64)));
	(void)snprintf(uri, sizeof(uri), "%s/act", base);
	return post_json(s, uri, json_incref(act));
}

/* The page to go to. */
void sign(struct site *s, const struct member *m, const char *base, json_t *step, char next[200])
{
	AUTO_JSON done = bring(s, m, base, step);
	if (s->b.status != 200)
		fail_msg("%s: %s", base, browser_body(&s->b));
	(void)snprintf(next, 200, "%s", json_str_or(done, "next", ""));
}
