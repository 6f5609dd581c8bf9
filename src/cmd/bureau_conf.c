/* The configuration files of a bureau, written anew at each start for the present ports and paths. */
#include "base/file.h"
#include "cmd/bureau.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <pwd.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum { CONF_MAX = 64 * 1024, WORKERS_EDGE = 2 };

static enum err put(const struct bureau *b, const char *name, struct buf *text, mode_t mode)
{
	char path[BUREAU_PATH_MAX];
	TRY(buf_err(text));
	TRY(bureau_path(b, name, path, sizeof path));
	return file_replace(path, buf_span(text), mode);
}

static enum err conf_escrow(const struct bureau *b)
{
	AUTO_BUF(t, CONF_MAX);
	buf_printf(&t, "socket = %s/run/escrow/escrow.sock\ndir = %s/escrow\nclock = %s/clock\n", b->data, b->data, b->data);
	return put(b, "conf/escrow.conf", &t, 0644);
}

static enum err conf_signer(const struct bureau *b)
{
	AUTO_BUF(t, CONF_MAX);
	buf_printf(&t, "socket = %s/run/signer/signer.sock\ndir = %s/signer\nescrow_socket = %s/run/escrow/escrow.sock\n", b->data, b->data,
		   b->data);
	buf_printf(&t, "profiles = %s/profiles/profiles.json\nclock = %s/clock\n", b->share, b->data);
	buf_printf(&t, "crl_url = %s/crl/ca.crl\nca_url = %s/ca/ca.cer\n", b->origin, b->origin);
	buf_printf(&t, "ocsp_url = %s/ocsp\n", b->origin);
	return put(b, "conf/signer.conf", &t, 0644);
}

static enum err conf_notary(const struct bureau *b)
{
	AUTO_BUF(t, CONF_MAX);
	buf_printf(&t, "socket = %s/run/notary/notary.sock\ndir = %s/notary\n", b->data, b->data);
	buf_printf(&t, "signer_socket = %s/run/signer/signer.sock\nclock = %s/clock\n", b->data, b->data);
	return put(b, "conf/notary.conf", &t, 0644);
}

static enum err conf_portal(const struct bureau *b)
{
	AUTO_BUF(t, CONF_MAX);
	buf_printf(&t, "origin = %s\nagent_origin = %s\ndata = %s\n", b->origin, b->agent_origin, b->data);
	buf_printf(&t, "socket = %s/run/portal/portal.sock\nsigner_socket = %s/run/signer/signer.sock\n", b->data, b->data);
	buf_printf(&t, "notary_socket = %s/run/notary/notary.sock\n", b->data);
	buf_printf(&t, "templates = %s/templates\nsql = %s/sql\nclock = %s/clock\n", b->share, b->share, b->data);
	return put(b, "conf/portal.conf", &t, 0644);
}

static enum err conf_yxcard(const struct bureau *b)
{
	AUTO_BUF(t, CONF_MAX);
	buf_printf(&t, "keys = %s/keys\nslots = %s/slots\ncount = 2\n", b->data, b->data);
	return put(b, "conf/yxcard.conf", &t, 0600);
}

static enum err conf_agent(const struct bureau *b)
{
	AUTO_BUF(t, CONF_MAX);
	buf_printf(&t, "port = %u\norigins = %s\npin = %s\nlibrary = %s\n", b->agent_port, b->origin, b->pin, b->skf);
	buf_printf(&t, "slots = %s/slots\nroot = %s/ca/root.cer\nca = %s/ca/ca.cer\nroot_sm3 = %s/root.sm3\nclock = %s/clock\n", b->data,
		   b->data, b->data, b->data, b->data);
	buf_printf(&t, "window = %s/agent\n", b->share);
	return put(b, "conf/agent.conf", &t, 0600);
}

/* --- nginx --- */

static bool have_ipv6(void)
{
	struct sockaddr_in6 a = {.sin6_family = AF_INET6, .sin6_addr = IN6ADDR_LOOPBACK_INIT};
	int fd = socket(AF_INET6, SOCK_STREAM | SOCK_CLOEXEC, 0);
	bool ok = fd >= 0 && bind(fd, (struct sockaddr *)&a, sizeof a) == 0;
	if (fd >= 0)
		close(fd);
	return ok;
}

/* Appends line with each @NAME@ of the table replaced. */
static void fill(struct buf *out, struct span line, const char *const (*table)[2])
{
	while (line.len) {
		bool hit = false;
		for (size_t i = 0; table[i][0] && !hit; i++)
			if (span_starts(line, span_str(table[i][0]))) {
				buf_str(out, table[i][1]);
				line = span_sub(line, strlen(table[i][0]), line.len);
				hit = true;
			}
		if (!hit) {
			buf_u8(out, line.ptr[0]);
			line = span_sub(line, 1, line.len);
		}
	}
	buf_u8(out, '\n');
}

static bool ends_with(struct span s, const char *tail)
{
	size_t n = strlen(tail);
	return s.len >= n && span_eq_str(span_sub(s, s.len - n, n), tail);
}

static enum err conf_nginx(const struct bureau *b)
{
	char path[BUREAU_PATH_MAX * 2], port[16], workers[16];
	AUTO_BUF(in, CONF_MAX);
	AUTO_BUF(out, CONF_MAX);
	snprintf(path, sizeof path, "%s/nginx/nginx.conf.in", b->share);
	TRY(file_read(path, &in));
	snprintf(port, sizeof port, "%u", b->port);
	snprintf(workers, sizeof workers, "%d", WORKERS_EDGE);
	snprintf(path, sizeof path, "%s/edge", b->data);
	const char *const table[][2] = {{"@PORT@", port}, {"@DATA@", b->data}, {"@SHARE@", path}, {"@WORKERS@", workers},
		{"@USER_LINE@", b->root ? "user yinxin-edge;" : ""}, {NULL, NULL}};
	bool ipv6 = have_ipv6();
	struct span rest = buf_span(&in), line;
	while (span_take_until(&rest, '\n', &line))
		if (ipv6 || !ends_with(line, "# ipv6"))
			fill(&out, line, table);
	return put(b, "edge/nginx.conf", &out, 0644);
}

/* Workers of the edge may not be able to read the source tree: what it serves is copied beside it. */
static enum err copy_pages(const struct bureau *b)
{
	static const char *const PAGES[] = {"400.html", "413.html", "429.html", "50x.html"};
	char from[BUREAU_PATH_MAX * 2], name[64];
	for (size_t i = 0; i < COUNT_OF(PAGES); i++) {
		AUTO_BUF(page, CONF_MAX);
		snprintf(from, sizeof from, "%s/nginx/%s", b->share, PAGES[i]);
		snprintf(name, sizeof name, "edge/nginx/%s", PAGES[i]);
		TRY(file_read(from, &page));
		TRY(put(b, name, &page, 0644));
	}
	return ERR_OK;
}

enum err bureau_configure(const struct bureau *b)
{
	TRY(conf_escrow(b));
	TRY(conf_signer(b));
	TRY(conf_notary(b));
	TRY(conf_portal(b));
	TRY(conf_yxcard(b));
	TRY(conf_agent(b));
	TRY(conf_nginx(b));
	TRY(copy_pages(b));
	return bureau_publish(b);
}
