/* key=value lines on stderr, one write each, with a request id that travels through all processes:
 *   t=2026-11-22T03:04:05Z lvl=info prog=portal rid=8f3a… ev=login key=value …
 * Programs log, libraries never do. Values are quoted and escaped by the writer when they hold anything but
 * [A-Za-z0-9._:/@+-]. There is no function that takes a secret. */
#pragma once
#include "base/err.h"

enum log_level { LOG_DEBUG, LOG_INFO, LOG_WARN, LOG_ERROR };
struct log_kv {
	const char *key;
	const char *value; /* NULL is left out */
};
void log_open(const char *program, enum log_level least);
struct clock;
void log_clock(const struct clock *c); /* lines bear this clock's time; NULL is real time; outlives all logging */
void log_rid(const char *rid);         /* this thread's request id, at most 32 of [0-9a-f]; NULL clears */
const char *log_rid_get(void);         /* "" when none */
void log_line(enum log_level level, const char *event, const struct log_kv *kv, size_t n);
#define LOG(level, event, ...)                                             \
	log_line(LOG_##level, event, (const struct log_kv[]){__VA_ARGS__}, \
	         sizeof((const struct log_kv[]){__VA_ARGS__}) / sizeof(struct log_kv))
/* Reports e with code, name and trail, then clears the trail. */
void log_err(const char *event, enum err e);
