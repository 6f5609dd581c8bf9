/* SCGI requests from literals, answers taken apart, a folder of the test's own. */
#pragma once
#include "base/file.h"
#include "web/server.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <ftw.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

static char test_dir[200];

static inline int test_remove_one(const char *path, const struct stat *st, int flag, struct FTW *ftw)
{
	(void)st, (void)flag, (void)ftw;
	return remove(path);
}

static inline int test_dir_make(void **state)
{
	const char *tmp = getenv("TMPDIR");

	(void)state;
	snprintf(test_dir, sizeof(test_dir), "%s/yx web-XXXXXX", tmp != NULL ? tmp : "/tmp");
	return mkdtemp(test_dir) != NULL ? 0 : -1;
}

static inline int test_dir_remove(void **state)
{
	(void)state;
	return nftw(test_dir, test_remove_one, 16, FTW_DEPTH | FTW_PHYS);
}

static inline const char *test_path(const char *name)
{
	static char path[4][600];
	static unsigned n;
	char *p = path[n++ % 4];

	snprintf(p, sizeof(path[0]), "%s/%s", test_dir, name);
	return p;
}

static inline void test_file(const char *name, const char *text)
{
	assert_int_equal(file_replace(test_path(name), span_str(text), 0644), ERR_OK);
}

/* --- a request --- */

struct test_request {
	const char *method, *uri, *type, *body, *cookie, *accept, *origin, *site, *rid, *none_match, *since;
};

static inline void test_var(struct buf *b, const char *name, const char *value)
{
	if (value == NULL)
		return;
	buf_put(b, span_of(name, strlen(name) + 1));
	buf_put(b, span_of(value, strlen(value) + 1));
}

static inline void test_scgi(const struct test_request *q, struct buf *out)
{
	AUTO_BUF(vars, 65536);
	char length[24];

	snprintf(length, sizeof(length), "%zu", q->body != NULL ? strlen(q->body) : 0);
	test_var(&vars, "CONTENT_LENGTH", length);
	test_var(&vars, "SCGI", "1");
	test_var(&vars, "REQUEST_METHOD", q->method);
	test_var(&vars, "REQUEST_URI", q->uri);
	test_var(&vars, "CONTENT_TYPE", q->type);
	test_var(&vars, "REMOTE_ADDR", "127.0.0.1");
	test_var(&vars, "HTTP_COOKIE", q->cookie);
	test_var(&vars, "HTTP_ACCEPT", q->accept);
	test_var(&vars, "HTTP_ORIGIN", q->origin);
	test_var(&vars, "HTTP_SEC_FETCH_SITE", q->site);
	test_var(&vars, "HTTP_X_REQUEST_ID", q->rid);
	test_var(&vars, "HTTP_IF_NONE_MATCH", q->none_match);
	test_var(&vars, "HTTP_IF_MODIFIED_SINCE", q->since);
	buf_printf(out, "%zu:", vars.len);
	buf_put(out, buf_span(&vars));
	buf_str(out, ",");
	buf_str(out, q->body != NULL ? q->body : "");
	assert_int_equal(buf_err(out), ERR_OK);
}

/* --- an answer --- */

struct test_answer {
	struct buf raw;
	int status;
	const char *body;
};

static inline void test_answer_done(struct test_answer *a)
{
	buf_done(&a->raw);
}
#define AUTO_ANSWER(name) __attribute__((cleanup(test_answer_done))) struct test_answer name = {.status = 0}

static inline void test_ask(const struct web_config *c, const struct test_request *q, struct test_answer *a)
{
	AUTO_BUF(in, 8 << 20);

	test_answer_done(a);
	buf_init(&a->raw, 8 << 20);
	test_scgi(q, &in);
	assert_int_equal(web_handle(c, buf_span(&in), &a->raw), ERR_OK);
	assert_int_equal(sscanf(buf_cstr(&a->raw), "Status: %d ", &a->status), 1);
	a->body = strstr(buf_cstr(&a->raw), "\r\n\r\n");
	assert_non_null(a->body);
	a->body += 4;
}

/* The value of a header, "" when absent; of Set-Cookie the one whose cookie is named. */
static inline const char *test_header(struct test_answer *a, const char *prefix)
{
	static char value[4][1024];
	static unsigned n;
	char *v = value[n++ % 4], line[128];

	snprintf(line, sizeof(line), "\r\n%s", prefix);
	const char *at = strstr(buf_cstr(&a->raw), line);
	v[0] = '\0';
	if (at != NULL && at < a->body) {
		at += strlen(line);
		snprintf(v, sizeof(value[0]), "%.*s", (int)strcspn(at, "\r\n"), at);
	}
	return v;
}
