/* Frames over sockets: send, receive, call. */
#include "base/clock.h"
#include "base/text.h"
#include "ipc/reader.h"
#include "ipc/writer.h"
#include <errno.h>
#include <poll.h>
#include <string.h>

static const struct ipc_field error_fields[] = {
	{IPC_TAG_ERR_CODE, 1, 16, true, false},
	{IPC_TAG_ERR_DETAIL, 0, 1024, false, false},
	{0},
};

/* ERR_TIMEOUT once the deadline has passed. */
static enum err wait_for(int fd, short events, int64_t deadline_ms)
{
	for (;;) {
		int64_t left = deadline_ms - clock_mono_ms();
		struct pollfd p = {.fd = fd, .events = events};
		int n = poll(&p, 1, left > 0 ? (int)(left < 60000 ? left : 60000) : 0);
		if (n > 0)
			return ERR_OK;
		if (n < 0 && errno != EINTR)
			return ERR(IO, "poll: %s", strerror(errno));
		if (clock_mono_ms() >= deadline_ms)
			return ERR(TIMEOUT, "peer did not %s in time", events == POLLIN ? "send" : "read");
	}
}

static enum err send_all(struct writer *w, int fd, int64_t deadline_ms)
{
	bool done = false;

	for (;;) {
		TRY(writer_step(w, fd, &done));
		if (done)
			return ERR_OK;
		TRY(wait_for(fd, POLLOUT, deadline_ms));
	}
}

enum err ipc_send(int fd, const struct ipc_msg *m)
{
	struct writer w;

	writer_init(&w);
	enum err e = writer_load(&w, m);
	if (e == ERR_OK)
		e = send_all(&w, fd, clock_mono_ms() + IPC_TIMEOUT_MS);
	writer_done(&w);
	return e;
}

static enum err receive(struct reader *r, int fd, const struct ipc_type *types, size_t n, int64_t deadline_ms,
                        struct ipc_msg **ret_m)
{
	bool done = false;

	for (;;) {
		TRY(reader_step(r, fd, &done));
		if (done)
			return reader_finish(r, types, n, ret_m);
		TRY(wait_for(fd, POLLIN, deadline_ms));
	}
}

enum err ipc_recv(int fd, const struct ipc_type *types, size_t n, int timeout_ms, struct ipc_msg **ret_m)
{
	struct reader r;

	reader_init(&r, types, n);
	enum err e = receive(&r, fd, types, n, clock_mono_ms() + timeout_ms, ret_m);
	reader_done(&r);
	return e;
}

enum err ipc_err_new(const char *rid, enum err e, struct ipc_msg **ret_m)
{
	AUTO(ipc_msg) m = NULL;
	/* A detail may quote bytes of an input; across the wire it is text or nothing. */
	const char *detail = text_is_utf8(span_str(err_detail())) ? err_detail() : "";

	TRY(ipc_msg_new(IPC_ANSWER_ERR, &m));
	ipc_rid_set(m, rid);
	ipc_put_str(m, IPC_TAG_ERR_CODE, err_code(e == ERR_OK ? ERR_INTERNAL : e));
	ipc_put_str(m, IPC_TAG_ERR_DETAIL, detail);
	*ret_m = STEAL(m);
	return ERR_OK;
}

static enum err from_answer(const struct ipc_msg *m)
{
	char code[17];
	struct span raw = ipc_get(m, IPC_TAG_ERR_CODE), detail = ipc_get(m, IPC_TAG_ERR_DETAIL);

	memcpy(code, raw.ptr, raw.len);
	code[raw.len] = '\0';
	if (!text_is_utf8(detail))
		detail = SPAN_EMPTY;
	return err_raise(err_from_code(code), __FILE__, __LINE__, "%.*s", (int)detail.len,
	                 detail.len > 0 ? (const char *)detail.ptr : "");
}

enum err ipc_call(int fd, const struct ipc_msg *m, const struct ipc_type *answer, int timeout_ms,
                  struct ipc_msg **ret_answer)
{
	const struct ipc_type types[] = {
		{IPC_ANSWER_OK, "answer", answer != NULL ? answer->fields : NULL,
	         answer != NULL && answer->takes_secret},
		{IPC_ANSWER_ERR, "error", error_fields, false},
	};
	AUTO(ipc_msg) got = NULL;

	enum err sent = ipc_send(fd, m);
	/* A peer that refuses strangers may have answered and closed before the request was out. */
	if (sent != ERR_OK && sent != ERR_UNAVAILABLE)
		return sent;
	enum err e = ipc_recv(fd, types, COUNT_OF(types), sent == ERR_OK ? timeout_ms : 0, &got);
	/* Not ERR_ABSENT: a caller would take that for the handler's word. */
	if (e == ERR_ABSENT || (e != ERR_OK && sent != ERR_OK))
		return ERR(UNAVAILABLE, "peer closed without an answer");
	TRY(e);
	bool refused_unread = ipc_type_of(got) == IPC_ANSWER_ERR && ipc_rid(got)[0] == '\0';
	if (strcmp(ipc_rid(got), ipc_rid(m)) != 0 && !refused_unread)
		return ERR(SYNTAX, "answer to another request");
	if (ipc_type_of(got) == IPC_ANSWER_ERR)
		return from_answer(got);
	*ret_answer = STEAL(got);
	return ERR_OK;
}
