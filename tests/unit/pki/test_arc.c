/* The bureau's arc: which identifiers are read as ours, what is written under which. */
#include "pki_test.h"
#include "gm/der.h"
#include "pki/arc.h"
#include <string.h>

static const struct {
	const char *oid, *arc; /* NULL: not ours as leaf 3 */
} rows[] = {
	{"2.999.20518.3", "2.999.20518"},
	{"2.25.221193735541470713841366452119853042145.3", ARC_OLD},
	{"1.3.6.1.4.1.32473.20518.3", "1.3.6.1.4.1.32473.20518"},
	{"1.3.6.1.4.1.1.20518.3", "1.3.6.1.4.1.1.20518"},
	{"1.3.6.1.4.1.4294967295.20518.3", "1.3.6.1.4.1.4294967295.20518"},
	{"1.3.6.1.4.1.4294967296.20518.3", NULL},
	{"1.3.6.1.4.1.340282366920938463463374607431768211456.20518.3", NULL},
	{"1.3.6.1.4.1.0.20518.3", NULL},
	{"1.3.6.1.4.1.20518.3", NULL},
	{"1.3.6.1.4.1.32473.20518", NULL},
	{"1.3.6.1.4.1.32473.20518.3.1", NULL},
	{"1.3.6.1.4.1.32473.20518.1", NULL},
	{"1.3.6.1.4.1.32473.20517.3", NULL},
	{"1.3.6.1.4.1", NULL},
	{"1.3.6.1.4.2.32473.20518.3", NULL},
	{"2.999.20518.1", NULL},
	{"2.999.3", NULL},
	{"2.25.221193735541470713841366452119853042146.3", NULL},
};

static void recognised(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		AUTO_BUF(der, 128);
		struct span in, oid;
		char arc[ARC_MAX] = "";
		der_put_oid(&der, rows[i].oid);
		in = buf_span(&der);
		assert_int_equal(der_take_oid(&in, &oid), ERR_OK);
		if (arc_has(oid, ARC_PROFILE, arc) != (rows[i].arc != NULL))
			fail_msg("%s", rows[i].oid);
		assert_string_equal(arc, rows[i].arc ? rows[i].arc : "");
	}
}

static void of_pen(void **state)
{
	char arc[ARC_MAX] = "";
	(void)state;
	assert_int_equal(arc_of_pen(UINT64_C(4294967296), arc), ERR_FIELD_VALUE);
	assert_string_equal(arc, "");
	assert_int_equal(arc_of_pen(32473, arc), ERR_OK);
	assert_string_equal(arc, "1.3.6.1.4.1.32473.20518");
	assert_int_equal(arc_of_pen(0, arc), ERR_OK);
	assert_string_equal(arc, ARC_EXAMPLE);
	assert_string_equal(arc_of_new(ARC_OLD), ARC_EXAMPLE);
	assert_string_equal(arc_of_new(""), ARC_EXAMPLE);
	assert_string_equal(arc_of_new(NULL), ARC_EXAMPLE);
	assert_string_equal(arc_of_new("1.3.6.1.4.1.7.20518"), "1.3.6.1.4.1.7.20518");
}

/* No certificate has the number that others cannot hold; the root's arc goes down to all. */
static void inherited(void **state)
{
	static const uint8_t uuid_branch[] = {0x69, 0x82, 0xcc}; /* 2.25.2211... begins so */
	AUTO(cert) root = NULL;
	AUTO(cert) ca = NULL;
	AUTO(cert) leaf = NULL;
	(void)state;
	struct cert_spec s = spec_for("root", sm2_key_pub(b.root_key));
	s.issuer = NULL;
	s.arc = "1.3.6.1.4.1.32473.20518";
	assert_int_equal(cert_build(&s, b.root_key, &root), ERR_OK);
	s = spec_for("ca", sm2_key_pub(b.ca_key));
	s.issuer = root;
	assert_int_equal(cert_build(&s, b.root_key, &ca), ERR_OK);
	s = spec_for("unit-sign", sm2_key_pub(b.sign_key));
	s.issuer = ca;
	assert_int_equal(cert_build(&s, b.ca_key, &leaf), ERR_OK);
	assert_string_equal(cert_arc(leaf), "1.3.6.1.4.1.32473.20518");
	assert_string_equal(cert_profile(leaf), "unit-sign");
	assert_string_equal(cert_arc(b.root), ARC_EXAMPLE);
	assert_string_equal(cert_arc(b.card), ARC_EXAMPLE);
	const struct cert *all[] = {root, ca, leaf, b.root, b.ca, b.sign, b.enc, b.card};
	for (size_t i = 0; i < COUNT_OF(all); i++)
		assert_null(memmem(cert_der(all[i]).ptr, cert_der(all[i]).len, uuid_branch, sizeof(uuid_branch)));
}

/* b.sign with one more extension, UTF8String "root"; the signature is of another body then, which reading does not look
 * at. */
static void with_extension(const char *oid, struct buf *out)
{
	struct span whole = cert_der(b.sign), rest, tbs, list;
	assert_int_equal(der_take(&whole, DER_SEQ, &rest), ERR_OK);
	assert_int_equal(der_take(&rest, DER_SEQ, &tbs), ERR_OK);
	struct span at = tbs, value;
	while (!der_next_is(at, DER_EXPLICIT(3))) {
		int tag;
		assert_int_equal(der_take_any(&at, &tag, &value), ERR_OK);
	}
	struct span before = span_sub(tbs, 0, tbs.len - at.len);
	assert_int_equal(der_take(&at, DER_EXPLICIT(3), &value), ERR_OK);
	assert_int_equal(der_take(&value, DER_SEQ, &list), ERR_OK);
	size_t cert = der_open(out, DER_SEQ), body = der_open(out, DER_SEQ);
	buf_put(out, before);
	size_t outer = der_open(out, DER_EXPLICIT(3)), seq = der_open(out, DER_SEQ);
	buf_put(out, list);
	size_t ext = der_open(out, DER_SEQ);
	der_put_oid(out, oid);
	size_t octets = der_open(out, DER_OCTETS);
	der_put(out, DER_UTF8, SPAN_LIT("root"));
	der_close(out, octets);
	der_close(out, ext);
	der_close(out, seq);
	der_close(out, outer);
	der_close(out, body);
	buf_put(out, rest);
	der_close(out, cert);
	assert_int_equal(buf_err(out), ERR_OK);
}

/* A certificate says once what it is: a second name, under whichever arc, is refused. */
static void said_once(void **state)
{
	static const struct {
		const char *oid;
		enum err want;
	} extra[] = {
		{ARC_OLD ".3", ERR_DER},         {"1.3.6.1.4.1.32473.20518.3", ERR_DER},
		{ARC_EXAMPLE ".3", ERR_DER},     {"1.3.6.1.4.1.32473.20518.9", ERR_OK},
		{"1.3.6.1.4.1.32473.3", ERR_OK},
	};
	(void)state;
	for (size_t i = 0; i < COUNT_OF(extra); i++) {
		AUTO_BUF(der, CERT_DER_MAX);
		AUTO(cert) c = NULL;
		with_extension(extra[i].oid, &der);
		if (cert_parse(buf_span(&der), &c) != extra[i].want)
			fail_msg("%s: %s", extra[i].oid, err_detail());
		if (c != NULL)
			assert_string_equal(cert_profile(c), "unit-sign");
		err_clear();
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(said_once), cmocka_unit_test(recognised),
	                                   cmocka_unit_test(of_pen), cmocka_unit_test(inherited)};
	return cmocka_run_group_tests(tests, bureau_up, bureau_down);
}
