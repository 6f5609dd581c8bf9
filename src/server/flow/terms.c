/* Terms: the starting day is not counted, a free last day moves the end to the next working day (民法典 201, 203). */
#include "server/flow/terms.h"
#include <stddef.h>

enum { DAY = 86400, BEIJING = 8 * 3600, THURSDAY = 4, SEARCH_DAYS = 366 };

static int64_t day_number(int64_t t)
{
	int64_t local = t + BEIJING;
	return local / DAY - (local % DAY < 0 ? 1 : 0);
}

static int64_t midnight(int64_t t)
{
	return day_number(t) * DAY - BEIJING;
}

static bool works(const struct terms *t, int64_t day)
{
	if (t->works != NULL)
		return t->works(t->ctx, day);
	int64_t weekday = (day_number(day) + THURSDAY) % 7; /* 1970-01-01 was one */
	return weekday != 0 && weekday != 6;
}

/* A calendar without any working day would be a fault of its data; the search ends all the same. */
static int64_t next_working(const struct terms *t, int64_t day)
{
	for (int i = 0; i < SEARCH_DAYS && !works(t, day); i++)
		day += DAY;
	return day;
}

int64_t terms_work_end(const struct terms *t, int64_t from, int days)
{
	int64_t day = midnight(from);
	for (int i = 0; i < days; i++)
		day = next_working(t, day + DAY);
	return day + DAY;
}

int64_t terms_end(const struct terms *t, int64_t from, int days)
{
	return next_working(t, midnight(from) + (int64_t)days * DAY) + DAY;
}

/* Civil year of a day count: the years before it have 365 days and a leap day each by the Gregorian rule. */
static int64_t days_before(int64_t year)
{
	int64_t y = year - 1;
	return y * 365 + y / 4 - y / 100 + y / 400 - 719162; /* 1970-01-01 is day 719162 */
}

int terms_year(int64_t time)
{
	int64_t day = day_number(time), year = 1970 + day / 366;
	while (days_before(year + 1) <= day)
		year++;
	return (int)year;
}

bool terms_sure(const struct terms *t, int64_t from, int64_t to)
{
	for (int y = terms_year(from); t->knows != NULL && y <= terms_year(to); y++)
		if (!t->knows(t->ctx, y))
			return false;
	return true;
}
