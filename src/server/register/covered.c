#include "server/register/covered.h"

/* clang-format off */
/* Left out on purpose: account.fails, account.wait_until (docs/protocol/log.md, 1). */
const struct log_table register_tables[] = {
	[TABLE_UNIT] = {LOG_TABLE("unit", "t"), .columns = {
		LOG_TEXT("unit_no"), LOG_TEXT("uscc"), LOG_TEXT("name"), LOG_TEXT("type"), LOG_TEXT("region"),
		LOG_TEXT("address"), LOG_INT("frozen"), LOG_INT("created")}},
	[TABLE_PERSON] = {LOG_TABLE("person", "t"), .columns = {
		LOG_TEXT("person_no"), LOG_TEXT("name"), {"id_sealed", SQL_BLOB, LOG_SEALED},
		LOG_BLOB("id_digest"), {"mobile_sealed", SQL_BLOB, LOG_SEALED}, LOG_INT("created")}},
	[TABLE_ACCOUNT] = {LOG_TABLE("account", "t"), .columns = {
		LOG_TEXT("subject"), LOG_TEXT("kind"), LOG_TEXT("unit_no"), LOG_TEXT("person_no"),
		LOG_TEXT("holder"), LOG_INT("frozen"), LOG_BLOB("password"), LOG_INT("created")}},
	[TABLE_DETAIL] = {LOG_TABLE("person_detail", "ti"), .columns = {
		LOG_TEXT("person_no"), LOG_INT("version"), {"detail_sealed", SQL_BLOB, LOG_SEALED},
		LOG_TEXT("filing_no"), LOG_INT("valid_from"), LOG_INT("valid_to"), LOG_TEXT("closed_by")}},
	[TABLE_EMPLOYMENT] = {LOG_TABLE("employment", "tti"), .columns = {
		LOG_TEXT("unit_no"), LOG_TEXT("person_no"), LOG_INT("version"), LOG_INT("hire_day"),
		LOG_TEXT("form"), LOG_TEXT("contract_type"), LOG_INT("contract_from"), LOG_INT("contract_to"),
		LOG_TEXT("post"), LOG_INT("retire_class"), LOG_INT("special_job"), LOG_TEXT("filing_no"),
		LOG_INT("valid_from"), LOG_INT("valid_to"), LOG_TEXT("closed_by")}},
	[TABLE_WAGE] = {LOG_TABLE("wage", "ttii"), .columns = {
		LOG_TEXT("unit_no"), LOG_TEXT("person_no"), LOG_INT("from_month"), LOG_INT("version"),
		LOG_INT("wage_fen"), LOG_TEXT("filing_no"), LOG_INT("recorded")}},
	[TABLE_ENROLMENT] = {LOG_TABLE("enrolment", "ttti"), .columns = {
		LOG_TEXT("person_no"), LOG_TEXT("unit_no"), LOG_TEXT("ins"), LOG_INT("version"),
		LOG_INT("status"), LOG_INT("from_month"), LOG_INT("to_month"), LOG_TEXT("enrol_type"),
		LOG_TEXT("filing_no"), LOG_INT("valid_from"), LOG_INT("valid_to"), LOG_TEXT("closed_by")}},
	{NULL},
};
/* clang-format on */
