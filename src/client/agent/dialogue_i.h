/* Between dialogue.c (states), dialogue_web.c (the window's side) and pinentry.c. */
#pragma once
#include "client/agent/dialogue.h"
#include <pthread.h>

enum dialogue_state { DIALOGUE_IDLE, DIALOGUE_ASK, DIALOGUE_BUSY };
enum { RECENT_MAX = 8, PIN_MIN = 4, NEW_PIN_MIN = 6, PIN_MAX = 16, VENDOR_PIN_MAX = 32 };
struct recent {
	char id[DIALOGUE_ID_LEN + 1];
	enum err outcome;
	int tries;
};
struct dialogue {
	struct dialogue_conf conf;
	pthread_mutex_t lock;
	pthread_cond_t changed;
	enum dialogue_state state;
	char id[DIALOGUE_ID_LEN + 1], token[2 * 16 + 1], ref[2 * 16 + 1];
	char title[128], origin[256];
	json_t *rows;
	enum dialogue_need need;
	struct key *keys;
	size_t n_keys;
	int client_fd;
	enum err why;
	int tries;
	bool answered, cancelled, closed, seen;
	unsigned called; /* how often another page had the window come to the front */
	int64_t begun_ms, asked_ms, seen_ms;
	struct dialogue_answer answer;
	struct recent recent[RECENT_MAX];
	size_t next_recent;
};
/* Key of that serial among those offered; with one key an empty serial means it. NULL when there is none. */
const struct key *dialogue_offered(const struct dialogue *d, const char *serial);
/* Length and characters, before a try is spent on it. */
enum err dialogue_check_pin(const struct dialogue *d, const struct key *k, struct span pin) MUST_CHECK;
bool dialogue_peer_left(int fd);
bool dialogue_keys_gone(struct dialogue *d);
bool dialogue_is_closed(struct dialogue *d); /* takes the lock */
/* pinentry.c: one round of questions; returns like dialogue_ask. */
enum err pinentry_ask(struct dialogue *d, enum err why, int tries, struct dialogue_answer *ret_a) MUST_CHECK;
