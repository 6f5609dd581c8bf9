/* Terms of a filing, by the desk's calendar. */
#include "server/filing/filing_i.h"

static struct terms terms_of(const struct filing_desk *d)
{
	return (struct terms){d->is_working_day, d->knows_year, d->calendar_ctx};
}

bool filing_term_sure(const struct filing_desk *d, int64_t from, int64_t to)
{
	const struct terms t = terms_of(d);
	return terms_sure(&t, from, to);
}

int64_t filing_work_end(const struct filing_desk *d, int64_t from, int days)
{
	const struct terms t = terms_of(d);
	return terms_work_end(&t, from, days);
}

int64_t filing_term_end(const struct filing_desk *d, int64_t from, int days)
{
	const struct terms t = terms_of(d);
	return terms_end(&t, from, days);
}
