#include "client/agent/keys_i.h"
#include "base/clock.h"
#include "base/log.h"
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { POLL_MS = 300, REREAD_MS = 2000 };

enum err keys_new(const struct link_conf *confs, size_t n, struct keys **ret_k)
{
	AUTO(keys) k = calloc(1, sizeof(*k));
	pthread_condattr_t attr;

	if (k == NULL)
		return ERR(NOMEM, "keys");
	INVARIANT(n <= LINKS_MAX);
	pthread_mutex_init(&k->lock, NULL);
	pthread_condattr_init(&attr);
	pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
	pthread_cond_init(&k->changed, &attr);
	pthread_condattr_destroy(&attr);
	/* Not 1: a page that waits across our restart must see a difference. */
	k->generation = clock_now(NULL);
	for (size_t i = 0; i < n; i++) {
		k->lanes[i].keys = k;
		k->lanes[i].index = i;
		TRY(link_new(&confs[i], &k->lanes[i].link));
		k->n_lanes++;
	}
	*ret_k = STEAL(k);
	return ERR_OK;
}

void keys_stop(struct keys *k)
{
	pthread_mutex_lock(&k->lock);
	k->stop = true;
	pthread_cond_broadcast(&k->changed);
	pthread_mutex_unlock(&k->lock);
	for (size_t i = 0; i < k->n_lanes; i++)
		link_stop(k->lanes[i].link);
}

void keys_free(struct keys *k)
{
	if (k == NULL)
		return;
	keys_stop(k);
	for (size_t i = 0; i < k->n_lanes; i++) {
		if (k->lanes[i].running)
			pthread_join(k->lanes[i].thread, NULL);
		link_free(k->lanes[i].link);
	}
	pthread_cond_destroy(&k->changed);
	pthread_mutex_destroy(&k->lock);
	free(k);
}

/* With the lock held; false when the agent is ending. */
static bool wait_locked(struct keys *k, int64_t until_ms)
{
	struct timespec t = {.tv_sec = until_ms / 1000, .tv_nsec = until_ms % 1000 * 1000000};

	if (!k->stop)
		pthread_cond_timedwait(&k->changed, &k->lock, &t);
	return !k->stop;
}

/* --- one library's list --- */

static bool same(const struct key *a, const struct key *b)
{
	return strcmp(a->slot, b->slot) == 0 && strcmp(a->serial, b->serial) == 0 && a->state == b->state &&
	       a->error == b->error && a->tries == b->tries && a->pin_set == b->pin_set &&
	       span_eq(span_of(a->cert, a->cert_len), span_of(b->cert, b->cert_len));
}

static void store(struct lane *lane, const struct key *list, size_t n, bool answers, bool whole)
{
	struct keys *k = lane->keys;

	pthread_mutex_lock(&k->lock);
	bool differs = n != lane->n || answers != lane->answers;
	for (size_t i = 0; i < n && !differs; i++)
		differs = !same(&list[i], &lane->list[i]);
	memcpy(lane->list, list, n * sizeof(*list));
	lane->n = n;
	lane->answers = answers;
	if (whole)
		lane->read_ms = clock_mono_ms();
	if (differs) {
		k->generation++;
		pthread_cond_broadcast(&k->changed);
	}
	pthread_mutex_unlock(&k->lock);
}

static bool known(const struct lane *lane, const char *slot, struct key *ret_key)
{
	bool found = false;

	pthread_mutex_lock(&lane->keys->lock);
	for (size_t i = 0; i < lane->n && !found; i++) {
		found = strcmp(lane->list[i].slot, slot) == 0;
		if (found)
			*ret_key = lane->list[i];
	}
	pthread_mutex_unlock(&lane->keys->lock);
	return found;
}

/* The list as of now. reread: also devices that were there before, for another may sit in the same slot by now. */
static enum err read_list(struct lane *lane, bool reread, bool try_only, struct key *list, size_t *ret_n)
{
	AUTO(ipc_msg) ask = NULL;
	AUTO(ipc_msg) answer = NULL;
	char slot[SLOT_NAME_MAX + 1];
	size_t n = 0;

	TRY(ipc_msg_new(SKF_LIST, &ask));
	TRY(link_call(lane->link, ask, try_only, NULL, &answer));
	for (size_t i = 0; i < ipc_count(answer, TAG_SLOT) && n < KEYS_MAX; i++) {
		struct span name = ipc_get_n(answer, TAG_SLOT, i);
		memset(slot, 0, sizeof(slot));
		memcpy(slot, name.ptr, name.len);
		if (!reread && known(lane, slot, &list[n])) {
			n++;
			continue;
		}
		enum err e = key_read(lane, slot, try_only, &list[n]);
		if (e == ERR_BUSY || e == ERR_TIMEOUT || e == ERR_LIB_ABSENT)
			return e;
		/* Pulled out between the two requests: it simply is not there. */
		if (e != ERR_CARD_GONE)
			n++;
	}
	*ret_n = n;
	return ERR_OK;
}

enum err lane_update(struct lane *lane, bool reread, bool try_only)
{
	struct key *list = calloc(KEYS_MAX, sizeof(*list));
	size_t n = 0;

	if (list == NULL)
		return ERR(NOMEM, "list of keys");
	enum err e = read_list(lane, reread, try_only, list, &n);
	if (e == ERR_OK)
		store(lane, list, n, true, reread);
	else if (e != ERR_BUSY)
		store(lane, list, 0, false, true);
	free(list);
	return e;
}

/* --- the threads --- */

static bool is_stale(struct lane *lane, int older_ms)
{
	pthread_mutex_lock(&lane->keys->lock);
	bool stale = clock_mono_ms() - lane->read_ms >= older_ms;
	pthread_mutex_unlock(&lane->keys->lock);
	return stale;
}

static void *watch(void *arg)
{
	struct lane *lane = arg;
	struct keys *k = lane->keys;
	enum err last = ERR_OK;
	bool go_on = true;

	while (go_on) {
		link_tend(lane->link);
		enum err e = lane_update(lane, is_stale(lane, REREAD_MS), true);
		if (e != ERR_OK && e != ERR_BUSY && e != last)
			log_err("library", e);
		err_clear();
		if (e != ERR_BUSY)
			last = e;
		int64_t until = clock_mono_ms() + POLL_MS;
		pthread_mutex_lock(&k->lock);
		/* Changes of others wake us too; the rhythm stays. */
		while ((go_on = wait_locked(k, until)) && clock_mono_ms() < until)
			;
		pthread_mutex_unlock(&k->lock);
	}
	return NULL;
}

enum err keys_start(struct keys *k)
{
	for (size_t i = 0; i < k->n_lanes; i++) {
		if (pthread_create(&k->lanes[i].thread, NULL, watch, &k->lanes[i]) != 0)
			return ERR(NOMEM, "thread");
		k->lanes[i].running = true;
	}
	return ERR_OK;
}

/* --- looking --- */

static bool listed(const struct key *list, size_t n, const char *serial)
{
	for (size_t i = 0; i < n; i++)
		if (strcmp(list[i].serial, serial) == 0)
			return true;
	return false;
}

size_t keys_copy(struct keys *k, struct key ret_list[KEYS_MAX])
{
	size_t n = 0;

	pthread_mutex_lock(&k->lock);
	for (size_t i = 0; i < k->n_lanes; i++)
		for (size_t j = 0; j < k->lanes[i].n && n < KEYS_MAX; j++)
			if (!listed(ret_list, n, k->lanes[i].list[j].serial))
				ret_list[n++] = k->lanes[i].list[j];
	pthread_mutex_unlock(&k->lock);
	return n;
}

bool keys_find(struct keys *k, const char *serial, struct key *ret_key)
{
	bool found = false;

	pthread_mutex_lock(&k->lock);
	for (size_t i = 0; i < k->n_lanes && !found; i++) {
		for (size_t j = 0; j < k->lanes[i].n && !found; j++) {
			found = strcmp(k->lanes[i].list[j].serial, serial) == 0;
			if (found)
				*ret_key = k->lanes[i].list[j];
		}
	}
	pthread_mutex_unlock(&k->lock);
	return found;
}

int64_t keys_generation(struct keys *k)
{
	pthread_mutex_lock(&k->lock);
	int64_t g = k->generation;
	pthread_mutex_unlock(&k->lock);
	return g;
}

bool keys_library_ok(struct keys *k)
{
	bool ok = false;

	pthread_mutex_lock(&k->lock);
	for (size_t i = 0; i < k->n_lanes; i++)
		ok = ok || k->lanes[i].answers;
	pthread_mutex_unlock(&k->lock);
	return ok;
}

void keys_wait(struct keys *k, int64_t seen, int timeout_ms)
{
	int64_t until = clock_mono_ms() + timeout_ms;

	pthread_mutex_lock(&k->lock);
	while (k->generation == seen && clock_mono_ms() < until && wait_locked(k, until))
		;
	pthread_mutex_unlock(&k->lock);
}

void keys_refresh(struct keys *k, int older_ms)
{
	for (size_t i = 0; i < k->n_lanes; i++) {
		if (!is_stale(&k->lanes[i], older_ms) || !link_is_up(k->lanes[i].link))
			continue;
		if (lane_update(&k->lanes[i], true, true) != ERR_OK)
			err_clear();
	}
}
