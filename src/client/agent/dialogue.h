/* The one conversation with the person at the machine: what is to be done, for which site, with which key; and his PIN.
 *
 *   waiting -> ask <-> busy -> done | failed
 *
 * A request of the portal's page begins it, asks as often as needed (a wrong PIN asks again), and ends it; the agent's
 * own window (or pinentry) shows and answers. It ends by itself when the page's connection closes, when the person
 * cancels, when nobody answers in time, or when every key it could use has been pulled out. */
#pragma once
#include "base/secret.h"
#include "client/agent/keys.h"
#include <stdatomic.h>

enum {
	DIALOGUE_ID_LEN = 32,
	DIALOGUE_UNSEEN_MS = 30000,
	DIALOGUE_LEFT_MS = 15000,
	DIALOGUE_PAGE_ROWS = 200,
	DIALOGUE_PAGE_OCTETS = 256 << 10
};
enum dialogue_need { NEED_NONE, NEED_PIN, NEED_NEW_PIN };
struct dialogue;
struct dialogue_conf {
	const char *pinentry; /* program; NULL: the web window */
	int idle_ms;          /* longest wait for an answer */
	struct keys *keys;
	const atomic_int *stop; /* the agent is ending */
};
enum err dialogue_new(const struct dialogue_conf *conf, struct dialogue **ret_d) MUST_CHECK;
void dialogue_free(struct dialogue *d);
DEFINE_AUTO(dialogue)
bool dialogue_is_web(const struct dialogue *d);
enum err dialogue_can_show(const struct dialogue *d) MUST_CHECK; /* ERR_L_NO_WINDOW: no display, or no pinentry */

/* --- for the request --- */
struct dialogue_spec {
	const char *id; /* the window's; not looked at with pinentry */
	const char *title, *origin;
	const json_t *rows; /* [{"label","value"}], shown in full; copied */
	enum dialogue_need need;
	const struct key *keys; /* to choose from; at least one */
	size_t n_keys;
	int client_fd; /* the page's connection */
};
struct dialogue_answer {
	struct key key;
	struct secret *pin; /* NULL for NEED_NONE */
};
void dialogue_answer_done(struct dialogue_answer *a); /* wipes */
/* ERR_PIN_ELSEWHERE while another runs */
enum err dialogue_begin(struct dialogue *d, const struct dialogue_spec *spec) MUST_CHECK;
/* Waits for the answer. why: the fault of the last one (ERR_OK at first), tries the number left or -1. ERR_CANCELLED,
 * ERR_PIN_CLOSED when another page had it closed; ERR_CARD_GONE. Compares and checks new PINs itself. */
enum err dialogue_ask(struct dialogue *d, enum err why, int tries, struct dialogue_answer *ret_a) MUST_CHECK;
void dialogue_end(struct dialogue *d, enum err outcome, int tries);

/* --- for another page's request: the dialogue that is open, by a name that is good for this alone --- */
/* {"ref","title","origin","seconds"}; ERR_STATE */
enum err dialogue_other_json(struct dialogue *d, json_t **ret_v) MUST_CHECK;
/* the window comes to the front; ERR_STATE: it is over */
enum err dialogue_call(struct dialogue *d, const char *ref) MUST_CHECK;
enum err dialogue_close(struct dialogue *d, const char *ref) MUST_CHECK; /* the one who asked gets ERR_PIN_CLOSED */

/* --- for the window --- */
/* The job as docs/protocol/agent.md has it; "waiting" for an id not begun yet. */
enum err dialogue_json(struct dialogue *d, const char *id, json_t **ret_v) MUST_CHECK;
/* {"rows","from","rows_total"}: rows from that one on, as many as one answer holds; ERR_STATE: not open. Who reads is
 * there: the wait for an answer begins anew. */
enum err dialogue_rows_json(struct dialogue *d, const char *id, size_t from, json_t **ret_v) MUST_CHECK;
/* ERR_STATE when nothing is asked, ERR_CSRF for a wrong token, ERR_CARD_WRONG for a key that was not offered. */
enum err dialogue_reply(struct dialogue *d, const char *id, const char *token, const char *serial, struct span pin,
                        struct span pin2) MUST_CHECK;
enum err dialogue_cancel(struct dialogue *d, const char *id, const char *token) MUST_CHECK;
enum err dialogue_error_json(enum err e, int tries, json_t **ret_v) MUST_CHECK; /* {"code","text","remedy"[,"tries"]} */
