#include "server/portal/login.h"
#include "server/portal/staff.h"
#include "base/text.h"
#include "evidence/act.h"
#include "evidence/log.h"
#include <stdio.h>
#include <string.h>

enum { ROSTER_MAX = STATEMENT_MAX };

enum err login_nonce_of(struct span text, char ret_nonce[65])
{
	AUTO(statement) s = NULL;
	TRY(statement_parse(text, &s));
	if (strcmp(statement_type(s), "LOGIN") != 0)
		return ERR(STATEMENT, "not a LOGIN statement");
	(void)snprintf(ret_nonce, 65, "%s", statement_get(s, "nonce"));
	return ERR_OK;
}

/* --- the statement, rebuilt from what is ours --- */

static enum err statement_is_ours(const struct login_env *env, struct span text, int64_t now)
{
	AUTO(statement) s = NULL;
	AUTO(statement) ours = NULL;
	AUTO_BUF(time, 32);
	TRY(statement_parse(text, &s));
	if (strcmp(statement_get(s, "bureau"), env->desk->bureau) != 0)
		return ERR(BUREAU, "login statement");
	if (strcmp(statement_get(s, "origin"), env->origin) != 0)
		return ERR(L_ORIGIN, "statement names %s", statement_get(s, "origin"));
	int64_t skew = statement_time(s) - now;
	if (skew > LOGIN_SKEW_SEC || skew < -LOGIN_SKEW_SEC)
		return ERR(L_CLOCK, "statement is %lld s off", (long long)skew);
	text_time(&time, statement_time(s));
	const struct statement_kv kv[] = {{"bureau", env->desk->bureau},
	                                  {"nonce", statement_get(s, "nonce")},
	                                  {"time", buf_cstr(&time)},
	                                  {"origin", env->origin}};
	TRY(statement_build("LOGIN", kv, COUNT_OF(kv), &ours));
	return span_eq(statement_text(ours), text) ? ERR_OK
	                                           : ERR(STATEMENT, "login statement is not the one built here");
}

/* --- staff: the roster --- */

static enum err roster_roles(const struct login_env *env, const char *person, unsigned *ret_roles)
{
	struct staff_entry entry;
	AUTO_BUF(text, ROSTER_MAX);
	TRY(env->roster(env->roster_ctx, &text));
	TRY(staff_entry_in(buf_span(&text), person, &entry));
	*ret_roles = entry.roles;
	return ERR_OK;
}

/* --- units and persons: the register --- */

static enum err unit_agrees(const struct desk *d, const struct cert *c, const struct account *a)
{
	struct unit u;
	TRY(unit_get(d, a->unit_no, &u));
	if (u.frozen)
		return ERR(L_FROZEN, "unit is frozen");
	if (strcmp(cert_unit_no(c), u.unit_no) != 0 || strcmp(cert_org(c), u.name) != 0 ||
	    strcmp(cert_uscc(c), u.uscc) != 0)
		return ERR(L_DISAGREE, "unit's number, name or code");
	return ERR_OK;
}

static enum err account_agrees(const struct desk *d, const struct cert *c, const struct account *a)
{
	if (a->frozen)
		return ERR(L_FROZEN, "account is frozen");
	if (strcmp(a->person_no, cert_person_id(c)) != 0 || strcmp(a->holder, cert_common_name(c)) != 0)
		return ERR(L_DISAGREE, "holder's number or name");
	return a->unit_no[0] != 0 ? unit_agrees(d, c, a) : ERR_OK;
}

unsigned login_roles_of_kind(const char *kind)
{
	if (strcmp(kind, "unit") == 0 || strcmp(kind, "unit-member") == 0)
		return ROLE_UNIT;
	return strcmp(kind, "person") == 0 ? ROLE_PERSON : 0;
}

static enum err register_check(const struct login_env *env, const struct cert *c, struct login_who *w)
{
	struct account a;
	TRY(account_get(env->desk, cert_subject_id(c), &a));
	TRY(account_agrees(env->desk, c, &a));
	w->has_password = a.has_password;
	w->session.roles = login_roles_of_kind(a.kind);
	(void)snprintf(w->session.unit_no, sizeof(w->session.unit_no), "%s", a.unit_no);
	return w->session.roles != 0 ? ERR_OK : ERR(L_UNBOUND, "account of kind %s", a.kind);
}

static enum err who_of(const struct login_env *env, const struct cert *c, struct login_who *w)
{
	(void)snprintf(w->session.subject, sizeof(w->session.subject), "%s", cert_subject_id(c));
	(void)snprintf(w->session.person_id, sizeof(w->session.person_id), "%s", cert_person_id(c));
	(void)snprintf(w->session.holder, sizeof(w->session.holder), "%s", cert_common_name(c));
	(void)snprintf(w->session.cert_serial, sizeof(w->session.cert_serial), "%s", cert_serial(c));
	if (strncmp(cert_profile(c), "staff", 5) == 0)
		return roster_roles(env, cert_person_id(c), &w->session.roles);
	return register_check(env, c, w);
}

enum err login_check(const struct login_env *env, const struct act_parts *in, struct login_who *ret_who)
{
	struct login_who w = {0};
	struct act a = {0};
	int64_t now = clock_now(env->desk->clock);
	TRY(statement_is_ours(env, in->statement, now));
	TRY(act_open(in->statement, in->sig, in->cert, "LOGIN", env->desk->bureau, &a));
	enum err e = trust_check(env->trust, a.cert, now);
	if (e == ERR_OK)
		e = who_of(env, a.cert, &w);
	act_done(&a);
	TRY(e);
	*ret_who = w;
	return ERR_OK;
}

/* --- the log --- */

static enum err log_fn(struct tx *tx, void *arg)
{
	return log_append(tx, arg);
}

enum err login_log(const struct login_env *env, const struct act_parts *in, const struct login_who *who)
{
	AUTO_LOG_ACT(entry);
	if ((who->session.roles & (ROLE_UNIT | ROLE_PERSON)) != 0)
		return ERR_OK;
	const struct log_what w = {.kind = "LOGIN",
	                           .subject = who->session.person_id,
	                           .time = clock_now(env->desk->clock),
	                           .statement = in->statement,
	                           .sig = in->sig,
	                           .cert = in->cert};
	TRY(log_act_init(&entry, env->desk->keys, &w));
	return store_write(env->desk->store, log_fn, &entry);
}
