#include "server/signer/signer.h"
#include "base/file.h"
#include "base/text.h"
#include "gm/sm3.h"
#include "server/signer/signer_i.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { PATH_LEN_MAX = 4096, ANY = SIGNER_EMPTY | SIGNER_IN_CEREMONY | SIGNER_OPEN };
/* The third peer is the notary: it may read what concerns the status of certificates. */
enum { EVERY_PEER = 0, OF_BUREAU = SIGNER_PEER_ADMIN | SIGNER_PEER_PORTAL };

/* What may be asked, when, and who answers. Everything else ends the connection. */
static const struct {
	enum signer_request request;
	unsigned states;
	signer_handler *handler;
	unsigned peers;
} table[] = {
	{SIGNER_HELLO, ANY, on_hello, EVERY_PEER},
	{SIGNER_CRL, SIGNER_OPEN, on_crl, OF_BUREAU},
	{SIGNER_STATUS, SIGNER_OPEN, on_status, EVERY_PEER},
	{SIGNER_FEED, SIGNER_OPEN, on_feed, EVERY_PEER},
	{SIGNER_DATA_KEY, SIGNER_OPEN, on_data_key, OF_BUREAU},
	{SIGNER_ROSTER_GET, SIGNER_OPEN, on_roster_get, OF_BUREAU},
	{SIGNER_ISSUE, SIGNER_OPEN, on_issue, OF_BUREAU},
	{SIGNER_RENEW, SIGNER_OPEN, on_renew, OF_BUREAU},
	{SIGNER_REVOKE, SIGNER_OPEN, on_revoke, OF_BUREAU},
	{SIGNER_SUSPEND, SIGNER_OPEN, on_suspend, OF_BUREAU},
	{SIGNER_RELEASE, SIGNER_OPEN, on_release, OF_BUREAU},
	{SIGNER_STOCK, SIGNER_OPEN, on_stock, OF_BUREAU},
	{SIGNER_ROSTER, SIGNER_OPEN, on_roster, OF_BUREAU},
	{SIGNER_CEREMONY_BEGIN, SIGNER_EMPTY, on_ceremony_begin, OF_BUREAU},
	{SIGNER_CEREMONY_CARD, SIGNER_IN_CEREMONY, on_ceremony_card, OF_BUREAU},
	{SIGNER_CEREMONY_PERSON, SIGNER_IN_CEREMONY, on_ceremony_person, OF_BUREAU},
	{SIGNER_CEREMONY_NOTARY, SIGNER_IN_CEREMONY, on_ceremony_notary, OF_BUREAU},
	{SIGNER_CEREMONY_CLOSE, SIGNER_IN_CEREMONY, on_ceremony_close, OF_BUREAU},
};

enum err signer_bureau(struct serve_ctx *s)
{
	return cert_sm3_hex(journal_root(s->journal), s->bureau);
}

static enum err start(struct serve_ctx *s)
{
	char path[PATH_LEN_MAX];
	int n = snprintf(path, sizeof(path), "%s/journal.chain", s->plan.dir);
	if (n < 0 || n >= (int)sizeof(path))
		return ERR(LIMIT, "path of the journal");
	TRY(escrow_client_new(s->plan.escrow_socket, &s->escrow));
	TRY(journal_open(path, &s->journal));
	if (journal_state(s->journal) == SIGNER_EMPTY)
		return ERR_OK;
	TRY(signer_bureau(s));
	TRY(ca_open(s->plan.dir, journal_ca(s->journal), &s->ca));
	enum err e = crl_renew(s, signer_now(s));
	if (e != ERR_LIMIT)
		return e;
	err_clear(); /* status and acts are served without one */
	return ERR_OK;
}

/* Whoever is more than one peer draws on the first one's quota. */
static enum err admit(struct serve_ctx *s, const struct ipc_type *request, unsigned peers)
{
	size_t i = 0;
	while (i + 1 < SIGNER_PEERS && (peers & 1u << i) == 0)
		i++;
	/* The requests that only read come first in the table; the ceremony has its own end. */
	if (request->type < SIGNER_ISSUE || request->type >= SIGNER_CEREMONY_BEGIN)
		return ERR_OK;
	if (!quota_take(&s->quotas[i], clock_mono_ms()))
		return ERR(RATE, "%lld a minute; refused since the start: %llu", (long long)s->quotas[i].per_minute,
		           (unsigned long long)s->quotas[i].refused);
	return ERR_OK;
}

enum err signer_open(const struct signer_plan *plan, struct serve_ctx **ret_s)
{
	struct serve_ctx *s = calloc(1, sizeof(*s));
	if (s == NULL)
		return ERR(NOMEM, "signer");
	s->plan = *plan;
	s->urls = (struct ca_urls){.crl = plan->crl_url, .ca = plan->ca_url, .ocsp = plan->ocsp_url};
	for (size_t i = 0; i < SIGNER_PEERS; i++)
		quota_init(&s->quotas[i], plan->writes_per_minute, clock_mono_ms());
	enum err e = start(s);
	if (e != ERR_OK) {
		signer_free(s);
		return e;
	}
	*ret_s = s;
	return ERR_OK;
}

void signer_free(struct serve_ctx *s)
{
	if (s == NULL)
		return;
	ceremony_free(s->ceremony);
	ca_free(s->ca);
	crl_free(s->crl);
	journal_free(s->journal);
	escrow_client_free(s->escrow);
	free(s);
}

enum signer_state signer_state_of(const struct serve_ctx *s)
{
	return journal_state(s->journal);
}

static unsigned state_bit(const struct serve_ctx *s)
{
	return (unsigned)journal_state(s->journal);
}

void signer_serve(struct serve_ctx *s, volatile int *stop, struct serve *ret_serve)
{
	static struct serve_row rows[COUNT_OF(table)];
	for (size_t i = 0; i < COUNT_OF(table); i++)
		rows[i] = (struct serve_row){signer_request_of((uint16_t)table[i].request), table[i].states,
		                             table[i].handler, table[i].peers};
	s->stop = stop;
	*ret_serve = (struct serve){
		.rows = rows, .n_rows = COUNT_OF(rows), .state_bit = state_bit, .ctx = s, .stop = stop, .admit = admit};
}
