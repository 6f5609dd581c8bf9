/* Asks a loopback HTTP server over many kept connections and tells the rate, the times and the answers.
 * usage: yx_bench_load PORT CONNECTIONS MILLISECONDS FILE. A line of FILE is "GET PATH", or "POST PATH TYPE HEX"; each
 * next request is one of them, at random (always the same sequence). */
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum {
	CONNS_MAX = 1024,
	TARGETS_MAX = 65536,
	ANSWER_MAX = 1 << 20,
	TIMES_MAX = 1 << 22,
	LINE_ROOM = 1 << 16,
	STATUS_MAX = 600
};
struct target {
	char *text;
	size_t len;
};
struct conn {
	int fd;
	char *in;
	size_t len;
	int64_t began;
};
static struct target targets[TARGETS_MAX];
static size_t n_targets;
static struct conn conns[CONNS_MAX];
static uint32_t times[TIMES_MAX];
static size_t done;
static unsigned long statuses[STATUS_MAX];
static uint64_t seed = 88172645463325252ull;

static int64_t now_ns(void)
{
	struct timespec t;
	clock_gettime(CLOCK_MONOTONIC, &t);
	return (int64_t)t.tv_sec * 1000000000 + t.tv_nsec;
}

static _Noreturn void die(const char *what)
{
	fprintf(stderr, "yx_bench_load: %s: %s\n", what, strerror(errno));
	exit(1);
}

static size_t pick(void)
{
	seed ^= seed << 13;
	seed ^= seed >> 7;
	seed ^= seed << 17;
	return seed % n_targets;
}

/* --- requests --- */

static size_t unhex(char *s)
{
	size_t n = 0;
	unsigned v;
	for (char *p = s; p[0] && p[1] && sscanf(p, "%2x", &v) == 1; p += 2)
		s[n++] = (char)v;
	return n;
}

static char *word(char **rest)
{
	char *s = *rest != NULL ? strsep(rest, " \n") : NULL;
	return s != NULL && s[0] ? s : NULL;
}

static void add_target(char *line)
{
	static char out[LINE_ROOM * 2];
	char *rest = line;
	char *method = strsep(&rest, " \n"), *path = strsep(&rest, " \n"), *type = word(&rest), *body = word(&rest);
	size_t body_len = body != NULL ? unhex(body) : 0;
	if (method == NULL || path == NULL || n_targets == TARGETS_MAX)
		return;
	int n = snprintf(out, sizeof(out), "%s %s HTTP/1.1\r\nHost: localhost\r\n", method, path);
	if (type != NULL)
		n += snprintf(out + n, sizeof(out) - (size_t)n, "Content-Type: %s\r\nContent-Length: %zu\r\n", type,
		              body_len);
	n += snprintf(out + n, sizeof(out) - (size_t)n, "\r\n");
	memcpy(out + n, body != NULL ? body : "", body_len);
	struct target *t = &targets[n_targets++];
	t->len = (size_t)n + body_len;
	t->text = malloc(t->len);
	if (t->text == NULL)
		die("memory");
	memcpy(t->text, out, t->len);
}

static void read_targets(const char *path)
{
	static char line[LINE_ROOM];
	FILE *f = fopen(path, "r");
	if (f == NULL)
		die(path);
	while (fgets(line, sizeof(line), f) != NULL)
		add_target(line);
	fclose(f);
	if (n_targets == 0)
		die("no requests");
}

/* --- connections --- */

static void ask(struct conn *c)
{
	const struct target *t = &targets[pick()];
	c->len = 0;
	c->began = now_ns();
	if (send(c->fd, t->text, t->len, MSG_NOSIGNAL) != (ssize_t)t->len)
		die("send");
}

static void dial(struct conn *c, int port, int ep)
{
	const struct sockaddr_in a = {.sin_family = AF_INET,
	                              .sin_port = htons((uint16_t)port),
	                              .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	struct epoll_event e = {.events = EPOLLIN, .data.ptr = c};
	int one = 1;
	c->fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (c->in == NULL && (c->in = malloc(ANSWER_MAX + 1)) == NULL)
		die("memory");
	if (c->fd < 0 || connect(c->fd, (const struct sockaddr *)&a, sizeof(a)) != 0)
		die("connect");
	(void)setsockopt(c->fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
	if (epoll_ctl(ep, EPOLL_CTL_ADD, c->fd, &e) != 0)
		die("epoll");
	ask(c);
}

/* Whether the answer is whole: a length is what every answer here has. */
static bool whole(struct conn *c)
{
	c->in[c->len] = 0;
	const char *end = strstr(c->in, "\r\n\r\n"), *length = strcasestr(c->in, "\r\nContent-Length:");
	if (end == NULL)
		return false;
	size_t body = length != NULL && length < end ? strtoul(length + 17, NULL, 10) : 0;
	return c->len >= (size_t)(end + 4 - c->in) + body;
}

static void note(const struct conn *c)
{
	long status = c->len > 12 ? strtol(c->in + 9, NULL, 10) : 0;
	statuses[status > 0 && status < STATUS_MAX ? status : 0]++;
	if (done < TIMES_MAX)
		times[done++] = (uint32_t)((now_ns() - c->began) / 1000);
}

static void on_octets(struct conn *c, int port, int ep)
{
	ssize_t n = recv(c->fd, c->in + c->len, ANSWER_MAX - c->len, 0);
	if (n <= 0) { /* the server ends a connection after a thousand requests */
		if (c->len > 0)
			statuses[0]++;
		close(c->fd);
		dial(c, port, ep);
		return;
	}
	c->len += (size_t)n;
	if (!whole(c))
		return;
	note(c);
	ask(c);
}

static int by_size(const void *a, const void *b)
{
	uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;
	return x < y ? -1 : x > y;
}

static void report(double seconds)
{
	qsort(times, done, sizeof(times[0]), by_size);
	printf("{\"rate\": %.1f, \"p50_us\": %u, \"p99_us\": %u, \"status\": {", (double)done / seconds,
	       done ? times[done / 2] : 0, done ? times[done * 99 / 100] : 0);
	const char *sep = "";
	for (int i = 0; i < STATUS_MAX; i++)
		if (statuses[i]) {
			printf("%s\"%d\": %lu", sep, i, statuses[i]);
			sep = ", ";
		}
	printf("}}\n");
}

static int number(const char *s)
{
	return (int)strtol(s, NULL, 10);
}

int main(int argc, char **argv)
{
	struct epoll_event events[64];
	if (argc != 5)
		return 2;
	int port = number(argv[1]), n = number(argv[2]), ep = epoll_create1(EPOLL_CLOEXEC);
	read_targets(argv[4]);
	int64_t began = now_ns(), until = began + (int64_t)number(argv[3]) * 1000000;
	for (int i = 0; i < n && i < CONNS_MAX; i++)
		dial(&conns[i], port, ep);
	while (now_ns() < until) {
		int got = epoll_wait(ep, events, 64, 100);
		for (int i = 0; i < got; i++)
			on_octets(events[i].data.ptr, port, ep);
	}
	report((double)(now_ns() - began) / 1e9);
	return 0;
}
