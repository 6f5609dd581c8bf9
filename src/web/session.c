#include "web/session.h"
#include "web/req.h"
#include "base/secret.h"
#include "base/text.h"
#include "gm/rand.h"
#include "gm/sm3.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { NONCE_SEC = 120, NONCES_PER_BROWSER = 8, NONCES_MAX = 200000, TOUCH_SEC = 60 };

struct sessions {
	struct store *store;
	const struct clock *clock;
	int64_t idle_sec, absolute_sec;
};

enum err sessions_new(struct store *store, const struct clock *clock, int64_t idle_sec, int64_t absolute_sec,
                      struct sessions **ret_s)
{
	struct sessions *s = calloc(1, sizeof(*s));

	INVARIANT(idle_sec > 0 && absolute_sec >= idle_sec);
	if (s == NULL)
		return ERR(NOMEM, "sessions");
	*s = (struct sessions){store, clock, idle_sec, absolute_sec};
	*ret_s = s;
	return ERR_OK;
}

void sessions_free(struct sessions *s)
{
	free(s);
}

/* --- what goes through the store --- */

struct session_row {
	const struct sessions *s;
	uint8_t token_sm3[SM3_LEN];
	uint8_t old_sm3[SM3_LEN];
	bool has_old;
	struct web_session who;
	int64_t created, seen, now;
};

static enum err digest_hex(const char *hex, uint8_t ret_digest[SM3_LEN])
{
	return sm3_digest(span_str(hex), ret_digest);
}

static void copy_text(char *to, size_t size, const char *from)
{
	snprintf(to, size, "%s", from);
}

static enum err take_row(const struct row *row, void *ctx)
{
	struct session_row *r = ctx;
	struct web_session *w = &r->who;

	w->id = row_int(row, 0);
	copy_text(w->subject, sizeof(w->subject), row_text(row, 1));
	copy_text(w->person_id, sizeof(w->person_id), row_text(row, 2));
	copy_text(w->unit_no, sizeof(w->unit_no), row_text(row, 3));
	copy_text(w->holder, sizeof(w->holder), row_text(row, 4));
	copy_text(w->cert_serial, sizeof(w->cert_serial), row_text(row, 5));
	w->roles = (unsigned)row_int(row, 6);
	w->locked = row_int(row, 7) != 0;
	r->created = row_int(row, 8);
	r->seen = row_int(row, 9);
	return ERR_OK;
}

static enum err get_tx(struct tx *tx, void *arg)
{
	struct session_row *r = arg;

	return tx_one(tx, "session.get", SQL_ARGS(A_BLOB(SPAN_ARR(r->token_sm3))), take_row, r);
}

static enum err touch_tx(struct tx *tx, void *arg)
{
	const struct session_row *r = arg;

	return tx_exec(tx, "session.touch", SQL_ARGS(A_INT(r->who.id), A_INT(r->now)), NULL);
}

static enum err end_tx(struct tx *tx, void *arg)
{
	const struct session_row *r = arg;

	return tx_exec(tx, "session.end", SQL_ARGS(A_INT(r->who.id)), NULL);
}

static enum err take_id(const struct row *row, void *ctx)
{
	struct session_row *r = ctx;

	r->who.id = row_int(row, 0);
	return ERR_OK;
}

static enum err add_tx(struct tx *tx, void *arg)
{
	struct session_row *r = arg;
	const struct web_session *w = &r->who;

	TRY(tx_exec(tx, "session.end_old",
	            SQL_ARGS(A_INT(r->now - r->s->idle_sec), A_INT(r->now - r->s->absolute_sec),
	                     A_INT(r->now + r->s->idle_sec)),
	            NULL));
	if (r->has_old)
		TRY(tx_exec(tx, "session.end_token", SQL_ARGS(A_BLOB(SPAN_ARR(r->old_sm3))), NULL));
	return tx_one(tx, "session.add",
	              SQL_ARGS(A_BLOB(SPAN_ARR(r->token_sm3)), A_TEXT(w->subject), A_TEXT(w->person_id),
	                       A_TEXT(w->unit_no), A_TEXT(w->holder), A_TEXT(w->cert_serial), A_INT(w->roles),
	                       A_INT(r->now)),
	              take_id, r);
}

/* --- the session of a request --- */

/* Of a time further ahead than the idle limit nobody knows how long ago it was: the clock was wrong then, or is now. */
static bool is_over(const struct sessions *s, const struct session_row *r)
{
	return r->now - r->seen > s->idle_sec || r->now - r->created > s->absolute_sec ||
	       r->seen - r->now > s->idle_sec || r->created - r->now > s->idle_sec;
}

/* After a clock that was set back: used now at the latest, and written, or idleness would not count until the clock has
 * caught up. */
static enum err not_ahead(struct sessions *s, struct session_row *r)
{
	if (r->seen - r->now > TOUCH_SEC)
		TRY(store_write(s->store, touch_tx, r));
	r->seen = r->seen < r->now ? r->seen : r->now;
	r->created = r->created < r->now ? r->created : r->now;
	return ERR_OK;
}

static int64_t end_of(const struct sessions *s, int64_t created, int64_t seen)
{
	int64_t idle = seen + s->idle_sec, absolute = created + s->absolute_sec;

	return idle < absolute ? idle : absolute;
}

enum err session_keep(struct sessions *s, struct web_req *rq)
{
	struct session_row r = {.s = s, .who = rq->session, .now = clock_now(s->clock)};

	if (!rq->has_session)
		return ERR(L_SESSION, "no session to keep");
	TRY(store_write(s->store, touch_tx, &r));
	rq->session_seen = r.now > rq->session_seen ? r.now : rq->session_seen;
	rq->session.ends = end_of(s, rq->session_created, rq->session_seen);
	return ERR_OK;
}

/* Written at most once a minute: every page would cost an fsync otherwise. */
enum err session_used(struct sessions *s, struct web_req *rq)
{
	int64_t grain = s->idle_sec / 10 < TOUCH_SEC ? s->idle_sec / 10 : TOUCH_SEC;

	return rq->has_session && clock_now(s->clock) - rq->session_seen > grain ? session_keep(s, rq) : ERR_OK;
}

enum err session_load(struct sessions *s, struct web_req *rq)
{
	const char *cookie = web_cookie(rq, SESSION_COOKIE);
	struct session_row r = {.s = s, .now = clock_now(s->clock)};

	if (!token_is(cookie))
		return ERR_OK;
	TRY(digest_hex(cookie, r.token_sm3));
	enum err e = store_read(s->store, get_tx, &r);
	if (e == ERR_ABSENT) {
		err_clear();
		return ERR_OK;
	}
	TRY(e);
	if (is_over(s, &r)) {
		rq->session_err = ERR_L_IDLE;
		return store_write(s->store, end_tx, &r);
	}
	TRY(not_ahead(s, &r));
	rq->has_session = true;
	rq->session = r.who;
	rq->session_seen = r.seen;
	rq->session_created = r.created;
	rq->session.ends = end_of(s, r.created, r.seen);
	memcpy(rq->token, cookie, sizeof(rq->token));
	return ERR_OK;
}

enum err session_start(struct sessions *s, struct web_req *rq, const struct web_session *who)
{
	struct session_row r = {.s = s, .who = *who, .now = clock_now(s->clock)};
	const char *old = web_cookie(rq, SESSION_COOKIE);
	char token[TOKEN_HEX + 1];

	TRY(token_new(token));
	TRY(digest_hex(token, r.token_sm3));
	r.has_old = token_is(old);
	if (r.has_old)
		TRY(digest_hex(old, r.old_sm3));
	TRY(store_write(s->store, add_tx, &r));
	memcpy(rq->token, token, sizeof(token));
	rq->session = r.who;
	rq->session.locked = false;
	rq->session_seen = rq->session_created = r.now;
	rq->session.ends = end_of(s, r.now, r.now);
	rq->has_session = true;
	web_set_cookie(rq, SESSION_COOKIE, token, 0, true);
	wipe(token, sizeof(token));
	return ERR_OK;
}

enum err session_end(struct sessions *s, struct web_req *rq)
{
	struct session_row r = {.s = s, .who = rq->session};

	if (rq->has_session)
		TRY(store_write(s->store, end_tx, &r));
	web_set_cookie(rq, SESSION_COOKIE, "", -1, true);
	rq->has_session = false;
	rq->token[0] = '\0';
	return ERR_OK;
}

static enum err lock_tx(struct tx *tx, void *arg)
{
	const struct web_session *w = arg;

	return tx_exec(tx, "session.lock", SQL_ARGS(A_INT(w->id), A_INT(w->locked)), NULL);
}

static enum err set_lock(struct sessions *s, struct web_req *rq, bool locked)
{
	struct web_session w = rq->session;

	if (!rq->has_session)
		return ERR(L_SESSION, "no session to lock");
	w.locked = locked;
	TRY(store_write(s->store, lock_tx, &w));
	rq->session.locked = locked;
	return ERR_OK;
}

enum err session_lock(struct sessions *s, struct web_req *rq)
{
	return set_lock(s, rq, true);
}

enum err session_unlock(struct sessions *s, struct web_req *rq)
{
	return set_lock(s, rq, false);
}

static enum err end_cert_tx(struct tx *tx, void *arg)
{
	const char *serial = arg;

	return tx_exec(tx, "session.end_cert", SQL_ARGS(A_TEXT(serial)), NULL);
}

enum err session_end_cert(struct sessions *s, const char *cert_serial)
{
	return store_write(s->store, end_cert_tx, (void *)(uintptr_t)cert_serial);
}

/* --- login nonces --- */

struct nonce_row {
	uint8_t nonce_sm3[SM3_LEN], cookie_sm3[SM3_LEN];
	int64_t now, count;
	bool fits;
};

static enum err take_nonce_count(const struct row *row, void *ctx)
{
	struct nonce_row *r = ctx;

	r->count = row_int(row, 0);
	return ERR_OK;
}

static enum err nonce_add_tx(struct tx *tx, void *arg)
{
	struct nonce_row *r = arg;

	TRY(tx_exec(tx, "prelogin.end_old", SQL_ARGS(A_INT(r->now)), NULL));
	TRY(tx_one(tx, "prelogin.count", NULL, 0, take_nonce_count, r));
	if (r->count >= NONCES_MAX)
		return ERR(L_RATE, "%lld login nonces are open", (long long)r->count);
	TRY(tx_exec(tx, "prelogin.add",
	            SQL_ARGS(A_BLOB(SPAN_ARR(r->nonce_sm3)), A_BLOB(SPAN_ARR(r->cookie_sm3)),
	                     A_INT(r->now + NONCE_SEC)),
	            NULL));
	return tx_exec(tx, "prelogin.keep_newest", SQL_ARGS(A_BLOB(SPAN_ARR(r->cookie_sm3)), A_INT(NONCES_PER_BROWSER)),
	               NULL);
}

enum err session_nonce_new(struct sessions *s, struct web_req *rq, char ret_nonce[65])
{
	struct nonce_row r = {.now = clock_now(s->clock)};
	char nonce[TOKEN_HEX + 1];

	TRY(csrf_pre_token(rq));
	TRY(token_new(nonce));
	TRY(digest_hex(nonce, r.nonce_sm3));
	TRY(digest_hex(rq->pre_token, r.cookie_sm3));
	TRY(store_write(s->store, nonce_add_tx, &r));
	memcpy(ret_nonce, nonce, sizeof(nonce));
	return ERR_OK;
}

static enum err judge_nonce(const struct row *row, void *ctx)
{
	struct nonce_row *r = ctx;

	r->fits = span_eq(row_blob(row, 0), SPAN_ARR(r->cookie_sm3)) && row_int(row, 1) >= r->now;
	return ERR_OK;
}

/* The row goes whatever it says: an attempt uses the nonce up. */
static enum err nonce_take_tx(struct tx *tx, void *arg)
{
	struct nonce_row *r = arg;

	r->fits = false;
	enum err e = tx_one(tx, "prelogin.take", SQL_ARGS(A_BLOB(SPAN_ARR(r->nonce_sm3))), judge_nonce, r);
	if (e != ERR_ABSENT)
		return e;
	err_clear();
	return ERR_OK;
}

enum err session_nonce_take(struct sessions *s, struct web_req *rq, const char *nonce)
{
	struct nonce_row r = {.now = clock_now(s->clock)};

	if (!token_is(nonce))
		return ERR(L_NONCE, "not a nonce");
	TRY(digest_hex(nonce, r.nonce_sm3));
	TRY(digest_hex(rq->pre_token, r.cookie_sm3));
	TRY(store_write(s->store, nonce_take_tx, &r));
	return r.fits ? ERR_OK : ERR(L_NONCE, "unknown, used, expired or of another browser");
}
