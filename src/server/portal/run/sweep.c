/* A certificate that is revoked or suspended loses its sessions with the next list, not only its next login. */
#include "server/portal/app.h"
#include "server/portal/staff.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { SWEEP_MAX = 4096, SERIAL_CAP = 48 };
struct sweep {
	struct trust *trust;
	char (*serials)[SERIAL_CAP]; /* of listed certificates that have sessions */
	size_t n;
};

int portal_cert_status(void *ctx, const char *serial)
{
	return trust_status(ctx, serial);
}

enum err portal_may_go_on(void *app, const struct web_session *s)
{
	const struct portal *p = app;
	struct staff_entry entry = {0};
	TRY(trust_still_good(p->trust, s->cert_serial));
	if (p->staff == NULL || (s->roles & ROLE_STAFF) == 0)
		return ERR_OK;
	enum err e = staff_entry_now(p, s->person_id, &entry);
	if (e != ERR_OK && e != ERR_L_UNBOUND)
		return e;
	err_clear();
	bool all = (s->roles & ROLE_STAFF & ~entry.roles) == 0;
	return all ? ERR_OK
	           : ERR(ROLE, "the roster in force gives roles 0x%x, the session 0x%x", entry.roles, s->roles);
}

static enum err take_listed(const struct row *row, void *ctx)
{
	struct sweep *s = ctx;
	const char *serial = row_text(row, 0);
	if (s->n < SWEEP_MAX && trust_listed(s->trust, serial) != 0)
		(void)snprintf(s->serials[s->n++], SERIAL_CAP, "%s", serial);
	return ERR_OK;
}

static enum err read_sessions(struct tx *tx, void *arg)
{
	struct sweep *s = arg;
	s->n = 0;
	return tx_query(tx, "portal_session_serials", NULL, 0, take_listed, s);
}

static enum err end_all(struct portal *p, const struct sweep *s)
{
	for (size_t i = 0; i < s->n; i++)
		TRY(session_end_cert(p->sessions, s->serials[i]));
	return ERR_OK;
}

enum err portal_sweep(struct portal *p)
{
	struct sweep s = {.trust = p->trust};
	s.serials = calloc(SWEEP_MAX, SERIAL_CAP);
	if (s.serials == NULL)
		return ERR(NOMEM, "sweep");
	enum err e = store_read(p->desk.store, read_sessions, &s);
	if (e == ERR_OK)
		e = end_all(p, &s);
	free(s.serials);
	return e;
}

enum err portal_refresh(struct portal *p)
{
	TRY(trust_refresh(p->trust));
	return portal_sweep(p);
}
