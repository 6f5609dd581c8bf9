#include "server/insurance/bill.h"
#include "server/insurance/calendar.h"
#include <string.h>

enum err base_of(const struct tables *t, int month, int64_t wage_fen, int64_t *ret_base_fen)
{
	const struct base_limit *b = NULL;
	TRY(tables_base(t, month, &b));
	*ret_base_fen = wage_fen < b->floor_fen ? b->floor_fen : wage_fen > b->cap_fen ? b->cap_fen : wage_fen;
	return ERR_OK;
}

static enum err share_of(const struct tables *t, int month, int ins, const struct payer *p, int64_t base,
                         struct share *s)
{
	const struct rate *r = NULL;
	TRY(tables_rate(t, ins, SIDE_UNIT, p->risk_class, month, &r));
	s->unit_ppm = t->ins[ins].by_class ? (r->ppm * p->float_ppm + PPM / 2) / PPM : r->ppm;
	s->unit_fen = money_share(base, s->unit_ppm);
	if (!t->ins[ins].person_pays)
		return ERR_OK;
	TRY(tables_rate(t, ins, SIDE_PERSON, 0, month, &r));
	s->person_ppm = r->ppm;
	s->person_fen = money_share(base, s->person_ppm);
	return ERR_OK;
}

enum err contribution_of(const struct tables *t, int month, const struct payer *p, struct contribution *ret_c)
{
	struct contribution c = {.ins = p->ins};
	if (p->wage_fen < 0 || p->wage_fen > MONEY_MAX || p->float_ppm < 0 || p->float_ppm > 2 * PPM)
		return ERR(FIELD_VALUE, "wage or floating rate out of range");
	TRY(base_of(t, month, p->wage_fen, &c.base_fen));
	for (size_t i = 0; i < t->n_ins; i++)
		if (p->ins & 1u << i)
			TRY(share_of(t, month, (int)i, p, c.base_fen, &c.share[i]));
	*ret_c = c;
	return ERR_OK;
}

void bill_init(struct bill *b, int month)
{
	memset(b, 0, sizeof(*b));
	b->month = month;
}

void bill_add(struct bill *b, const struct contribution *c)
{
	b->persons += c->ins != 0;
	for (size_t i = 0; i < INS_MAX; i++) {
		struct bill_line *l = &b->line[i];
		if (!(c->ins & 1u << i))
			continue;
		l->persons++;
		l->base_fen += c->base_fen;
		l->unit_fen += c->share[i].unit_fen;
		l->person_fen += c->share[i].person_fen;
		b->unit_fen += c->share[i].unit_fen;
		b->person_fen += c->share[i].person_fen;
	}
	b->total_fen = b->unit_fen + b->person_fen;
}

bool bill_unverified(const struct tables *t, int month)
{
	const struct base_limit *b = NULL;
	if (tables_base(t, month, &b) != ERR_OK) {
		err_clear();
		return true;
	}
	bool verify = b->verify;
	for (size_t i = 0; i < t->n_rates; i++) {
		const struct rate *r = &t->rates[i];
		bool now = month >= r->from && (r->to == 0 || month <= r->to);
		verify = verify || (now && t->ins[r->ins].enabled && r->verify);
	}
	return verify;
}

/* Days of [first, last] on which the row's rate counts, times that rate. */
static int64_t ppm_days(const struct tables *t, size_t i, int64_t first, int64_t last)
{
	int64_t from = t->late[i].from > first ? t->late[i].from : first;
	int64_t to = i + 1 < t->n_late && t->late[i + 1].from - DAY_SEC < last ? t->late[i + 1].from - DAY_SEC : last;
	return to < from ? 0 : ((to - from) / DAY_SEC + 1) * t->late[i].ppm;
}

int64_t late_fee(const struct tables *t, int64_t principal_fen, int64_t due_day, int64_t paid_day)
{
	int64_t first = month_midnight(due_day) + DAY_SEC, last = month_midnight(paid_day), sum = 0;
	for (size_t i = 0; i < t->n_late; i++)
		sum += ppm_days(t, i, first, last);
	/* A principal up to 10^14 fen and a century of days would pass 2^63: the whole part is multiplied apart. */
	int64_t whole = principal_fen / PPM, rest = principal_fen % PPM;
	return whole * sum + (rest * sum + PPM / 2) / PPM;
}

int64_t late_fee_bill(const struct tables *t, const struct bill *b, int64_t due_day, int64_t paid_day)
{
	int64_t sum = 0;
	for (size_t i = 0; i < t->n_ins; i++)
		sum += late_fee(t, b->line[i].unit_fen + b->line[i].person_fen, due_day, paid_day);
	return sum;
}

int64_t default_amount(const struct tables *t, int64_t last_total_fen)
{
	int64_t whole = last_total_fen / PPM, rest = last_total_fen % PPM;
	return whole * t->default_ppm + (rest * t->default_ppm + PPM / 2) / PPM;
}

int64_t bill_due(const struct tables *t, int month)
{
	int next = month_add(month, 1);
	int64_t day = month_first(next) + (int64_t)(t->filing.due_day - 1) * DAY_SEC;
	int64_t last = month_first(month_add(month, 2)) - DAY_SEC;
	return calendar_roll(t->calendar, day > last ? last : day);
}
