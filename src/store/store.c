#include "store/store.h"
#include "store/migrate.h"
#include "store/writer.h"
#include <pthread.h>
#include <stdlib.h>

enum { READERS_MAX = 64 };

struct store {
	struct stmts *stmts;
	struct writer *writer;
	pthread_mutex_t lock;
	pthread_cond_t back;
	struct conn *idle[READERS_MAX]; /* a stack: the warmest cache is used first */
	unsigned readers, free;
};

static enum err open_writer(struct store *s, const char *path, const char *sql_dir)
{
	AUTO(conn) c = NULL;

	TRY(conn_open(path, s->stmts, CONN_WRITER, &c));
	TRY(migrate(c, sql_dir));
	TRY(conn_check_stmts(c));
	return writer_new(STEAL(c), &s->writer);
}

static enum err open_readers(struct store *s, const char *path, unsigned readers)
{
	for (; s->readers < readers; s->readers++) {
		TRY(conn_open(path, s->stmts, CONN_READER, &s->idle[s->free]));
		s->free++;
	}
	return ERR_OK;
}

enum err store_open(const char *path, const char *sql_dir, unsigned readers, struct store **ret_s)
{
	AUTO(store) s = calloc(1, sizeof(*s));

	INVARIANT(readers >= 1 && readers <= READERS_MAX);
	if (s == NULL)
		return ERR(NOMEM, "store");
	pthread_mutex_init(&s->lock, NULL);
	pthread_cond_init(&s->back, NULL);
	TRY(stmts_load(sql_dir, &s->stmts));
	TRY(open_writer(s, path, sql_dir));
	TRY(open_readers(s, path, readers));
	*ret_s = STEAL(s);
	return ERR_OK;
}

void store_close(struct store *s)
{
	if (s == NULL)
		return;
	INVARIANT(s->free == s->readers);
	for (unsigned i = 0; i < s->free; i++)
		conn_close(s->idle[i]);
	writer_free(s->writer); /* last: its close folds the WAL into the database */
	stmts_free(s->stmts);
	pthread_cond_destroy(&s->back);
	pthread_mutex_destroy(&s->lock);
	free(s);
}

static struct conn *borrow(struct store *s)
{
	pthread_mutex_lock(&s->lock);
	while (s->free == 0)
		pthread_cond_wait(&s->back, &s->lock);
	struct conn *c = s->idle[--s->free];
	pthread_mutex_unlock(&s->lock);
	return c;
}

static void give_back(struct store *s, struct conn *c)
{
	pthread_mutex_lock(&s->lock);
	s->idle[s->free++] = c;
	pthread_cond_signal(&s->back);
	pthread_mutex_unlock(&s->lock);
}

enum err store_read(struct store *s, store_fn *fn, void *arg)
{
	struct conn *c = borrow(s);
	struct tx tx = {c, false};
	enum err e = conn_begin(c, false);

	if (e == ERR_OK)
		e = fn(&tx, arg);
	conn_rollback(c); /* nothing was written: this only ends the snapshot */
	give_back(s, c);
	return e;
}

enum err store_write(struct store *s, store_fn *fn, void *arg)
{
	return writer_do(s->writer, fn, arg);
}

void store_group_max(struct store *s, size_t most)
{
	writer_group_max(s->writer, most);
}

uint64_t store_commits(const struct store *s)
{
	return writer_commits(s->writer);
}
