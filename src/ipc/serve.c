#include "ipc/serve.h"
#include "base/clock.h"
#include "base/log.h"
#include "ipc/peer.h"
#include "ipc/reader.h"
#include "ipc/writer.h"
#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

/* Who has been silent for SILENT_MS may lose his place to a newcomer; FLUSH_MS: for answers when the loop ends. */
enum { CONNS_MAX = 32, TICK_MS = 250, SILENT_MS = 1000, FLUSH_MS = 2000 };
#ifndef SO_PASSRIGHTS
#define SO_PASSRIGHTS 83 /* Linux 6.16, asm-generic */
#endif

struct conn {
	int fd; /* -1: free */
	uid_t uid;
	unsigned peers; /* bit i: its uid is serve.uids[i] */
	struct reader reader;
	struct writer writer; /* while it has a rest, nothing more is read */
	int64_t deadline_ms;  /* of the frame that has begun, in either direction */
	int64_t moved_ms;     /* when octets came or went last */
};

struct loop {
	const struct serve *s;
	int listen_fd;
	struct ipc_type *types; /* the rows' requests, as ipc_parse() wants them */
	struct conn conns[CONNS_MAX];
};

static void conn_close(struct conn *c)
{
	reader_done(&c->reader);
	writer_done(&c->writer);
	close(c->fd);
	c->fd = -1;
}

static void conn_next_frame(const struct loop *l, struct conn *c)
{
	reader_done(&c->reader);
	reader_init(&c->reader, l->types, l->s->n_rows);
}

static void report(const struct serve *s, const struct ipc_type *request, enum err e)
{
	if (s->report != NULL)
		s->report(s->ctx, request, e);
	err_clear();
}

/* --- sending, never waiting: one peer that does not read must not keep the others --- */

static void conn_write(struct conn *c)
{
	bool done = false;
	size_t before = c->writer.at;

	if (writer_step(&c->writer, c->fd, &done) != ERR_OK) {
		err_clear();
		conn_close(c);
		return;
	}
	if (c->writer.at != before)
		c->moved_ms = clock_mono_ms();
	if (!done)
		return;
	writer_done(&c->writer);
	writer_init(&c->writer);
}

static void conn_send(struct conn *c, const struct ipc_msg *m)
{
	if (writer_load(&c->writer, m) != ERR_OK) {
		err_clear();
		conn_close(c);
		return;
	}
	c->deadline_ms = clock_mono_ms() + IPC_TIMEOUT_MS;
	conn_write(c);
}

/* --- answering --- */

static const struct serve_row *row_of(const struct serve *s, uint16_t type)
{
	for (size_t i = 0; i < s->n_rows; i++)
		if (s->rows[i].request->type == type)
			return &s->rows[i];
	return NULL;
}

static enum err handle(const struct serve *s, const struct serve_row *row, unsigned peers, struct ipc_msg *in,
                       struct ipc_msg **ret_out)
{
	AUTO(ipc_msg) out = NULL;
	AUTO_BUF(probe, IPC_HEAD_LEN + IPC_BODY_MAX);

	if (row->peers != 0 && (row->peers & peers) == 0)
		return ERR(DENIED, "%s is not for this peer", row->request->name);
	if ((row->states & s->state_bit(s->ctx)) == 0)
		return ERR(STATE, "%s is not permitted in this state", row->request->name);
	if (s->admit != NULL)
		TRY(s->admit(s->ctx, row->request, peers));
	TRY(ipc_msg_new(IPC_ANSWER_OK, &out));
	ipc_rid_set(out, ipc_rid(in));
	TRY(row->handler(s->ctx, in, out));
	TRY(ipc_encode(out, &probe)); /* an answer that cannot be built is an error to answer */
	*ret_out = STEAL(out);
	return ERR_OK;
}

static void answer(const struct serve *s, struct conn *c, struct ipc_msg *in)
{
	AUTO(ipc_msg) out = NULL;
	const struct serve_row *row = row_of(s, ipc_type_of(in));

	INVARIANT(row);
	err_clear();
	enum err e = handle(s, row, c->peers, in, &out);
	enum err built = e == ERR_OK ? ERR_OK : ipc_err_new(ipc_rid(in), e, &out);
	report(s, row->request, e);
	if (built == ERR_OK)
		conn_send(c, out);
	else
		conn_close(c);
}

/* Outside the table, malformed or from a stranger: told so once if there is room for it, then closed. */
static void refuse(struct loop *l, struct conn *c, enum err e)
{
	char rid[IPC_RID_HEX + 1];
	AUTO(ipc_msg) m = NULL;
	bool done = false;

	reader_rid(&c->reader, rid);
	log_rid(rid);
	if (e != ERR_ABSENT && e != ERR_UNAVAILABLE && !writer_has_rest(&c->writer) &&
	    (ipc_err_new(rid, e, &m) != ERR_OK || writer_load(&c->writer, m) != ERR_OK ||
	     writer_step(&c->writer, c->fd, &done) != ERR_OK || !done))
		err_note(e, "and the peer could not be told");
	if (e != ERR_ABSENT)
		report(l->s, NULL, e);
	err_clear();
	log_rid(NULL);
	conn_close(c);
}

static void conn_read(struct loop *l, struct conn *c)
{
	AUTO(ipc_msg) in = NULL;
	bool had_begun = reader_has_begun(&c->reader), done = false;
	enum err e = reader_step(&c->reader, c->fd, &done);

	c->moved_ms = clock_mono_ms();
	if (!had_begun)
		c->deadline_ms = c->moved_ms + IPC_TIMEOUT_MS;
	if (e == ERR_OK && !done)
		return;
	if (e == ERR_OK)
		e = reader_finish(&c->reader, l->types, l->s->n_rows, &in);
	if (e != ERR_OK) {
		refuse(l, c, e);
		return;
	}
	conn_next_frame(l, c);
	log_rid(ipc_rid(in));
	answer(l->s, c, in);
	log_rid(NULL);
}

/* --- connections --- */

static struct conn *free_conn(struct loop *l)
{
	for (size_t i = 0; i < CONNS_MAX; i++)
		if (l->conns[i].fd < 0)
			return &l->conns[i];
	return NULL;
}

static size_t places_of(const struct loop *l, uid_t uid)
{
	size_t n = 0;

	for (size_t i = 0; i < CONNS_MAX; i++)
		n += l->conns[i].fd >= 0 && l->conns[i].uid == uid;
	return n;
}

/* A request that has arrived and was not read yet, because others were served. */
static bool is_waiting(const struct conn *c)
{
	struct pollfd p = {.fd = c->fd, .events = POLLIN};

	return !writer_has_rest(&c->writer) && poll(&p, 1, 0) != 0;
}

/* Who gives way when all places are taken: of the user who holds most of them, the connection that has been silent
 * longest. So a captured portal displaces itself only, and idle connections keep nobody out. NULL: all are busy. */
static struct conn *silent_conn(struct loop *l)
{
	struct conn *found = NULL;
	size_t most = 0;
	int64_t until = clock_mono_ms() - SILENT_MS;

	for (size_t i = 0; i < CONNS_MAX; i++) {
		struct conn *c = &l->conns[i];
		if (c->fd < 0 || c->moved_ms > until || is_waiting(c))
			continue;
		size_t n = places_of(l, c->uid);
		if (n > most || (n == most && c->moved_ms < found->moved_ms)) {
			found = c;
			most = n;
		}
	}
	return found;
}

static bool has_room(struct loop *l)
{
	return free_conn(l) != NULL || silent_conn(l) != NULL;
}

/* Descriptors are refused in the kernel where it can: one whose closing waits (SO_LINGER) would stop this thread. */
static void no_descriptors(const struct loop *l, int fd)
{
	const int off = 0;

	for (size_t i = 0; i < l->s->n_rows; i++)
		if (l->types[i].takes_secret)
			return;
	(void)setsockopt(fd, SOL_SOCKET, SO_PASSRIGHTS, &off, sizeof(off));
}

static void conn_begin(struct loop *l, struct conn *c, int fd)
{
	*c = (struct conn){.fd = fd, .moved_ms = clock_mono_ms()};
	no_descriptors(l, fd);
	reader_init(&c->reader, l->types, l->s->n_rows);
	writer_init(&c->writer);
}

/* Whom the rows' masks mean. */
static unsigned peers_of(const struct serve *s, uid_t uid)
{
	unsigned peers = 0;

	for (size_t i = 0; i < s->n_uids && i < 32; i++)
		if (s->uids[i] == uid)
			peers |= 1U << i;
	return peers;
}

/* A stranger takes nobody's place. */
static void accept_one(struct loop *l)
{
	struct conn guest, *place = free_conn(l);
	int fd = accept4(l->listen_fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);

	/* A failed accept is the peer's end or a lack of descriptors; either way the next round tries again. */
	if (fd < 0)
		return;
	conn_begin(l, &guest, fd);
	enum err e = peer_check_uid(fd, l->s->uids, l->s->n_uids);
	if (e == ERR_OK)
		e = peer_uid(fd, &guest.uid);
	guest.peers = e == ERR_OK ? peers_of(l->s, guest.uid) : 0;
	if (e == ERR_OK && place == NULL && (place = silent_conn(l)) == NULL)
		e = ERR(BUSY, "all places are taken");
	if (e != ERR_OK) {
		refuse(l, &guest, e);
		return;
	}
	if (place->fd >= 0)
		refuse(l, place,
		       ERR(TIMEOUT, "gave way after %lld ms of silence",
		           (long long)(clock_mono_ms() - place->moved_ms)));
	*place = guest;
}

static void drop_slow(struct loop *l)
{
	int64_t now = clock_mono_ms();

	for (size_t i = 0; i < CONNS_MAX; i++) {
		struct conn *c = &l->conns[i];
		if (c->fd < 0 || now < c->deadline_ms)
			continue;
		if (writer_has_rest(&c->writer))
			refuse(l, c, ERR(TIMEOUT, "answer not taken after %d ms", IPC_TIMEOUT_MS));
		else if (reader_has_begun(&c->reader))
			refuse(l, c, ERR(TIMEOUT, "frame not whole after %d ms", IPC_TIMEOUT_MS));
	}
}

static void conn_move(struct loop *l, struct conn *c)
{
	if (writer_has_rest(&c->writer))
		conn_write(c);
	else
		conn_read(l, c);
}

static struct pollfd poll_of(const struct conn *c)
{
	return (struct pollfd){.fd = c->fd, .events = writer_has_rest(&c->writer) ? POLLOUT : POLLIN};
}

/* One round. While there is no room the listener is not polled: newcomers wait in the backlog. */
static enum err turn(struct loop *l)
{
	struct pollfd p[CONNS_MAX + 1];

	for (size_t i = 0; i < CONNS_MAX; i++)
		p[i] = poll_of(&l->conns[i]);
	p[CONNS_MAX] = (struct pollfd){.fd = has_room(l) ? l->listen_fd : -1, .events = POLLIN};
	int n = poll(p, CONNS_MAX + 1, TICK_MS);
	if (n < 0 && errno != EINTR)
		return ERR(IO, "poll: %s", strerror(errno));
	for (size_t i = 0; n > 0 && i < CONNS_MAX && !*l->s->stop; i++)
		if (p[i].revents != 0)
			conn_move(l, &l->conns[i]);
	if (n > 0 && (p[CONNS_MAX].revents & (POLLNVAL | POLLERR)))
		return ERR(IO, "listener is not usable");
	if (n > 0 && p[CONNS_MAX].revents != 0 && !*l->s->stop)
		accept_one(l);
	drop_slow(l);
	return ERR_OK;
}

/* What was answered must not be lost with the loop: the ceremony's last answer holds the only copy of the shares. */
static void flush(struct loop *l)
{
	int64_t deadline = clock_mono_ms() + FLUSH_MS;

	for (size_t rest = 1; rest > 0 && clock_mono_ms() < deadline;) {
		struct pollfd p[CONNS_MAX];
		rest = 0;
		for (size_t i = 0; i < CONNS_MAX; i++) {
			bool has = l->conns[i].fd >= 0 && writer_has_rest(&l->conns[i].writer);
			p[i] = (struct pollfd){.fd = has ? l->conns[i].fd : -1, .events = POLLOUT};
			rest += has;
		}
		if (rest == 0 || poll(p, CONNS_MAX, TICK_MS) <= 0)
			continue;
		for (size_t i = 0; i < CONNS_MAX; i++)
			if (p[i].revents != 0)
				conn_write(&l->conns[i]);
	}
}

static enum err run(struct loop *l)
{
	enum err e = ERR_OK;

	for (size_t i = 0; i < l->s->n_rows; i++)
		l->types[i] = *l->s->rows[i].request;
	for (size_t i = 0; i < CONNS_MAX; i++)
		l->conns[i].fd = -1;
	no_descriptors(l, l->listen_fd); /* connections inherit it */
	while (e == ERR_OK && !*l->s->stop) {
		if (l->s->tick != NULL)
			l->s->tick(l->s->ctx);
		e = turn(l);
	}
	flush(l);
	for (size_t i = 0; i < CONNS_MAX; i++)
		if (l->conns[i].fd >= 0)
			conn_close(&l->conns[i]);
	return e;
}

enum err serve_run(int listen_fd, const struct serve *s)
{
	struct loop *l = calloc(1, sizeof(*l));
	struct ipc_type *types = calloc(s->n_rows + 1, sizeof(*types));

	if (l == NULL || types == NULL) {
		free(l);
		free(types);
		return ERR(NOMEM, "serving");
	}
	*l = (struct loop){.s = s, .listen_fd = listen_fd, .types = types};
	enum err e = run(l);
	free(types);
	free(l);
	return e;
}
