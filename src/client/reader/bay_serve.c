#include "client/reader/bay_i.h"
#include "base/clock.h"
#include "base/secret.h"
#include "client/card/u1.h"
#include "ipc/peer.h"
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum { LINE_MAX_LEN = 128, TICK_MS = 60000 };
enum control { CONTROL_OFF = 0, CONTROL_ON = 1, CONTROL_RESET = 2, CONTROL_ATR = 4 };

static struct card *card_of(struct bay *b, const struct bay_conn *c)
{
	return card_file_card(b->slot[c->slot].file);
}

static bool owns(const struct bay *b, int conn)
{
	return b->conn[conn].slot >= 0 && b->slot[b->conn[conn].slot].owner == conn;
}

void bay_drop_conn(struct bay *b, int conn)
{
	struct bay_conn *c = &b->conn[conn];

	if (owns(b, conn)) {
		card_power(card_of(b, c));
		b->slot[c->slot].owner = -1;
	}
	close(c->fd);
	wipe(c->in, sizeof(c->in));
	c->fd = -1;
	c->have = 0;
}

/* A peer that does not read what it asked for is dropped: an answer always fits into an empty socket buffer. */
static bool send_all(int fd, struct span s)
{
	return send(fd, s.ptr, s.len, MSG_NOSIGNAL | MSG_DONTWAIT) == (ssize_t)s.len;
}

/* --- card connections --- */

static bool send_frame(int fd, struct span payload)
{
	uint8_t frame[2 + READER_APDU_MAX] = {(uint8_t)(payload.len >> 8), (uint8_t)payload.len};

	if (payload.len > READER_APDU_MAX)
		return false;
	if (payload.len > 0)
		memcpy(frame + 2, payload.ptr, payload.len);
	bool sent = send_all(fd, span_of(frame, 2 + payload.len));
	wipe(frame, sizeof(frame));
	return sent;
}

static bool control(struct bay *b, int conn, uint8_t what)
{
	struct bay_conn *c = &b->conn[conn];
	struct bay_slot *s = &b->slot[c->slot];

	switch (what) {
	case CONTROL_ON:
		if (s->owner < 0)
			s->owner = conn;
		if (s->owner == conn)
			card_power(card_of(b, c));
		return true;
	case CONTROL_OFF:
	case CONTROL_RESET:
		if (s->owner != conn)
			return true;
		card_power(card_of(b, c));
		if (what == CONTROL_OFF)
			s->owner = -1;
		return true;
	case CONTROL_ATR:
		return send_frame(c->fd, s->owner == conn ? SPAN_LIT(U1_ATR) : SPAN_EMPTY);
	default:
		return false;
	}
}

static bool frame(struct bay *b, int conn, struct span payload)
{
	struct bay_conn *c = &b->conn[conn];
	AUTO_BUF(response, READER_APDU_MAX);

	if (payload.len == 0)
		return false;
	if (payload.len == 1)
		return control(b, conn, payload.ptr[0]);
	if (!owns(b, conn))
		return send_frame(c->fd, SPAN_EMPTY);
	card_apdu(card_of(b, c), payload, &response);
	return send_frame(c->fd, buf_span(&response));
}

/* Eats whole frames from the front; false when the connection is to end. */
static bool frames(struct bay *b, int conn)
{
	struct bay_conn *c = &b->conn[conn];

	while (c->have >= 2) {
		size_t len = (size_t)c->in[0] << 8 | c->in[1];
		if (len > READER_APDU_MAX)
			return false;
		if (c->have < 2 + len)
			return true;
		if (!frame(b, conn, span_of(c->in + 2, len)))
			return false;
		c->have -= 2 + len;
		memmove(c->in, c->in + 2 + len, c->have);
		wipe(c->in + c->have, 2 + len);
	}
	return true;
}

/* --- control connections --- */

static void put_slot(struct bay *b, int i, struct buf *out)
{
	const struct bay_slot *s = &b->slot[i];
	if (s->file != NULL)
		buf_printf(out, "SLOT slot%d %s %s\n", i, s->name, card_serial(card_file_card(s->file)));
}

static enum err do_insert(struct bay *b, const char *name, const char *where, struct buf *out)
{
	int slot = -1;

	if (where != NULL) {
		for (int i = 0; i < BAY_SLOTS_MAX && slot < 0; i++) {
			char want[16];
			(void)snprintf(want, sizeof(want), "slot%d", i);
			slot = strcmp(where, want) == 0 ? i : -1;
		}
		if (slot < 0)
			return ERR(USAGE, "a slot is slot0 to slot%u", b->conf.count - 1);
	}
	TRY(bay_insert(b, name, slot, &slot));
	put_slot(b, slot, out);
	return ERR_OK;
}

static enum err command(struct bay *b, char *line, struct buf *out)
{
	char *rest = NULL, *verb = strtok_r(line, " ", &rest), *name = strtok_r(NULL, " ", &rest);
	char *where = strtok_r(NULL, " ", &rest), *more = strtok_r(NULL, " ", &rest);

	if (verb != NULL && strcmp(verb, "INSERT") == 0 && name != NULL && more == NULL)
		return do_insert(b, name, where, out);
	if (verb != NULL && strcmp(verb, "REMOVE") == 0 && name != NULL && where == NULL)
		return bay_remove(b, name);
	if (verb == NULL || strcmp(verb, "LIST") != 0 || name != NULL)
		return ERR(USAGE, "INSERT name [slot], REMOVE name or LIST");
	for (int i = 0; i < (int)b->conf.count; i++)
		put_slot(b, i, out);
	return ERR_OK;
}

static bool answer_line(struct bay *b, int fd, char *line)
{
	AUTO_BUF(out, 4096);
	enum err e = command(b, line, &out);

	if (e == ERR_OK)
		buf_str(&out, "OK\n");
	else {
		buf_clear(&out);
		buf_printf(&out, "ERR %s %s\n", err_code(e), err_detail());
	}
	err_clear();
	return buf_err(&out) == ERR_OK && send_all(fd, buf_span(&out));
}

static bool lines(struct bay *b, int conn)
{
	struct bay_conn *c = &b->conn[conn];
	char line[LINE_MAX_LEN];
	uint8_t *nl;

	while ((nl = memchr(c->in, '\n', c->have)) != NULL) {
		size_t len = (size_t)(nl - c->in);
		if (len >= sizeof(line) || memchr(c->in, '\0', len) != NULL)
			return false;
		memcpy(line, c->in, len);
		line[len] = '\0';
		c->have -= len + 1;
		memmove(c->in, nl + 1, c->have);
		if (!answer_line(b, c->fd, line))
			return false;
	}
	return c->have < LINE_MAX_LEN;
}

/* --- the loop --- */

static int free_conn(const struct bay *b)
{
	for (int i = 0; i < BAY_CONNS_MAX; i++)
		if (b->conn[i].fd < 0)
			return i;
	return -1;
}

static void accept_one(struct bay *b, int listener, int slot)
{
	const uid_t self = geteuid();
	int fd = accept4(listener, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK), i = free_conn(b);

	if (fd < 0)
		return;
	if (peer_check_uid(fd, &self, 1) != ERR_OK || i < 0) {
		err_clear();
		bay_event(b, "refused", slot, "");
		close(fd);
		return;
	}
	b->conn[i].fd = fd;
	b->conn[i].slot = slot;
	b->conn[i].last_ms = clock_mono_ms();
	b->conn[i].have = 0;
}

static void read_some(struct bay *b, int conn)
{
	struct bay_conn *c = &b->conn[conn];
	ssize_t n = recv(c->fd, c->in + c->have, sizeof(c->in) - c->have, MSG_DONTWAIT);

	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	if (n > 0) {
		c->have += (size_t)n;
		c->last_ms = clock_mono_ms();
		int fd = c->fd;
		if (c->slot < 0 ? lines(b, conn) : frames(b, conn))
			return;
		if (c->fd != fd)
			return;
	}
	bay_drop_conn(b, conn);
}

static void drop_idle(struct bay *b)
{
	int64_t now = clock_mono_ms();

	for (int i = 0; i < BAY_CONNS_MAX; i++)
		if (b->conn[i].fd >= 0 && now - b->conn[i].last_ms > BAY_IDLE_MS)
			bay_drop_conn(b, i);
}

enum { LISTENERS = 1 + BAY_SLOTS_MAX, POLLS = LISTENERS + BAY_CONNS_MAX };

/* poll() skips negative descriptors, so every slot and connection keeps its place. */
static void fill_polls(const struct bay *b, struct pollfd p[POLLS])
{
	memset(p, 0, sizeof(*p) * POLLS);
	p[0].fd = b->control;
	for (int i = 0; i < BAY_SLOTS_MAX; i++)
		p[1 + i].fd = b->slot[i].listener;
	for (int i = 0; i < BAY_CONNS_MAX; i++)
		p[LISTENERS + i].fd = b->conn[i].fd;
	for (int i = 0; i < POLLS; i++)
		p[i].events = POLLIN;
}

/* A control line may close listeners and connections that were polled: each is compared with what it was. */
static void serve_polls(struct bay *b, const struct pollfd p[POLLS])
{
	for (int i = 0; i < BAY_CONNS_MAX; i++) {
		const struct pollfd *q = &p[LISTENERS + i];
		if (q->revents && q->fd >= 0 && b->conn[i].fd == q->fd)
			read_some(b, i);
	}
	for (int i = 0; i < BAY_SLOTS_MAX; i++)
		if (p[1 + i].revents && b->slot[i].listener >= 0 && b->slot[i].listener == p[1 + i].fd)
			accept_one(b, b->slot[i].listener, i);
	if (p[0].revents)
		accept_one(b, b->control, -1);
}

enum err bay_run(struct bay *b, volatile sig_atomic_t *stop, const sigset_t *wait_mask)
{
	struct pollfd p[POLLS];
	const struct timespec tick = {.tv_sec = TICK_MS / 1000};

	while (!*stop) {
		fill_polls(b, p);
		int n = ppoll(p, POLLS, &tick, wait_mask);
		if (n < 0 && errno != EINTR)
			return ERR(IO, "poll: %s", strerror(errno));
		if (n > 0)
			serve_polls(b, p);
		drop_idle(b);
	}
	return ERR_OK;
}
