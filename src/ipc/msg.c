/* Building and reading messages; the wire is in frame.c, sockets in io.c. */
#include "ipc/msg.h"
#include "base/log.h"
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

static const int ALL_SEALS = F_SEAL_WRITE | F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_SEAL;

enum err ipc_msg_new(uint16_t type, struct ipc_msg **ret_m)
{
	struct ipc_msg *m = calloc(1, sizeof(*m));

	if (m == NULL)
		return ERR(NOMEM, "message");
	m->type = type;
	m->memfd = -1;
	buf_init(&m->data, IPC_BODY_MAX);
	ipc_rid_set(m, log_rid_get());
	*ret_m = m;
	return ERR_OK;
}

void ipc_msg_free(struct ipc_msg *m)
{
	if (m == NULL)
		return;
	buf_done(&m->data);
	if (m->memfd >= 0)
		close(m->memfd);
	secret_free(m->secret);
	free(m);
}

void ipc_put(struct ipc_msg *m, uint16_t tag, struct span v)
{
	size_t i = m->n;

	if (m->failed != ERR_OK)
		return;
	if (m->n == IPC_FIELD_MAX || tag == 0) {
		m->failed = ERR_LIMIT;
		return;
	}
	size_t at = m->data.len;
	buf_put(&m->data, v);
	if (m->data.failed != ERR_OK) {
		m->failed = m->data.failed;
		return;
	}
	for (; i > 0 && m->slots[i - 1].tag > tag; i--)
		m->slots[i] = m->slots[i - 1];
	m->slots[i] = (struct ipc_slot){.tag = tag, .at = at, .len = v.len};
	m->n++;
}

void ipc_put_str(struct ipc_msg *m, uint16_t tag, const char *s)
{
	ipc_put(m, tag, span_str(s));
}

void ipc_put_u64(struct ipc_msg *m, uint16_t tag, uint64_t v)
{
	uint8_t raw[8];

	for (size_t i = 0; i < sizeof(raw); i++)
		raw[i] = (uint8_t)(v >> (56 - 8 * i));
	ipc_put(m, tag, SPAN_ARR(raw));
}

static enum err write_all(int fd, struct span s)
{
	while (s.len > 0) {
		ssize_t n = write(fd, s.ptr, s.len);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return ERR(IO, "memfd: %s", strerror(errno));
		s = span_sub(s, (size_t)n, s.len);
	}
	return ERR_OK;
}

enum err ipc_attach_secret(struct ipc_msg *m, const struct secret *s)
{
	if (m->memfd >= 0)
		return ERR(EXISTS, "a message carries one secret");
	int fd = memfd_create("yx-secret", MFD_CLOEXEC | MFD_ALLOW_SEALING);
	if (fd < 0)
		return ERR(IO, "memfd_create: %s", strerror(errno));
	enum err e = write_all(fd, secret_span(s));
	if (e == ERR_OK && fcntl(fd, F_ADD_SEALS, ALL_SEALS) != 0)
		e = ERR(IO, "sealing: %s", strerror(errno));
	if (e != ERR_OK) {
		close(fd);
		return e;
	}
	m->memfd = fd;
	return ERR_OK;
}

/* Seals first: without them the sender could change size or bytes while they are read. */
enum err ipc_secret_from_fd(int fd, struct secret **ret_s)
{
	AUTO(secret) s = NULL;
	struct stat st;
	int seals = fcntl(fd, F_GET_SEALS);
	size_t got = 0;

	if (seals < 0 || (seals & ALL_SEALS) != ALL_SEALS)
		return ERR(SYNTAX, "secret is not a sealed memfd");
	if (fstat(fd, &st) != 0)
		return ERR(IO, "memfd: %s", strerror(errno));
	if (st.st_size < 1 || st.st_size > IPC_SECRET_MAX)
		return ERR(LIMIT, "secret of %lld bytes", (long long)st.st_size);
	TRY(secret_new((size_t)st.st_size, &s));
	while (got < secret_len(s)) {
		ssize_t n = pread(fd, secret_ptr(s) + got, secret_len(s) - got, (off_t)got);
		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return ERR(IO, "memfd: %s", n < 0 ? strerror(errno) : "short");
		got += (size_t)n;
	}
	*ret_s = STEAL(s);
	return ERR_OK;
}

uint16_t ipc_type_of(const struct ipc_msg *m)
{
	return m->type;
}

size_t ipc_count(const struct ipc_msg *m, uint16_t tag)
{
	size_t n = 0;

	for (size_t i = 0; i < m->n; i++)
		n += m->slots[i].tag == tag;
	return n;
}

bool ipc_has(const struct ipc_msg *m, uint16_t tag)
{
	return ipc_count(m, tag) > 0;
}

struct span ipc_get_n(const struct ipc_msg *m, uint16_t tag, size_t n)
{
	for (size_t i = 0; i < m->n; i++)
		if (m->slots[i].tag == tag && n-- == 0)
			return span_sub(buf_span(&m->data), m->slots[i].at, m->slots[i].len);
	return SPAN_EMPTY;
}

struct span ipc_get(const struct ipc_msg *m, uint16_t tag)
{
	return ipc_get_n(m, tag, 0);
}

enum err ipc_get_u64(const struct ipc_msg *m, uint16_t tag, uint64_t *ret_v)
{
	struct span v = ipc_get(m, tag);

	if (!ipc_has(m, tag))
		return ERR(ABSENT, "field %u", tag);
	if (v.len != 8 || !span_take_u64(&v, ret_v))
		return ERR(SYNTAX, "field %u is not 8 bytes", tag);
	return ERR_OK;
}

enum err ipc_take_secret(struct ipc_msg *m, struct secret **ret_s)
{
	if (m->secret == NULL)
		return ERR(ABSENT, "no secret beside the message");
	*ret_s = STEAL(m->secret);
	return ERR_OK;
}

void ipc_rid_set(struct ipc_msg *m, const char *hex)
{
	size_t i = 0;

	memset(m->rid, 0, sizeof(m->rid));
	for (; hex != NULL && i < IPC_RID_HEX && hex[i]; i++) {
		if (strchr("0123456789abcdef", hex[i]) == NULL) {
			m->rid[0] = '\0';
			return;
		}
		m->rid[i] = hex[i];
	}
	/* On the wire it is 16 bytes: a shorter one is filled up, and nothing but zeros is none. */
	if (strspn(m->rid, "0") == strlen(m->rid))
		m->rid[0] = '\0';
	for (; m->rid[0] && i < IPC_RID_HEX; i++)
		m->rid[i] = '0';
}

const char *ipc_rid(const struct ipc_msg *m)
{
	return m->rid;
}
