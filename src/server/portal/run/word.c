#include "server/portal/run/word.h"
#include "base/clock.h"
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { SERIAL_CAP = 48 };
struct slot {
	char serial[SERIAL_CAP]; /* "": empty */
	int status;
};
struct word {
	struct word_source from;
	pthread_mutex_t lock; /* of all below; held while the signer is asked */
	int64_t asked_ms;     /* when the question was sent that gave seq; 0: never */
	int64_t failed_ms;    /* 0: the last question was answered */
	uint64_t seq;
	struct slot slot[WORD_SLOTS];
};

enum err word_new(const struct word_source *s, struct word **ret_w)
{
	struct word *w = calloc(1, sizeof(*w));
	if (w == NULL)
		return ERR(NOMEM, "word");
	w->from = *s;
	(void)pthread_mutex_init(&w->lock, NULL);
	*ret_w = w;
	return ERR_OK;
}

void word_free(struct word *w)
{
	if (w == NULL)
		return;
	(void)pthread_mutex_destroy(&w->lock);
	free(w);
}

/* Serial numbers are random: two that meet in one slot take turns, which costs a question. */
static struct slot *slot_of(struct word *w, const char *serial)
{
	uint32_t h = 2166136261u;
	for (const char *p = serial; *p != 0; p++)
		h = (h ^ (uint8_t)*p) * 16777619u;
	return &w->slot[h % WORD_SLOTS];
}

static enum err told(enum err e)
{
	return e == ERR_OK || e == ERR_SERIAL_UNKNOWN ? e : err_note(ERR_STATUS_AWAY, "signer: %s", err_name(e));
}

static enum err look_at_journal(struct word *w, int64_t now_ms)
{
	uint64_t seq = 0;
	if (w->asked_ms > 0 && now_ms - w->asked_ms < WORD_MS)
		return ERR_OK;
	TRY(w->from.seq(w->from.ctx, &seq));
	if (w->asked_ms == 0 || seq != w->seq)
		memset(w->slot, 0, sizeof(w->slot));
	w->seq = seq;
	w->asked_ms = now_ms;
	return ERR_OK;
}

static enum err find(struct word *w, const char *serial, int64_t now_ms, int *ret_status)
{
	struct slot *s = slot_of(w, serial);
	int status = 0;
	TRY(look_at_journal(w, now_ms));
	/* Only a good one is believed for its second: a bad one ends a session, and may have been released just now. */
	if (s->status != 0 || strcmp(s->serial, serial) != 0) {
		TRY(w->from.status(w->from.ctx, serial, &status));
		(void)snprintf(s->serial, sizeof(s->serial), "%s", serial);
		s->status = status;
	}
	*ret_status = s->status;
	return ERR_OK;
}

static enum err find_seq(struct word *w, const char *serial, int64_t now_ms, int *ret_status)
{
	(void)serial, (void)ret_status;
	return look_at_journal(w, now_ms);
}

/* One at a time; ret_seq is read under the lock too. */
static enum err ask(struct word *w, enum err (*fn)(struct word *, const char *, int64_t, int *), const char *serial,
                    int *ret_status, uint64_t *ret_seq)
{
	enum err e;
	(void)pthread_mutex_lock(&w->lock);
	int64_t now_ms = clock_mono_ms();
	if (w->failed_ms > 0 && now_ms - w->failed_ms < WORD_RETRY_MS) {
		e = ERR(STATUS_AWAY, "the signer did not answer %lld ms ago", (long long)(now_ms - w->failed_ms));
	} else {
		e = told(fn(w, serial, now_ms, ret_status));
		w->failed_ms = e == ERR_STATUS_AWAY ? clock_mono_ms() : 0;
	}
	*ret_seq = w->seq;
	(void)pthread_mutex_unlock(&w->lock);
	return e;
}

enum err word_of(struct word *w, const char *serial, int *ret_status)
{
	uint64_t seq = 0;
	if (serial[0] == 0 || strlen(serial) >= SERIAL_CAP)
		return ERR(SERIAL_UNKNOWN, "no serial number");
	return ask(w, find, serial, ret_status, &seq);
}

enum err word_seq(struct word *w, uint64_t *ret_seq)
{
	int none = 0;
	return ask(w, find_seq, "", &none, ret_seq);
}

enum err word_now(struct word *w, const char *serial, int *ret_status)
{
	return told(w->from.status(w->from.ctx, serial, ret_status));
}
