/* The portal's trust with a signer behind it: what is asked, how often, and what happens when nobody answers or the
 * clock jumps. The signer is a table in this process that counts its questions; time is real where the word's age
 * matters. */
#include "../certsrv/office.h"
#include "server/notary/client.h"
#include "server/portal/act_status.h"
#include "server/portal/staff.h"
#include <time.h>

struct signer {
	struct office o;
	struct trust *trust;
	struct desk_person holder;
	uint64_t number, seq;
	int status;
	enum err away, list_away;
	int seqs, statuses, lists, rosters;
	const char *entry; /* of the roster */
};

static enum err give_list(void *ctx, struct buf *out)
{
	struct signer *s = ctx;
	AUTO(crl) crl = NULL;
	int64_t now = clock_now(s->o.clock);
	s->lists++;
	if (s->list_away != ERR_OK)
		return ERR(UNAVAILABLE, "no list");
	TRY(crl_build(s->o.ca, s->o.ca_key, ++s->number, now, now + 7 * DAY, NULL, 0, &crl));
	buf_put(out, crl_der(crl));
	return buf_err(out);
}

static enum err give_seq(void *ctx, uint64_t *ret_seq)
{
	struct signer *s = ctx;
	s->seqs++;
	if (s->away != ERR_OK)
		return ERR(UNAVAILABLE, "signer is down");
	*ret_seq = s->seq;
	return ERR_OK;
}

static enum err give_status(void *ctx, const char *serial, int *ret_status)
{
	struct signer *s = ctx;
	s->statuses++;
	if (s->away != ERR_OK)
		return ERR(UNAVAILABLE, "signer is down");
	if (strcmp(serial, cert_serial(s->holder.cert)) != 0)
		return ERR(SERIAL_UNKNOWN, "%s", serial);
	*ret_status = s->status;
	return ERR_OK;
}

static int setup(void **state)
{
	static struct signer s;
	struct cert *root = NULL, *ca = NULL;
	memset(&s, 0, sizeof(s));
	office_open(&s.o);
	int64_t now = clock_now(s.o.clock);
	OK(cert_parse(cert_der(s.o.root), &root));
	OK(cert_parse(cert_der(s.o.ca), &ca));
	OK(trust_new(root, ca, s.o.desk.bureau, now, &s.trust));
	OK(trust_follow(s.trust, &(struct trust_source){give_list, {give_seq, give_status, &s}}));
	OK(trust_refresh(s.trust));
	OK(sm2_key_new(&s.holder.key));
	s.holder.cert = office_cert(&s.o, "person-sign", sm2_key_pub(s.holder.key), NULL, NULL, "测试个人丙",
	                            "430100000024", now - 60, now + 100 * DAY);
	*state = &s;
	return 0;
}

static int teardown(void **state)
{
	struct signer *s = *state;
	cert_free(s->holder.cert);
	sm2_key_free(s->holder.key);
	trust_free(s->trust);
	office_close(&s->o);
	return 0;
}

static void pause_ms(int64_t ms)
{
	const struct timespec t = {ms / 1000, (long)(ms % 1000) * 1000000};
	(void)nanosleep(&t, NULL);
}

/* A login hears what the signer says now, whatever the list held says, and is one verification. */
static void login_asks(void **state)
{
	struct signer *s = *state;
	int64_t now = clock_now(s->o.clock);
	OK(trust_check(s->trust, s->holder.cert, now));
	s->status = 2;
	assert_int_equal(trust_check(s->trust, s->holder.cert, now), ERR_CERT_SUSPENDED);
	s->status = 1;
	assert_int_equal(trust_check(s->trust, s->holder.cert, now), ERR_CERT_REVOKED);
	s->status = 0;
	uint64_t before = gm_verifications();
	for (int i = 0; i < 20; i++)
		OK(trust_check(s->trust, s->holder.cert, now));
	assert_int_equal(gm_verifications() - before, 20);
	assert_int_equal(s->statuses, 23);
	s->away = ERR_UNAVAILABLE;
	assert_int_equal(trust_check(s->trust, s->holder.cert, now), ERR_STATUS_AWAY);
}

/* The clock jumps past the list's next update, and back before its date: it is fetched at once, and the login goes on.
 */
static void clock_jumps(void **state)
{
	struct signer *s = *state;
	static const int64_t jumps[] = {25 * DAY, -3 * DAY, 0};
	for (size_t i = 0; i < COUNT_OF(jumps); i++) {
		office_move_clock(&s->o, jumps[i]);
		int64_t now = clock_now(s->o.clock);
		int lists = s->lists;
		enum err e = trust_check(s->trust, s->holder.cert, now);
		assert_int_equal(e, jumps[i] < 0 ? ERR_CERT_NOT_YET : ERR_OK);
		OK(trust_keep_current(s->trust, now));
		assert_int_equal(s->lists, lists + (jumps[i] != 0));
	}
	/* Without a fresh one the list is told, not the certificate; the login itself asks the signer and does not need
	 * it. */
	office_move_clock(&s->o, 30 * DAY);
	s->list_away = ERR_UNAVAILABLE;
	assert_int_equal(trust_keep_current(s->trust, clock_now(s->o.clock)), ERR_CRL_STALE);
	OK(trust_check(s->trust, s->holder.cert, clock_now(s->o.clock)));
	/* A signer that hangs costs the login one wait, not a second one for the list. */
	s->away = ERR_UNAVAILABLE;
	int lists = s->lists;
	assert_int_equal(trust_check(s->trust, s->holder.cert, clock_now(s->o.clock)), ERR_STATUS_AWAY);
	assert_int_equal(s->lists, lists);
	s->away = s->list_away = ERR_OK;
	office_move_clock(&s->o, 0);
}

/* A thousand pages cost one look at the journal; the change shows with the next look, which is a second later at most.
 */
static void pages_ask_once(void **state)
{
	struct signer *s = *state;
	const char *serial = cert_serial(s->holder.cert);
	int64_t began = clock_mono_ms();
	for (int i = 0; i < 1000; i++)
		OK(trust_still_good(s->trust, serial));
	int looks = 1 + (int)((clock_mono_ms() - began) / WORD_MS);
	assert_in_range(s->seqs, 1, looks);
	assert_int_equal(s->statuses, 1);
	assert_int_equal(trust_still_good(s->trust, "00FF"), ERR_SERIAL_UNKNOWN);
	s->status = 2;
	s->seq++;
	int64_t changed = clock_mono_ms();
	while (trust_still_good(s->trust, serial) == ERR_OK)
		assert_in_range(clock_mono_ms() - changed, 0, 1900);
	assert_int_equal(trust_still_good(s->trust, serial), ERR_CERT_SUSPENDED);
	/* Released, and logged in anew within the second: the new session is not ended by the old word. */
	s->status = 0;
	s->seq++;
	OK(trust_still_good(s->trust, serial));
	/* The journal stands still: nothing but its number is asked. */
	pause_ms(WORD_MS + 50);
	OK(trust_still_good(s->trust, serial));
	int statuses = s->statuses;
	pause_ms(WORD_MS + 50);
	OK(trust_still_good(s->trust, serial));
	assert_int_equal(s->statuses, statuses);
}

/* A word that is too old is no word; and a signer that is away is not asked by every page. */
static void away(void **state)
{
	struct signer *s = *state;
	const char *serial = cert_serial(s->holder.cert);
	OK(trust_still_good(s->trust, serial));
	s->away = ERR_UNAVAILABLE;
	pause_ms(WORD_MS + 50);
	int seqs = s->seqs;
	int64_t began = clock_mono_ms();
	for (int i = 0; i < 100; i++)
		assert_int_equal(trust_still_good(s->trust, serial), ERR_STATUS_AWAY);
	assert_in_range(s->seqs - seqs, 1, 1 + (int)((clock_mono_ms() - began) / WORD_RETRY_MS));
	assert_int_equal(trust_status(s->trust, serial), 0); /* for show: the list's */
	s->away = ERR_OK;
	pause_ms(WORD_RETRY_MS + 50);
	OK(trust_still_good(s->trust, serial));
}

/* An act's certificate is checked up to the root: a self-made one with the right name and the serial number of the
 * session's is not let in, whatever its holder signs with it. Here without a notary: then the signer's word decides. */
static void acts(void **state)
{
	struct signer *s = *state;
	static struct office foreign;
	struct portal p = {.trust = s->trust};
	AUTO_BUF(status, 64);
	int64_t now = clock_now(s->o.clock);
	office_open(&foreign);
	OK(portal_act_judge(&p, s->holder.cert, now, &status));
	AUTO(cert)
	same_name = office_cert(&foreign, "person-sign", sm2_key_pub(s->holder.key), NULL, NULL, "测试个人丙",
	                        "430100000024", now - 60, now + 100 * DAY);
	assert_int_equal(portal_act_judge(&p, same_name, now, &status), ERR_CERT_CHAIN);
	assert_int_equal(portal_act_judge(&p, s->holder.cert, now + 200 * DAY, &status), ERR_CERT_EXPIRED);
	s->status = 2;
	assert_int_equal(portal_act_judge(&p, s->holder.cert, now, &status), ERR_CERT_SUSPENDED);
	s->away = ERR_UNAVAILABLE;
	assert_int_equal(portal_act_judge(&p, s->holder.cert, now, &status), ERR_STATUS_AWAY);
	/* A notary that is not there. */
	OK(notary_client_new("/nonexistent/notary.sock", &p.notary));
	assert_int_equal(portal_act_judge(&p, s->holder.cert, now, &status), ERR_STATUS_AWAY);
	assert_int_equal(status.len, 0);
	notary_client_free(p.notary);
	office_close(&foreign);
}

/* --- an officer's roles --- */

static enum err give_roster(void *ctx, struct buf *out)
{
	struct signer *s = ctx;
	AUTO(statement) st = NULL;
	const char *zero = "0000000000000000000000000000000000000000000000000000000000000000";
	const struct statement_kv kv[] = {{"bureau", s->o.desk.bureau},
	                                  {"nonce", zero},
	                                  {"time", "2026-11-22T00:00:00Z"},
	                                  {"number", "0"},
	                                  {"previous", "-"},
	                                  {"entry", s->entry},
	                                  {"entry", "P000009 auditor 430100"}};
	s->rosters++;
	if (s->entry == NULL)
		return ERR(UNAVAILABLE, "no roster");
	OK(statement_build("ROSTER", kv, COUNT_OF(kv), &st));
	buf_put(out, statement_text(st));
	return buf_err(out);
}

/* Roles of a session hold as long as the roster gives them; it is fetched when the journal has moved, not for every
 * page. */
static void roles(void **state)
{
	struct signer *s = *state;
	struct portal p = {.trust = s->trust, .roster = give_roster, .roster_ctx = s};
	struct web_session w = {.roles = ROLE_REVIEWER};
	OK(staff_new(&p.staff));
	(void)snprintf(w.person_id, sizeof(w.person_id), "%s", "P000004");
	(void)snprintf(w.cert_serial, sizeof(w.cert_serial), "%s", cert_serial(s->holder.cert));
	s->entry = "P000004 clerk,reviewer 430100";
	for (int i = 0; i < 100; i++)
		OK(portal_may_go_on(&p, &w));
	assert_int_equal(s->rosters, 1);
	s->entry = "P000004 clerk 430100";
	s->seq++;
	pause_ms(WORD_MS + 50);
	assert_int_equal(portal_may_go_on(&p, &w), ERR_ROLE);
	w.roles = ROLE_CLERK;
	OK(portal_may_go_on(&p, &w));
	s->entry = "P000005 clerk 430100";
	s->seq++;
	pause_ms(WORD_MS + 50);
	assert_int_equal(portal_may_go_on(&p, &w), ERR_ROLE);
	/* A signer that gives no roster is asked once a second, not by each who comes. */
	s->rosters = 0;
	s->entry = NULL;
	s->seq++;
	pause_ms(WORD_MS + 50);
	for (int i = 0; i < 20; i++)
		assert_int_equal(portal_may_go_on(&p, &w), ERR_STATUS_AWAY);
	assert_in_range(s->rosters, 1, 2);
	w.roles = ROLE_UNIT; /* the roster does not speak of holders */
	OK(portal_may_go_on(&p, &w));
	staff_free(p.staff);
}

int main(void)
{
#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
	const struct CMUnitTest tests[] = {T(login_asks), T(clock_jumps), T(pages_ask_once),
	                                   T(away),       T(acts),        T(roles)};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
