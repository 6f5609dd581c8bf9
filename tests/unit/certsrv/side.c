#include "side.h"
#include "base/text.h"
#include "world.h"
#include <stdio.h>

static struct world w;
static struct sm2_key *born;

static const struct officer *officer_of(enum side_who who)
{
	static const enum who at[] = {CLERK, REVIEWER, MAKER};
	return &w.officers[at[who]];
}

void side_start(void)
{
	memset(&w, 0, sizeof(w));
	world_start(&w);
}

void side_stop(void)
{
	sm2_key_free(born);
	born = NULL;
	world_stop(&w);
}

const char *side_socket(void)
{
	return w.procs.signer_socket;
}

const char *side_bureau(void)
{
	return w.bureau;
}

const char *side_clock(void)
{
	return w.procs.clock_path;
}

const char *side_person(enum side_who who)
{
	return officer_of(who)->person;
}

const char *side_serial(enum side_who who)
{
	return officer_of(who)->serial;
}

struct span side_cert(enum side_who who)
{
	return buf_span(&officer_of(who)->cert);
}

void side_sign(enum side_who who, struct span text, uint8_t ret_sig[64])
{
	struct sm2_sig sig;
	OK(gm_sign(officer_of(who)->key, text, &sig));
	memcpy(ret_sig, sig.b, sizeof(sig.b));
}

void side_birth(struct span approval, char ret_card[17], char ret_key_hex[131], struct buf *csr, struct buf *attest)
{
	struct soft_card *card = world_card(&w);
	uint8_t digest[32];
	AUTO_BUF(hex, 131);
	sm2_key_free(born);
	OK(sm2_key_new(&born));
	memcpy(digest, approval.ptr, sizeof(digest));
	soft_csr(born, csr);
	soft_attest(card, card->device, sm2_key_pub(born), digest, ATTEST_PIN_HOLDER, attest);
	text_hex(&hex, SPAN_ARR(sm2_key_pub(born)->b));
	(void)snprintf(ret_key_hex, 131, "%s", buf_cstr(&hex));
	(void)snprintf(ret_card, 17, "%s", card->serial);
}

uint64_t side_journal_count(void)
{
	return journal_count(&w);
}

void side_signer_dies(void)
{
	procs_kill_signer(&w.procs);
}

void side_signer_returns(void)
{
	procs_start_signer(&w.procs);
}
