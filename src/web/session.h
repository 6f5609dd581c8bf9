/* Sessions in the database: the cookie holds 32 random octets, the table its SM3 only. Idle limit, absolute limit,
 * lock. Pre-login state (nonce, 2 minutes, single use) is kept the same way under its own HttpOnly cookie. */
#pragma once
#include "base/clock.h"
#include "store/store.h"
#include "web/web.h"

struct sessions;
/* As callers name them; web_cookie_name() is what the browser sees. */
#define SESSION_COOKIE  "yx_session"
#define PRELOGIN_COOKIE "yx_pre"
void web_cookie_name(const char *origin, const char *name, struct buf *out);
enum err sessions_new(struct store *store, const struct clock *clock, int64_t idle_sec, int64_t absolute_sec,
                      struct sessions **ret_s) MUST_CHECK;
void sessions_free(struct sessions *s);
DEFINE_AUTO(sessions)
/* Starts a session and sets its cookie; ends the one this browser had. */
enum err session_start(struct sessions *s, struct web_req *rq, const struct web_session *who) MUST_CHECK;
enum err session_end(struct sessions *s, struct web_req *rq) MUST_CHECK;
/* Locked sessions answer every page but login, logout and resume with ERR_L_LOCKED. */
enum err session_lock(struct sessions *s, struct web_req *rq) MUST_CHECK;
enum err session_unlock(struct sessions *s, struct web_req *rq) MUST_CHECK;
/* A use of it, written at once, and session->ends anew: the person wants to go on. */
enum err session_keep(struct sessions *s, struct web_req *rq) MUST_CHECK;
/* Ends all sessions of a certificate (revoked, suspended). */
enum err session_end_cert(struct sessions *s, const char *cert_serial) MUST_CHECK;
/* Login nonce: bound to the pre-login cookie (set when absent). ret_nonce: 64 hex + NUL. */
enum err session_nonce_new(struct sessions *s, struct web_req *rq, char ret_nonce[65]) MUST_CHECK;
/* Uses it up, whatever the outcome of the login: ERR_L_NONCE when unknown, expired, used, or of another browser. */
enum err session_nonce_take(struct sessions *s, struct web_req *rq, const char *nonce) MUST_CHECK;
