#include "server/register/ident.h"
#include "base/text.h"
#include "base/text_fold.h"
#include <stdio.h>
#include <string.h>

enum { CLEAN_MAX = 40, FOLDED_MAX = 1024, AGE_MAX_YEARS = 120, FOREIGN_OLD_LEN = 15, FOREIGN_OLD_LETTERS = 3 };

/* --- normalising --- */

/* Folded (text_fold.h), hyphens dropped, ASCII letters and digits in upper case. False: another character, or too long.
 */
static bool clean(struct span in, char ret[CLEAN_MAX], size_t *ret_len)
{
	AUTO_BUF(folded, FOLDED_MAX);
	char out[CLEAN_MAX];
	size_t n = 0;
	if (text_fold(FOLD_NUMBER, in, &folded, NULL) != ERR_OK) {
		err_clear();
		return false;
	}
	for (size_t i = 0; i < folded.len; i++) {
		uint8_t c = folded.ptr[i];
		if (c == '-')
			continue;
		if (c >= 'a' && c <= 'z')
			c = (uint8_t)(c - 'a' + 'A');
		bool plain = (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || c == '+';
		if (!plain || n + 1 >= CLEAN_MAX)
			return false;
		out[n++] = (char)c;
	}
	out[n] = 0;
	memcpy(ret, out, n + 1);
	*ret_len = n;
	return true;
}

static bool all_digits(const char *s, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (s[i] < '0' || s[i] > '9')
			return false;
	return true;
}

/* --- USCC, GB 32100 --- */

static const char uscc_alphabet[] = "0123456789ABCDEFGHJKLMNPQRTUWXY";

static int uscc_value(char c)
{
	const char *at = c == 0 ? NULL : strchr(uscc_alphabet, c);
	return at == NULL ? -1 : (int)(at - uscc_alphabet);
}

/* Weights 3^(i-1) mod 31 over the first 17 characters. */
static bool uscc_check_ok(const char *s)
{
	int sum = 0, weight = 1;
	for (int i = 0; i < USCC_LEN - 1; i++) {
		int v = uscc_value(s[i]);
		if (v < 0)
			return false;
		sum += v * weight;
		weight = weight * 3 % 31;
	}
	return s[USCC_LEN - 1] == uscc_alphabet[(31 - sum % 31) % 31];
}

/* Organisation code in characters 9 to 17, GB 11714. */
static bool uscc_inner_ok(const char *s)
{
	static const int weight[] = {3, 7, 9, 10, 5, 8, 4, 2};
	int sum = 0;
	for (int i = 0; i < 8; i++) {
		char c = s[8 + i];
		sum += weight[i] * (c <= '9' ? c - '0' : c - 'A' + 10);
	}
	int r = 11 - sum % 11;
	char want = r == 10 ? 'X' : r == 11 ? '0' : (char)('0' + r);
	return s[16] == want;
}

enum err ident_uscc(struct span in, char ret_uscc[USCC_LEN + 1], bool *ret_inner_ok)
{
	char s[CLEAN_MAX];
	size_t n = 0;
	if (!clean(in, s, &n))
		return ERR(USCC, "character outside the alphabet");
	if (n == 15)
		return ERR(USCC, "15 characters: an old registration number");
	if (n != USCC_LEN)
		return ERR(USCC, "%zu characters instead of 18", n);
	if (!uscc_check_ok(s))
		return ERR(USCC, "check character or alphabet (GB 32100)");
	memcpy(ret_uscc, s, USCC_LEN + 1);
	*ret_inner_ok = uscc_inner_ok(s);
	return ERR_OK;
}

/* --- identity numbers: GB 11643, and those built like it --- */

static bool province_known(const char *s)
{
	static const char *const known[] = {"11", "12", "13", "14", "15", "21", "22", "23", "31", "32", "33", "34",
	                                    "35", "36", "37", "41", "42", "43", "44", "45", "46", "50", "51", "52",
	                                    "53", "54", "61", "62", "63", "64", "65", "71", "81", "82", "83"};
	for (size_t i = 0; i < COUNT_OF(known); i++)
		if (strncmp(s, known[i], 2) == 0)
			return true;
	return false;
}

/* ISO 7064 MOD 11-2: weight of place i (from the right, 0 = check) is 2^i mod 11. */
static char id_check_char(const char *s)
{
	static const int weight[] = {7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2};
	int sum = 0;
	for (int i = 0; i < 17; i++)
		sum += (s[i] - '0') * weight[i];
	return "10X98765432"[sum % 11];
}

static enum err id_birth_check(const char *s, int64_t now)
{
	char date[11];
	(void)snprintf(date, sizeof(date), "%.4s-%.2s-%.2s", s + 6, s + 10, s + 12);
	int64_t birth = 0;
	if (text_date(span_str(date), &birth) != ERR_OK)
		return ERR(ID_NUMBER, "no such birthday");
	if (birth > now)
		return ERR(ID_NUMBER, "birthday in the future");
	if (now - birth > (int64_t)AGE_MAX_YEARS * 366 * 86400)
		return ERR(ID_NUMBER, "older than 120 years");
	return ERR_OK;
}

/* The permanent residence card of before December 2023, valid until it expires: three letters, twelve digits, no check
 * character. */
static bool is_foreign_old(const char *s, size_t n)
{
	for (size_t i = 0; i < FOREIGN_OLD_LETTERS && i < n; i++)
		if (s[i] < 'A' || s[i] > 'Z')
			return false;
	return n == FOREIGN_OLD_LEN && all_digits(s + FOREIGN_OLD_LETTERS, n - FOREIGN_OLD_LETTERS);
}

enum id_document ident_document_of(const char *id_number)
{
	size_t n = strlen(id_number);
	if (is_foreign_old(id_number, n) || (n == ID_NUMBER_LEN && id_number[0] == '9'))
		return ID_FOREIGN;
	if (n != ID_NUMBER_LEN || id_number[0] != '8')
		return ID_RESIDENT;
	return id_number[1] == '3' ? ID_TAIWAN : ID_HKMO;
}

static const struct {
	const char *code;
	enum err told;
} documents[ID_DOCUMENTS] = {
	[ID_RESIDENT] = {"01", ERR_ID_RESIDENT},
	[ID_HKMO] = {"03", ERR_ID_HKMO},
	[ID_TAIWAN] = {"04", ERR_ID_TAIWAN},
	[ID_FOREIGN] = {"05", ERR_ID_FOREIGN},
};

const char *ident_document_code(enum id_document d)
{
	return d < ID_DOCUMENTS ? documents[d].code : "";
}

enum err ident_document_check(const char *type, const char *id_number)
{
	enum id_document d = ident_document_of(id_number);
	for (size_t i = 0; i < ID_DOCUMENTS; i++)
		if (strcmp(documents[i].code, type) == 0)
			return i == d ? ERR_OK
			              : err_raise(documents[d].told, __FILE__, __LINE__, "type %s, number of %s", type,
			                          documents[d].code);
	return ERR(FIELD_VALUE, "document type");
}

bool ident_tells_birth(const char *id_number)
{
	return ident_document_of(id_number) != ID_FOREIGN;
}

enum err ident_id_number(struct span in, int64_t now, char ret_id[ID_NUMBER_LEN + 1])
{
	char s[CLEAN_MAX];
	size_t n = 0;
	if (!clean(in, s, &n))
		return ERR(ID_NUMBER, "character that cannot be");
	if (is_foreign_old(s, n)) {
		memcpy(ret_id, s, n + 1);
		return ERR_OK;
	}
	if (n != ID_NUMBER_LEN)
		return ERR(ID_NUMBER, "%zu characters instead of 18", n);
	if (!all_digits(s, 17) || !(all_digits(s + 17, 1) || s[17] == 'X'))
		return ERR(ID_NUMBER, "letter inside");
	bool foreign = s[0] == '9';
	if (!foreign && !province_known(s))
		return ERR(ID_NUMBER, "unknown province");
	if (!foreign)
		TRY(id_birth_check(s, now));
	if (s[17] != id_check_char(s))
		return ERR(ID_NUMBER, "check character (ISO 7064 MOD 11-2)");
	memcpy(ret_id, s, ID_NUMBER_LEN + 1);
	return ERR_OK;
}

/* --- Luhn numbers --- */

static char luhn_char(const char *s, size_t n)
{
	int sum = 0;
	for (size_t i = 0; i < n; i++) {
		int v = s[n - 1 - i] - '0';
		if (i % 2 == 0)
			v = v * 2 > 9 ? v * 2 - 9 : v * 2;
		sum += v;
	}
	return (char)('0' + (10 - sum % 10) % 10);
}

/* Numbers we made are typed as they stand: separators are refused. */
static bool plain_digits(struct span in, size_t want, char ret[CLEAN_MAX])
{
	if (in.len != want || !all_digits((const char *)in.ptr, want))
		return false;
	memcpy(ret, in.ptr, want);
	ret[want] = 0;
	return true;
}

enum err ident_unit_no(struct span in, char ret_no[UNIT_NO_LEN + 1], bool *ret_legacy)
{
	char s[CLEAN_MAX];
	if (!plain_digits(in, UNIT_NO_LEN, s))
		return ERR(UNIT_NO, "not 8 digits");
	memcpy(ret_no, s, UNIT_NO_LEN + 1);
	*ret_legacy = s[UNIT_NO_LEN - 1] != luhn_char(s, UNIT_NO_LEN - 1);
	return ERR_OK;
}

enum err ident_person_no(struct span in, char ret_no[PERSON_NO_LEN + 1])
{
	char s[CLEAN_MAX];
	if (!plain_digits(in, PERSON_NO_LEN, s))
		return ERR(FIELD_VALUE, "person number is not 12 digits");
	if (strncmp(s, "4301", 4) != 0 || s[PERSON_NO_LEN - 1] != luhn_char(s, PERSON_NO_LEN - 1))
		return ERR(FIELD_VALUE, "person number check digit");
	memcpy(ret_no, s, PERSON_NO_LEN + 1);
	return ERR_OK;
}

enum err ident_unit_no_make(int64_t serial, char ret_no[UNIT_NO_LEN + 1])
{
	if (serial < 0 || serial > 9999999)
		return ERR(LIMIT, "unit numbers are used up");
	char s[32];
	(void)snprintf(s, sizeof(s), "%07lld", (long long)serial);
	(void)snprintf(ret_no, UNIT_NO_LEN + 1, "%.7s%c", s, luhn_char(s, 7));
	return ERR_OK;
}

enum err ident_person_no_make(int64_t serial, char ret_no[PERSON_NO_LEN + 1])
{
	if (serial < 0 || serial > 9999999)
		return ERR(LIMIT, "person numbers are used up");
	char s[32];
	(void)snprintf(s, sizeof(s), "4301%07lld", (long long)serial);
	(void)snprintf(ret_no, PERSON_NO_LEN + 1, "%.11s%c", s, luhn_char(s, 11));
	return ERR_OK;
}

/* --- mobile --- */

enum err ident_mobile(struct span in, char ret_mobile[MOBILE_LEN + 1])
{
	char s[CLEAN_MAX];
	size_t n = 0;
	if (!clean(in, s, &n))
		return ERR(MOBILE, "character that cannot be");
	const char *p = s;
	if (strncmp(p, "+86", 3) == 0) {
		p += 3;
		n -= 3;
	}
	if (n != MOBILE_LEN || !all_digits(p, n))
		return ERR(MOBILE, "not 11 digits");
	if (p[0] != '1' || p[1] < '3')
		return ERR(MOBILE, "unknown prefix");
	memcpy(ret_mobile, p, MOBILE_LEN + 1);
	return ERR_OK;
}

/* --- masks --- */

static void mask(const char *in, size_t want, size_t head, size_t tail, char *ret)
{
	size_t n = strlen(in);
	memset(ret, '*', want);
	ret[want] = 0;
	if (n != want)
		return;
	memcpy(ret, in, head);
	memcpy(ret + want - tail, in + want - tail, tail);
}

void ident_mask_id(const char *id, char ret_masked[ID_NUMBER_LEN + 1])
{
	bool old = strlen(id) == FOREIGN_OLD_LEN;
	mask(id, old ? FOREIGN_OLD_LEN : ID_NUMBER_LEN, old ? 3 : 6, 4, ret_masked);
}

void ident_mask_mobile(const char *mobile, char ret_masked[MOBILE_LEN + 1])
{
	mask(mobile, MOBILE_LEN, 3, 4, ret_masked);
}
