/* What the pages' scripts and buttons post about a case: statements, acts, the born key, the parcel for the card. */
#include "server/portal/pages.h"
#include "base/text.h"
#include "evidence/statement.h"
#include "pki/attest.h"
#include "pki/csr.h"
#include "pki/envelope.h"
#include "server/cert/case_rules.h"
#include <string.h>

enum err officer_of(struct web_req *rq, unsigned role, const char *role_name, struct officer *ret_o)
{
	const struct web_session *s = web_session_of(rq);
	if (s == NULL || (s->roles & role) == 0)
		return ERR(ROLE, "step needs the role %s", role_name);
	*ret_o = (struct officer){s->person_id, s->holder, role_name, s->cert_serial};
	return ERR_OK;
}

/* Names and roles of the steps are the definition's; here only what the desk does for each. */
struct step {
	const char *name;
	enum err (*text)(const struct desk *d, const char *no, const struct officer *by, struct buf *ret_text);
	enum err (*act)(const struct desk *d, const char *no, const struct officer *by, const struct act_parts *act);
};
static const struct step steps[CASE_STEPS] = {
	{"accept", case_accept_text, case_accept},
	{"approve", case_approve_text, case_approve},
	{"make", case_make_text, case_make},
};

/* Those that have no step of their own in the definition: by the roles of the steps they belong to. */
struct way_back {
	const char *name;
	enum err (*text)(const struct desk *d, const char *no, const struct officer *by, const char *reason,
	                 struct buf *ret_text);
	enum err (*act)(const struct desk *d, const char *no, const struct officer *by, const struct act_parts *act);
};
static const struct way_back ways_back[] = {{"return", case_return_text, case_return},
                                            {"refuse", case_refuse_text, case_refuse}};

static const struct way_back *way_back_of(struct web_req *rq)
{
	for (size_t i = 0; i < COUNT_OF(ways_back); i++)
		if (strcmp(web_value(rq, "step"), ways_back[i].name) == 0)
			return &ways_back[i];
	return NULL;
}

static enum err back_officer(struct web_req *rq, const struct way_back *w, struct officer *ret_by)
{
	if (w->act == case_refuse)
		return officer_of(rq, ROLE_CLERK, "clerk", ret_by);
	bool reviewer = (web_session_of(rq)->roles & ROLE_REVIEWER) != 0;
	return officer_of(rq, reviewer ? ROLE_REVIEWER : ROLE_MAKER, reviewer ? "reviewer" : "maker", ret_by);
}

static enum err step_of(struct web_req *rq, const struct step **ret_step, struct officer *ret_by)
{
	const struct case_rules *r;
	TRY(case_rules_of(&portal_of(rq)->desk, &r));
	for (size_t i = 0; i < COUNT_OF(steps); i++) {
		if (strcmp(web_value(rq, "step"), steps[i].name) != 0)
			continue;
		const struct case_step_rule *rule = case_step_of(r, steps[i].name);
		if (rule == NULL)
			break;
		*ret_step = &steps[i];
		return officer_of(rq, role_bits(rule->role), rule->role, ret_by);
	}
	return ERR(FIELD_VALUE, "no such step");
}

static enum err next_is_case(struct web_req *rq)
{
	const char *path = arena_printf(web_arena(rq), "/desk/cases/%s", web_param(rq, "no"));
	if (path == NULL)
		return ERR(NOMEM, "path");
	return json_put_str(web_model(rq), "next", span_str(path));
}

enum err page_case_text(struct web_req *rq)
{
	const struct step *s;
	const struct way_back *w = way_back_of(rq);
	struct officer by;
	struct cert_case c;
	AUTO_BUF(text, STATEMENT_MAX);
	TRY(case_open_here(rq, &c));
	TRY(w != NULL ? back_officer(rq, w, &by) : step_of(rq, &s, &by));
	if (w != NULL)
		TRY(w->text(&portal_of(rq)->desk, web_param(rq, "no"), &by, web_value(rq, "opinion"), &text));
	else
		TRY(s->text(&portal_of(rq)->desk, web_param(rq, "no"), &by, &text));
	return json_put_str(web_model(rq), "statement", buf_span(&text));
}

enum err page_case_act(struct web_req *rq)
{
	const struct step *s = NULL;
	const struct way_back *w = way_back_of(rq);
	struct officer by;
	struct cert_case c;
	const struct desk *d = &portal_of(rq)->desk;
	AUTO_BUF(sig, SM2_SIG_LEN + 1);
	AUTO_BUF(cert, CERT_DER_MAX);
	TRY(case_open_here(rq, &c));
	TRY(w != NULL ? back_officer(rq, w, &by) : step_of(rq, &s, &by));
	TRY(text_unb64(span_str(web_value(rq, "signature")), &sig));
	TRY(text_unb64(span_str(web_value(rq, "cert")), &cert));
	const struct act_parts act = {span_str(web_value(rq, "statement")), buf_span(&sig), buf_span(&cert)};
	TRY((w != NULL ? w->act : s->act)(d, web_param(rq, "no"), &by, &act));
	if (w == NULL && s->act == case_make)
		TRY(case_issue(d, web_param(rq, "no")));
	return next_is_case(rq);
}

enum err page_case_born(struct web_req *rq)
{
	struct officer by;
	struct cert_case c;
	AUTO_BUF(csr, CSR_DER_MAX);
	AUTO_BUF(attest, ATTEST_LEN + 1);
	TRY(officer_of(rq, ROLE_MAKER, "maker", &by));
	TRY(case_open_here(rq, &c));
	TRY(text_unb64(span_str(web_value(rq, "csr")), &csr));
	TRY(text_unb64(span_str(web_value(rq, "attestation")), &attest));
	TRY(case_make_begin(&portal_of(rq)->desk, web_param(rq, "no"), &by, web_value(rq, "card"), web_value(rq, "key"),
	                    buf_span(&csr), buf_span(&attest)));
	return next_is_case(rq);
}

static enum err back_to_case(struct web_req *rq)
{
	const char *path = arena_printf(web_arena(rq), "/desk/cases/%s", web_param(rq, "no"));
	return path != NULL ? web_redirect(rq, path) : ERR(NOMEM, "path");
}

enum err page_case_issue(struct web_req *rq)
{
	struct officer by;
	struct cert_case c;
	TRY(officer_of(rq, ROLE_MAKER, "maker", &by));
	TRY(case_open_here(rq, &c));
	TRY(case_issue(&portal_of(rq)->desk, web_param(rq, "no")));
	return back_to_case(rq);
}

static enum err put_b64(struct web_req *rq, const char *key, const struct buf *bytes)
{
	AUTO_BUF(text, 2 * CERT_DER_MAX);
	text_b64(&text, buf_span(bytes));
	TRY(buf_err(&text));
	return json_put_str(web_model(rq), key, buf_span(&text));
}

enum err page_case_parcel(struct web_req *rq)
{
	struct officer by;
	struct cert_case c;
	struct issued i = {0};
	TRY(officer_of(rq, ROLE_MAKER, "maker", &by));
	TRY(case_open_here(rq, &c));
	TRY(case_parcel(&portal_of(rq)->desk, web_param(rq, "no"), &i));
	enum err e = put_b64(rq, "sign_cert", &i.sign_cert);
	if (e == ERR_OK)
		e = put_b64(rq, "enc_cert", &i.enc_cert);
	if (e == ERR_OK)
		e = put_b64(rq, "enveloped", &i.enveloped);
	issued_done(&i);
	return e;
}

enum err page_case_installed(struct web_req *rq)
{
	struct officer by;
	struct cert_case c;
	TRY(officer_of(rq, ROLE_MAKER, "maker", &by));
	TRY(case_open_here(rq, &c));
	TRY(case_installed(&portal_of(rq)->desk, web_param(rq, "no"), &by, web_value(rq, "cert_serial")));
	return next_is_case(rq);
}
