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

/* The case, when it is his to open, and he in the role that the step asks for. */
static enum err begin_step(struct web_req *rq, struct cert_case *ret_c, struct officer *ret_by)
{
	const struct web_session *s = web_session_of(rq);
	struct case_scope scope;
	const char *role;
	TRY(roster_scope(rq, &scope));
	TRY(case_open_here(rq, ret_c));
	TRY(case_role_for(&portal_of(rq)->desk, ret_c, web_value(rq, "step"), scope.roles, &role));
	*ret_by = (struct officer){s->person_id, s->holder, role, s->cert_serial};
	return ERR_OK;
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
	struct officer by;
	struct cert_case c;
	AUTO_BUF(text, STATEMENT_MAX);
	TRY(begin_step(rq, &c, &by));
	TRY(case_step_text(&portal_of(rq)->desk, c.no, web_value(rq, "step"), &by, web_value(rq, "opinion"), &text));
	return json_put_str(web_model(rq), "statement", buf_span(&text));
}

enum err page_case_act(struct web_req *rq)
{
	struct officer by;
	struct cert_case c;
	const struct desk *d = &portal_of(rq)->desk;
	AUTO_BUF(sig, SM2_SIG_LEN + 1);
	AUTO_BUF(cert, CERT_DER_MAX);
	TRY(begin_step(rq, &c, &by));
	TRY(text_unb64(span_str(web_value(rq, "signature")), &sig));
	TRY(text_unb64(span_str(web_value(rq, "cert")), &cert));
	const struct act_parts act = {span_str(web_value(rq, "statement")), buf_span(&sig), buf_span(&cert)};
	TRY(case_step_sign(d, c.no, web_value(rq, "step"), &by, &act));
	TRY(case_step_work(d, c.no, web_value(rq, "step")));
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
