/* Terms by the one calendar of the bureau, for filings and for the certificate desk alike.
 *
 * The starting day is not counted; a free last day of calendar days moves the end to the next working day (民法典 201,
 * 203). An end is the midnight (Beijing, UTC seconds) after the last day: "by" is the second before. Pure but for the
 * calendar. */
#pragma once
#include <stdbool.h>
#include <stdint.h>

struct terms {
	bool (*works)(void *ctx, int64_t midnight_cn); /* NULL: Monday to Friday */
	bool (*knows)(void *ctx, int year);            /* NULL: every year */
	void *ctx;
};
int64_t terms_work_end(const struct terms *t, int64_t from, int days); /* end of the n-th working day after it */
int64_t terms_end(const struct terms *t, int64_t from, int days);      /* of n calendar days */
/* Whether every year from one time to another has its holidays; a year without counts weekends only and is to be
 * marked. */
bool terms_sure(const struct terms *t, int64_t from, int64_t to);
int terms_year(int64_t time); /* Beijing */
