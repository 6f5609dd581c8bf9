/* Register of units, persons and accounts (社会保险登记), as far as certificates need it.
 *
 * A unit is named by its 8-digit number, a person by his 12-digit number; both never change, the texts may. Identity
 * and mobile numbers are sealed columns, found by keyed digest. An account is what a certificate's subject id is bound
 * to:
 * "<unit_no>-<person_no>" or "<person_no>". */
#pragma once
#include "server/register/desk.h"
#include "server/register/ident.h"

enum { NAME_MAX_BYTES = 300, SUBJECT_MAX_LEN = 31 };

/* --- units --- */
struct unit {
	char unit_no[UNIT_NO_LEN + 1], uscc[USCC_LEN + 1];
	char name[NAME_MAX_BYTES + 1], type[4], region[7], address[NAME_MAX_BYTES + 1];
	bool frozen;
	int64_t created;
};
/* New row. unit_no and uscc are normalised and checked; ERR_EXISTS when either is taken. */
enum err unit_put(const struct desk *d, const struct unit *u) MUST_CHECK;
enum err unit_get(const struct desk *d, const char *unit_no, struct unit *ret_u) MUST_CHECK;  /* ERR_UNIT_ABSENT */
enum err unit_by_uscc(const struct desk *d, const char *uscc, struct unit *ret_u) MUST_CHECK; /* ERR_UNIT_ABSENT */
enum err unit_set_frozen(const struct desk *d, const char *unit_no, bool frozen) MUST_CHECK;
enum err unit_set_name(const struct desk *d, const char *unit_no, const char *name) MUST_CHECK;
const char *unit_type_zh(const char *type); /* "企业" for "10"; "其他" when unknown */

/* --- persons --- */
/* What a person's sealed columns and their search digest are bound to, for all who write or read the table. */
#define PERSON_ID_COLUMN     "person.id"
#define PERSON_MOBILE_COLUMN "person.mobile"
struct person {
	char person_no[PERSON_NO_LEN + 1], name[NAME_MAX_BYTES + 1];
	char id_number[ID_NUMBER_LEN + 1], mobile[MOBILE_LEN + 1];
};
/* The person with this identity number, else a new one. id_number and mobile are already normalised. A known number
 * with another name is ERR_UNIT_MISMATCH; the mobile of a known person is updated. */
enum err person_ensure(const struct desk *d, const char *name, const char *id_number, const char *mobile,
                       char ret_no[PERSON_NO_LEN + 1]) MUST_CHECK;
/* Whether a stored name is this one, which is folded (text_fold.h): names taken by older versions are not. */
bool person_name_is(const char *stored, const char *name);
enum err person_get(const struct desk *d, const char *person_no, struct person *ret_p) MUST_CHECK; /* ERR_ABSENT */

/* --- accounts --- */
struct account {
	char subject[SUBJECT_MAX_LEN + 1], kind[16]; /* unit unit-member person staff */
	char unit_no[UNIT_NO_LEN + 1], person_no[PERSON_NO_LEN + 1], holder[NAME_MAX_BYTES + 1];
	bool frozen, has_password;
	int password_fails;
	int64_t password_wait_until; /* no attempt before this time */
};
enum err account_get(const struct desk *d, const char *subject, struct account *ret_a) MUST_CHECK; /* ERR_L_UNBOUND */
/* Creates it or brings kind and holder up to date. */
enum err account_put(const struct desk *d, const struct account *a) MUST_CHECK;
enum err account_set_frozen(const struct desk *d, const char *subject, bool frozen) MUST_CHECK;
/* Optional login password: 8 to 64 octets, at least two classes of characters; NULL clears. ERR_FIELD_VALUE. */
enum err account_set_password(const struct desk *d, const char *subject, const char *password) MUST_CHECK;
/* ERR_L_PASSWORD; after five wrong ones in a row ERR_L_RATE for 15 minutes. */
enum err account_check_password(const struct desk *d, const char *subject, const char *password) MUST_CHECK;
