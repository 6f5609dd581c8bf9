#include "client/agent/dialogue_i.h"
#include "base/clock.h"
#include "base/json.h"
#include "base/text.h"
#include "gm/rand.h"
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum { LOOK_MS = 200 };

enum err dialogue_new(const struct dialogue_conf *conf, struct dialogue **ret_d)
{
	pthread_condattr_t attr;
	struct dialogue *d = calloc(1, sizeof(*d));

	if (d == NULL)
		return ERR(NOMEM, "dialogue");
	d->conf = *conf;
	pthread_mutex_init(&d->lock, NULL);
	pthread_condattr_init(&attr);
	pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
	pthread_cond_init(&d->changed, &attr);
	pthread_condattr_destroy(&attr);
	*ret_d = d;
	return ERR_OK;
}

void dialogue_answer_done(struct dialogue_answer *a)
{
	secret_free(a->pin);
	a->pin = NULL;
}

static void forget(struct dialogue *d)
{
	dialogue_answer_done(&d->answer);
	json_decref(d->rows);
	d->rows = NULL;
	free(d->keys);
	d->keys = NULL;
	d->n_keys = 0;
	d->state = DIALOGUE_IDLE;
	d->id[0] = '\0';
}

void dialogue_free(struct dialogue *d)
{
	if (d == NULL)
		return;
	forget(d);
	pthread_cond_destroy(&d->changed);
	pthread_mutex_destroy(&d->lock);
	free(d);
}

bool dialogue_is_web(const struct dialogue *d)
{
	return d->conf.pinentry == NULL;
}

/* Whether pinentry gets its window onto the screen shows only when it is asked; without these two it cannot. */
enum err dialogue_can_show(const struct dialogue *d)
{
	const char *x11 = getenv("DISPLAY"), *wayland = getenv("WAYLAND_DISPLAY");

	if (dialogue_is_web(d))
		return ERR_OK;
	if (access(d->conf.pinentry, X_OK) != 0)
		return ERR(L_NO_WINDOW, "%s: %s", d->conf.pinentry, strerror(errno));
	if (!(x11 != NULL && x11[0]) && !(wayland != NULL && wayland[0]))
		return ERR(L_NO_WINDOW, "neither DISPLAY nor WAYLAND_DISPLAY is set");
	return ERR_OK;
}

/* --- begin, end --- */

static enum err new_token(char ret_token[33])
{
	uint8_t raw[16];

	TRY(rand_bytes(raw, sizeof(raw)));
	text_hex_str(SPAN_ARR(raw), ret_token);
	return ERR_OK;
}

static enum err fill(struct dialogue *d, const struct dialogue_spec *spec)
{
	TRY(new_token(d->token));
	TRY(new_token(d->ref));
	d->rows = json_deep_copy(spec->rows);
	d->keys = calloc(spec->n_keys, sizeof(*d->keys));
	if (d->rows == NULL || d->keys == NULL)
		return ERR(NOMEM, "dialogue");
	memcpy(d->keys, spec->keys, spec->n_keys * sizeof(*d->keys));
	d->n_keys = spec->n_keys;
	snprintf(d->id, sizeof(d->id), "%s", spec->id);
	snprintf(d->title, sizeof(d->title), "%s", spec->title);
	snprintf(d->origin, sizeof(d->origin), "%s", spec->origin);
	d->need = spec->need;
	d->client_fd = spec->client_fd;
	d->seen = false;
	d->cancelled = d->closed = false;
	d->called = 0;
	d->begun_ms = clock_mono_ms();
	return ERR_OK;
}

/* An id that ended before may be used again: its page then asks for something new in the same window. */
static void forget_recent(struct dialogue *d, const char *id)
{
	for (size_t i = 0; i < RECENT_MAX; i++)
		if (strcmp(d->recent[i].id, id) == 0)
			d->recent[i].id[0] = '\0';
}

enum err dialogue_begin(struct dialogue *d, const struct dialogue_spec *spec)
{
	INVARIANT(spec->n_keys > 0);
	pthread_mutex_lock(&d->lock);
	if (d->state != DIALOGUE_IDLE) {
		pthread_mutex_unlock(&d->lock);
		return ERR(PIN_ELSEWHERE, "another dialogue is open");
	}
	enum err e = fill(d, spec);
	if (e == ERR_OK) {
		d->state = DIALOGUE_BUSY;
		forget_recent(d, spec->id);
	} else {
		forget(d);
	}
	pthread_mutex_unlock(&d->lock);
	return e;
}

void dialogue_end(struct dialogue *d, enum err outcome, int tries)
{
	pthread_mutex_lock(&d->lock);
	struct recent *r = &d->recent[d->next_recent++ % RECENT_MAX];
	memcpy(r->id, d->id, sizeof(r->id));
	r->outcome = outcome;
	r->tries = tries;
	forget(d);
	pthread_mutex_unlock(&d->lock);
}

/* --- asking --- */

const struct key *dialogue_offered(const struct dialogue *d, const char *serial)
{
	if (serial[0] == '\0')
		return d->n_keys == 1 ? &d->keys[0] : NULL;
	for (size_t i = 0; i < d->n_keys; i++)
		if (strcmp(d->keys[i].serial, serial) == 0)
			return &d->keys[i];
	return NULL;
}

enum err dialogue_check_pin(const struct dialogue *d, const struct key *k, struct span pin)
{
	size_t least = k->extended ? NEW_PIN_MIN : PIN_MIN, most = k->extended ? PIN_MAX : VENDOR_PIN_MAX;

	if (d->need == NEED_NEW_PIN)
		least = NEW_PIN_MIN;
	if (pin.len < least || pin.len > most)
		return ERR(PIN_RANGE, "PIN of %zu bytes", pin.len);
	for (size_t i = 0; i < pin.len; i++)
		if (pin.ptr[i] < ' ' || pin.ptr[i] > '~')
			return ERR(PIN_RANGE, "PIN is not printable ASCII");
	return ERR_OK;
}

bool dialogue_peer_left(int fd)
{
	struct pollfd p = {.fd = fd, .events = POLLRDHUP};

	return fd >= 0 && poll(&p, 1, 0) > 0 && (p.revents & (POLLRDHUP | POLLHUP | POLLERR));
}

bool dialogue_keys_gone(struct dialogue *d)
{
	struct key now;

	for (size_t i = 0; i < d->n_keys; i++)
		if (keys_find(d->conf.keys, d->keys[i].serial, &now))
			return false;
	return true;
}

static bool window_left(const struct dialogue *d, int64_t now_ms)
{
	if (!d->seen)
		return now_ms - d->asked_ms > DIALOGUE_UNSEEN_MS;
	return now_ms - d->seen_ms > DIALOGUE_LEFT_MS;
}

/* With the lock held: why the question need not stay open any longer. */
static enum err still_wanted(struct dialogue *d)
{
	int64_t now = clock_mono_ms();

	if (d->closed)
		return ERR(PIN_CLOSED, "closed from another page");
	if (d->cancelled)
		return ERR(CANCELLED, "cancelled in the window");
	if (dialogue_peer_left(d->client_fd))
		return ERR(CANCELLED, "the page's connection closed");
	if (now - d->asked_ms > d->conf.idle_ms)
		return ERR(CANCELLED, "no answer in %d s", d->conf.idle_ms / 1000);
	if (window_left(d, now))
		return ERR(CANCELLED, "the window is not open");
	bool gone = dialogue_keys_gone(d);
	/* When the agent ends, its keys are gone first. */
	if (*d->conf.stop)
		return ERR(CANCELLED, "agent is ending");
	return gone ? ERR(CARD_GONE, "every key offered was removed") : ERR_OK;
}

static void nap(struct dialogue *d)
{
	int64_t until = clock_mono_ms() + LOOK_MS;
	struct timespec t = {.tv_sec = until / 1000, .tv_nsec = until % 1000 * 1000000};

	pthread_cond_timedwait(&d->changed, &d->lock, &t);
}

static enum err web_ask(struct dialogue *d, enum err why, int tries, struct dialogue_answer *ret_a)
{
	enum err e = ERR_OK;

	pthread_mutex_lock(&d->lock);
	d->why = why;
	d->tries = tries;
	d->answered = false;
	d->asked_ms = clock_mono_ms();
	d->state = DIALOGUE_ASK;
	while (!d->answered && (e = still_wanted(d)) == ERR_OK)
		nap(d);
	d->state = DIALOGUE_BUSY;
	if (e == ERR_OK) {
		*ret_a = d->answer;
		d->answer.pin = NULL;
	}
	pthread_mutex_unlock(&d->lock);
	return e;
}

enum err dialogue_ask(struct dialogue *d, enum err why, int tries, struct dialogue_answer *ret_a)
{
	TRY(dialogue_is_web(d) ? web_ask(d, why, tries, ret_a) : pinentry_ask(d, why, tries, ret_a));
	/* Once chosen, the key stays: a PIN asked for again is that key's. */
	pthread_mutex_lock(&d->lock);
	d->keys[0] = ret_a->key;
	d->n_keys = 1;
	pthread_mutex_unlock(&d->lock);
	return ERR_OK;
}
