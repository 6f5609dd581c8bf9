/* Terms: the starting day is not counted, a free last day moves the end to the next working day (民法典 201, 203). */
#include "server/filing/filing_i.h"

enum { DAY = 86400, BEIJING = 8 * 3600, THURSDAY = 4, SEARCH_DAYS = 366 };

static int64_t midnight(int64_t t)
{
	int64_t local = t + BEIJING, day = local / DAY - (local % DAY < 0 ? 1 : 0);
	return day * DAY - BEIJING;
}

static bool works(const struct filing_desk *d, int64_t day)
{
	if (d->is_working_day != NULL)
		return d->is_working_day(d->calendar_ctx, day);
	int64_t weekday = ((day + BEIJING) / DAY + THURSDAY) % 7; /* 1970-01-01 was one */
	return weekday != 0 && weekday != 6;
}

/* A calendar without any working day would be a fault of its data; the search ends all the same. */
static int64_t next_working(const struct filing_desk *d, int64_t day)
{
	for (int i = 0; i < SEARCH_DAYS && !works(d, day); i++)
		day += DAY;
	return day;
}

int64_t filing_work_end(const struct filing_desk *d, int64_t from, int days)
{
	int64_t day = midnight(from);
	for (int i = 0; i < days; i++)
		day = next_working(d, day + DAY);
	return day + DAY;
}

int64_t filing_term_end(const struct filing_desk *d, int64_t from, int days)
{
	return next_working(d, midnight(from) + (int64_t)days * DAY) + DAY;
}
