#include "client/agent/assuan.h"
#include "base/text.h"
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

enum { LOOK_MS = 200, GPG_CANCELLED = 99, GPG_TIMEOUT = 62, GPG_NOT_CONFIRMED = 114, GPG_CODE_MASK = 0xffff };

struct assuan {
	pid_t pid;
	int to, from;
	assuan_wanted *wanted;
	void *ctx;
	size_t len;
	char line[ASSUAN_LINE_MAX + 2]; /* may hold a PIN: wiped */
};

/* --- escaping --- */

static int hex_value(uint8_t c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'A' && c <= 'F')
		return c - 'A' + 10;
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

static bool needs_escape(uint8_t c)
{
	return c == '%' || c == '\n' || c == '\r';
}

void assuan_escape(struct buf *out, struct span s)
{
	for (size_t i = 0; i < s.len; i++) {
		if (needs_escape(s.ptr[i]))
			buf_printf(out, "%%%02X", s.ptr[i]);
		else
			buf_u8(out, s.ptr[i]);
	}
}

enum err assuan_unescape(struct span s, struct secret **ret_s)
{
	AUTO(secret) got = NULL;
	size_t n = 0;

	if (s.len == 0)
		return ERR(PIN_RANGE, "empty PIN");
	TRY(secret_new(s.len, &got));
	for (size_t i = 0; i < s.len; i++) {
		uint8_t c = s.ptr[i];
		if (c == '%') {
			if (s.len - i < 3 || hex_value(s.ptr[i + 1]) < 0 || hex_value(s.ptr[i + 2]) < 0)
				return ERR(UNAVAILABLE, "pinentry: broken escape");
			c = (uint8_t)(hex_value(s.ptr[i + 1]) * 16 + hex_value(s.ptr[i + 2]));
			i += 2;
		}
		secret_ptr(got)[n++] = c;
	}
	secret_cut(got, n);
	*ret_s = STEAL(got);
	return ERR_OK;
}

size_t assuan_part(struct span text)
{
	size_t used = 0, line_end = 0, i = 0;
	uint32_t cp;

	while (i < text.len) {
		size_t len = text_decode(span_sub(text, i, text.len), &cp);
		len = len ? len : 1;
		used += needs_escape(text.ptr[i]) ? 3 : len;
		if (used > ASSUAN_ARG_MAX)
			return line_end ? line_end : i;
		i += len;
		if (text.ptr[i - 1] == '\n')
			line_end = i;
	}
	return i;
}

/* --- the process --- */

static _Noreturn void become_pinentry(const char *program, int in, int out)
{
	char *const argv[] = {(char *)(uintptr_t)program, NULL};
	sigset_t none;
	int null_fd = open("/dev/null", O_WRONLY);

	prctl(PR_SET_PDEATHSIG, SIGTERM);
	signal(SIGPIPE, SIG_DFL);
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	in = fcntl(in, F_DUPFD, 16);
	out = fcntl(out, F_DUPFD, 16);
	if (null_fd < 0 || dup2(in, 0) < 0 || dup2(out, 1) < 0 || dup2(null_fd, 2) < 0)
		_exit(127);
	close_range(3, ~0u, 0);
	execv(program, argv);
	_exit(127);
}

static enum err spawn(struct assuan *a, const char *program)
{
	int to[2], from[2];

	if (pipe2(to, O_CLOEXEC) != 0)
		return ERR(IO, "pipe: %s", strerror(errno));
	if (pipe2(from, O_CLOEXEC) != 0) {
		close(to[0]);
		close(to[1]);
		return ERR(IO, "pipe: %s", strerror(errno));
	}
	pid_t pid = fork();
	if (pid == 0)
		become_pinentry(program, to[0], from[1]);
	close(to[0]);
	close(from[1]);
	a->to = to[1];
	a->from = from[0];
	a->pid = pid > 0 ? pid : 0;
	return pid > 0 ? ERR_OK : ERR(IO, "fork: %s", strerror(errno));
}

void assuan_free(struct assuan *a)
{
	if (a == NULL)
		return;
	if (a->to >= 0)
		close(a->to);
	if (a->from >= 0)
		close(a->from);
	if (a->pid > 0) {
		kill(a->pid, SIGKILL);
		while (waitpid(a->pid, NULL, 0) < 0 && errno == EINTR)
			;
	}
	wipe(a, sizeof(*a));
	free(a);
}

/* --- lines --- */

static enum err fill(struct assuan *a)
{
	struct pollfd p = {.fd = a->from, .events = POLLIN};

	for (;;) {
		TRY(a->wanted(a->ctx));
		int n = poll(&p, 1, LOOK_MS);
		if (n < 0 && errno != EINTR)
			return ERR(IO, "poll: %s", strerror(errno));
		if (n <= 0)
			continue;
		if (a->len >= ASSUAN_LINE_MAX)
			return ERR(UNAVAILABLE, "pinentry: line too long");
		ssize_t got = read(a->from, a->line + a->len, ASSUAN_LINE_MAX - a->len);
		if (got <= 0)
			return ERR(UNAVAILABLE, "pinentry ended or cannot be started");
		a->len += (size_t)got;
		return ERR_OK;
	}
}

/* The next line without its LF; valid until drop_line. */
static enum err next_line(struct assuan *a, struct span *ret_line)
{
	size_t at;

	while (!span_find(span_of(a->line, a->len), '\n', &at))
		TRY(fill(a));
	*ret_line = span_of(a->line, at);
	return ERR_OK;
}

static void drop_line(struct assuan *a, size_t len)
{
	size_t rest = a->len - (len + 1);

	memmove(a->line, a->line + len + 1, rest);
	wipe(a->line + rest, a->len - rest);
	a->len = rest;
}

static enum err error_of(struct span line)
{
	struct span number;
	int64_t code = 0;

	line = span_sub(line, 4, line.len);
	if (!span_take_until(&line, ' ', &number))
		number = line;
	if (text_i64(number, 0, UINT32_MAX, &code) != ERR_OK)
		return ERR(UNAVAILABLE, "pinentry: error without a number");
	code &= GPG_CODE_MASK;
	if (code == GPG_NOT_CONFIRMED)
		return ERR(STATE, "pinentry: not this one");
	if (code == GPG_CANCELLED || code == GPG_TIMEOUT)
		return ERR(CANCELLED, "pinentry: %s", code == GPG_TIMEOUT ? "no answer" : "cancelled");
	return ERR(UNAVAILABLE, "pinentry: error %lld", (long long)code);
}

/* Up to OK or ERR; a data line goes to *ret_pin when the caller wants one. */
static enum err answer(struct assuan *a, struct secret **ret_pin)
{
	struct span line;
	enum err e = ERR_OK;
	bool done = false;

	while (!done && e == ERR_OK) {
		TRY(next_line(a, &line));
		size_t len = line.len;
		done = span_eq_str(line, "OK") || span_starts(line, SPAN_LIT("OK "));
		if (span_starts(line, SPAN_LIT("ERR ")))
			e = error_of(line);
		else if (span_starts(line, SPAN_LIT("D ")) && ret_pin != NULL && *ret_pin == NULL)
			e = assuan_unescape(span_sub(line, 2, line.len), ret_pin);
		drop_line(a, len);
	}
	return e;
}

static enum err send_line(struct assuan *a, struct span s)
{
	while (s.len > 0) {
		ssize_t n = write(a->to, s.ptr, s.len);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return ERR(UNAVAILABLE, "pinentry: %s", strerror(errno));
		s = span_sub(s, (size_t)n, s.len);
	}
	return ERR_OK;
}

enum err assuan_start(const char *program, assuan_wanted *wanted, void *ctx, struct assuan **ret_a)
{
	AUTO(assuan) a = calloc(1, sizeof(*a));

	if (a == NULL)
		return ERR(NOMEM, "pinentry");
	*a = (struct assuan){.to = -1, .from = -1, .wanted = wanted, .ctx = ctx};
	TRY(spawn(a, program));
	TRY(answer(a, NULL));
	*ret_a = STEAL(a);
	return ERR_OK;
}

enum err assuan_do(struct assuan *a, const char *command, const char *argument)
{
	AUTO_BUF(line, ASSUAN_LINE_MAX);

	buf_str(&line, command);
	if (argument != NULL) {
		buf_u8(&line, ' ');
		assuan_escape(&line, span_str(argument));
	}
	buf_u8(&line, '\n');
	TRY(buf_err(&line));
	TRY(send_line(a, buf_span(&line)));
	return answer(a, NULL);
}

enum err assuan_get_pin(struct assuan *a, struct secret **ret_pin)
{
	AUTO(secret) pin = NULL;

	TRY(send_line(a, SPAN_LIT("GETPIN\n")));
	TRY(answer(a, &pin));
	if (pin == NULL)
		return ERR(PIN_RANGE, "empty PIN");
	*ret_pin = STEAL(pin);
	return ERR_OK;
}
