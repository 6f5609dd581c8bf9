/* The portal's own state, shared by all workers, and what its page files need of each other.
 *
 * A page file exports the handlers that routes.c names; rules of certificates live in server/cert, no SQL text here.
 * Everything in struct portal is set before the workers start and constant after, but what trust.h guards and what is
 * atomic. */
#pragma once
#include "server/cert/case.h"
#include "server/portal/run/trust.h"
#include "web/server.h"

struct filing_desk;
struct tables;
struct converting;
struct progress;
struct ocsp_cache;
struct staff;
struct portal {
	const char *origin, *agent_origin, *bureau_name;
	int64_t idle_sec;
	struct desk desk;
	struct trust *trust;
	struct signer_client *signer;
	struct notary_client *notary; /* NULL: none is configured */
	struct ocsp_cache *ocsp;      /* NULL: every answer is asked for */
	struct sessions *sessions;
	const struct filing_desk *filing; /* NULL: no business is open yet */
	const struct tables *insurance;   /* NULL: no register of insurance is kept */
	struct converting *converting;    /* NULL: files from outside cannot be read here */
	struct progress *progress;        /* NULL: nobody is told how far an upload has come */
	struct staff *staff;              /* staff.h; NULL: the roster is not kept, and sessions are not judged by it */
	enum err (*roster)(void *ctx, struct buf *ret_statement); /* NULL: the signer is asked */
	void *roster_ctx;
	json_t *tables; /* share/tables, by file name without suffix; read only */
	int64_t started;
	/* clock_mono_ms() since when every turn of the sequencer fails; 0: the last one did not */
	_Atomic int64_t log_failing;
};
static inline struct portal *portal_of(struct web_req *rq)
{
	return web_app(rq);
}

/* Fetches the newest revocation list and ends the sessions of certificates on it. */
enum err portal_refresh(struct portal *p) MUST_CHECK;
enum err portal_sweep(struct portal *p) MUST_CHECK; /* the second half alone */
/* For struct desk: the newest word. ctx is the struct trust. */
int portal_cert_status(void *ctx, const char *serial);

/* For struct web_config: the session's certificate, and an officer's roles (ERR_ROLE), by a word at most a second old.
 */
enum err portal_may_go_on(void *app, const struct web_session *s) MUST_CHECK;

/* --- roles: bits of web_session.roles --- */
enum {
	ROLE_CLERK = 1,
	ROLE_REVIEWER = 2,
	ROLE_MAKER = 4,
	ROLE_AUDITOR = 8,
	ROLE_SECURITY = 16,
	ROLE_SYSTEM = 32,
	ROLE_UNIT = 64,
	ROLE_PERSON = 128,
	ROLE_DESK = ROLE_CLERK | ROLE_REVIEWER | ROLE_MAKER,
	ROLE_STAFF = ROLE_DESK | ROLE_AUDITOR | ROLE_SECURITY | ROLE_SYSTEM
};
unsigned role_bits(const char *comma_list); /* "clerk,reviewer"; unknown names give nothing */
const char *role_home(unsigned roles);      /* "/desk" */
const char *role_zh(unsigned roles);        /* "受理员" of the first role */
const char *role_name_zh(const char *name); /* "受理员" for "clerk" */

/* --- models: sticky setters; mo_err at the end --- */
struct mo {
	json_t *o;
	enum err e;
};
struct mo mo_of(json_t *o);
void mo_str(struct mo *m, const char *key, const char *v);
void mo_words(struct mo *m, const char *key, const char *v); /* words_put() */
void mo_int(struct mo *m, const char *key, int64_t v);
void mo_bool(struct mo *m, const char *key, bool v);
void mo_date(struct mo *m, const char *key, int64_t t);             /* Beijing date */
void mo_last_day(struct mo *m, const char *key, int64_t not_after); /* a certificate's, text_last_day_cn() */
void mo_time(struct mo *m, const char *key, int64_t t);             /* Beijing date and time */
json_t *mo_list(struct mo *m, const char *key);                     /* new array */
struct mo mo_item(json_t *list);                                    /* new object at its end */
struct mo mo_sub(struct mo *m, const char *key);                    /* new object */
void mo_fact(json_t *list, const char *key, const char *value);     /* {"key","value"} at its end */
enum err mo_err(const struct mo *m) MUST_CHECK;
enum err model_title(struct web_req *rq, const char *title) MUST_CHECK;
/* the members of share/tables/NAME.json, shared: to be read only */
enum err model_table(struct web_req *rq, const char *name) MUST_CHECK;

/* Chinese text of tables and configuration as people read it: a comma, colon, semicolon or bracket beside Chinese is a
 * Chinese one. */
void words_put(struct buf *out, const char *s);

/* A cell of a file for spreadsheets, quotes doubled (RFC 4180); one that begins like a formula, which quotes do not
 * hinder, gets an apostrophe. */
void csv_quoted(struct buf *out, const char *value);

/* --- pages --- */
enum err page_common(struct web_req *rq, json_t *model) MUST_CHECK;
/* member "cert" of the session's subject, or false */
enum err page_my_cert(struct web_req *rq, struct mo *m) MUST_CHECK;
extern const struct web_route portal_routes[];
extern const struct web_route portal_machine_routes[]; /* OCSP and time stamps: no cookies, errors as text or JSON */
enum err model_tables_load(const char *dir, json_t **ret_tables) MUST_CHECK; /* ERR_CONFIG naming the file */
