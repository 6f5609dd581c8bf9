/* Certificates: what cert_build makes of a specification and what it refuses. */
#include "pki_test.h"
#include "gm/rand.h"
#include <string.h>

static void change_none(struct cert_spec *s)
{
	s->crl_url = s->ca_url = s->ocsp_url = NULL;
}
static void change_profile(struct cert_spec *s)
{
	s->profile = "nobody";
}
static void change_no_profile(struct cert_spec *s)
{
	s->profile = NULL;
}
static void change_serial(struct cert_spec *s)
{
	s->serial[0] = 0x80;
}
static void change_serial_zero(struct cert_spec *s)
{
	s->serial[0] = 0;
}
static void change_no_cn(struct cert_spec *s)
{
	s->common_name = "";
}
static void change_bidi_cn(struct cert_spec *s)
{
	s->common_name = "a\xe2\x80\xae"
			 "b";
}
static void change_bad_utf8(struct cert_spec *s)
{
	s->common_name = "\xff";
}
static void change_no_org(struct cert_spec *s)
{
	s->org = NULL;
}
static void change_no_uscc(struct cert_spec *s)
{
	s->uscc = NULL;
}
static void change_uscc(struct cert_spec *s)
{
	s->uscc = "91430100MAYYYY016I";
}
static void change_no_id(struct cert_spec *s)
{
	s->subject_id = NULL;
}
static void change_id_form(struct cert_spec *s)
{
	s->subject_id = "43010001";
}
static void change_id_text(struct cert_spec *s)
{
	s->subject_id = "43010001-张三";
}
static void change_id_number(struct cert_spec *s)
{
	s->subject_id = "43010001-11010519491231002X";
}
static void change_cn_number(struct cert_spec *s)
{
	s->common_name = "张三11010519491231002X";
}
static void change_backwards(struct cert_spec *s)
{
	s->not_after = s->not_before;
}
static void change_too_long(struct cert_spec *s)
{
	s->not_after = s->not_before + 1826 * (int64_t)DAY + 1;
}
static void change_longest(struct cert_spec *s)
{
	s->not_after = s->not_before + 1826 * (int64_t)DAY;
}
static void change_before_epoch(struct cert_spec *s)
{
	s->not_before = -1;
}
static void change_self_signed(struct cert_spec *s)
{
	s->issuer = NULL;
}
static void change_by_leaf(struct cert_spec *s)
{
	s->issuer = b.sign;
}
static void change_url(struct cert_spec *s)
{
	s->crl_url = "http://a b/";
}
static void change_url_scheme(struct cert_spec *s)
{
	s->ca_url = "file:///etc/passwd";
}
static void change_place(struct cert_spec *s)
{
	s->locality = "浏阳市";
}

static const struct {
	const char *what;
	void (*change)(struct cert_spec *s);
	enum err want;
} refusals[] = {
	{"without URLs", change_none, ERR_OK},
	{"longest validity", change_longest, ERR_OK},
	{"other place", change_place, ERR_OK},
	{"unknown profile", change_profile, ERR_CERT_PROFILE},
	{"no profile", change_no_profile, ERR_CERT_PROFILE},
	{"negative serial", change_serial, ERR_CERT_PROFILE},
	{"short serial", change_serial_zero, ERR_CERT_PROFILE},
	{"no common name", change_no_cn, ERR_CERT_PROFILE},
	{"direction character", change_bidi_cn, ERR_CERT_PROFILE},
	{"not UTF-8", change_bad_utf8, ERR_CERT_PROFILE},
	{"no organisation", change_no_org, ERR_CERT_PROFILE},
	{"no credit code", change_no_uscc, ERR_CERT_PROFILE},
	{"credit code alphabet", change_uscc, ERR_CERT_PROFILE},
	{"no subject id", change_no_id, ERR_CERT_PROFILE},
	{"subject id without person", change_id_form, ERR_CERT_PROFILE},
	{"subject id not printable", change_id_text, ERR_CERT_PROFILE},
	{"identity number as person", change_id_number, ERR_CERT_PROFILE},
	{"identity number in name", change_cn_number, ERR_CERT_PROFILE},
	{"ends when it begins", change_backwards, ERR_CERT_PROFILE},
	{"too long valid", change_too_long, ERR_CERT_PROFILE},
	{"before 1970", change_before_epoch, ERR_CERT_PROFILE},
	{"self-signed holder", change_self_signed, ERR_CERT_PROFILE},
	{"issued by a holder", change_by_leaf, ERR_CERT_PROFILE},
	{"space in URL", change_url, ERR_CERT_PROFILE},
	{"URL scheme", change_url_scheme, ERR_CERT_PROFILE},
};

static void build_refuses(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT_OF(refusals); i++) {
		struct cert_spec s = spec_for("unit-sign", sm2_key_pub(b.sign_key));
		AUTO(cert) c = NULL;
		refusals[i].change(&s);
		enum err e = cert_build(&s, b.ca_key, &c);
		if (e != refusals[i].want || (c != NULL) != (e == ERR_OK))
			fail_msg("%s: %s", refusals[i].what, err_name(e));
		err_clear();
	}
}

static void build_refuses_authorities(void **state)
{
	AUTO(cert) c = NULL;
	(void)state;
	struct cert_spec s = spec_for("unit-sign", sm2_key_pub(b.sign_key));
	assert_int_equal(cert_build(&s, b.root_key, &c), ERR_CERT_PROFILE); /* another key than the CA's */
	s = spec_for("ca", sm2_key_pub(b.sign_key));
	assert_int_equal(cert_build(&s, b.ca_key, &c), ERR_CERT_PROFILE); /* path length 0 */
	s.issuer = NULL;
	assert_int_equal(cert_build(&s, b.sign_key, &c), ERR_CERT_PROFILE); /* self-signed, not the root profile */
	s = spec_for("root", sm2_key_pub(b.sign_key));
	assert_int_equal(cert_build(&s, b.ca_key, &c), ERR_CERT_PROFILE); /* root by an issuer */
	s = spec_for("staff-sign", sm2_key_pub(b.sign_key));
	s.org = "别的机构";
	assert_int_equal(cert_build(&s, b.ca_key, &c), ERR_CERT_PROFILE); /* fixed organisation */
	s = spec_for("card", sm2_key_pub(b.sign_key));
	s.subject_id = "yx1";
	assert_int_equal(cert_build(&s, b.ca_key, &c), ERR_CERT_PROFILE);
	assert_null(c);
}

static void every_profile(void **state)
{
	static const char *const names[] = {"unit-sign",       "unit-enc",    "unit-member-sign",
	                                    "unit-member-enc", "person-sign", "person-enc",
	                                    "staff-sign",      "staff-enc",   "card"};
	(void)state;
	for (size_t i = 0; i < COUNT_OF(names); i++) {
		struct cert_spec s = spec_for(names[i], sm2_key_pub(b.sign_key));
		AUTO(cert) c = NULL;
		if (cert_build(&s, b.ca_key, &c) != ERR_OK)
			fail_msg("%s: %s", names[i], err_detail());
		assert_string_equal(cert_profile(c), names[i]);
		assert_int_equal(cert_usage(c), strstr(names[i], "-enc") != NULL ? KU_ENC : KU_SIGN);
		assert_string_equal(cert_person_id(c), strcmp(names[i], "card") == 0 ? "" : "P0000123");
	}
}

/* Registered names run to a hundred characters. */
static void long_names(void **state)
{
	AUTO_BUF(name, 1024);
	struct cert_spec s = spec_for("unit-sign", sm2_key_pub(b.sign_key));
	AUTO(cert) c = NULL;
	(void)state;
	for (int i = 0; i < 100; i++)
		buf_str(&name, "长");
	s.org = s.common_name = buf_cstr(&name);
	assert_int_equal(cert_build(&s, b.ca_key, &c), ERR_OK);
	assert_string_equal(cert_org(c), s.org);
	assert_string_equal(cert_common_name(c), s.common_name);
	for (int i = 0; i < 34; i++)
		buf_str(&name, "长");
	s.org = buf_cstr(&name);
	cert_free(c);
	c = NULL;
	assert_int_equal(cert_build(&s, b.ca_key, &c), ERR_CERT_PROFILE);
}

/* Random names and times survive; what is built is what is read. */
static void property_round_trip(void **state)
{
	static const char *const bits[] = {"长", "沙", "市", "a", "Z", "·", "(", ")", "0", "\xf0\xa0\xae\xb7"};
	unsigned seed = test_seed();
	(void)state;
	for (int n = 0; n < 60; n++) {
		AUTO_BUF(cn, CERT_TEXT_MAX);
		AUTO_BUF(org, CERT_TEXT_MAX);
		AUTO(cert) c = NULL;
		struct cert_spec s = spec_for("unit-sign", sm2_key_pub(b.sign_key));
		for (unsigned i = test_next(&seed) % 30 + 1; i > 0; i--)
			buf_str(&cn, bits[test_next(&seed) % COUNT_OF(bits)]);
		for (unsigned i = test_next(&seed) % 60 + 1; i > 0; i--)
			buf_str(&org, bits[test_next(&seed) % COUNT_OF(bits)]);
		s.common_name = buf_cstr(&cn);
		s.org = buf_cstr(&org);
		s.not_before = (int64_t)test_next(&seed) * 100003;
		s.not_after = s.not_before + 1 + (int64_t)test_next(&seed) * 4000;
		assert_int_equal(rand_bytes(s.serial, sizeof(s.serial)), ERR_OK);
		s.serial[0] = (uint8_t)(s.serial[0] % 0x7f + 1);
		if (cert_build(&s, b.ca_key, &c) != ERR_OK)
			fail_msg("%s / %s: %s", s.common_name, s.org, err_detail());
		assert_string_equal(cert_common_name(c), s.common_name);
		assert_string_equal(cert_org(c), s.org);
		assert_true(cert_not_before(c) == s.not_before && cert_not_after(c) == s.not_after);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(build_refuses),       cmocka_unit_test(build_refuses_authorities),
		cmocka_unit_test(every_profile),       cmocka_unit_test(long_names),
		cmocka_unit_test(property_round_trip),
	};
	return cmocka_run_group_tests_name("pki/cert_build", tests, bureau_up, bureau_down);
}
