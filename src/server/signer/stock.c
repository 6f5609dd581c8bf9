/* STOCK: cards become known, with their device keys. ROSTER: the next list of who may do what. */
#include "base/text.h"
#include "server/signer/signer_i.h"
#include <string.h>

enum { STOCK_MAX = 200, ACT_TAGS = 3 };

struct card_line {
	char serial[CARD_SERIAL_MAX + 1];
	struct sm2_pub device;
};

static bool serial_is_good(struct span s)
{
	for (size_t i = 0; i < s.len; i++)
		if (!((s.ptr[i] >= 'A' && s.ptr[i] <= 'Z') || (s.ptr[i] >= '0' && s.ptr[i] <= '9')))
			return false;
	return s.len >= 4 && s.len <= CARD_SERIAL_MAX;
}

static enum err card_line_read(const char *line, struct card_line *ret_l)
{
	struct card_line l = {0};
	struct span rest = span_str(line), serial;
	AUTO_BUF(pub, SM2_PUB_LEN);
	if (!span_take_until(&rest, ' ', &serial) || !serial_is_good(serial))
		return ERR(SYNTAX, "card line wants serial and device key");
	memcpy(l.serial, serial.ptr, serial.len);
	TRY(text_unhex(rest, &pub));
	TRY(sm2_pub_parse(buf_span(&pub), &l.device));
	*ret_l = l;
	return ERR_OK;
}

/* Never in stock before, withdrawn ones included, nor twice in the list; the same of its key. */
static enum err card_is_new(const struct serve_ctx *s, const struct card_line *all, size_t n)
{
	const struct card_line *l = &all[n];
	for (size_t i = 0; i < n; i++)
		if (strcmp(all[i].serial, l->serial) == 0 || span_eq(SPAN_ARR(all[i].device.b), SPAN_ARR(l->device.b)))
			return ERR(EXISTS, "card %s is listed twice", l->serial);
	if (journal_has_card(s->journal, l->serial))
		return ERR(EXISTS, "card %s is in stock or was withdrawn", l->serial);
	return journal_key_is_new(s->journal, &l->device);
}

static enum err card_issue(const struct serve_ctx *s, const struct card_line *l, int64_t now, struct cert **ret_c)
{
	struct ca_subject subject = {.common_name = l->serial, .subject_id = l->serial};
	return ca_issue(s->ca, "card", &subject, &l->device, &s->urls, now, CA_DAYS_DEFAULT, ret_c);
}

static enum err stock_cards(struct serve_ctx *s, const struct statement *st, int64_t now, struct ipc_msg *record,
                            struct ipc_msg *out)
{
	struct card_line lines[STOCK_MAX];
	size_t n = statement_count(st, "card");
	if (n > STOCK_MAX)
		return ERR(LIMIT, "%zu cards, at most %d in one act", n, STOCK_MAX);
	for (size_t i = 0; i < n; i++) {
		AUTO(cert) c = NULL;
		TRY(card_line_read(statement_get_n(st, "card", i), &lines[i]));
		TRY(card_is_new(s, lines, i));
		TRY(card_issue(s, &lines[i], now, &c));
		ipc_put(record, ST_CARD_CERT, cert_der(c));
		ipc_put(out, ST_CARD_CERT, cert_der(c));
	}
	return ERR_OK;
}

enum err on_stock(struct serve_ctx *s, struct ipc_msg *in, struct ipc_msg *out)
{
	int64_t now = signer_now(s);
	AUTO_TWO_ACTS(t);
	AUTO(ipc_msg) record = NULL;
	TRY(two_acts_take(s, in, "STOCK", &t));
	TRY(two_acts_check(s, &t, journal_roster(s->journal), ROLE_MAKER, ROLE_REVIEWER, now));
	TRY(record_new(REC_STOCK, now, &record));
	record_copy(record, in, ST_ACT, 2 * ACT_TAGS);
	TRY(stock_cards(s, t.a.statement, now, record, out));
	return journal_append(s->journal, record);
}

enum err on_roster(struct serve_ctx *s, struct ipc_msg *in, struct ipc_msg *out)
{
	int64_t now = signer_now(s);
	const struct roster *in_force = journal_roster(s->journal);
	AUTO_TWO_ACTS(t);
	AUTO(roster) next = NULL;
	AUTO(ipc_msg) record = NULL;
	TRY(two_acts_take(s, in, "ROSTER", &t));
	TRY(two_acts_check(s, &t, in_force, ROLE_SECURITY, ROLE_SECURITY, now));
	TRY(roster_follows(t.a.statement, in_force));
	TRY(roster_read(t.a.statement, &next));
	TRY(record_new(REC_ROSTER, now, &record));
	record_copy(record, in, ST_ACT, 2 * ACT_TAGS);
	TRY(journal_append(s->journal, record));
	ipc_put_u64(out, ST_ROSTER_NO, roster_number(next));
	return ERR_OK;
}
