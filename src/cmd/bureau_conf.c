/* The configuration files of a bureau, written anew at each start for the present ports and paths. */
#include "base/file.h"
#include "cmd/bureau.h"
#include "cmd/edge_conf.h"

enum { CONF_MAX = 64 * 1024, WORKERS_EDGE = 2 };

static enum err put(const struct bureau *b, const char *name, struct buf *text, mode_t mode)
{
	char path[BUREAU_PATH_MAX];
	TRY(buf_err(text));
	TRY(bureau_path(b, name, path, sizeof(path)));
	return file_replace(path, buf_span(text), mode);
}

static enum err conf_escrow(const struct bureau *b)
{
	AUTO_BUF(t, CONF_MAX);
	buf_printf(&t, "socket = %s/run/escrow/escrow.sock\ndir = %s/escrow\nclock = %s/clock\n", b->data, b->data,
	           b->data);
	return put(b, "conf/escrow.conf", &t, 0644);
}

static enum err conf_signer(const struct bureau *b)
{
	AUTO_BUF(t, CONF_MAX);
	buf_printf(&t,
	           "socket = %s/run/signer/signer.sock\ndir = %s/signer\nescrow_socket = %s/run/escrow/escrow.sock\n",
	           b->data, b->data, b->data);
	buf_printf(&t, "profiles = %s/profiles/profiles.json\nclock = %s/clock\n", b->share, b->data);
	buf_printf(&t, "crl_url = %s/crl/ca.crl\nca_url = %s/ca/ca.cer\n", b->origin, b->origin);
	buf_printf(&t, "root_crl_url = %s/crl/root.crl\nocsp_url = %s/ocsp\n", b->origin, b->origin);
	return put(b, "conf/signer.conf", &t, 0644);
}

static enum err conf_notary(const struct bureau *b)
{
	AUTO_BUF(t, CONF_MAX);
	buf_printf(&t, "socket = %s/run/notary/notary.sock\ndir = %s/notary\n", b->data, b->data);
	buf_printf(&t, "signer_socket = %s/run/signer/signer.sock\nclock = %s/clock\n", b->data, b->data);
	return put(b, "conf/notary.conf", &t, 0644);
}

static enum err conf_convert(const struct bureau *b)
{
	AUTO_BUF(t, CONF_MAX);
	buf_printf(&t, "socket = %s/run/convert/convert.sock\n", b->data);
	return put(b, "conf/convert.conf", &t, 0644);
}

static enum err conf_portal(const struct bureau *b)
{
	AUTO_BUF(t, CONF_MAX);
	buf_printf(&t, "origin = %s\nagent_origin = %s\ndata = %s\n", b->origin, b->agent_origin, b->data);
	buf_printf(&t, "socket = %s/run/portal/portal.sock\nsigner_socket = %s/run/signer/signer.sock\n", b->data,
	           b->data);
	buf_printf(&t, "machine_socket = %s/run/portal/machine.sock\n", b->data);
	buf_printf(&t, "notary_socket = %s/run/notary/notary.sock\nconvert_socket = %s/run/convert/convert.sock\n",
	           b->data, b->data);
	buf_printf(&t, "templates = %s/templates\nsql = %s\nclock = %s/clock\n", b->share, b->sql, b->data);
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
	buf_printf(
		&t,
		"slots = %s/slots\nroot = %s/ca/root.cer\nca = %s/ca/ca.cer\nroot_sm3 = %s/root.sm3\nclock = %s/clock\n",
		b->data, b->data, b->data, b->data, b->data);
	buf_printf(&t, "window = %s/agent\n", b->share);
	return put(b, "conf/agent.conf", &t, 0600);
}

static enum err conf_edge(const struct bureau *b)
{
	const struct edge_plan plan = {.share = b->share,
	                               .data = b->data,
	                               .port = b->port,
	                               .workers = WORKERS_EDGE,
	                               .user = b->root ? "yinxin-edge" : NULL};
	return edge_configure(&plan);
}

enum err bureau_configure(const struct bureau *b)
{
	TRY(conf_escrow(b));
	TRY(conf_signer(b));
	TRY(conf_notary(b));
	TRY(conf_convert(b));
	TRY(conf_portal(b));
	TRY(conf_yxcard(b));
	TRY(conf_agent(b));
	TRY(conf_edge(b));
	return bureau_publish(b);
}
