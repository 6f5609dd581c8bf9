#include "server/cert/covered.h"

/* clang-format off */
const struct log_table cert_tables[] = {
	{LOG_TABLE("letter", "tt"), .columns = {
		LOG_TEXT("unit_no"), LOG_TEXT("letter_no"), LOG_TEXT("person_no"), LOG_TEXT("matters"),
		LOG_INT("valid_from"), LOG_INT("valid_to"), LOG_INT("revoked"), LOG_INT("created")}},
	{LOG_TABLE("cert", "t"), .columns = {
		LOG_TEXT("serial"), LOG_TEXT("subject"), LOG_TEXT("usage"), LOG_TEXT("case_no"),
		LOG_TEXT("card"), LOG_INT("not_before"), LOG_INT("not_after"), LOG_INT("status"),
		LOG_BLOB("der"), LOG_INT("created")}},
	{LOG_TABLE("cert_case", "t"), .columns = {
		LOG_TEXT("case_no"), LOG_INT("version"), LOG_INT("state"), LOG_TEXT("profile"),
		LOG_TEXT("subject"), LOG_TEXT("unit_no"), LOG_TEXT("unit_name"), LOG_TEXT("uscc"),
		LOG_TEXT("person_no"), LOG_TEXT("holder"), LOG_TEXT("letter_no"), LOG_INT("letter_from"),
		LOG_INT("letter_to"), LOG_INT("days"), LOG_TEXT("clerk"), LOG_TEXT("reviewer"),
		LOG_TEXT("maker"), LOG_TEXT("card"), LOG_TEXT("key_hex"), LOG_BLOB("csr"), LOG_BLOB("attest"),
		LOG_INT("make_signed"), LOG_TEXT("cert_serial"), LOG_TEXT("enc_serial"), LOG_BLOB("enveloped"),
		LOG_INT("created"), LOG_INT("changed")}},
	{LOG_TABLE("case_act", "ti"), .columns = {
		LOG_TEXT("case_no"), LOG_INT("step"), {"statement_sealed", SQL_BLOB, LOG_SEALED},
		LOG_BLOB("sig"), LOG_BLOB("cert"), LOG_TEXT("officer"), LOG_INT("time")}},
	{LOG_TABLE("case_event", "ti"), .newest = true, .columns = {
		LOG_TEXT("case_no"), LOG_INT("seq"), LOG_INT("time"), LOG_INT("from_state"),
		LOG_INT("to_state"), LOG_TEXT("officer"), LOG_TEXT("name"), LOG_TEXT("role"),
		LOG_TEXT("serial"), {"opinion_sealed", SQL_BLOB, LOG_SEALED}}},
	{NULL},
};
/* clang-format on */
