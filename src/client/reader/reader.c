#include "client/reader/reader.h"
#include "base/clock.h"
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

enum { CONNECT_WAIT_MS = 2000, RETRY_MS = 50, ANSWER_WAIT_MS = 15000, ATR_MIN = 2, ATR_MAX = 33 };
enum { CONTROL_OFF = 0, CONTROL_ON = 1, CONTROL_ATR = 4 };

struct reader {
	int fd; /* -1: memory, or gone */
	enum err (*apdu)(void *card, struct span command, struct buf *response);
	void *card;
};

/* --- socket --- */

/* "slot0" to "slot15", no other spelling. */
static bool name_ok(const char *name)
{
	char want[READER_NAME_MAX];

	for (unsigned i = 0; i < READER_MAX; i++) {
		(void)snprintf(want, sizeof(want), "slot%u", i);
		if (strcmp(name, want) == 0)
			return true;
	}
	return false;
}

static enum err address(const char *dir, const char *name, struct sockaddr_un *ret_sa)
{
	struct sockaddr_un sa = {.sun_family = AF_UNIX};
	int len = snprintf(sa.sun_path, sizeof(sa.sun_path), "%s/%s.sock", dir, name);

	if (len < 0 || (size_t)len >= sizeof(sa.sun_path))
		return ERR(LIMIT, "path of %s is longer than a socket's", name);
	*ret_sa = sa;
	return ERR_OK;
}

/* ERR_CARD_GONE: no card there; ERR_BUSY: its queue of connections is full. */
static enum err connect_slot(const char *dir, const char *name, int *ret_fd)
{
	struct sockaddr_un sa;

	TRY(address(dir, name, &sa));
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0)
		return ERR(IO, "socket: %s", strerror(errno));
	if (connect(fd, (struct sockaddr *)&sa, sizeof(sa)) == 0) {
		*ret_fd = fd;
		return ERR_OK;
	}
	int why = errno;
	close(fd);
	if (why == EAGAIN)
		return ERR(BUSY, "%s", name);
	return ERR(CARD_GONE, "%s: %s", name, strerror(why));
}

static enum err wait_for(int fd, short events, int64_t until_ms)
{
	for (;;) {
		int64_t left = until_ms - clock_mono_ms();
		struct pollfd p = {.fd = fd, .events = events};
		int n = left > 0 ? poll(&p, 1, (int)left) : 0;
		if (n > 0)
			return ERR_OK;
		if (n == 0)
			return ERR(TIMEOUT, "card did not answer");
		if (errno != EINTR)
			return ERR(IO, "poll: %s", strerror(errno));
	}
}

static enum err read_full(int fd, uint8_t *at, size_t len, int64_t until_ms)
{
	while (len > 0) {
		TRY(wait_for(fd, POLLIN, until_ms));
		ssize_t n = recv(fd, at, len, 0);
		if (n == 0 || (n < 0 && errno != EINTR && errno != EAGAIN))
			return ERR(CARD_GONE, "connection to the card ended");
		if (n > 0) {
			at += n;
			len -= (size_t)n;
		}
	}
	return ERR_OK;
}

static enum err write_full(int fd, struct span s, int64_t until_ms)
{
	while (s.len > 0) {
		TRY(wait_for(fd, POLLOUT, until_ms));
		ssize_t n = send(fd, s.ptr, s.len, MSG_NOSIGNAL);
		if (n < 0 && errno != EINTR && errno != EAGAIN)
			return ERR(CARD_GONE, "connection to the card ended");
		if (n > 0)
			s = span_sub(s, (size_t)n, s.len);
	}
	return ERR_OK;
}

static enum err write_frame(int fd, struct span payload, int64_t until_ms)
{
	const uint8_t head[2] = {(uint8_t)(payload.len >> 8), (uint8_t)payload.len};

	TRY(write_full(fd, SPAN_ARR(head), until_ms));
	return write_full(fd, payload, until_ms);
}

static enum err read_frame(int fd, struct buf *out, int64_t until_ms)
{
	uint8_t head[2];

	TRY(read_full(fd, head, sizeof(head), until_ms));
	size_t len = (size_t)head[0] << 8 | head[1];
	if (len > READER_APDU_MAX)
		return ERR(CARD_GONE, "card answered %zu octets", len);
	uint8_t *room = buf_room(out, len);
	TRY(buf_err(out));
	return len > 0 ? read_full(fd, room, len, until_ms) : ERR_OK;
}

/* u1.md 2: power on, then the ATR or an empty frame, which means that another connection holds the card. */
static enum err power_on(int fd)
{
	const uint8_t frames[] = {0, 1, CONTROL_ON, 0, 1, CONTROL_ATR};
	AUTO_BUF(atr, READER_APDU_MAX);
	int64_t until = clock_mono_ms() + CONNECT_WAIT_MS;

	TRY(write_full(fd, SPAN_ARR(frames), until));
	TRY(read_frame(fd, &atr, until));
	if (atr.len == 0)
		return ERR(BUSY, "card is in use by another program");
	if (atr.len < ATR_MIN || atr.len > ATR_MAX)
		return ERR(CARD_GONE, "ATR of %zu octets", atr.len);
	return ERR_OK;
}

static enum err try_open(const char *dir, const char *name, int *ret_fd)
{
	int fd;

	TRY(connect_slot(dir, name, &fd));
	enum err e = power_on(fd);
	if (e != ERR_OK) {
		close(fd);
		return e;
	}
	*ret_fd = fd;
	return ERR_OK;
}

static void sleep_ms(long ms)
{
	const struct timespec t = {.tv_sec = ms / 1000, .tv_nsec = ms % 1000 * 1000000};
	(void)nanosleep(&t, NULL);
}

/* --- exported --- */

enum err reader_list(const char *slots_dir, struct reader_info ret_list[READER_MAX], size_t *ret_n)
{
	struct reader_info found[READER_MAX];
	struct sockaddr_un sa;
	size_t n = 0;

	memset(found, 0, sizeof(found));
	for (unsigned i = 0; i < READER_MAX; i++) {
		int fd;
		(void)snprintf(found[n].name, sizeof(found[n].name), "slot%u", i);
		TRY(address(slots_dir, found[n].name, &sa));
		if (access(sa.sun_path, F_OK) != 0)
			continue;
		enum err e = connect_slot(slots_dir, found[n].name, &fd);
		if (e == ERR_OK)
			close(fd);
		else
			err_clear();
		found[n++].present = e == ERR_OK || e == ERR_BUSY;
	}
	memcpy(ret_list, found, n * sizeof(found[0]));
	*ret_n = n;
	return ERR_OK;
}

enum err reader_open(const char *slots_dir, const char *name, struct reader **ret_r)
{
	int64_t until = clock_mono_ms() + CONNECT_WAIT_MS;
	int fd = -1;

	if (!name_ok(name))
		return ERR(CARD_GONE, "no such slot");
	enum err e = try_open(slots_dir, name, &fd);
	while (e == ERR_BUSY && clock_mono_ms() < until) {
		err_clear();
		sleep_ms(RETRY_MS);
		e = try_open(slots_dir, name, &fd);
	}
	TRY(e);
	struct reader *r = calloc(1, sizeof(*r));
	if (r == NULL) {
		close(fd);
		return ERR(NOMEM, "reader");
	}
	r->fd = fd;
	*ret_r = r;
	return ERR_OK;
}

enum err reader_open_memory(enum err (*apdu)(void *card, struct span command, struct buf *response), void *card,
                            struct reader **ret_r)
{
	struct reader *r = calloc(1, sizeof(*r));

	if (r == NULL)
		return ERR(NOMEM, "reader");
	r->fd = -1;
	r->apdu = apdu;
	r->card = card;
	*ret_r = r;
	return ERR_OK;
}

void reader_close(struct reader *r)
{
	if (r == NULL)
		return;
	if (r->fd >= 0) {
		/* The card ends its channel at the connection's end anyway; this only makes it certain and quick. */
		const uint8_t off[] = {0, 1, CONTROL_OFF};
		(void)!send(r->fd, off, sizeof(off), MSG_NOSIGNAL | MSG_DONTWAIT);
		close(r->fd);
	}
	free(r);
}

static enum err exchange(struct reader *r, struct span command, struct buf *response)
{
	int64_t until = clock_mono_ms() + ANSWER_WAIT_MS;

	TRY(write_frame(r->fd, command, until));
	TRY(read_frame(r->fd, response, until));
	return response->len >= 2 ? ERR_OK : ERR(CARD_GONE, "card answered without a status");
}

enum err reader_transmit(struct reader *r, struct span command, struct buf *response)
{
	size_t before = response->len;

	if (command.len < 4 || command.len > READER_APDU_MAX)
		return ERR(LIMIT, "command of %zu octets", command.len);
	if (r->apdu != NULL)
		return r->apdu(r->card, command, response);
	if (r->fd < 0)
		return ERR(CARD_GONE, "card was removed");
	enum err e = exchange(r, command, response);
	if (e == ERR_OK)
		return ERR_OK;
	/* Command and answer no longer match: the connection is of no further use. */
	buf_cut(response, before);
	close(r->fd);
	r->fd = -1;
	return ERR(CARD_GONE, "no answer from the card");
}
