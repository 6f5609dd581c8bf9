/* Numbers that name units and persons: normalised first (text_fold.h, hyphens, lower case), then checked.
 *
 * USCC: GB 32100 (18 characters, check modulo 31); its inner organisation code (GB 11714) may disagree on old codes,
 * which is a warning, not an error. Identity number, of four documents: of the resident identity card and the residence
 * permits for Hong Kong, Macao (81, 82) and Taiwan (83) as GB 11643 has it, ISO 7064 MOD 11-2, real date not in the
 * future, known province; of the permanent residence card for foreigners, 18 digits that begin with 9 and the same
 * check character (since December 2023), or of the card before it three letters and twelve digits. Where such a card
 * says birth and sex is not confirmed: nothing is read there. Unit number: 8 digits; ours end in a Luhn digit, imported
 * ones are "legacy". Person number: 12 digits, 4301 + serial + Luhn digit. Mobile: 11 digits, +86 stripped. Pure
 * functions: the present time is passed in. Outputs are NUL-terminated and untouched on failure. */
#pragma once
#include "base/err.h"
#include "base/span.h"

enum { USCC_LEN = 18, ID_NUMBER_LEN = 18, UNIT_NO_LEN = 8, PERSON_NO_LEN = 12, MOBILE_LEN = 11 };

enum err ident_uscc(struct span in, char ret_uscc[USCC_LEN + 1], bool *ret_inner_ok) MUST_CHECK; /* ERR_USCC */
/* ERR_ID_NUMBER */
enum err ident_id_number(struct span in, int64_t now, char ret_id[ID_NUMBER_LEN + 1]) MUST_CHECK;
/* Of a number that ident_id_number() gave. Codes are those of the list id_type: "01", "03", "04", "05". */
enum id_document { ID_RESIDENT, ID_HKMO, ID_TAIWAN, ID_FOREIGN, ID_DOCUMENTS };
enum id_document ident_document_of(const char *id_number);
const char *ident_document_code(enum id_document d);
/* ERR_ID_RESIDENT, _HKMO, _TAIWAN, _FOREIGN: what the number belongs to, when that is not `type`; ERR_FIELD_VALUE: no
 * such type. */
enum err ident_document_check(const char *type, const char *id_number) MUST_CHECK;
bool ident_tells_birth(const char *id_number); /* characters 7 to 14 are the birthday, 17 the sex */
enum err ident_unit_no(struct span in, char ret_no[UNIT_NO_LEN + 1], bool *ret_legacy) MUST_CHECK; /* ERR_UNIT_NO */
/* ERR_FIELD_VALUE */
enum err ident_person_no(struct span in, char ret_no[PERSON_NO_LEN + 1]) MUST_CHECK;
enum err ident_mobile(struct span in, char ret_mobile[MOBILE_LEN + 1]) MUST_CHECK; /* ERR_MOBILE */

/* New numbers from a serial: unit 7 digits + Luhn, person "4301" + 7 digits + Luhn. ERR_LIMIT past seven digits. */
enum err ident_unit_no_make(int64_t serial, char ret_no[UNIT_NO_LEN + 1]) MUST_CHECK;
enum err ident_person_no_make(int64_t serial, char ret_no[PERSON_NO_LEN + 1]) MUST_CHECK;

/* For lists: "430102********9914", "ABC********0101", "130****0000"; anything of another length is hidden whole. */
void ident_mask_id(const char *id, char ret_masked[ID_NUMBER_LEN + 1]);
void ident_mask_mobile(const char *mobile, char ret_masked[MOBILE_LEN + 1]);
