/* /login and what belongs to it: challenge, answer, password, reset, logout, lock; and the table of messages. */
#include "server/portal/login.h"
#include "server/portal/pages.h"
#include "base/text.h"
#include "evidence/act.h"
#include <string.h>

static enum err roster_now(void *ctx, struct buf *out)
{
	return signer_roster_text(ctx, out);
}

static struct login_env env_of(struct web_req *rq)
{
	const struct portal *p = portal_of(rq);
	return (struct login_env){&p->desk, p->trust, p->origin, roster_now, p->signer};
}

/* --- pages --- */

/* Sent here from a page with the cookie of a session that is no more: says so, or the person wonders what he did wrong.
 */
static void put_ended(struct web_req *rq, struct mo *m, bool sent_here)
{
	if (!sent_here || web_session_of(rq) != NULL || web_cookie(rq, SESSION_COOKIE)[0] == 0) {
		mo_bool(m, "ended", false);
		return;
	}
	struct mo e = mo_sub(m, "ended");
	mo_str(&e, "code", err_code(ERR_L_IDLE));
	mo_str(&e, "text", err_zh(ERR_L_IDLE));
	mo_str(&e, "remedy", err_remedy(ERR_L_IDLE));
}

enum err page_login(struct web_req *rq)
{
	struct mo m = mo_of(web_model(rq));
	const char *next = web_value(rq, "next");
	put_ended(rq, &m, next[0] != 0);
	mo_str(&m, "title", "证书登录");
	mo_str(&m, "next", web_is_own_path(next) && strncmp(next, "/login", 6) != 0 ? next : "");
	return mo_err(&m);
}

/* Codes that the page's script tells by itself: text and remedy from the one table. */
enum err page_login_messages(struct web_req *rq)
{
	struct mo top = mo_of(web_model(rq));
	struct mo list = mo_sub(&top, "messages");
	for (int e = 1; e < ERR_COUNT; e++) {
		const char *code = err_code((enum err)e);
		if (strchr("LKC", code[0]) == NULL)
			continue;
		struct mo m = mo_sub(&list, code);
		mo_str(&m, "text", err_zh((enum err)e));
		mo_str(&m, "remedy", err_remedy((enum err)e));
		TRY(mo_err(&m));
	}
	return mo_err(&list);
}

/* --- challenge and answer --- */

enum err page_challenge(struct web_req *rq)
{
	const struct portal *p = portal_of(rq);
	char nonce[65];
	struct mo m = mo_of(web_model(rq));
	TRY(session_nonce_new(p->sessions, rq, nonce));
	mo_str(&m, "bureau", p->desk.bureau);
	mo_str(&m, "nonce", nonce);
	mo_str(&m, "origin", p->origin);
	mo_int(&m, "time", clock_now(p->desk.clock));
	return mo_err(&m);
}

/* Uses the nonce up first, whatever comes of the rest. */
static enum err answer_check(struct web_req *rq, struct login_who *ret_who)
{
	struct login_env env = env_of(rq);
	char nonce[65];
	AUTO_BUF(sig, SM2_SIG_LEN + 1);
	AUTO_BUF(cert, CERT_DER_MAX);
	struct span statement = span_str(web_value(rq, "statement"));
	TRY(login_nonce_of(statement, nonce));
	TRY(session_nonce_take(portal_of(rq)->sessions, rq, nonce));
	TRY(text_unb64(span_str(web_value(rq, "signature")), &sig));
	TRY(text_unb64(span_str(web_value(rq, "cert")), &cert));
	struct act_parts in = {statement, buf_span(&sig), buf_span(&cert)};
	TRY(login_check(&env, &in, ret_who));
	return login_log(&env, &in, ret_who);
}

static enum err answer_next(struct web_req *rq, const char *next)
{
	struct mo m = mo_of(web_model(rq));
	const char *csrf = "";
	TRY(web_csrf(rq, &csrf));
	mo_str(&m, "next", next);
	mo_str(&m, "csrf", csrf);
	return mo_err(&m);
}

static enum err enter(struct web_req *rq, const struct login_who *w)
{
	struct web_session s = w->session;
	if (w->has_password)
		s.roles = WEB_HALF_LOGIN;
	TRY(session_start(portal_of(rq)->sessions, rq, &s));
	return answer_next(rq, w->has_password ? "/login/password" : role_home(s.roles));
}

/* A locked page names the certificate that it waits for: no other may go on in its place. */
enum err page_answer(struct web_req *rq)
{
	struct login_who w;
	const char *resume = web_value(rq, "resume");
	const struct web_session *s = web_session_of(rq);
	TRY(answer_check(rq, &w));
	if (resume[0] != 0 && strcmp(resume, w.session.cert_serial) != 0)
		return ERR(L_OTHER_KEY, "resumed with another certificate");
	bool same = s != NULL && strcmp(s->cert_serial, w.session.cert_serial) == 0;
	if (resume[0] != 0 && same) {
		TRY(session_unlock(portal_of(rq)->sessions, rq));
		return answer_next(rq, (s->roles & WEB_HALF_LOGIN) != 0 ? "/login/password" : role_home(s->roles));
	}
	return enter(rq, &w);
}

/* --- password --- */

enum err page_password(struct web_req *rq)
{
	struct mo m = mo_of(web_model(rq));
	mo_str(&m, "title", "输入登录密码");
	mo_str(&m, "holder", web_session_of(rq)->holder);
	return mo_err(&m);
}

static enum err become_whole(struct web_req *rq, const struct web_session *half, const char **ret_next)
{
	struct web_session s = *half;
	struct account a;
	TRY(account_get(&portal_of(rq)->desk, s.subject, &a));
	if (a.frozen)
		return ERR(L_FROZEN, "account is frozen");
	s.roles = login_roles_of_kind(a.kind);
	TRY(session_start(portal_of(rq)->sessions, rq, &s));
	*ret_next = role_home(s.roles);
	return ERR_OK;
}

enum err page_password_post(struct web_req *rq)
{
	const struct web_session half = *web_session_of(rq);
	const char *next = "/";
	TRY(page_password(rq));
	if (web_field_errors(rq))
		return ERR_OK;
	enum err e = account_check_password(&portal_of(rq)->desk, half.subject, web_value(rq, "password"));
	if (e == ERR_L_PASSWORD) {
		err_clear();
		web_field_error(rq, "password", ERR_L_PASSWORD, NULL);
		return ERR_OK;
	}
	TRY(e);
	TRY(become_whole(rq, &half, &next));
	return web_redirect(rq, next);
}

enum err page_reset(struct web_req *rq)
{
	return model_title(rq, "重新设置登录密码");
}

/* L-106: a fresh signature stands for the forgotten password; the account must have one. */
enum err page_reset_post(struct web_req *rq)
{
	struct login_who w;
	const struct desk *d = &portal_of(rq)->desk;
	TRY(answer_check(rq, &w));
	if (!w.has_password)
		return ERR(STATE, "account has no login password");
	TRY(account_set_password(d, w.session.subject, web_value(rq, "password")));
	TRY(session_start(portal_of(rq)->sessions, rq, &w.session));
	return answer_next(rq, role_home(w.session.roles));
}

/* --- leaving, locking --- */

enum err page_logout(struct web_req *rq)
{
	TRY(session_end(portal_of(rq)->sessions, rq));
	return web_redirect(rq, "/");
}

/* What a page's script has to know of its session; asking does not prolong it. */
static enum err put_session(struct web_req *rq)
{
	const struct web_session *s = web_session_of(rq);
	struct mo top = mo_of(web_model(rq));
	struct mo m = mo_sub(&top, "session");
	const char *csrf = "";
	if (s == NULL) {
		mo_str(&m, "state", "none");
		return mo_err(&m);
	}
	TRY(web_csrf(rq, &csrf));
	mo_str(&m, "state", (s->roles & WEB_HALF_LOGIN) != 0 ? "half" : s->locked ? "locked" : "open");
	mo_str(&m, "cert", s->cert_serial);
	mo_str(&m, "csrf", csrf);
	mo_int(&m, "left", s->ends - clock_now(portal_of(rq)->desk.clock));
	return mo_err(&m);
}

enum err page_session(struct web_req *rq)
{
	return put_session(rq);
}

enum err page_keep(struct web_req *rq)
{
	if (web_session_of(rq)->locked)
		return ERR(L_LOCKED, "key was removed");
	TRY(session_keep(portal_of(rq)->sessions, rq));
	return put_session(rq);
}

enum err page_lock(struct web_req *rq)
{
	struct mo m = mo_of(web_model(rq));
	TRY(session_lock(portal_of(rq)->sessions, rq));
	mo_bool(&m, "locked", true);
	return mo_err(&m);
}
