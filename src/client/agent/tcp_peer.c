/* The uid at the other end of a loopback TCP connection, from /proc/net/tcp and tcp6 (proc(5)). */
#include "base/file.h"
#include "base/text.h"
#include "client/agent/origin.h"
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

enum { TABLE_MAX = 16 << 20, ADDRESS_TEXT = 48, COLUMNS = 8 };

/* The kernel prints each 32-bit word of an address in host order. */
static enum err print_address(const struct sockaddr_storage *a, char ret_text[ADDRESS_TEXT])
{
	uint32_t w[4];

	if (a->ss_family == AF_INET) {
		const struct sockaddr_in *in = (const void *)a;
		snprintf(ret_text, ADDRESS_TEXT, "%08X:%04X", in->sin_addr.s_addr, ntohs(in->sin_port));
		return ERR_OK;
	}
	if (a->ss_family != AF_INET6)
		return ERR(DENIED, "peer of address family %d", a->ss_family);
	const struct sockaddr_in6 *in6 = (const void *)a;
	memcpy(w, &in6->sin6_addr, sizeof(w));
	snprintf(ret_text, ADDRESS_TEXT, "%08X%08X%08X%08X:%04X", w[0], w[1], w[2], w[3], ntohs(in6->sin6_port));
	return ERR_OK;
}

static bool take_word(struct span *line, struct span *ret_word)
{
	size_t i = 0;

	while (line->len > 0 && line->ptr[0] == ' ')
		*line = span_sub(*line, 1, line->len);
	while (i < line->len && line->ptr[i] != ' ')
		i++;
	return span_take(line, i, ret_word) && i > 0;
}

static bool split(struct span line, struct span ret_cols[COLUMNS])
{
	for (size_t i = 0; i < COLUMNS; i++)
		if (!take_word(&line, &ret_cols[i]))
			return false;
	return true;
}

bool tcp_table_uid(struct span table, const char *local, const char *remote, uid_t *ret_uid)
{
	struct span line, cols[COLUMNS];
	int64_t uid;

	while (span_take_until(&table, '\n', &line)) {
		/* sl local remote st queues timer retransmits uid */
		if (!split(line, cols) || !span_eq_str(cols[1], local) || !span_eq_str(cols[2], remote))
			continue;
		if (!span_eq_str(cols[3], "01") || text_i64(cols[7], 0, UINT32_MAX, &uid) != ERR_OK)
			continue;
		*ret_uid = (uid_t)uid;
		return true;
	}
	return false;
}

enum err tcp_peer_check(int fd, uid_t uid)
{
	struct sockaddr_storage peer = {0}, own = {0};
	socklen_t peer_len = sizeof(peer), own_len = sizeof(own);
	char local[ADDRESS_TEXT], remote[ADDRESS_TEXT];
	uid_t found;

	if (getpeername(fd, (void *)&peer, &peer_len) != 0 || getsockname(fd, (void *)&own, &own_len) != 0)
		return ERR(DENIED, "peer has gone: %s", strerror(errno));
	/* In the table, the row of the peer's own socket has his address first. */
	TRY(print_address(&peer, local));
	TRY(print_address(&own, remote));
	AUTO_BUF(table, TABLE_MAX);
	TRY(file_read(peer.ss_family == AF_INET ? "/proc/net/tcp" : "/proc/net/tcp6", &table));
	if (!tcp_table_uid(buf_span(&table), local, remote, &found))
		return ERR(DENIED, "peer is not a socket of this machine");
	if (found != uid)
		return ERR(DENIED, "peer has uid %u", (unsigned)found);
	return ERR_OK;
}
