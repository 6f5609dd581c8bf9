/* The checks of a certificate login in their order (docs/protocol/login.md), free of HTTP and of the nonce's table.
 *
 * Form and bureau, origin (L-002), clock (L-003), signature (C-001), chain, time and revocation (C-003..C-008), then
 * the register: account (L-103), freeze (L-104), agreement (L-102). Staff have no account: the roster gives their
 * roles. */
#pragma once
#include "server/portal/app.h"

struct login_env {
	const struct desk *desk;
	struct trust *trust;
	const char *origin;
	/* The roster in force as a statement's text. */
	enum err (*roster)(void *ctx, struct buf *out);
	void *roster_ctx;
};
struct login_who {
	struct web_session session; /* roles as after the password */
	bool has_password;
};
enum { LOGIN_SKEW_SEC = 300 };

/* The nonce that a LOGIN statement names; "" and ERR_STATEMENT when it is none. */
enum err login_nonce_of(struct span statement, char ret_nonce[65]) MUST_CHECK;
enum err login_check(const struct login_env *env, const struct act_parts *in, struct login_who *ret_who) MUST_CHECK;
/* An officer's login becomes an entry of the log; for units and persons it does nothing. `in` passed login_check. */
enum err login_log(const struct login_env *env, const struct act_parts *in, const struct login_who *who) MUST_CHECK;
/* Roles that the register gives to an account's kind; what a half session becomes. */
unsigned login_roles_of_kind(const char *kind);
