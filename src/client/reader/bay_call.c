#include "base/text.h"
#include "client/reader/bay.h"
#include "ipc/peer.h"
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum { WAIT_MS = 5000, REPLY_MAX = 4096 };

static enum err send_line(int fd, const char *line)
{
	char text[128];
	int len = snprintf(text, sizeof(text), "%s\n", line);

	if (len < 0 || (size_t)len >= sizeof(text) || strchr(line, '\n') != NULL)
		return ERR(USAGE, "not a control line");
	return send(fd, text, (size_t)len, MSG_NOSIGNAL) == len ? ERR_OK
	                                                        : ERR(UNAVAILABLE, "yxcard: %s", strerror(errno));
}

static bool is_last(struct span line)
{
	return span_eq_str(line, "OK") || span_starts(line, SPAN_LIT("ERR "));
}

static bool complete(struct span s)
{
	struct span line;

	while (span_take_until(&s, '\n', &line))
		if (is_last(line))
			return true;
	return false;
}

static enum err read_reply(int fd, struct buf *out)
{
	while (!complete(buf_span(out))) {
		struct pollfd p = {.fd = fd, .events = POLLIN};
		uint8_t part[512];
		if (poll(&p, 1, WAIT_MS) <= 0)
			return ERR(TIMEOUT, "yxcard does not answer");
		ssize_t n = recv(fd, part, sizeof(part), 0);
		if (n <= 0)
			return ERR(UNAVAILABLE, "yxcard ended the connection");
		buf_put(out, span_of(part, (size_t)n));
		TRY(buf_err(out));
	}
	return ERR_OK;
}

static bool take_word(struct span *s, char *to, size_t size)
{
	struct span word;

	if (!span_take_until(s, ' ', &word)) {
		word = *s;
		*s = SPAN_EMPTY;
	}
	if (word.len == 0 || word.len >= size)
		return false;
	memcpy(to, word.ptr, word.len);
	to[word.len] = '\0';
	return true;
}

/* "ERR S-008 text" */
static enum err remote_error(struct span line)
{
	char code[16] = "";
	struct span s = span_sub(line, 4, line.len);
	enum err e = take_word(&s, code, sizeof(code)) ? err_from_code(code) : ERR_INTERNAL;

	return err_raise(e, __FILE__, __LINE__, "%.*s", (int)s.len, (const char *)s.ptr);
}

static enum err parse(struct span s, struct bay_entry ret_list[BAY_SLOTS_MAX], size_t *ret_n)
{
	struct span line;
	size_t n = 0;

	while (span_take_until(&s, '\n', &line)) {
		struct bay_entry e = {.slot = ""};
		char word[8];
		if (span_eq_str(line, "OK")) {
			*ret_n = n;
			return ERR_OK;
		}
		if (span_starts(line, SPAN_LIT("ERR ")))
			return remote_error(line);
		if (n == BAY_SLOTS_MAX || !take_word(&line, word, sizeof(word)) || strcmp(word, "SLOT") != 0 ||
		    !take_word(&line, e.slot, sizeof(e.slot)) || !take_word(&line, e.name, sizeof(e.name)) ||
		    !take_word(&line, e.serial, sizeof(e.serial)))
			break;
		ret_list[n++] = e;
	}
	return ERR(SYNTAX, "answer of yxcard is not well formed");
}

enum err bay_call(const char *slots_dir, const char *line, struct bay_entry ret_list[BAY_SLOTS_MAX], size_t *ret_n)
{
	char path[4200];
	int fd = -1;
	AUTO_BUF(reply, REPLY_MAX);

	(void)snprintf(path, sizeof(path), "%s/control.sock", slots_dir);
	TRY(peer_connect(path, WAIT_MS, &fd));
	enum err e = send_line(fd, line);
	if (e == ERR_OK)
		e = read_reply(fd, &reply);
	close(fd);
	TRY(e);
	return parse(buf_span(&reply), ret_list, ret_n);
}
