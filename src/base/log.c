#include "base/log.h"
#include "base/clock.h"
#include "base/text.h"
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum { LINE_BYTES = 4096, TAIL_BYTES = 8, RID_MAX = 32, PROGRAM_MAX = 32 };

/* A line is built whole and written by one write(2), so that processes that share the file do not mix theirs. What does
 * not fit is cut between characters; TAIL_BYTES are kept for the closing quote, " cut=1" and the line feed. */
struct line {
	char text[LINE_BYTES];
	size_t len;
	bool cut;
};

static char program[PROGRAM_MAX] = "-";
static enum log_level least_level = LOG_INFO;
static const struct clock *line_clock;
static _Thread_local char rid_text[RID_MAX + 1];

void log_open(const char *name, enum log_level least)
{
	snprintf(program, sizeof(program), "%s", name);
	least_level = least;
}

void log_clock(const struct clock *c)
{
	line_clock = c;
}

void log_rid(const char *rid)
{
	size_t len = 0;

	while (rid != NULL && len < RID_MAX &&
	       ((rid[len] >= '0' && rid[len] <= '9') || (rid[len] >= 'a' && rid[len] <= 'f'))) {
		rid_text[len] = rid[len];
		len++;
	}
	rid_text[len] = '\0';
}

const char *log_rid_get(void)
{
	return rid_text;
}

static void put(struct line *l, const void *s, size_t len)
{
	const size_t room = sizeof(l->text) - 1 - TAIL_BYTES;

	/* A closing quote may stand behind room already. */
	if (l->cut || l->len > room || len > room - l->len) {
		l->cut = true;
		return;
	}
	memcpy(l->text + l->len, s, len);
	l->len += len;
}

static void put_str(struct line *l, const char *s)
{
	put(l, s, strlen(s));
}

static bool is_bare(const char *s)
{
	static const char plain[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._:/@+-";

	return s[0] != '\0' && s[strspn(s, plain)] == '\0';
}

/* One character of a quoted value; what could move a terminal's cursor or forge a line is shown as its number. */
static size_t put_char(struct line *l, struct span s)
{
	char esc[16];
	uint32_t cp;
	size_t n = text_decode(s, &cp);

	if (n == 0)
		snprintf(esc, sizeof(esc), "\\x%02x", s.ptr[0]);
	else if (cp == '"' || cp == '\\')
		snprintf(esc, sizeof(esc), "\\%c", (char)cp);
	else if (cp == '\n')
		snprintf(esc, sizeof(esc), "\\n");
	else if (!text_cp_is_plain(cp))
		snprintf(esc, sizeof(esc), "\\u{%x}", (unsigned)cp);
	else {
		put(l, s.ptr, n);
		return n;
	}
	put_str(l, esc);
	return n > 0 ? n : 1;
}

static void put_pair(struct line *l, const char *key, const char *value)
{
	if (value == NULL)
		return;
	put_str(l, l->len > 0 ? " " : "");
	put_str(l, key);
	put_str(l, "=");
	if (is_bare(value)) {
		put_str(l, value);
		return;
	}
	put_str(l, "\"");
	if (l->cut)
		return;
	struct span rest = span_str(value);
	while (rest.len > 0 && !l->cut)
		rest = span_sub(rest, put_char(l, rest), rest.len);
	l->text[l->len++] = '"';
}

static void put_head(struct line *l, enum log_level level, const char *event)
{
	static const char *const names[] = {"debug", "info", "warn", "error"};
	AUTO_BUF(when, 64);

	text_time(&when, clock_now(line_clock));
	put_pair(l, "t", buf_cstr(&when));
	put_pair(l, "lvl", (unsigned)level < COUNT_OF(names) ? names[level] : "error");
	put_pair(l, "prog", program);
	put_pair(l, "rid", rid_text[0] ? rid_text : NULL);
	put_pair(l, "ev", event);
}

static void finish(struct line *l)
{
	if (l->cut) {
		memcpy(l->text + l->len, " cut=1", 6);
		l->len += 6;
	}
	l->text[l->len++] = '\n';
	/* A log that cannot be written must not stop the service. */
	while (write(STDERR_FILENO, l->text, l->len) < 0 && errno == EINTR)
		;
}

void log_line(enum log_level level, const char *event, const struct log_kv *kv, size_t n)
{
	struct line l = {.len = 0};

	if (level < least_level)
		return;
	put_head(&l, level, event);
	for (size_t i = 0; i < n; i++)
		put_pair(&l, kv[i].key, kv[i].value);
	finish(&l);
}

static enum log_level level_of(enum err e)
{
	switch (err_class(e)) {
	case ERR_CLASS_BUG:
	case ERR_CLASS_RESOURCE:
		return LOG_ERROR;
	default:
		return LOG_WARN;
	}
}

void log_err(const char *event, enum err e)
{
	const struct log_kv kv[] = {
		{"code", err_code(e)},
		{"err", err_name(e)},
		{"detail", err_detail()[0] ? err_detail() : NULL},
		{"at", err_where()[0] ? err_where() : NULL},
	};

	log_line(level_of(e), event, kv, COUNT_OF(kv));
	err_clear();
}
