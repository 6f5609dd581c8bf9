#include "cmd/pin_prompt.h"
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>

enum { PIN_LINE_MAX = 64 };

static volatile sig_atomic_t interrupted;

/* One line, octet by octet: what follows belongs to the next reader. */
enum err pin_read(int fd, struct secret **ret_s)
{
	AUTO(secret) s = NULL;
	size_t len = 0;

	TRY(secret_new(PIN_LINE_MAX, &s));
	for (;;) {
		uint8_t c = 0;
		ssize_t n = read(fd, &c, 1);
		if (interrupted)
			return ERR(CANCELLED, "interrupted");
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return ERR(IO, "reading the PIN: %s", strerror(errno));
		if (n == 0 || c == '\n')
			break;
		if (len == PIN_LINE_MAX)
			return ERR(PIN_RANGE, "PIN line is too long");
		secret_ptr(s)[len++] = c;
	}
	if (len == 0)
		return ERR(PIN_RANGE, "no PIN was given");
	secret_cut(s, len);
	*ret_s = STEAL(s);
	return ERR_OK;
}

static void on_signal(int number)
{
	(void)number;
	interrupted = 1;
}

/* While the terminal does not echo, a signal only breaks off the reading: it must not be left like that. */
enum err pin_ask(const char *prompt, struct secret **ret_s)
{
	const struct sigaction wake = {.sa_handler = on_signal};
	struct sigaction old_int, old_term;
	struct termios before, quiet;
	int tty = open("/dev/tty", O_RDWR | O_CLOEXEC | O_NOCTTY);

	if (tty < 0 || tcgetattr(tty, &before) != 0) {
		if (tty >= 0)
			close(tty);
		return ERR(USAGE, "no terminal: give the PIN with --pin-fd");
	}
	quiet = before;
	quiet.c_lflag &= (tcflag_t)~ECHO;
	(void)dprintf(tty, "%s: ", prompt);
	sigaction(SIGINT, &wake, &old_int);
	sigaction(SIGTERM, &wake, &old_term);
	(void)tcsetattr(tty, TCSAFLUSH, &quiet);
	enum err e = pin_read(tty, ret_s);
	(void)tcsetattr(tty, TCSAFLUSH, &before);
	sigaction(SIGINT, &old_int, NULL);
	sigaction(SIGTERM, &old_term, NULL);
	(void)dprintf(tty, "\n");
	close(tty);
	return e;
}
