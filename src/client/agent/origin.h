/* Who may ask: the allow-list of web origins (RFC 6454), our own host names against DNS rebinding, and the uid of the
 * process at the other end of a loopback connection. Pure but for tcp_peer_check. */
#pragma once
#include "base/buf.h"
#include <sys/types.h>

enum { ORIGIN_MAX = 255, ORIGINS_MAX = 32 };
struct origins;
/* "https://a.example http://localhost:8600": separated by blanks or commas, each as a browser writes it (lower case, no
 * path, no default port). ERR_CONFIG names the entry. */
enum err origins_parse(const char *list, struct origins **ret_o) MUST_CHECK;
void origins_free(struct origins *o);
DEFINE_AUTO(origins)
bool origins_has(const struct origins *o, struct span origin); /* exact octets; "null" and empty are never in it */

/* 127.0.0.1, localhost or [::1] at our port. */
bool host_is_own(struct span host, unsigned port);
bool origin_is_own(struct span origin, unsigned port);

/* ERR_DENIED unless the connected loopback socket's other end belongs to uid. */
enum err tcp_peer_check(int fd, uid_t uid) MUST_CHECK;
/* The row of a /proc/net/tcp or tcp6 table whose addresses are these ("0100007F:1F90"), established: a socket that its
 * process has left reads as root's. */
bool tcp_table_uid(struct span table, const char *local, const char *remote, uid_t *ret_uid);
