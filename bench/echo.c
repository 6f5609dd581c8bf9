/* The least an SCGI server can do behind the same nginx: threads in a blocking accept, the request read, a fixed answer
 * written. usage: yx_bench_echo SOCKET THREADS OCTETS */
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

enum { THREADS_MAX = 64, REQUEST_MAX = 65536, ANSWER_MAX = 1 << 20 };
static int listener;
static char answer[ANSWER_MAX];
static size_t answer_len;

/* The netstring alone: no request here has a body. */
static int whole(const char *in, size_t len)
{
	char *end;
	unsigned long n = strtoul(in, &end, 10);
	return *end == ':' && len >= (size_t)(end - in) + 1 + n + 1;
}

static void *work(void *arg)
{
	static _Thread_local char in[REQUEST_MAX + 1];
	(void)arg;
	for (;;) {
		size_t len = 0;
		ssize_t n;
		int fd = accept4(listener, NULL, NULL, SOCK_CLOEXEC);
		while (fd >= 0 && len < REQUEST_MAX && (n = recv(fd, in + len, REQUEST_MAX - len, 0)) > 0) {
			len += (size_t)n;
			in[len] = 0;
			if (whole(in, len))
				break;
		}
		if (fd < 0)
			continue;
		for (size_t at = 0; at < answer_len && (n = send(fd, answer + at, answer_len - at, MSG_NOSIGNAL)) > 0;)
			at += (size_t)n;
		close(fd);
	}
	return NULL;
}

int main(int argc, char **argv)
{
	struct sockaddr_un a = {.sun_family = AF_UNIX};
	pthread_t t[THREADS_MAX];
	if (argc != 4 || strlen(argv[1]) >= sizeof(a.sun_path))
		return 2;
	int threads = (int)strtol(argv[2], NULL, 10), octets = (int)strtol(argv[3], NULL, 10);
	memcpy(a.sun_path, argv[1], strlen(argv[1]) + 1);
	int n = snprintf(answer, sizeof(answer),
	                 "Status: 200 OK\r\nContent-Type: text/html; charset=utf-8\r\nContent-Length: %d\r\n\r\n",
	                 octets);
	if (threads < 1 || threads > THREADS_MAX || octets < 0 || octets > ANSWER_MAX - n)
		return 2;
	memset(answer + n, 'x', (size_t)octets);
	answer_len = (size_t)(n + octets);
	listener = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (listener < 0 || bind(listener, (struct sockaddr *)&a, sizeof(a)) != 0 || chmod(argv[1], 0666) != 0 ||
	    listen(listener, 511) != 0)
		return 1;
	for (int i = 0; i < threads; i++)
		if (pthread_create(&t[i], NULL, work, NULL) != 0)
			return 1;
	pause();
	return 0;
}
