/* What one or two status answers prove about an act: each rule of standing.h by its own row, to the second. */
#include "hall.h"
#include "evidence/standing.h"
#include "gm/sm2.h"

enum { GONE = 1 << 20 };
/* An answer made at arrival + at; changed: the certificate is no longer good as of arrival + changed. */
struct answer {
	int64_t at, changed;
	bool about_other;
};
/* clang-format off */
#define NONE {-GONE, 0, false}
/* clang-format on */

static void put(struct hall *h, const struct answer *a, int64_t t0, bool suspended, struct buf *out)
{
	if (a->at == -GONE)
		return;
	h->revoked = a->changed != GONE ? h->clerk.cert : NULL;
	h->revoked_at = t0 + a->changed;
	h->suspended = suspended;
	hall_status(h, a->about_other ? h->reviewer.cert : h->clerk.cert, t0 + a->at, out);
}

static const struct {
	struct answer first, second, third;
	int64_t stamped; /* after the arrival; GONE: not stamped */
	bool revoked;
	enum err want;
} rows[] = {
	/* one */
	{{0, GONE, false}, NONE, NONE, GONE, false, ERR_OK},
	{{0, GONE, false}, NONE, NONE, 300, false, ERR_OK},
	{{0, GONE, false}, NONE, NONE, 301, false, ERR_STALE},
	{{-1, GONE, false}, NONE, NONE, 10, false, ERR_STALE},
	{{5, GONE, false}, NONE, NONE, 3, false, ERR_STALE},
	{{5, 0, false}, NONE, NONE, 10, false, ERR_CERT_SUSPENDED},
	{{5, 0, false}, NONE, NONE, 10, true, ERR_CERT_REVOKED},
	{{5, 1, false}, NONE, NONE, 10, false, ERR_OK},
	{{5, GONE, true}, NONE, NONE, 10, false, ERR_ABSENT},
	/* two */
	{{0, GONE, false}, {900, GONE, false}, NONE, 1000, false, ERR_OK},
	/* in the second of the arrival, after it */
	{{0, GONE, false}, {900, 0, false}, NONE, 1000, false, ERR_OK},
	{{0, GONE, false}, {900, 0, false}, NONE, 1000, true, ERR_OK},
	{{2, GONE, false}, {900, 1, false}, NONE, 1000, false, ERR_CERT_SUSPENDED}, /* the first had to know it */
	{{2, GONE, false}, {900, 2, false}, NONE, 1000, false, ERR_OK},
	{{0, GONE, false}, {900, -5, false}, NONE, 1000, true, ERR_CERT_REVOKED},
	/* released meanwhile: it was not good then */
	{{2, 0, false}, {900, GONE, false}, NONE, 1000, false, ERR_CERT_SUSPENDED},
	{{2, 1, false}, {900, GONE, false}, NONE, 1000, false, ERR_CERT_SUSPENDED},
	{{-1, GONE, false}, {900, GONE, false}, NONE, 1000, false, ERR_STALE},
	{{300, GONE, false}, {900, GONE, false}, NONE, 1000, false, ERR_OK},
	{{301, GONE, false}, {900, GONE, false}, NONE, 1000, false, ERR_STALE}, /* not from the arrival */
	{{10, GONE, false}, {9, GONE, false}, NONE, 20, false, ERR_STALE},
	{{0, GONE, false}, {900, GONE, false}, NONE, 1201, false, ERR_STALE},
	{{0, GONE, true}, {900, GONE, false}, NONE, 1000, false, ERR_ABSENT},
	{{0, GONE, false}, {900, GONE, true}, NONE, 1000, false, ERR_ABSENT},
	/* NONE, and three */
	{NONE, NONE, NONE, 1000, false, ERR_DER},
	{{0, GONE, false}, {900, GONE, false}, {901, GONE, false}, 1000, false, ERR_DER},
};

static void table(void **state)
{
	struct hall h;

	(void)state;
	hall_open(&h);
	int64_t t0 = clock_now(h.clock);
	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		AUTO_BUF(value, STANDING_MAX);
		struct standing s;
		put(&h, &rows[i].first, t0, !rows[i].revoked, &value);
		put(&h, &rows[i].second, t0, !rows[i].revoked, &value);
		put(&h, &rows[i].third, t0, !rows[i].revoked, &value);
		OK(buf_err(&value));
		const struct standing_ask ask = {.answers = buf_span(&value),
		                                 .ca = h.ca.cert,
		                                 .about = h.clerk.cert,
		                                 .arrived = t0,
		                                 .stamped = rows[i].stamped == GONE ? 0 : t0 + rows[i].stamped};
		enum err e = standing_check(&ask, &s);
		if (e != rows[i].want)
			fail_msg("row %zu: %s (%s)", i, err_name(e), err_detail());
		err_clear();
	}
	hall_close(&h);
}

/* What lets an act in is what may have a second answer beside it: a change between the arrival and the answer does not,
 * for the receipt would be refused as soon as the head comes late. */
static void door(void **state)
{
	static const struct {
		struct answer first, second;
		enum err want;
	} kinds[] = {
		{{0, GONE, false}, NONE, ERR_OK},
		{{5, GONE, false}, NONE, ERR_OK},
		{{-1, GONE, false}, NONE, ERR_STALE},
		{{301, GONE, false}, NONE, ERR_STALE},
		{{5, 0, false}, NONE, ERR_CERT_SUSPENDED},
		{{5, 1, false}, NONE, ERR_CERT_SUSPENDED},
		{{5, 5, false}, NONE, ERR_CERT_SUSPENDED},
		{{5, GONE, true}, NONE, ERR_ABSENT},
		{{0, GONE, false}, {5, GONE, false}, ERR_DER},
		{NONE, NONE, ERR_DER},
	};
	struct hall h;

	(void)state;
	hall_open(&h);
	int64_t t0 = clock_now(h.clock);
	for (size_t i = 0; i < COUNT_OF(kinds); i++) {
		AUTO_BUF(value, STANDING_MAX);
		put(&h, &kinds[i].first, t0, true, &value);
		put(&h, &kinds[i].second, t0, true, &value);
		OK(buf_err(&value));
		enum err e = standing_lets_in(&(struct standing_ask){
			.answers = buf_span(&value), .ca = h.ca.cert, .about = h.clerk.cert, .arrived = t0});
		if (e != kinds[i].want)
			fail_msg("row %zu: %s (%s)", i, err_name(e), err_detail());
		err_clear();
	}
	hall_close(&h);
}

/* Which answer stays when an act is ordered anew; rubbish is no answer. */
static void kept(void **state)
{
	static const struct {
		struct answer a;
		bool stays;
	} kinds[] = {
		{{0, GONE, false}, true},   {{300, GONE, false}, true}, {{301, GONE, false}, false},
		{{-1, GONE, false}, false}, {{3, 1, false}, false},
	};
	struct hall h;
	struct span first;
	int64_t at = 0;

	(void)state;
	hall_open(&h);
	int64_t t0 = clock_now(h.clock);
	for (size_t i = 0; i < COUNT_OF(kinds); i++) {
		AUTO_BUF(value, STANDING_MAX);
		put(&h, &kinds[i].a, t0, true, &value);
		size_t len = value.len;
		put(&h, &(struct answer){900, GONE, false}, t0, true, &value);
		OK(standing_kept(buf_span(&value), t0, &first));
		assert_int_equal(first.len, kinds[i].stays ? len : 0);
		OK(standing_produced(buf_span(&value), &at));
		assert_int_equal(at, t0 + 900);
	}
	OK(standing_kept(SPAN_EMPTY, t0, &first));
	assert_int_equal(first.len, 0);
	assert_int_not_equal(standing_produced(SPAN_LIT("0"), &at), ERR_OK);
	hall_close(&h);
}

/* The responder's certificate is verified once, its answers each. */
static void verifications(void **state)
{
	struct hall h;
	struct known_leaf known = known_leaf_none();

	(void)state;
	hall_open(&h);
	int64_t t0 = clock_now(h.clock);
	uint64_t before = gm_verifications();
	for (int i = 0; i < 20; i++) {
		AUTO_BUF(value, STANDING_MAX);
		struct standing s;
		put(&h, &(struct answer){i, GONE, false}, t0, true, &value);
		OK(standing_check(&(struct standing_ask){buf_span(&value), h.ca.cert, h.clerk.cert, t0, t0 + 100,
		                                         &known},
		                  &s));
		assert_int_equal(s.time, t0 + i);
	}
	assert_int_equal(gm_verifications() - before, 21);
	known_leaf_done(&known);
	hall_close(&h);
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(table), cmocka_unit_test(door), cmocka_unit_test(kept),
	                                   cmocka_unit_test(verifications)};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
