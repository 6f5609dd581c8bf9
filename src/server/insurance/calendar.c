#include "server/insurance/calendar.h"
#include "server/insurance/tables_i.h"
#include <stdlib.h>
#include <string.h>

enum { YEARS_MAX = 40, SPECIAL_MAX = 80 };

struct year {
	int year;
	int64_t off[SPECIAL_MAX], on[SPECIAL_MAX]; /* holidays; shifted working days */
	size_t n_off, n_on;
};
struct calendar {
	struct year years[YEARS_MAX];
	size_t n;
};

/* --- calendar.json --- */

static enum err add_days(const struct table_row *r, const char *key, int year, bool weekend, int64_t *days, size_t *n)
{
	const json_t *list = json_object_get(r->row, key);
	if (!json_is_array(list) || json_array_size(list) > SPECIAL_MAX)
		return row_fault(r, "\"%s\" is not a list of at most %d days", key, SPECIAL_MAX);
	for (size_t i = 0; i < json_array_size(list); i++) {
		const char *text = json_string_value(json_array_get(list, i));
		int64_t day = 0;
		if (text == NULL || day_parse(span_str(text), &day) != ERR_OK) {
			err_clear();
			return row_fault(r, "\"%s\": entry %zu is not a day", key, i + 1);
		}
		if (month_of(day) / 100 != year)
			return row_fault(r, "\"%s\": %s is not in the year %d", key, text, year);
		if (*n > 0 && day <= days[*n - 1])
			return row_fault(r, "\"%s\": %s is not in ascending order", key, text);
		int w = month_weekday(day);
		if (weekend && w != 0 && w != 6)
			return row_fault(r, "\"%s\": %s is a weekday and needs no shift", key, text);
		days[(*n)++] = day;
	}
	return ERR_OK;
}

static bool has(const int64_t *days, size_t n, int64_t day)
{
	for (size_t i = 0; i < n; i++)
		if (days[i] == day)
			return true;
	return false;
}

static enum err year_whole(const struct table_row *r, const struct calendar *c, const struct year *y)
{
	for (size_t i = 0; i < c->n; i++)
		if (c->years[i].year == y->year)
			return row_fault(r, "the year %d stands here twice", y->year);
	for (size_t i = 0; i < y->n_on; i++)
		if (has(y->off, y->n_off, y->on[i]))
			return row_fault(r, "a day is both holiday and working day");
	return ERR_OK;
}

enum err calendar_year_add(struct tables *t, const struct table_row *r)
{
	static const char *const keys[] = {"year", "holidays", "workdays", "src", "verify", NULL};
	int64_t year = 0;
	if (t->calendar == NULL)
		t->calendar = calloc(1, sizeof(*t->calendar));
	if (t->calendar == NULL)
		return ERR(NOMEM, "calendar");
	struct calendar *c = t->calendar;
	TRY(row_keys(r, keys));
	if (c->n == YEARS_MAX)
		return row_fault(r, "more than %d years", YEARS_MAX);
	TRY(row_num(r, "year", 1990, 2200, &year));
	struct year y = {.year = (int)year};
	TRY(add_days(r, "holidays", y.year, false, y.off, &y.n_off));
	TRY(add_days(r, "workdays", y.year, true, y.on, &y.n_on));
	TRY(year_whole(r, c, &y));
	c->years[c->n++] = y;
	return ERR_OK;
}

void calendar_free(struct calendar *c)
{
	free(c);
}

/* --- use --- */

static const struct year *year_find(const struct calendar *c, int year)
{
	for (size_t i = 0; c != NULL && i < c->n; i++)
		if (c->years[i].year == year)
			return &c->years[i];
	return NULL;
}

bool calendar_knows(const struct calendar *c, int year)
{
	return year_find(c, year) != NULL;
}

bool calendar_works(const struct calendar *c, int64_t day)
{
	int64_t d = month_midnight(day);
	int w = month_weekday(d);
	const struct year *y = year_find(c, month_of(d) / 100);
	if (y != NULL && has(y->on, y->n_on, d))
		return true;
	if (y != NULL && has(y->off, y->n_off, d))
		return false;
	return w != 0 && w != 6;
}

int64_t calendar_roll(const struct calendar *c, int64_t day)
{
	int64_t d = month_midnight(day);
	while (!calendar_works(c, d))
		d += DAY_SEC;
	return d;
}

int64_t calendar_add(const struct calendar *c, int64_t from, int n)
{
	int64_t d = month_midnight(from);
	INVARIANT(n >= 1 && n <= 1000);
	while (n > 0) {
		d += DAY_SEC;
		n -= calendar_works(c, d) ? 1 : 0;
	}
	return d;
}

int64_t calendar_term(const struct calendar *c, int64_t from, int n)
{
	return calendar_roll(c, month_midnight(from) + (int64_t)n * DAY_SEC);
}

static int64_t closes(const struct filing_rule *r, int period)
{
	int64_t day = month_first(period) + (int64_t)r->close_day * DAY_SEC, end = month_first(month_add(period, 1));
	return day < end ? day : end;
}

int64_t calendar_decided(const struct filing_rule *r, int period)
{
	return closes(r, period) + (int64_t)r->decide_days * DAY_SEC;
}

struct filing_window calendar_window(const struct filing_rule *r, int64_t now)
{
	int today = month_of(now), day = month_day(now);
	bool next = day > r->close_day;
	int period = next ? month_add(today, 1) : today;
	int64_t end = closes(r, period);
	return (struct filing_window){period, next || day >= r->open_day, next, end, (int)((end - now) / DAY_SEC)};
}
