#include "ipc/serve.h"
#include "base/clock.h"
#include "base/log.h"
#include "ipc/peer.h"
#include "ipc/reader.h"
#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum { CONNS_MAX = 32, TICK_MS = 250 };

struct conn {
	int fd; /* -1: free */
	unsigned peers; /* bit i: its uid is serve.uids[i] */
	struct reader reader;
	int64_t deadline_ms; /* of the frame that has begun */
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
	close(c->fd);
	c->fd = -1;
}

static void conn_next_frame(struct conn *c)
{
	reader_done(&c->reader);
	reader_init(&c->reader);
}

static void report(const struct serve *s, const struct ipc_type *request, enum err e)
{
	if (s->report)
		s->report(s->ctx, request, e);
	err_clear();
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

	if (row->peers != 0 && (row->peers & peers) == 0)
		return ERR(DENIED, "%s is not for this peer", row->request->name);
	if ((row->states & s->state_bit(s->ctx)) == 0)
		return ERR(STATE, "%s is not permitted in this state", row->request->name);
	TRY(ipc_msg_new(IPC_ANSWER_OK, &out));
	ipc_rid_set(out, ipc_rid(in));
	TRY(row->handler(s->ctx, in, out));
	*ret_out = STEAL(out);
	return ERR_OK;
}

/* An answer that cannot be built is an error to answer; one that cannot be sent ends the connection. */
static enum err answer(const struct serve *s, const struct conn *c, struct ipc_msg *in)
{
	AUTO(ipc_msg) out = NULL;
	AUTO_BUF(probe, IPC_HEAD_LEN + IPC_BODY_MAX);
	const struct serve_row *row = row_of(s, ipc_type_of(in));

	INVARIANT(row);
	err_clear();
	enum err e = handle(s, row, c->peers, in, &out);
	if (e == ERR_OK)
		e = ipc_encode(out, &probe);
	enum err sent = e == ERR_OK ? ipc_send(c->fd, out) : ERR_OK;
	if (e != ERR_OK)
		sent = ipc_send_err(c->fd, ipc_rid(in), e);
	report(s, row->request, e);
	return sent;
}

/* Outside the table, malformed or from a stranger: told so once if he listens, then closed. */
static void refuse(struct loop *l, struct conn *c, enum err e)
{
	char rid[IPC_RID_HEX + 1];

	reader_rid(&c->reader, rid);
	log_rid(rid);
	if (e != ERR_ABSENT && e != ERR_UNAVAILABLE && ipc_send_err(c->fd, rid, e) != ERR_OK)
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

	if (!had_begun)
		c->deadline_ms = clock_mono_ms() + IPC_TIMEOUT_MS;
	if (e == ERR_OK && !done)
		return;
	if (e == ERR_OK)
		e = reader_finish(&c->reader, l->types, l->s->n_rows, &in);
	if (e != ERR_OK) {
		refuse(l, c, e);
		return;
	}
	conn_next_frame(c);
	log_rid(ipc_rid(in));
	e = answer(l->s, c, in);
	log_rid(NULL);
	if (e != ERR_OK)
		conn_close(c);
}

/* --- connections --- */

static struct conn *free_conn(struct loop *l)
{
	for (size_t i = 0; i < CONNS_MAX; i++)
		if (l->conns[i].fd < 0)
			return &l->conns[i];
	return NULL;
}

/* Whom the row's masks mean. */
static unsigned places_of(const struct serve *s, int fd)
{
	unsigned peers = 0;
	uid_t uid;

	if (peer_uid(fd, &uid) != ERR_OK) {
		err_clear();
		return 0;
	}
	for (size_t i = 0; i < s->n_uids && i < 32; i++)
		if (s->uids[i] == uid)
			peers |= 1U << i;
	return peers;
}

static void accept_one(struct loop *l)
{
	struct conn *c = free_conn(l);
	int fd = c ? accept4(l->listen_fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK) : -1;

	/* A failed accept is the peer's end or a lack of descriptors; either way the next round tries again. */
	if (fd < 0)
		return;
	c->fd = fd;
	reader_init(&c->reader);
	c->peers = places_of(l->s, fd);
	enum err e = peer_check_uid(fd, l->s->uids, l->s->n_uids);
	if (e != ERR_OK)
		refuse(l, c, e);
}

static void drop_slow(struct loop *l)
{
	int64_t now = clock_mono_ms();

	for (size_t i = 0; i < CONNS_MAX; i++) {
		struct conn *c = &l->conns[i];
		if (c->fd >= 0 && reader_has_begun(&c->reader) && now >= c->deadline_ms)
			refuse(l, c, ERR(TIMEOUT, "frame not whole after %d ms", IPC_TIMEOUT_MS));
	}
}

/* One round. While all places are taken the listener is not polled: newcomers wait in the backlog. */
static enum err turn(struct loop *l)
{
	struct pollfd p[CONNS_MAX + 1];

	for (size_t i = 0; i < CONNS_MAX; i++)
		p[i] = (struct pollfd){.fd = l->conns[i].fd, .events = POLLIN};
	p[CONNS_MAX] = (struct pollfd){.fd = free_conn(l) ? l->listen_fd : -1, .events = POLLIN};
	int n = poll(p, CONNS_MAX + 1, TICK_MS);
	if (n < 0 && errno != EINTR)
		return ERR(IO, "poll: %s", strerror(errno));
	for (size_t i = 0; n > 0 && i < CONNS_MAX && !*l->s->stop; i++)
		if (p[i].revents != 0)
			conn_read(l, &l->conns[i]);
	if (n > 0 && (p[CONNS_MAX].revents & (POLLNVAL | POLLERR)))
		return ERR(IO, "listener is not usable");
	if (n > 0 && p[CONNS_MAX].revents != 0 && !*l->s->stop)
		accept_one(l);
	drop_slow(l);
	return ERR_OK;
}

enum err serve_run(int listen_fd, const struct serve *s)
{
	struct loop *l = calloc(1, sizeof(*l));
	struct ipc_type *types = calloc(s->n_rows + 1, sizeof(*types));
	enum err e = ERR_OK;

	if (!l || !types) {
		free(l);
		free(types);
		return ERR(NOMEM, "serving");
	}
	*l = (struct loop){.s = s, .listen_fd = listen_fd, .types = types};
	for (size_t i = 0; i < s->n_rows; i++)
		types[i] = *s->rows[i].request;
	for (size_t i = 0; i < CONNS_MAX; i++)
		l->conns[i].fd = -1;
	while (e == ERR_OK && !*s->stop) {
		if (s->tick)
			s->tick(s->ctx);
		e = turn(l);
	}
	for (size_t i = 0; i < CONNS_MAX; i++)
		if (l->conns[i].fd >= 0)
			conn_close(&l->conns[i]);
	free(types);
	free(l);
	return e;
}
