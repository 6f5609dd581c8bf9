#include "store/writer.h"
#include "base/clock.h"
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

/* One waiting write, on its caller's stack. */
struct job {
	store_fn *fn;
	void *arg;
	enum err result;
	char detail[256], where[64]; /* the trail is the writer thread's: carried over */
	bool done;
	pthread_cond_t wake;
	struct job *next;
};
struct writer {
	struct conn *conn;
	pthread_mutex_t lock;
	pthread_cond_t work;
	pthread_t thread;
	bool started, stop;
	struct job *first, **last;
	size_t group_max;
	_Atomic uint64_t commits;
};

static void note_result(struct job *j, enum err e)
{
	j->result = e;
	if (e == ERR_OK)
		return;
	snprintf(j->detail, sizeof(j->detail), "%s", err_detail());
	snprintf(j->where, sizeof(j->where), "%s", err_where());
	err_clear();
}

/* ERR_OK also when fn failed and was undone; an error when the transaction itself is lost. */
static enum err run_one(struct writer *w, struct job *j)
{
	struct tx tx = {w->conn, true};

	TRY(conn_savepoint(w->conn));
	enum err e = j->fn(&tx, j->arg);
	bool lost = !conn_in_tx(w->conn);
	if (lost && e == ERR_OK)
		e = ERR(IO, "the transaction was lost");
	note_result(j, e);
	if (lost)
		return e;
	return e == ERR_OK ? conn_release(w->conn) : conn_undo(w->conn);
}

/* Another process (a backup, a tool) may hold the lock for a moment. */
static enum err begin(struct writer *w)
{
	int64_t until = clock_mono_ms() + WRITER_LOCK_WAIT_MS;

	for (long wait_ms = 1;; wait_ms = wait_ms < 32 ? wait_ms * 2 : wait_ms) {
		enum err e = conn_begin(w->conn, true);
		if (e != ERR_BUSY || clock_mono_ms() >= until)
			return e;
		err_clear();
		nanosleep(&(struct timespec){0, wait_ms * 1000000}, NULL);
	}
}

static enum err run_tx(struct writer *w, struct job *first, const struct job *end)
{
	TRY(begin(w));
	for (struct job *j = first; j != end; j = j->next) {
		enum err e = run_one(w, j);
		if (e != ERR_OK) {
			conn_rollback(w->conn);
			return e;
		}
	}
	TRY(conn_commit(w->conn));
	atomic_fetch_add(&w->commits, 1);
	return ERR_OK;
}

static void run_alone(struct writer *w, struct job *j)
{
	enum err e = run_tx(w, j, j->next);

	if (e != ERR_OK && j->result == ERR_OK)
		note_result(j, e);
	err_clear();
}

static void run_group(struct writer *w, struct job *first)
{
	enum err e = run_tx(w, first, NULL);

	if (e == ERR_OK)
		return;
	if (first->next == NULL || e == ERR_BUSY) {
		for (struct job *j = first; j != NULL; j = j->next)
			if (j->result == ERR_OK) {
				(void)err_raise(e, __FILE__, __LINE__, "the group could not be committed");
				note_result(j, e);
			}
		return;
	}
	err_clear();
	for (struct job *j = first; j != NULL; j = j->next) {
		j->result = ERR_OK;
		run_alone(w, j);
	}
}

static struct job *take_group(struct writer *w)
{
	struct job *first = w->first, *j = first;

	for (size_t n = 1; n < w->group_max && j->next != NULL; n++)
		j = j->next;
	w->first = j->next;
	if (w->first == NULL)
		w->last = &w->first;
	j->next = NULL;
	return first;
}

static void *work(void *arg)
{
	struct writer *w = arg;

	pthread_mutex_lock(&w->lock);
	for (;;) {
		while (w->first == NULL && !w->stop)
			pthread_cond_wait(&w->work, &w->lock);
		if (w->first == NULL)
			break;
		struct job *group = take_group(w);
		pthread_mutex_unlock(&w->lock);
		run_group(w, group);
		pthread_mutex_lock(&w->lock);
		for (struct job *j = group, *next; j != NULL; j = next) {
			next = j->next; /* the caller may be gone as soon as done is seen */
			j->done = true;
			pthread_cond_signal(&j->wake);
		}
	}
	pthread_mutex_unlock(&w->lock);
	return NULL;
}

enum err writer_new(struct conn *take, struct writer **ret_w)
{
	struct writer *w = calloc(1, sizeof(*w));

	if (w == NULL) {
		conn_close(take);
		return ERR(NOMEM, "writer");
	}
	w->conn = take;
	w->group_max = WRITER_GROUP_MAX;
	w->last = &w->first;
	pthread_mutex_init(&w->lock, NULL);
	pthread_cond_init(&w->work, NULL);
	*ret_w = w;
	return ERR_OK;
}

void writer_free(struct writer *w)
{
	if (w == NULL)
		return;
	pthread_mutex_lock(&w->lock);
	w->stop = true;
	pthread_cond_signal(&w->work);
	pthread_mutex_unlock(&w->lock);
	if (w->started)
		pthread_join(w->thread, NULL);
	pthread_cond_destroy(&w->work);
	pthread_mutex_destroy(&w->lock);
	conn_close(w->conn);
	free(w);
}

static enum err enqueue(struct writer *w, struct job *j)
{
	if (w->stop)
		return ERR(UNAVAILABLE, "the store is closing");
	if (!w->started && pthread_create(&w->thread, NULL, work, w) != 0)
		return ERR(NOMEM, "writer thread");
	w->started = true;
	*w->last = j;
	w->last = &j->next;
	pthread_cond_signal(&w->work);
	return ERR_OK;
}

enum err writer_do(struct writer *w, store_fn *fn, void *arg)
{
	struct job j = {.fn = fn, .arg = arg, .wake = PTHREAD_COND_INITIALIZER};

	pthread_mutex_lock(&w->lock);
	enum err e = enqueue(w, &j);
	while (e == ERR_OK && !j.done)
		pthread_cond_wait(&j.wake, &w->lock);
	pthread_mutex_unlock(&w->lock);
	pthread_cond_destroy(&j.wake);
	if (e != ERR_OK || j.result == ERR_OK)
		return e;
	return err_raise(j.result, __FILE__, __LINE__, "%s (%s)", j.detail, j.where);
}

void writer_group_max(struct writer *w, size_t most)
{
	INVARIANT(most >= 1 && most <= WRITER_GROUP_MAX);
	pthread_mutex_lock(&w->lock);
	w->group_max = most;
	pthread_mutex_unlock(&w->lock);
}

uint64_t writer_commits(const struct writer *w)
{
	return atomic_load(&w->commits);
}
