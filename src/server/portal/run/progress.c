#include "server/portal/run/progress.h"
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { SLOTS = 64, KEY_MAX = 96 };
struct progress {
	pthread_mutex_t lock;
	uint64_t turn;
	struct slot {
		char key[KEY_MAX];
		enum progress_phase phase;
		int64_t rows;
		uint64_t turn;
	} v[SLOTS];
};

enum err progress_new(struct progress **ret_p)
{
	struct progress *p = calloc(1, sizeof(*p));
	if (p == NULL)
		return ERR(NOMEM, "progress");
	if (pthread_mutex_init(&p->lock, NULL) != 0) {
		free(p);
		return ERR(NOMEM, "progress");
	}
	*ret_p = p;
	return ERR_OK;
}

void progress_free(struct progress *p)
{
	if (p == NULL)
		return;
	(void)pthread_mutex_destroy(&p->lock);
	free(p);
}

/* The slot of that key, else NULL; *ret_oldest is where a new one goes. */
static struct slot *find(struct progress *p, const char *key, struct slot **ret_oldest)
{
	struct slot *oldest = &p->v[0];
	for (size_t i = 0; i < SLOTS; i++) {
		if (strcmp(p->v[i].key, key) == 0)
			return &p->v[i];
		if (p->v[i].turn < oldest->turn)
			oldest = &p->v[i];
	}
	*ret_oldest = oldest;
	return NULL;
}

static void key_of(const char *no, const char *person_id, char ret[KEY_MAX])
{
	(void)snprintf(ret, KEY_MAX, "%s/%s", no, person_id);
}

void progress_put(struct progress *p, const char *no, const char *person_id, enum progress_phase phase, int64_t rows)
{
	char key[KEY_MAX];
	struct slot *oldest = NULL;
	if (p == NULL)
		return;
	key_of(no, person_id, key);
	(void)pthread_mutex_lock(&p->lock);
	struct slot *s = find(p, key, &oldest);
	if (s == NULL) {
		s = oldest;
		memcpy(s->key, key, sizeof(key));
	}
	s->phase = phase;
	s->rows = rows;
	s->turn = ++p->turn;
	(void)pthread_mutex_unlock(&p->lock);
}

enum progress_phase progress_get(struct progress *p, const char *no, const char *person_id, int64_t *ret_rows)
{
	char key[KEY_MAX];
	struct slot *oldest = NULL;
	enum progress_phase phase = PROGRESS_NONE;
	int64_t rows = 0;
	if (p != NULL) {
		key_of(no, person_id, key);
		(void)pthread_mutex_lock(&p->lock);
		const struct slot *s = find(p, key, &oldest);
		if (s != NULL) {
			phase = s->phase;
			rows = s->rows;
		}
		(void)pthread_mutex_unlock(&p->lock);
	}
	*ret_rows = rows;
	return phase;
}

const char *progress_name(enum progress_phase phase)
{
	static const char *const names[] = {"none", "reading", "saving", "done", "failed"};
	return names[phase];
}
