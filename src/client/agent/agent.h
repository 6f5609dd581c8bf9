/* yinxin-agent: the program between a page in a browser and the key in a slot (docs/protocol/agent.md). It serves
 * loopback only, knows which sites may ask, asks the person in a window of its own, and signs nothing but statements.
 */
#pragma once
#include "base/clock.h"
#include "base/conf.h"
#include "client/agent/dialogue.h"
#include "client/agent/keys.h"
#include "client/agent/origin.h"
#include "pki/path.h"
#include "web/http1.h"
#include <jansson.h>
#include <stdatomic.h>

#define AGENT_VERSION "0.1.0"
/* Connections of the agent's own user; those of others are closed before they count. */
enum { AGENT_CONNECTIONS_MAX = 64, AGENT_WAITS_MAX = 48, AGENT_ASSETS = 3 };
extern const struct conf_opt agent_options[];

struct asset {
	const char *path, *file, *type; /* "/window", "window.html", media type */
	struct buf bytes;
};
struct agent {
	const struct conf *conf;
	struct clock *clock;
	struct origins *origins;
	struct cert *root, *ca;
	struct path_trust *trust; /* of the two */
	char bureau[65];          /* SM3 of the root, as statements name it */
	unsigned port;
	struct keys *keys;
	struct dialogue *dialogue;
	struct asset assets[AGENT_ASSETS];
	atomic_int stop;
	atomic_int connections, waits;
	int64_t stranger_ms; /* when a connection of another uid was last told to the log; 0: never */
};

/* Opens everything, serves until *stop_fd becomes readable, closes everything. */
enum err agent_open(const struct conf *conf, struct agent **ret_a) MUST_CHECK;
void agent_free(struct agent *a);
DEFINE_AUTO(agent)
enum err agent_run(struct agent *a, int stop_fd) MUST_CHECK;

/* --- one connection: conn.c --- */
struct conn {
	struct agent *a;
	int fd;
	struct http1 head;
	struct span body;
	char origin[ORIGIN_MAX + 1]; /* of the allow-list, "" for the window's requests */
	int tries;                   /* of a wrong PIN; -1: none */
	json_t *error_extra;         /* members for an error's object, or NULL */
};
void conn_serve(struct agent *a, int fd); /* one request, one answer; closes fd */
void conn_answer(struct conn *c, int status, const char *type, struct span body);
enum err conn_json(struct conn *c, const json_t *v) MUST_CHECK;      /* 200 */
enum err conn_body(const struct conn *c, json_t **ret_v) MUST_CHECK; /* one object of strings; the type is checked */

/* --- audiences --- */
enum err page_serve(struct conn *c) MUST_CHECK;   /* /v1/...; ERR_ABSENT for unknown paths */
enum err window_serve(struct conn *c) MUST_CHECK; /* /window... */

/* --- the requests of a page: each fills out --- */
struct field {
	const char *name;
	size_t max_len;
	bool required;
};
struct page_call {
	struct conn *conn;
	struct agent *a;
	const json_t *in; /* declared members only, all strings */
	json_t *out;
};
const char *call_str(const struct page_call *c, const char *name); /* "" when absent */
enum err act_login(struct page_call *c) MUST_CHECK;
enum err act_sign(struct page_call *c) MUST_CHECK;
enum err act_card_new(struct page_call *c) MUST_CHECK;
enum err act_card_install(struct page_call *c) MUST_CHECK;
enum err act_card_discard(struct page_call *c) MUST_CHECK;
enum err act_other(struct page_call *c) MUST_CHECK; /* shows or closes the window that another page opened */

/* --- shared by them: ask.c --- */
bool is_hex_of(const char *s, size_t digits); /* lower case */
/* The keys that can sign now: all of them, or the one of that serial. Fails with the reason when there is none. */
enum err pick_ready(struct page_call *c, struct key ret_list[KEYS_MAX], size_t *ret_n) MUST_CHECK;
enum err pick_serial(struct page_call *c, struct key *ret_key) MUST_CHECK;
enum err check_genuine(const struct key *k) MUST_CHECK; /* usable, and ERR_CARD_AUTH when its driver doubts it */
/* a certificate, request or signature */
enum err answer_b64(json_t *o, const char *name, struct span bytes) MUST_CHECK;
enum err row_add(json_t *rows, const char *label, const char *value) MUST_CHECK;
/* of a statement */
enum err row_add_line(json_t *rows, const char *label, const char *key, const char *value) MUST_CHECK;
/* words.c: what the value of a statement's key means to a person; *ret_plain when it says so itself. */
enum err words_of(const char *key, const char *value, struct buf *out, bool *ret_plain) MUST_CHECK;
bool words_for_machines(const char *key); /* numbers that only machines compare */
enum err ask_begin(struct page_call *c, const char *title, const json_t *rows, enum dialogue_need need,
                   const struct key *keys, size_t n) MUST_CHECK;
bool ask_is_retry(enum err e); /* faults after which the person may try again */
