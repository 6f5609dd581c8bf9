#include "server/filing/covered.h"

/* clang-format off */
const struct log_table filing_tables[] = {
	{LOG_TABLE("filing", "t"), .columns = {
		LOG_TEXT("no"), LOG_TEXT("business"), LOG_INT("version"), LOG_INT("state"),
		LOG_TEXT("unit_no"), LOG_TEXT("unit_name"), LOG_TEXT("region"), LOG_TEXT("person_id"),
		LOG_TEXT("filer"), LOG_INT("content_version"), {"content_sealed", SQL_BLOB, LOG_SEALED},
		LOG_INT("row_count"), LOG_TEXT("corrects"), LOG_TEXT("corrected_by"), LOG_TEXT("submit_sm3"),
		LOG_TEXT("reviewer1"), LOG_INT("submitted"), LOG_INT("due"), LOG_INT("expires"),
		LOG_INT("created"), LOG_INT("changed")}},
	{LOG_TABLE("filing_statement", "t"), .columns = {
		LOG_TEXT("sm3"), LOG_TEXT("type"), LOG_TEXT("person_id"),
		{"statement_sealed", SQL_BLOB, LOG_SEALED}, LOG_BLOB("sig"), LOG_BLOB("cert"), LOG_INT("time")}},
	{LOG_TABLE("filing_event", "ti"), .newest = true, .columns = {
		LOG_TEXT("no"), LOG_INT("seq"), LOG_INT("time"), LOG_INT("version"), LOG_INT("act"),
		LOG_INT("from_state"), LOG_INT("to_state"), LOG_TEXT("person_id"), LOG_TEXT("name"),
		LOG_TEXT("role"), LOG_TEXT("serial"), LOG_TEXT("rule"), LOG_TEXT("statement_sm3"),
		{"opinion_sealed", SQL_BLOB, LOG_SEALED}}},
	{LOG_TABLE("attachment", "ti"), .columns = {
		LOG_TEXT("no"), LOG_INT("file"), LOG_TEXT("slot"), LOG_TEXT("sm3"),
		{"name_sealed", SQL_BLOB, LOG_SEALED}}},
	{LOG_TABLE("attachment_file", "i"), .columns = {
		LOG_INT("file"), LOG_INT("media"), LOG_INT("octets"), LOG_INT("pages"), LOG_TEXT("sm3"),
		LOG_TEXT("person_id"), LOG_INT("time")}},
	{LOG_TABLE("attachment_part", "iii"), .columns = {
		LOG_INT("file"), LOG_INT("page"), LOG_INT("part"),
		{"sealed", SQL_BLOB, LOG_DIGESTED | LOG_SEALED}}},
	{LOG_TABLE("filing_definition", "t"), .columns = {LOG_TEXT("no"), LOG_TEXT("sm3")}},
	{LOG_TABLE("filing_verdict", "t"), .columns = {
		LOG_TEXT("no"), LOG_TEXT("unit_no"), LOG_INT("month"), LOG_INT("back_dated"),
		LOG_INT("second_review"), LOG_INT("filed")}},
	{LOG_TABLE("definition", "t"), .columns = {
		LOG_TEXT("sm3"), LOG_TEXT("code"), {"octets", SQL_BLOB, LOG_DIGESTED}, LOG_INT("since")}},
	{NULL},
};
/* clang-format on */
